"""Everything about speed, one benchmark after the other; see the package.

python -m tests.benchmarks locomo.json
python -m tests.benchmarks locomo.json --largest        with a million memories: 3 GiB of disk
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them, each in a process of its own, so that none weighs on the next; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description="All benchmarks about speed.")
    parser.add_argument("file", type=Path, help="a LoCoMo file, whose turns are imported")
    parser.add_argument("--largest", action="store_true", help="a million memories, too")
    given = parser.parse_args()
    sizes = ["100", "1000", "10000", "100000", *(["1000000"] if given.largest else [])]
    runs = (
        ["startup"],
        ["sizes", "--sizes", *sizes],
        ["imports", str(given.file)],
        ["upkeep"],
    )
    return max(_run(name, arguments) for name, *arguments in runs)


def _run(name: str, arguments: list[str]) -> int:
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""All faults for as long as one likes, and a report.

    python -m tests.faults --report faults.md
    python -m tests.faults --only kills --kills 50 --minutes 5
    python -m tests.faults --only crowd --minutes 1

Exit code 1 if anything was lost, doubled or found by one index and not by another. The report is Markdown;
beside it is the same as JSON.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from memcli import __version__
from tests.faults import crowd, killing

Part = Callable[[Path, argparse.Namespace], dict[str, Any]]


def kills(place: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Processes killed one after the other."""
    until = time.monotonic() + 60 * given.minutes
    told = logging.getLogger().info
    return vars(killing.kill(place, kills=given.kills, seed=given.seed, until=until, told=told))


def together(place: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Writers and readers, all at once."""
    return vars(crowd.together(place, seconds=60 * min(given.minutes, given.crowd), seed=given.seed))


class Collected:
    """What pytest says of each test."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear of a test, or of what comes before or after it."""
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[report.outcome] += 1
        if report.failed:
            self.wrong.append(report.nodeid)
        if report.skipped:
            self.skipped.append(f"{report.nodeid}: {report.longrepr}")


def tests(place: Path, given: argparse.Namespace) -> dict[str, Any]:
    """All that is quick: disks, limits, clocks, versions, torn files."""
    collected = Collected()
    arguments = ["-n", "0", "-q", "--no-header", f"--basetemp={place / 'tests'}", str(Path(__file__).parent)]
    pytest.main(arguments, plugins=[collected])
    return vars(collected)


PARTS: dict[str, Part] = {"tests": tests, "kills": kills, "crowd": together}


def report(answers: dict[str, Any], seed: int) -> str:
    """*answers* as Markdown."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [f"# Faults: memcli {__version__}, {now}", "", f"{platform.platform()}, seed {seed}", ""]
    for name, said in answers.items():
        lines += [f"## {name}", "", "| | |", "|---|---|"]
        for what, value in said.items():
            shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            lines.append(f"| {what} | {len(shown) if isinstance(shown, list) else shown} |")
        lines += ["", *(f"- {wrong}" for wrong in said["wrong"]), ""]
    return "\n".join(lines)


def main() -> int:
    """Run the parts, write the report."""
    parser = argparse.ArgumentParser(description="What becomes of memories when machines fail.")
    parser.add_argument("--minutes", type=float, default=14, help="at most, for each part (default: 14)")
    parser.add_argument("--kills", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--crowd", type=float, default=5, help="minutes of writers and readers (default: 5)")
    parser.add_argument("--only", choices=PARTS, action="append", help="parts (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="a Markdown file; the same as JSON is beside it")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    answers: dict[str, Any] = {}
    for name in given.only or PARTS:
        began = time.monotonic()
        with TemporaryDirectory() as place:
            answers[name] = PARTS[name](Path(place), given)
        answers[name]["seconds"] = round(time.monotonic() - began)
        if given.report:
            given.report.write_text(report(answers, given.seed))
            given.report.with_suffix(".json").write_text(json.dumps(answers, indent=2))
    print(report(answers, given.seed))
    return 1 if any(said["wrong"] for said in answers.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

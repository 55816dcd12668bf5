"""The entry point: `memcli` and `python -m memcli`."""

import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    if "_MEMCLI_COMPLETE" in os.environ:
        # With Rich in sight, Typer renders what it offers as markup: 60 ms, and wrong for people's titles.
        sys.modules["rich"] = None  # type: ignore[assignment]  # Python's way to say: not installed
    try:
        from memcli.cli.boundary import run
    except KeyboardInterrupt:  # pressed before there was anything to interrupt
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

"""The entry point: `memcli` and `python -m memcli`."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from memcli.cli.boundary import run
    except KeyboardInterrupt:  # pressed before there was anything to interrupt
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

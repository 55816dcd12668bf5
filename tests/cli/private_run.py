"""Run command lines, one a line of standard input, in one process, as `memcli` would; see test_rights."""

import os
import shlex
import socket
import sys

from memcli import __main__ as entry

entry._leave = sys.exit  # type: ignore[assignment]  # the process goes on

REFUSED: list[str] = []
"""What of the network was asked for."""


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse whatever leads off this machine."""
    is_ours = event == "socket.__new__" and arguments[1] == socket.AF_UNIX
    if event.startswith("socket.") and not is_ours and event in ("socket.__new__", "socket.getaddrinfo"):
        REFUSED.append(f"{event} {arguments[1:]}")
        raise OSError("the network is out of bounds")


def main() -> None:
    """Run them under the umask that the command line names; fail if one of them does."""
    os.umask(int(sys.argv[1], 8))
    sys.addaudithook(watch)
    failed = []
    for line in sys.stdin.read().splitlines():
        sys.argv = ["memcli", *shlex.split(line)]
        try:
            entry.main()
        except SystemExit as ended:
            failed += [f"{line} -> {ended.code}"] if ended.code else []
    sys.exit("\n".join(failed + REFUSED) or 0)


if __name__ == "__main__":
    main()

"""Where the warm process of a user and home is, and which commands are for it. Standard library only.

Imported before anything else on every command, so it does without pathlib (5 ms) and the like.
"""

from __future__ import annotations

import os
import sys
import zlib

from memcli import __version__, address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = frozenset({"import", "eval", "demo", "doctor", "warm", "completions", "model", "mcp", "chat"}) | {
    "browse",
    "backup",
    "restore-backup",
    "scan",
    "init",
}
"""Commands that run in a process of their own: long, interactive, or about the warm process itself.
So does `config edit`: an editor needs its terminal."""

WANTED = "MEMCLI_WARM"
"""The variable that switches it off; see `NO`."""

NO = frozenset({"0", "false", "no", "off"})

PATH_MOST = 100
"""Bytes of a socket's path: the system's most is 104 (macOS) or 108 (Linux), with a zero at its end."""


def is_wanted(arguments: list[str], environ: Mapping[str, str]) -> bool:
    """Whether the command line *arguments* may be handed over at all."""
    command = command_of(arguments)
    own = command in HERE or (command == "config" and "edit" in arguments)
    return not own and is_possible(environ)


def is_possible(environ: Mapping[str, str]) -> bool:
    """Whether a warm process may run: not on Windows, not in CI, not where MEMCLI_WARM says no."""
    return (
        hasattr(os, "fork")
        and sys.platform != "win32"
        and environ.get(WANTED, "").strip().lower() not in NO
        and not environ.get("CI")
    )


WITH_VALUE = ("--home", "--store")
"""Options of the root that are followed by a value."""


def command_of(arguments: list[str]) -> str:
    """The command that *arguments* name: the first of them that is no option of the root; "" without one."""
    rest = iter(arguments)
    for argument in rest:
        if argument in WITH_VALUE:
            next(rest, "")
        elif not argument.startswith("-"):
            return argument
    return ""


def home_of(arguments: list[str], environ: Mapping[str, str]) -> str:
    """The home that *arguments*, before the command, or else MEMCLI_HOME name; "" for the user's own."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--home":
            return next(rest, "")
        if argument.startswith("--home="):
            return argument[len("--home=") :]
        if argument in WITH_VALUE:
            next(rest, "")
        if not argument.startswith("-"):
            break
    return environ.get("MEMCLI_HOME", "")


def directory(environ: Mapping[str, str]) -> str:
    """The directory of the user's sockets: in the runtime directory, or else in the temporary one."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        return runtime + "/memcli"
    return f"{environ.get('TMPDIR') or '/tmp'}/memcli-{os.getuid()}"  # noqa: S108  # checked: see is_ours


def is_ours(folder: str) -> bool:
    """Whether *folder* is a directory of this user's that nobody else may enter."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return found.st_uid == os.getuid() and (found.st_mode & 0o170777) == 0o040700


def made(folder: str) -> bool:
    """Make *folder*, unless it is there; whether it is one of ours then."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return False
    return is_ours(folder)


def socket_path(home: str, environ: Mapping[str, str]) -> str:
    """Where the socket for *home* is, for this installation of memcli; "" where there is no place for one."""
    if home:
        home = address.absolute(home)
    places = (environ.get(name, "") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"))
    of = "\0".join((home, *places, sys.prefix, __file__))
    path = f"{directory(environ)}/{zlib.crc32(of.encode('utf-8', 'surrogateescape')):08x}.sock"
    return path if len(os.fsencode(path)) <= PATH_MOST else ""


def build() -> str:
    """What tells this memcli from one that was installed in its place: its version, and when that was."""
    return f"{__version__} {os.stat(__file__).st_mtime_ns}"

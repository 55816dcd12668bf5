"""Command lines in processes to which something is done first: limits, small disks, another version."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Ran
from tests.faults import acting
from tests.faults.killing import FORKED

NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
READ_ONLY, REMOUNT, BIND = 1, 32, 4096
"""What the system's calls `unshare` and `mount` want to be told."""

NO_NAMESPACE = 99
"""The exit code of a process that may not have mounts of its own."""


@dataclass(frozen=True)
class Fault:
    """Something that is done to a process before it begins.

    Attributes:
        work: What.
        about: What it takes.
    """

    work: Callable[..., Any]
    about: tuple[Any, ...] = ()


def command(home: Path, *arguments: str, fault: Fault | None = None) -> Ran:
    """What the command line *arguments* comes to, for the store in *home*, in a process with that *fault*."""
    process = start(home, *arguments, fault=fault)
    return ended(process, home)


def start(home: Path, *arguments: str, fault: Fault | None = None) -> Any:
    """The process that runs *arguments*, which goes on by itself."""
    (home.parent / "said").mkdir(exist_ok=True)
    process = FORKED.Process(target=_run, args=(home, arguments, fault))
    process.start()
    return process


def ended(process: Any, home: Path) -> Ran:
    """What *process* has written and how it ended."""
    process.join(60)
    out, err = ((home.parent / "said" / f"{process.pid}.{name}").read_text() for name in ("out", "err"))
    return Ran(out, err, process.exitcode if process.exitcode is not None else 124)


def _run(home: Path, arguments: Sequence[str], fault: Fault | None) -> None:
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(home.parent / "said" / f"{os.getpid()}.{name}", os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
    for name in [name for name in os.environ if name.startswith(("MEMCLI_", "XDG_"))]:
        del os.environ[name]
    os.environ |= {
        "MEMCLI_HOME": str(home),
        "HOME": str(home.parent),
        "MEMCLI_USER": "me",
        "MEMCLI_SPACE": "work",
        "MEMCLI_WARM": "0",
        "MEMCLI_PROJECT": "false",
        "MEMCLI_CONFLICTS_CHECK": "false",
    }
    acting.prepare()
    from memcli.cli.boundary import run  # what comes before it is Python's own to tell

    if fault:
        fault.work(home, *fault.about)
    sys.exit(run(arguments))


def limited(_: Path, what: int, most: int) -> None:
    """Let the process have no more than that of something."""
    resource.setrlimit(what, (most, most))


def little_memory(_: Path, more: int) -> None:
    """Let the process have so many bytes more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def other_version(_: Path, version: str, more: int) -> None:
    """Be another memcli, with a format of the store that is *more* ahead."""
    import memcli
    from memcli.storage import backups, database

    memcli.__version__ = version
    vars(backups)["__version__"] = version
    database.FORMAT += more


def read_only(home: Path) -> None:
    """Have the directory *home* mounted so that nobody can write to it, root neither."""
    _own_mounts()
    _mount(str(home), str(home), "", BIND)
    _mount(str(home), str(home), "", BIND | REMOUNT | READ_ONLY)


def small_disk(home: Path, size: int) -> None:
    """Have a disk of so many bytes at *home*."""
    _own_mounts()
    home.mkdir(exist_ok=True)
    _mount("tmpfs", str(home), "tmpfs", 0, f"size={size}")


def _own_mounts() -> None:
    """Have mounts of one's own, which go with the process; end it where that is not allowed."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None).unshare(NEW_USER | NEW_MOUNTS):
        os._exit(NO_NAMESPACE)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    texts = [text.encode() for text in (source, target, kind)]
    if ctypes.CDLL(None, use_errno=True).mount(*texts, ctypes.c_ulong(flags), data.encode()):
        os._exit(NO_NAMESPACE)

"""Command lines in processes to which something is done first: limits, small disks, another version."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Ran
from tests.faults import acting
from tests.faults.killing import FORKED

READ_ONLY, REMOUNT, BIND = 1, 32, 4096
"""What the system's call `mount` wants to be told."""

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
    if fault and fault.work in (read_only, small_disk):
        said = f"commands.Fault(commands.{fault.work.__name__}, {fault.about!r})"
        code = f"commands._run(Path({str(home)!r}), {arguments!r}, {said})"
        return in_namespace(f"from pathlib import Path\nfrom tests.faults import commands\n{code}", home)
    process = start(home, *arguments, fault=fault)
    return ended(process, home)


PATIENCE_S, TIMED_OUT = 30.0, 124


def in_namespace(code: str, home: Path) -> Ran:
    """What a process with mounts of its own comes to that runs *code*; the exit code 99 where it may not."""
    (home.parent / "said").mkdir(exist_ok=True)
    line = ["unshare", "--map-root-user", "--mount", sys.executable, "-c", code]
    root = Path(__file__).parents[2]
    try:
        process = subprocess.Popen(line, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        return Ran("", "", NO_NAMESPACE)
    out, err = process.communicate(timeout=60)
    if err.startswith("unshare:"):
        return Ran("", err, NO_NAMESPACE)
    texts = [home.parent / "said" / f"{process.pid}.{name}" for name in ("out", "err")]
    out, err = (
        file.read_text() if file.exists() else text for file, text in zip(texts, (out, err), strict=True)
    )
    return Ran(out, err, process.returncode)


def start(home: Path, *arguments: str, fault: Fault | None = None) -> Any:
    """The process that runs *arguments*, which goes on by itself."""
    (home.parent / "said").mkdir(exist_ok=True)
    process = FORKED.Process(target=_run, args=(home, arguments, fault))
    process.start()
    return process


def ended(process: Any, home: Path) -> Ran:
    """What *process* has written and how it ended."""
    process.join(PATIENCE_S)
    code = process.exitcode
    if code is None:
        process.kill()
        code = TIMED_OUT
    out, err = ((home.parent / "said" / f"{process.pid}.{name}").read_text() for name in ("out", "err"))
    return Ran(out, err, code)


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
    _mount(str(home), str(home), "", BIND)
    _mount(str(home), str(home), "", BIND | REMOUNT | READ_ONLY)


def small_disk(home: Path, size: int) -> None:
    """Have a disk of so many bytes at *home*."""
    home.mkdir(exist_ok=True)
    _mount("tmpfs", str(home), "tmpfs", 0, f"size={size}")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    texts = [text.encode() for text in (source, target, kind)]
    if ctypes.CDLL(None, use_errno=True).mount(*texts, ctypes.c_ulong(flags), data.encode()):
        os._exit(NO_NAMESPACE)

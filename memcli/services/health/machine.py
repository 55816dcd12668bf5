"""The machine: its disk, its clock, its processor, what is installed, and who else can read what is ours."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from memcli import __version__
from memcli.home import Home
from memcli.services.health.findings import Checked, Cure, Level, fine, found
from memcli.times import format_time

PARTS = ("lancedb", "fastembed", "onnxruntime")

NEEDED = {"avx2", "fma"}
"""What the builds of LanceDB for x86_64 take for granted: those of a Haswell, of 2013."""

SPARE = 3
"""How often the store should fit besides: a purge writes a table anew, a backup is unpacked and checked."""

LEAST = 100_000_000
"""Bytes that should be free in any case."""

SCARCE = 20_000_000
"""Bytes below which the next write may well fail."""

AHEAD = timedelta(minutes=5)
"""How far a memory may be in the future: clocks of two machines differ."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def versions() -> Checked:
    """What is installed."""
    said = [f"memcli {__version__}", f"Python {platform.python_version()}"]
    for part in PARTS:
        with suppress(PackageNotFoundError):
            said.append(f"{part} {version(part)}")
    return fine("versions", ", ".join(said))


def processor(information: Path = Path("/proc/cpuinfo")) -> Checked:
    """Whether the processor has what LanceDB was built for."""
    machine = platform.machine()
    if machine.lower() not in ("x86_64", "amd64"):
        return fine("processor", machine or "unknown")
    try:
        lines = information.read_text().splitlines()
    except OSError:
        return fine("processor", machine)
    has = {flag for line in lines if line.startswith("flags") for flag in line.split(":")[1].split()}
    if missing := NEEDED - has:
        lacks = " and ".join(sorted(missing)).upper()
        return found("processor", Level.ERROR, f"it lacks {lacks}, which LanceDB needs: commands may crash")
    return fine("processor", f"{machine} with AVX2")


def disk(home: Home) -> Checked:
    """Whether there is room for what a purge and a backup need."""
    place = next(path for path in (home.data, *home.data.parents) if path.exists())
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return found("disk", Level.WARNING, f"can't tell how much is free at {place}: {error.strerror}")
    size = sum(_size(path) for path in home.store.rglob("*"))
    said = f"{free / 1e9:,.1f} GB free, the store takes {size / 1e6:,.1f} MB"
    if free < SCARCE:
        return found("disk", Level.ERROR, f"{said}: the next write may fail")
    if free < max(LEAST, SPARE * size):
        return found("disk", Level.WARNING, f"{said}: a purge or a backup may not fit")
    return fine("disk", said)


def _size(path: Path) -> int:
    with suppress(OSError):
        about = path.lstat()
        return about.st_size if stat.S_ISREG(about.st_mode) else 0
    return 0


def clock(now: datetime, newest: datetime | None) -> Checked:
    """Whether the clock is behind what was stored."""
    if newest and newest - now > AHEAD:
        return found(
            "clock",
            Level.WARNING,
            f"it says {format_time(now)}, and the newest memory is of {format_time(newest)}: "
            "what is stored now sorts before it",
        )
    return fine("clock", format_time(now))


def privacy(home: Home) -> Checked:
    """Whether others on this machine can get at what is ours: each directory above must let them pass."""
    check = "privacy"
    if not home.data.is_dir() or not hasattr(os, "getuid"):
        return fine(check, "nothing is stored yet that others could read")
    there = home.data.resolve()
    above = [directory.stat().st_mode for directory in there.parents]
    open_ = list(_open(there))
    if home.config_file.exists() and home.data not in home.config_file.parents:
        open_ += list(_open(home.config_file))
    for who, may_read, may_write, may_pass in (
        ("everybody on this machine", stat.S_IROTH, stat.S_IWOTH, stat.S_IXOTH),
        ("its group", stat.S_IRGRP, stat.S_IWGRP, stat.S_IXGRP),
    ):
        seen = [path for path, mode in open_ if mode & may_read]
        if seen and all(mode & may_pass for mode in above):
            can = "read and change" if any(mode & may_write for _, mode in open_) else "read"
            more = f" and {len(seen) - 1:,} more" if len(seen) > 1 else ""
            return found(
                check,
                Level.WARNING,
                f"{who} can {can} {seen[0]}{more}: users, agents and teams are courtesy there, "
                "not protection",
                cure=Cure(work=lambda: _closed([path for path, _ in open_])),
            )
    elsewhere = f"; whoever may read {home.uri} is for that service to say" if home.uri else ""
    return fine(check, f"nobody else on this machine can read it, but for its administrators{elsewhere}")


def _open(path: Path) -> Iterator[tuple[Path, int]]:
    """What of *path* and below is open to others: not what lies in a directory that is closed to them."""
    with suppress(OSError):
        about = path.lstat()
        mode = stat.S_IMODE(about.st_mode)
        if stat.S_ISLNK(about.st_mode) or not mode & OTHERS or about.st_uid != os.getuid():
            return
        yield path, mode
        if stat.S_ISDIR(about.st_mode):
            for inside in sorted(path.iterdir()):
                yield from _open(inside)


def _closed(paths: list[Path]) -> str:
    more = len(paths) - 1
    for path in paths:
        with suppress(OSError):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
    return f"nobody else can read {paths[0]} any more" + (f", nor {more:,} more" if more else "")

"""Backups that nobody asks for: after a write, when the last one is old enough; the newest few are kept."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from memcli.errors import MemcliError
from memcli.times import parse_duration

if TYPE_CHECKING:
    from memcli.home import Home
    from memcli.services.engine import Engine
    from memcli.settings import BackupSettings

STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"memcli-([0-9]{8}T[0-9]{6}Z)\.tar\.zst")
"""What automatic backups are called, by their time in UTC; no other file is ever removed."""

FAILED = "backup.failed"
"""A file beside the store that says why the last try came to nothing."""

AGAIN_AFTER = timedelta(hours=1)
"""How long after a failure it is tried again: not with every write, on a disk that is full."""


def folder(home: Home, settings: BackupSettings) -> Path:
    """Where automatic backups go."""
    return home.beside / Path(settings.directory or "backups").expanduser()


def made(directory: Path) -> list[tuple[datetime, Path]]:
    """The automatic backups in *directory*, each with its time, the newest first."""
    with suppress(OSError):
        named = [(NAME.fullmatch(path.name), path) for path in directory.iterdir()]
        return sorted(((_time(match[1]), path) for match, path in named if match), reverse=True)
    return []


def _time(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:  # the 99th of a month: ours it is not
        return datetime.min.replace(tzinfo=UTC)


def is_due(engine: Engine) -> bool:
    """Whether the last backup is old enough, or from the future, and something was written since."""
    home, settings, now = engine.home, engine.config.backup, engine.now()
    if not settings.every:
        return False
    last = made(folder(home, settings))
    if last and abs(now - last[0][0]) < parse_duration(settings.every):
        return False
    failed = home.beside / FAILED
    with suppress(OSError):
        if abs(now.timestamp() - failed.stat().st_mtime) < AGAIN_AFTER.total_seconds():
            return False
    return not last or engine.place.written_at() > last[0][1].stat().st_mtime  # see make_if_due


def make_if_due(engine: Engine) -> Path | None:
    """Make a backup if one is due, and let the oldest go; where it is. Failures are noted for `doctor`."""
    home, settings = engine.home, engine.config.backup
    if not is_due(engine):
        return None
    from memcli.services import backup

    directory, written_at = folder(home, settings), engine.place.written_at()
    path = directory / f"memcli-{engine.now().astimezone(UTC).strftime(STAMP)}.tar.zst"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        backup.save(engine, path, wait=False, dated=written_at)  # what is written meanwhile is not in it
        for _, old in made(directory)[settings.keep :]:
            old.unlink(missing_ok=True)
    except backup.BusyError:
        return None
    except (MemcliError, OSError) as error:
        with suppress(OSError):
            (home.beside / FAILED).write_text(str(error), encoding="utf-8")
        return None
    (home.beside / FAILED).unlink(missing_ok=True)
    return path


def failure(home: Home) -> str:
    """Why the last try came to nothing; empty if it did not."""
    with suppress(OSError, ValueError):
        return (home.beside / FAILED).read_text(encoding="utf-8").strip()
    return ""

"""Backups: everything that is remembered in one file, and back again."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from memcli import config
from memcli.errors import ConflictError, NotFoundError, StorageError
from memcli.services import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memcli.services.engine import Engine
    from memcli.storage.archive import Archive, Manifest

STAMP = "%Y%m%dT%H%M%SZ"
"""How a time is written in the name of a file: in UTC, so that names are in order."""

UNIT = 1 << 20
"""Bytes that count one in a progress bar."""


class BusyError(StorageError):
    """Somebody else is making a backup, or bringing one back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What is in a backup.

    Attributes:
        file: Where it is; `-` for standard output or input.
        size: Bytes of the file; None where it was not a file.
        made_at: When the copy was taken.
        memcli: The version that made it.
        model: What made the vectors; None without memories.
        memories: How many memories, forgotten ones included.
        tables: How many rows each table has.
        files: How many files of the store are in it.
        unpacked: Their bytes.
        config: Whether the settings are in it.
    """

    file: str
    size: int | None
    made_at: datetime
    memcli: str
    model: str | None
    memories: int
    tables: Mapping[str, int]
    files: int
    unpacked: int
    config: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtBack(Backup):
    """What was brought back from a backup.

    Attributes:
        store: Where it is now.
        kept: Where what was there before is; None where there was nothing.
    """

    store: str
    kept: str | None


def save(
    engine: Engine, path: Path, *, settings: bool = True, wait: bool = True, dated: float | None = None
) -> Backup:
    """Make a backup in the file at *path*, over one that is there, while others read and write.

    Args:
        engine: What to work with.
        path: The file.
        settings: Whether the settings are part of it.
        wait: Whether to wait for somebody who is making one.
        dated: When the file shall have been changed last, in seconds; None for when it is whole.

    Raises:
        NotFoundError: Nothing is stored yet, or there is no such directory.
        StorageError: The store can't be read, or the file can't be written.
    """
    from memcli.storage import archive

    if not path.parent.is_dir():
        raise NotFoundError(f"there is no directory {path.parent}")
    with _sentences(f"write {path}"), _copied(engine, settings=settings, wait=wait) as (root, now):
        with archive.new_file(path) as out:
            manifest = _packed(engine, root, now, out)
            if dated is not None:
                out.flush()
                os.utime(out.fileno(), (dated, dated))
        return _about(manifest, str(path), path.stat().st_size)


def send(engine: Engine, out: BinaryIO, *, settings: bool = True) -> Backup:
    """Make a backup and write it to *out*; see `save`."""
    with _copied(engine, settings=settings) as (root, now):
        return _about(_packed(engine, root, now, out), "-", None)


@contextmanager
def _copied(engine: Engine, *, settings: bool, wait: bool = True) -> Iterator[tuple[Path, datetime]]:
    """A copy of the store as it is now, and when that is; the copy is gone afterwards."""
    from memcli.storage import backups, locks

    if not is_there(engine):
        raise NotFoundError(f"nothing is stored yet at {engine.place.name}")
    _ = engine.db.model  # of a newer memcli, it is refused; of an older one, brought up to date
    with locks.backups(engine.place.beside, wait=wait) as is_ours:
        if not is_ours:
            raise BusyError(f"another memcli is making a backup of {engine.place.name}")
        with backups.workplace(engine.place.beside, backups.TAKING) as root:
            now = engine.now()
            backups.copied(engine.place, root)
            if settings:
                with suppress(FileNotFoundError):
                    shutil.copyfile(engine.home.config_file, root / "config.toml")
            yield root, now


def _packed(engine: Engine, root: Path, now: datetime, out: BinaryIO) -> Manifest:
    from memcli.storage import backups

    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    with engine.progress("Backing up (MB)", size // UNIT) as report:
        return backups.packed(root, now.isoformat(), out, report)


@contextmanager
def _sentences(doing: str) -> Iterator[None]:
    """Say in a sentence why it was not possible to be *doing* it."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"can't {doing}: {error.strerror or error}") from error


def is_there(engine: Engine) -> bool:
    """Whether there is anything in the store: a table of any kind."""
    return bool(engine.place.tables())


def verify(engine: Engine, file: BinaryIO, name: str) -> Backup:
    """Read the backup in *file*, which people know as *name*, to its end; what is in it.

    Raises:
        StorageError: It is no backup, or damaged.
    """
    from memcli.storage.archive import Archive

    archive = Archive(file, name)
    with engine.progress("Verifying (MB)", archive.manifest.size // UNIT) as report:
        archive.checked(report)
    return _about(archive.manifest, name, _size(file))


def bring_back(
    engine: Engine, file: BinaryIO, name: str, *, over: bool = False, settings: bool = False
) -> BroughtBack:
    """Put what is in the backup in *file*, known as *name*, in the place of the store.

    It is unpacked beside the store and looked through first; then both change places at once. What was in
    the store stays beside it, under another name.

    Args:
        engine: What to work with.
        file: The backup.
        name: What people know it as.
        over: Whether there may be something in the store.
        settings: Whether the settings in it are to be in force, too.

    Raises:
        ConflictError: There is something in the store, and *over* does not allow that.
        StorageError: It is no backup, damaged, made by a newer memcli, or does not fit on the disk.
        ConfigError: Its settings make no sense.
    """
    from memcli.storage import backups, locks
    from memcli.storage.archive import STORE, Archive

    home, place = engine.home, engine.place
    if is_there(engine) and not over:
        raise ConflictError(f"there is something in the store at {place.name} already")
    archive = Archive(file, name)
    _refuse_unfit(engine, archive, name)
    with locks.backups(place.beside, wait=True) as is_ours:
        if not is_ours:
            raise BusyError(f"another memcli is making a backup of {place.name}")
        with backups.workplace(place.beside, backups.RESTORING) as root:
            with engine.progress("Unpacking (MB)", archive.manifest.size // UNIT) as report:
                backups.unpacked(archive, root / "new", report)
            written = root / "new" / "config.toml"
            if settings and written.exists():
                config.load(written, {})
            stamp = engine.now().strftime(STAMP)
            kept = place.put_in_place(root / "new" / STORE, stamp, is_free=not over)
            if settings and written.exists():
                _settle(written, home.config_file, stamp)
    _look_anew(engine)
    about = _about(archive.manifest, name, _size(file))
    return BroughtBack(
        **{name: getattr(about, name) for name in Backup.__dataclass_fields__},
        store=place.name,
        kept=kept or None,
    )


def _refuse_unfit(engine: Engine, archive: Archive, name: str) -> None:
    """Raise unless what is in *archive* can be read by this memcli, and fits on the disk."""
    from memcli.storage import database

    manifest = archive.manifest
    if (manifest.store_format or 0) > database.FORMAT:
        raise StorageError(
            f"the store in {name} was written by a newer memcli (format {manifest.store_format}, "
            f"this one knows {database.FORMAT})",
            hint="upgrade memcli: pip install --upgrade memcli",
        )
    beside = engine.place.beside
    there = next(path for path in (beside, *beside.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if manifest.size > free:
        raise StorageError(
            f"{name} needs {manifest.size / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free at {there}"
        )


def _settle(written: Path, config_file: Path, stamp: str) -> None:
    """Put the settings *written* in force; those that were stay beside them."""
    from memcli.storage.place import free

    with _sentences(f"write {config_file}"):
        config_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if config_file.exists():
            shutil.copy2(
                config_file, free(config_file.with_name(f"{config_file.name}.before-restore-{stamp}"))
            )
        shutil.copyfile(written, new := config_file.with_name(f".{config_file.name}.new"))
        new.replace(config_file)


def _look_anew(engine: Engine) -> None:
    """Forget what was known of the store before, what the shell offers, too."""
    from memcli.storage.database import Database

    engine.__dict__.pop("db", None)
    engine.place.look_again()
    engine.home.names.unlink(missing_ok=True)
    try:
        latest = Database(engine.place).memories.newest("", names.KEPT, 0)
    except StorageError:  # of an older memcli, and there is no place for a backup of it
        return
    names.note(engine.home.names, latest[::-1])


def _size(file: BinaryIO) -> int | None:
    """Bytes of *file*; None for a pipe and the like."""
    try:
        about = os.fstat(file.fileno())
    except OSError:
        return None
    return about.st_size if stat.S_ISREG(about.st_mode) else None


def _about(manifest: Manifest, name: str, size: int | None) -> Backup:
    model = (manifest.generation or {}).get("model", {}).get("name")
    return Backup(
        file=name,
        size=size,
        made_at=datetime.fromisoformat(manifest.made_at),
        memcli=manifest.memcli,
        model=model,
        memories=manifest.memories,
        tables=manifest.tables,
        files=len(manifest.files),
        unpacked=manifest.size,
        config=manifest.has_config,
    )

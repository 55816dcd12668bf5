"""Making an archive of a store while others use it, and a store of an archive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from memcli import __version__
from memcli.errors import StorageError
from memcli.model import Progress
from memcli.storage import archive, snapshot
from memcli.storage.archive import STORE, Archive, Manifest
from memcli.storage.lance import connected_anew, translated
from memcli.storage.place import Place

TAKING, RESTORING, UPGRADING = ".backup", ".restore", ".upgrade"
"""Directories beside the store for what is not done yet; what a killed process leaves there goes the next
time."""


@contextmanager
def workplace(data: Path, name: str) -> Iterator[Path]:
    """The directory *name* in *data*, empty, and gone afterwards. Needs a lock that makes it one's own."""
    path = data / name
    with translated(f"write to {data}"):
        if path.exists():
            shutil.rmtree(path)
        path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def copied(place: Place, root: Path) -> None:
    """Have the store at *place* in the directory *root* as it is now; writers wait meanwhile.

    Where files can be linked, that takes some milliseconds.

    Raises:
        StorageError: It can't be read, or *root* can't be written.
    """
    with place.writers():
        place.taken(root / STORE)


def packed(root: Path, made_at: str, out: BinaryIO, progress: Progress) -> Manifest:
    """Write the copy of a store at *root*, taken at *made_at*, to *out*; what is in it.

    Raises:
        StorageError: The copy can't be read.
    """
    with translated("read the copy of the store"):
        tables, said = counted(root / STORE), _said(root / STORE)
        manifest = Manifest(
            format=archive.FORMAT,
            made_at=made_at,
            memcli=__version__,
            store_format=said.get("format"),
            generation=said.get("current"),
            tables=tables,
            files=archive.listed(root),
        )
    archive.written(manifest, root, out, progress)
    return manifest


def unpacked(file: Archive, root: Path, progress: Progress) -> None:
    """Make the new directory *root* of *file*, and see whether it is the store that it should be.

    Raises:
        StorageError: It is damaged, or can't be written.
    """
    with translated(f"write to {root.parent}"):
        file.extracted(root, progress)
        (root / STORE).mkdir(mode=0o700, exist_ok=True)
    with translated("read the store in the backup"):
        if counted(root / STORE) != dict(file.manifest.tables):
            raise StorageError("the store in the backup is not what its manifest says")


def counted(store: Path) -> dict[str, int]:
    """How many rows each table of the store at *store* has."""
    connection = connected_anew(store)
    names = [path.stem for path in snapshot.tables(store)]
    return {name: int(connection.open_table(name).count_rows()) for name in names}


def _said(store: Path) -> Mapping[str, Any]:
    """What the table meta of the store at *store* says; empty where there are no memories."""
    if not (store / "meta.lance").is_dir():
        return {}
    rows = connected_anew(store).open_table("meta").to_arrow().to_pylist()
    said: Mapping[str, Any] = json.loads(rows[0]["value"]) if rows else {}
    return said


def before_upgrade(place: Place, to_format: int) -> Path:
    """Make an archive of the store at *place* before it is brought up to *to_format*; where that is.

    Needs the writer's lock.

    Raises:
        StorageError: It can't be written: then the store is better left as it is.
    """
    with workplace(place.beside, UPGRADING) as root, translated("make a backup before the store is upgraded"):
        place.taken(root / STORE)
        folder = automatic(place.beside)
        folder.mkdir(mode=0o700, exist_ok=True)
        path = _free(folder, f"before-format-{to_format}")
        with archive.new_file(path) as out:
            packed(root, datetime.now(UTC).isoformat(timespec="seconds"), out, lambda _: None)
    return path


def automatic(data: Path) -> Path:
    """Where backups go that nobody asked for, of the store in *data*."""
    return data / "backups"


def _free(folder: Path, name: str) -> Path:
    """A file in *folder* that is not there yet."""
    path, number = folder / f"{name}.tar.zst", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.tar.zst"
    return path

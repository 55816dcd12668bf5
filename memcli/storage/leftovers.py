"""What a store takes on the disk besides what it is: old versions, unfinished backups, stores kept aside."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memcli.storage import backups, snapshot, versions

ASIDE = (".before-restore-", ".torn-")
"""What the names of stores that were kept aside go on with, after that of the store."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is beside a store.

    Attributes:
        unfinished: Directories of backups that nobody is making any more.
        kept: Stores, and tables, that were kept when others took their place.
        size: Bytes of those.
    """

    unfinished: tuple[Path, ...]
    kept: tuple[Path, ...]
    size: int


def superfluous(store: Path) -> int:
    """Bytes in the store at *store* that its newest versions do without."""
    return sum(_superfluous(table) for table in snapshot.tables(store))


def _superfluous(table: Path) -> int:
    try:
        newest = versions.read(versions.manifests(table)[0])
    except (OSError, IndexError, versions.TornError):
        return 0
    needed = {f"{versions.FOLDER}/{newest.path.name}"}
    for fragment in newest.fragments:
        needed |= {file.path for file in fragment.files}
        needed |= {fragment.deletions.path} if fragment.deletions else set()
    needed |= {file.path for index in newest.indexes for file in index.files}
    return sum(
        _size(Path(folder, name))
        for folder, _, names in os.walk(table)
        for name in names
        if Path(folder, name).relative_to(table).as_posix() not in needed
    )


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def beside(store: Path) -> Beside:
    """What is beside the store at *store*."""
    unfinished = [store.parent / name for name in (backups.TAKING, backups.RESTORING, backups.UPGRADING)]
    kept = [path for ending in ASIDE for path in sorted(store.parent.glob(f"{store.name}{ending}*"))]
    return Beside(
        tuple(path for path in unfinished if path.is_dir()),
        tuple(kept),
        sum(_size(file) for path in kept for file in path.rglob("*")),
    )

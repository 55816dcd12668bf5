"""What a store takes on disk, and in what order its tables are: looked at, and nothing else.

Nothing heavy is imported here: what services answer with is made of these.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcli.storage.database import Database
    from memcli.storage.lance import LanceTable
    from memcli.storage.table import Table

INDEXES, BOOKS = "_indices", ("_versions", "_transactions", "_deletions")
"""What LanceDB calls the directories of a table that hold no rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a table is.

    Attributes:
        table: Its name.
        rows: How many rows it has.
        fragments: Pieces in which these were written; many are slow to read.
        versions: Versions of it that are on disk.
        indexes: How many indexes it has.
        unindexed: Rows that the index knows least of lacks.
    """

    table: str
    rows: int
    fragments: int
    versions: int
    indexes: int
    unindexed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What something takes on disk.

    Attributes:
        what: What it is.
        files: How many files.
        bytes: How many bytes.
    """

    what: str
    files: int
    bytes: int


def health(db: Database) -> list[Health]:
    """How the tables are that are there, the largest first."""
    if not db.place.is_there:
        return []
    found = [_health(db.place.own, table) for table in db.all_tables() if table.exists]
    return sorted(found, key=lambda one: (-one.rows, one.table))


def _health(store: Path, table: Table) -> Health:
    def looked_at(lance: LanceTable) -> tuple[int, int, int, int]:
        stats, indexes = lance.stats(), lance.list_indices()
        about = [lance.index_stats(index.name) for index in indexes]
        lacking = max((one.num_unindexed_rows for one in about if one), default=0)
        return stats["num_rows"], stats["fragment_stats"]["num_fragments"], len(indexes), lacking

    rows, fragments, indexes, unindexed = table.read(looked_at, (0, 0, 0, 0))
    return Health(
        table=table.name,
        rows=rows,
        fragments=fragments,
        versions=_files(store / f"{table.name}.lance" / "_versions").files,
        indexes=indexes,
        unindexed=unindexed,
    )


def sizes(store: Path) -> list[Size]:
    """What the parts of the *store* take on disk; those that are not there take nothing."""
    parts: dict[str, list[Path]] = {
        "memories": [],
        "passages": [],
        "indexes": [],
        "other tables": [],
        "bookkeeping": [],
    }
    with suppress(OSError):
        for table in sorted(store.glob("*.lance")):
            kind = table.stem.partition("_")[0]  # one for each model: memories_1
            kind = kind if kind in parts else "other tables"
            for directory in table.iterdir():
                is_kept = directory.name in BOOKS
                part = "indexes" if directory.name == INDEXES else "bookkeeping" if is_kept else kind
                parts[part].append(directory)
    return [_sum(what, directories) for what, directories in parts.items()]


def _sum(what: str, directories: list[Path]) -> Size:
    each = [_files(directory) for directory in directories]
    return Size(what=what, files=sum(one.files for one in each), bytes=sum(one.bytes for one in each))


def _files(directory: Path) -> Size:
    """The files below *directory*; what vanishes meanwhile does not count."""
    files = size = 0
    for path in directory.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                files, size = files + 1, size + path.stat().st_size
    return Size(what=directory.name, files=files, bytes=size)

"""Indexes of a table: which are missing, how far behind they are, and made anew where they are torn."""

from __future__ import annotations

from collections.abc import Container

from memcli.storage.lance import ROW, translated
from memcli.storage.table import MANY_KEYS, Table, chunks
from memcli.storage.tidiness import UNINDEXED_MOST


def known(table: Table) -> list[str]:
    """The indexes that *table* has."""
    return sorted(table._segments())


def missing(table: Table) -> list[str]:
    """The indexes that *table* is large enough for and lacks."""
    rows, there = table.count(), table._segments()
    return [one.name for one in table._indexes if rows >= one.rows_from and one.name not in there]


def behind(table: Table) -> dict[str, int]:
    """How many rows each index of *table* lacks, if these are more than searches take without notice."""
    rows = table.count()
    lacks = {name: rows - table.indexed(name) for name in sorted(table._segments())}
    return {name: number for name, number in lacks.items() if number > UNINDEXED_MOST}


def drop_doubles(table: Table) -> None:
    """Leave the newest row of each key of *table*. Needs the writer's lock.

    Rows that were changed come back where it is lost which of them were deleted; what took their place was
    written later, and stands behind them.

    Raises:
        StorageError: It can't be read or written.
    """
    rows = table.rows("", [table._key, ROW]).to_pylist()
    newest: dict[str, int] = {}
    for row in rows:
        newest[row[table._key]] = max(row[ROW], newest.get(row[table._key], -1))
    stale = [str(row[ROW]) for row in rows if row[ROW] != newest[row[table._key]]]
    for some in chunks(stale, MANY_KEYS):
        table.delete(f"{ROW} IN ({', '.join(some)})")


def renew(table: Table, names: Container[str]) -> None:
    """Make the indexes *names* of *table* anew, torn or not. Needs the writer's lock.

    Raises:
        StorageError: It can't be written.
    """
    with translated(f"index {table.name}"):
        for index in table._indexes:
            if index.name in names and table._table is not None:
                index.make(table._table)
        table.refresh()

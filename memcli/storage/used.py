"""Uses in the rows of memories: counted there, and carried over to the rows of another model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from memcli.storage.predicates import is_in
from memcli.storage.table import MANY_KEYS, chunks

if TYPE_CHECKING:
    from memcli.storage.table import Table
    from memcli.storage.uses import Use

USED = ("id", "uses", "used_at")

EVER = "uses > 0"

CARRIED = 100_000
"""Rows that are written at once: some 5 MB, three columns of them."""


def add(memories: Table, uses: Mapping[str, Use]) -> None:
    """Count *uses*, by id, in the rows of *memories* that are there. Needs the writer's lock."""
    rows_of = [memories.rows(is_in("id", some), USED) for some in chunks(list(uses), MANY_KEYS)]
    for table in rows_of:
        found = table.to_pylist()
        for row in found:
            use = uses[row["id"]]
            row["uses"] = (row["uses"] or 0) + use.count
            row["used_at"] = max(use.last, row["used_at"] or use.last)
        if found:
            memories.change(pa.Table.from_pylist(found, schema=table.schema))


def carry(memories: Table, to: Table) -> None:
    """Let the rows of *to* say of uses what those of the same *memories* say. Needs the writer's lock.

    Uses are counted in the current rows only; those for another model may have been written long before.
    """
    found = memories.rows(EVER, USED)
    known = {tuple(row.values()) for row in to.rows(EVER, USED).to_pylist()}
    news = [row for row in found.to_pylist() if tuple(row.values()) not in known]
    for some in chunks(news, CARRIED):
        to.change(pa.Table.from_pylist(list(some), schema=found.schema))

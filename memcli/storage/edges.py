"""The table of edges: which memories are connected, as it was said.

An edge names the memories that were connected. One that has been replaced since stays named here; that
its edges are its successor's is a matter of reading (`memcli.services.edges`), so that whatever brings the
memory back brings its edges back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from memcli.storage.indexes import index_of_values
from memcli.storage.predicates import all_of, any_of, is_in
from memcli.storage.rows import TIME
from memcli.storage.table import MANY_KEYS, Table, chunks
from memcli.structure import Edge

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

FROM, TO = "from_id", "to_id"
"""The columns of the two ends: FROM and TO by themselves are words of SQL."""

SCHEMA = pa.schema(
    [
        pa.field("key", pa.utf8(), nullable=False),
        (FROM, pa.utf8()),
        (TO, pa.utf8()),
        ("type", pa.utf8()),
        ("weight", pa.float64()),
        ("user", pa.utf8()),
        ("created_at", TIME),
        ("updated_at", TIME),
    ]
)
COLUMNS = [name for name in SCHEMA.names if name not in ("key", "user")]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

INDEXED_FROM = 5_000
"""Edges from which on both ends have an index, as memories have: of 100,000 those of 100 memories are read in
10 ms, not in 21 to 29."""

Ends = tuple[str, str, str]
"""From, to and type: what tells edges apart."""


class Edges:
    """The table of edges; None as *connection* for a store that does not exist."""

    def __init__(self, connection: Connection | None) -> None:
        indexes = [index_of_values(column, "BTree", INDEXED_FROM) for column in (FROM, TO)]
        absent = connection is None
        self.table = Table.absent(SCHEMA) if absent else Table(connection, "edges", SCHEMA, "key", indexes)

    def touching(self, ids: Sequence[str], *, out: bool, back: bool, types: Sequence[str] = ()) -> list[Edge]:
        """The edges of the memories *ids*, in no particular order.

        Args:
            ids: The memories.
            out: Whether those that lead away from them are meant.
            back: Whether those that lead to them are meant.
            types: Only these; all, if empty.
        """
        found: list[pa.Table] = []
        columns = [FROM] * out + [TO] * back
        typed = is_in("type", types) if types else ""
        for some in chunks(ids, MANY_KEYS):
            ends = any_of(*(is_in(column, some) for column in columns))
            found.append(self.table.rows(all_of(ends, typed), COLUMNS))
        edges = [edge for table in found for edge in _edges(table)]
        return list({edge.ends: edge for edge in edges}.values())

    def degrees(self, ids: Iterable[str]) -> Counter[str]:
        """How many edges each of *ids* has, in both directions; none is said of those without any."""
        wanted = set(ids)
        found = Counter[str]()
        for some in chunks(sorted(wanted), MANY_KEYS):
            rows = self.table.rows(any_of(is_in(FROM, some), is_in(TO, some)), [FROM, TO])
            ends = (end for column in (FROM, TO) for end in rows[column].to_pylist())
            found.update(end for end in ends if end in wanted)
        return found

    def all(self) -> list[Edge]:
        """All edges there are, in no particular order."""
        return _edges(self.table.rows("", COLUMNS))

    def called(self, ends: Iterable[Ends]) -> dict[Ends, Edge]:
        """The edges that *ends* tell apart, those that are there."""
        keys = [_key(one) for one in ends]
        tables = [self.table.rows(is_in("key", some), COLUMNS) for some in chunks(keys, MANY_KEYS)]
        return {edge.ends: edge for table in tables for edge in _edges(table)}

    def put(self, edges: Sequence[Edge], user: str) -> None:
        """Write *edges* of *user* over those with the same ends and type. Needs the writer's lock."""
        rows = [_row(edge, user) for edge in edges]
        self.table.put(pa.Table.from_pylist(rows, schema=SCHEMA))

    def remove(self, ends: Iterable[Ends]) -> None:
        """Take the edges that *ends* tell apart out. Needs the writer's lock."""
        self.table.delete_keys([_key(one) for one in ends])

    def erase(self, ids: Sequence[str], successors: Mapping[str, str]) -> None:
        """Remove the memories *ids* from every version on disk. Needs the writer's lock.

        Edges of those that gave way to a memory that stays, *successors*, are that memory's from then on;
        the others go.
        """
        if not self.table.exists:
            return
        named = any_of(*(is_in(column, ids) for column in (FROM, TO)))
        if not ids or not self.table.count(named):
            return
        gone = set(ids)
        rows = self.table.rows(named).to_pylist()
        kept = [_carried(row, successors) for row in rows]
        stays = {edge.ends: (edge, user) for edge, user in kept if not gone & {edge.from_, edge.to}}
        there = self.called(stays)
        new = [_row(edge, user) for ends, (edge, user) in stays.items() if ends not in there]
        new = [row for row in new if row[FROM] != row[TO]]
        if new:
            self.table.put(pa.Table.from_pylist(new, schema=SCHEMA))
        self.table.erase_keys([row["key"] for row in rows])


def _key(ends: Ends) -> str:
    return json.dumps(list(ends), ensure_ascii=False)


def _row(edge: Edge, user: str) -> dict[str, Any]:
    return {
        "key": _key(edge.ends),
        FROM: edge.from_,
        TO: edge.to,
        "type": edge.type,
        "weight": edge.weight,
        "user": user,
        "created_at": edge.created_at,
        "updated_at": edge.updated_at,
    }


def _carried(row: Mapping[str, Any], successors: Mapping[str, str]) -> tuple[Edge, str]:
    """The edge in *row* between those that its ends gave way to, and its user."""
    edge = Edge(
        from_=row[FROM],
        to=row[TO],
        **{name: row[name] for name in ("type", "weight", "created_at", "updated_at")},
    )
    start, end = (successors.get(end) or end for end in (edge.from_, edge.to))
    return replace(edge, from_=start, to=end), row["user"]


def _edges(table: pa.Table) -> list[Edge]:
    columns = [_plain(table[name]) for name in COLUMNS]
    return [_edge(*row) for row in zip(*columns, strict=True)]


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """The values of *column*; times as microseconds, since Arrow takes longer for them than for all else."""
    values: list[Any] = (column.cast(pa.int64()) if column.type == TIME else column).to_pylist()
    return values


def _edge(from_: str, to: str, type_: str, weight: float, created: int, updated: int) -> Edge:
    times = (EPOCH + timedelta(microseconds=us) for us in (created, updated))
    created_at, updated_at = times
    return Edge(from_=from_, to=to, type=type_, weight=weight, created_at=created_at, updated_at=updated_at)

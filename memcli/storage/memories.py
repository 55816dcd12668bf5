"""The table of memories: written as whole rows, found by id, predicate, vector and words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.model import PRIVATE, Memory, Trust
from memcli.storage import indexes, rows
from memcli.storage.findable import Findable
from memcli.storage.lance import ROW
from memcli.storage.predicates import all_of, any_of, equals, is_filled, is_in, quote, starts_with
from memcli.storage.rows import FINGERPRINT, MEMORY_FIELDS, VECTOR
from memcli.storage.rowstore.table import RowStoredTable
from memcli.storage.table import MANY_KEYS, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import Connection

OUTLINE = (
    *("id", "text", "title", "space", "user", "agent", "created_at", "updated_at"),
    *("expires_at", "forgotten_at", "replaced_at", "replaced_by"),
)

WITH_TRUST = 5
"""The first format whose memories say who put them there."""

TRUST_BEFORE = {
    Trust.AGENT: "agent <> '' OR source IN ('extract', 'ask', 'tee') OR"
    " (conversation <> '' AND position IS NOT NULL AND speaker IN ('assistant', 'tool'))",
    Trust.IMPORTED: "source IN ('chatgpt', 'claude-ai', 'claude-code', 'codex', 'gemini', 'llm', 'markdown',"
    " 'mcp-memory', 'mem0', 'messages')",
}
"""Who put a memory there that is older than that: as far as its source tells; else it was the user."""


class Memories(Findable):
    """The memories of one generation."""

    @classmethod
    def open(cls, connection: Connection, name: str, dimension: int) -> Memories:
        """The table called *name*, for vectors of *dimension* numbers."""
        schema, wanted = rows.memory_schema(dimension), indexes.of_memories()
        return cls(RowStoredTable(connection, name, schema, "id", wanted))

    @classmethod
    def absent(cls) -> Memories:
        """The memories of a store that does not exist: none."""
        return cls(RowStoredTable.absent(rows.memory_schema(1)))

    def create(self) -> None:
        """Make the table and its full-text index. Needs the writer's lock."""
        self.table.create()

    # --- writing; all of it needs the writer's lock ---

    def add(self, memories: Sequence[Memory], vectors: NDArray[np.float32]) -> None:
        """Append new *memories* with their *vectors*, shape (n, dimension)."""
        self.table.add(rows.to_table(memories, vectors))

    def put(self, memories: Sequence[Memory], vectors: NDArray[np.float32]) -> None:
        """Write *memories* over those with the same ids, and append the others."""
        self.table.put(rows.to_table(memories, vectors))

    def set_forgotten(self, ids: Sequence[str], at: datetime | None, now: datetime) -> None:
        """Mark the memories *ids* as forgotten since *at*, or as not forgotten (None)."""
        for some in chunks(ids, MANY_KEYS):
            where, values = is_in("id", some), {"forgotten_at": at, "updated_at": now}
            self.table.write(lambda table, w=where, v=values: table.update(where=w, values=v))  # type: ignore[misc]

    def move(self, where: str, space: str, now: datetime) -> None:
        """Let the memories that fulfil *where* be in the space *space*, all at once."""
        values = {"space": space, "updated_at": now}
        self.table.write(lambda table: table.update(where=where, values=values))

    def unlink(self, ids: Sequence[str]) -> dict[str, str]:
        """Let the chains that the memories *ids* are part of go on without them.

        The memory before and the one after are linked instead; what is said of why they gave way
        may quote what they said, and goes.

        Returns:
            The memory after, by id, for those that have one.
        """
        gone = self.with_ids(ids)
        for some in chunks(ids, MANY_KEYS):
            self._set(is_in("replaced_by", some), {"replaced_reason": ""})
        successors: dict[str, str] = {}
        for memory in gone.values():
            before = _beyond(gone, memory, "replaces")
            after = successors[memory.id] = _beyond(gone, memory, "replaced_by")
            if before and after and memory.replaces == before:
                self._set(equals("id", before), {"replaced_by": after})
            if after and memory.replaced_by == after:
                self._set(equals("id", after), {"replaces": before})
        return {name: after for name, after in successors.items() if after}

    def _set(self, where: str, values: Mapping[str, Any]) -> None:
        self.table.write(lambda table: table.update(where=where, values=dict(values)))

    def upgrade(self, before: int) -> None:
        """Add the columns that came after the table was made, in the format *before*."""
        asks = f"regexp_like(text, {quote(rows.QUESTION)})"
        computed = {rows.ASKS: asks, "team": "''", "visibility": quote(PRIVATE), "trust": "'user'"}
        self.table.add_missing(computed)
        for trust, where in TRUST_BEFORE.items() if before < WITH_TRUST else ():
            self._set(where, {"trust": trust.value})

    def erase(self, ids: Sequence[str]) -> None:
        """Remove the memories *ids*: text, vector and index terms, from every version on disk."""
        self.set_apart(ids)
        self.table.delete_keys(ids)
        self.complete()

    def set_apart(self, ids: Sequence[str]) -> None:
        """Have the memories *ids* in files of their own, their words in no index; see `Table.set_apart`."""
        self.table.write(indexes.drop_text)  # it spells the words; without it, the next write tidies up
        self.table.set_apart(ids)

    def complete(self) -> None:
        """Remove every version but the last from disk, and make the index of words again."""
        self.table.tidy(leftovers=True)
        self.table.write(indexes.make_text)
        self.table.tidy(leftovers=True)

    # --- reading ---

    @property
    def version(self) -> tuple[str, int]:
        """What tells these memories from what they were, or will be, after any write."""
        return self.table.name, self.table.version

    def with_ids(self, ids: Sequence[str], where: str = "") -> dict[str, Memory]:
        """The memories called *ids*, those that exist and fulfil *where*, by id."""
        if where:
            some = [self.where(all_of(is_in("id", few), where)) for few in chunks(ids, MANY_KEYS)]
            return {memory.id: memory for found in some for memory in found}
        found = self.table.memories(ids)
        if found is None:
            found = rows.from_table(self.table.with_keys(ids, list(MEMORY_FIELDS)))
        return {memory.id: memory for memory in found}

    def outlines(self, ids: Sequence[str], where: str) -> dict[str, Memory]:
        """The memories *ids* that fulfil *where*, by id: what they say, where they are and in what state.

        Everything else is left out, which takes half the time.
        """
        tables = [
            self.table.rows(all_of(is_in("id", some), where), OUTLINE) for some in chunks(ids, MANY_KEYS)
        ]
        return {memory.id: memory for table in tables for memory in rows.from_table(table)}

    def with_prefix(self, prefix: str, where: str, limit: int) -> list[Memory]:
        """At most *limit* memories that fulfil *where* and whose ids begin with *prefix*."""
        return self.where(all_of(starts_with("id", prefix), where), limit=limit)

    def known(
        self, ids: Sequence[str], prints: Sequence[str], where: str
    ) -> tuple[dict[str, Memory], dict[tuple[str, ...], tuple[str, str]]]:
        """The memories *ids* by id, and who says what those that fulfil *where* say, looked for side by side.

        The latter are ids of memories with one of the fingerprints *prints*, and who put them there, by
        space, user, agent, team and fingerprint.
        """
        if len(ids) + len(prints) <= MANY_KEYS and not self._are_any(ids, prints):
            return {}, {}
        columns = ["space", "user", "agent", "team", FINGERPRINT]
        named = [(is_in("id", some), list(MEMORY_FIELDS)) for some in chunks(ids, MANY_KEYS)]
        saying = [
            (all_of(is_in(FINGERPRINT, some), where), [*columns, "id", "trust"])
            for some in chunks(prints, MANY_KEYS)
        ]
        tables = self.table.rows_of_each([*named, *saying])
        there = {m.id: m for table in tables[: len(named)] for m in rows.from_table(table)}
        found = [row for table in tables[len(named) :] for row in table.to_pylist()]
        said = {
            tuple(row[name] for name in columns): (row["id"], row["trust"] or Trust.USER) for row in found
        }
        return there, said

    def _are_any(self, ids: Sequence[str], prints: Sequence[str]) -> bool:
        """Whether there is any of the memories *ids*, or one with any of the fingerprints *prints*.

        Mostly there is not. One question for both, and for ids only, takes a third of `known`'s two.
        """
        wanted = [is_in(*some) for some in (("id", ids), (FINGERPRINT, prints)) if some[1]]
        return bool(wanted) and bool(len(self.table.rows(any_of(*wanted), ["id"], limit=1)))

    def that_gave_way_to(self, ids: Sequence[str]) -> dict[str, str]:
        """The memories that those called *ids* have replaced, each with the one that it gave way to."""
        found: dict[str, str] = {}
        for some in chunks(ids, MANY_KEYS):
            where = all_of(is_in("replaced_by", some), is_filled("replaced_at"))
            table = self.table.rows(where, ["id", "replaced_by"])
            found |= zip(table["id"].to_pylist(), table["replaced_by"].to_pylist(), strict=True)
        return found

    def where(self, where: str, limit: int | None = None) -> list[Memory]:
        """The memories that fulfil *where*, in no particular order."""
        return rows.from_table(self.table.rows(where, list(MEMORY_FIELDS), limit))

    def newest(self, where: str, limit: int | None, offset: int = 0) -> list[Memory]:
        """The memories that fulfil *where*, latest first, from the one at *offset*, at most *limit*."""
        keys = self.table.rows(where, ["id", "created_at", "position", ROW])
        order = pc.sort_indices(
            keys,
            sort_keys=[("created_at", "descending"), ("position", "descending"), ("id", "ascending")],
        )
        ids = rows.ids_of(keys.take(order.slice(offset, limit)))
        found = self.with_ids(ids)
        return [found[i] for i in ids if i in found]

    def batches(self, where: str = "", size: int = 1024) -> Iterator[list[Memory]]:
        """All memories that fulfil *where*, oldest first, in lists of at most *size*."""
        keys = self.table.rows(where, ["id", "created_at", "position"])
        order = pc.sort_indices(
            keys, sort_keys=[("created_at", "ascending"), ("position", "ascending"), ("id", "ascending")]
        )
        for some in chunks(rows.ids_of(keys.take(order)), size):
            found = self.with_ids(some)
            yield [found[i] for i in some if i in found]

    def with_vectors(self, ids: Sequence[str], where: str) -> tuple[list[Memory], NDArray[np.float32]]:
        """Those of the memories *ids* that fulfil *where*, and their vectors, shape (n, dimension).

        They are in no particular order.
        """
        columns = [*MEMORY_FIELDS, VECTOR]
        tables = [
            self.table.rows(all_of(is_in("id", some), where), columns) for some in chunks(ids, MANY_KEYS)
        ]
        found = pa.concat_tables(tables)
        return rows.from_table(found), rows.vectors_of(found)

    def rewrite(self, memories: Sequence[Memory]) -> None:
        """Write *memories*, which are there, anew with the vectors they have. Needs the writer's lock."""
        for some in chunks(memories, MANY_KEYS):
            self.put(some, self.vectors([memory.id for memory in some]))

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of the memories *ids*, shape (n, dimension), in that order."""
        table = self.table.rows(is_in("id", ids), ["id", VECTOR])
        place = {memory: row for row, memory in enumerate(rows.ids_of(table))}
        return rows.vectors_of(table)[[place[i] for i in ids]]

    def ids(self, where: str = "") -> list[str]:
        """The ids of the memories that fulfil *where*."""
        return rows.ids_of(self.table.rows(where, ["id"]))

    def states(self) -> dict[str, tuple[Any, ...]]:
        """Something for each memory, by id, that differs when the memory has been changed."""
        columns = ["id", "updated_at", "forgotten_at", "replaced_by", "replaces", "space", FINGERPRINT]
        return {row["id"]: tuple(row.values()) for row in self.table.rows("", columns).to_pylist()}

    def counts_by(self, column: str, where: str) -> dict[str, tuple[int, datetime]]:
        """How many memories that fulfil *where* there are by *column*, and when the latest was created."""
        table = self.table.rows(where, [column, "created_at"])
        groups = table.group_by(column).aggregate([([], "count_all"), ("created_at", "max")])
        return {row[column]: (row["count_all"], row["created_at_max"]) for row in groups.to_pylist()}

    def turns(self, places: Mapping[str, Iterable[int]], where: str) -> list[Memory]:
        """The turns at *places* (positions by conversation) that fulfil *where*, in order.

        Positions of one conversation may bring up turns of another of *places*.
        """
        positions = sorted({position for some in places.values() for position in some})
        found: list[Memory] = []
        for some in chunks(list(places), MANY_KEYS):
            at = all_of(is_in("conversation", some), is_in("position", positions))
            found += self.where(all_of(at, where)) if positions else []
        return sorted(found, key=lambda turn: (turn.conversation, turn.position or 0, turn.id))


def _beyond(gone: Mapping[str, Memory], memory: Memory, link: str) -> str:
    """The id of the first memory in the direction *link* that is not among *gone*; "" if there is none."""
    name: str = getattr(memory, link)
    for _ in gone:
        if name not in gone:
            break
        name = getattr(gone[name], link)
    return name

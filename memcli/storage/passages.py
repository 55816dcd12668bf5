"""Where a memory too long for the model's window goes on: one vector for each further passage.

The first passage's vector is in the memory's own row, so that this table stays empty, and costs
nothing, until somebody stores a long text.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from memcli.storage.predicates import all_of, equals, is_in
from memcli.storage.rows import VECTOR, vector_array, vector_field, vectors_of
from memcli.storage.table import MANY_KEYS, Table, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import AsyncLanceTable, Connection


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a long memory's text: from character *start* up to *end*."""

    memory: str
    user: str
    space: str
    start: int
    end: int


def _schema(dimension: int) -> pa.Schema:
    return pa.schema(
        [
            pa.field("key", pa.utf8(), nullable=False),
            ("memory", pa.utf8()),
            ("user", pa.utf8()),
            ("space", pa.utf8()),
            ("start", pa.int64()),
            ("end", pa.int64()),
            vector_field(dimension),
        ]
    )


class Passages:
    """The table of further passages; None as *table* for a store that does not exist."""

    def __init__(self, table: Table, dimension: int) -> None:
        self.table, self._dimension = table, dimension

    @classmethod
    def open(cls, connection: Connection, name: str, dimension: int) -> Passages:
        """The table called *name*, for vectors of *dimension* numbers."""
        return cls(Table(connection, name, _schema(dimension), "key"), dimension)

    @classmethod
    def absent(cls) -> Passages:
        """The table of a store that does not exist."""
        return cls(Table.absent(_schema(1)), 1)

    def add(self, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
        """Append *passages* with their *vectors*, shape (n, dimension). Needs the writer's lock."""
        if not passages:
            return
        columns = {
            "key": [secrets.token_hex(8) for _ in passages],
            **{
                name: [getattr(p, name) for p in passages]
                for name in ("memory", "user", "space", "start", "end")
            },
            VECTOR: vector_array(vectors),
        }
        self.table.add(pa.table(columns, schema=_schema(self._dimension)))

    def keys_of(self, memories: Sequence[str]) -> list[str]:
        """The keys of all passages of *memories* (ids)."""
        found: list[str] = []
        for some in chunks(memories, MANY_KEYS) if self.table.exists else ():
            found += self.table.rows(is_in("memory", some), ["key"])["key"].to_pylist()
        return found

    def move(self, space: str, user: str, to: str) -> None:
        """Let the passages in *space* of *user* be in the space *to*. Needs the writer's lock."""
        if self.table.exists:
            where = all_of(equals("space", space), equals("user", user))
            self.table.write(lambda table: table.update(where=where, values={"space": to}))

    def put_in(self, memories: Sequence[str], space: str) -> None:
        """Let the passages of *memories* (ids) be in *space*. Needs the writer's lock."""
        for some in chunks(memories, MANY_KEYS) if self.table.exists else ():
            where = is_in("memory", some)
            self.table.write(lambda table, w=where: table.update(where=w, values={"space": space}))  # type: ignore[misc]

    def copy(self, copies: Mapping[str, str], space: str) -> None:
        """Give each memory among *copies* (new id by old id), which is in *space*, what the old one has."""
        for some in chunks(list(copies), MANY_KEYS) if self.table.exists else ():
            rows = self.table.rows(is_in("memory", some))
            said = rows.to_pylist()
            passages = [
                Passage(copies[row["memory"]], row["user"], space, row["start"], row["end"]) for row in said
            ]
            if passages:
                self.add(passages, vectors_of(rows))

    def near(self, vector: NDArray[np.float32], where: str, limit: int) -> dict[str, float]:
        """The best cosine of each memory that has one of the *limit* passages nearest to *vector*."""
        if not self.table.exists:
            return {}

        async def nearest(table: AsyncLanceTable) -> pa.Table:
            query = table.query().nearest_to(vector).column(VECTOR).distance_type("cosine")
            query = query.where(where or "true").select(["memory", "_distance"])
            return await query.limit(limit).to_arrow()

        found = self.table.together(nearest, pa.table({"memory": [], "_distance": []}))
        best: dict[str, float] = {}
        for memory, distance in zip(found["memory"].to_pylist(), found["_distance"].to_pylist(), strict=True):
            best[memory] = max(best.get(memory, -1.0), 1.0 - distance)
        return best

    def best(self, memories: Sequence[str], vector: NDArray[np.float32]) -> dict[str, float]:
        """The best cosine that a passage of each of *memories* has to *vector* (of length 1)."""
        if not self.table.exists or not memories:
            return {}
        rows = self.table.rows(is_in("memory", memories), ["memory", VECTOR])
        best: dict[str, float] = {}
        if rows.num_rows:
            units = vectors_of(rows)
            cosines = (
                units @ vector / np.maximum(np.linalg.norm(units, axis=1) * np.linalg.norm(vector), 1e-12)
            )
            for memory, cosine in zip(rows["memory"].to_pylist(), cosines.tolist(), strict=True):
                best[memory] = max(best.get(memory, -1.0), cosine)
        return best

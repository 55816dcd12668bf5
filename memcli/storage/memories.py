"""The table of memories: written as whole rows, found by id, predicate, vector and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.model import Memory
from memcli.storage import lexical, rows
from memcli.storage.predicates import all_of, is_in, starts_with
from memcli.storage.rows import FINGERPRINT, MEMORY_FIELDS, VECTOR, WORDS
from memcli.storage.table import MANY_KEYS, Index, Table, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import Connection, LanceTable

TEXT_INDEX = "words_idx"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that the vector or the text query brought up.

    Attributes:
        memory: The memory.
        cosine: Its cosine to the query, -1..1; 0 where no vector was asked about.
        lexical: Its BM25 score, at least 0; 0 where no term of the query is in it.
    """

    memory: Memory
    cosine: float
    lexical: float


class Memories:
    """The memories of one generation."""

    def __init__(self, table: Table) -> None:
        self.table = table

    @classmethod
    def open(cls, connection: Connection, name: str, dimension: int) -> Memories:
        """The table called *name*, for vectors of *dimension* numbers."""
        return cls(
            Table(connection, name, rows.memory_schema(dimension), "id", Index(TEXT_INDEX, _index_text))
        )

    @classmethod
    def absent(cls) -> Memories:
        """The memories of a store that does not exist: none."""
        return cls(Table.absent(rows.memory_schema(1)))

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

    def erase(self, ids: Sequence[str]) -> None:
        """Remove the memories *ids*: text, vector and index terms, from every version on disk."""
        self.table.write(_drop_text_index)  # it spells the words
        self.table.erase_keys(ids)
        self.table.write(_index_text)
        self.table.tidy(always=True)

    # --- reading ---

    def with_ids(self, ids: Sequence[str], where: str = "") -> dict[str, Memory]:
        """The memories called *ids*, those that exist and fulfil *where*, by id."""
        found: dict[str, Memory] = {}
        for some in chunks(ids, MANY_KEYS):
            found |= {memory.id: memory for memory in self.where(all_of(is_in("id", some), where))}
        return found

    def with_prefix(self, prefix: str, where: str, limit: int) -> list[Memory]:
        """At most *limit* memories that fulfil *where* and whose ids begin with *prefix*."""
        return self.where(all_of(starts_with("id", prefix), where), limit=limit)

    def saying(self, prints: Sequence[str], where: str) -> dict[tuple[str, str, str, str], str]:
        """Ids of memories with one of the fingerprints *prints*, by space, user, agent and fingerprint."""
        columns = ["space", "user", "agent", FINGERPRINT, "id"]
        found: dict[tuple[str, str, str, str], str] = {}
        for some in chunks(prints, MANY_KEYS):
            table = self.table.rows(all_of(is_in(FINGERPRINT, some), where), columns)
            found |= {
                (row["space"], row["user"], row["agent"], row[FINGERPRINT]): row["id"]
                for row in table.to_pylist()
            }
        return found

    def where(self, where: str, limit: int | None = None) -> list[Memory]:
        """The memories that fulfil *where*, in no particular order."""
        return rows.from_table(self.table.rows(where, list(MEMORY_FIELDS), limit))

    def newest(self, where: str, limit: int | None, offset: int = 0) -> list[Memory]:
        """The memories that fulfil *where*, latest first, from the one at *offset*, at most *limit*."""
        keys = self.table.rows(where, ["id", "created_at", "position"])
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
        columns = ["id", "updated_at", "forgotten_at", "space", FINGERPRINT]
        return {row["id"]: tuple(row.values()) for row in self.table.rows("", columns).to_pylist()}

    def counts_by_space(self, where: str) -> dict[str, tuple[int, datetime]]:
        """How many memories that fulfil *where* each space has, and when the latest was created."""
        table = self.table.rows(where, ["space", "created_at"])
        groups = table.group_by("space").aggregate([([], "count_all"), ("created_at", "max")])
        return {row["space"]: (row["count_all"], row["created_at_max"]) for row in groups.to_pylist()}

    # --- searching ---

    def candidates(
        self,
        vector: NDArray[np.float32] | None,
        query: str | None,
        where: str,
        limit: int,
        also: Sequence[str] = (),
    ) -> list[Candidate]:
        """What is near *vector*, or shares terms with *query*: at most *limit* of each, and *also*.

        Args:
            vector: What to compare vectors with, shape (dimension,), of length 1; None for none.
            query: What to look for in the texts; None for nothing.
            where: The predicate that all candidates fulfil.
            limit: How many nearest, and how many best by words.
            also: Ids of further candidates, where they fulfil *where*.
        """
        columns = [*MEMORY_FIELDS, VECTOR] if vector is not None else list(MEMORY_FIELDS)
        scores = self._score_texts(query, where, columns, limit) if query else None
        tables = [scores.drop_columns(["_score"])] if scores is not None else []
        if vector is not None:
            tables.append(self._nearest(vector, where, columns, limit))
        if also:
            tables.append(self.table.rows(all_of(is_in("id", also), where), columns))
        lexical_of = _scores_by_id(scores)
        found: dict[str, Candidate] = {}
        for table in tables:
            for memory, cosine in zip(rows.from_table(table), _cosines(table, vector), strict=True):
                found[memory.id] = Candidate(memory, cosine, lexical_of.get(memory.id, 0.0))
        return list(found.values())

    def _nearest(
        self, vector: NDArray[np.float32], where: str, columns: Sequence[str], limit: int
    ) -> pa.Table:
        def query(table: LanceTable) -> pa.Table:
            search = table.search(vector, vector_column_name=VECTOR).distance_type("cosine")
            found = search.where(where or "true").select([*columns, "_distance"]).limit(limit).to_arrow()
            return found.drop_columns(["_distance"])

        return self.table.read(query, self._nothing(columns))

    def _score_texts(self, query: str, where: str, columns: Sequence[str], limit: int) -> pa.Table | None:
        terms = lexical.terms(query)
        if not terms:
            return None
        return self.table.read(
            lambda table: _match(table, " ".join(terms), where, [*columns, "_score"], limit),
            self._nothing(columns).append_column("_score", pa.array([], pa.float32())),
        )

    def best_term_score(self, term: str, where: str) -> float | None:
        """The best BM25 score that a memory which fulfils *where* has for *term* alone; None without any.

        Of all terms of a query together, these bound the score of the query as a whole.
        """
        return self.table.read(lambda table: _best_score(table, term, where), None)

    def _nothing(self, columns: Sequence[str]) -> pa.Table:
        return rows.memory_schema(1).empty_table().select(list(columns))


def _match(table: LanceTable, terms: str, where: str, columns: Sequence[str], limit: int) -> pa.Table:
    from lancedb.query import MatchQuery

    query = MatchQuery(terms, WORDS)  # type: ignore[call-arg]  # its defaults are hidden from mypy
    search = table.search(query, query_type="fts").where(where or "true")
    return search.select(list(columns)).limit(limit).to_arrow()


def _best_score(table: LanceTable, term: str, where: str) -> float | None:
    found = _match(table, term, where, ["_score"], 1)["_score"].to_pylist()
    return float(found[0]) if found else None


def _scores_by_id(table: pa.Table | None) -> dict[str, float]:
    if table is None:
        return {}
    return dict(zip(table["id"].to_pylist(), table["_score"].to_pylist(), strict=True))


def _cosines(table: pa.Table, vector: NDArray[np.float32] | None) -> list[float]:
    if vector is None or not table.num_rows:
        return [0.0] * table.num_rows
    vectors = rows.vectors_of(table)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    cosines: Any = (vectors @ vector / np.maximum(lengths, 1e-12)).tolist()
    return list(cosines)


def _drop_text_index(table: LanceTable) -> None:
    if any(index.name == TEXT_INDEX for index in table.list_indices()):
        table.drop_index(TEXT_INDEX)


def _index_text(table: LanceTable) -> None:
    from lancedb.index import FTS

    table.create_index(WORDS, config=FTS(**lexical.TOKENIZER), name=TEXT_INDEX, replace=True)

"""What a search looks at: the few columns of each candidate that ranking needs, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.rows import ASKS, SHORTEST, memory_schema, units, vectors_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.uses import Use

COLUMNS = (
    *("id", "space", "conversation", "position", "speaker", "importance", "created_at", "used_at", ASKS),
)
"""What is read of every candidate; whole memories are read of the winners only."""

NO_POSITION = -1
"""The position of a memory that is no turn of a conversation."""


@dataclass(frozen=True)
class Candidates:
    """n memories that may answer a query, and the evidence for each.

    Attributes:
        ids: Their ids, length n, each once.
        space: The space that each is in. Shape (n,), objects.
        conversation: The conversation that each is a turn of; empty for most facts. Shape (n,), objects.
        position: Its place in there; `NO_POSITION` for a fact. Shape (n,).
        speaker: Who said it; empty if nobody is named. Shape (n,), objects.
        asks: Whether its last sentence is a question. Shape (n,).
        importance: 0..1. Shape (n,).
        created_at: When it was made, UTC. Shape (n,), datetime64[us].
        used_at: When it was last used on purpose; NaT if never. Shape (n,), datetime64[us].
        cosine: Its cosine to the query, -1..1; nan where that is not known. Shape (n,).
        terms: The query's terms, as they are written there.
        term_scores: The BM25 score of each for each term. Shape (terms, n).
        vectors: Those that were read, by the place of the candidate they belong to.
    """

    ids: tuple[str, ...]
    space: NDArray[np.object_]
    conversation: NDArray[np.object_]
    position: NDArray[np.int64]
    speaker: NDArray[np.object_]
    asks: NDArray[np.bool_]
    importance: NDArray[np.float64]
    created_at: NDArray[np.datetime64]
    used_at: NDArray[np.datetime64]
    cosine: NDArray[np.float64]
    terms: tuple[str, ...]
    term_scores: NDArray[np.float64]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def is_turn(self) -> NDArray[np.bool_]:
        """Which are turns of a conversation, shape (n,)."""
        return np.asarray(self.position != NO_POSITION)

    @cached_property
    def talk(self) -> NDArray[np.int64]:
        """A number for each conversation: equal for what is in one conversation of one space, shape (n,)."""
        places = _numbered(self.space) * (len(self) + 1) + _numbered(self.conversation)
        return np.asarray(np.unique(places, return_inverse=True)[1], dtype=np.int64)

    @cached_property
    def index(self) -> dict[str, int]:
        """The place of each id."""
        return {memory: place for place, memory in enumerate(self.ids)}

    def with_uses(self, uses: Mapping[str, Use]) -> Candidates:
        """The same, with *uses* by id that the rows do not know yet."""
        places = {place: use for memory, use in uses.items() if (place := self.index.get(memory)) is not None}
        if not places:
            return self
        used_at = self.used_at.copy()
        for place, use in places.items():
            last = np.datetime64(use.last.replace(tzinfo=None), "us")
            used_at[place] = np.fmax(used_at[place], last)
        return replace(self, used_at=used_at)

    def with_cosines(self, known: Mapping[str, float]) -> Candidates:
        """The same, each cosine that is lower than the one *known* for its id raised to that."""
        if not known:
            return self
        cosine = self.cosine.copy()
        for memory, value in known.items():
            if (place := self.index.get(memory)) is not None:
                cosine[place] = np.fmax(cosine[place], value)
        return replace(self, cosine=cosine)

    def joined(self, other: Candidates) -> Candidates:
        """These, and behind them what *other* has besides; what *other* compared counts for all.

        Terms and their scores are these ones': what comes from *other* alone holds none of them.
        """
        places = np.array([self.index.get(memory, -1) for memory in other.ids], dtype=np.int64)
        new = np.flatnonzero(places < 0)
        places[new] = len(self) + np.arange(len(new))
        columns: dict[str, Any] = {
            name: np.concatenate((getattr(self, name), getattr(other, name)[new])) for name in COLUMNS[1:]
        }
        cosine = np.concatenate((self.cosine, np.full(len(new), np.nan)))
        cosine[places] = np.fmax(cosine[places], other.cosine)
        scores = np.zeros((len(self.terms), len(cosine)))
        scores[:, : len(self)] = self.term_scores
        return replace(
            self,
            **columns,
            ids=(*self.ids, *(other.ids[i] for i in new.tolist())),
            cosine=cosine,
            term_scores=scores,
            vectors=self.vectors.joined(Vectors(places[other.vectors.places], other.vectors.rows)),
        )


@dataclass(frozen=True)
class Vectors:
    """Vectors of some of the candidates.

    Attributes:
        places: Which candidates, shape (m,).
        rows: Their vectors, of any length, shape (m, dimension).
    """

    places: NDArray[np.int64]
    rows: NDArray[np.float32]

    def units(self, which: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at *which* of `places`, of length 1."""
        return units(self.rows[which])

    def joined(self, other: Vectors) -> Vectors:
        """These, and those of *other* whose places have none yet."""
        if not len(self.places) or not len(other.places):
            return self if len(self.places) else other
        new = ~np.isin(other.places, self.places)
        places = np.concatenate((self.places, other.places[new]))
        return Vectors(places, np.concatenate((self.rows, other.rows[new])))


def collected(
    compared: Sequence[pa.Table],
    vector: NDArray[np.float32] | None,
    scored: Mapping[str, pa.Table],
) -> Candidates:
    """The rows of all tables as candidates, each memory once.

    Args:
        compared: Rows with `COLUMNS` and, if *vector* is one, their vectors.
        vector: The query's vector, shape (dimension,), of length 1; None where meaning does not count.
        scored: The rows that hold each term: `COLUMNS` and `_score`.
    """
    parts = [*(table.select(COLUMNS) for table in compared), *(t.select(COLUMNS) for t in scored.values())]
    rows = pa.concat_tables(parts) if parts else memory_schema(1).empty_table().select(COLUMNS)
    codes = rows["id"].combine_chunks().dictionary_encode()
    place_of_row = codes.indices.to_numpy(zero_copy_only=False)
    first = _first(place_of_row)
    places, vectors, cosine = _compared(compared, vector, place_of_row, len(first))
    return Candidates(
        ids=tuple(codes.dictionary.to_pylist()),
        **_columns(rows.take(first)),
        cosine=cosine,
        terms=tuple(scored),
        term_scores=_scores(scored, place_of_row[sum(map(len, compared)) :], len(first)),
        vectors=Vectors(places, vectors),
    )


def _first(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of *codes*, which count from 0 as they come up, comes up first."""
    highest = np.maximum.accumulate(codes)
    return np.flatnonzero(np.diff(highest, prepend=-1))


def _numbered(names: NDArray[np.object_]) -> NDArray[np.int64]:
    """A number for each of *names*, equal for equal ones."""
    codes = pa.array(names, pa.utf8()).dictionary_encode().indices
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)


def _columns(rows: pa.Table) -> dict[str, Any]:
    """The columns that are taken as they are."""
    texts = {name: rows[name].to_numpy() for name in ("space", "conversation", "speaker")}
    is_turn = pc.and_(pc.is_valid(rows["position"]), pc.not_equal(rows["conversation"], ""))
    position = pc.if_else(is_turn, rows["position"], NO_POSITION)
    times = {name: rows[name].cast(pa.timestamp("us")).to_numpy() for name in ("created_at", "used_at")}
    return {
        **texts,
        **times,
        "position": np.asarray(position.to_numpy(), dtype=np.int64),
        "asks": np.asarray(rows[ASKS].fill_null(False).to_numpy(), dtype=np.bool_),
        "importance": np.asarray(rows["importance"].to_numpy(), dtype=np.float64),
    }


def _compared(
    tables: Sequence[pa.Table],
    vector: NDArray[np.float32] | None,
    place_of_row: NDArray[np.int64],
    count: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
    """The places and vectors of rows that have some, and the cosine of each of *count* candidates."""
    cosine = np.full(count, np.nan)
    with_rows = [table for table in tables if table.num_rows]
    if vector is None or not with_rows:
        return np.empty(0, np.int64), np.empty((0, 0), np.float32), cosine
    parts = [vectors_of(table) for table in with_rows]
    vectors = np.concatenate(parts) if len(parts) > 1 else parts[0]
    first = _first(place_of_row[: len(vectors)])
    if len(first) < len(vectors):
        vectors = vectors[first]
    places = place_of_row[first].astype(np.int64)
    lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors)) * np.linalg.norm(vector)
    cosine[places] = (vectors @ vector) / np.maximum(lengths, SHORTEST)
    return places, vectors, cosine


def _scores(
    scored: Mapping[str, pa.Table], place_of_row: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    scores = np.zeros((len(scored), count))
    start = 0
    for row, table in enumerate(scored.values()):
        places = place_of_row[start : start + len(table)]
        scores[row, places] = table["_score"].to_numpy()
        start += len(table)
    return scores

"""What a search looks at: the few columns of each candidate that ranking needs, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.rows import ASKS, products, units

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
    rows: pa.Table,
    vectors: NDArray[np.float32] | None,
    vector: NDArray[np.float32] | None,
    scores: Mapping[str, NDArray[np.float64]],
) -> Candidates:
    """The n *rows*, each another memory, as candidates.

    Args:
        rows: `COLUMNS` of each.
        vectors: Their vectors, shape (n, dimension); None where meaning does not count.
        vector: The query's vector, shape (dimension,), of length 1; None likewise.
        scores: The BM25 score of each row for each term, 0 where it does not hold it; shape (n,).
    """
    cosine, known = np.full(len(rows), np.nan), Vectors(np.empty(0, np.int64), np.empty((0, 0), np.float32))
    if vectors is not None and vector is not None and len(rows):
        cosine = np.asarray(products(units(vectors), vector), dtype=np.float64)
        known = Vectors(np.arange(len(rows)), vectors)
    return Candidates(
        ids=tuple(rows["id"].to_pylist()),
        **_columns(rows),
        cosine=cosine,
        terms=tuple(scores),
        term_scores=np.array(list(scores.values())).reshape(len(scores), len(rows)),
        vectors=known,
    )


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

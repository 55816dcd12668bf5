"""The terms of each row, row by row: what a search in a place reads instead of an index of all words.

An index has, for each word, all rows that hold it. Of a million, a fiftieth is in a space, and the rest has
to be gone through to find it: five words took 25 to 30 ms of a processor. All terms of 20,000 rows that are
together are 1 MB, and looking five words up in there takes 3 ms.

Three files: `terms`, the number of each term of each record, one record after another; `ends`, how many terms
there are up to each record; `vocabulary`, each term as `ENTRY`, in the order of their hashes: its place is
its number.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.storage.bm25 import Collection
from memcli.storage.lance import ROW
from memcli.storage.lexical import as_terms
from memcli.storage.rowstore.files import File

if TYPE_CHECKING:
    from numpy.typing import NDArray

TERMS, ENDS, VOCABULARY = "terms", "ends", "vocabulary"

ENTRY = np.dtype([("hash", "<u8"), ("holders", "<u4")])
"""A term: its hash, and how many rows hold it. Of a million terms, two have the same hash with a chance of
one in thirty million; they would count as one."""

END = np.dtype("<u8")


def hashed(term: str) -> int:
    """The hash of *term* in a vocabulary, 64 bits."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


class Terms:
    """The terms of the records in *folder*, each number written as *kind*.

    Raises:
        OSError: They can't be read.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self._terms, self._kind = File(folder / TERMS), np.dtype(kind)
        self._ends, self._vocabulary = File(folder / ENDS), File(folder / VOCABULARY)
        self.length = (folder / TERMS).stat().st_size // self._kind.itemsize
        self._different = (folder / VOCABULARY).stat().st_size // ENTRY.itemsize

    def known(self, term: str) -> tuple[int, int]:
        """The number of *term*, -1 for none, and how many rows hold it."""
        wanted = hashed(term)
        place = bisect_left(range(self._different), wanted, key=lambda at: int(self._entry(at)["hash"]))
        entry = self._entry(place) if place < self._different else None
        return (place, int(entry["holders"])) if entry is not None and entry["hash"] == wanted else (-1, 0)

    def _entry(self, place: int) -> Any:
        return self._vocabulary.from_to(ENTRY, place, place + 1)[0]

    def bounds(self, start: int, end: int) -> NDArray[np.int64]:
        """Where the terms of the records from *start* to *end* begin, and where the last end.

        Shape (end - start + 1,).
        """
        first = max(start - 1, 0)
        ends = self._ends.from_to(END, first, end).astype(np.int64)
        return ends if start else np.concatenate((np.zeros(1, np.int64), ends))

    def counts(self, numbers: Sequence[int], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
        """How often the records with these *bounds* hold each of the terms *numbers*. Shape (t, n)."""
        first, last = int(bounds[0]), int(bounds[-1])
        terms = self._terms.from_to(self._kind, first, last)
        counts = np.zeros((len(numbers), len(bounds) - 1), dtype=np.int64)
        for row, number in enumerate(numbers):
            if number >= 0:
                held = first + np.flatnonzero(terms == number)
                counts[row] = np.bincount(
                    np.searchsorted(bounds, held, side="right") - 1, minlength=len(bounds) - 1
                )
        return counts


@dataclass(frozen=True)
class Held:
    """Which of n rows hold which of t terms.

    Attributes:
        terms: The terms, as an index has them.
        numbers: The rows. Shape (n,).
        counts: How often each holds each term. Shape (t, n).
        lengths: How many terms each has. Shape (n,).
        among: All rows, for BM25.
    """

    terms: tuple[str, ...]
    numbers: NDArray[np.uint64]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    among: Collection

    def with_texts(self, numbers: NDArray[np.uint64], texts: Sequence[str | None]) -> Held:
        """The same, with the rows *numbers*, which say *texts*."""
        if not len(numbers):
            return self
        each = as_terms([text or "" for text in texts])
        counts = np.array([[some.count(term) for some in each] for term in self.terms], dtype=np.int64)
        return replace(
            self,
            numbers=np.concatenate((self.numbers, numbers)),
            counts=np.concatenate((self.counts, counts), axis=1),
            lengths=np.append(self.lengths, [len(some) for some in each]),
        )

    def best(self, term: int, wanted: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """The *wanted* rows, at most, that hold a term best, by its place; and their scores, best first."""
        holding = np.flatnonzero(self.counts[term])
        scores = self.among.scores(term, self.counts[term, holding], self.lengths[holding])
        best = np.argsort(-scores, kind="stable")[:wanted]
        return self.numbers[holding[best]], scores[best]

    def joined(self, term: int, found: pa.Table, wanted: int) -> pa.Table:
        """The *wanted* rows, at most, that hold a term best, of these and of others that an index *found*."""
        rows, scores = self.best(term, wanted)
        rows = np.append(found[ROW].to_numpy(), rows)
        scores = np.append(found["_score"].to_numpy().astype(np.float64), scores)
        best = np.argsort(-scores, kind="stable")[:wanted]
        return pa.table({ROW: rows[best], "_score": scores[best]})

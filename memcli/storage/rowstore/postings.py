"""An inverted index of a row store: for each term, the records that hold it.

LanceDB's full-text index takes 1.5 ms of a processor for a word that nobody wrote, 2 to 3 for one of a
million memories, and 5 for one of these in a space. The five words of a query then take both processors from
the model that makes its vector meanwhile. Here the records that hold a term are a piece of a file, those of a
place a piece of that, and five words of a million take 4 ms of one.

Three files: `postings`, the records that hold each term, ascending, one that holds it twice listed twice;
`lengths`, how many terms each record has; `vocabulary`, each term as `ENTRY`, in the order of their hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memcli.storage.rowstore.files import File, whole
from memcli.storage.rowstore.segment import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

POSTINGS, LENGTHS, VOCABULARY = "postings", "lengths", "vocabulary"

POSTING = np.dtype("<u4")

HASH_BYTES = 8

ENTRY = np.dtype([("hash", "<u8"), ("end", "<u8"), ("holders", "<u4")])
"""A term: its hash, where its postings end (they begin where those of the one before end), and how many
records hold it. Of a million terms, two have the same hash with a chance of one in thirty million; they would
count as one."""


SLACK = 2
"""How far from where it is expected an entry is looked for at first, in square roots of how many there are:
the places of evenly spread hashes deviate by half a one (the standard deviation of a binomial distribution,
at most), hence by more than two once in 16,000 times. One read of a piece that long takes the place of 15 to
20 short ones, each of which has to wait for the one before."""


def hashed(term: str) -> int:
    """The hash of *term* in a vocabulary."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=HASH_BYTES).digest(), "little")


UNHEARD = Term(0, 0, 0)
"""A term that no record holds."""


class Postings:
    """The inverted index in *folder*; an `Inverted`.

    Args:
        folder: Where it is.
        sizes: Bytes of its files, by name.
        kind: How numpy writes the number of terms of a record.

    Attributes:
        length: How many terms all records have together.
        lengths: How many terms each record has. Shape (records,).

    Raises:
        OSError: It can't be read.
        ValueError: It is torn.
    """

    def __init__(self, folder: Path, sizes: Mapping[str, int], kind: str) -> None:
        self._postings, self._vocabulary = File(folder / POSTINGS), File(folder / VOCABULARY)
        self.length = sizes[POSTINGS] // POSTING.itemsize
        self._different = sizes[VOCABULARY] // ENTRY.itemsize
        self.lengths = whole(folder / LENGTHS, kind, sizes[LENGTHS])

    def known(self, term: str) -> Term:
        """See `Inverted`."""
        wanted = hashed(term)
        expected = wanted * self._different >> 8 * HASH_BYTES
        for slack in (SLACK * isqrt(self._different) + 1, self._different):
            first, end = max(expected - slack, 0), min(expected + slack, self._different)
            entries = self._vocabulary.from_to(ENTRY, first, end)
            place = int(np.searchsorted(entries["hash"], np.uint64(wanted)))
            if (place > 0 or first == 0) and (place < len(entries) or end == self._different):
                break
        if place == len(entries) or int(entries["hash"][place]) != wanted:
            return UNHEARD
        start = int(entries["end"][place - 1]) if place else 0
        return Term(start, int(entries["end"][place]), int(entries["holders"][place]))

    def announce(self, terms: Sequence[Term]) -> None:
        """See `Inverted`."""
        size = POSTING.itemsize
        self._postings.announce([one.start * size for one in terms], [one.length * size for one in terms])

    def holding(
        self, term: Term, ranges: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
        """See `Inverted`."""
        return within(self._postings.from_to(POSTING, term.start, term.end), ranges)


def within(
    every: NDArray[np.integer], ranges: Sequence[tuple[int, int]]
) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """The records in *ranges* that are among *every*, ascending, and how often each is. Shape (n,)."""
    bounds = np.searchsorted(every, np.array(ranges, dtype=every.dtype).reshape(-1)).reshape(-1, 2).tolist()
    pieces = [every[start:end] for start, end in bounds]
    listed = pieces[0] if len(pieces) == 1 else np.concatenate([every[:0], *pieces])
    again = np.append(False, listed[1:] == listed[:-1])[: len(listed)]
    records, repeated = listed[~again], np.flatnonzero(again)
    counts = np.ones(len(records), dtype=np.int64)
    # before the n-th repetition there are n that are no records of their own
    np.add.at(counts, repeated - np.arange(1, len(repeated) + 1), 1)
    return records, counts

"""Rows that have no row store yet, in memory: few, written since upkeep came by last.

LanceDB takes 5 to 9 ms to read one column of a hundred rows that were written one by one, and a search asked
for three. Here all of them are read at once, and again only as far as others have come: a fragment without a
row store is kept in mind for as long as it is as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage import rows
from memcli.storage.lance import ROW
from memcli.storage.lexical import as_terms
from memcli.storage.rows import MEMORY_FIELDS, VECTOR, WORDS, vectors_of
from memcli.storage.rowstore import layout
from memcli.storage.rowstore.postings import hashed, within
from memcli.storage.rowstore.segment import Term
from memcli.storage.rowstore.testing import passing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory
    from memcli.storage.meaning import Meaning
    from memcli.storage.versions import Fragment

READ = (*layout.KEPT, WORDS)
"""What is read of a row."""

Read = Callable[[Sequence["Fragment"]], pa.Table]
"""Reads `READ`, and `ROW`, of the rows of fragments that are not deleted, in any order."""


@dataclass(frozen=True)
class Piece:
    """The rows of a fragment.

    Attributes:
        rows: Their columns `layout.KEPT` and `ROW`.
        hashes: Of each of their terms, row by row; see `postings.hashed`.
        lengths: How many terms each of them has. Shape (n,).
    """

    rows: pa.Table
    hashes: NDArray[np.uint64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, read: pa.Table) -> Piece:
        """What was *read* of them."""
        terms = as_terms([text or "" for text in read[WORDS].to_pylist()])
        hashes = np.array([hashed(term) for some in terms for term in some], dtype=np.uint64)
        lengths = np.array([len(some) for some in terms], dtype=np.int64)
        return cls(_as_kept(read), hashes, lengths)


Pieces = Mapping[tuple[object, ...], Piece]
"""Pieces, by what tells apart what is in them."""


def pieces(fragments: Sequence[Fragment], known: Pieces, read: Read) -> Pieces:
    """The pieces of *fragments*: those that are *known* already, the others *read*.

    Raises:
        ValueError: Others were read than there are.
    """
    keys = {_key(one): one for one in fragments}
    unknown = [one for key, one in keys.items() if key not in known]
    found = {key: known[key] for key in keys if key in known}
    if unknown:
        there = read(unknown)
        fragment_of = there[ROW].to_numpy() >> np.uint64(layout.BITS)
        for one in unknown:
            rows_of_it = there.filter(pa.array(fragment_of == one.number))
            if len(rows_of_it) != one.rows:
                raise ValueError("not all rows were read")
            found[_key(one)] = Piece.of(rows_of_it)
    return found


def _key(fragment: Fragment) -> tuple[object, ...]:
    """What tells apart what is in *fragment*: files are named at random, and never change."""
    return fragment.number, layout.key(fragment), fragment.deletions and fragment.deletions.path


class Memtable:
    """The rows in *pieces*, those of one place together; a `Segment`.

    Args:
        pieces: The rows, at least one.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        together = pa.concat_tables([piece.rows for piece in pieces])
        by_place = pc.sort_indices(together, [(name, "ascending") for name in (*layout.PLACE, ROW)])
        self._rows = together.take(by_place).combine_chunks()
        self._numbers = self._rows[ROW].to_numpy()
        self._by_number = np.argsort(self._numbers)
        self._vectors = vectors_of(self._rows)
        self.count = len(self._rows)
        self.has_units = layout.are_units(self._vectors)
        self.postings = Terms(pieces, by_place.to_numpy())
        self.with_terms = int((self.postings.lengths > 0).sum())

    def positions(self, numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
        """See `Segment`."""
        ascending = self._numbers[self._by_number]
        at = np.minimum(np.searchsorted(ascending, numbers), self.count - 1)
        return np.where(ascending[at] == numbers, self._by_number[at], -1)

    def numbers(self, records: slice | NDArray[np.integer]) -> NDArray[np.uint64]:
        """See `Segment`."""
        return np.asarray(self._numbers[records])

    def records(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """See `Segment`."""
        return positions

    def table(
        self,
        records: NDArray[np.int64],
        numbers: NDArray[np.uint64],  # noqa: ARG002  # a row store needs them
        columns: Sequence[str],
    ) -> pa.Table:
        """See `Segment`."""
        return self._rows.select(list(columns)).take(pa.array(records))

    def memories(self, records: NDArray[np.int64]) -> list[Memory]:
        """See `Segment`."""
        return rows.from_table(self._rows.select(list(MEMORY_FIELDS)).take(pa.array(records)))

    def ranges(self, place: Meaning) -> list[tuple[int, int]]:
        """See `Segment`."""
        there = np.flatnonzero(passing(place, self._rows))
        runs = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1) if len(there) else []
        return [(int(run[0]), int(run[-1]) + 1) for run in runs]

    def announce(self, ranges: Sequence[tuple[int, int]]) -> None:
        """See `Segment`."""

    def products(self, vector: NDArray[np.float32], start: int, end: int) -> NDArray[np.float32]:
        """See `Segment`."""
        return np.asarray(self._vectors[start:end] @ vector)


class Terms:
    """Which records of a memtable hold each term; an `Inverted`.

    A term is searched for among all that there are: some 10,000 in 500 rows.

    Args:
        pieces: The rows.
        order: Which of them each record is. Shape (n,).
    """

    def __init__(self, pieces: Sequence[Piece], order: NDArray[np.integer]) -> None:
        lengths = np.concatenate([piece.lengths for piece in pieces])
        record_of = np.empty(len(order), dtype=np.int64)
        record_of[order] = np.arange(len(order))
        self._hashes = np.concatenate([piece.hashes for piece in pieces])
        self._holders = np.repeat(record_of, lengths)
        self.lengths, self.length = lengths[order], int(lengths.sum())

    def known(self, term: str) -> Term:
        """See `Inverted`. Its postings are said to begin where its hash says."""
        wanted = hashed(term)
        holders = self._holding(wanted)
        return Term(wanted, wanted + len(holders), len(np.unique(holders)))

    def announce(self, terms: Sequence[Term]) -> None:
        """See `Inverted`."""

    def holding(
        self, term: Term, ranges: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
        """See `Inverted`."""
        return within(np.sort(self._holding(term.start)), ranges)

    def _holding(self, wanted: int) -> NDArray[np.int64]:
        return np.asarray(self._holders[self._hashes == np.uint64(wanted)])


def _as_kept(read: pa.Table) -> pa.Table:
    """The columns `layout.KEPT` and `ROW` of what was *read*, as a row store would give them.

    Raises:
        ValueError: It has none for all rows; see `writing`.
    """
    columns = {name: read[name].combine_chunks() for name in (*layout.KEPT, ROW)}
    if any(pc.any(pc.is_nan(columns[name])).as_py() for name in layout.FRACTIONS):
        raise ValueError("a number is none, which is not nothing")  # to LanceDB it is larger than any
    for name in layout.KEPT:
        if name != VECTOR:
            columns[name] = columns[name].cast(layout.kind_of(name))
        if name in layout.TEXTS:
            columns[name] = columns[name].fill_null([] if pa.types.is_list(columns[name].type) else "")
    return pa.table(columns)

"""What is at hand of one version of a table, row stores and a memtable: found, and asked together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import pyarrow as pa

from memcli.storage import roaring
from memcli.storage.bm25 import Texts
from memcli.storage.lance import ROW
from memcli.storage.meaning import columns_of, meaning_of
from memcli.storage.rowstore import layout
from memcli.storage.rowstore.memtable import Memtable, Pieces, Read, pieces
from memcli.storage.rowstore.reading import RowStore
from memcli.storage.rowstore.testing import passing
from memcli.storage.scored import Scored, best_of, highest
from memcli.storage.tidiness import UNINDEXED_MOST
from memcli.storage.versions import Fragment, Version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory
    from memcli.storage.rowstore.segment import Segment

    Held = tuple[NDArray[np.integer], NDArray[np.float64]]
    """Records, and their scores. Shape (n,) each."""

EXACT = 32_768
"""Rows in a place up to which all of them are compared, one by one: 20,000 take 8 ms, where the index of
vectors takes 17 to 22 to find the nearest among these only."""

REST_MOST = UNINDEXED_MOST
"""Rows without a row store that are read into memory, at most: 1 takes 3 ms, 160 take 9. Upkeep leaves no
more of them; see `lacking`."""

LENGTH_MOST = 10 * REST_MOST
"""The same with those that were deleted, which LanceDB is not asked for, but about."""

REST_BYTES_MOST = 8_000_000
"""Bytes of the files of such rows, at most: 500 memories of 100 characters take 1 MB, and whoever has stored
whole pages should not have them all in memory."""

PLACES_MOST = 1_000
"""Places that are kept in mind, at most, for one version of a table."""

UNREADABLE = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError),
    *(MemoryError, RuntimeError),  # the latter where no thread can be had
    pa.ArrowException,
)
"""What comes of a row store that is not what it was, or of want of memory or threads: LanceDB is asked."""

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def _if_readable(ask: Callable[Arguments, Answer | None]) -> Callable[Arguments, Answer | None]:
    """*ask*, whose answer is None where a row store can't be read."""

    @wraps(ask)
    def asked(*arguments: Arguments.args, **named: Arguments.kwargs) -> Answer | None:
        try:
            return ask(*arguments, **named)
        except UNREADABLE:
            return None

    return asked


@dataclass(frozen=True)
class Found:
    """Rows that were found.

    Attributes:
        rows: Their columns.
        missing: The numbers of those that are not at hand.
    """

    rows: pa.Table
    missing: NDArray[np.uint64]


class AtHand:
    """What is at hand of a version of a table: row stores of large fragments, and a memtable of what is left.

    Args:
        folder: Where the row stores are.
        version: The version.
        table: The directory of the table.
        read: Reads what is to be in the memtable.
        before: Those of another version: what of theirs is in memory need not be read again.
        are_open: Whether it need not be opened again either: the folder is as it was.

    Attributes:
        number: The version's number.
        is_whole: Whether all rows are at hand, and which of them are deleted.
    """

    def __init__(
        self,
        folder: Path,
        version: Version,
        table: Path,
        read: Read,
        before: AtHand | None,
        *,
        are_open: bool,
    ) -> None:
        self.number, self._version, self._table = version.number, version, table
        known = before._open if before and are_open else {}
        self._open: dict[tuple[Path, int], RowStore] = {}
        self._places: dict[str, list[list[tuple[int, int]]]] = {}
        self._segments: list[Segment] = []
        self._dead: list[NDArray[np.bool_] | None] = []
        self.is_whole = True
        rest: list[Fragment] = []
        for fragment in version.fragments:
            which = folder / layout.key(fragment), fragment.number
            try:
                store = known.get(which) or RowStore(*which)
                dead = store.positions(_deleted(table, fragment))
            except UNREADABLE:
                rest += [fragment] if fragment.rows else []
                continue
            self._open[which] = store
            dead = dead[dead >= 0]  # what was deleted when the store was made may live in another version
            self.is_whole = self.is_whole and store.count - len(dead) == fragment.rows
            self._segments.append(store)
            self._dead.append(np.bincount(dead, minlength=store.count) > 0 if len(dead) else None)
        self._pieces: Pieces = {}
        with suppress(*UNREADABLE):
            some = _in_memory(rest, before._pieces if before else {}, read)
            if some:
                self._segments.append(Memtable(list(some.values())))
                self._dead.append(None)
                self._pieces = some
        self.is_whole = self.is_whole and len(self._pieces) == len(rest)

    def __bool__(self) -> bool:
        return bool(self._segments)

    @_if_readable
    def rows(self, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]) -> Found | None:
        """*columns*, and `ROW`, of those of the rows *numbers* that fulfil *where*.

        Returns:
            None if only LanceDB can tell about *where* or *columns*. What is not at hand is missing.
        """
        meaning = meaning_of(where)
        further = columns_of(meaning) if meaning is not None else frozenset()
        if (where and meaning is None) or not (further | set(columns)) <= set(layout.KEPT):
            return None
        found, missing = [], np.ones(len(numbers), dtype=np.bool_)
        for segment, dead in zip(self._segments, self._dead, strict=True):
            positions = segment.positions(numbers)
            missing &= positions < 0
            here = _alive(positions, dead)
            records, those = segment.records(positions[here]), numbers[here]
            if meaning is not None:
                holds = passing(meaning, segment.table(records, those, sorted(further)))
                records, those = records[holds], those[holds]
            found.append(segment.table(records, those, [*columns, ROW]))
        return Found(pa.concat_tables(found), numbers[missing])

    @_if_readable
    def memories(self, numbers: NDArray[np.uint64]) -> list[Memory] | None:
        """The memories in the rows *numbers*, those that are at hand, in no particular order."""
        found: list[Memory] = []
        for segment, dead in zip(self._segments, self._dead, strict=True):
            positions = segment.positions(numbers)
            found += segment.memories(segment.records(positions[_alive(positions, dead)]))
        return found

    @_if_readable
    def share(self, place: str) -> float | None:
        """Which share of the rows is in *place*; None if only LanceDB can tell."""
        there = self._ranges(place)
        if there is None:
            return None
        here = sum(end - start for ranges in there for start, end in ranges)
        return here / max(sum(segment.count for segment in self._segments), 1)

    def _ranges(self, place: str) -> list[list[tuple[int, int]]] | None:
        """The records in *place* of each segment; None if *place* speaks of more than where a row is."""
        if not place:
            return [[(0, segment.count)] for segment in self._segments]
        meaning = meaning_of(place)
        if meaning is None or not columns_of(meaning) <= set(layout.PLACE):
            return None
        if place not in self._places:
            if len(self._places) == PLACES_MOST:
                self._places.clear()
            self._places[place] = [segment.ranges(meaning) for segment in self._segments]
        return self._places[place]

    @_if_readable
    def nearest(self, vector: NDArray[np.float32], place: str, wanted: int) -> Scored | None:
        """The *wanted* rows in *place* that are nearest to *vector*, by comparing all, and their cosines.

        Args:
            vector: Shape (dimension,), of length 1.
            place: The predicate for where they are.
            wanted: How many, at most.

        Returns:
            None if not all rows are at hand, or there are more than `EXACT`.
        """
        there = self._few(place)
        if there is None:
            return None
        numbers, cosines = [np.empty(0, np.uint64)], [np.empty(0, np.float32)]
        for segment, dead, ranges in zip(self._segments, self._dead, there, strict=True):
            for start, end in ranges:
                numbers.append(segment.numbers(slice(start, end)))
                cosines.append(segment.products(vector, start, end))
                if dead is not None:
                    cosines[-1][dead[start:end]] = -np.inf
        every, values = np.concatenate(numbers), np.concatenate(cosines)
        best = highest(values, wanted)
        best = best[np.isfinite(values[best])]
        return every[best], values[best].astype(np.float64)

    @_if_readable
    def announce(self, place: str) -> None:
        """Tell the system that `nearest` will read what is in *place*, if that is how it will be compared."""
        for segment, ranges in zip(self._segments, self._few(place) or (), strict=False):
            segment.announce(ranges)

    @_if_readable
    def held(
        self, questions: Mapping[int, Collection[str]], place: str, wanted: int
    ) -> dict[int, Scored] | None:
        """Which rows in *place* hold the terms of each of *questions* best, and their scores.

        Args:
            questions: The terms of each, as an index has them, each once, by whatever tells questions apart.
            place: The predicate for where the rows are; empty for anywhere.
            wanted: How many rows for each question, at most.

        Returns:
            By what tells questions apart; None if not all rows are at hand.
        """
        there = self._ranges(place) if self.is_whole else None
        if there is None:
            return None
        terms = dict.fromkeys(term for some in questions.values() for term in some)
        known = {term: [segment.postings.known(term) for segment in self._segments] for term in terms}
        for segment, *of_segment in zip(self._segments, *known.values(), strict=True):
            segment.postings.announce(of_segment)
        among = Texts(
            count=sum(segment.with_terms for segment in self._segments),
            length=sum(segment.postings.length for segment in self._segments),
            holders={term: sum(one.holders for one in of_term) for term, of_term in known.items()},
        )

        def scored(at: int, term: str, ranges: Sequence[tuple[int, int]]) -> Held:
            """The records in *ranges* of the segment *at* that hold *term*, and how well."""
            segment, dead = self._segments[at], self._dead[at]
            records, counts = segment.postings.holding(known[term][at], ranges)
            if dead is not None:
                alive = ~dead[records]
                records, counts = records[alive], counts[alive]
            return records, among.scores(term, counts, segment.postings.lengths.take(records))

        best = {}
        for which, some in questions.items():
            several = []
            for at, ranges in enumerate(there):
                records, scores = _added([scored(at, term, ranges) for term in some])
                places = highest(scores, wanted)
                several.append((self._segments[at].numbers(records[places]), scores[places]))
            best[which] = best_of(several, wanted)
        return best

    def unknown_to(self, index: str) -> NDArray[np.uint64]:
        """The numbers of the rows that *index* does not know. Shape (n,).

        No rows where that can't be told, or where these are too many to be read beside what the index finds.
        """
        segments = [one.fragments for one in self._version.indexes if one.name == index]
        known = frozenset[int]().union(*(some for some in segments if some is not None))
        others = [one for one in self._version.fragments if one.number not in known]
        can_be_told = bool(segments) and None not in segments
        few = can_be_told and sum(one.length for one in others) <= REST_MOST
        found = [np.setdiff1d(layout.numbers(one), _deleted(self._table, one)) for one in others if few]
        return np.concatenate([np.empty(0, np.uint64), *found])

    @_if_readable
    def knows(self, place: str) -> bool:
        """Whether `held` answers for *place*, if nothing is damaged."""
        return self.is_whole and self._ranges(place) is not None

    @_if_readable
    def can_compare(self, place: str) -> bool:
        """Whether `nearest` answers for *place*, if nothing is damaged."""
        return self._few(place) is not None

    def _few(self, place: str) -> list[list[tuple[int, int]]] | None:
        """The records in *place* of each segment; None if these can't be compared here, or are too many."""
        can_compare = self.is_whole and all(segment.has_units for segment in self._segments)
        there = self._ranges(place) if can_compare else None
        if there is None or sum(end - start for ranges in there for start, end in ranges) > EXACT:
            return None
        return there


def _added(several: Sequence[Held]) -> Held:
    """The records of all of *several*, each once, and the sum of its scores."""
    if len(several) == 1:
        return several[0]
    records, which = np.unique(np.concatenate([some for some, _ in several]), return_inverse=True)
    sums = np.bincount(which, weights=np.concatenate([scores for _, scores in several]))
    return records, np.asarray(sums, dtype=np.float64)


def _in_memory(fragments: Sequence[Fragment], known: Pieces, read: Read) -> Pieces:
    """The pieces of *fragments*, as far as they are *known* not *read* again; none if they are too much."""
    size = sum(file.size or 0 for one in fragments for file in one.files)
    length = sum(one.length for one in fragments)
    if sum(one.rows for one in fragments) > REST_MOST or length > LENGTH_MOST or size > REST_BYTES_MOST:
        return {}
    return pieces(fragments, known, read)


def _alive(positions: NDArray[np.int64], dead: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Which of *positions* are those of records that are not *dead*; -1 is that of none. Shape (n,)."""
    here = positions >= 0
    if dead is not None:
        here[here] = ~dead[positions[here]]
    return here


def _deleted(table: Path, fragment: Fragment) -> NDArray[np.uint64]:
    """The numbers of the rows of *fragment* that are known as deleted.

    LanceDB lists few in an Arrow file, and many in a bitmap.
    """
    listed = np.empty(0, dtype=np.uint64)
    if fragment.deletions is not None:
        with suppress(OSError, ValueError, pa.ArrowException):
            raw = (table / fragment.deletions.path).read_bytes()
            if fragment.deletions.path.endswith(".arrow"):
                listed = pa.ipc.open_file(raw).read_all()[0].to_numpy().astype(np.uint64)
            else:
                listed = roaring.numbers(raw).astype(np.uint64)
    return listed + np.uint64(fragment.number << layout.BITS)

"""The row stores beside one version of a table: found, and asked together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import pyarrow as pa

from memcli.storage.bm25 import Collection
from memcli.storage.lance import ROW
from memcli.storage.meaning import columns_of, meaning_of
from memcli.storage.rowstore import layout
from memcli.storage.rowstore.reading import RowStore
from memcli.storage.rowstore.terms import Held
from memcli.storage.rowstore.testing import passing
from memcli.storage.tidiness import UNINDEXED_MOST
from memcli.storage.versions import Fragment, Version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory

EXACT = 32_768
"""Rows in a place up to which all of them are compared, one by one: 20,000 take 8 ms, where the index of
vectors takes 17 to 22 to find the nearest among these only."""

TERMS_MOST = 2_000_000
"""Terms in a place up to which all of them are gone through: 4 to 8 MB. Of 20,000 memories of 100 characters
there are 300,000."""

REST_MOST = UNINDEXED_MOST
"""Rows without a row store, at most, that are read from LanceDB beside it: 100 take 5 to 9 ms, 1,000 take 20.
Upkeep leaves no more of them; see `lacking`."""

UNREADABLE = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, MemoryError),
    pa.ArrowException,
)
"""What comes of a row store that is not what it was: LanceDB is asked instead."""

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
    """Rows that were found in row stores.

    Attributes:
        rows: Their columns.
        missing: The numbers that no row store knows.
    """

    rows: pa.Table
    missing: NDArray[np.uint64]


class RowStores:
    """The row stores of some of the fragments of a version of a table.

    Args:
        folder: Where they are.
        version: The version.
        table: The directory of the table.
        before: Those of another version: what is open already need not be opened again.

    Attributes:
        number: The version's number.
        rest: The numbers of all rows that no row store knows, deleted ones too. Shape (n,).
        is_whole: Whether they know all others, which of them are deleted, and can compare them, and the rest
            is not much.
    """

    def __init__(self, folder: Path, version: Version, table: Path, before: RowStores | None) -> None:
        known = {(store.folder, store.fragment): store for store in before._stores} if before else {}
        self._stores: list[RowStore] = []
        deleted: list[NDArray[np.uint64]] = []
        rest = [np.empty(0, np.uint64)]
        self.number = version.number
        self._known: dict[str, list[list[tuple[int, int]]]] = {}
        self.is_whole = True
        for fragment in version.fragments:
            own = folder / layout.key(fragment)
            try:
                store = known.get((own, fragment.number)) or RowStore(own, fragment.number)
            except UNREADABLE:
                rest.append(_numbers(fragment))
                continue
            self._stores.append(store)
            gone = _deleted(table, fragment)
            # a row that was deleted when the store was made may live in another version
            known_here = store.about.records - int((store.positions(gone) >= 0).sum())
            self.is_whole = self.is_whole and store.about.has_units and known_here == fragment.rows
            deleted.append(gone)
        self._deleted = np.concatenate([*deleted, np.empty(0, np.uint64)])
        self.rest = np.concatenate(rest)
        self._version = version
        self.is_whole = self.is_whole and len(self.rest) <= REST_MOST

    def __bool__(self) -> bool:
        return bool(self._stores)

    @_if_readable
    def rows(self, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]) -> Found | None:
        """*columns*, and `ROW`, of those of the rows *numbers* that fulfil *where*.

        Returns:
            None if *where* or *columns* are not for row stores to know. What is not there is missing.
        """
        numbers = self._alive(numbers)
        meaning = meaning_of(where)
        further = columns_of(meaning) if meaning is not None else frozenset()
        if (where and meaning is None) or not (further | set(columns)) <= set(layout.KEPT):
            return None
        found, missing = [], np.ones(len(numbers), dtype=np.bool_)
        for store in self._stores:
            positions = store.positions(numbers)
            here = positions >= 0
            missing &= ~here
            records, those = store.records(positions[here]), numbers[here]
            if meaning is not None:
                holds = passing(meaning, store.table(records, those, sorted(further)))
                records, those = records[holds], those[holds]
            found.append(store.table(records, those, [*columns, ROW]))
        return Found(pa.concat_tables(found), numbers[missing])

    @_if_readable
    def memories(self, numbers: NDArray[np.uint64]) -> list[Memory] | None:
        """The memories in the rows *numbers*, those that row stores know, in no particular order."""
        found: list[Memory] = []
        for store in self._stores:
            positions = store.positions(self._alive(numbers))
            found += store.memories(store.records(positions[positions >= 0]))
        return found

    def _alive(self, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Those of *numbers* that are not known as deleted."""
        return numbers[~np.isin(numbers, self._deleted)] if len(self._deleted) else numbers

    @_if_readable
    def share(self, place: str) -> float | None:
        """Which share of the rows is in *place*; None if row stores can't tell."""
        there = self._ranges(place)
        if there is None:
            return None
        here = sum(end - start for ranges in there for start, end in ranges)
        return here / max(sum(store.about.records for store in self._stores), 1)

    def in_place(
        self, numbers: NDArray[np.uint64], place: str
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of the rows *numbers* are in *place*, and of which nobody here knows. Shape (n,) each."""
        there, unknown = np.zeros(len(numbers), dtype=np.bool_), np.ones(len(numbers), dtype=np.bool_)
        for store, ranges in zip(self._stores, self._ranges(place) or [], strict=False):
            positions = store.positions(numbers)
            bounds = np.array(ranges, dtype=np.int64).reshape(-1)
            # behind a start and not behind its end is behind an odd number of them
            there |= np.searchsorted(bounds, positions, side="right") % 2 == 1
            unknown &= positions < 0
        return there, unknown

    def _ranges(self, place: str) -> list[list[tuple[int, int]]] | None:
        """The records in *place* of each row store; None if *place* speaks of more than where a row is."""
        meaning = meaning_of(place)
        if meaning is None or not columns_of(meaning) <= set(layout.PLACE):
            return None
        if place not in self._known:
            self._known[place] = [store.ranges(meaning) for store in self._stores]
        return self._known[place]

    @_if_readable
    def nearest(
        self, vector: NDArray[np.float32], place: str, wanted: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.float64]] | None:
        """The *wanted* rows in *place* that are nearest to *vector*, by comparing all, and their cosines.

        Args:
            vector: Shape (dimension,), of length 1.
            place: The predicate for where they are.
            wanted: How many, at most.

        Returns:
            Of all but the rest; None if row stores do not know these, or there are more than `EXACT`.
        """
        ranges = self._few(place)
        if ranges is None:
            return None
        numbers = [store.numbers(start, end) for store, start, end in ranges]
        cosines = [store.products(vector, start, end) for store, start, end in ranges]
        every = np.concatenate([*numbers, np.empty(0, np.uint64)])
        values = np.concatenate([*cosines, np.empty(0, np.float32)])
        if len(self._deleted):
            values[np.isin(every, self._deleted)] = -np.inf
        best = np.argpartition(-values, wanted)[:wanted] if wanted < len(values) else np.arange(len(values))
        best = best[np.isfinite(values[best])]
        best = best[np.argsort(-values[best], kind="stable")]
        return every[best], values[best].astype(np.float64)

    @_if_readable
    def held(self, terms: Sequence[str], place: str) -> Held | None:
        """Which rows in *place* hold which of *terms*, as an index has them, by going through all.

        Returns:
            Of all but the rest; None if row stores do not know these, or there are more than `EXACT`, or
            longer ones than `TERMS_MOST` allows for.
        """
        ranges = self._few(place)
        if ranges is None:
            return None
        bounds = [store.terms.bounds(start, end) for store, start, end in ranges]
        if sum(int(some[-1] - some[0]) for some in bounds) > TERMS_MOST:
            return None
        known = self._in_vocabularies(terms)
        numbers, counts = [np.empty(0, np.uint64)], [np.empty((len(terms), 0), np.int64)]
        for (store, start, end), some in zip(ranges, bounds, strict=True):
            numbers.append(store.numbers(start, end))
            counts.append(store.terms.counts([number for number, _ in known[store]], some))
        every, each = np.concatenate(numbers), np.concatenate(counts, axis=1)
        each[:, np.isin(every, self._deleted)] = 0
        lengths = np.concatenate([np.empty(0, np.int64), *map(np.diff, bounds)])
        return Held(tuple(terms), every, each, lengths, self._collection(known))

    @_if_readable
    def none_held(self, terms: Sequence[str]) -> Held | None:
        """What `held` says of a place in which there is nothing: how rare each term is, for what is added."""
        none, counts = np.empty(0, np.int64), np.empty((len(terms), 0), np.int64)
        collection = self._collection(self._in_vocabularies(terms))
        return Held(tuple(terms), none.astype(np.uint64), counts, none, collection)

    def _in_vocabularies(self, terms: Sequence[str]) -> dict[RowStore, list[tuple[int, int]]]:
        """The number of each of *terms*, and how many rows hold it, by row store."""
        return {store: [store.terms.known(term) for term in terms] for store in self._stores}

    def _collection(self, known: dict[RowStore, list[tuple[int, int]]]) -> Collection:
        """All rows, for BM25."""
        holders = np.array([[count for _, count in of] for of in known.values()], dtype=np.int64)
        return Collection(
            texts=sum(store.about.with_terms for store in self._stores),
            length=sum(store.terms.length for store in self._stores),
            holders=holders.sum(axis=0),
        )

    def unknown_to(self, index: str) -> NDArray[np.uint64]:
        """The numbers of the rows that *index* does not know, deleted ones too. Shape (n,).

        None where that can't be told, or where these are too many to be read beside what the index finds.
        """
        segments = [one.fragments for one in self._version.indexes if one.name == index]
        known = frozenset[int]().union(*(some for some in segments if some is not None))
        others = [one for one in self._version.fragments if one.number not in known]
        can_be_told = bool(segments) and None not in segments
        few = can_be_told and sum(one.length for one in others) <= REST_MOST
        return np.concatenate([np.empty(0, np.uint64), *(_numbers(one) for one in others if few)])

    @_if_readable
    def knows(self, place: str) -> bool:
        """Whether `nearest` and `held` answer for *place*, if nothing is damaged."""
        return self._few(place) is not None

    def _few(self, place: str) -> list[tuple[RowStore, int, int]] | None:
        """From where to where the records in *place* are; None if that can't be told, or these are many."""
        there = self._ranges(place) if self.is_whole else None
        if there is None:
            return None
        ranges = [(s, *bounds) for s, some in zip(self._stores, there, strict=True) for bounds in some]
        return ranges if sum(end - start for _, start, end in ranges) <= EXACT else None


def _numbers(fragment: Fragment) -> NDArray[np.uint64]:
    """The numbers of all rows of *fragment*, deleted ones too."""
    first = fragment.number << layout.BITS
    return np.arange(first, first + fragment.length, dtype=np.uint64)


def _deleted(table: Path, fragment: Fragment) -> NDArray[np.uint64]:
    """The numbers of the rows of *fragment* that are known as deleted.

    LanceDB lists few as an Arrow file. Many are in a bitmap that is for LanceDB to read.
    """
    none = np.empty(0, dtype=np.uint64)
    if fragment.deletions is None or not fragment.deletions.path.endswith(".arrow"):
        return none
    try:
        listed = pa.ipc.open_file((table / fragment.deletions.path).read_bytes()).read_all()[0]
    except (OSError, pa.ArrowException):
        return none
    return np.asarray(listed.to_numpy(), dtype=np.uint64) + np.uint64(fragment.number << layout.BITS)

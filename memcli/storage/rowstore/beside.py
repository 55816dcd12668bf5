"""The row stores beside one version of a table: found, asked together, made and removed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
import pyarrow as pa

from memcli.storage.indexes import INDEXED_FROM
from memcli.storage.lance import ROW
from memcli.storage.meaning import columns_of, meaning_of
from memcli.storage.rowstore import layout, writing
from memcli.storage.rowstore.layout import About
from memcli.storage.rowstore.reading import RowStore
from memcli.storage.rowstore.testing import passing
from memcli.storage.versions import Fragment, Version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory
    from memcli.storage.lance import LanceTable

WORTH = INDEXED_FROM
"""Rows of a fragment from which on it gets a row store. With 10,000 memories a search takes half the time
then, and making it takes 0.2 s; with a million 0.4 to 0.5 of the time, and 10 s."""

TIME_SHARE = 0.05
"""The share of the time that may go into making row stores: where much is written, fragments are merged
again and again, and each time that makes another one of all that was there."""

EXACT = 32_768
"""Rows in a place up to which all of them are compared, one by one: 20,000 take 8 ms, where the index of
vectors takes 17 to 22 to find the nearest among these only."""

ROOM = 3
"""How many times the bytes of a row store must be free on the disk: a purge or a backup needs room, too."""

BYTES_EACH = 1_100
"""Bytes that a row takes in there, at most, but for a long text."""

ENDING = ".rows"
"""What the names of directories of row stores end with."""

MAKING, TOOK = "making", "took"
"""What the name of a row store begins with while it is made, and a file that says how long that took last, in
seconds, `LEAST_S` at least."""

LEAST_S, FAILED_S = 0.05, 30.0
"""So they are made once a second at most, and tried again after ten minutes where they could not be made, or
where the disk has no room for them."""


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
        is_whole: Whether they know all rows of it, which of them are deleted, and can compare them.
    """

    def __init__(self, folder: Path, version: Version, table: Path, before: RowStores | None) -> None:
        known = {(store.folder, store.fragment): store for store in before._stores} if before else {}
        self._stores: list[RowStore] = []
        deleted: list[NDArray[np.uint64]] = []
        self.number = version.number
        self._known: dict[str, list[list[tuple[int, int]]]] = {}
        self.is_whole = True
        for fragment in version.fragments:
            own = folder / layout.key(fragment)
            try:
                store = known.get((own, fragment.number)) or RowStore(own, fragment.number)
            except UNREADABLE:
                self.is_whole = False
                continue
            self._stores.append(store)
            gone = _deleted(table, fragment)
            # a row that was deleted when the store was made may live in another version
            known_here = store.about.records - int((store.positions(gone) >= 0).sum())
            self.is_whole = self.is_whole and store.about.has_units and known_here == fragment.rows
            deleted.append(gone)
        self._deleted = np.concatenate([*deleted, np.empty(0, np.uint64)])

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
            None if row stores do not know all of them, or there are more than `EXACT`.
        """
        there = self._ranges(place) if self.is_whole else None
        if there is None:
            return None
        ranges = [(s, *bounds) for s, some in zip(self._stores, there, strict=True) for bounds in some]
        if sum(end - start for _, start, end in ranges) > EXACT:
            return None
        numbers = [store.numbers(start, end) for store, start, end in ranges]
        cosines = [store.products(vector, start, end) for store, start, end in ranges]
        every = np.concatenate([*numbers, np.empty(0, np.uint64)])
        values = np.concatenate([*cosines, np.empty(0, np.float32)]).astype(np.float64)
        values[np.isin(every, self._deleted)] = -np.inf
        best = np.argsort(-values, kind="stable")[:wanted]
        best = best[np.isfinite(values[best])]
        return every[best], values[best]


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


def make(table: LanceTable, version: Version, folder: Path) -> None:
    """Make the row stores in *folder* that *version* of *table* lacks, if it is time; remove all others.

    Needs the lock of upkeep.

    Raises:
        OSError: It can't be written.
        RuntimeError: LanceDB can't read the table.
        ValueError: Likewise.
    """
    remove(folder, version)
    fragments, began = lacking(folder, version), time.monotonic()
    if not fragments:
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    made = False
    try:
        for fragment in fragments:
            if shutil.disk_usage(folder).free < ROOM * BYTES_EACH * fragment.rows:
                break
            _make_one(table, fragment, folder)
        else:
            made = True
    finally:  # also if that fails, so that it is not tried all the time
        with suppress(OSError):
            took = max(time.monotonic() - began, LEAST_S if made else FAILED_S)
            (folder / TOOK).write_text(f"{took:.3f}")


def _make_one(table: LanceTable, fragment: Fragment, folder: Path) -> None:
    name = layout.key(fragment)
    new = folder / f"{MAKING}-{name}"
    try:
        new.mkdir(mode=0o700)
        writing.write(table, fragment.number, new)
        new.rename(folder / name)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def lacking(folder: Path, version: Version) -> list[Fragment]:
    """The fragments of *version* that are to have a row store in *folder* and have none; see `TIME_SHARE`."""
    large = [fragment for fragment in version.fragments if fragment.rows >= WORTH]
    if not large or not _can_be_made(folder) or not _is_time(folder):
        return []
    return [one for one in large if not (folder / layout.key(one)).is_dir()]


def _can_be_made(folder: Path) -> bool:
    """Whether *folder* can be written to, or made: not if it is somebody else's."""
    if not folder.exists():
        return os.access(folder.parent, os.W_OK)
    own = (folder, folder / TOOK) if (folder / TOOK).exists() else (folder,)
    return folder.is_dir() and all(os.access(path, os.W_OK) for path in own)


def _is_time(folder: Path) -> bool:
    """Whether enough time has passed since a row store in *folder* was made; see `TIME_SHARE`."""
    try:
        took, made = float((folder / TOOK).read_text()), (folder / TOOK).stat().st_mtime
    except (OSError, ValueError):
        return True
    return not 0 <= time.time() - made < took / TIME_SHARE


def remove(folder: Path, version: Version) -> None:
    """Remove the row stores in *folder* that are torn, or not for a fragment of *version*.

    Needs the lock of upkeep.
    """
    needed = {layout.key(fragment) for fragment in version.fragments}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name != TOOK and not (path.name in needed and _is_whole(path)):
            shutil.rmtree(path, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    try:
        About.load(folder)
    except UNREADABLE:
        return False
    return True


def drop_others(store: Path, known: Container[str]) -> None:
    """Remove the row stores in the store at *store* of tables that are not *known*.

    Needs the writer's lock.
    """
    for path in store.glob(f"*{ENDING}"):
        if path.stem not in known:
            shutil.rmtree(path, ignore_errors=True)

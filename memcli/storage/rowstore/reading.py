"""A row store read: columns of some rows, which of them are in a place, and what is nearest there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.storage import rows
from memcli.storage.lance import ROW
from memcli.storage.meaning import Meaning
from memcli.storage.rows import ASKS, MEMORY_FIELDS, VECTOR
from memcli.storage.rowstore import layout
from memcli.storage.rowstore.files import File, whole
from memcli.storage.rowstore.layout import About
from memcli.storage.rowstore.postings import Postings
from memcli.storage.rowstore.testing import passing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory

    Records = NDArray[np.void]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

AT_ONCE = 256
"""Records that are compared with a vector at a time: they stay in the processor's cache, in the same place
each time. Of 20,000 vectors, 128 to 256 at a time took 8 ms, 2,048 took 12; with new memory each time, 9 to
14."""

IN_TWO = 4_096
"""Records from which on half of them are compared in another thread: 20,000 in 6.4 ms instead of 9.4, on two
processors."""

HALF, SIGN_AND_NUMBER, SCALE = 13, np.int32(-1879056384), np.float32(2.0**112)
"""How a number of 16 bits becomes one of 32 (IEEE 754): shifted by the difference of their fractions'
lengths, without the copies of its sign that come with it, times two to the difference of their biases.
Numpy's own conversion takes 20 ms for 20,000 vectors, this 4."""


class RowStore:
    """The row store in *folder*, of the fragment *fragment*; a `Segment`.

    Args:
        folder: Where it is.
        fragment: The number of the fragment, in the version of the table that is read.

    Raises:
        OSError: It can't be read.
        ValueError: It is torn.
    """

    def __init__(self, folder: Path, fragment: int) -> None:
        self.folder = folder
        self.about, self._first = About.load(folder), fragment << layout.BITS
        self.count, self.with_terms = self.about.records, self.about.with_terms
        self.has_units = self.about.has_units
        self._record = self.about.dtype
        self._files = {name: File(folder / name) for name in (layout.ROWS, layout.HEAP)}
        self._positions = whole(folder / layout.POSITIONS, "<i4", self.about.sizes[layout.POSITIONS])

    @cached_property
    def _in_heap(self) -> tuple[str, ...]:
        """The texts that are in the heap."""
        return tuple(name for name in layout.TEXTS if name not in (self._record.names or ()))

    @cached_property
    def postings(self) -> Postings:
        """See `Segment`."""
        return Postings(self.folder, self.about.sizes, self.about.length)

    @cached_property
    def _offsets(self) -> NDArray[np.uint32]:
        return whole(self.folder / layout.OFFSETS, "<u4", self.about.sizes[layout.OFFSETS])

    def positions(self, numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
        """See `Segment`."""
        offsets = numbers.astype(np.int64) - self._first
        here = (offsets >= 0) & (offsets < self.about.rows)
        found = np.full(len(numbers), -1, dtype=np.int64)
        found[here] = self._positions[offsets[here]]
        return found

    def numbers(self, records: slice | NDArray[np.integer]) -> NDArray[np.uint64]:
        """See `Segment`."""
        return self._offsets[records].astype(np.uint64) + np.uint64(self._first)

    def records(self, positions: NDArray[np.int64]) -> Records:
        """See `Segment`."""
        return self._files[layout.ROWS].records(self._record, positions)

    def table(self, records: Records, numbers: NDArray[np.uint64], columns: Sequence[str]) -> pa.Table:
        """See `Segment`."""
        heap = _Texts(self, records, [name for name in columns if name in self._in_heap])
        made = {ROW: lambda: pa.array(numbers), VECTOR: lambda: _vectors(records[VECTOR])}
        arrays = []
        for name in columns:
            if name in made:
                arrays.append(made[name]())
            elif name == layout.ID and name not in self._in_heap:
                arrays.append(pa.array(records[name]).cast(pa.utf8()))
            elif name == "tags":
                arrays.append(pa.array(map(_tags, heap.all(name)), MEMORY_FIELDS[name]))
            elif name in layout.TEXTS:
                arrays.append(pa.array(heap.all(name), pa.utf8()))
            elif name in layout.CODED:
                arrays.append(self._words[name].take(pa.array(self.values(records, name).astype(np.int64))))
            else:
                arrays.append(_number(self.values(records, name), name))
        return pa.table(arrays, names=list(columns))

    def memories(self, records: Records) -> list[Memory]:
        """See `Segment`."""
        if not len(records):
            return []
        heap = _Texts(self, records, self._in_heap)
        names = [name for name in self._record.names or () if name != VECTOR]
        given = dict(zip(names, zip(*records[names].tolist(), strict=True), strict=True))
        columns: dict[str, Iterable[Any]] = {}
        for name in MEMORY_FIELDS:
            values: Sequence[Any] = given.get(name) or [self.about.constants.get(name)] * len(records)
            if name in self._in_heap:
                columns[name] = heap.all(name)
            elif name == layout.ID:
                columns[name] = [one.decode() for one in values]
            elif name in layout.CODED:
                words = self.about.words[name]
                columns[name] = [words[code] for code in values]
            elif name in layout.FRACTIONS:
                columns[name] = [None if isnan(value) else value for value in values]
            else:
                some = [None if value == layout.NOTHING else value for value in values]
                columns[name] = map(_moment, some) if name in rows.TIMES else some
        columns["tags"] = map(_tags, columns["tags"])
        return rows.memories_of(columns)

    def values(self, records: Records, name: str) -> NDArray[Any]:
        """What *records* have under *name*: codes, lengths, numbers. Shape (n,)."""
        if name in self.about.constants:
            return np.full(len(records), self.about.constants[name], dtype=layout.KINDS.get(name, "<i8"))
        return records[name]

    def heap(self, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """As many bytes as *lengths* say from each of *starts* on in the heap."""
        return self._files[layout.HEAP].pieces(starts, lengths)

    @cached_property
    def _words(self) -> dict[str, pa.Array]:
        return {name: pa.array(words, pa.utf8()) for name, words in self.about.words.items()}

    # --- places ---

    @cached_property
    def _places(self) -> pa.Table:
        """The places that there are: a row for each, with the columns `layout.PLACE`."""
        codes = np.array(self.about.places, dtype=np.int64).reshape(-1, len(layout.PLACE))
        columns = {name: self._words[name].take(pa.array(codes[:, i])) for i, name in enumerate(layout.PLACE)}
        return pa.table(columns)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.array([*self.about.starts, self.count], dtype=np.int64)

    def ranges(self, place: Meaning) -> list[tuple[int, int]]:
        """See `Segment`."""
        there = np.flatnonzero(passing(place, self._places))
        found: list[tuple[int, int]] = []
        for start, end in zip(self._starts[there].tolist(), self._starts[there + 1].tolist(), strict=True):
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found

    def announce(self, ranges: Sequence[tuple[int, int]]) -> None:
        """See `Segment`."""
        size = self._record.itemsize
        lengths = [(end - start) * size for start, end in ranges]
        self._files[layout.ROWS].announce([start * size for start, _ in ranges], lengths)

    def products(self, vector: NDArray[np.float32], start: int, end: int) -> NDArray[np.float32]:
        """See `Segment`."""
        found = np.empty(end - start, dtype=np.float32)
        if end - start < IN_TWO:
            self._products(vector, start, found)
            return found
        middle = (start + end) // 2
        with ThreadPoolExecutor(1) as other:
            rest = other.submit(self._products, vector, middle, found[middle - start :])
            self._products(vector, start, found[: middle - start])
            rest.result()
        return found

    def _products(self, vector: NDArray[np.float32], start: int, into: NDArray[np.float32]) -> None:
        """The products of as many records as *into* takes, from *start* on."""
        raw = bytearray(min(AT_ONCE, len(into)) * self._record.itemsize)
        vectors, view = np.frombuffer(raw, dtype=self._record)[VECTOR], memoryview(raw)
        wide = np.empty(vectors.shape, dtype=np.int32)
        for at in range(0, len(into), AT_ONCE):
            count = min(AT_ONCE, len(into) - at)
            place = (start + at) * self._record.itemsize
            self._files[layout.ROWS].fill(view[: count * self._record.itemsize], place)
            scale, some = _widened(vectors[:count], wide[:count])
            np.dot(some, vector * scale, out=into[at : at + count])


class _Texts:
    """The texts *names* of *records* of *store*: read at once for each record, from the first to the last."""

    def __init__(self, store: RowStore, records: Records, names: Sequence[str]) -> None:
        in_heap = store._in_heap
        self._names = in_heap[: max((in_heap.index(name) for name in names), default=-1) + 1]
        self._lengths = [store.values(records, layout.LENGTH + n).astype(np.int64) for n in self._names]
        self._ends = np.cumsum(self._lengths, axis=0).T.tolist() if names else []
        starts = store.values(records, layout.START).tolist() if names else []
        self._read = store.heap(starts, [ends[-1] for ends in self._ends])

    def all(self, name: str) -> list[str]:
        """The texts *name* of all records."""
        at = self._names.index(name)
        if not self._lengths[at].any():
            return [""] * len(self._read)
        return [
            read[ends[at - 1] if at else 0 : ends[at]].decode()
            for read, ends in zip(self._read, self._ends, strict=True)
        ]


def _tags(text: str) -> list[str]:
    return list(json.loads(text)) if text else []


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def _number(values: NDArray[Any], name: str) -> pa.Array:
    """*values* as the column *name* of a table has them."""
    if name == ASKS:
        return pa.array(values == 1, mask=values == layout.UNKNOWN)
    if name in layout.FRACTIONS:
        return pa.array(values, mask=np.isnan(values))
    array = pa.array(values, mask=values == layout.NOTHING)
    return array.cast(pa.timestamp("us")).cast(MEMORY_FIELDS[name]) if name in rows.TIMES else array


def _vectors(vectors: NDArray[Any]) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def _widened(vectors: NDArray[Any], into: NDArray[np.int32]) -> tuple[np.float32, NDArray[np.float32]]:
    """*vectors* at 32 bits a number, but for the factor that comes first, written to *into*; see `HALF`."""
    if vectors.dtype != np.float16:
        return np.float32(1.0), np.asarray(vectors, dtype=np.float32)
    into[...] = vectors.view("<i2")
    into <<= HALF
    into &= SIGN_AND_NUMBER
    return SCALE, into.view(np.float32)

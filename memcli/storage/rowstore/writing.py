"""A row store made, of one version of a table: numbers first, then texts, then records with the vectors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.lance import ROW
from memcli.storage.rows import ASKS, VECTOR, WORDS
from memcli.storage.rowstore import cutting, layout
from memcli.storage.rowstore.layout import About

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import LanceTable

    Columns = dict[str, NDArray[Any]]

BATCH = 8_192
"""Rows whose texts or vectors are in memory at a time: 6 MB of vectors."""


def write(table: LanceTable, fragment: int, folder: Path) -> None:
    """Write a row store of the fragment number *fragment* of *table* into the empty directory *folder*.

    Raises:
        OSError: It can't be written.
        RuntimeError: LanceDB can't read the table.
        ValueError: Likewise.
    """
    source = _Fragment(table, fragment)
    columns, words = _numbers(source)
    places, of_row = np.unique(
        np.stack([columns[name] for name in layout.PLACE], axis=1), axis=0, return_inverse=True
    )
    of_row = of_row.reshape(-1)
    order = np.argsort(of_row, kind="stable")
    positions = np.full(source.length, -1, dtype="<i4")
    positions[source.offsets[order]] = np.arange(len(order))
    ids = _ids(source)
    columns |= {layout.ID: ids} if ids is not None else {}
    columns |= _heap(source, folder / layout.HEAP, [n for n in layout.TEXTS if n not in columns])
    constants = {name: values[0].item() for name, values in columns.items() if _is_constant(values)}
    for name in constants:
        del columns[name]
    record = np.dtype([(VECTOR, *source.vector), *((name, values.dtype) for name, values in columns.items())])
    has_units = _records(source, folder / layout.ROWS, columns, record, positions)
    texts = ((at, batch[WORDS].combine_chunks()) for at, batch in source.batches([WORDS]))
    length, with_terms = cutting.write(texts, order, folder)
    (folder / layout.POSITIONS).write_bytes(positions.tobytes())
    (folder / layout.OFFSETS).write_bytes(source.offsets[order].astype("<u4").tobytes())
    About(
        rows=source.length,
        records=len(order),
        sizes={path.name: path.stat().st_size for path in folder.iterdir()},
        record=[[VECTOR, *source.vector], *([name, values.dtype.str] for name, values in columns.items())],
        words=words,
        constants=constants,
        places=places.tolist(),
        starts=np.searchsorted(of_row[order], np.arange(len(places))).tolist(),
        has_units=has_units,
        length=length,
        with_terms=with_terms,
    ).save(folder)
    _assure(folder)


class _Fragment:
    """The fragment *number* of *table*, as far as its rows are not deleted.

    Attributes:
        offsets: Which of the fragment's rows these are, ascending. Shape (n,).
        length: One more than the last of them.
        vector: How numpy writes a vector: kind and shape.
    """

    def __init__(self, table: LanceTable, number: int) -> None:
        self._table, self._first = table, number << layout.BITS
        kind = table.schema.field(VECTOR).type
        self.vector = (np.dtype(kind.value_type.to_pandas_dtype()).newbyteorder("<").str, (kind.list_size,))
        read = [batch[ROW].to_numpy() for batch in self._batches(["id"])]
        self.offsets = np.sort(np.concatenate([*read, np.empty(0, np.uint64)])).astype(np.int64) - self._first
        self.length = int(self.offsets.max(initial=-1)) + 1

    def batches(self, columns: Sequence[str]) -> Iterator[tuple[NDArray[np.int64], pa.Table]]:
        """*columns*, some rows at a time, with the places in `offsets` that they belong to."""
        for batch in self._batches(columns):
            offsets = batch[ROW].to_numpy().astype(np.int64) - self._first
            yield np.searchsorted(self.offsets, offsets), batch

    def _batches(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        end = self._first + (1 << layout.BITS)
        query = self._table.search().where(f"{ROW} >= {self._first} AND {ROW} < {end}")
        query = query.select(list(columns)).with_row_id(True)
        batches = query.to_batches(batch_size=BATCH)
        return (pa.Table.from_batches([batch]) for batch in batches if batch.num_rows)


def _numbers(source: _Fragment) -> tuple[Columns, dict[str, list[str | None]]]:
    """All that is no text, by column, shape (n,) each; and what the codes of each column stand for."""
    names = [*layout.CODED, *layout.KINDS]
    pieces: dict[str, list[pa.Array]] = {name: [] for name in names}
    rows: list[NDArray[np.int64]] = []
    for at, batch in source.batches(names):
        rows.append(at)
        for name in names:
            pieces[name].append(batch[name].combine_chunks())
    order = np.argsort(np.concatenate([*rows, np.empty(0, np.int64)]))
    columns: Columns = {}
    words: dict[str, list[str | None]] = {}
    for name in names:
        whole = pa.chunked_array(pieces.pop(name) or [pa.array([], pa.utf8())]).combine_chunks()
        if name in layout.KINDS:
            columns[name] = _plain(whole, name)[order]
        else:
            coded = whole.dictionary_encode()
            words[name] = [*coded.dictionary.to_pylist(), None]
            codes = coded.indices.fill_null(len(words[name]) - 1)
            columns[name] = codes.to_numpy()[order].astype(layout.smallest(len(words[name])))
    return columns, words


def _plain(column: pa.Array, name: str) -> NDArray[Any]:
    """*column* as a record has it."""
    nothing: float
    if name == ASKS:
        column, nothing = column.cast(pa.int8()), layout.UNKNOWN
    elif name in layout.FRACTIONS:
        nothing = float("nan")
        if pc.any(pc.is_nan(column)).as_py():
            raise ValueError(f"{name} is no number, which is not nothing")
    else:
        column, nothing = column.cast(pa.int64()), layout.NOTHING
    return np.asarray(column.fill_null(nothing).to_numpy(zero_copy_only=False), dtype=layout.KINDS[name])


def _ids(source: _Fragment) -> NDArray[np.bytes_] | None:
    """The ids as a record has them, shape (n,); None if they belong into the heap."""
    found: NDArray[np.bytes_] | None = None
    for at, batch in source.batches([layout.ID]):
        column = _bytes(batch[layout.ID].combine_chunks())
        length = len(column[0].as_py())
        if found is None:
            found = np.empty(len(source.offsets), dtype=f"S{max(length, 1)}")
        if {length} != set(pc.binary_length(column).to_pylist()) or not 0 < length <= layout.ID_MOST:
            return None
        if length != found.itemsize:
            return None
        found[at] = column.to_numpy(zero_copy_only=False)
    return found


def _heap(source: _Fragment, path: Path, names: Sequence[str]) -> Columns:
    """Write the texts *names* to *path*; how long each is, and where those of each row begin."""
    count = len(source.offsets)
    lengths = {name: np.zeros(count, dtype=np.int64) for name in names}
    starts, end = np.zeros(count, dtype="<i8"), 0
    with path.open("wb") as file:
        for at, batch in source.batches(names):
            texts = [_bytes(batch[name].combine_chunks()) for name in names]
            for name, column in zip(names, texts, strict=True):
                lengths[name][at] = pc.binary_length(column).to_numpy()
            joined = pc.binary_join_element_wise(*texts, pa.scalar(b"", pa.large_binary()))
            each = pc.binary_length(joined).to_numpy()
            starts[at] = end + np.cumsum(each) - each
            end += int(each.sum())
            file.write(b"".join(joined.to_pylist()))
    of_length = {
        layout.LENGTH + name: values.astype(layout.smallest(int(values.max(initial=0)) + 1))
        for name, values in lengths.items()
    }
    return {layout.START: starts, **of_length}


def _bytes(column: pa.Array) -> pa.Array:
    """*column*, of texts or lists of them, as bytes: none for null, lists as JSON."""
    if pa.types.is_list(column.type):
        lists = [json.dumps(some, ensure_ascii=False) if some else "" for some in column.to_pylist()]
        column = pa.array(lists, pa.utf8())
    return column.cast(pa.large_utf8()).cast(pa.large_binary()).fill_null(b"")


def _is_constant(values: NDArray[Any]) -> bool:
    """Whether all *values* are one number."""
    if values.dtype.kind == "S":
        return False
    bits = values.view("<i8") if values.dtype.kind == "f" else values  # nan is not nan
    return bool(len(values) and (bits == bits[0]).all())


def _records(
    source: _Fragment, path: Path, columns: Columns, record: np.dtype[Any], positions: NDArray[np.int32]
) -> bool:
    """Write the *columns* and the vectors to *path*, as *record* says, in the order of *positions*.

    Returns:
        Whether all vectors are of length 1.
    """
    are_units = True
    with path.open("wb") as file:
        for at, batch in source.batches([VECTOR]):
            some = np.empty(len(at), dtype=record)
            for name, values in columns.items():
                some[name] = values[at]
            vectors = batch[VECTOR].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            some[VECTOR] = vectors.reshape(some[VECTOR].shape)
            are_units = are_units and layout.are_units(some[VECTOR])
            where = positions[source.offsets[at]].astype(np.int64)
            order = np.argsort(where)
            for run in np.split(order, np.flatnonzero(np.diff(where[order]) > 1) + 1):
                os.pwrite(file.fileno(), some[run].tobytes(), int(where[run[0]]) * record.itemsize)
    return are_units


def _assure(folder: Path) -> None:
    """Have all of *folder* on the disk: what is found later under its name is whole."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())

"""Rows that no row store has yet are in memory, read once, and as the table has them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from memcli.storage import rows
from memcli.storage.lance import awaited, connected
from memcli.storage.memories import Memories
from memcli.storage.rowstore import at_hand, making
from memcli.storage.rowstore.memtable import Memtable
from memcli.storage.rowstore.reading import RowStore
from memcli.storage.rowstore.table import WRITTEN
from tests.storage.mixture import DIMENSION, memory, mixed, store, vectors, with_row_stores

Reads = list[int]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """How many rows LanceDB gave for memtables, each time that it was asked."""
    found: Reads = []

    def noting(*asked: Any) -> pa.Table:
        there = awaited(*asked)
        found.append(len(there))
        return there

    monkeypatch.setattr("memcli.storage.rowstore.table.awaited", noting)
    return found


@pytest.fixture
def few(tmp_path: Path) -> Memories:
    """A table of a few memories, which needs no row store."""
    memories = store(tmp_path / "store")
    memories.add(mixed(60, seed=1), vectors(60))
    return memories


def kinds(memories: Memories) -> list[type]:
    """What is at hand: of which kind, the row stores first."""
    there = memories.table.at_hand
    return [] if there is None else [type(segment) for segment in there._segments]


def nearest(memories: Memories, vector: Any) -> str:
    """The memory that is nearest to *vector*."""
    found = memories.found(vector, [], "", nearest=1, holding=0)
    return str(found.ids[int(np.argmax(found.cosine))])


def test_what_this_process_has_added_is_not_read(few: Memories, reads: Reads, tmp_path: Path) -> None:
    """As long as it has seen all that was there before; what others have added is read, and only that."""
    few.table.refresh()
    assert kinds(few) == [Memtable]
    before = sum(reads)
    for number in range(3):
        few.add([memory(f"new{number}", f"quagmire {number}")], vectors(1, seed=50 + number))
        assert nearest(few, vectors(1, seed=50 + number)[0]) == f"new{number}"
    assert sum(reads) == before
    other = Memories.open(connected(tmp_path / "store"), "memories_1", DIMENSION)
    other.add([memory("theirs", "kelp")], vectors(1, seed=70))
    few.table.refresh()
    few.table.keep(WRITTEN, None)  # what another process writes it does not tell
    assert nearest(few, vectors(1, seed=70)[0]) == "theirs"
    assert sum(reads) == before + 1
    few.table.delete_keys(["theirs"])
    assert nearest(few, vectors(1, seed=70)[0]) != "theirs"


def test_what_is_added_is_kept_until_it_is_at_hand(few: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for longer, since it may be purged, and not if it is much."""
    few.table.refresh()
    assert few.table.at_hand is not None
    few.add([memory("new", "quagmire")], vectors(1, seed=5))
    assert few.table.kept(WRITTEN) is not None
    assert few.table.at_hand is not None
    assert few.table.kept(WRITTEN) is None
    monkeypatch.setattr("memcli.storage.rowstore.table.REST_BYTES_MOST", 100)
    few.add([memory("newer", "quagmire")], vectors(1, seed=6))
    assert few.table.kept(WRITTEN) is None
    assert nearest(few, vectors(1, seed=6)[0]) == "newer"


@pytest.mark.parametrize("make", [with_row_stores, lambda memories: memories.table.refresh()])
def test_vectors_of_32_bits_stay_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Memories], None]
) -> None:
    """Stores from before have them, and what is added has 16 until LanceDB has it."""
    old = pa.field(rows.VECTOR, pa.list_(pa.float32(), DIMENSION))
    with monkeypatch.context() as patched:
        patched.setattr(rows, "vector_field", lambda _: old)
        memories = store(tmp_path / "store")
    memories.add(mixed(60, seed=1), vectors(60))
    make(memories)
    assert memories.table._table is not None
    assert memories.table._table.schema.field(rows.VECTOR).type == old.type
    expected = [RowStore, Memtable] if make is with_row_stores else [Memtable]
    for number in range(3):
        assert kinds(memories)
        memories.add([memory(f"new{number}", "quagmire")], vectors(1, seed=50 + number))
        assert nearest(memories, vectors(1, seed=50 + number)[0]) == f"new{number}"
        assert kinds(memories) == expected
        assert memories.table.at_hand is not None
        assert memories.table.at_hand.is_whole


def test_deleted_rows_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as rows that there are for upkeep, nor as too many to be in memory."""
    monkeypatch.setattr(at_hand, "REST_MOST", 60)
    monkeypatch.setattr(making, "WORTH", 60)
    memories = store(tmp_path / "store")
    memories.add(mixed(60, seed=1), vectors(60))
    memories.table.refresh()
    assert kinds(memories) == [Memtable]
    memories.table.delete_keys([f"m{n:05}" for n in range(20)])
    memories.add([memory(f"n{n}") for n in range(19)], vectors(19, seed=3))
    assert not memories.table.lacks_row_stores
    assert kinds(memories) == [Memtable]
    monkeypatch.setattr(at_hand, "LENGTH_MOST", 78)
    memories.add([memory("one more")], vectors(1, seed=4))
    assert kinds(memories) == []


def test_what_takes_much_room_is_left_on_the_disk(few: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole pages are no rows to have in memory."""
    monkeypatch.setattr(at_hand, "REST_BYTES_MOST", 1_000)
    few.add([memory("new", "quagmire")], vectors(1, seed=5))
    assert kinds(few) == []
    assert nearest(few, vectors(1, seed=5)[0]) == "new"

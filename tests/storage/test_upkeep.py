"""Upkeep of what is large: left behind by writes, done beside readers and writers, lost to nobody."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memcli import Memory
from memcli.model import Draft, Scope
from memcli.services import forgetting, recall, remember, upkeep
from memcli.services.engine import Engine
from memcli.storage import database, indexes, locks, tidiness
from memcli.storage.database import Database
from memcli.storage.place import Folder

MakeEngine = Callable[..., Engine]


@pytest.fixture
def large(engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine on a store whose tables count as large, with something to merge."""
    monkeypatch.setattr(database, "SMALL", 5)
    monkeypatch.setattr(tidiness, "FRAGMENTS_KEPT", 4)
    for number in range(10):
        remember.store(engine, f"fact {number}", scope=scope)
    return engine


def pieces(engine: Engine) -> int:
    """How many fragments the memories of *engine* are in."""
    memories = engine.db.memories.table
    memories.refresh()
    count: int = memories.read(lambda one: one.stats()["fragment_stats"]["num_fragments"], 0)
    return count


def test_a_write_leaves_what_takes_long(large: Engine, make_engine: MakeEngine, scope: Scope) -> None:
    """It says so, and whoever catches up finds it; then there is nothing to do."""
    assert large.is_behind
    assert pieces(large) > 4
    large.catch_up()
    assert pieces(large) == 1
    again = make_engine()
    again.catch_up()
    assert not again.is_behind
    assert {memory.text for memory in again.db.memories.where("")} == {f"fact {n}" for n in range(10)}
    assert recall.search(again, "fact 7", scope=scope)[0].text == "fact 7"


def left_by_others(engine: Engine) -> list[Path]:
    """Files that no version knows, as a merger leaves them that has lost against a change, or was killed."""
    place = engine.home.store / f"{engine.db.memories.table.name}.lance"
    files = [place / "_indices" / str(uuid.uuid4()) / "part_0_docs.lance", place / "data" / "lost.lance"]
    for file in files:
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(b"index")
    return files


def test_what_a_lost_merger_has_left_is_gone_after_the_next(large: Engine) -> None:
    """LanceDB would keep it for a week: 28 minutes of agents at work left 160 MB beside 5."""
    files = left_by_others(large)
    large.catch_up()
    assert [file for file in files if file.exists()] == []
    assert {memory.text for memory in large.db.memories.where("")} == {f"fact {n}" for n in range(10)}


def test_what_somebody_is_about_to_merge_is_left_alone(
    large: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has begun to merge, when this one has ended, has files that no version knows yet."""
    files = left_by_others(large)
    real, times = Folder.upkeep, []

    @contextmanager
    def upkeep(place: Folder, *, wait: bool) -> Iterator[bool]:
        """The first time it is free; then somebody else has it."""
        times.append(wait)
        with real(place, wait=wait) as first, real(place, wait=False) as second:
            yield first if len(times) == 1 else second

    monkeypatch.setattr(Folder, "upkeep", upkeep)
    large.catch_up()
    assert times == [False, False]
    assert pieces(large) <= 2
    assert [file for file in files if not file.exists()] == []


def test_small_tables_are_tidied_by_the_write_itself(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to come after it."""
    monkeypatch.setattr(tidiness, "FRAGMENTS_KEPT", 4)
    for number in range(10):
        remember.store(engine, f"fact {number}", scope=scope)
        assert pieces(engine) <= 5
    assert not engine.is_behind


def test_whoever_merges_keeps_no_writer_waiting(large: Engine, make_engine: MakeEngine, scope: Scope) -> None:
    """The lock of the writers is free meanwhile; a second one to merge goes away again."""
    with locks.upkeep(large.home.store, wait=False) as is_ours:
        assert is_ours
        remember.store(make_engine(), "written meanwhile", scope=scope)
        large.catch_up()
        assert pieces(large) > 4
    large.catch_up()
    assert pieces(large) == 1


def test_what_is_written_while_tables_are_merged_is_there(
    large: Engine, make_engine: MakeEngine, scope: Scope
) -> None:
    """One merges over and over; others store, forget and search: every answer holds."""
    stop, problems = threading.Event(), []

    def merge() -> None:
        while not stop.is_set():
            try:
                Database(large.home.store).catch_up(always=True)
            except Exception as error:  # whatever it is, the test names it
                problems.append(error)

    merging = threading.Thread(target=merge)
    merging.start()
    try:
        engine = make_engine()
        for number in range(15):
            stored = remember.store(engine, f"note {number}", scope=scope)
            if number % 3 == 0:
                forgetting.forget(engine, [str(stored.id)], scope=scope)
            assert recall.search(make_engine(), "fact 3", scope=scope)[0].text == "fact 3"
    finally:
        stop.set()
        merging.join()
    assert problems == []
    texts = [memory.text for memory in make_engine().db.memories.where("forgotten_at IS NULL")]
    kept = [f"note {number}" for number in range(15) if number % 3]
    assert sorted(texts) == sorted([*kept, *(f"fact {number}" for number in range(10))])


def test_a_purge_takes_along_what_a_killed_merger_has_left(large: Engine, scope: Scope) -> None:
    """Files that no version knows may hold the text, too."""
    leftover = large.home.store / "memories_1.lance" / "data" / "1234.lance"
    leftover.write_bytes(b"fact 3, half merged")
    [memory] = large.db.memories.where("text = 'fact 3'")
    forgetting.forget(large, [memory.id], scope=scope)
    forgetting.purge(large, forgetting.purgeable(large, [memory.id], scope=scope))
    everything = b"".join(f.read_bytes() for f in large.home.store.rglob("*") if f.is_file())
    assert b"fact 3" not in everything
    assert b"fact 4" in everything


def test_optimize_waits_for_its_turn_and_does_all(large: Engine) -> None:
    """Whatever is due or not."""
    done = upkeep.optimize(large)
    assert done.files_after < done.files_before
    assert pieces(large) == 1


def test_the_python_api_catches_up_beside_the_next_call(large: Engine, scope: Scope) -> None:
    """In a thread of its own."""
    memory = Memory(engine=large, space=scope.space, user=scope.user)
    assert large.is_behind
    memory.search("fact 1")
    for thread in threading.enumerate():
        if thread.name == "memcli-upkeep":
            thread.join()
    assert not large.is_behind
    assert pieces(large) == 1


def test_an_index_stays_in_few_segments(
    engine: Engine, make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is completed; and what is in them is merged in the end, and found."""
    monkeypatch.setattr(indexes, "INDEXED_FROM", 300)
    monkeypatch.setattr(database, "SMALL", 5)
    monkeypatch.setattr(tidiness, "FRAGMENTS_KEPT", 1)
    monkeypatch.setattr(tidiness, "SEGMENTS_MOST", 3)
    remember.store_all(
        engine, [Draft(text=f"begun with {n}", scope=scope) for n in range(300)], conflicts=False
    )
    engine.catch_up()
    seen = []
    for number in range(12):
        for part in ("one", "two"):
            remember.store(engine, f"{part} of {number}", scope=scope, conflicts=False)
        engine.catch_up()
        memories = make_engine().db.memories.table
        assert not memories.is_due
        assert memories.indexed(indexes.VECTOR_INDEX) == 302 + 2 * number
        seen.append((memories._segments()[indexes.VECTOR_INDEX], pieces(engine)))
    assert max(segments for segments, _ in seen) <= 4
    assert max(count for _, count in seen) <= 6
    assert seen.count((1, 1)) >= 2
    assert recall.search(engine, "two of 11", scope=scope)[0].text == "two of 11"

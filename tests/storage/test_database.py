"""The store on disk: made under a lock, shared by processes, kept small, recognised."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from memcli.errors import StorageError
from memcli.home import Home
from memcli.model import Draft, Scope
from memcli.services import memories, recall, remember
from memcli.services.engine import Engine
from memcli.storage.database import FORMAT, META_SCHEMA, Database
from memcli.storage.lexical import terms
from memcli.storage.tidiness import FRAGMENTS_KEPT
from tests.faults.killing import FORKED
from tests.wordhash import UNCHECKED, WordHashEmbedder

SCOPE = Scope("work", "me")


def engine_at(home: Path) -> Engine:
    """An engine with the word-hash embedder on the store in *home*."""
    return Engine(UNCHECKED, Home(config_file=home / "config.toml", data=home), embedder=WordHashEmbedder())


def store_numbers(home: Path, who: str, count: int) -> None:
    """What a writing process does: its own texts, one by one."""
    engine = engine_at(home)
    for i in range(count):
        remember.store(engine, f"{who} number {i}", scope=SCOPE)


def store_the_same(home: Path, count: int) -> None:
    """What a process does that stores what others store too."""
    engine = engine_at(home)
    for i in range(count):
        remember.store(engine, f"the same fact {i}", scope=SCOPE)


def read_all_the_time(home: Path, until: float, trouble: "Queue[str]") -> None:
    """What a reading process does; a count that shrinks, or any error, is trouble."""
    engine = engine_at(home)
    most = 0
    try:
        while time.time() < until:
            engine = engine_at(home)
            found = len(memories.newest(engine, scope=SCOPE))
            recall.search(engine, "number", scope=SCOPE)
            if found < most:
                trouble.put(f"{found} after {most}")
            most = max(most, found)
    except Exception as error:  # whatever it is, the test wants to know
        trouble.put(repr(error))


def found_by_words(engine: Engine, query: str) -> list[str]:
    """The texts that the full-text index finds for the terms of *query*."""
    memories = engine.db.memories
    ids = memories.found(None, terms(query), "", nearest=0, holding=5).ids
    return sorted(memory.text for memory in memories.with_ids(ids).values())


def run_all(*processes: BaseProcess) -> None:
    """Start them together and wait for all."""
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0


def test_a_store_that_does_not_exist_is_read_as_empty_and_not_made(engine: Engine, scope: Scope) -> None:
    """Reading must not write."""
    assert memories.newest(engine, scope=scope) == []
    assert recall.search(engine, "anything", scope=scope) == []
    assert not engine.home.store.exists()


def test_small_writes_do_not_pile_up(engine: Engine, scope: Scope) -> None:
    """Fragments, versions and files stay few, however many single stores there were."""
    for i in range(60):
        remember.store(engine, f"fact {i}", scope=scope)
    files = [path for path in engine.home.store.rglob("*") if path.is_file()]
    assert len(files) < 60
    assert memories.count(engine, scope=scope) == 60
    assert recall.search(engine, "fact 7", scope=scope)[0].text == "fact 7"


def test_words_are_found_before_and_after_they_are_indexed(engine: Engine, scope: Scope) -> None:
    """A full-text index that goes stale would find nothing of the latest memories."""
    for i in range(2 * FRAGMENTS_KEPT + 3):
        remember.store(engine, f"alpha{i} beta", scope=scope)
        assert found_by_words(engine, f"alpha{i}") == [f"alpha{i} beta"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("我喜欢喝茶，住在北京", "北京"),
        ("Она живёт в Москве и любит кошек", "москве"),
        ("Die Datenbankverbindung läuft über München", "muenchen munchen"),
        ("error_code E1047 in get_user_by_id", "user id"),
        ("the dog and the cat share ops duties", "dog"),
        (
            "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
    ],
    ids=["chinese", "russian", "german", "identifier", "short words", "hash"],
)
def test_full_text_finds_words_of_many_languages(engine: Engine, scope: Scope, text: str, query: str) -> None:
    """Also those that a tokenizer's stop words of other languages would swallow."""
    remember.store_all(engine, [Draft(text=one, scope=scope) for one in (text, "something else entirely")])
    assert found_by_words(engine, query) == [text]


def test_titles_speakers_and_tags_are_words_too(engine: Engine, scope: Scope) -> None:
    """They are how people name what they look for."""
    remember.store(
        engine, "It runs on port 5432", scope=scope, title="Database", tags=("infra",), speaker="Noor"
    )
    for word in ("database", "infra", "noor"):
        assert found_by_words(engine, word), word


def test_who_has_read_whose_vectors_are_current_before_another_model_took_over_looks_again(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """The tables of the model before are gone by then, which is no damage."""
    remember.store(engine, "a boat", scope=scope)
    reader = make_engine().db
    assert reader._said()["current"]["number"] == 1
    with engine.db.writing() as db:
        db.take_over(db.next_generation(replace(engine.embedder.model, name="another")))
    assert not (engine.home.store / "memories_1.lance").exists()
    assert reader.current is not None
    assert reader.current.number == 2


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    """Three writers, tidying up as they go, and two readers that never see less than before."""
    trouble = FORKED.Queue()
    until = time.time() + 8
    writers = [FORKED.Process(target=store_numbers, args=(tmp_path, f"w{n}", 25)) for n in range(3)]
    readers = [FORKED.Process(target=read_all_the_time, args=(tmp_path, until, trouble)) for _ in range(2)]
    run_all(*writers, *readers)
    assert trouble.empty(), trouble.get()
    stored = {memory.text for memory in memories.newest(engine_at(tmp_path), scope=SCOPE)}
    assert stored == {f"w{n} number {i}" for n in range(3) for i in range(25)}


def test_the_same_facts_from_several_processes_are_stored_once(tmp_path: Path) -> None:
    """Reading, deciding and writing happen under one lock; making the store too."""
    run_all(*(FORKED.Process(target=store_the_same, args=(tmp_path, 15)) for _ in range(4)))
    texts = [memory.text for memory in memories.newest(engine_at(tmp_path), scope=SCOPE)]
    assert sorted(texts) == sorted(f"the same fact {i}" for i in range(15))


def test_a_writer_killed_in_the_middle_leaves_a_store_that_works(tmp_path: Path) -> None:
    """Its lock goes with it, and nothing it had stored is lost."""
    process = FORKED.Process(target=store_numbers, args=(tmp_path, "w", 10_000))
    process.start()
    engine = engine_at(tmp_path)
    deadline = time.time() + 60
    while memories.count(engine_at(tmp_path), scope=SCOPE) < 20 and time.time() < deadline:
        time.sleep(0.05)
    seen = {memory.text for memory in memories.newest(engine_at(tmp_path), scope=SCOPE)}
    process.kill()
    process.join()
    remember.store(engine, "life goes on", scope=SCOPE)
    after = {memory.text for memory in memories.newest(engine_at(tmp_path), scope=SCOPE)}
    assert len(seen) >= 20
    assert seen | {"life goes on"} <= after


def test_a_store_of_a_newer_memcli_is_refused(engine: Engine, scope: Scope) -> None:
    """With a word on what to do, and without touching it."""
    remember.store(engine, "x", scope=scope)
    with engine.db.writing() as db:
        value = json.dumps({"format": 99, "generation": 1, "model": {}})
        db._meta.put(pa.table({"key": ["store"], "value": [value]}, schema=META_SCHEMA))
    with pytest.raises(StorageError, match="newer memcli") as caught:
        memories.newest(engine_at(engine.home.data), scope=scope)
    assert "upgrade" in caught.value.hint


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    """Neither read as an empty store nor written into."""
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "holiday.jpg").write_text("sand")
    engine = engine_at(tmp_path)
    for attempt in (
        lambda: memories.newest(engine, scope=SCOPE),
        lambda: remember.store(engine, "x", scope=SCOPE),
    ):
        with pytest.raises(StorageError, match="not a memcli store"):
            attempt()
    assert [path.name for path in (tmp_path / "db").iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null"])
def test_a_place_that_can_not_be_written_is_said_so(place: str) -> None:
    """In one sentence that names it."""
    engine = engine_at(Path(place))
    with pytest.raises(StorageError, match=place):
        remember.store(engine, "x", scope=SCOPE)


def test_the_directory_is_the_owners_alone(engine: Engine, scope: Scope) -> None:
    """Memories are private."""
    remember.store(engine, "x", scope=scope)
    assert engine.home.store.stat().st_mode & 0o077 == 0


def test_the_store_remembers_its_model(
    engine: Engine, scope: Scope, make_engine: Callable[..., Engine]
) -> None:
    """What made the vectors is known without the model."""
    remember.store(engine, "x", scope=scope)
    assert Database(engine.home.store).model == WordHashEmbedder().model


def test_a_store_of_format_1_is_brought_up_when_it_is_opened(engine: Engine, scope: Scope) -> None:
    """Nothing is lost; what later formats know of a memory is there or empty; done once."""
    texts = ["Where is the ferry?", "At the pier. [shares a map]", "Gone!"]
    ids = [str(remember.store(engine, text, scope=scope).id) for text in texts]
    before = {name: memories.find(engine, name) for name in ids}
    table: Any = engine.db.memories.table._table
    table.drop_columns(["uses", "used_at", "asks"])
    meta: Any = engine.db._meta._table
    [row] = meta.search().to_list()
    meta.update(values={"value": json.dumps({**json.loads(row["value"]), "format": 1})})
    old = Database(engine.home.store)
    assert {memory.id: memory for memory in old.memories.where("")} == before
    rows = old.memories.table.rows("", ["id", "asks", "uses"]).to_pylist()
    assert {row["id"]: row["asks"] for row in rows} == dict(zip(ids, [True, False, False], strict=True))
    assert json.loads(old._meta.rows().to_pylist()[0]["value"])["format"] == FORMAT
    again = Database(engine.home.store)
    assert version(again) == version(old)


def version(database: Database) -> Any:
    """The version of the table of memories: each write makes a new one."""
    table: Any = database.memories.table._table
    return table.version

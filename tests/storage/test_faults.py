"""Faults that were found once and must not come back: processes killed half-way, tables that are gone."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcli.errors import StorageError
from memcli.model import Mode, Scope
from memcli.services import forgetting, memories, recall, remember, transfer, upkeep
from memcli.services.engine import Engine
from memcli.storage import indexes as indexes_module
from memcli.storage.database import Database
from memcli.storage.indexes import TEXT_INDEX
from memcli.storage.lance import translated
from memcli.storage.memories import Memories
from memcli.storage.table import Table
from memcli.storage.tidiness import UNINDEXED_MOST

MakeEngine = Callable[..., Engine]


class KilledError(BaseException):
    """What stands for the end of a process: nothing that memcli catches."""


def kill(*_: Any, **__: Any) -> None:
    """What a process that is killed here does."""
    raise KilledError


def holds(directory: Path, secret: bytes) -> list[Path]:
    """The files below *directory* in which *secret* can be read."""
    return [path for path in directory.rglob("*") if path.is_file() and secret in path.read_bytes()]


def found_by_words(engine: Engine, query: str) -> list[str]:
    """The texts that the full-text index finds for *query*."""
    memories = engine.db.memories
    ids = memories.found(None, [query], "", nearest=0, holding=5).ids
    return sorted(memory.text for memory in memories.with_ids(ids).values())


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (indexes_module, "make_text"),
        (Table, "put"),
        (Memories, "create"),
        (Database, "_record"),
        (Memories, "add"),
    ],
    ids=["before the index", "before meta says anything", "before all", "after the tables", "before the row"],
)
def test_a_first_store_that_is_killed_leaves_a_place_where_the_next_one_works(
    make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """Words are found by their stems, which only a full-text index of our own making can do."""
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill)
        with pytest.raises(KilledError):
            remember.store(make_engine(), "never written", scope=scope)
    assert memories.newest(make_engine(), scope=scope) == []
    remember.store(make_engine(), "the database", scope=scope)
    upkeep.optimize(make_engine())
    engine = make_engine()
    assert engine.db.memories.table._stats(TEXT_INDEX) is not None
    assert found_by_words(engine, "databases") == ["the database"]
    assert [memory.text for memory in memories.newest(engine, scope=scope)] == ["the database"]


@pytest.mark.parametrize("dimension", [32, 24], ids=["same model", "another model"])
def test_a_first_store_that_is_killed_binds_nobody_to_its_model(
    make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch, dimension: int
) -> None:
    """The tables it left are made anew, for vectors of the length that is needed."""
    from tests.wordhash import WordHashEmbedder

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_record", kill)
        with pytest.raises(KilledError):
            remember.store(make_engine(), "never written", scope=scope)
    other = WordHashEmbedder("other", dimension)
    remember.store(make_engine(embedder=other), "the database", scope=scope)
    hits = recall.search(make_engine(embedder=other), "the databases", scope=scope)
    assert [hit.text for hit in hits] == ["the database"]


def kill_in_erase(self: Table, *arguments: Any, **about: Any) -> None:
    """Kills a purge when it comes to the memories themselves; their index has been dropped by then."""
    if self.name.startswith("memories"):
        raise KilledError


@pytest.mark.parametrize(
    ("owner", "name", "instead"),
    [(Table, "delete_keys", kill_in_erase), (indexes_module, "make_text", kill)],
    ids=["before the rows are gone", "after the rows are gone"],
)
@pytest.mark.parametrize("through", ["optimize", "store"])
def test_a_purge_that_is_killed_does_not_cost_the_index(
    make_engine: MakeEngine,
    scope: Scope,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    instead: Callable[..., None],
    through: str,
) -> None:
    """The next write, or `optimize`, makes it again; the purge can be repeated, and then holds."""
    remember.store(make_engine(), "the database", scope=scope)
    gone = str(remember.store(make_engine(), "xylophone quagmire", scope=scope).id)
    forgetting.forget(make_engine(), [gone])
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, instead)
        with pytest.raises(KilledError):
            forgetting.purge(make_engine(), forgetting.purgeable(make_engine(), [gone], scope=scope))
    assert make_engine().db.memories.table._stats(TEXT_INDEX) is None
    assert [hit.text for hit in recall.search(make_engine(), "the database", scope=scope)] == ["the database"]
    if through == "optimize":
        upkeep.optimize(make_engine())
    remember.store(make_engine(), "many houses", scope=scope)
    engine = make_engine()
    assert engine.db.memories.table._stats(TEXT_INDEX) is not None
    assert found_by_words(engine, "databases") == ["the database"]
    assert found_by_words(engine, "house") == ["many houses"]
    forgetting.purge(engine, forgetting.purgeable(engine, scope=scope))
    upkeep.optimize(make_engine())
    assert holds(engine.home.store, b"xylophon") == []


@pytest.mark.parametrize(
    "act",
    [
        lambda engine, scope: memories.newest(engine, scope=scope),
        lambda engine, scope: recall.search(engine, "x", scope=scope),
        lambda engine, scope: remember.store(engine, "another", scope=scope),
        lambda engine, scope: upkeep.optimize(engine),
        lambda engine, scope: list(transfer.export(engine, scope=scope)),
    ],
    ids=["list", "search", "store", "optimize", "export"],
)
def test_a_table_that_somebody_deleted_is_said_to_be_missing(
    make_engine: MakeEngine, scope: Scope, act: Callable[[Engine, Scope], Any]
) -> None:
    """An empty answer would be a lie, and a new table would hide that something was lost."""
    engine = make_engine()
    remember.store(engine, "x", scope=scope)
    shutil.rmtree(engine.home.store / "memories_1.lance")
    before = {path.name for path in engine.home.store.iterdir()}
    for _ in range(2):
        with pytest.raises(StorageError, match=r"damaged.*memories_1 is missing"):
            act(make_engine(), scope)
    assert {path.name for path in engine.home.store.iterdir()} == before


def test_a_clean_up_that_fails_does_not_make_the_write_fail(
    make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for is done; a caller who is told otherwise would do it twice."""

    def fail(self: Table, **about: Any) -> bool:
        raise StorageError("the disk is full")

    first = str(remember.store(make_engine(), "one", scope=scope).id)
    with monkeypatch.context() as patch:
        patch.setattr(Table, "tidy", fail)
        remember.store(make_engine(), "two", scope=scope)
        memories.update(make_engine(), first, text="three")
        forgetting.forget(make_engine(), [first])
        with pytest.raises(StorageError, match="full"):  # here the clean-up is what was asked for
            upkeep.optimize(make_engine())
        with pytest.raises(StorageError, match="full"):
            forgetting.purge(make_engine(), forgetting.purgeable(make_engine(), scope=scope))
    assert [memory.text for memory in memories.newest(make_engine(), scope=scope)] == ["two"]
    remember.store(make_engine(), "four", scope=scope)
    upkeep.optimize(make_engine())
    assert {memory.text for memory in memories.newest(make_engine(), scope=scope)} == {"two", "four"}


def test_lancedb_failing_in_a_clean_up_does_not_make_the_write_fail(
    make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own exceptions become ours before they are passed over."""

    def fail(*_: object) -> bool:
        raise OSError("No space left on device")

    remember.store(make_engine(), "one", scope=scope)
    monkeypatch.setattr(Table, "_is_index_due", fail)
    remember.store(make_engine(), "two", scope=scope)
    assert {memory.text for memory in memories.newest(make_engine(), scope=scope)} == {"one", "two"}


def unindexed(engine: Engine) -> int:
    """How many memories the full-text index does not know."""
    table = engine.db.memories.table
    return table.count() - table.indexed("words_idx")


def test_an_import_leaves_few_rows_that_the_index_does_not_know(
    make_engine: MakeEngine, scope: Scope
) -> None:
    """A search reads through those one by one."""
    lines = [f'{{"text": "databases number {i}"}}' for i in range(600)]
    assert len(list(transfer.import_lines(make_engine(), lines, scope=scope))) == 600
    assert unindexed(make_engine()) <= UNINDEXED_MOST
    found = recall.search(make_engine(), "database", scope=scope, mode=Mode.TEXT, limit=600)
    assert len(found) == 600  # known or not
    upkeep.optimize(make_engine())
    assert unindexed(make_engine()) == 0


def test_a_single_write_beyond_the_limit_is_indexed_at_once(
    make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few fragments it made."""
    monkeypatch.setattr("memcli.storage.tidiness.UNINDEXED_MOST", 20)
    lines = [f'{{"text": "databases number {i}"}}' for i in range(21)]
    list(transfer.import_lines(make_engine(), lines, scope=scope))
    assert unindexed(make_engine()) == 0


@pytest.mark.parametrize("name", ["PanicException", "RustPanic"])
def test_a_panic_is_told_in_a_sentence(name: str) -> None:
    """Where it was called, or where it was waited for."""
    panic = type(name, (BaseException,), {})
    said = "can't tidy it: LanceDB has given up: not implemented"
    with pytest.raises(StorageError, match=said), translated("tidy it"):
        raise panic("not implemented")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("lance error: LanceError(IO): Permission denied (os error 13), /root/.cargo/x.rs:1:2"),
        PermissionError(13, "Permission denied", "/somewhere/data/x.lance"),
    ],
)
def test_files_that_root_left_are_told_of_in_words_of_people(error: Exception) -> None:
    """LanceDB says it in its own; so says Python."""
    with pytest.raises(StorageError) as raised, translated("open memories_1"):
        raise error
    assert str(raised.value) == "can't open memories_1: permission denied (are all files of the store yours?)"

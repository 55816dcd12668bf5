"""Faults that were found once and must not come back: half-done changes, hidden passages, slow queries."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memcli import Memory
from memcli.errors import UsageError
from memcli.model import Action, Draft, Mode, Scope
from memcli.services import forgetting, memories, models, names, recall, remember, spaces, transfer, upkeep
from memcli.services.engine import Engine
from memcli.services.finding import searcher
from memcli.services.models import Changed
from memcli.services.select import Filter
from memcli.storage.database import Database
from memcli.storage.generation import Generation
from memcli.storage.indexes import TEXT_INDEX
from memcli.storage.lookup import Looked
from memcli.storage.memories import Memories
from memcli.storage.passages import Passages
from memcli.storage.seeking import Holding, Near
from memcli.storage.table import Table
from tests.conftest import NOW, Clock
from tests.services.test_models import Meanwhile
from tests.wordhash import WordHashEmbedder

MakeEngine = Callable[..., Engine]

LONG = "filler words here " * 60 + "zebrafinch aviary " * 12
TEXTS = {
    **{
        f"w{i}": f"{word} tree"
        for i, word in enumerate(("amber", "birch", "cedar", "elder", "fern", "hazel"))
    },
    "long": LONG,
    "secret": "xylophone quagmire",
}


class KilledError(BaseException):
    """What stands for the end of a process: nothing that memcli catches."""


def kill(*_: Any, **__: Any) -> None:
    """What a process that is killed here does."""
    raise KilledError


def holds(directory: Path, secret: bytes) -> list[Path]:
    """The files below *directory* in which *secret* can be read."""
    return [path for path in directory.rglob("*") if path.is_file() and secret in path.read_bytes()]


@pytest.fixture
def stored(engine: Engine, scope: Scope) -> Engine:
    """An engine with eight memories, one of them long."""
    remember.store_all(engine, [Draft(text=text, scope=scope, id=name) for name, text in TEXTS.items()])
    return engine


@pytest.fixture
def switch(make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Changed]:
    """Uses the model of an embedder, also while another one is being used."""
    embedders: dict[str, WordHashEmbedder] = {}
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: embedders[name])
    monkeypatch.setattr(models, "CHUNK", 3)  # a few memories are several chunks

    def use(embedder: WordHashEmbedder) -> Changed:
        embedders[embedder.model.name] = embedder
        return models.use(make_engine(embedder=None), embedder.model.name)

    return use


def check(engine: Engine, scope: Scope, texts: dict[str, str] = TEXTS) -> None:
    """The store has exactly *texts* alive in *scope*, each found by words and vectors, and one generation."""
    assert {memory.id: memory.text for memory in memories.newest(engine, scope=scope)} == texts
    for name, text in texts.items():
        query = "zebrafinch aviary" if name == "long" else text
        for mode in Mode:
            assert recall.search(engine, query, scope=scope, mode=mode, limit=1)[0].id == name, (mode, name)
        assert recall.search(engine, query, scope=scope, mode=Mode.VECTOR)[0].similarity > 0.95
    assert engine.db.memories.table._stats(TEXT_INDEX) is not None
    for kind in ("memories", "passages"):
        assert len(list(engine.home.store.glob(f"{kind}_*.lance"))) == 1


# --- a change of model ---


def kill_at_dropping(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill whoever is about to drop the table *name*."""
    drop = Database._drop_table

    def dropping(self: Database, table: str) -> None:
        if table == name:
            raise KilledError
        drop(self, table)

    monkeypatch.setattr(Database, "_drop_table", dropping)


@pytest.mark.parametrize("table", ["memories_1", "passages_1"])
def test_a_change_killed_after_it_took_over_is_done_and_can_be_repeated(
    stored: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    switch: Callable[..., Changed],
    monkeypatch: pytest.MonkeyPatch,
    table: str,
) -> None:
    """What the old model made is dropped then."""
    other = WordHashEmbedder("other", 16)
    with monkeypatch.context() as patch:
        kill_at_dropping(table, patch)
        with pytest.raises(KilledError):
            switch(other)
    engine = make_engine(embedder=other)
    assert {memory.id for memory in memories.newest(engine, scope=scope)} == set(TEXTS)
    assert switch(other).embedded == 0
    check(make_engine(embedder=other), scope)


@pytest.mark.parametrize("table", ["memories_1", "passages_1"])
def test_a_purge_after_a_killed_change_leaves_no_byte(
    stored: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    switch: Callable[..., Changed],
    monkeypatch: pytest.MonkeyPatch,
    table: str,
) -> None:
    """The tables of the old model hold the text, too."""
    other = WordHashEmbedder("other", 16)
    with monkeypatch.context() as patch:
        kill_at_dropping(table, patch)
        with pytest.raises(KilledError):
            switch(other)
    if table == "memories_1":
        assert any("memories_1" in str(path) for path in holds(stored.home.store, b"xylophon"))
    engine = make_engine(embedder=other)
    forgetting.forget(engine, ["secret"])
    forgetting.purge(engine, forgetting.purgeable(engine, scope=scope))
    assert holds(engine.home.store, b"xylophon") == []
    check(make_engine(embedder=other), scope, {i: text for i, text in TEXTS.items() if i != "secret"})


@pytest.mark.parametrize("name", ["other", "third"], ids=["same name", "another name"])
@pytest.mark.parametrize("dimension", [16, 24])
def test_a_change_killed_before_its_tables_were_recorded_does_not_stand_in_the_way(
    stored: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    switch: Callable[..., Changed],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    dimension: int,
) -> None:
    """Nobody knows of the tables, which are for vectors of another length perhaps."""
    record = Database._record

    def recording(self: Database, current: Generation, following: Generation | None = None) -> None:
        if following is not None:
            raise KilledError
        record(self, current, following)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_record", recording)
        with pytest.raises(KilledError):
            switch(WordHashEmbedder("other", 16))
    assert (stored.home.store / "memories_2.lance").is_dir()
    third = WordHashEmbedder(name, dimension)
    assert switch(third).embedded == len(TEXTS)
    check(make_engine(embedder=third), scope)


@pytest.mark.parametrize("after", [0, 7, 13])
@pytest.mark.parametrize("name", ["other", "third"], ids=["the same", "another"])
def test_two_changes_at_once_end_with_a_whole_store(
    stored: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    switch: Callable[..., Changed],
    after: int,
    name: str,
) -> None:
    """The one that ends last decides, and the full-text index is there."""
    within: list[Changed] = []
    outer = Meanwhile(lambda: within.append(switch(WordHashEmbedder(name, 16))), after=after)
    if name == outer.model.name:  # one embedder for both, by whose work nothing happens a second time
        outer.happens = lambda: within.append(switch(outer))
    switch(outer)
    assert len(within) == 1
    engine = make_engine(embedder=outer)
    check(engine, scope)
    remember.store_all(engine, [Draft(text="larch trees", scope=scope, id="new")])
    upkeep.optimize(make_engine(embedder=outer))
    memories = make_engine(embedder=outer).db.memories
    found = memories.found(None, ["larches"], "", nearest=0, holding=5)
    assert found.ids == ("new",)


@pytest.mark.parametrize("after", [0, 4, 13])
def test_a_space_renamed_during_a_change_stays_renamed(
    stored: Engine,
    clock: Clock,
    make_engine: MakeEngine,
    switch: Callable[..., Changed],
    after: int,
) -> None:
    """With its passages, and under the same clock time, which is no sign of what has changed."""
    other = Meanwhile(lambda: spaces.rename(make_engine(), "work", "job", user="me"), after=after)
    switch(other)
    engine = make_engine(embedder=other)
    check(engine, Scope("job", "me"))
    assert [space.name for space in spaces.all_spaces(engine, user="me")] == ["job"]
    assert {row["space"] for row in engine.db.passages.table.rows().to_pylist()} == {"job"}


# --- a space's new name ---

WRITES = 5
"""The journal, the description under the new name, passages, memories, and away with the description."""


def kill_at_write(number: int, patch: pytest.MonkeyPatch) -> None:
    """Kill whoever is about to change a table for the time *number*, from 1."""
    write, counter = Table.write, iter(range(1, 100))

    def writing(self: Table, change: Callable[..., object]) -> None:
        if next(counter) == number:
            raise KilledError
        write(self, change)

    patch.setattr(Table, "write", writing)


@pytest.mark.parametrize("step", [*range(1, WRITES + 1), "drop", "note"])
def test_a_renaming_that_is_killed_leaves_all_memories_on_one_side(
    stored: Engine,
    make_engine: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    step: int | str,
) -> None:
    """Not one is lost, whichever side it is."""
    spaces.create(stored, "work", user="me", description="what pays")
    remember.store_all(stored, [Draft(text="of the bot", scope=Scope("work", "me", "bot"), id="bot")])
    forgetting.forget(stored, ["w5"])
    with monkeypatch.context() as patch:
        if isinstance(step, str):
            patch.setattr(names, step, kill)
        else:
            kill_at_write(step, patch)
        with pytest.raises(KilledError):
            spaces.rename(make_engine(), "work", "job", user="me")
    engine = make_engine()
    sides = {memory.space for memory in engine.db.memories.where("")}
    assert len(sides) == 1
    assert set(engine.db.memories.ids()) == {*TEXTS, "bot"}
    scope = Scope(sides.pop(), "me")
    [hit] = recall.search(engine, "zebrafinch aviary", scope=scope, mode=Mode.VECTOR, limit=1)
    assert (hit.id, hit.similarity > 0.95) == ("long", True)
    described = {space.name for space in spaces.all_spaces(engine, user="me") if space.description}
    assert described  # the description is not lost, either
    if scope.space == "work":
        spaces.rename(make_engine(), "work", "job", user="me")
    assert {memory.space for memory in make_engine().db.memories.where("")} == {"job"}
    forgetting.restore(make_engine(), ["w5"])
    assert memories.count(make_engine(), scope=Scope("job", "me", None)) == len(TEXTS) + 1


def test_passages_are_found_after_a_renaming_killed_between_them_and_their_memories(
    stored: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second attempt brings them together, also among so many that only its passage finds the memory."""
    monkeypatch.setattr(searcher, "FOUND", 2)
    with monkeypatch.context() as patch:
        patch.setattr(Memories, "move", kill)
        with pytest.raises(KilledError):
            spaces.rename(make_engine(), "work", "job", user="me")
    spaces.rename(make_engine(), "work", "job", user="me")
    query = "zebrafinch aviary"
    [hit] = recall.search(make_engine(), query, scope=Scope("job", "me"), mode=Mode.VECTOR, limit=1)
    assert hit.id == "long"


# --- a long text ---


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Passages, "keys_of"), (Passages, "add"), (Memories, "put"), (Table, "delete_keys")],
    ids=["at first", "before the passages", "before the memory", "before the stale ones go"],
)
def test_an_update_that_is_killed_leaves_passages_for_the_whole_text(
    stored: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
) -> None:
    """Too many perhaps, never too few; a second attempt clears them up."""
    changed = "other things there " * 50 + "zebrafinch aviary " * 12
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill)
        with pytest.raises(KilledError):
            memories.update(make_engine(), "long", text=changed)
    engine = make_engine()
    text = memories.find(engine, "long").text
    assert text == (changed if name == "delete_keys" else LONG)
    rows = engine.db.passages.table.rows().to_pylist()
    wanted = WordHashEmbedder().passages(text)[1:]
    assert set(wanted) <= {(row["start"], row["end"]) for row in rows}
    [hit] = recall.search(engine, "zebrafinch aviary", scope=scope, mode=Mode.VECTOR, limit=1)
    assert (hit.id, hit.similarity > 0.95) == ("long", True)
    memories.update(make_engine(), "long", text=changed + "end")
    rows = make_engine().db.passages.table.rows().to_pylist()
    wanted = WordHashEmbedder().passages(changed + "end")[1:]
    assert sorted((row["start"], row["end"]) for row in rows) == wanted


@pytest.mark.parametrize("passages", [60, 150])
def test_a_long_text_does_not_hide_the_passages_of_others(
    make_engine: MakeEngine, scope: Scope, passages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of its own are nearer, and though a filter leaves it out."""
    monkeypatch.setattr(searcher, "FOUND", 20)
    engine = make_engine()
    text = "filler words here " * 11 + "quokka7 and numbat8 " * 11 + "filler words here " * 11
    remember.store_all(engine, [Draft(text=text, scope=scope, id="short", tags=("short",))])

    def similarity() -> float:
        wanted = Filter(tags=("short",))
        [hit] = recall.search(make_engine(), "quokka7", scope=scope, mode=Mode.VECTOR, wanted=wanted, limit=1)
        assert hit.id == "short"
        return hit.similarity

    alone = similarity()
    assert alone > 0.3
    remember.store_all(engine, [Draft(text="quokka7 " * 25 * passages, scope=scope, id="long")])
    assert similarity() == pytest.approx(alone, abs=1e-5)


# --- queries, purges ---


def test_a_query_of_many_words_asks_for_few_of_them_alone(
    stored: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs a look into the index; a pasted page has hundreds."""
    asked: list[str] = []
    looked_up = Memories.looked_up

    def counting(self: Memories, questions: Sequence[Near | Holding], **about: Any) -> Looked:
        asked.extend(question.text for question in questions if isinstance(question, Holding))
        return looked_up(self, questions, **about)

    monkeypatch.setattr(Memories, "looked_up", counting)
    query = "amber tree " + " ".join(f"word{i}" for i in range(100))
    hits = recall.search(stored, query, scope=scope)
    assert 0 < len(asked) <= searcher.TERMS
    assert "w0" in {hit.id for hit in hits}
    assert all(0 <= hit.score <= 1 for hit in hits)


def test_what_is_forgotten_in_the_future_can_be_purged_now(
    make_engine: MakeEngine, scope: Scope, clock: Clock
) -> None:
    """It counts as forgotten already, so a purge must reach it; the clock of another machine was wrong."""
    ahead = (NOW + timedelta(days=400)).isoformat()
    line = f'{{"text": "xylophone quagmire", "id": "a", "forgotten_at": "{ahead}"}}'
    [record] = transfer.import_lines(make_engine(), [line], scope=scope)
    assert record.stored.action is Action.STORED
    assert memories.newest(make_engine(), scope=scope) == []
    engine = make_engine()
    assert [memory.id for memory in forgetting.purge(engine, forgetting.purgeable(engine, scope=scope))] == [
        "a"
    ]
    assert holds(engine.home.store, b"xylophon") == []


# --- the Python API ---


WRONG: dict[str, Callable[[Memory], Any]] = {
    "created_at is a text": lambda memory: memory.store("x", created_at="2026-01-01"),
    "expires_at has no zone": lambda memory: memory.store("x", expires_at=datetime(2030, 1, 1)),  # noqa: DTZ001
    "limit of a list is negative": lambda memory: memory.list(limit=-1),
    "limit of a list is nothing": lambda memory: memory.list(limit=0),
    "limit of a search is negative": lambda memory: memory.search("x", limit=-1),
    "limit of a search is too large": lambda memory: memory.search("x", limit=2**40),
    "query is a number": lambda memory: memory.search(5),  # type: ignore[arg-type]
    "tags are a text": lambda memory: memory.search("x", tags="abc"),
    "tags are a text in a store": lambda memory: memory.store("x", tags="abc"),
    "id is a number": lambda memory: memory.get(5),  # type: ignore[arg-type]
    "expires_at of an update is a text": lambda memory: memory.update("a", expires_at="2030-01-01"),
    "where is a number": lambda memory: memory.search("x", where=5),  # type: ignore[arg-type]
    "limit is a text": lambda memory: memory.search("x", limit="5"),  # type: ignore[arg-type]
    "limit of a list is a text": lambda memory: memory.list(limit="5"),  # type: ignore[arg-type]
    "minimum score is a text": lambda memory: memory.search("x", min_score="high"),  # type: ignore[arg-type]
    "budget is a text": lambda memory: memory.context("x", budget="much"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_of_the_wrong_kind_is_a_usage_error(engine: Engine, wrong: str) -> None:
    """Not an exception of Python's own, and not a guess at what was meant."""
    memory = Memory(engine=engine, space="work", user="me")
    list(memory.import_lines(['{"text": "here", "id": "a", "tags": ["a", "b", "c"]}']))
    with pytest.raises(UsageError):
        WRONG[wrong](memory)
    assert [(found.id, found.expires_at) for found in memory.list()] == [("a", None)]


def test_lines_of_an_import_may_be_texts(engine: Engine) -> None:
    """As a file opened as text gives them, whatever is in them."""
    memory = Memory(engine=engine, space="work", user="me")
    lines: list[bytes | str] = ['{"text": "Café हिन्दी"}\n', "\n", '{"text": "bad \ud800"}']
    lines.append(b'{"text": "bytes"}')
    records = list(memory.import_lines(lines))
    assert [(record.line, record.stored.action.value) for record in records] == [
        (1, "stored"),
        (3, "failed"),
        (4, "stored"),
    ]
    assert {found.text for found in memory.list()} == {"Café हिन्दी", "bytes"}

"""The public Python API: the same memory as the command line's, one method for each service."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import memcli
from memcli import Memory
from memcli.errors import ConfigError, ConflictError, MemcliError, NotFoundError, UsageError
from memcli.model import Action, Stored
from memcli.services.engine import Engine
from tests.conftest import Ran
from tests.wordhash import WordHashEmbedder


@pytest.fixture
def memory(engine: Engine) -> Memory:
    """A memory with the word-hash embedder."""
    return Memory(engine=engine, space="work", user="me")


def test_the_example_of_the_readme(memory: Memory) -> None:
    """Store, search, context."""
    stored = memory.store("The production database is PostgreSQL 16", importance=0.9, tags=["infra"])
    assert stored == Stored(action=Action.STORED, id="m000000001", space="work")
    [hit] = memory.search("which database in production")
    assert (hit.id, hit.tags, hit.importance) == (stored.id, ("infra",), 0.9)
    assert "PostgreSQL 16" in memory.context("production database").context


def test_a_memorys_life(memory: Memory) -> None:
    """get, list, update, forget, restore, purge."""
    one, two = str(memory.store("one", metadata={"n": 1}).id), str(memory.store("two", space="home").id)
    assert memory.get(two).space == "home"
    assert [m.id for m in memory.list()] == [one]
    assert [m.id for m in memory.list(space="home", limit=1)] == [two]
    assert memory.list(where="n > 1") == []
    assert memory.update(one, text="three").text == "three"
    assert [m.id for m in memory.forget(one, two)] == [one, two]
    assert [m.id for m in memory.restore(one)] == [one]
    assert [m.id for m in memory.purge(two)] == [two]
    assert memory.purge() == []
    with pytest.raises(NotFoundError):
        memory.get(two)
    assert [(space.name, space.memories) for space in memory.spaces()] == [("work", 1)]


def test_a_search_takes_its_options(memory: Memory) -> None:
    """space, limit, min_score, where, tags, explain."""
    memory.store("one word", tags=("a",), metadata={"n": 1})
    memory.store("two words", tags=("b",), metadata={"n": 2})
    assert len(memory.search("word", limit=1)) == 1
    assert [hit.text for hit in memory.search("word", where="n = 2")] == ["two words"]
    assert [hit.text for hit in memory.search("word", tags=["a"])] == ["one word"]
    assert memory.search("word of somebody else", min_score=1.0) == []
    assert memory.search("word", space="home") == []
    assert memory.search("word", explain=True)[0].signals
    assert memory.context("one word", style="xml", budget=500, min_score=0).context.startswith("<memcli-")


def test_in_and_out(memory: Memory) -> None:
    """What is exported can be imported; a bad line is reported, not raised."""
    lines = [b'{"text": "one", "id": "a"}', b"{", b'{"text": "two", "space": "home"}']
    records = list(memory.import_lines(lines))
    assert [(record.line, record.stored.action.value) for record in records] == [
        (1, "stored"),
        (2, "failed"),
        (3, "stored"),
    ]
    documents = list(memory.export())
    assert [document["text"] for document in documents] == ["one", "two"]
    again = list(memory.import_lines(json.dumps(document).encode() for document in documents))
    assert [record.stored.action for record in again] == [Action.DUPLICATE] * 2
    assert [document["text"] for document in memory.export(space="home")] == ["two"]
    assert memory.optimize().files_after > 0


def test_questions_measure_the_search(memory: Memory) -> None:
    """The same figures as on the command line."""
    name = memory.store("green tea").id
    figures = memory.evaluate([json.dumps({"query": "tea", "relevant": [name]})])
    assert [(one.mode, one.mrr) for one in figures] == [("text", 1), ("vector", 1), ("hybrid", 1)]
    assert memory.evaluate(['{"query": "tea", "relevant": ["m"]}'], space="home")[0].unknown == 1


def test_doubles_and_contradictions_are_settled_and_taken_back(memory: Memory) -> None:
    """Listed, settled, undone; and what is of little use is forgotten."""
    memory.store("The office is on floor 3")
    memory.store("The office is on floor 3.", conflicts=False)
    memory.store("pencils are cheap", importance=0.1)
    [conflict] = memory.conflicts()
    assert conflict.action == "duplicate"
    [step] = memory.resolve([conflict])
    assert (step.action, step.id, step.into) == ("merged", conflict.old.id, conflict.new.id)
    assert memory.conflicts() == []
    [change] = memory.undo()
    assert change.command == "conflicts"
    assert len(memory.conflicts()) == 1
    planned = memory.consolidate(dry_run=True)
    assert {step.action for step in planned} == {"merged", "forgotten"}
    assert memory.consolidate() == planned
    assert memory.consolidate() == []


def test_what_is_not_as_it_should_be_is_a_python_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no standard error to write to in somebody else's program."""
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: WordHashEmbedder())
    with pytest.warns(UserWarning, match="1 of 1 relevant ids name no memory"):
        Memory(home=tmp_path).evaluate([b'{"query": "tea", "relevant": ["x"]}'])


def test_it_is_the_memory_of_the_command_line(
    memcli: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same home, settings and scope."""
    memcli("config", "set", "space", "work")
    memcli("store", "from the shell")
    memory = Memory()
    assert [m.text for m in memory.list()] == ["from the shell"]
    memory.store("from Python")
    assert {m["text"] for m in memcli("list").json} == {"from the shell", "from Python"}
    assert Memory(home=tmp_path / "other").list() == []
    with pytest.raises(NotFoundError):
        Memory(agent="bot").list()
    assert memory.create_agent("bot", model="small").model == "small"
    assert Memory(agent="bot").list() == []
    assert [agent.name for agent in memory.agents()] == ["bot"]
    assert memory.teams() == []
    assert Memory(user="you").list() == []


def wrong(memory: Memory) -> list[tuple[Callable[[], Any], type[MemcliError]]]:
    """Calls that a caller should not have made, and what they raise."""
    return [
        (lambda: memory.store(""), UsageError),
        (lambda: memory.store(5), UsageError),  # type: ignore[arg-type]
        (lambda: memory.store("x", importance=2), UsageError),
        (lambda: memory.store("x", importance="high"), UsageError),
        (lambda: memory.store("x", space="../x"), UsageError),
        (lambda: memory.store("x", colour="red"), UsageError),
        (lambda: memory.search(""), UsageError),
        (lambda: memory.search("x", where="("), UsageError),
        (lambda: memory.search("x", limit=0), UsageError),
        (lambda: memory.search("x", min_score=float("nan")), UsageError),
        (lambda: memory.context("x", style="poem"), UsageError),
        (lambda: memory.get("nosuch"), NotFoundError),
        (lambda: memory.update("nosuch", text="x"), NotFoundError),
        (lambda: memory.purge(str(memory.store("alive").id)), ConflictError),
    ]


@pytest.mark.parametrize("call", range(14))
def test_whatever_a_caller_does_wrong_is_one_of_our_errors(memory: Memory, call: int) -> None:
    """As its docstring promises."""
    act, error = wrong(memory)[call]
    with pytest.raises(error):
        act()


def test_a_field_that_is_none_of_an_update_is_refused(memory: Memory) -> None:
    """A typing error must not be passed over, nor reach the store."""
    name = str(memory.store("x").id)
    for change in ({"colour": "red"}, {"space": "../x"}, {"id": "other"}):
        with pytest.raises(UsageError):
            memory.update(name, **change)
    assert memory.get(name).space == "work"


def test_a_broken_configuration_is_said_when_the_memory_is_opened(tmp_path: Path) -> None:
    """Not later."""
    (tmp_path / "config.toml").write_text("[search]\nlimit = 0\n")
    with pytest.raises(ConfigError, match=r"search\.limit"):
        Memory(home=tmp_path)


def test_the_package_has_what_it_says() -> None:
    """And no other names."""
    assert memcli.Memory is Memory
    assert memcli.__version__
    with pytest.raises(AttributeError):
        memcli.nosuch  # noqa: B018


def test_two_memories_on_one_home_see_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has read already sees what another stores later."""
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: WordHashEmbedder())
    one, two = Memory(home=tmp_path), Memory(home=tmp_path)
    assert one.list() == two.list() == []
    one.store("first word")
    assert [m.text for m in two.list()] == ["first word"]
    two.store("second word")
    assert {m.text for m in one.list()} == {"first word", "second word"}
    assert {hit.text for hit in one.search("word")} == {"first word", "second word"}


def test_edges_and_values_from_python(memory: Memory) -> None:
    """The same as on the command line, with Python's own values."""
    one, two = (str(memory.store(text).id) for text in ("first thing", "second thing"))
    assert memory.connect(one, two, "requires", weight=0.5).action == "connected"
    assert [node.id for node in memory.traverse(one, depth=2).nodes] == [one, two]
    assert memory.path(one, two).score == 0.5
    assert [edge.type for edge in memory.edges(two)] == ["requires"]
    assert len(memory.graph().edges) == 1
    assert [edge.action for edge in memory.disconnect(one, two)] == ["disconnected"]
    memory.set_value("prefs", {"n": 10**30, "names": ["ü"]}, if_absent=True)
    assert memory.get_value("prefs") == {"n": 10**30, "names": ["ü"]}
    assert memory.get_value("prefs", field="names[0]") == "ü"
    assert memory.increase_value("count", 5) == 5
    assert memory.append_value("log", None).version == 1
    assert [value.key for value in memory.list_values()] == ["count", "log", "prefs"]
    assert [gone.key for gone in memory.delete_value("log")] == ["log"]
    with pytest.raises(UsageError):
        memory.set_value("x", {1, 2})
    with pytest.raises(ConflictError):
        memory.set_value("prefs", 1, if_version=9)

"""What is to leave the disk leaves it, even if whoever takes it away is killed in between."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memcli.config import Config
from memcli.model import Scope
from memcli.services import (
    conversations,
    ending,
    forgetting,
    graph,
    memories,
    remember,
    scanning,
    tasks,
    turns,
    undo,
)
from memcli.services.engine import Engine
from memcli.services.vectors import Embedded
from memcli.storage.conversations import Conversations
from memcli.storage.edges import Edges
from memcli.storage.journal import Journal
from memcli.storage.memories import Memories
from memcli.storage.table import Table
from memcli.storage.tasks import Tasks
from tests.services.test_faults import KilledError, holds, kill
from tests.services.test_redaction import MIX
from tests.wordhash import UNCHECKED

MakeEngine = Callable[..., Engine]

SECRET = "ghp_" + MIX[:36]


def of_memories(what: Callable[..., Any]) -> Callable[..., Any]:
    """*what*, a method of tables, for all but the memories, where it is the end of the process."""

    def instead(self: Table, *arguments: Any, **about: Any) -> Any:
        return kill() if self.name.startswith("memories") else what(self, *arguments, **about)

    return instead


PLACES: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "edges": (Edges, "erase", kill),
    "journal": (Journal, "erase", kill),
    "tasks": (Tasks, "erase", kill),
    "conversations": (Conversations, "erase", kill),
    "the others written": (Table, "set_apart", of_memories(Table.set_apart)),
    "the rows deleted": (Table, "delete_keys", of_memories(Table.delete_keys)),
    "the old files removed": (Memories, "complete", kill),
}
"""Where a purge can be killed, in this order."""


def furnished(engine: Engine, scope: Scope) -> str:
    """Have all tables of a store say something of one memory, an episode, which is forgotten: its id."""
    for number in range(12):
        remember.store(engine, f"neighbour {number}", scope=scope)
    tasks.start(engine, "Find the xylophone", scope=scope)
    gone = ending.end(engine, scope=scope).episode
    [other] = [m.id for m in memories.newest(engine, scope=scope) if m.text == "neighbour 3"]
    graph.connect(engine, gone, other, scope=scope)
    memories.update(engine, gone, scope=scope, text="The quagmire of before")
    forgetting.forget(engine, [gone], scope=scope)
    return gone


def is_left(engine: Engine) -> list[Path]:
    """The files in which one can read what the purged memory said."""
    return [path for word in (b"xylophone", b"quagmire") for path in holds(engine.home.store, word)]


@pytest.mark.parametrize("place", PLACES)
def test_a_purge_that_was_killed_is_completed_by_the_next_one(
    make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """It finds the memory until nothing else says what it said; after that, the next write is enough."""
    gone = furnished(make_engine(), scope)
    with monkeypatch.context() as patch:
        owner, name, instead = PLACES[place]
        patch.setattr(owner, name, instead)
        with pytest.raises(KilledError):
            forgetting.purge(make_engine(), forgetting.purgeable(make_engine(), [gone], scope=scope))
    assert is_left(make_engine())
    again = make_engine()
    if place == "the old files removed":
        assert forgetting.purgeable(again, scope=scope) == []
        remember.store(again, "neighbour 13", scope=scope)
    else:
        assert [m.id for m in forgetting.purge(again, forgetting.purgeable(again, [gone], scope=scope))] == [
            gone
        ]
    assert is_left(again) == []
    there = [memory.text for memory in memories.newest(make_engine(), scope=scope)]
    assert {f"neighbour {number}" for number in range(12)} <= set(there)


@pytest.fixture
def leaky(make_engine: MakeEngine, scope: Scope) -> Engine:
    """An engine whose store holds a secret: in a memory, in what it was before, in a summary of it."""
    free = make_engine(replace(UNCHECKED, secrets="allow"))
    for number in range(12):
        remember.store(free, f"neighbour {number}", scope=scope)
    said = f"The token of the deployment is {SECRET} as of today."
    turns.add(free, "user", said, scope=scope, conversation="daily")
    turns.add(free, "assistant", "I will keep that in mind for later.", scope=scope, conversation="daily")
    conversations.summarize(free, scope=scope, conversation="daily")
    told = turns.all_turns(free, scope=scope)[0].id
    memories.update(free, told, scope=scope, text=f"{said} It is new.")
    return make_engine()


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Embedded, "put_into"), (Memories, "complete")],
    ids=["before they are written", "after it"],
)
def test_a_secret_is_gone_even_if_the_scan_was_killed(
    leaky: Engine,
    make_engine: MakeEngine,
    scope: Scope,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
) -> None:
    """A scan finds it again, or the next write takes the last of it away; `undo` never brings it back."""
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill)
        with pytest.raises(KilledError):
            scanning.redact(leaky, scanning.scan(leaky, scope=scope))
    again = make_engine()
    assert len(scanning.redact(again, scanning.scan(again, scope=scope))) == (name == "put_into")
    remember.store(again, "neighbour 13", scope=scope)
    assert holds(again.home.store, SECRET.encode()) == []
    assert all(memory.text != "neighbour 13" for memory in undone(again, scope))
    assert not [memory for memory in undone(again, scope) if SECRET in memory.text]


def undone(engine: Engine, scope: Scope) -> list[Any]:
    """The memories of *scope* after everything that can be taken back was."""
    undo.undo(engine, scope=scope)
    return memories.newest(engine, scope=scope)


def test_a_purge_leaves_the_summaries_of_others_alone(make_engine: MakeEngine) -> None:
    """Two people may call a conversation the same."""
    engine = make_engine(Config(conflicts=UNCHECKED.conflicts))
    ann, bob = Scope("work", "ann"), Scope("work", "bob")
    for scope in (ann, bob):
        for said in ("The meeting is at nine in the big room.", f"I am {scope.user}, and the freeze begins."):
            turns.add(engine, "user", said, scope=scope, conversation="daily")
        conversations.summarize(engine, scope=scope, conversation="daily")
    gone = forgetting.forget(engine, [turns.all_turns(engine, scope=ann)[0].id], scope=ann)
    forgetting.purge(engine, gone)
    rows = engine.db.conversations.table.rows().to_pylist()
    assert {row["user"]: bool(row["summary"]) for row in rows} == {"ann": False, "bob": True}

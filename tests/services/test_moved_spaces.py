"""Renaming and merging spaces: killed anywhere, given again, taken back; nothing is mixed up or stuck."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from memcli.errors import ConflictError, NotFoundError
from memcli.model import Draft, Scope
from memcli.services import forgetting, memories, remember, spaces, values
from memcli.services.engine import Engine
from memcli.services.undo import undo
from memcli.storage.conversations import Owner, Row
from memcli.storage.table import Table
from memcli.work import Task
from tests.conftest import NOW, Clock
from tests.services.test_faults import KilledError, kill_at_write

MakeEngine = Callable[..., Engine]

A, B = Scope("a", "me"), Scope("b", "me")
EVERYWHERE = Scope(None, "me", None)
LONG = "filler words here " * 60
State = dict[str, set[tuple[Any, ...]]]


def everything(engine: Engine) -> State:
    """What the store holds, the space first."""
    db = engine.db
    columns: dict[str, tuple[Table, list[str]]] = {
        "memories": (db.memories.table, ["space", "id", "forgotten_at"]),
        "passages": (db.passages.table, ["space", "memory", "start"]),
        "values": (db.values.table, ["space", "name", "data"]),
        "tasks": (db.tasks.table, ["space", "key", "is_current"]),
        "conversations": (db.conversations.table, ["space", "agent", "id"]),
        "spaces": (db.spaces.table, ["name", "description", "created_at"]),
    }
    return {
        what: {tuple(row[name] for name in some) for row in table.rows("", some).to_pylist()}
        for what, (table, some) in columns.items()
    }


def moved(state: State) -> State:
    """*state* with all that is in the space a in b."""
    return {what: {("b", *row[1:]) if row[0] == "a" else row for row in rows} for what, rows in state.items()}


def beside(engine: Engine, scope: Scope) -> None:
    """Let *scope* hold one of each beside memories, called by its space."""
    values.put(engine, f"of {scope.space}", "1", scope=scope)
    with engine.db.writing() as db:
        owner = Owner(space=str(scope.space), user="me", agent="")
        db.conversations.put([Row(owner=owner, id=f"talk in {scope.space}", created_at=NOW, updated_at=NOW)])
        task = Task(id="t", goal="x", space=owner.space, user="me", created_at=NOW, updated_at=NOW)
        db.tasks.put([replace(task, id=f"task in {scope.space}", agent=owner.space, is_current=True)])


def last(engine: Engine) -> str:
    """The command that undo would take back."""
    return undo(engine, scope=EVERYWHERE, dry_run=True)[0].command


def is_killed(act: Callable[[], object], at: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Let *act* be killed at its write number *at*; whether it had so many."""
    with monkeypatch.context() as patch:
        kill_at_write(at, patch)
        try:
            act()
        except KilledError:
            return True
    return False


@pytest.fixture
def two(engine: Engine, request: pytest.FixtureRequest) -> Engine:
    """A space a, and the name b, under which only a forgotten memory and what is beside memories are.

    The space has a description if the fixture's parameter says so.
    """
    draft = [Draft(text=LONG + "here", scope=A, id="here"), Draft(text="gone", scope=A, id="gone")]
    remember.store_all(engine, [*draft, Draft(text=LONG + "there", scope=B, id="there")])
    forgetting.forget(engine, ["gone", "there"])
    for scope in (A, B):
        beside(engine, scope)
    if getattr(request, "param", True):
        spaces.create(engine, "a", user="me", description="about a")
    return engine


def rename(make_engine: MakeEngine) -> object:
    """As a process of its own would."""
    return spaces.rename(make_engine(), "a", "b", user="me")


# --- killed ---

# the journal, values, tasks, conversations twice, passages and memories; and a description at both ends
KILLS = [(True, at) for at in range(1, 10)] + [(False, at) for at in (1, 3, 6, 7)]
"""Whether the space has a description, and at which write the renaming is killed."""


@pytest.mark.parametrize(("two", "at"), KILLS, indirect=["two"])
def test_a_renaming_killed_anywhere_is_finished_when_given_again(
    two: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It is one change still, and everything is where it was once that is taken back."""
    before = everything(two)
    assert is_killed(lambda: rename(make_engine), at, monkeypatch)
    if "a" in {space.name for space in spaces.all_spaces(make_engine(), user="me")}:
        rename(make_engine)
    assert everything(make_engine()) == moved(before)
    assert undo(make_engine(), scope=EVERYWHERE)[0].command == "spaces rename"
    assert everything(make_engine()) == before
    assert last(make_engine()) == "forget"


@pytest.mark.parametrize(("two", "at"), [kill for kill in KILLS if kill[1] > 1], indirect=["two"])
def test_a_renaming_killed_anywhere_can_be_taken_back(
    two: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """With what it has moved so far, from the write on that comes after the journal's."""
    before = everything(two)
    assert is_killed(lambda: rename(make_engine), at, monkeypatch)
    assert undo(make_engine(), scope=EVERYWHERE)[0].command == "spaces rename"
    assert everything(make_engine()) == before


# as many without the journal; then the memory that was there and its passages go back, and the journal's row
@pytest.mark.parametrize(
    ("two", "at"), [(True, at) for at in range(1, 12)] + [(False, at) for at in (5, 9)], indirect=["two"]
)
def test_taking_a_renaming_back_goes_on_where_it_was_killed(
    two: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It does not stand in the way of what was before it, for the old name that is there again."""
    before = everything(two)
    rename(make_engine)
    assert is_killed(lambda: undo(make_engine(), scope=EVERYWHERE), at, monkeypatch)
    (undone,) = undo(make_engine(), scope=EVERYWHERE)
    assert (undone.command, undone.changed >= 0) == ("spaces rename", True)
    assert everything(make_engine()) == before
    assert last(make_engine()) == "forget"


@pytest.mark.parametrize("all_doubles", [True, False])
@pytest.mark.parametrize("at", range(2, 10))
def test_a_merger_killed_anywhere_is_finished_when_given_again(
    engine: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, at: int, all_doubles: bool
) -> None:
    """And everything is where it was when all of it is taken back."""
    spaces.create(engine, "a", user="me", description="about a")
    remember.store(engine, "both know this", scope=A)
    if not all_doubles:
        remember.store(engine, LONG, scope=A)
    remember.store(engine, "Both know this", scope=B)
    for scope in (A, B):
        beside(engine, scope)
        values.put(engine, "of both", f'"{scope.space}"', scope=scope)
    before = everything(engine)
    assert is_killed(lambda: spaces.merge(make_engine(), "a", "b", user="me"), at, monkeypatch)
    if "a" in {space.name for space in spaces.all_spaces(make_engine(), user="me")}:
        spaces.merge(make_engine(), "a", "b", user="me")
    (found,) = spaces.all_spaces(make_engine(), user="me")
    assert (found.name, found.memories, found.description) == ("b", 1 if all_doubles else 2, "about a")
    after = everything(make_engine())
    assert {row[0] for row in after["memories"] | after["passages"] | after["conversations"]} == {"b"}
    assert after["values"] == {
        ("a", "of both", '"a"'),
        ("b", "of both", '"b"'),
        ("b", "of a", "1"),
        ("b", "of b", "1"),
    }
    while last(make_engine()) == "spaces merge":
        undo(make_engine(), scope=EVERYWHERE)
    assert everything(make_engine()) == before


# --- what is there already ---


def test_an_empty_space_is_not_renamed_into_one_that_is_there(engine: Engine) -> None:
    """Though one killed before its end looks like this; nothing moves, and undo means the store."""
    spaces.create(engine, "a", user="me", description="about a")
    values.put(engine, "k", "1", scope=A)
    remember.store(engine, "of b", scope=B)
    with pytest.raises(ConflictError):
        spaces.rename(engine, "a", "b", user="me")
    assert values.get(engine, "k", scope=A).data == "1"
    assert last(engine) == "store"


@pytest.mark.parametrize("described", [True, False])
def test_a_space_made_again_after_its_renaming_is_another_one(
    engine: Engine, clock: Clock, described: bool
) -> None:
    """Though the last change is the same renaming, nothing was begun."""
    remember.store(engine, "a fact", scope=A)
    if described:
        spaces.create(engine, "a", user="me", description="about a")
    spaces.rename(engine, "a", "b", user="me")
    clock.advance(seconds=1)
    spaces.create(engine, "a", user="me", description="about a")
    values.put(engine, "k", "1", scope=A)
    with pytest.raises(ConflictError):
        spaces.rename(engine, "a", "b", user="me")
    assert values.get(engine, "k", scope=A).data == "1"
    with pytest.raises(ConflictError):
        undo(engine, scope=EVERYWHERE)


def test_a_name_given_to_another_space_meanwhile_does_not_block_undo(
    engine: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renaming was killed before anything moved; the new space keeps what it is described by."""
    remember.store(engine, "a fact", scope=A)
    assert is_killed(lambda: rename(make_engine), 2, monkeypatch)
    spaces.create(engine, "b", user="me", description="about b")
    with pytest.raises(ConflictError):
        rename(make_engine)
    before = everything(make_engine())
    assert undo(make_engine(), scope=EVERYWHERE)[0].command == "spaces rename"
    assert everything(make_engine()) == before


def test_what_comes_under_the_new_name_goes_back_with_it(two: Engine) -> None:
    """Memories as before, and values, tasks and conversations, too."""
    spaces.rename(two, "a", "b", user="me")
    new = remember.store(two, "new", scope=B)
    values.put(two, "new", "2", scope=B)
    undo(two, scope=EVERYWHERE)
    undo(two, scope=EVERYWHERE)
    assert memories.find(two, str(new.id)).space == "a"
    assert [value.key for value in values.all_values(two, scope=A)] == ["new", "of a"]
    assert [value.key for value in values.all_values(two, scope=B)] == ["of b"]


def test_an_expired_value_keeps_no_place(engine: Engine, clock: Clock) -> None:
    """Neither when its space is renamed nor when that is taken back."""
    remember.store(engine, "a fact", scope=A)
    values.put(engine, "k", "1", scope=A)
    values.put(engine, "k", "9", scope=B, expires_at=NOW + timedelta(seconds=1))
    clock.advance(seconds=2)
    spaces.rename(engine, "a", "b", user="me")
    assert values.get(engine, "k", scope=B).data == "1"
    values.put(engine, "k", "9", scope=A, expires_at=clock() + timedelta(seconds=1))
    clock.advance(seconds=2)
    undo(engine, scope=EVERYWHERE)
    assert values.get(engine, "k", scope=A).data == "1"
    with pytest.raises(NotFoundError):
        values.get(engine, "k", scope=B)


# --- mergers ---


def test_a_merger_taken_back_leaves_no_description_behind(engine: Engine) -> None:
    """What it has moved beside memories goes back; what has come since, and what was there, stays."""
    spaces.create(engine, "a", user="me", description="about a")
    for scope in (A, B):
        remember.store(engine, f"of {scope.space}", scope=scope)
        beside(engine, scope)
    before = everything(engine)
    spaces.merge(engine, "a", "b", user="me")
    values.put(engine, "new", "2", scope=B)
    undo(engine, scope=EVERYWHERE)
    after = everything(engine)
    assert after.pop("values") == before.pop("values") | {("b", "new", "2")}
    assert after == before


def test_a_merger_taken_back_leaves_a_description_of_ones_own(engine: Engine) -> None:
    """The space that took the other one in was made on purpose."""
    for scope in (A, B):
        spaces.create(engine, str(scope.space), user="me", description=f"about {scope.space}")
        remember.store(engine, f"of {scope.space}", scope=scope)
    before = everything(engine)
    spaces.merge(engine, "a", "b", user="me")
    undo(engine, scope=EVERYWHERE)
    assert everything(engine) == before


@pytest.mark.parametrize("act", [spaces.rename, spaces.merge])
def test_a_change_that_says_nothing_of_values_can_be_taken_back(
    engine: Engine, act: Callable[..., object]
) -> None:
    """The journal of a store from before."""
    mine = remember.store(engine, "of a", scope=A)
    if act is spaces.merge:
        remember.store(engine, "of b", scope=B)
    values.put(engine, "k", "1", scope=A)
    act(engine, "a", "b", user="me")
    with engine.db.writing() as db:
        for row in db.journal.table.rows().to_pylist():
            said = json.loads(row["details"])
            details = {name: some for name, some in said.items() if name not in ("beside", "merged")}
            assert db.journal.table._table is not None
            where = f"key = '{row['key']}'"
            db.journal.table._table.update(where=where, values={"details": json.dumps(details)})
    undo(engine, scope=EVERYWHERE)
    assert memories.find(engine, str(mine.id)).space == "a"
    assert values.get(engine, "k", scope=A if act is spaces.rename else B).data == "1"

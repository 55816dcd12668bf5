"""Facts stored one after the other by one process: each is held against what the store says by then."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from memcli.api import Memory
from memcli.config import Config
from memcli.model import Action, Draft, Scope, Stored
from memcli.servers.desk import Bounds, Desk
from memcli.services import backup, forgetting, memories, remember, undo
from memcli.services.engine import Engine
from memcli.storage.rowstore import making
from memcli.storage.rowstore.table import RowStoredTable

TOLD = [
    "The lamp in room 3 is red",
    "The lamp in room 17 is red",
    "The desk in room 17 is brown",
    "The API listens on port 8080",
    "The API listens on port 8081",
    "the api listens on PORT 8081",
    "Deliveries come on day 8081",
    "The lamp in room 17 is blue",
    "Ann's build takes 12 minutes",
    "Ann's build takes 14 minutes now",
]


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """An engine that holds new facts against what is known."""
    return make_engine(Config())


def told(answer: Stored) -> tuple[Any, ...]:
    """What is said of an answer, without ids, which are new each time."""
    considered = [(c.text, c.action, c.reason, round(c.similarity, 4)) for c in answer.considered or ()]
    return answer.action, answer.replaced_text, answer.reason, considered


def test_facts_at_hand_bring_up_the_same_decisions(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether rivals come from memory, from row stores or from LanceDB makes no difference."""
    monkeypatch.setattr(making, "WORTH", 1)
    monkeypatch.setattr(making, "TIME_SHARE", 1e9)

    def decisions(scope: Scope) -> list[tuple[Any, ...]]:
        found = []
        for number, text in enumerate(TOLD):
            found.append(told(remember.store(engine, text, scope=scope)))
            if number in (2, 6):
                engine.db.catch_up(always=True)
        return found

    at_hand = decisions(scope)
    assert engine.db.memories.table.at_hand is not None
    monkeypatch.setattr(RowStoredTable, "at_hand", None)
    assert decisions(Scope("elsewhere", scope.user)) == at_hand
    assert {action for action, *_ in at_hand} == {Action.STORED, Action.REPLACED, Action.DUPLICATE}


def test_episodes_that_are_nearer_hide_no_fact(engine: Engine, scope: Scope) -> None:
    """What a task came to is not held against a fact, nor does it take the place of one that is."""
    remember.store(engine, "The office is on floor 3 by now", scope=scope)
    about: dict[str, Any] = {"source": "task", "metadata": {"type": "episode", "task": "t1"}}
    new = "The office is on floor 4"
    drafts = [Draft(text=f"{new}{end}", scope=scope, **about) for end in ("", *".!;,:?")]
    remember.store_all(engine, drafts)
    answer = remember.store(engine, f"{new}...", scope=scope, conflicts=True)
    assert [one.text for one in answer.considered or ()] == ["The office is on floor 3 by now"]


def test_what_somebody_else_writes_makes_them_void(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """A fact that another process, or another command, has stored counts at once."""
    for floor in (3, 4):
        remember.store(engine, f"The office is on floor {floor}", scope=scope)
    there = memories.newest(make_engine(), scope=scope)
    forgetting.forget(make_engine(), [memory.id for memory in there], scope=scope)
    assert remember.store(engine, "The office is on floor 5", scope=scope).action is Action.STORED
    undo.undo(make_engine(), scope=scope, last=2)
    answer = remember.store(engine, "The office is on floor 6", scope=scope)
    assert (answer.action, answer.replaced_text) == (Action.REPLACED, "The office is on floor 4")


def test_facts_are_held_against_all_that_were_stored_before(engine: Engine, scope: Scope) -> None:
    """What is stored, checked or not, counts for the next one, past tidying."""
    for number in range(0, 80, 5):
        drafts = [Draft(text=f"The lamp in room {number + i} is red", scope=scope) for i in range(5)]
        remember.store_all(engine, drafts, conflicts=number % 15 > 0)
    answer = remember.store(engine, "The lamp in room 66 is blue", scope=scope)
    assert answer.replaced_text == "The lamp in room 66 is red"


def test_what_is_known_already_is_told(engine: Engine, scope: Scope) -> None:
    """The same words in other spelling, an id that is taken, words that may be said anew."""
    first = [remember.store(engine, f"{name} likes tea", scope=scope).id for name in ("Ann", "Bo", "Cy")]
    new = remember.store(engine, "Di likes tea", scope=scope).id
    for said, same in (("ANN  likes tea", first[0]), ("Cy likes tea", first[2]), ("di likes tea", new)):
        answer = remember.store(engine, said, scope=scope)
        assert (answer.action, answer.id, answer.reason) == (Action.DUPLICATE, same, "same text")
    elsewhere = remember.store(engine, "Something else", scope=Scope("elsewhere", scope.user), id=first[1])
    assert elsewhere.action is Action.FAILED
    taken = remember.store(engine, "Something else", scope=scope, id=first[1])
    assert taken.action is Action.FAILED
    remember.store(engine, "The office is on floor 3", scope=scope)
    floors = ("The office is on floor 4", "The office is on floor 3")
    assert {remember.store(engine, floor, scope=scope).action for floor in floors} == {Action.REPLACED}


def test_what_has_expired_is_not_held_against_anything(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """A fact whose time is up has none to give way."""
    soon = engine.now() + timedelta(hours=1)
    for name in ("Ann", "Bo"):
        remember.store(engine, f"{name} likes tea", scope=scope)
    remember.store(engine, "The office is on floor 3", scope=scope, expires_at=soon)
    later = make_engine(Config(), now=lambda: soon + timedelta(hours=1))
    assert remember.store(later, "The office is on floor 4", scope=scope).action is Action.STORED


def test_other_scopes_and_turns_are_left_out(engine: Engine, scope: Scope) -> None:
    """What a fact is held against is of its scope, and no turn of a conversation."""
    remember.store(engine, "The office is on floor 3", scope=scope)
    turn = Draft(text="The office is on floor 4", scope=scope, conversation="talk", position=1)
    remember.store_all(engine, [turn])
    elsewhere = Scope("elsewhere", scope.user)
    assert remember.store(engine, "The office is on floor 9", scope=elsewhere).action is Action.STORED
    answer = remember.store(engine, "The office is on floor 5", scope=scope)
    assert answer.replaced_text == "The office is on floor 3"
    assert len(memories.newest(engine, scope=scope)) == 2


def test_two_that_say_the_same_may_give_way_one_after_the_other(engine: Engine, scope: Scope) -> None:
    """As an import that goes by ids leaves them."""
    for name in ("Ann", "Bo"):
        remember.store(engine, f"{name} likes tea", scope=scope)
    twice = [Draft(text="The office is on floor 3", scope=scope) for _ in range(2)]
    told = remember.store_all(engine, twice, compare=False, conflicts=False)
    remember.store(engine, "Cy likes tea", scope=scope)
    for number, answer in enumerate(reversed(told)):
        new = remember.store(engine, f"Something else, {number}", scope=scope, replaces=str(answer.id))
        assert new.replaced_id == answer.id


Store = Callable[[str], Stored]


def of_the_api(make_engine: Callable[..., Engine], scope: Scope) -> Store:
    """Stores as a process does that uses the Python API."""
    return Memory(engine=make_engine(Config()), space=scope.space, user=scope.user).store


def of_a_desk(make_engine: Callable[..., Engine], scope: Scope) -> Store:
    """Stores as the MCP server does."""
    desk = Desk(lambda: make_engine(Config()), Bounds(scope=scope))

    def store(text: str) -> Stored:
        with desk.engine() as engine:
            return remember.store(engine, text, scope=scope)

    return store


def bring_back(engine: Engine, path: Path) -> None:
    """Put the backup *path* in the place of the store."""
    with path.open("rb") as file:
        backup.bring_back(engine, file, path.name, over=True)


@pytest.mark.parametrize("storing", [of_the_api, of_a_desk])
def test_what_a_backup_has_taken_back_is_stored_anew(
    make_engine: Callable[..., Engine],
    scope: Scope,
    tmp_path: Path,
    storing: Callable[[Callable[..., Engine], Scope], Store],
) -> None:
    """The store in its place may have the same tables, of the same versions: nothing known of it holds."""
    store, other, path = storing(make_engine, scope), make_engine(Config()), tmp_path / "it.tar.zst"
    for text in ("The cat is called Tom", "The harbour is grey", "Bread costs four euros"):
        store(text)
    backup.save(other, path)
    store("My dentist is Dr Gum")
    version = make_engine().db.memories.version
    bring_back(other, path)
    remember.store(make_engine(Config()), "The car is a blue Volvo", scope=scope)
    assert make_engine().db.memories.version == version
    answer = store("My dentist is Dr Gum")
    assert answer.action is Action.STORED
    assert answer.id in {memory.id for memory in memories.newest(make_engine(), scope=scope)}
    assert len(undo.undo(make_engine(), scope=scope, last=2)) == 2


def test_a_backup_brought_back_before_the_lock_counts(
    engine: Engine,
    make_engine: Callable[..., Engine],
    scope: Scope,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was looked up in the store of before says nothing about the one that is written to."""
    path, words = tmp_path / "it.tar.zst", ["The cat is called Tom", "My dentist is Dr Gum"]
    remember.store(engine, "The harbour is grey", scope=scope)
    backup.save(engine, path)
    remember.store(engine, words[0], scope=scope)

    def meanwhile(*_: Any) -> None:
        patch.undo()
        bring_back(make_engine(), path)
        remember.store(make_engine(Config()), "The car is a blue Volvo", scope=scope)

    with monkeypatch.context() as patch:
        patch.setattr("memcli.services.writing.Writing.ask_judge", meanwhile)
        drafts = [Draft(text=text, scope=scope) for text in words]
        answers = remember.store_all(make_engine(Config()), drafts)
    assert [answer.action for answer in answers] == [Action.STORED, Action.STORED]

"""What replaces what, what was true when, and the way back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from memcli.config import Config
from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Action, Draft, Memory, Scope
from memcli.services import forgetting, memories, recall, remember, spaces, transfer
from memcli.services.engine import Engine
from memcli.services.history import history
from memcli.services.journal import Running
from memcli.services.select import Filter
from memcli.services.undo import undo
from memcli.storage import journal
from tests.conftest import NOW, Clock

THIRD, FOURTH, FIFTH = (f"The office is on floor {number}" for number in (3, 4, 5))


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """An engine that holds new facts against what is known."""
    return make_engine(Config())


def state(engine: Engine) -> dict[str, Memory]:
    """Everything there is, by id, but for when it was written last."""
    there = engine.db.memories.where("true")
    return {memory.id: replace(memory, updated_at=NOW) for memory in there}


def texts(engine: Engine, scope: Scope, **wanted: Any) -> set[str]:
    """What is current, or what *wanted* asks for."""
    return {memory.text for memory in memories.newest(engine, scope=scope, wanted=Filter(**wanted))}


def test_what_is_no_longer_true_gives_way_and_stays_in_history(
    engine: Engine, scope: Scope, clock: Clock
) -> None:
    """Linked both ways, with the time, the reason, and how sure it was."""
    old = remember.store(engine, THIRD, scope=scope)
    clock.advance(days=1)
    new = remember.store(engine, FOURTH, scope=scope)
    assert (new.action, new.replaced_id, new.replaced_text) == (Action.REPLACED, old.id, THIRD)
    first, second = history(engine, str(new.id))
    assert (first.text, second.text, second.replaces) == (THIRD, FOURTH, old.id)
    assert (first.replaced_by, first.replaced_reason) == (new.id, new.reason)
    assert first.replaced_confidence == new.confidence
    assert (first.valid_from, first.valid_until, first.current) == (NOW, clock.time, False)
    assert (second.valid_from, second.valid_until, second.current) == (clock.time, None, True)
    assert texts(engine, scope) == {FOURTH}
    assert texts(engine, scope, replaced=True) == {THIRD, FOURTH}
    assert [hit.text for hit in recall.search(engine, "office floor", scope=scope)] == [FOURTH]


def test_a_search_answers_as_of_a_time(engine: Engine, scope: Scope, clock: Clock) -> None:
    """What was true then: not what came later, not what had been replaced by then."""
    for text in (THIRD, FOURTH, FIFTH):
        remember.store(engine, text, scope=scope)
        clock.advance(days=10)

    def at(days: float) -> list[str]:
        then = Filter(at=NOW + timedelta(days=days))
        return [hit.text for hit in recall.search(engine, "office floor", scope=scope, wanted=then)]

    assert [at(-1), at(0), at(5), at(10), at(15), at(25)] == [
        [], [THIRD], [THIRD], [FOURTH], [FOURTH], [FIFTH]
    ]  # fmt: skip


def test_what_was_said_to_be_so_earlier_counts_from_then(engine: Engine, scope: Scope, clock: Clock) -> None:
    """The old one was true until the time that the new one names."""
    remember.store(engine, THIRD, scope=scope, created_at=NOW - timedelta(days=9))
    since = NOW - timedelta(days=3)
    remember.store(engine, FOURTH, scope=scope, created_at=since)
    assert [version.valid_until for version in history(engine, "m000000001")] == [since, None]


def test_the_same_in_other_words_is_a_duplicate(engine: Engine, scope: Scope) -> None:
    """Trivial detail changes nothing."""
    first = remember.store(engine, THIRD, scope=scope)
    again = remember.store(engine, "The office is located on floor 3", scope=scope)
    assert (again.action, again.id) == (Action.DUPLICATE, first.id)
    assert again.considered
    assert [one.id for one in again.considered] == [first.id]


def test_a_chain_does_not_fork_and_what_was_true_before_can_be_true_again(
    engine: Engine, scope: Scope
) -> None:
    """There and back again: the same words are no duplicate of what has been replaced."""
    for text in (THIRD, FOURTH, THIRD):
        answer = remember.store(engine, text, scope=scope)
    chain = history(engine, "m000000001")
    assert [version.text for version in chain] == [THIRD, FOURTH, THIRD]
    assert answer.action is Action.REPLACED
    assert texts(engine, scope) == {THIRD}


@pytest.mark.parametrize("at_once", [1, 20])
def test_a_batch_is_decided_in_order(engine: Engine, scope: Scope, at_once: int) -> None:
    """Against the store and against itself, whether few or many."""
    remember.store(engine, THIRD, scope=scope)
    others = [Draft(text=f"{word} is a word", scope=scope, conversation="c", position=i)
              for i, word in enumerate(["alpha", "beta"] * at_once)]  # fmt: skip
    said = [Draft(text=text, scope=scope) for text in (FOURTH, "the  office is on floor 4", FIFTH, FOURTH)]
    answers = remember.store_all(engine, [*others, *said])[len(others) :]
    assert [answer.action.value for answer in answers] == ["replaced", "duplicate", "replaced", "replaced"]
    assert [version.text for version in history(engine, "m000000001")] == [THIRD, FOURTH, FIFTH, FOURTH]


@pytest.mark.parametrize("where", [{"space": "home"}, {"user": "you"}, {"agent": "bot"}])
def test_other_scopes_are_left_alone(engine: Engine, scope: Scope, where: dict[str, Any]) -> None:
    """A fact speaks for its space, user and agent."""
    remember.store(engine, THIRD, scope=scope)
    assert remember.store(engine, FOURTH, scope=replace(scope, **where)).action is Action.STORED


def test_turns_replace_nothing_and_are_not_replaced(engine: Engine, scope: Scope) -> None:
    """What was said was said."""
    for position, text in enumerate((THIRD, FOURTH)):
        answer = remember.store(engine, text, scope=scope, conversation="c", position=position)
        assert answer.action is Action.STORED
    assert remember.store(engine, FIFTH, scope=scope).action is Action.STORED


def test_the_users_word_comes_first(engine: Engine, scope: Scope) -> None:
    """Nothing is replaced if that is wanted, and anything is."""
    remember.store(engine, THIRD, scope=scope)
    assert remember.store(engine, FOURTH, scope=scope, conflicts=False).action is Action.STORED
    answer = remember.store(engine, "Likes tea", scope=scope, replaces="m000000001")
    assert (answer.action, answer.replaced_id) == (Action.REPLACED, "m000000001")
    assert texts(engine, scope) == {FOURTH, "Likes tea"}


def test_what_can_not_be_replaced_is_said(engine: Engine, scope: Scope) -> None:
    """What is not there, is replaced or forgotten already, or is elsewhere; and nothing is stored."""
    for text in (THIRD, FOURTH, "Likes tea"):
        remember.store(engine, text, scope=scope)
    forgetting.forget(engine, ["m000000003"])
    before = state(engine)
    for name, error in (("zzz", NotFoundError), ("m000000001", ConflictError), ("m000000003", ConflictError)):
        with pytest.raises(error):
            remember.store(engine, FIFTH, scope=scope, replaces=name)
    with pytest.raises(UsageError):
        remember.store(engine, FIFTH, scope=replace(scope, space="home"), replaces="m000000002")
    with pytest.raises(UsageError):
        remember.store_all(engine, [Draft(text=t, scope=scope) for t in "ab"], replaces="m000000002")
    assert state(engine) == before


def test_a_replaced_memory_can_be_restored_beside_the_new_one(engine: Engine, scope: Scope) -> None:
    """Then both are true, and no chain."""
    remember.store(engine, THIRD, scope=scope)
    remember.store(engine, FOURTH, scope=scope)
    forgetting.restore(engine, ["m000000001"])
    assert texts(engine, scope) == {THIRD, FOURTH}
    assert len(history(engine, "m000000001")) == len(history(engine, "m000000002")) == 1


def changes(engine: Engine, scope: Scope) -> Iterator[Callable[[], Any]]:
    """Every kind of change, on a store that holds two facts."""
    given = [b'{"text": "Has a cat"}', b'{"text": "The office is on floor 5"}']
    yield lambda: remember.store(engine, "Likes tea", scope=scope)
    yield lambda: remember.store(engine, FOURTH, scope=scope)
    yield lambda: remember.store(engine, "Likes tea", scope=scope, replaces="m000000001")
    yield lambda: memories.update(
        engine, "m000000001", text="The office is upstairs", tags=("a",), importance=0.9
    )
    yield lambda: forgetting.forget(engine, ["m000000001", "m000000002"])
    yield lambda: list(transfer.import_lines(engine, given, scope=scope))
    yield lambda: spaces.delete(engine, "work", user="me")


@pytest.mark.parametrize("number", range(7))
def test_every_change_can_be_taken_back(
    engine: Engine, scope: Scope, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there is as it was, and found as it was; what is new is forgotten."""
    monkeypatch.setattr(transfer, "CHUNK", 1)
    remember.store(engine, THIRD, scope=scope)
    remember.store(engine, "Works at a bakery", scope=scope)
    before = state(engine)
    list(changes(engine, scope))[number]()
    assert state(engine) != before
    would = undo(engine, scope=scope, dry_run=True)
    (did,) = undo(engine, scope=scope)
    assert would == [did]
    after = state(engine)
    assert {i: memory for i, memory in after.items() if i in before} == before
    assert all(memory.forgotten_at for i, memory in after.items() if i not in before)
    assert texts(engine, scope) == {THIRD, "Works at a bakery"}
    assert recall.search(engine, THIRD, scope=scope)[0].similarity == pytest.approx(1, abs=1e-5)


def test_several_changes_are_taken_back_one_after_the_other(engine: Engine, scope: Scope) -> None:
    """As far as there are any."""
    for text in (THIRD, FOURTH, FIFTH):
        remember.store(engine, text, scope=scope)
    assert [one.command for one in undo(engine, scope=scope, last=2)] == ["store", "store"]
    assert texts(engine, scope) == {THIRD}
    assert len(undo(engine, scope=scope, last=9)) == 1
    assert undo(engine, scope=scope) == []
    assert texts(engine, scope) == set()


def test_only_ones_own_changes_are_taken_back(engine: Engine, scope: Scope) -> None:
    """Another user's last change is nobody else's."""
    remember.store(engine, THIRD, scope=scope)
    remember.store(engine, THIRD, scope=replace(scope, user="you"))
    undo(engine, scope=Scope(None, "me", None))
    assert texts(engine, scope) == set()
    assert texts(engine, replace(scope, user="you")) == {THIRD}


@pytest.mark.parametrize("between", ["store", "nothing"])
@pytest.mark.parametrize("other", ["me", "you"])
def test_what_goes_on_after_it_was_taken_back_is_another_change(
    engine: Engine, scope: Scope, other: str, between: str
) -> None:
    """An import whose beginning was undone takes no number over that somebody else was given meanwhile."""
    theirs = replace(scope, user=other)
    running = Running("import")
    remember.store_all(engine, [Draft(text="Kim likes cats", scope=scope)], change=running)
    undo(engine, scope=scope)
    if between == "store":
        remember.store(engine, "Lou flies on Friday", scope=theirs)
    for text in ("Kim owns a bike", "Kim plays chess"):
        remember.store_all(engine, [Draft(text=text, scope=scope)], change=running)
    remember.store(engine, "Ann is in Leeds", scope=theirs)
    remember.store_all(engine, [Draft(text="Kim bakes bread", scope=scope)], change=running)
    undo(engine, scope=theirs)
    (last,) = undo(engine, scope=scope)
    assert (last.command, last.forgotten) == ("import", 3)
    assert texts(engine, theirs) == ({"Lou flies on Friday"} if between == "store" else set())
    assert "Lou flies on Friday" not in texts(engine, scope) or other == "me"


def test_the_journal_is_bounded(engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest changes can't be taken back any more."""
    monkeypatch.setattr(journal, "CHANGES_KEPT", 3)
    monkeypatch.setattr(journal, "DROPPED_AT_ONCE", 1)
    for i in range(9):
        remember.store(engine, f"word{i}", scope=scope, conflicts=False)
    assert 3 <= len(undo(engine, scope=scope, last=99)) <= 4


def test_a_purged_memory_leaves_no_trace_in_history_or_journal(engine: Engine, scope: Scope) -> None:
    """The chain goes on without it, and neither its words nor a quotation of them are on the disk."""
    remember.store(engine, THIRD, scope=scope)
    remember.store(engine, "The office is in Xanthopolis", scope=scope, replaces="m000000001")
    remember.store(engine, FIFTH, scope=scope, replaces="m000000002")
    memories.update(engine, "m000000002", importance=0.1, text="The office was in Xanthopolis")
    forgetting.forget(engine, ["m000000002"])
    forgetting.purge(engine, forgetting.purgeable(engine, ["m000000002"], scope=scope))
    assert [version.text for version in history(engine, "m000000003")] == [THIRD, FIFTH]
    files = [path for path in engine.home.store.rglob("*") if path.is_file()]
    assert [path for path in files if b"anthopolis" in path.read_bytes().lower()] == []
    undo(engine, scope=scope, last=9)
    assert texts(engine, scope) == set()


def test_an_export_gives_the_history_back(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope, clock: Clock
) -> None:
    """Into another store, with links; nothing is decided a second time."""
    for text in (THIRD, FOURTH):
        remember.store(engine, text, scope=scope)
        clock.advance(days=1)
    remember.store(engine, FIFTH, scope=scope, conflicts=False)
    there = state(engine)
    lines = [transfer_line(document) for document in transfer.export(engine, scope=scope)]
    forgetting.purge(engine, forgetting.forget(engine, list(there)))
    list(transfer.import_lines(make_engine(Config()), lines, scope=scope))
    assert state(make_engine()) == there


def transfer_line(document: Any) -> str:
    """*document* as a line of JSON."""
    import json

    return json.dumps(document)

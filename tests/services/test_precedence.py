"""Whose word goes before whose: what is decided on two facts in view of who put them there."""

from collections.abc import Callable
from typing import Any

import pytest

from memcli.config import Config
from memcli.model import Action, Draft, Memory, Scope, Stored, Trust
from memcli.services import consolidate, context, forgetting, memories, recall, remember
from memcli.services.engine import Engine
from memcli.services.history import history
from memcli.services.undo import undo
from memcli.settings import ConflictSettings
from tests.conftest import Clock

USER, AGENT, IMPORTED = Trust
THIRD, FOURTH, FIFTH = (f"The office is on the {number} floor" for number in ("third", "fourth", "fifth"))
DOUBLED = "The office is on the 4th floor"


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """An engine that holds new facts against what is known."""
    return make_engine(Config())


@pytest.fixture
def say(engine: Engine, scope: Scope, clock: Clock) -> Callable[..., Stored]:
    """Stores what somebody says."""

    def said(text: str, trust: Trust = USER, **about: Any) -> Stored:
        clock.advance(hours=1)
        return remember.store(engine, text, scope=scope, trust=trust, **about)

    return said


def there(engine: Engine, scope: Scope) -> dict[str, str]:
    """What is current: who says what."""
    return {memory.text: memory.trust for memory in memories.newest(engine, scope=scope)}


def named(engine: Engine, answer: Stored) -> Memory:
    """The memory that *answer* is about."""
    assert answer.id
    return memories.find(engine, answer.id)


@pytest.mark.parametrize(("one", "other"), [(USER, AGENT), (USER, IMPORTED), (AGENT, IMPORTED)])
def test_nothing_silently_takes_the_place_of_a_more_trusted_word(
    engine: Engine, scope: Scope, say: Callable[..., Stored], one: Trust, other: Trust
) -> None:
    """Both stay; the answer and the new memory name what it contradicts."""
    old, new = say(THIRD, one), say(FOURTH, other)
    assert (new.action, new.replaced_id, new.contradicts_id) == (Action.STORED, None, old.id)
    assert "both stay" in new.reason
    assert there(engine, scope) == {THIRD: one, FOURTH: other}
    assert named(engine, new).metadata == {"contradicts": old.id}


@pytest.mark.parametrize("one", Trust)
@pytest.mark.parametrize("other", Trust)
def test_an_equal_or_a_more_trusted_word_replaces_as_ever(
    engine: Engine, scope: Scope, say: Callable[..., Stored], one: Trust, other: Trust
) -> None:
    """So an agent keeps up to date what agents have stored, and the user has the last word."""
    order = list(Trust)
    old, new = say(THIRD, one), say(FOURTH, other)
    replaces = order.index(other) <= order.index(one)
    assert (new.action is Action.REPLACED, new.replaced_id == old.id) == (replaces, replaces)
    assert (new.contradicts_id is None) == replaces


def test_those_who_let_agents_keep_it_up_to_date_may_say_so(
    make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """Then trust does not matter."""
    engine = make_engine(Config(conflicts=ConflictSettings(trust="replace")))
    remember.store(engine, THIRD, scope=scope)
    new = remember.store(engine, FOURTH, scope=scope, trust=AGENT)
    assert (new.action, new.contradicts_id) == (Action.REPLACED, None)
    assert there(engine, scope) == {FOURTH: AGENT}
    assert remember.store(engine, FOURTH, scope=scope).action is Action.DUPLICATE


def test_an_agent_replaces_its_own_beside_the_users(
    engine: Engine, scope: Scope, say: Callable[..., Stored]
) -> None:
    """What it contradicts is still named; what says the same as its own is a double of that."""
    old, mine = say(THIRD), say(FOURTH, AGENT)
    doubled = say(DOUBLED, AGENT)
    assert (doubled.action, doubled.id, doubled.contradicts_id) == (Action.DUPLICATE, mine.id, old.id)
    newer = say(FIFTH, AGENT)
    assert (newer.action, newer.replaced_id, newer.contradicts_id) == (Action.REPLACED, mine.id, old.id)
    assert there(engine, scope) == {THIRD: USER, FIFTH: AGENT}


@pytest.mark.parametrize("again", [FOURTH, DOUBLED])
def test_the_user_who_says_what_an_agent_has_said_is_heard(
    engine: Engine, scope: Scope, say: Callable[..., Stored], again: str
) -> None:
    """It is no double as long as it makes something else untrue, in the same words or in others."""
    old = say(THIRD)
    mine = say(FOURTH, AGENT, tags=("office",), importance=0.9)
    new = say(again)
    assert new.action is Action.REPLACED
    assert new.contradicts_id is None
    current = there(engine, scope)
    assert current[again] == USER
    assert THIRD not in current
    if again == FOURTH:  # the agent's has given way, too, and what it knew besides goes on
        assert list(current) == [FOURTH]
        assert (named(engine, new).tags, named(engine, new).importance) == (("office",), 0.9)
        assert {old.id, mine.id} == {m.id for m in engine.db.memories.where("") if m.replaced_by == new.id}


def test_what_the_user_says_in_the_words_of_an_agent_is_the_users(
    engine: Engine, scope: Scope, say: Callable[..., Stored]
) -> None:
    """With what the agent's knew besides; in other words it is known."""
    mine = say(FOURTH, AGENT, tags=("office",))
    assert say(DOUBLED).action is Action.DUPLICATE
    new = say(FOURTH)
    assert (new.action, new.replaced_id) == (Action.REPLACED, mine.id)
    assert there(engine, scope) == {FOURTH: USER}
    assert named(engine, new).tags == ("office",)
    assert say(FOURTH).action is Action.DUPLICATE
    assert say(FOURTH, AGENT).action is Action.DUPLICATE
    assert [one.text for one in history(engine, str(new.id))] == [FOURTH, FOURTH]


def test_what_contradicts_the_user_gives_way_with_what_the_user_takes_back(
    engine: Engine, scope: Scope, say: Callable[..., Stored]
) -> None:
    """Both the user's and the agent's; restoring one leaves the history of the other."""
    old, mine = say(THIRD), say(FOURTH, AGENT)
    new = say(FIFTH)
    assert there(engine, scope) == {FIFTH: USER}
    assert new.replaced_id == old.id
    forgetting.restore(engine, [str(mine.id)])
    assert [one.text for one in history(engine, str(new.id))] == [THIRD, FIFTH]
    undo(engine, scope=scope, last=2)
    assert there(engine, scope) == {THIRD: USER, FOURTH: AGENT}


def test_many_at_once_are_held_against_each_other_as_well(
    make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """An agent's does not replace the user's of the same write; nor in a process that goes on."""
    engine = make_engine(Config())
    drafts = [
        Draft(text=text, scope=scope, trust=trust)
        for text, trust in [(f"word{n} is a word", USER) for n in range(9)] + [(THIRD, USER), (FOURTH, AGENT)]
    ]
    *_, old, new = remember.store_all(engine, drafts)
    assert (new.action, new.contradicts_id) == (Action.STORED, old.id)
    for _ in range(4):  # from the third write on the facts are in memory
        assert remember.store(engine, FOURTH, scope=scope, trust=IMPORTED).action is Action.DUPLICATE
        remember.store(engine, f"another {_} thing", scope=scope)
    newer = remember.store(engine, FIFTH, scope=scope, trust=IMPORTED)
    assert newer.action is Action.STORED
    last = remember.store(engine, FIFTH, scope=scope)
    assert (last.action, last.replaced_id) == (Action.REPLACED, old.id)
    assert {THIRD, FOURTH, FIFTH} & set(there(engine, scope)) == {FIFTH}


def test_the_more_trusted_word_is_found_first(
    engine: Engine, scope: Scope, say: Callable[..., Stored]
) -> None:
    """However well the other one fits; a prompt says whose the other one is."""
    old = say("The office is on floor 3")
    say("The office is on floor 9: which floor is the office on?", AGENT)
    new = next(m for m in memories.newest(engine, scope=scope) if m.trust == AGENT)
    memories.update(engine, new.id, metadata={"contradicts": old.id})
    question = "which floor is the office on?"
    assert [hit.trust for hit in recall.search(engine, question, scope=scope)] == [USER, AGENT]
    assert [hit.trust for hit in recall.search(engine, question, scope=scope, limit=1)] == [USER]
    scores = [hit.score for hit in recall.search(engine, question, scope=scope)]
    assert scores == sorted(scores, reverse=True)
    assert "by an agent" in context.build(engine, question, scope=scope, min_score=0).context
    memories.update(engine, new.id, metadata={"contradicts": None})
    assert [hit.trust for hit in recall.search(engine, question, scope=scope)] == [AGENT, USER]


def test_what_is_contested_is_shown_and_left_to_the_user(
    engine: Engine, scope: Scope, say: Callable[..., Stored]
) -> None:
    """Settling the rest leaves it; forgetting one of the two decides."""
    old, new = say(THIRD), say(FOURTH, AGENT)
    (found,) = consolidate.conflicts(engine, scope=scope)
    assert (found.old.id, found.new.id, found.contested) == (old.id, new.id, True)
    assert consolidate.resolve(engine, [found]) == []
    forgetting.forget(engine, [str(old.id)])
    assert consolidate.conflicts(engine, scope=scope) == []


def test_of_two_that_say_the_same_the_more_trusted_stays(
    engine: Engine, scope: Scope, say: Callable[..., Stored]
) -> None:
    """With what the other one knew besides."""
    kept = say(FOURTH)
    say(DOUBLED, AGENT, tags=("office",), conflicts=False)
    (step,) = consolidate.consolidate(engine, scope=scope)
    assert (step.action, step.text, step.into) == ("merged", DOUBLED, kept.id)
    assert there(engine, scope) == {FOURTH: USER}
    assert named(engine, kept).tags == ("office",)

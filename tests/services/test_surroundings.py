"""Neighbours of turns that a search found."""

from typing import Any

import pytest

from memcli.errors import UsageError
from memcli.model import Draft, Hit, Scope
from memcli.services import forgetting, memories, recall, remember
from memcli.services.engine import Engine
from memcli.services.surroundings import AROUND_MOST
from tests.conftest import NOW, Clock

WORK = Scope("work", "me")


def turn(name: str, position: int, text: str = "", **about: Any) -> Draft:
    """A turn of the conversation c."""
    said = {"scope": WORK, "conversation": "c", "text": text or f"filler of {name}"}
    return Draft(id=name, position=position, **{**said, **about})


@pytest.fixture
def talk(engine: Engine) -> Engine:
    """An engine with nine turns, the fifth about otters, and two facts; positions have a hole at 6."""
    turns = [turn(f"t{i}", i, "otters sleep afloat" if i == 4 else "") for i in range(10) if i != 6]
    facts = [
        Draft(text="otters eat urchins", scope=WORK, id="fact"),
        Draft(text="otters play", scope=WORK, id="loose", conversation="c"),
    ]
    remember.store_all(engine, [*turns, *facts])
    return engine


def found(engine: Engine, name: str = "t4", scope: Scope = WORK, **about: Any) -> Hit:
    """The hit called *name* on otters, with two neighbours on each side."""
    hits = recall.search(engine, "otters", scope=scope, **{"around": 2, **about})
    return next(hit for hit in hits if hit.id == name)


def around(engine: Engine, name: str = "t4", scope: Scope = WORK, **about: Any) -> list[str]:
    """The ids of what is around it."""
    beside = found(engine, name, scope, **about).around
    assert beside is not None
    return [memory.id for memory in beside]


def test_a_turn_brings_its_neighbours_in_order_without_itself(talk: Engine) -> None:
    """Those that there are, by their positions; no further than asked for."""
    assert around(talk) == ["t2", "t3", "t5"]
    assert around(talk, around=3) == ["t1", "t2", "t3", "t5", "t7"]
    assert around(talk, around=AROUND_MOST) == [f"t{i}" for i in range(10) if i not in (4, 6)]


def test_a_fact_has_no_neighbours(talk: Engine) -> None:
    """Nor has what belongs to a conversation without a position."""
    assert around(talk, "fact") == around(talk, "loose") == []


def test_nobody_has_neighbours_who_was_not_asked_for_them(talk: Engine) -> None:
    """None, and not an empty list."""
    assert found(talk, around=0).around is None
    assert found(talk, "fact", around=0).around is None


def test_neighbours_change_nothing_else_of_a_hit(talk: Engine) -> None:
    """Neither order nor scores."""
    plain = recall.search(talk, "otters", scope=WORK)
    rich = recall.search(talk, "otters", scope=WORK, around=2)
    assert [(hit.id, hit.score, hit.similarity) for hit in plain] == [
        (hit.id, hit.score, hit.similarity) for hit in rich
    ]


def test_what_is_forgotten_or_has_expired_is_not_around(talk: Engine, clock: Clock) -> None:
    """As if it had never been said; restored, it is there again."""
    forgetting.forget(talk, ["t3"])
    memories.update(talk, "t5", expires_at=NOW.replace(day=2))
    assert around(talk) == ["t2", "t5"]
    clock.advance(days=2)
    assert around(talk) == ["t2"]
    forgetting.restore(talk, ["t3"])
    assert around(talk) == ["t2", "t3"]


@pytest.mark.parametrize(
    "other",
    [Scope("home", "me"), Scope("work", "you"), Scope("work", "me", "bot")],
    ids=["space", "user", "agent"],
)
def test_what_is_not_in_the_scope_is_not_around(talk: Engine, other: Scope) -> None:
    """Though it has a place in a conversation of the same name."""
    remember.store_all(talk, [turn("x5", 5, scope=other), turn("x6", 6, scope=other)])
    assert around(talk) == ["t2", "t3", "t5"]


def test_in_all_spaces_each_turn_has_the_neighbours_of_its_own(talk: Engine) -> None:
    """Conversations of two spaces may have one name."""
    remember.store_all(
        talk, [turn(f"h{i}", i, "otters" if i == 5 else "", scope=Scope("home", "me")) for i in range(8)]
    )
    everywhere = Scope(None, "me")
    assert around(talk, "t4", everywhere) == ["t2", "t3", "t5"]
    assert around(talk, "h5", everywhere) == ["h3", "h4", "h6", "h7"]


def test_conversations_of_everybody_are_told_apart(talk: Engine) -> None:
    """Where all users and agents are looked at."""
    strangers = [Scope("work", "you"), Scope("work", "me", "bot")]
    remember.store_all(
        talk, [turn(f"x{n}{i}", i, scope=scope) for n, scope in enumerate(strangers) for i in range(8)]
    )
    assert around(talk, scope=Scope(None, None, None)) == ["t2", "t3", "t5"]


def test_of_two_at_one_place_one_is_told(talk: Engine) -> None:
    """Always the same one."""
    remember.store_all(talk, [turn("t5b", 5, "the same place"), turn("t5a", 5, "once more")])
    assert around(talk) == ["t2", "t3", "t5b"]


def test_at_the_end_of_the_numbers_there_are_neighbours_too(engine: Engine) -> None:
    """A position may be a time in microseconds."""
    last = 2**53 - 1
    remember.store_all(engine, [turn("a", last - 1), turn("b", last, "otters"), turn("z", 0, "other")])
    assert around(engine, "b", around=5) == ["a"]
    assert around(engine, "z", around=5) == []


def test_neighbours_of_a_batch(talk: Engine) -> None:
    """Each answer has them; an empty question has no answer."""
    answers = list(recall.search_all(talk, ["sleep afloat", "", "urchins"], scope=WORK, around=1, limit=1))
    assert [[hit.id for hit in hits] for hits in answers] == [["t4"], [], ["fact"]]
    assert [memory.id for memory in answers[0][0].around or ()] == ["t3", "t5"]
    assert answers[2][0].around == ()


@pytest.mark.parametrize("steps", [-1, AROUND_MOST + 1, 1.5, True])
def test_a_number_that_makes_no_sense_is_refused(talk: Engine, steps: Any) -> None:
    """From Python too, where no option was parsed."""
    with pytest.raises(UsageError, match="neighbours"):
        recall.search(talk, "otters", scope=WORK, around=steps)

"""Pairs of facts that double or contradict each other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from memcli.model import Action, Draft, Memory, Progress, Scope
from memcli.services import forgetting, memories, pairs, remember, upkeep
from memcli.services.consolidate import conflicts, consolidate, resolve
from memcli.services.engine import Engine
from memcli.storage import rivals
from tests.conftest import NOW, Clock
from tests.wordhash import WordHashEmbedder

THIRD, AGAIN, ONCE_MORE, FOURTH = (
    "The office is on floor 3",
    "The office is located on floor 3",
    "Our office is on floor 3",
    "The office is on floor 4",
)
"""Three that say the same, and one that says otherwise."""

WORDS = [THIRD, AGAIN, ONCE_MORE, FOURTH, "The office is on floor 5", "Likes tea", "Likes green tea",
         "The user likes green tea", "Has a cat", "The user's favourite drink is coffee"]  # fmt: skip


def put(engine: Engine, *texts: str, scope: Scope, **about: Any) -> list[str]:
    """Store *texts*, each a day after the one before; their ids."""
    drafts = [
        Draft(text=text, scope=scope, **{"created_at": NOW + timedelta(days=day), **about})
        for day, text in enumerate(texts)
    ]
    return [str(answer.id) for answer in remember.store_all(engine, drafts)]


def state(engine: Engine) -> dict[str, Memory]:
    """Everything there is, by id, but for when it was written last."""
    return {memory.id: replace(memory, updated_at=NOW) for memory in engine.db.memories.where("true")}


def listed(engine: Engine, scope: Scope) -> list[tuple[str, str, str]]:
    """The pairs of *scope*: what is proposed, the older one, the later one."""
    return [(one.action.value, one.old.id, one.new.id) for one in conflicts(engine, scope=scope)]


def test_pairs_are_listed_once_each_the_latest_last(engine: Engine, scope: Scope) -> None:
    """With the proposal, how sure it is, and why; what has nothing to do with them is not named."""
    third, again, tea, fourth = put(engine, THIRD, AGAIN, "Likes green tea", FOURTH, scope=scope)
    found = conflicts(engine, scope=scope)
    assert listed(engine, scope) == [
        ("duplicate", third, again),
        ("replaced", third, fourth),
        ("replaced", again, fourth),
    ]
    assert tea not in {memory.id for one in found for memory in (one.old, one.new)}
    assert all(one.reason and 0 < one.confidence <= 1 and 0.3 <= one.similarity <= 1 for one in found)


def test_which_one_is_older_is_told_by_when_they_were_said(engine: Engine, scope: Scope) -> None:
    """Not by the order in which they were imported, or by their ids."""
    (late,) = put(engine, FOURTH, scope=scope, created_at=NOW)
    (early,) = put(engine, THIRD, scope=scope, created_at=NOW - timedelta(days=9))
    assert late < early
    assert listed(engine, scope) == [("replaced", early, late)]


def test_a_pair_tells_all_that_is_known_about_both(engine: Engine, scope: Scope) -> None:
    """Whichever of them was found as the neighbour of the other."""
    about = {"importance": 0.9, "source": "tour", "tags": ("a",), "metadata": {"b": 1}}
    put(engine, THIRD, AGAIN, scope=scope, **about)
    (one,) = conflicts(engine, scope=scope)
    there = engine.db.memories.with_ids([one.old.id, one.new.id])
    assert (one.old, one.new) == (there[one.old.id], there[one.new.id])
    assert one.old.importance == one.new.importance == 0.9


def test_what_is_no_current_fact_is_left_out(engine: Engine, scope: Scope, clock: Clock) -> None:
    """Turns, and what is forgotten, replaced or expired."""
    put(engine, THIRD, scope=scope)
    put(engine, AGAIN, scope=scope, conversation="c", position=1)
    put(engine, ONCE_MORE, scope=scope, expires_at=NOW + timedelta(days=1))
    forgetting.forget(engine, put(engine, "The office is upon floor 3", scope=scope))
    (gone,) = put(engine, FOURTH, scope=scope)
    remember.store(engine, "Likes green tea", scope=scope, replaces=gone)
    assert len(listed(engine, scope)) == 1  # what has not expired yet
    clock.advance(days=2)
    assert listed(engine, scope) == []


@pytest.mark.parametrize("where", [{"space": "home"}, {"user": "you"}, {"agent": "bot"}])
def test_facts_of_different_scopes_are_no_pair(engine: Engine, scope: Scope, where: dict[str, Any]) -> None:
    """Nor are pairs of another scope listed, unless every scope is asked for."""
    elsewhere = replace(scope, **where)
    put(engine, THIRD, scope=scope)
    put(engine, AGAIN, FOURTH, scope=elsewhere)
    assert listed(engine, scope) == []
    assert len(listed(engine, elsewhere)) == 1
    assert len(listed(engine, Scope(None, None, None))) == 1
    assert resolve(engine, conflicts(engine, scope=scope)) == consolidate(engine, scope=scope) == []
    assert len(memories.newest(engine, scope=elsewhere)) == 2


def test_pairs_are_found_across_batches(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """In a store of more facts than are compared at once; the progress comes to all of them."""
    heard: list[tuple[str, int]] = []

    class Bar:
        def __enter__(self) -> Progress:
            return lambda done: heard.append(("done", done))

        def __exit__(self, *exc: object) -> None: ...

    def announce(label: str, total: int) -> Bar:
        heard.append((label, total))
        return Bar()

    engine = make_engine(embedder=WordHashEmbedder(dimension=256))
    others = [f"alpha{i} beta{i} gamma{i}" for i in range(pairs.AT_ONCE + 100)]
    ids = put(engine, THIRD, *others, AGAIN, scope=scope)
    engine.progress = announce
    assert listed(engine, scope) == [("duplicate", ids[0], ids[-1])]
    assert heard == [("Comparing", len(ids)), ("done", 1000), ("done", 102)]


@pytest.mark.parametrize("at_once", [1, 4])
def test_how_many_are_compared_at_once_changes_nothing(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Each pair is found from both sides."""
    put(engine, THIRD, "Likes green tea", AGAIN, FOURTH, "Has a cat", ONCE_MORE, scope=scope)
    expected = listed(engine, scope)
    assert len(expected) > 3
    monkeypatch.setattr(pairs, "AT_ONCE", at_once)
    assert listed(engine, scope) == expected


def test_every_pair_of_words_here_is_decided_alike_both_ways(engine: Engine, scope: Scope) -> None:
    """Listing holds the later one against the older one, whichever of them it finds first."""
    put(engine, *WORDS, scope=scope)
    found = conflicts(engine, scope=scope)
    assert len({(one.old.id, one.new.id) for one in found}) == len(found)
    assert all(one.old.created_at < one.new.created_at for one in found)
    assert all(one.action in (Action.DUPLICATE, Action.REPLACED) for one in found)
    assert {frozenset((one.old.text, one.new.text)) for one in found} >= {
        frozenset(pair) for pair in combinations((THIRD, AGAIN, ONCE_MORE), 2)
    }


def changes(engine: Engine, scope: Scope, old: str, new: str) -> dict[str, Callable[[], Any]]:
    """What somebody else may do between looking and writing."""

    def purge() -> None:
        forgetting.purge(engine, forgetting.forget(engine, [old]))

    return {
        "purged": purge,
        "both purged": lambda: forgetting.purge(engine, forgetting.forget(engine, [old, new])),
        "forgotten": lambda: forgetting.forget(engine, [new]),
        "replaced": lambda: remember.store(engine, "Has a cat", scope=scope, replaces=new),
        "says something else": lambda: memories.update(engine, old, text="Has a dog"),
    }


@pytest.mark.parametrize("what", ["purged", "both purged", "forgotten", "replaced", "says something else"])
def test_what_changes_while_it_is_compared_breaks_nothing(
    engine: Engine,
    make_engine: Callable[..., Engine],
    scope: Scope,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another process writes and cleans up behind every look at the store."""
    old, new = put(engine, THIRD, AGAIN, scope=scope)
    other, compare = make_engine(), rivals.of_many
    change = [changes(other, scope, old, new)[what]]

    def comparing(*args: Any, **about: Any) -> Any:
        if change:
            change.pop()()
            upkeep.optimize(other)
        return compare(*args, **about)

    monkeypatch.setattr(rivals, "of_many", comparing)
    assert consolidate(engine, scope=scope) == []
    assert not change


def test_what_is_purged_between_two_looks_is_no_rival(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its vector was there, its words are not; and what is gone before the first look is not compared."""
    old, _ = put(engine, THIRD, AGAIN, scope=scope)
    other, read = make_engine(), rivals._stated
    gone: list[str] = []

    def reading(*args: Any) -> Any:
        if not gone:
            gone.extend(one.id for one in forgetting.purge(other, forgetting.forget(other, [old])))
        return read(*args)

    monkeypatch.setattr(rivals, "_stated", reading)
    assert listed(engine, scope) == []
    assert gone == [old]


def test_everything_purged_before_the_first_look_is_no_error(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between counting and comparing."""
    ids = put(engine, THIRD, AGAIN, scope=scope)
    other = make_engine()
    there = engine.db.memories.ids

    def then_gone(where: str) -> list[str]:
        found = there(where)
        forgetting.purge(other, forgetting.forget(other, ids))
        return found

    monkeypatch.setattr(engine.db.memories, "ids", then_gone)
    assert listed(engine, scope) == []
    assert state(engine) == {}


def test_of_two_that_say_the_same_the_fuller_one_stays(engine: Engine, scope: Scope) -> None:
    """Though it came first: what it says besides would be out of sight."""
    (fuller,) = put(engine, "Nadia has a parrot that whistles", scope=scope)
    (shorter,) = put(engine, "Nadia has a parrot", scope=scope, created_at=NOW + timedelta(days=1))
    (found,) = conflicts(engine, scope=scope)
    assert (found.action, found.old.id, found.new.id) == (Action.DUPLICATE, shorter, fuller)

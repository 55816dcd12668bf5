"""What doubles or contradicts each other is listed, merged and forgotten; and all of it can be undone."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.config import Config
from memcli.errors import UsageError
from memcli.model import Draft, Scope
from memcli.services import consolidate as consolidating
from memcli.services import forgetting, memories, recall, remember, upkeep, uses
from memcli.services.consolidate import Step, conflicts, consolidate, resolve
from memcli.services.engine import Engine
from memcli.services.history import history
from memcli.services.undo import undo
from memcli.settings import ConflictSettings, ConsolidateSettings
from tests.conftest import NOW
from tests.fuzz import rounds
from tests.services.test_pairs import AGAIN, FOURTH, ONCE_MORE, THIRD, WORDS, changes, listed, put, state


def texts(engine: Engine, scope: Scope) -> list[str]:
    """What is current, in order."""
    return sorted(memory.text for memory in memories.newest(engine, scope=scope))


def said(steps: Sequence[Step]) -> list[tuple[str, str, str | None]]:
    """What *steps* do."""
    return [(step.action, step.id, step.into) for step in steps]


def test_a_store_without_memories_has_no_pairs(engine: Engine, scope: Scope) -> None:
    """Nor does one that does not exist, and looking does not make it."""
    assert (listed(engine, scope), resolve(engine, []), consolidate(engine, scope=scope)) == ([], [], [])
    assert not engine.home.store.exists()
    forgetting.forget(engine, put(engine, THIRD, scope=scope))
    assert (listed(engine, scope), consolidate(engine, scope=scope)) == ([], [])


# --- what becomes of them ---


def test_doubles_are_merged_into_the_later_one(engine: Engine, scope: Scope) -> None:
    """It keeps its own words, and has the tags, metadata, source, importance and life of both."""
    about = {"tags": ("x", "y"), "metadata": {"a": 1, "b": 1}, "importance": 0.9, "source": "tour"}
    (old,) = put(engine, THIRD, scope=scope, **about)
    later = NOW + timedelta(days=1)
    about = {"tags": ("z", "x"), "metadata": {"b": 2, "c": 2}, "expires_at": later + timedelta(days=1)}
    (new,) = put(engine, AGAIN, scope=scope, created_at=later, **about)
    (step,) = consolidate(engine, scope=scope)
    assert (step.action, step.id, step.text, step.into) == ("merged", old, THIRD, new)
    assert step.reason
    assert step.confidence
    first, second = history(engine, new)
    assert (first.text, first.replaced_by, first.replaced_at) == (THIRD, new, later)
    assert (first.replaced_reason, first.replaced_confidence) == (step.reason, step.confidence)
    assert (second.text, second.replaces, second.tags) == (AGAIN, old, ("z", "x", "y"))
    assert second.metadata == {"a": 1, "b": 2, "c": 2}
    assert (second.importance, second.source, second.expires_at) == (0.9, "tour", None)
    assert texts(engine, scope) == [AGAIN]
    assert recall.search(engine, AGAIN, scope=scope)[0].similarity == pytest.approx(1, abs=1e-5)


def test_of_two_doubles_that_expire_the_later_end_counts(engine: Engine, scope: Scope) -> None:
    """Whichever of the two has it."""
    for day, text in enumerate((THIRD, AGAIN)):
        put(engine, text, scope=scope, created_at=NOW, expires_at=NOW + timedelta(days=9 - day))
    consolidate(engine, scope=scope)
    assert [one.expires_at for one in memories.newest(engine, scope=scope)] == [NOW + timedelta(days=9)]


def test_three_doubles_become_one_chain(engine: Engine, scope: Scope) -> None:
    """In the order in which they were said, and nothing is left to do."""
    ids = put(engine, THIRD, AGAIN, ONCE_MORE, scope=scope)
    assert said(consolidate(engine, scope=scope)) == [
        ("merged", ids[0], ids[1]),
        ("merged", ids[1], ids[2]),
    ]
    assert [version.id for version in history(engine, ids[0])] == ids
    assert texts(engine, scope) == [ONCE_MORE]
    assert consolidate(engine, scope=scope) == []


def test_a_chain_does_not_fork(engine: Engine, scope: Scope) -> None:
    """A double of what replaces another one already is forgotten, and the chain is as it was."""
    (tea,) = put(engine, "Likes green tea", scope=scope)
    (third,) = put(engine, THIRD, scope=scope)
    again = str(remember.store(engine, AGAIN, scope=scope, replaces=tea, created_at=NOW).id)
    assert said(consolidate(engine, scope=scope)) == [("merged", third, again)]
    there = state(engine)
    assert (there[third].forgotten_at, there[third].replaced_by) == (NOW, "")
    assert there[again].replaces == tea
    assert [version.id for version in history(engine, again)] == [tea, again]
    assert texts(engine, scope) == [AGAIN]


def test_contradictions_are_resolved_but_not_consolidated(engine: Engine, scope: Scope) -> None:
    """Merging is about doubles; which of two claims is true is decided by who asks for it."""
    third, fourth = put(engine, THIRD, FOURTH, scope=scope)
    assert consolidate(engine, scope=scope) == []
    (step,) = resolve(engine, conflicts(engine, scope=scope))
    assert (step.action, step.id, step.into) == ("replaced", third, fourth)
    assert [version.text for version in history(engine, fourth)] == [THIRD, FOURTH]
    old, new = state(engine)[third], state(engine)[fourth]
    assert (old.replaced_by, old.replaced_reason) == (fourth, step.reason)
    assert (new.tags, new.importance) == ((), 0.5)
    assert listed(engine, scope) == []


def test_what_contradicts_does_not_pass_its_tags_on(engine: Engine, scope: Scope) -> None:
    """They may no longer be true either."""
    put(engine, THIRD, scope=scope, tags=("low",), importance=0.9)
    (fourth,) = put(engine, FOURTH, scope=scope, created_at=NOW + timedelta(days=1))
    resolve(engine, conflicts(engine, scope=scope))
    assert (state(engine)[fourth].tags, state(engine)[fourth].importance) == ((), 0.5)


@pytest.mark.parametrize("what", ["purged", "both purged", "forgotten", "replaced", "says something else"])
def test_what_was_changed_after_listing_is_left_alone(
    engine: Engine, make_engine: Callable[..., Engine], scope: Scope, what: str
) -> None:
    """And everything else is resolved all the same."""
    old, new, coffee, tea = put(
        engine, THIRD, FOURTH, "The user's favourite drink is coffee", "The user's favourite drink is tea",
        scope=scope,
    )  # fmt: skip
    found = conflicts(engine, scope=scope)
    assert [(one.old.id, one.new.id) for one in found] == [(old, new), (coffee, tea)]
    changes(make_engine(), scope, old, new)[what]()
    before = state(make_engine())
    assert [step.id for step in resolve(engine, found)] == [coffee]
    after = state(engine)
    assert {i for i in before if before[i] != after[i]} == {coffee, tea}


# --- what is of little use ---


def test_what_is_unimportant_and_unused_is_forgotten(engine: Engine, scope: Scope) -> None:
    """Not what is important enough, and not what was used, whether that is in its row yet or not."""
    little, just, folded, pending = put(
        engine, "Has a cat", "Likes green tea", "Works at a bakery", "Plays chess",
        scope=scope, importance=0.1,
    )  # fmt: skip
    memories.update(engine, just, importance=0.3)
    for _ in range(2):
        uses.look_at(engine, folded)
    upkeep.optimize(engine)
    assert engine.db.uses.pending() == {}
    for _ in range(2):
        uses.look_at(engine, pending)
    uses.look_at(engine, little)
    assert engine.db.memories.with_ids([pending])[pending].uses == 0
    steps = consolidate(engine, scope=scope)
    assert said(steps) == [("forgotten", little, None)]
    assert (steps[0].text, steps[0].reason) == ("Has a cat", consolidating.UNIMPORTANT)
    assert state(engine)[little].forgotten_at == NOW
    assert texts(engine, scope) == ["Likes green tea", "Plays chess", "Works at a bakery"]
    forgetting.restore(engine, [little])
    assert "Has a cat" in texts(engine, scope)


@pytest.mark.parametrize("important", [0, 1])
def test_what_is_merged_with_something_important_stays(engine: Engine, scope: Scope, important: int) -> None:
    """Whichever of the two that was; two unimportant ones go both."""
    drafts = [Draft(text=text, scope=scope, importance=0.1, created_at=NOW + timedelta(days=day))
              for day, text in enumerate((THIRD, AGAIN))]  # fmt: skip
    drafts[important] = replace(drafts[important], importance=0.9)
    remember.store_all(engine, drafts)
    assert [step.action for step in consolidate(engine, scope=scope)] == ["merged"]
    assert texts(engine, scope) == [AGAIN]


def test_what_is_merged_with_something_used_stays(engine: Engine, scope: Scope) -> None:
    """Uses of doubles are uses of what both say, along a chain; unused doubles all go."""
    ids = put(engine, THIRD, AGAIN, ONCE_MORE, scope=scope, importance=0.1)
    would = consolidate(engine, scope=scope, dry_run=True)
    assert said(would)[-1] == ("forgotten", ids[-1], None)
    for name in ids[:2]:
        uses.look_at(engine, name)
    assert [step.action for step in consolidate(engine, scope=scope)] == ["merged", "merged"]
    assert texts(engine, scope) == [ONCE_MORE]


def test_only_the_scope_that_is_named_is_cared_for(engine: Engine, scope: Scope) -> None:
    """Other spaces, users and agents keep what is of little use."""
    elsewhere = [replace(scope, space="s"), replace(scope, user="u"), replace(scope, agent="a")]
    for place in (scope, *elsewhere):
        put(engine, "Has a cat", scope=place, importance=0)
    assert len(consolidate(engine, scope=scope)) == 1
    assert [texts(engine, place) for place in elsewhere] == [["Has a cat"]] * 3


def test_the_settings_decide_unless_something_else_is_said(
    make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """Importance, uses, and whether doubles are looked for at all."""
    unchecked = ConflictSettings(check=False)
    engine = make_engine(Config(conflicts=unchecked, consolidate=ConsolidateSettings(importance=0.6, uses=1)))
    ids = put(engine, "Has a cat", "Likes green tea", THIRD, AGAIN, scope=scope)
    uses.look_at(engine, ids[1])

    def would(**about: Any) -> set[str]:
        return {f"{one.action} {ids.index(one.id)}" for one in
                consolidate(engine, scope=scope, dry_run=True, **about)}  # fmt: skip

    assert would() == {"forgotten 0", "merged 2", "forgotten 3"}
    assert would(importance=0.5) == {"merged 2"}
    assert would(uses=2) == {"forgotten 0", "forgotten 1", "merged 2", "forgotten 3"}
    assert would(uses=0) == {"merged 2"}
    assert would(merge=False) == {"forgotten 0", "forgotten 2", "forgotten 3"}
    assert would(merge=False, importance=0.0) == set()


@pytest.mark.parametrize(
    "wrong", [{"importance": 2}, {"importance": float("nan")}, {"uses": -1}, {"uses": 0.5}]
)
def test_a_value_that_makes_no_sense_is_refused(engine: Engine, scope: Scope, wrong: dict[str, Any]) -> None:
    """Whether there is a store or not."""
    for _ in range(2):
        with pytest.raises(UsageError, match="number"):
            consolidate(engine, scope=scope, **wrong)
        put(engine, THIRD, scope=scope)


# --- the way back ---


def files(place: Path) -> dict[Path, bytes]:
    """All files below *place*."""
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_dry_run_changes_nothing_and_tells_what_would_be_done(engine: Engine, scope: Scope) -> None:
    """Not a byte; and listing conflicts does not either."""
    put(engine, THIRD, AGAIN, FOURTH, scope=scope)
    put(engine, "Has a cat", scope=scope, importance=0)
    before = files(engine.home.data)
    assert conflicts(engine, scope=scope)
    would = consolidate(engine, scope=scope, dry_run=True)
    assert files(engine.home.data) == before
    assert [step.action for step in would] == ["merged", "forgotten"]
    assert consolidate(engine, scope=scope) == would


def test_nothing_to_do_is_no_change(engine: Engine, scope: Scope) -> None:
    """So that undo takes back what came before."""
    put(engine, THIRD, "Has a cat", scope=scope)
    assert consolidate(engine, scope=scope) == resolve(engine, conflicts(engine, scope=scope)) == []
    assert [one.command for one in undo(engine, scope=scope, last=9)] == ["store"]


known = st.lists(
    st.tuples(
        st.sampled_from(WORDS),
        st.integers(0, 5),  # days
        st.sampled_from([0.0, 0.2, 0.5, 0.9]),  # importance
        st.integers(0, 2),  # uses
        st.sets(st.sampled_from("abc"), max_size=2),  # tags
        st.sampled_from([None, 30]),  # days to live
        st.booleans(),  # whether it replaces the one before
    ),
    min_size=2,
    max_size=7,
    unique_by=lambda one: one[0],
)


def fill(engine: Engine, scope: Scope, facts: Sequence[tuple[Any, ...]]) -> None:
    """Store *facts*, with uses and chains."""
    before, alone = "", False
    for text, day, importance, used, tags, life, replaces in facts:
        answer = remember.store(
            engine, text, scope=scope, importance=importance, tags=tuple(sorted(tags)),
            created_at=NOW + timedelta(days=day), metadata=dict.fromkeys(tags, day),
            expires_at=NOW + timedelta(days=life) if life else None,
            replaces=before if replaces and alone else "",
        )  # fmt: skip
        before, alone = str(answer.id), True
        for _ in range(used):
            uses.look_at(engine, before)


@rounds.of(4)
@given(facts=known, resolves=st.booleans())
def test_whatever_it_does_loses_nothing_and_can_be_undone(
    make_engine: Callable[..., Engine], facts: Sequence[tuple[Any, ...]], resolves: bool
) -> None:
    """All words are there still, chains don't fork, and undo gives exactly what was before."""
    engine = make_engine()
    scope = Scope(space=f"s{len(engine.db.memories.ids('true')) if engine.db.model else 0}", user="me")
    fill(engine, scope, facts)
    before, current = state(engine), texts(engine, scope)
    steps = resolve(engine, conflicts(engine, scope=scope)) if resolves else consolidate(engine, scope=scope)
    after = state(engine)
    assert {i: (memory.text, memory.uses) for i, memory in after.items()} == {
        i: (memory.text, memory.uses) for i, memory in before.items()
    }
    assert len(texts(engine, scope)) == len(current) - len(steps)
    assert len({step.id for step in steps}) == len(steps)
    for step in steps:
        gone = after[step.id]
        assert gone.forgotten_at or after[gone.replaced_by].replaces == step.id
    linked = Counter(memory.replaces for memory in after.values() if memory.replaces)
    assert not [name for name, number in linked.items() if number > 1]
    if steps:
        (undone,) = undo(engine, scope=scope)
        assert (undone.command, undone.forgotten) == ("conflicts" if resolves else "consolidate", 0)
    assert state(engine) == before
    assert texts(engine, scope) == current


def test_the_change_bears_the_name_of_the_command(engine: Engine, scope: Scope) -> None:
    """Everything that one call did is one change."""
    put(engine, THIRD, AGAIN, "Has a cat", scope=scope, importance=0.1)
    put(engine, FOURTH, scope=scope, created_at=NOW + timedelta(days=9))
    before = state(engine)
    assert len(consolidate(engine, scope=scope)) == 3
    assert [one.command for one in undo(engine, scope=scope)] == ["consolidate"]
    assert state(engine) == before
    resolve(engine, conflicts(engine, scope=scope))
    assert [one.command for one in undo(engine, scope=scope)] == ["conflicts"]
    assert state(engine) == before


def test_what_was_purged_meanwhile_stays_away_from_undo(engine: Engine, scope: Scope) -> None:
    """The rest comes back."""
    put(engine, THIRD, AGAIN, "Has a cat", scope=scope, importance=0.1)
    (cat,) = (step.id for step in consolidate(engine, scope=scope) if step.text == "Has a cat")
    forgetting.purge(engine, [state(engine)[cat]])
    undo(engine, scope=scope)
    assert texts(engine, scope) == sorted([THIRD, AGAIN])

"""Figures: what is counted, from when, how fresh, and that looking changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from memcli.model import Draft, Scope
from memcli.services import forgetting, graph, remember, stats, tasks, uses, values
from memcli.services.engine import Engine
from memcli.services.stats import Counts
from tests.conftest import Clock

ALL = Scope(None, "me", None)


@pytest.fixture
def filled(engine: Engine, scope: Scope, clock: Clock) -> list[str]:
    """The ids of six memories: two facts, two turns, one that is replaced and one that is forgotten."""
    turns = [{"conversation": "talk", "position": place} for place in range(2)]
    texts = ["Rain at noon", "The office is on floor 3", "hello there", "good morning", "to be forgotten"]
    about: list[dict[str, Any]] = [{}, {}, *turns, {}]
    ids = [
        str(remember.store(engine, text, scope=scope, **one).id)
        for text, one in zip(texts, about, strict=True)
    ]
    ids.append(str(remember.store(engine, "The office is on floor 5", scope=scope, replaces=ids[1]).id))
    forgetting.forget(engine, [ids[4]], scope=scope)
    remember.store(engine, "gone soon", scope=Scope("other", "me"), expires_at=clock() + timedelta(days=1))
    clock.advance(days=2)
    return ids


def test_everything_is_counted_by_what_it_is(engine: Engine, filled: list[str], scope: Scope) -> None:
    """Each memory once; edges to what is forgotten don't count, those to what was replaced do."""
    graph.connect(engine, filled[0], filled[2], scope=scope)
    graph.connect(engine, filled[0], filled[5], scope=scope)
    forgetting.forget(engine, [filled[2]], scope=scope)
    values.put(engine, "key", "1", scope=scope)
    tasks.start(engine, "a goal", scope=scope)
    assert stats.gather(engine, scope=ALL).counts == Counts(
        memories=3,
        facts=2,
        turns=1,
        replaced=1,
        forgotten=2,
        expired=1,
        conversations=1,
        edges=1,
        values=1,
        tasks=1,
        spaces=1,
    )
    assert stats.gather(engine, scope=Scope("other", "me")).counts == Counts(expired=1)
    assert stats.gather(engine, scope=Scope(None, "somebody else")).counts == Counts()


def test_the_most_used_are_named(engine: Engine, filled: list[str], clock: Clock) -> None:
    """With the uses that no row knows yet."""
    uses.look_at(engine, filled[0])
    uses.look_at(engine, filled[3])
    clock.advance(hours=1)
    uses.look_at(engine, filled[3])
    found = stats.gather(engine, scope=ALL)
    assert [(one.id, one.uses, one.used_at) for one in found.most_used] == [
        (filled[3], 2, clock()),
        (filled[0], 1, clock() - timedelta(hours=1)),
    ]
    assert sum(found.retention) == found.counts.memories
    assert found.retention[-1] == 2


def test_spaces_come_the_largest_first(engine: Engine, clock: Clock) -> None:
    """With the turns in them, and when the latest memory was made."""
    for space, number in (("few", 1), ("many", 3)):
        for one in range(number):
            remember.store(engine, f"{space} {one}", scope=Scope(space, "me"))
            clock.advance(hours=1)
    found = stats.gather(engine, scope=ALL).spaces
    assert [(one.name, one.memories, one.turns) for one in found] == [("many", 3, 0), ("few", 1, 0)]
    assert found[0].made == clock() - timedelta(hours=1)


@pytest.mark.parametrize(
    ("ages", "every", "ends"),
    [((0, 0, 3, 29, 45), "day", (1, 2)), ((0, 40, 80, 500), "month", (1, 1))],
    ids=["days", "months"],
)
def test_growth_is_shown_by_what_says_more(
    engine: Engine, scope: Scope, clock: Clock, ages: tuple[int, ...], every: str, ends: tuple[int, int]
) -> None:
    """Days or months; what is older is a figure, and what is to come belongs to now."""
    now = clock()
    drafts = [
        Draft(text=f"memory {place}", scope=scope, created_at=now - timedelta(days=age))
        for place, age in enumerate(ages)
    ]
    remember.store_all(engine, drafts)
    growth = stats.gather(engine, scope=ALL).growth
    assert (growth.every, growth.before, sum(growth.made)) == (every, 1, len(ages) - 1)
    assert len(growth.made) == {"day": 30, "month": 12}[every]
    assert growth.made[-1] == ends[1]
    assert growth.since <= now - timedelta(days=29)


def test_looking_changes_nothing(engine: Engine, filled: list[str]) -> None:
    """No file is written, and none is made where there is no store."""

    def files(directory: Path) -> dict[Path, tuple[int, int]]:
        return {
            path: (path.stat().st_size, path.stat().st_mtime_ns)
            for path in directory.rglob("*")
            if path.is_file()
        }

    before = files(engine.home.data)
    found = stats.gather(engine, scope=ALL)
    assert files(engine.home.data) == before
    in_store = [path for path in before if ".lance" in str(path)]
    assert sum(one.files for one in found.disk) == len(in_store)
    assert sum(one.bytes for one in found.disk) == sum(before[path][0] for path in in_store)


def test_where_nothing_is_stored_all_is_nothing(engine: Engine) -> None:
    """And nothing is made."""
    found = stats.gather(engine, scope=ALL)
    assert (found.counts, found.spaces, found.tables, found.model) == (Counts(), (), (), "")
    assert sum(one.bytes for one in found.disk) == 0
    assert not engine.home.store.exists()


def test_tables_are_told_as_they_are(engine: Engine, filled: list[str]) -> None:
    """Rows, pieces and what the index lacks: all of it until somebody tidies."""
    of = {one.table: one for one in stats.gather(engine, scope=ALL).tables}
    assert of["memories_1"].rows == 7
    assert of["memories_1"].indexes == 1
    assert of["memories_1"].unindexed > 0
    engine.db.catch_up(always=True)
    engine.db.forget_what_was_read()
    of = {one.table: one for one in stats.gather(engine, scope=ALL).tables}
    assert (of["memories_1"].rows, of["memories_1"].fragments, of["memories_1"].unindexed) == (7, 1, 0)

"""Search that brings along what hits are connected with."""

from datetime import timedelta

import pytest

from memcli.errors import UsageError
from memcli.model import Hit, Mode, Scope
from memcli.services import forgetting, graph, memories, recall, remember
from memcli.services.engine import Engine
from memcli.services.select import Filter
from tests.conftest import NOW, Clock

OWN = Scope(None, "me", None)


@pytest.fixture
def linked(engine: Engine, scope: Scope) -> Engine:
    """zebra finds `a`; a-b 0.8, b-c 0.5, and d leads to a."""
    texts = {
        "a": "zebra crossing",
        "b": "winter coats",
        "c": "piano lessons",
        "d": "river boats",
        "e": "lamp",
    }
    for name, text in texts.items():
        remember.store(engine, text, scope=scope, id=name)
    for start, end, weight in (("a", "b", 0.8), ("b", "c", 0.5), ("d", "a", 0.5)):
        graph.connect(engine, start, end, scope=OWN, type_="t", weight=weight)
    return engine


def found(engine: Engine, scope: Scope, **about: object) -> list[Hit]:
    """What a search for zebra by words finds."""
    return recall.search(engine, "zebra", scope=scope, mode=Mode.TEXT, **about)  # type: ignore[arg-type]


def test_a_hit_brings_along_what_it_is_connected_with(linked: Engine, scope: Scope) -> None:
    """Either way along edges, at half of its score times the weight; and it says why."""
    first, *brought = found(linked, scope, hops=1, explain=True)
    assert (first.id, first.brought_by) == ("a", None)
    assert [hit.id for hit in brought] == ["b", "d"]
    assert [hit.score for hit in brought] == pytest.approx([first.score * 0.4, first.score * 0.25], abs=1e-6)
    by = brought[0].brought_by
    assert by is not None
    assert (by.hit, by.id, by.type, by.weight, by.hops) == ("a", "a", "t", 0.8, 1)
    assert brought[0].signals == {
        "edge": {"value": first.score, "factor": 0.4, "hit": "a", "score": first.score, "weights": 0.8}
    }
    assert [hit.id for hit in found(linked, scope)] == ["a"]


def test_two_hops_reach_further_and_nothing_comes_twice(linked: Engine, scope: Scope) -> None:
    """The discount counts for each step; hits are not brought along."""
    hits = found(linked, scope, hops=2)
    assert [hit.id for hit in hits] == ["a", "b", "d", "c"]
    assert hits[3].score == pytest.approx(hits[0].score * 0.8 * 0.5 * 0.25, abs=1e-6)
    remember.store(linked, "zebra stripes", scope=scope, id="z")
    graph.connect(linked, "a", "z", scope=OWN)
    ids = [hit.id for hit in found(linked, scope, hops=3)]
    assert len(ids) == len(set(ids))
    assert [hit.brought_by for hit in found(linked, scope, hops=3) if hit.id == "z"] == [None]


def test_what_is_brought_along_keeps_to_limit_filters_and_scope(
    linked: Engine, scope: Scope, clock: Clock
) -> None:
    """Also to the minimum score, and to what is alive."""
    assert [hit.id for hit in found(linked, scope, hops=1, limit=2)] == ["a", "b"]
    best = found(linked, scope)[0].score
    assert [hit.id for hit in found(linked, scope, hops=1, min_score=best * 0.3)] == ["a", "b"]
    memories.update(linked, "a", tags=("x",))
    memories.update(linked, "d", tags=("x",))
    assert [hit.id for hit in found(linked, scope, hops=1, wanted=Filter(tags=("x",)))] == ["a", "d"]
    memories.update(linked, "d", expires_at=NOW + timedelta(hours=1))
    clock.advance(hours=2)
    assert [hit.id for hit in found(linked, scope, hops=1)] == ["a", "b"]
    forgetting.forget(linked, ["b"])
    assert [hit.id for hit in found(linked, scope, hops=1)] == ["a"]
    remember.store(linked, "elsewhere", scope=Scope("home", "me"), id="far")
    graph.connect(linked, "a", "far", scope=OWN)
    assert [hit.id for hit in found(linked, scope, hops=1)] == ["a"]
    assert [hit.id for hit in found(linked, Scope(None, "me"), hops=1)] == ["a", "far"]


@pytest.mark.parametrize("wanted", [Filter(at=NOW), Filter(replaced=True)])
def test_edges_are_those_of_today(linked: Engine, scope: Scope, wanted: Filter) -> None:
    """A search in the past can't follow them."""
    with pytest.raises(UsageError, match="--hops"):
        found(linked, scope, hops=1, wanted=wanted)

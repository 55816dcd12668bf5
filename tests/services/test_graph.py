"""Edges: made, followed, hidden with what is forgotten, carried over to what replaced it, taken back."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import EVERYWHERE, Scope
from memcli.services import drawing, forgetting, graph, remember
from memcli.services.drawing import Form
from memcli.services.edges import Direction
from memcli.services.engine import Engine
from memcli.services.graph import Connected
from memcli.services.undo import undo
from tests.conftest import Clock
from tests.fuzz import rounds

OWN = Scope(None, "me", None)
WORK = Scope("work", "me")


def put(engine: Engine, *names: str, scope: Scope, **about: Any) -> None:
    """Store a memory for each of *names*, which are their ids."""
    for name in names:
        remember.store(engine, f"this is {name}", scope=scope, id=name, **about)


def connect(engine: Engine, start: str, end: str, type_: str = "t", weight: float = 0.5) -> Connected:
    """Connect two memories."""
    return graph.connect(engine, start, end, scope=OWN, type_=type_, weight=weight)


def reached(engine: Engine, name: str, **about: object) -> dict[str, tuple[int, float]]:
    """Depth and score of what can be reached."""
    walk = graph.traverse(engine, name, scope=OWN, **about)  # type: ignore[arg-type]
    return {node.id: (node.depth, node.score) for node in walk.nodes}


def ends(engine: Engine, name: str) -> set[tuple[str, str, str]]:
    """The edges of a memory."""
    return {edge.ends for edge in graph.edges(engine, name, scope=OWN)}


def connect_four(engine: Engine) -> None:
    """Memories a, b, c, d and the edges a-b 0.8, b-c 0.5, a-c of another type 0.1, c-a 1."""
    put(engine, "a", "b", "c", "d", scope=WORK)
    connect(engine, "a", "b", "t", 0.8)
    connect(engine, "b", "c", "t", 0.5)
    connect(engine, "a", "c", "u", 0.1)
    connect(engine, "c", "a", "t", 1.0)


@pytest.fixture
def four(filled: Callable[..., Engine]) -> Engine:
    """See `connect_four`."""
    return filled(connect_four)


def test_connecting_again_updates(four: Engine, clock: Clock) -> None:
    """The weight is the new one, the edge still one; another type is another edge."""
    clock.advance(hours=1)
    again = connect(four, "a", "b", "t", 0.3)
    assert (again.action, again.weight, again.weight_before) == ("updated", 0.3, 0.8)
    assert connect(four, "a", "b", "other").action == "connected"
    assert [edge.weight for edge in graph.edges(four, "a", scope=OWN, types=["t"])] == [0.3, 1.0]
    changed = graph.edges(four, "a", scope=OWN, types=["t"])[0]
    assert changed.updated_at - changed.created_at == timedelta(hours=1)


def test_traversal_gives_each_memory_at_its_least_depth(four: Engine) -> None:
    """Cycles are fine; filters narrow it down; the other direction leads elsewhere."""
    assert reached(four, "a") == {"a": (0, 1.0), "b": (1, 0.8), "c": (1, 0.1)}
    assert reached(four, "a", types=["t"]) == {"a": (0, 1.0), "b": (1, 0.8), "c": (2, 0.4)}
    assert reached(four, "a", min_weight=0.5) == {"a": (0, 1.0), "b": (1, 0.8), "c": (2, 0.4)}
    assert reached(four, "b", direction=Direction.IN) == {"b": (0, 1.0), "a": (1, 0.8), "c": (2, 0.8)}
    assert reached(four, "a", depth=0) == {"a": (0, 1.0)}
    assert reached(four, "a", limit=1) == {"a": (0, 1.0), "b": (1, 0.8)}
    assert reached(four, "d", direction="both") == {"d": (0, 1.0)}
    walk = graph.traverse(four, "a", scope=OWN, depth=1)
    assert {edge.ends for edge in walk.edges} == {("a", "b", "t"), ("a", "c", "u")}


def test_the_strongest_path(four: Engine) -> None:
    """Two good steps are better than a bad one; where none leads it says so."""
    way = graph.path(four, "a", "c", scope=OWN)
    assert ([node.id for node in way.nodes], way.score) == (["a", "b", "c"], 0.4)
    with pytest.raises(NotFoundError, match="no path leads from a to d"):
        graph.path(four, "a", "d", scope=OWN)
    assert graph.path(four, "a", "a", scope=OWN).score == 1.0


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan"), float("inf"), True, "0.5"])
def test_a_weight_that_is_none_is_refused(four: Engine, weight: float) -> None:
    """And nothing changes."""
    with pytest.raises(UsageError):
        connect(four, "a", "d", weight=weight)
    assert ends(four, "d") == set()


@pytest.mark.parametrize("type_", ["", "  ", "a\nb", "x" * 101, "\x00", "\ud800"])
def test_a_type_that_is_none_is_refused(four: Engine, type_: str) -> None:
    """Empty, of several lines, too long, no text."""
    with pytest.raises(UsageError):
        connect(four, "a", "d", type_)


@pytest.mark.parametrize("type_", ["it's", '"quoted" \\ %_', "понятие", "a b c", "-x", "x" * 100])
def test_types_are_free(four: Engine, type_: str) -> None:
    """Any words: made, followed, taken away."""
    connect(four, "a", "d", type_)
    assert reached(four, "a", types=[type_]) == {"a": (0, 1.0), "d": (1, 0.5)}
    assert [one.type for one in graph.disconnect(four, "a", "d", scope=OWN, type_=type_)] == [type_]


def test_what_can_not_be_connected(four: Engine, clock: Clock) -> None:
    """What is not there, a memory with itself, what is forgotten or another's."""
    put(four, "theirs", scope=Scope("work", "you"))
    forgetting.forget(four, ["d"])
    for end, error in (
        ("zz", NotFoundError),
        ("theirs", NotFoundError),
        ("a", UsageError),
        ("d", ConflictError),
    ):
        with pytest.raises(error):
            connect(four, "a", end)


def test_disconnecting(four: Engine) -> None:
    """One type, or all; what is not there is not found; the other direction stays."""
    connect(four, "a", "c", "t")
    assert [one.type for one in graph.disconnect(four, "a", "c", scope=OWN)] == ["t", "u"]
    assert ends(four, "c") == {("b", "c", "t"), ("c", "a", "t")}
    with pytest.raises(NotFoundError):
        graph.disconnect(four, "a", "c", scope=OWN)
    with pytest.raises(NotFoundError):
        graph.disconnect(four, "a", "b", scope=OWN, type_="u")


def test_edges_of_the_forgotten_and_expired_hide(four: Engine, scope: Scope, clock: Clock) -> None:
    """And come back; what expires goes on time, and so do ways that lead through it."""
    forgetting.forget(four, ["b"])
    assert reached(four, "a", types=["t"]) == {"a": (0, 1.0)}
    assert ("a", "b", "t") not in ends(four, "a")
    forgetting.restore(four, ["b"])
    assert reached(four, "a", types=["t"])["c"] == (2, 0.4)
    put(four, "e", scope=scope, expires_at=clock() + timedelta(hours=1))
    connect(four, "a", "e")
    assert "e" in reached(four, "a")
    assert "e" in {node.id for node in drawing.whole(four, scope=scope).nodes}
    clock.advance(minutes=61)
    assert "e" not in reached(four, "a")
    assert "e" not in {node.id for node in drawing.whole(four, scope=scope).nodes}
    with pytest.raises(ConflictError, match="expired"):
        graph.edges(four, "e", scope=OWN)


def test_edges_carry_over_to_what_replaced_a_memory(four: Engine, scope: Scope, clock: Clock) -> None:
    """They say what they were; asking for the old one gives the new one; restore and undo bring them back."""
    remember.store(four, "b anew", scope=scope, id="b2", replaces="b")
    remember.store(four, "b once more", scope=scope, id="b3", replaces="b2")
    edge = next(edge for edge in graph.edges(four, "b3", scope=OWN) if edge.direction == "in")
    assert (edge.from_, edge.to, edge.was_from, edge.was_to, edge.weight) == ("a", "b3", None, "b", 0.8)
    assert reached(four, "a", types=["t"]) == {"a": (0, 1.0), "b3": (1, 0.8), "c": (2, 0.4)}
    assert graph.traverse(four, "b", scope=OWN).root == "b3"
    clock.advance(hours=1)
    updated = connect(four, "a", "b", "t", 0.2)
    assert (updated.action, updated.to, updated.was_to, updated.weight_before) == ("updated", "b3", "b", 0.8)
    assert reached(four, "a", types=["t"])["b3"] == (1, 0.2)
    undo(four, scope=OWN)
    assert reached(four, "a", types=["t"])["b3"] == (1, 0.8)
    undo(four, scope=OWN, last=2)
    assert ends(four, "b") == {("a", "b", "t"), ("b", "c", "t")}


def test_a_restored_memory_has_its_edges_again(four: Engine, scope: Scope) -> None:
    """It stands beside its successor, which has only what was said of it."""
    remember.store(four, "b anew", scope=scope, id="b2", replaces="b")
    connect(four, "b2", "d")
    forgetting.restore(four, ["b"])
    assert ends(four, "b") == {("a", "b", "t"), ("b", "c", "t")}
    assert ends(four, "b2") == {("b2", "d", "t")}


def test_an_edge_between_a_memory_and_its_successor_is_none(four: Engine, scope: Scope) -> None:
    """It would lead to itself."""
    remember.store(four, "b anew", scope=scope, id="b2", replaces="b")
    remember.store(four, "a anew", scope=scope, id="a2", replaces="a")
    forgetting.restore(four, ["a"])
    remember.store(four, "b2 anew", scope=scope, id="b3", replaces="b2")
    assert ("b3", "b3", "t") not in ends(four, "b3")
    with pytest.raises(UsageError):
        connect(four, "b", "b3")


def test_disconnecting_takes_away_what_was_carried_over(four: Engine, scope: Scope) -> None:
    """For good: restoring the old one does not bring it back, undo does."""
    remember.store(four, "b anew", scope=scope, id="b2", replaces="b")
    gone = graph.disconnect(four, "a", "b2", scope=OWN)
    assert [(one.to, one.was_to, one.action) for one in gone] == [("b2", "b", "disconnected")]
    assert ("a", "b2", "t") not in ends(four, "a")
    undo(four, scope=OWN)
    assert ("a", "b2", "t") in ends(four, "a")


def test_connecting_and_disconnecting_are_taken_back(four: Engine) -> None:
    """Each as a change of its own; in the space only where both memories are in it."""
    connect(four, "a", "d", weight=0.9)
    connect(four, "a", "d", weight=0.1)
    undone = undo(four, scope=Scope("work", "me", None))
    assert [(one.command, one.edges, one.forgotten) for one in undone] == [("graph connect", 1, 0)]
    assert graph.edges(four, "d", scope=OWN)[0].weight == 0.9
    undo(four, scope=OWN)
    assert ends(four, "d") == set()
    graph.disconnect(four, "a", "b", scope=OWN)
    undo(four, scope=OWN)
    assert ("a", "b", "t") in ends(four, "a")


def on_disk(engine: Engine, what: str) -> bool:
    """Whether *what* is in any file of the store."""
    return any(
        what.encode() in path.read_bytes() for path in Path(engine.home.store).rglob("*") if path.is_file()
    )


def test_purging_takes_the_edges_off_the_disk(engine: Engine, scope: Scope) -> None:
    """The purged id is in no file any more, nor is a type that only its edge had."""
    put(engine, "keeps", "stays", "unheardof", scope=scope)
    connect(engine, "keeps", "unheardof", "telltale")
    connect(engine, "keeps", "stays", "other")
    forgetting.forget(engine, ["unheardof"])
    forgetting.purge(engine, forgetting.purgeable(engine, ["unheardof"], scope=scope))
    assert ends(engine, "keeps") == {("keeps", "stays", "other")}
    assert not on_disk(engine, "unheardof")
    assert not on_disk(engine, "telltale")
    undo(engine, scope=OWN)
    assert ends(engine, "keeps") == set()


def test_purging_a_replaced_memory_leaves_its_edges_to_the_successor(four: Engine, scope: Scope) -> None:
    """They had carried over already."""
    remember.store(four, "b anew", scope=scope, id="b2", replaces="b")
    forgetting.forget(four, ["b"])
    forgetting.purge(four, forgetting.purgeable(four, ["b"], scope=scope))
    assert ends(four, "b2") == {("a", "b2", "t"), ("b2", "c", "t")}


def test_a_scope_shows_its_own_memories_only(four: Engine) -> None:
    """Edges may lead from space to space; narrowed down to one, the others are hidden."""
    put(four, "far", scope=Scope("home", "me"))
    connect(four, "a", "far")
    assert "far" in reached(four, "a")
    narrow = graph.traverse(four, "a", scope=Scope("work", "me", None))
    assert "far" not in {node.id for node in narrow.nodes}
    assert "far" not in {node.id for node in drawing.whole(four, scope=Scope("work", "me")).nodes}


def test_a_store_that_is_not_there_has_no_edges(engine: Engine, scope: Scope) -> None:
    """And reading makes none."""
    assert drawing.whole(engine, scope=scope).nodes == ()
    with pytest.raises(NotFoundError):
        graph.edges(engine, "a", scope=OWN)
    assert not engine.home.store.exists()


@rounds.of(4)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda ab: ab[0] != ab[1]),
        st.sampled_from([0.2, 0.5, 1.0]),
        max_size=14,
    ),
    st.sets(st.integers(1, 7), max_size=2),
)
def test_what_is_stored_is_what_is_followed(
    engine: Engine, weights: dict[tuple[int, int], float], gone: set[int]
) -> None:
    """Random graphs in a real store, some memories forgotten, against a plain breadth-first search."""
    scope = Scope("work", "me")
    names = [engine.new_id() for _ in range(8)]
    put(engine, *names, scope=scope)
    for (a, b), weight in weights.items():
        connect(engine, names[a], names[b], weight=weight)
    if gone:
        forgetting.forget(engine, [names[i] for i in gone], scope=EVERYWHERE)
    expected, level, depth = {0: (0, 1.0)}, {0: 1.0}, 0
    while level:
        depth += 1
        following: dict[int, float] = {}
        for (a, b), weight in weights.items():
            if a in level and b not in expected and b not in gone:
                following[b] = max(following.get(b, 0.0), level[a] * weight)
        expected |= {b: (depth, score) for b, score in following.items()}
        level = following
    found = reached(engine, names[0], depth=9)
    assert found == {names[i]: (depth, round(score, 6)) for i, (depth, score) in expected.items()}


NASTY = "</script><script>alert(1)</script><!-- \"\\N quo'te \u2028 \x1b[31m ]]> `x` -->"


def test_drawings_hold_any_text(four: Engine, scope: Scope) -> None:
    """No text gets out of its quotes, its line, or the page's script."""
    remember.store(four, NASTY, scope=scope, id="nasty", title='"]; evil')
    connect(four, "a", "nasty", '-->|"x"| </script>')
    whole = drawing.whole(four, scope=scope)
    dot = drawing.drawn(whole, Form.DOT).splitlines()
    assert '  "nasty" [label="\\"]; evil"];' in dot
    assert len(dot) == 3 + 4 + 5
    mermaid = drawing.drawn(whole, Form.MERMAID)
    assert len(mermaid.splitlines()) == 1 + 4 + 5
    assert "evil" in mermaid
    assert '"]' not in mermaid.replace('evil"]', "").replace('is a"]', "").replace('is b"]', "").replace(
        'is c"]', ""
    )
    page = drawing.drawn(whole, Form.HTML)
    assert page.count("<script") == page.count("</script") == 1
    assert "alert(1)" in page
    assert "//" not in page.replace("// ", "")  # no address of anything
    assert "\x1b" not in page

"""Ways through a graph, against a reckoning that tries everything."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from memcli.services.walking import Leaving, Step, breadth_first, brought_along, strongest
from memcli.structure import Edge
from tests.conftest import NOW

NODES = "abcdefg"

WEIGHTS = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
GRAPHS = st.dictionaries(
    st.tuples(st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(["x", "y"])).filter(
        lambda ends: ends[0] != ends[1]
    ),
    WEIGHTS,
    max_size=16,
)

Weights = Mapping[tuple[str, str, str], float]


def edge(from_: str, to: str, type_: str = "x", weight: float = 1.0) -> Edge:
    """An edge."""
    return Edge(from_=from_, to=to, type=type_, weight=weight, created_at=NOW, updated_at=NOW)


def forwards(graph: Weights) -> Leaving:
    """The steps along the edges of *graph*."""
    edges = [edge(*ends, weight) for ends, weight in graph.items()]

    def leaving(names: Sequence[str]) -> Iterable[Step]:
        return [Step(e.from_, e.to, e) for e in edges if e.from_ in names]

    return leaving


def best(graph: Weights, a: str, b: str) -> float:
    """The greatest weight of an edge from *a* to *b*; -1 if there is none."""
    return max((weight for (x, y, _), weight in graph.items() if (x, y) == (a, b)), default=-1.0)


def ways(graph: Weights, start: str, end: str) -> dict[int, float]:
    """The greatest product of weights of all ways without a circle, by their number of steps."""
    found: dict[int, float] = {0: 1.0} if start == end else {}
    others = [node for node in NODES if node not in (start, end)]
    for steps in range(1, len(NODES)) if start != end else ():
        for middle in permutations(others, steps - 1):
            way = [start, *middle, end]
            weights = [best(graph, a, b) for a, b in pairwise(way)]
            if min(weights) >= 0:
                found[steps] = max(found.get(steps, -1.0), math.prod(weights))
    return found


@given(GRAPHS, st.integers(0, 5))
def test_breadth_first_is_what_trying_every_way_gives(graph: Weights, depth: int) -> None:
    """Each node once, at its least depth, with the best product of the ways of that length."""
    walk = breadth_first("a", forwards(graph), depth=depth, limit=100)
    expected = {}
    for node in NODES:
        by_steps = ways(graph, "a", node)
        if by_steps and min(by_steps) <= depth:
            expected[node] = (min(by_steps), by_steps[min(by_steps)])
    assert len(walk.places) == len({place.id for place in walk.places})
    assert {place.id: (place.depth, place.score) for place in walk.places}.keys() == expected.keys()
    for place in walk.places:
        assert place.depth == expected[place.id][0]
        assert math.isclose(place.score, expected[place.id][1])
    order = [(place.depth, -place.score, place.id) for place in walk.places]
    assert order == sorted(order)
    assert not walk.more


@given(GRAPHS, st.integers(1, 5))
def test_what_is_left_out_is_what_comes_last(graph: Weights, limit: int) -> None:
    """A limit gives the beginning of what there is without one, and says whether there is more."""
    everything = breadth_first("a", forwards(graph), depth=9, limit=100)
    some = breadth_first("a", forwards(graph), depth=9, limit=limit)
    assert some.places == everything.places[: limit + 1]
    assert some.more == (len(everything.places) > limit + 1)


@given(GRAPHS)
def test_the_strongest_path_is_what_trying_every_way_gives(graph: Weights) -> None:
    """Its product is the greatest there is; there is none where no way leads."""
    for goal in NODES:
        by_steps = ways(graph, "a", goal)
        path = strongest("a", goal, forwards(graph))
        assert (path is None) == (not by_steps)
        if path is not None:
            assert [path[0].id, path[-1].id] == ["a", goal]
            assert math.isclose(path[-1].score, max(by_steps.values()), abs_tol=1e-12)
            assert len({place.id for place in path}) == len(path)


@given(GRAPHS, st.randoms())
def test_the_order_of_edges_does_not_matter(graph: Weights, chance: object) -> None:
    """The same graph, read in another order, gives the same answers."""
    mixed = list(graph.items())
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = forwards(graph), forwards(dict(mixed))
    assert breadth_first("a", one, depth=5, limit=3) == breadth_first("a", other, depth=5, limit=3)
    assert strongest("a", "g", one) == strongest("a", "g", other)


@given(GRAPHS, st.integers(1, 3), st.lists(st.sampled_from(NODES), min_size=1, unique=True))
def test_what_is_brought_along_scores_the_best_that_any_way_hands_on(
    graph: Weights, depth: int, names: list[str]
) -> None:
    """The score of a start times half of each weight on the way, the best of all ways within the depth."""
    starts = {name: 1.0 - number / 10 for number, name in enumerate(names)}
    expected: dict[str, float] = {}
    at = dict(starts)
    for _ in range(depth):
        following: dict[str, float] = {}
        for (a, b, _), weight in graph.items():
            if a in at and b not in starts:
                following[b] = max(following.get(b, 0.0), at[a] * weight / 2)
        for name, score in following.items():
            expected[name] = max(expected.get(name, 0.0), score)
        at = following
    found = brought_along(starts, forwards(graph), depth=depth, discount=0.5)
    assert {one.id for one in found} == expected.keys()
    for one in found:
        assert math.isclose(one.score, expected[one.id], abs_tol=1e-12)
        assert one.id not in starts
        assert one.depth <= depth


def test_a_long_chain_of_weak_edges_does_not_lose_its_end() -> None:
    """Products fall below what a number can hold; their logarithms don't."""
    chain = {(f"n{i}", f"n{i + 1}", "x"): 0.1 for i in range(500)}
    path = strongest("n0", "n500", forwards(chain))
    assert path is not None
    assert len(path) == 501


def test_an_edge_of_weight_0_is_the_last_resort() -> None:
    """A long way of weak edges is stronger."""
    graph = {("a", "b", "x"): 0.0, ("a", "c", "x"): 0.01, ("c", "b", "x"): 0.01}
    path = strongest("a", "b", forwards(graph))
    assert path is not None
    assert [place.id for place in path] == ["a", "c", "b"]
    path = strongest("a", "b", forwards({("a", "b", "x"): 0.0}))
    assert path is not None
    assert path[-1].score == 0.0

"""Ways through a graph: breadth first, and the strongest one. Pure functions on steps.

Edges are asked for many nodes at once, since each look into the store takes milliseconds, however many
nodes it is about.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from memcli.structure import Edge

ASKED_AT_ONCE = 5_000
"""Nodes whose edges the search for a path asks for together: those that it has heard of so far. Asking for
all of them, not only for what is next, takes 13 looks instead of 146 in a graph of 100,000 edges."""


@dataclass(frozen=True, slots=True)
class Step:
    """An edge as one goes along it.

    Attributes:
        at: Where one stands.
        to: Where it leads.
        edge: The edge.
    """

    at: str
    to: str
    edge: Edge

    @property
    def is_forward(self) -> bool:
        """Whether this is the direction of the edge."""
        return self.edge.from_ == self.at

    @property
    def rank(self) -> tuple[str, str, bool]:
        """What decides between steps that are equally good: something that never changes."""
        return self.at, self.edge.type, not self.is_forward


Leaving = Callable[[Sequence[str]], Iterable[Step]]
"""Gives the steps that lead away from nodes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node that a walk came to.

    Attributes:
        id: The node.
        depth: The least number of steps to it.
        score: The greatest product of weights among the ways with so many steps.
        step: The last step of that way; None where it began.
    """

    id: str
    depth: int
    score: float
    step: Step | None


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk came to.

    Attributes:
        places: Its nodes: by depth, the best of each depth first.
        edges: The edges it met between these, each once.
        more: Whether nodes were left out because there were too many.
    """

    places: tuple[Place, ...]
    edges: tuple[Edge, ...]
    more: bool = False


def breadth_first(start: str, leaving: Leaving, *, depth: int, limit: int) -> Walk:
    """Every node that is at most *depth* steps from *start*, but at most *limit* of them besides *start*."""
    places = {start: Place(start, 0, 1.0, None)}
    met: dict[tuple[str, str, str], Edge] = {}
    frontier, more = [places[start]], False
    while frontier and frontier[0].depth < depth and not more:
        best: dict[str, Place] = {}
        for step in leaving([place.id for place in frontier]):
            met[step.edge.ends] = step.edge
            if step.to not in places:
                before = places[step.at]
                here = Place(step.to, before.depth + 1, before.score * step.edge.weight, step)
                best[step.to] = min(best.get(step.to, here), here, key=_goodness)
        frontier = sorted(best.values(), key=lambda place: (-place.score, place.id))
        room = limit - (len(places) - 1)
        frontier, more = frontier[:room], len(frontier) > room
        places |= {place.id: place for place in frontier}
    edges = [edge for edge in met.values() if edge.from_ in places and edge.to in places]
    return Walk(tuple(places.values()), tuple(sorted(edges, key=lambda edge: edge.ends)), more)


def _goodness(place: Place) -> tuple[float, tuple[str, str, bool]]:
    assert place.step is not None
    return -place.score, place.step.rank


def strongest(start: str, goal: str, leaving: Leaving) -> list[Place] | None:
    """The way from *start* to *goal* with the greatest product of weights; None where no way leads there.

    Of equally strong ways it is a shortest one, always the same. Dijkstra's algorithm, on the negative
    logarithms of the weights; an edge of weight 0 is taken where there is nothing else only.
    """
    known: dict[str, list[Step]] = {}
    fringe: dict[str, None] = {}
    came: dict[str, tuple[_Cost, Step | None]] = {start: (_Cost(), None)}
    waiting, done = [(_Cost(), start)], set[str]()
    while waiting:
        cost, here = heapq.heappop(waiting)
        if here in done:
            continue
        if here == goal:
            return _way(came, goal)
        done.add(here)
        if here not in known:
            _ask(leaving, here, known, fringe)
        for step in known[here]:
            reached = cost.after(step.edge.weight)
            if step.to not in done and _is_better((reached, step), came.get(step.to)):
                came[step.to] = (reached, step)
                heapq.heappush(waiting, (reached, step.to))
    return None


@dataclass(frozen=True, slots=True, order=True)
class _Cost:
    """What a way costs: edges of weight 0, the negative logarithm of the other weights' product, steps."""

    impassable: int = 0
    log: float = 0.0
    steps: int = 0

    def after(self, weight: float) -> _Cost:
        if not weight:
            return _Cost(self.impassable + 1, self.log, self.steps + 1)
        return _Cost(self.impassable, self.log - math.log(weight), self.steps + 1)


def _is_better(new: tuple[_Cost, Step], old: tuple[_Cost, Step | None] | None) -> bool:
    if old is None:
        return True
    return new[0] < old[0] or (new[0] == old[0] and old[1] is not None and new[1].rank < old[1].rank)


def _ask(leaving: Leaving, here: str, known: dict[str, list[Step]], fringe: dict[str, None]) -> None:
    """Learn where one can go from *here*, and from what was heard of on the way, the *fringe*."""
    some = list(dict.fromkeys([here, *fringe]))[:ASKED_AT_ONCE]
    known |= {name: [] for name in some}
    for step in leaving(some):
        known[step.at].append(step)
        fringe[step.to] = None
    for name in [name for name in fringe if name in known]:
        del fringe[name]


def _way(came: Mapping[str, tuple[_Cost, Step | None]], goal: str) -> list[Place]:
    steps: list[Step] = []
    at = goal
    while (step := came[at][1]) is not None:
        steps.insert(0, step)
        at = step.at
    places = [Place(at, 0, 1.0, None)]
    for step in steps:
        before = places[-1]
        places.append(Place(step.to, before.depth + 1, before.score * step.edge.weight, step))
    return places


@dataclass(frozen=True, slots=True)
class Brought:
    """A node that others have brought along.

    Attributes:
        id: The node.
        score: The best that any of them hands on to it.
        start: Which of them that is.
        step: The last step from there.
        depth: How many steps there are.
        strength: The product of their weights.
    """

    id: str
    score: float
    start: str
    step: Step
    depth: int
    strength: float


def brought_along(
    starts: Mapping[str, float], leaving: Leaving, *, depth: int, discount: float
) -> list[Brought]:
    """What the nodes *starts*, each with a score, bring along within *depth* steps, best first.

    Each step hands on the score times its weight times *discount*. None of *starts* is brought along.
    """
    best: dict[str, Brought] = {}
    standing = {name: (score, name, 1.0) for name, score in starts.items()}
    for steps in range(1, depth + 1):
        came: dict[str, Brought] = {}
        for step in leaving(list(standing)) if standing else ():
            score, start, strength = standing[step.at]
            weight = step.edge.weight
            here = Brought(step.to, score * weight * discount, start, step, steps, strength * weight)
            if step.to not in starts:
                came[step.to] = min(came.get(step.to, here), here, key=_order)
        better = {name: one for name, one in came.items() if name not in best or one.score > best[name].score}
        best |= better
        standing = {name: (one.score, one.start, one.strength) for name, one in better.items()}
    return sorted(best.values(), key=lambda one: (-one.score, one.id))


def _order(one: Brought) -> tuple[float, str, tuple[str, str, bool]]:
    return -one.score, one.start, one.step.rank

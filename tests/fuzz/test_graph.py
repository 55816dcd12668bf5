"""Edges against a dictionary: said between memories that give way, are forgotten, and come back."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import forgetting, graph, remember
from memcli.services.edges import Direction
from memcli.services.undo import undo
from tests.fuzz.machines import STEPS, Machine, refused, runs

ME = Scope("work", "me")
TYPES = st.sampled_from(["related_to", "knows", "it's"])
WEIGHTS = st.sampled_from([0.0, 0.25, 0.5, 1.0])
NAMES = st.integers(0, 7)

Ends = tuple[str, str, str]


@dataclass
class State:
    """What is known.

    Attributes:
        successor: What each memory gave way to; empty for nothing.
        forgotten: Those that are forgotten.
        edges: What was said: weight and when, by ends.
    """

    successor: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    edges: dict[Ends, tuple[float, datetime]] = field(default_factory=dict)

    def now(self, name: str) -> str | None:
        """The memory that *name* is now; None where that is gone."""
        while self.successor[name]:
            name = self.successor[name]
        return None if name in self.forgotten else name

    def visible(self) -> dict[Ends, float]:
        """The edges as they are now: of those that became the same one, the one that was said last."""
        latest: dict[Ends, tuple[datetime, Ends, float]] = {}
        for said, (weight, at) in self.edges.items():
            start, end = self.now(said[0]), self.now(said[1])
            if start and end and start != end:
                key = (start, end, said[2])
                latest[key] = max(latest.get(key, (at, said, weight)), (at, said, weight))
        return {ends: weight for ends, (_, _, weight) in latest.items()}


class Graph(Machine):
    """Some memories, and edges between them."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.before: list[State] = []

    @property
    def names(self) -> list[str]:
        """All memories."""
        return list(self.state.successor)

    def name(self, number: int) -> str:
        """One of them."""
        return self.names[number % len(self.names)]

    def change(self) -> None:
        """Something is about to change."""
        self.before.append(copy.deepcopy(self.state))

    @initialize(number=st.integers(2, 5))
    def begin(self, number: int) -> None:
        """Some memories are there."""
        for _ in range(number):
            self.store()

    @rule()
    def store(self) -> None:
        """There is one more."""
        told = remember.store(self.engine, f"memory number {len(self.names)}", scope=ME)
        self.change()
        self.state.successor[str(told.id)] = ""

    @rule(one=NAMES)
    def replace(self, one: int) -> None:
        """A memory gives way to a new one."""
        old = self.name(one)

        def does() -> Any:
            return remember.store(self.engine, f"memory number {len(self.names)}", scope=ME, replaces=old)

        if self.state.successor[old] or old in self.state.forgotten:
            refused(does, ConflictError)
            return
        new = str(does().id)
        self.change()
        self.state.successor |= {old: new, new: ""}

    @rule(one=NAMES)
    def forget(self, one: int) -> None:
        """A memory is forgotten."""
        name = self.name(one)
        forgetting.forget(self.engine, [name], scope=ME)
        if name not in self.state.forgotten:
            self.change()
            self.state.forgotten.add(name)

    @rule(one=NAMES)
    def restore(self, one: int) -> None:
        """A memory is brought back."""
        name = self.name(one)
        forgetting.restore(self.engine, [name], scope=ME)
        if name in self.state.forgotten or self.state.successor[name]:
            self.change()
            self.state.forgotten.discard(name)
            self.state.successor[name] = ""

    @rule(number=st.integers(1, 4))
    def take_back(self, number: int) -> None:
        """The last changes are taken back; memories that were new are forgotten."""
        told = undo(self.engine, scope=ME, last=number)
        assert len(told) == min(number, len(self.before))
        for _ in told:
            now, self.state = self.state, self.before.pop()
            new = now.successor.keys() - self.state.successor.keys()
            self.state.successor |= dict.fromkeys(sorted(new), "")
            self.state.forgotten |= new

    @rule(one=NAMES, other=NAMES, type_=TYPES, weight=WEIGHTS)
    def connect(self, one: int, other: int, type_: str, weight: float) -> None:
        """Two memories are connected, as what they are now."""
        first, second = self.name(one), self.name(other)
        start, end = self.state.now(first), self.state.now(second)

        def does() -> Any:
            return graph.connect(self.engine, first, second, scope=ME, type_=type_, weight=weight)

        if start is None or end is None:
            refused(does, ConflictError)
        elif start == end:
            refused(does, UsageError)
        else:
            before = self.state.visible().get((start, end, type_))
            told = does()
            assert (told.from_, told.to, told.weight_before) == (start, end, before)
            self.change()
            self.state.edges[start, end, type_] = (weight, self.clock())

    @rule(one=NAMES, other=NAMES, type_=st.none() | TYPES)
    def disconnect(self, one: int, other: int, type_: str | None) -> None:
        """The edges from one memory to another are taken away, whatever they were when these were said."""
        first, second = self.name(one), self.name(other)
        start, end = self.state.now(first), self.state.now(second)

        def does() -> Any:
            return graph.disconnect(self.engine, first, second, scope=ME, type_=type_)

        gone = [
            said
            for said in self.state.edges
            if (self.state.now(said[0]), self.state.now(said[1])) == (start, end) and type_ in (None, said[2])
        ]
        if start is None or end is None:
            refused(does, ConflictError)
        elif start == end or not gone:
            refused(does, NotFoundError)
        else:
            does()
            self.change()
            for said in gone:
                del self.state.edges[said]

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        """The clock moves."""
        self.move_clock(seconds)

    @rule()
    def go_on(self) -> None:
        """The store is opened anew."""
        self.reopen()

    @invariant()
    def edges_are_right(self) -> None:
        """Each memory has the edges that it should have, in both directions."""
        visible = self.state.visible()
        for name in self.names:
            if self.state.now(name) != name:
                continue
            found = graph.edges(self.engine, name, scope=ME)
            assert {(e.ends, e.weight) for e in found} == {
                (ends, weight) for ends, weight in visible.items() if name in ends[:2]
            }

    @rule(one=NAMES, depth=st.integers(0, 4), way=st.sampled_from(list(Direction)), weakest=WEIGHTS)
    def walk(self, one: int, depth: int, way: Direction, weakest: float) -> None:
        """A traversal comes to what a walk step by step comes to, at the same depth and as strong."""
        root = self.state.now(self.name(one))
        if root is None:
            return
        reached = {root: (0, 1.0)}
        frontier = {root: 1.0}
        for step in range(1, depth + 1):
            came: dict[str, float] = {}
            for at, score in frontier.items():
                for to, weight in self._leaving(at, way):
                    if weight >= weakest and to not in reached:
                        came[to] = max(came.get(to, 0.0), score * weight)
            reached |= {to: (step, score) for to, score in came.items()}
            frontier = came
        found = graph.traverse(self.engine, root, scope=ME, depth=depth, direction=way, min_weight=weakest)
        assert {n.id: (n.depth, n.score) for n in found.nodes} == {
            name: (far, round(score, 6)) for name, (far, score) in reached.items()
        }

    def _leaving(self, name: str, way: Direction) -> list[tuple[str, float]]:
        out = [(e[1], w) for e, w in self.state.visible().items() if e[0] == name and way is not Direction.IN]
        back = [
            (e[0], w) for e, w in self.state.visible().items() if e[1] == name and way is not Direction.OUT
        ]
        return out + back

    @rule(one=NAMES, other=NAMES)
    def find_a_way(self, one: int, other: int) -> None:
        """A path is as strong as the strongest of all ways."""
        start, end = self.state.now(self.name(one)), self.state.now(self.name(other))
        if start is None or end is None:
            return
        best: list[float] = []

        def go(at: str, score: float, been: frozenset[str]) -> None:
            if at == end:
                best.append(score)
                return
            for to, weight in self._leaving(at, Direction.OUT):
                if to not in been:
                    go(to, score * weight, been | {to})

        go(start, 1.0, frozenset({start}))
        if not best:
            refused(lambda: graph.path(self.engine, start, end, scope=ME), NotFoundError)
            return
        found = graph.path(self.engine, start, end, scope=ME)
        assert abs(found.score - max(best)) < 1e-6
        assert [n.id for n in found.nodes][:: max(len(found.nodes) - 1, 1)][:1] == [start]
        assert found.nodes[-1].id == end


def test_edges_are_what_a_dictionary_says() -> None:
    """After any sequence of changes, edges, traversals and paths are those of the model."""
    runs(Graph, few=4)

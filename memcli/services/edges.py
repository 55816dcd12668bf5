"""Edges as they are now: those of replaced memories are their successors', those of forgotten ones hidden.

The store keeps what was connected. What that means today is found out here, when edges are read, so that
`undo` and `restore` need not do anything about edges to bring them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from memcli.model import Memory, Scope
from memcli.services.engine import Engine
from memcli.services.select import in_scope, is_current
from memcli.services.walking import Step
from memcli.structure import Edge

LONGEST_CHAIN = 10_000
"""Replacements that are followed; a store that another hand has damaged may have them in a circle."""


class Direction(StrEnum):
    """Which edges of a memory are meant: those that lead away from it, to it, or both."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


@dataclass
class EdgesNow:
    """The edges among the memories of one scope that are current; each memory is read once.

    Attributes:
        engine: What to work with.
        scope: Which memories may be seen; edges to others are hidden.
        seen: The memories read so far by id, whatever their state; None for those out of sight.
    """

    engine: Engine
    scope: Scope
    seen: dict[str, Memory | None] = field(default_factory=dict)

    def add(self, memory: Memory) -> None:
        """Take *memory*, which was read and may be seen, as it is, and read what it gave way to."""
        self.seen[memory.id] = memory
        if memory.replaced_at and memory.replaced_by:
            self.read([memory.replaced_by])

    def read(self, ids: Iterable[str]) -> None:
        """Read the memories *ids*, and those that they gave way to."""
        missing = [name for name in dict.fromkeys(ids) if name not in self.seen]
        for _ in range(LONGEST_CHAIN):
            if not missing:
                break
            found = self.engine.db.memories.outlines(missing, in_scope(self.scope))
            self.seen |= {name: found.get(name) for name in missing}
            following = (memory.replaced_by for memory in found.values() if memory.replaced_at)
            missing = [name for name in dict.fromkeys(following) if name and name not in self.seen]

    def current(self, name: str) -> Memory | None:
        """The memory *name*, which was read, or what it gave way to; None where that is not to be seen."""
        memory = self.seen.get(name)
        now = self.engine.now()
        for _ in range(LONGEST_CHAIN):
            if memory is None or not (memory.replaced_at and memory.replaced_by):
                break
            memory = self.seen.get(memory.replaced_by)
        return memory if memory is not None and is_current(memory, now) else None

    def of(
        self, ids: Sequence[str], direction: Direction, types: Sequence[str] = (), min_weight: float = 0.0
    ) -> list[Edge]:
        """The edges of the current memories *ids*, each once, in a fixed order."""
        return self._latest(self.as_said(ids, direction, types), min_weight)

    def all(self, types: Sequence[str] = (), min_weight: float = 0.0) -> list[Edge]:
        """All edges, each once, in a fixed order."""
        said = [edge for edge in self.engine.db.edges.all() if not types or edge.type in types]
        return self._latest(self._now(said), min_weight)

    def as_said(
        self, ids: Sequence[str], direction: Direction, types: Sequence[str] = ()
    ) -> list[tuple[Edge, Edge]]:
        """The edges of the current memories *ids*: as each was said, and as it is now."""
        out, back = direction is not Direction.IN, direction is not Direction.OUT
        touching = partial(self.engine.db.edges.touching, out=out, back=back, types=types)
        with ThreadPoolExecutor(max_workers=1) as beside:  # two tables: together they take no longer than one
            found = beside.submit(touching, ids)
            before = self._with_names_before(ids)[len(ids) :]
            said = found.result()
        known = {edge.ends for edge in said}
        more = touching(before) if before else []
        return self._now([*said, *(edge for edge in more if edge.ends not in known)])

    def leaving(
        self, ids: Sequence[str], direction: Direction, types: Sequence[str] = (), min_weight: float = 0.0
    ) -> list[Step]:
        """The steps that lead away from the current memories *ids*, in a fixed order."""
        wanted, steps = set(ids), list[Step]()
        for edge in self.of(ids, direction, types, min_weight):
            if direction is not Direction.IN and edge.from_ in wanted:
                steps.append(Step(edge.from_, edge.to, edge))
            if direction is not Direction.OUT and edge.to in wanted:
                steps.append(Step(edge.to, edge.from_, edge))
        return steps

    def _with_names_before(self, ids: Sequence[str]) -> list[str]:
        """*ids*, and all memories that gave way to them."""
        names, latest = list(ids), list(ids)
        known = set(names)
        while latest:
            before = self.engine.db.memories.that_gave_way_to(latest)
            latest = [name for name in before if name not in known]
            known.update(latest)
            names += latest
        return names

    def _now(self, said: Sequence[Edge]) -> list[tuple[Edge, Edge]]:
        ends = dict.fromkeys(end for edge in said for end in (edge.from_, edge.to))
        self.read(ends)
        current = {end: self.current(end) for end in ends}
        both = [(edge, current[edge.from_], current[edge.to]) for edge in said]
        return [
            (edge, _carried(edge, start.id, end.id))
            for edge, start, end in both
            if start is not None and end is not None and start.id != end.id
        ]

    @staticmethod
    def _latest(edges: Sequence[tuple[Edge, Edge]], min_weight: float) -> list[Edge]:
        """One edge for each from, to and type: what was said last counts."""
        by_time = sorted(edges, key=lambda both: (both[1].updated_at, both[0].ends))
        latest = {now.ends: now for _, now in by_time}
        return [latest[ends] for ends in sorted(latest) if latest[ends].weight >= min_weight]


def _carried(edge: Edge, start: str, end: str) -> Edge:
    """*edge* between *start* and *end*, which may have replaced what was connected."""
    if (start, end) == (edge.from_, edge.to):
        return edge
    return replace(
        edge,
        from_=start,
        to=end,
        was_from=None if start == edge.from_ else edge.from_,
        was_to=None if end == edge.to else edge.to,
    )

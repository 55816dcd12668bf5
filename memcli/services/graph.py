"""How memories relate: connected, disconnected, followed from one to the next."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import EVERYWHERE, Memory, Scope
from memcli.services import checks, journal, names
from memcli.services.edges import Direction, EdgesNow
from memcli.services.engine import Engine
from memcli.services.memories import find
from memcli.services.select import is_alive
from memcli.services.walking import Place, Step, breadth_first, strongest
from memcli.structure import Edge
from memcli.wording import counted

if TYPE_CHECKING:
    from memcli.storage.database import Database

TYPE = "related_to"
"""What a memory is to another where nobody says."""

DEPTH, DEPTH_MOST = 3, 1_000
NODES = 100
"""Memories that a traversal gives, unless told otherwise: more than a person reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What connecting two memories, or taking that back, came to.

    Attributes:
        action: `connected`, `updated` if they were already, or `disconnected`.
        from_: The id of the memory that the edge leads from.
        to: The id of the memory that it leads to.
        type: What the one is to the other.
        weight: How strong the edge is, or was, 0..1.
        weight_before: How strong it was before it was updated; None for others.
        was_from: What was named, or had been connected, and was replaced by `from_`; None if nothing was.
        was_to: The same of `to`.
    """

    action: str
    from_: str
    to: str
    type: str
    weight: float
    weight_before: float | None = None
    was_from: str | None = None
    was_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeOf(Edge):
    """An edge as one of its memories has it.

    Attributes:
        direction: `out` if it leads away from that memory, `in` if it leads to it.
        id: The memory at the other end.
        text: What that says.
    """

    direction: Direction
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A memory that was come to by following edges.

    Attributes:
        id: The memory.
        depth: How many steps it is away.
        score: The product of the weights on the way, the greatest among the ways of so many steps.
        text: What it says.
        space: Where it is.
        via: The memory before it on that way; None where it began.
        type: The type of the edge from there.
        weight: The weight of that edge.
        direction: Whether that edge was followed to where it leads, `out`, or back, `in`.
    """

    id: str
    depth: int
    score: float
    text: str
    space: str
    via: str | None = None
    type: str | None = None
    weight: float | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traversal:
    """What can be reached from a memory.

    Attributes:
        root: The memory.
        nodes: It, and what was reached: nearest first, of these the strongest first.
        edges: The edges met on the way between these.
        more: Whether there were more memories than were asked for.
    """

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The strongest way from one memory to another.

    Attributes:
        from_: Where it begins.
        to: Where it ends.
        score: The product of the weights on it.
        nodes: The memories on it, both included, in order.
        edges: The edges between these, in order.
    """

    from_: str
    to: str
    score: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def connect(
    engine: Engine, start: str, end: str, *, scope: Scope, type_: str = TYPE, weight: float = 1.0
) -> Connected:
    """Connect the memory *start* with the memory *end*; connecting them again updates the weight.

    Raises:
        NotFoundError: One of them does not exist.
        ConflictError: One of them is forgotten, or its id ambiguous.
        UsageError: Both are the same, the weight is not from 0 to 1, the type can't be one, or one of them
            has as many edges as it may have.
    """
    type_, weight = edge_type(type_), checks.share(weight, "the weight")
    named = [find(engine, name, scope=scope) for name in (start, end)]
    with engine.db.writing() as db:
        now = engine.now()
        view = EdgesNow(engine, EVERYWHERE)
        first, second = (as_it_is(view, find(engine, memory.id)) for memory in named)
        if first.id == second.id:
            raise UsageError(f"the memory {first.id} can't be connected with itself")
        there = [edge for edge in view.of([first.id], Direction.OUT, [type_]) if edge.to == second.id]
        ends = (first.id, second.id, type_)
        before = db.edges.called([ends])
        if ends not in before:
            refuse_too_many(db.edges.degrees([first.id, second.id]))
        made = before[ends].created_at if ends in before else now
        edge = Edge(from_=first.id, to=second.id, type=type_, weight=weight, created_at=made, updated_at=now)
        _note(engine, db, "graph connect", {ends: before.get(ends)}, [first, second], scope.user)
        db.edges.put([edge], first.user)
        names.note_type(engine.home.names, type_)
    return Connected(
        action="updated" if there else "connected",
        from_=first.id,
        to=second.id,
        type=type_,
        weight=weight,
        weight_before=there[0].weight if there else None,
        was_from=_other(named[0].id, first.id),
        was_to=_other(named[1].id, second.id),
    )


def disconnect(
    engine: Engine, start: str, end: str, *, scope: Scope, type_: str | None = None
) -> list[Connected]:
    """Take away the edges that lead from the memory *start* to *end*: those of one type, or all.

    Raises:
        NotFoundError: One of them does not exist, or no such edge.
    """
    types = [] if type_ is None else [edge_type(type_)]
    named = [find(engine, name, scope=scope) for name in (start, end)]
    with engine.db.writing() as db:
        view = EdgesNow(engine, EVERYWHERE)
        first, second = (as_it_is(view, find(engine, memory.id)) for memory in named)
        said = [
            (edge, now) for edge, now in view.as_said([first.id], Direction.OUT, types) if now.to == second.id
        ]
        if not said:
            kind = f" of the type {types[0]!r}" if types else ""
            raise NotFoundError(
                f"no edge{kind} leads from {first.id} to {second.id}",
                hint=f"memcli graph edges {first.id} shows its edges",
            )
        _note(
            engine, db, "graph disconnect", {edge.ends: edge for edge, _ in said}, [first, second], scope.user
        )
        db.edges.remove([edge.ends for edge, _ in said])
    latest = {now.type: now for _, now in sorted(said, key=lambda both: both[1].updated_at)}
    return [_disconnected(latest[name]) for name in sorted(latest)]


def _disconnected(edge: Edge) -> Connected:
    kept = {f.name for f in fields(Connected)} & {f.name for f in fields(Edge)}
    return Connected(action="disconnected", **{name: getattr(edge, name) for name in kept})


def edges(
    engine: Engine,
    name: str,
    *,
    scope: Scope,
    types: Sequence[str] = (),
    direction: Direction = Direction.BOTH,
) -> list[EdgeOf]:
    """The edges of the memory *name*: first those that lead away from it, the strongest of each first.

    Raises:
        NotFoundError: It does not exist.
    """
    view = EdgesNow(engine, scope)
    memory = as_it_is(view, find(engine, name, scope=scope))
    steps = view.leaving([memory.id], Direction(direction), [edge_type(one) for one in types])
    steps.sort(key=lambda step: (not step.is_forward, -step.edge.weight, step.edge.type, step.to))
    return [_edge_of(view, step) for step in steps]


def _edge_of(view: EdgesNow, step: Step) -> EdgeOf:
    about = {f.name: getattr(step.edge, f.name) for f in fields(Edge)}
    other = view.seen[step.to]
    assert other is not None
    return EdgeOf(**about, direction=_direction(step), id=other.id, text=other.text)


def traverse(
    engine: Engine,
    name: str,
    *,
    scope: Scope,
    depth: int = DEPTH,
    types: Sequence[str] = (),
    direction: Direction = Direction.OUT,
    min_weight: float = 0.0,
    limit: int = NODES,
) -> Traversal:
    """What can be reached from the memory *name*: breadth first, each memory once, at its least depth.

    Args:
        engine: What to work with.
        name: Its id, or a unique beginning of it.
        scope: Which memories may be seen.
        depth: Most steps away from it.
        types: Only edges of these types are followed; all, if empty.
        direction: Whether edges are followed to where they lead, or back, or both.
        min_weight: Weaker edges are not followed.
        limit: Most memories besides it.

    Raises:
        NotFoundError: It does not exist.
    """
    checks.within(depth, 0, DEPTH_MOST, "the depth")
    checks.positive(limit, "the limit")
    weakest = checks.share(min_weight, "the minimum weight")
    kinds, way = [edge_type(one) for one in types], Direction(direction)
    view = EdgesNow(engine, scope)
    root = as_it_is(view, find(engine, name, scope=scope))
    walk = breadth_first(
        root.id, lambda ids: view.leaving(ids, way, kinds, weakest), depth=depth, limit=limit
    )
    nodes = tuple(_node(view, place) for place in walk.places)
    return Traversal(root=root.id, nodes=nodes, edges=walk.edges, more=walk.more)


def path(
    engine: Engine,
    start: str,
    end: str,
    *,
    scope: Scope,
    types: Sequence[str] = (),
    direction: Direction = Direction.OUT,
) -> Path:
    """The way from the memory *start* to *end* whose product of weights is the greatest.

    Raises:
        NotFoundError: One of them does not exist, or no way leads there.
    """
    kinds, way = [edge_type(one) for one in types], Direction(direction)
    view = EdgesNow(engine, scope)
    first, second = (as_it_is(view, find(engine, name, scope=scope)) for name in (start, end))
    places = strongest(first.id, second.id, lambda ids: view.leaving(ids, way, kinds))
    if places is None:
        raise NotFoundError(
            f"no path leads from {first.id} to {second.id}",
            hint="" if way is Direction.BOTH else "--direction both follows edges either way",
        )
    return Path(
        from_=first.id,
        to=second.id,
        score=round(places[-1].score, 6),
        nodes=tuple(_node(view, place) for place in places),
        edges=tuple(place.step.edge for place in places if place.step),
    )


def edge_type(value: str) -> str:
    """*value*, the type of an edge: any words on one line, at most 100 characters.

    Raises:
        UsageError: It can't be one.
    """
    said = unicodedata.normalize("NFC", checks.line(value, "the type", checks.TYPE_LENGTH_MOST)).strip()
    if not said:
        raise UsageError("the type is empty")
    return said


def refuse_too_many(degrees: Mapping[str, int]) -> None:
    """Raise if one of the memories that have as many edges as *degrees* says can't have another one."""
    for name, number in degrees.items():
        if number >= checks.EDGES_MOST:
            raise UsageError(f"the memory {name} has {counted(number, 'edge')}, and can't have more")


def as_it_is(view: EdgesNow, memory: Memory) -> Memory:
    """*memory* as it is now, or what it gave way to.

    Raises:
        ConflictError: It is forgotten, or has expired.
    """
    view.add(memory)
    current = view.current(memory.id)
    if current is not None:
        return current
    seen = view.seen.get(memory.id)
    if seen is None:
        raise NotFoundError(f"there is no memory with the id {memory.id!r}")
    if is_alive(seen, view.engine.now()):
        raise ConflictError(
            f"the memory {memory.id} was replaced, and what replaced it is gone",
            hint=f"memcli history {memory.id} shows by which",
        )
    has_expired = seen.forgotten_at is None
    hint = f"memcli update {memory.id} --ttl 30d" if has_expired else f"memcli restore {memory.id}"
    raise ConflictError(
        f"the memory {memory.id} {'has expired' if has_expired else 'is forgotten'}", hint=hint
    )


def _node(view: EdgesNow, place: Place) -> Node:
    memory = view.seen[place.id]
    assert memory is not None
    node = Node(
        id=memory.id,
        depth=place.depth,
        score=round(place.score, 6),
        text=memory.text,
        space=memory.space,
    )
    if place.step is None:
        return node
    edge = place.step.edge
    return replace(
        node, via=place.step.at, type=edge.type, weight=edge.weight, direction=_direction(place.step)
    )


def _direction(step: Step) -> Direction:
    return Direction.OUT if step.is_forward else Direction.IN


def _other(named: str, meant: str) -> str | None:
    return None if named == meant else named


def _note(
    engine: Engine,
    db: Database,
    command: str,
    before: Mapping[tuple[str, str, str], Edge | None],
    touched: Sequence[Memory],
    by: str | None,
) -> None:
    """Note in the journal that *by* changes edges, which were *before*, between the memories *touched*."""
    noted = [(*ends, journal.edge_as_json(edge)) for ends, edge in before.items()]
    journal.note(engine, db, command, edges=noted, touched=touched, by=by)

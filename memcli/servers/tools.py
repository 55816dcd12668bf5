"""The tools that agents are given: each checks its arguments, calls one service, and answers as commands do.

Their docstrings and what is said of their arguments is all that an agent reads of them, with each request to
its model: they are kept short, and a test counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from memcli.errors import UsageError
from memcli.model import Context, Hit, Memory, Stored, Trust
from memcli.servers.desk import Desk
from memcli.services import checks, context, forgetting, graph, memories, recall, remember, uses
from memcli.services.edges import Direction
from memcli.services.graph import Connected, EdgeOf, Path, Traversal
from memcli.services.select import Filter
from memcli.services.where import parse
from memcli.times import parse_time

NOTHING = "Nothing relevant is remembered."

Id = Annotated[str, Field(description="Id or unique beginning")]
Space = Annotated[str, Field(description="Default: the space in force")]
Tags = Annotated[Sequence[str], Field(description="All of these tags")]
Where = Annotated[str, Field(description="Metadata condition, e.g. project = 'api' and n >= 2")]
Since = Annotated[str, Field(description="Created since: 2026-05-01, 7d")]
Importance = Annotated[float, Field(description="0 to 1")]


def store(
    desk: Desk,
    text: Annotated[str, Field(description="One self-contained fact")],
    importance: Importance = 0.5,
    tags: Sequence[str] = (),
    metadata: dict[str, Any] = {},  # noqa: B006  # never changed
    replaces: Annotated[str, Field(description="Id of the memory it replaces in any case")] = "",
    space: Space = "",
) -> Stored:
    """Remember a fact for later sessions. Known facts are not stored twice; outdated ones give way."""
    with desk.engine() as engine:
        stored = remember.store(
            engine,
            text,
            scope=desk.bounds.writing(engine, space),
            replaces=replaces,
            importance=importance,
            tags=checks.tags(tags),
            metadata=metadata,
            trust=Trust.AGENT,
        )
    return replace(stored, considered=None)


def search(
    desk: Desk,
    query: Annotated[str, Field(description="In any words")],
    limit: int = 10,
    tags: Tags = (),
    where: Where = "",
    since: Since = "",
    space: Space = "",
) -> list[Hit]:
    """Find memories by meaning and words, best first, with all that is known about each."""
    with desk.engine() as engine:
        return recall.search(
            engine,
            query,
            scope=desk.bounds.looking(engine, space),
            limit=limit,
            wanted=_filter(tags, where, parse_time(since, engine.now()) if since else None),
        )


def give_context(
    desk: Desk,
    query: Annotated[str, Field(description="The task or question at hand")],
    budget: Annotated[int, Field(description="Most tokens")] = 1000,
    space: Space = "",
) -> Context:
    """What is known about a task or question, as one block of text. Call it before answering."""
    with desk.engine() as engine:
        scope = desk.bounds.looking(engine, space)
        return context.build(engine, query, scope=scope, budget=budget)


def get(desk: Desk, id: Id) -> Memory:  # noqa: A002  # what agents call it
    """One memory, whole. Counts as a use, which keeps it fresh."""
    with desk.engine() as engine:
        return uses.look_at(engine, id, scope=desk.bounds.own(engine))


def list_memories(
    desk: Desk,
    limit: int = 20,
    offset: int = 0,
    tags: Tags = (),
    where: Where = "",
    since: Since = "",
    space: Space = "",
) -> list[Memory]:
    """Memories, latest first."""
    with desk.engine() as engine:
        return memories.newest(
            engine,
            scope=desk.bounds.looking(engine, space),
            wanted=_filter(tags, where, parse_time(since, engine.now()) if since else None),
            limit=limit,
            offset=offset,
        )


def update(
    desk: Desk,
    id: Id,  # noqa: A002
    text: str = "",
    importance: Annotated[float | None, Field(description="0 to 1")] = None,
    tags: Annotated[list[str] | None, Field(description="Instead of its tags")] = None,
    metadata: Annotated[dict[str, Any] | None, Field(description="Keys to set; null removes")] = None,
) -> Memory:
    """Correct a memory; what is not given stays."""
    with desk.engine() as engine:
        return memories.update(
            engine,
            id,
            scope=desk.bounds.own(engine),
            text=text or None,
            importance=importance,
            tags=None if tags is None else checks.tags(tags),
            metadata=metadata,
            by=Trust.AGENT,
        )


def forget(desk: Desk, ids: Annotated[list[str], Field(min_length=1)]) -> Sequence[Memory]:
    """Forget memories that are wrong or unwanted. The user can bring them back."""
    with desk.engine() as engine:
        return forgetting.forget(engine, ids, scope=desk.bounds.own(engine))


def relate(
    desk: Desk,
    action: Literal["connect", "disconnect", "edges", "traverse", "path"],
    id: Id,  # noqa: A002
    to: Annotated[str, Field(description="Other memory, for connect, disconnect, path")] = "",
    type: Annotated[str, Field(description="Edge type, e.g. requires")] = "",  # noqa: A002
    weight: Importance = 1.0,
    depth: int = 3,
    direction: Literal["", "out", "in", "both"] = "",
) -> Any:
    """Connect memories by typed edges, show a memory's edges, or follow them."""
    if (action in ("connect", "disconnect", "path")) != bool(to):
        raise UsageError(f"{action} takes {'another memory: to' if not to else 'only one memory, id'}")
    kinds = [type] if type else []
    way = Direction(direction or (Direction.BOTH if action == "edges" else Direction.OUT))
    with desk.engine() as engine:
        scope = desk.bounds.own(engine)
        does: Mapping[str, Callable[[], Any]] = {
            "connect": lambda: graph.connect(
                engine, id, to, scope=scope, type_=type or graph.TYPE, weight=weight
            ),
            "disconnect": lambda: graph.disconnect(engine, id, to, scope=scope, type_=type or None),
            "edges": lambda: graph.edges(engine, id, scope=scope, types=kinds, direction=way),
            "traverse": lambda: graph.traverse(
                engine, id, scope=scope, depth=depth, types=kinds, direction=way
            ),
            "path": lambda: graph.path(engine, id, to, scope=scope, types=kinds, direction=way),
        }
        return does[action]()


def _filter(tags: Sequence[str], where: str, since: Any) -> Filter:
    if where:
        checks.characters(where, "where")
    return Filter(tags=checks.tags(tags), where=parse(where) if where else None, since=since)


@dataclass(frozen=True)
class Offered:
    """A tool as agents see it.

    Attributes:
        name: What they call it.
        does: What answers.
        answers: The types of its answers.
        said: What an answer is as text; None for its JSON.
        reads: Whether it changes nothing.
        destroys: Whether it may take something away.
    """

    name: str
    does: Callable[..., Any]
    answers: tuple[Any, ...]
    reads: bool = True
    destroys: bool = False
    said: Callable[[Any], str] | None = None


OFFERED = (
    Offered("memory_context", give_context, (Context,), said=lambda known: known.context or NOTHING),
    Offered("memory_search", search, (list[Hit],)),
    Offered("memory_store", store, (Stored,), reads=False),
    Offered("memory_get", get, (Memory,)),
    Offered("memory_list", list_memories, (list[Memory],)),
    Offered("memory_update", update, (Memory,), reads=False, destroys=True),
    Offered("memory_forget", forget, (list[Memory],), reads=False, destroys=True),
    Offered(
        "memory_graph",
        relate,
        (Connected, list[Connected], list[EdgeOf], Traversal, Path),
        reads=False,
        destroys=True,
    ),
)

"""One memory with all that is around it: how fresh it is, how it came to be, what it is connected with."""

from __future__ import annotations

from dataclasses import dataclass

from memcli.model import Memory, Scope
from memcli.services import graph, uses
from memcli.services.engine import Engine
from memcli.services.fading import retention_of
from memcli.services.graph import EdgeOf
from memcli.services.history import Version, history


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A memory and what is around it.

    Attributes:
        memory: The memory.
        retention: How much of it is left, 0..1.
        versions: What it replaced and what replaced it, oldest first; itself among them.
        edges: Its edges; none for one that is not current.
    """

    memory: Memory
    retention: float
    versions: tuple[Version, ...]
    edges: tuple[EdgeOf, ...]


def read(engine: Engine, name: str, *, scope: Scope, is_use: bool = False) -> Reading:
    """The memory of *scope* with the id *name* and all around it; *is_use* if that counts as a use of it.

    Raises:
        NotFoundError: There is no such memory.
    """
    memory = uses.look_at(engine, name, scope=scope, is_use=is_use)
    versions = history(engine, memory.id, scope=scope)
    now = next(version.current for version in versions if version.id == memory.id)
    return Reading(
        memory=memory,
        retention=retention_of(engine, memory),
        versions=tuple(versions),
        edges=tuple(graph.edges(engine, memory.id, scope=scope)) if now else (),
    )

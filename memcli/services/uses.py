"""Which memories were looked at on purpose, which keeps them fresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from memcli.model import EVERYWHERE, Hit, Memory, Scope
from memcli.services import memories
from memcli.services.engine import Engine
from memcli.services.suspicion import flagged

if TYPE_CHECKING:
    from memcli.storage.uses import Use

Some = TypeVar("Some", bound=Memory)


def look_at(engine: Engine, name: str, *, scope: Scope = EVERYWHERE, is_use: bool = True) -> Memory:
    """The memory whose id is *name* or begins with it; looking at it counts as a use, unless told otherwise.

    Raises:
        NotFoundError: There is none.
        ConflictError: There are several.
    """
    memory = memories.find(engine, name, scope=scope)
    if is_use:
        note(engine, [memory])
    return flagged(counted(engine, [memory]))[0]


def note(engine: Engine, memories: Sequence[Memory]) -> None:
    """Note that *memories* were used now."""
    if memories:
        engine.db.uses.note([memory.id for memory in memories], engine.now())


def note_hits(engine: Engine, hits: Sequence[Hit]) -> None:
    """Note that somebody looked at *hits*: those count that a prompt would have been given."""
    weakest = engine.config.context.min_score
    note(engine, [hit for hit in hits if hit.relevance >= weakest])


def counted(engine: Engine, memories: Sequence[Some]) -> list[Some]:
    """*memories* with the uses that are noted but not in their rows yet."""
    pending = engine.db.uses.pending() if memories else {}
    return [_counted(memory, pending[memory.id]) if memory.id in pending else memory for memory in memories]


def _counted(memory: Some, use: Use) -> Some:
    last = max(use.last, memory.used_at or use.last)
    return replace(memory, uses=memory.uses + use.count, used_at=last)

"""How a fact came to be what it is: the memories that replaced each other, in order."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from memcli.model import EVERYWHERE, Memory, Scope
from memcli.services.engine import Engine
from memcli.services.memories import find
from memcli.services.select import is_current

if TYPE_CHECKING:
    from memcli.model import Conflict
    from memcli.services.conflicts import Decision

LONGEST = 10_000
"""Links that are followed at most; a store that another hand has damaged may have them in a circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Memory):
    """A memory as a part of its history.

    Attributes:
        valid_from: Since when it was true.
        valid_until: Until when; None if it still is.
        current: Whether it is true now.
    """

    valid_from: datetime
    valid_until: datetime | None
    current: bool


def given_way(old: Memory, new: Memory, why: Decision | Conflict, since: datetime, now: datetime) -> Memory:
    """What *old* is once *new* has replaced it, *since* then."""
    return replace(
        old,
        replaced_at=since,
        replaced_by=new.id,
        replaced_reason=why.reason,
        replaced_confidence=round(why.confidence, 4),
        updated_at=now,
    )


def history(engine: Engine, name: str, *, scope: Scope = EVERYWHERE) -> list[Version]:
    """The chain that the memory with the id *name* is part of, oldest first.

    Raises:
        NotFoundError: There is no such memory.
        ConflictError: There are several.
    """
    named = find(engine, name, scope=scope)
    chain, known = [named], {named.id}
    for link in ("replaces", "replaced_by"):
        at = chain[0] if link == "replaces" else chain[-1]
        while (
            len(known) < LONGEST
            and (following := _next(engine, getattr(at, link)))
            and following.id not in known
        ):
            known.add(following.id)
            chain.insert(0, following) if link == "replaces" else chain.append(following)
            at = following
    return [_version(engine, memory) for memory in chain if _is_seen(memory, named, scope)]


def _is_seen(memory: Memory, named: Memory, scope: Scope) -> bool:
    """Whether whoever sees *named* sees *memory*: what was private once, before it was shared, stays so."""
    return scope.user in (None, memory.user) or bool(named.team and memory.team == named.team)


def _next(engine: Engine, name: str) -> Memory | None:
    return engine.db.memories.with_ids([name]).get(name) if name else None


def _version(engine: Engine, memory: Memory) -> Version:
    ends = [time for time in (memory.replaced_at, memory.forgotten_at, memory.expires_at) if time]
    now = engine.now()
    return Version(
        **{f.name: getattr(memory, f.name) for f in fields(Memory)},
        valid_from=memory.created_at,
        valid_until=min(ends, default=None),
        current=is_current(memory, now),
    )

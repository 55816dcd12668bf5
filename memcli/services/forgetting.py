"""The end of a memory's life, and the way back: forgotten, brought back, purged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from memcli.errors import ConflictError, NotAllowedError
from memcli.model import EVERYWHERE, Action, Memory, Scope
from memcli.services import journal, names, teams
from memcli.services.engine import Engine
from memcli.services.known import Known
from memcli.services.memories import find_all
from memcli.services.select import alive, in_scope, is_alive
from memcli.storage.predicates import all_of, equals

if TYPE_CHECKING:
    from memcli.storage.database import Database


def forget(engine: Engine, ids: Sequence[str], *, scope: Scope = EVERYWHERE) -> list[Memory]:
    """Forget the memories with the ids *ids*; all or, if one is not there, none. Can be undone.

    Raises:
        NotFoundError: There is no such memory.
        NotAllowedError: A team can see one that another member wrote, and its readers may not change it.
    """
    named = [memory.id for memory in find_all(engine, ids, scope=scope)]
    with engine.db.writing() as db:
        there = _there(db, named)
        others = [memory for memory in there if memory.user != scope.user]  # one's own one may take back
        teams.require_writers(db, others, scope.user)
        return forget_these(engine, db, there, "forget", by=scope.user)


def _there(db: Database, ids: Sequence[str]) -> list[Memory]:
    """The memories *ids* that are still there, in this order."""
    there = db.memories.with_ids(ids)
    return [there[i] for i in ids if i in there]


def forget_these(
    engine: Engine, db: Database, memories: Sequence[Memory], command: str, *, by: str | None = None
) -> list[Memory]:
    """Forget *memories*, as one change by *command* of *by*; as they are then. Needs the writer's lock."""
    now = engine.now()
    gone = {
        memory.id: replace(memory, forgotten_at=now, updated_at=now)
        for memory in memories
        if memory.forgotten_at is None
    }
    before = [(memory, gone[memory.id]) for memory in memories if memory.id in gone]
    journal.note(engine, db, command, before=before, by=by)
    db.memories.set_forgotten(list(gone), now, now)
    names.drop(engine.home.names, list(gone))
    return [gone.get(memory.id, memory) for memory in memories]


def restore(engine: Engine, ids: Sequence[str], *, scope: Scope = EVERYWHERE) -> list[Memory]:
    """Bring the forgotten or replaced memories with the ids *ids* back; all or none.

    One that was replaced stands beside the one that had replaced it, and both are current.

    Raises:
        NotFoundError: There is no such memory.
        ConflictError: What it says has been stored anew meanwhile, or it has expired.
        NotAllowedError: A team can see one of them, and its readers may not change it.
    """
    named = [memory.id for memory in find_all(engine, ids, scope=scope)]
    with engine.db.writing() as db:
        there = _there(db, named)
        teams.require_writers(db, there, scope.user)
        return restore_these(engine, db, there, by=scope.user)


def restore_these(
    engine: Engine, db: Database, memories: Sequence[Memory], *, by: str | None = None
) -> list[Memory]:
    """Bring *memories* back, as one change of *by*; as they are then. Needs the writer's lock."""
    now = engine.now()
    gone = [memory for memory in memories if memory.forgotten_at or memory.replaced_at]
    back = {memory.id: current_again(memory, now) for memory in gone}
    known = Known(engine, list(back.values()), ids=())  # by their words: they come as if stored anew
    for memory in back.values():
        if not is_alive(memory, now):
            raise ConflictError(
                f"the memory {memory.id} has expired", hint=f"memcli update {memory.id} --ttl 30d"
            )
        answer = known.take(memory)
        if answer.action is Action.DUPLICATE:
            raise ConflictError(f"the memory {answer.id} says the same as {memory.id}")
    links = _let_go(db, gone, back, now)
    before = [*((memory, back[memory.id]) for memory in gone), *links]
    journal.note(engine, db, "restore", before=before, by=by)
    db.memories.rewrite([after for _, after in before])
    names.note(engine.home.names, list(back.values()))
    return [back.get(memory.id, memory) for memory in memories]


def current_again(memory: Memory, now: datetime) -> Memory:
    """*memory* neither forgotten nor replaced."""
    return replace(
        memory,
        forgotten_at=None,
        replaced_at=None,
        replaced_by="",
        replaced_reason="",
        replaced_confidence=None,
        updated_at=now,
    )


def _let_go(
    db: Database, memories: Sequence[Memory], back: dict[str, Memory], now: datetime
) -> list[tuple[Memory, Memory]]:
    """What had replaced *memories*: as it is, and as it will be; *back* learns of it, too.

    Of several that gave way to one it replaces one, and goes on to if another one comes back.
    """
    others = db.memories.with_ids([memory.replaced_by for memory in memories if memory.replaced_by])
    ids = {memory.id for memory in memories}
    others = {i: other for i, other in others.items() if other.replaces in ids}
    freed = {i: replace(back.get(i, other), replaces="", updated_at=now) for i, other in others.items()}
    for i in freed.keys() & back.keys():
        back[i] = freed[i]
    return [(others[i], memory) for i, memory in freed.items() if i not in back]


def purgeable(
    engine: Engine, ids: Sequence[str] = (), *, scope: Scope, older_than: timedelta | None = None
) -> list[Memory]:
    """What a purge would remove: the memories *ids*, or all forgotten and expired ones of *scope*.

    Args:
        engine: What to work with.
        ids: Empty for all that qualify.
        scope: Where to look; with ids, only its user counts.
        older_than: Only what was forgotten, or expired, longer ago than this.

    Raises:
        ConflictError: One of *ids* is neither forgotten nor expired.
        NotAllowedError: Another member of a team wrote it.
    """
    now = engine.now()
    if ids:
        memories = find_all(engine, ids, scope=Scope(None, scope.user, None))
        for memory in memories:
            if scope.user not in (None, memory.user):
                raise NotAllowedError(f"only {memory.user}, who wrote it, can remove {memory.id} for good")
            if is_alive(memory, now):
                raise ConflictError(
                    f"the memory {memory.id} is not forgotten", hint=f"memcli forget {memory.id} comes first"
                )
    else:
        own = "" if scope.user is None else equals("user", scope.user)  # what others wrote is theirs to purge
        memories = engine.db.memories.where(all_of(in_scope(scope), own, f"NOT ({alive(now)})"))
    cut = now - (older_than or timedelta(0))
    return [memory for memory in memories if _gone_since(memory, now) <= cut]


def _gone_since(memory: Memory, now: datetime) -> datetime:
    """When *memory*, which is not alive, was forgotten or expired; never later than *now*."""
    return min(time for time in (memory.forgotten_at, memory.expires_at, now) if time is not None)


def purge(engine: Engine, memories: Sequence[Memory]) -> list[Memory]:
    """Remove *memories* for good: text, vectors and index terms leave the disk, old versions too.

    What was brought back since *memories* were looked up stays. Killed in between, it can be done again.

    Returns:
        Those that were removed.
    """
    if not memories:
        return []
    from memcli.storage import erasing  # behind the store's door: arrays

    with engine.db.writing() as db:
        now = engine.now()
        there = db.memories.with_ids([memory.id for memory in memories])
        gone = [memory for memory in there.values() if not is_alive(memory, now)]
        names.drop(engine.home.names, [memory.id for memory in gone])
        engine.home.page.unlink(missing_ok=True)  # it may show them
        erasing.erase(db, gone)
    return gone

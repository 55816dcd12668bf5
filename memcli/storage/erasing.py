"""Erasing: what it takes for a text to leave the disk, and in which order, so that a kill costs nothing.

What says where the text is goes last. A purge that was killed still finds its memories and does all of it
again; what a scan has found it finds again, as long as it has not been written over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memcli.errors import StorageError
from memcli.storage.conversations import Owner

if TYPE_CHECKING:
    from memcli.model import Memory
    from memcli.storage.database import Database
    from memcli.storage.generation import Generation


def erase(db: Database, memories: Sequence[Memory]) -> None:
    """Remove *memories* from disk, wherever a copy may be. Needs the writer's lock.

    Raises:
        StorageError: Somebody has been tidying for too long.
    """
    ids = [memory.id for memory in memories]
    with _undisturbed(db):
        db.drop_leftovers()
        generations = [one for one in (db.begun, db.current) if one is not None]
        successors: dict[str, str] = {}
        for generation in generations:
            successors |= generation.memories.unlink(ids)
        db.edges.erase(ids, successors)
        _erase_what_tells_of(db, memories)
        for generation in generations:
            generation.erase(ids)


@contextmanager
def rewritten(db: Database, memories: Sequence[Memory]) -> Iterator[Generation]:
    """Remove what *memories* said before they are written anew, into what this gives.

    Needs the writer's lock, and a current generation.

    Raises:
        StorageError: Somebody has been tidying for too long.
    """
    db.give_up_next()
    with _undisturbed(db):
        current = db.current
        assert current is not None
        _erase_what_tells_of(db, memories)
        current.memories.set_apart([memory.id for memory in memories])
        yield current
        current.passages.table.erase_old()
        current.memories.complete()


@contextmanager
def _undisturbed(db: Database) -> Iterator[None]:
    """Nobody merges meanwhile, who may be copying what is to be gone."""
    with db.place.upkeep(wait=True) as is_ours:
        if not is_ours:
            raise StorageError(f"another memcli has been tidying {db.place.name} for too long")
        yield


def _erase_what_tells_of(db: Database, memories: Sequence[Memory]) -> None:
    """Remove what else may quote *memories*: what `undo` would bring back, tasks, summaries."""
    ids = [memory.id for memory in memories]
    db.journal.erase(ids)
    db.tasks.erase(ids)
    said_in = [(Owner(space=m.space, user=m.user, agent=m.agent), m.conversation) for m in memories]
    db.conversations.erase([(owner, name) for owner, name in said_in if name])

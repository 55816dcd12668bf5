"""Spaces: separate namespaces, made on first use, or on purpose with a description."""

from __future__ import annotations

from dataclasses import asdict, replace

from memcli.errors import ConflictError, NotFoundError
from memcli.model import Scope, Space
from memcli.services import checks, journal, names
from memcli.services.engine import Engine
from memcli.services.select import alive, current, place
from memcli.storage.predicates import all_of


def all_spaces(engine: Engine, *, user: str | None) -> list[Space]:
    """The spaces of *user* (None: of everybody) that hold memories or were made on purpose, by name."""
    counts = engine.db.memories.counts_by_space(all_of(place(Scope(None, user)), current(engine.now())))
    made = {row.name: row for row in (engine.db.spaces.of(user) if engine.db.model else [])}
    return [
        Space(
            name=name,
            memories=counts.get(name, (0, None))[0],
            latest=counts.get(name, (0, None))[1],
            description=made[name].description if name in made else "",
            created_at=made[name].created_at if name in made else None,
        )
        for name in sorted(counts.keys() | made.keys())
    ]


def show(engine: Engine, name: str, *, user: str) -> Space:
    """The space called *name* of *user*.

    Raises:
        NotFoundError: There is none.
    """
    name = checks.space_name(name)
    for space in all_spaces(engine, user=user):
        if space.name == name:
            return space
    raise NotFoundError(f"there is no space {name!r}", hint="memcli spaces list shows them all")


def create(engine: Engine, name: str, *, user: str, description: str = "") -> Space:
    """Make the space called *name* for *user*, before anything is in it.

    Raises:
        ConflictError: It is there already, made on purpose.
    """
    from memcli.storage.spaces import SpaceRow

    name = checks.space_name(name)
    row = SpaceRow(name, user, checks.line(description, "the description"), engine.now())
    # an empty store still records which model its vectors will be from
    with engine.db.writing(engine.db.model or engine.embedder.model) as db:
        if any(made.name == name for made in db.spaces.of(user)):
            raise ConflictError(f"there is already a space {name!r}")
        db.spaces.put(row)
        names.note(engine.home.names, (), name)
    return show(engine, name, user=user)


def rename(engine: Engine, name: str, to: str, *, user: str) -> Space:
    """Let the space called *name* be called *to*; all that is in it, forgotten memories too, moves along.

    Raises:
        NotFoundError: There is no space *name*.
        ConflictError: There is already a space *to*.
    """
    to = checks.space_name(to)
    name = show(engine, name, user=user).name
    with engine.db.writing() as db:
        made = {row.name: row for row in db.spaces.of(user)}
        # a rename that was killed before its end has moved the memories, but not the description
        begun = to not in made and not db.memories.table.count(place(Scope(name, user)))
        if not begun and any(space.name == to for space in all_spaces(engine, user=user)):
            raise ConflictError(f"there is already a space {to!r}")
        db.passages.move(name, user, to)
        db.memories.move(place(Scope(name, user)), to, engine.now())  # in one write: never half of them
        if name in made:
            db.spaces.put(replace(made[name], name=to))
            db.spaces.delete(name, user)
        names.drop(engine.home.names, space=name)
        names.note(engine.home.names, (), to)
    return show(engine, to, user=user)


def delete(engine: Engine, name: str, *, user: str) -> Space:
    """Forget everything in the space called *name*; single memories can be restored until purged.

    Raises:
        NotFoundError: There is no such space.
    """
    space = show(engine, name, user=user)
    name = space.name
    with engine.db.writing() as db:
        there = all_of(place(Scope(name, user)), alive(engine.now()))
        gone, now = db.memories.where(there), engine.now()
        ids = [memory.id for memory in gone]
        made = {row.name: asdict(row) for row in db.spaces.of(user)}.get(name)
        journal.note(
            engine,
            db,
            "spaces delete",
            before=[(memory, replace(memory, forgotten_at=now, updated_at=now)) for memory in gone],
            removed_space={**made, "created_at": made["created_at"].isoformat()} if made else None,
        )
        db.memories.set_forgotten(ids, now, now)
        db.spaces.delete(name, user)
        names.drop(engine.home.names, ids, name)
    return space

"""Spaces: separate namespaces, made on first use, or on purpose with a description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Scope, Space
from memcli.services import checks, journal, names, redaction
from memcli.services.engine import Engine
from memcli.services.journal import Running
from memcli.services.known import Known
from memcli.services.select import alive, current, is_current, place
from memcli.storage.predicates import all_of

if TYPE_CHECKING:
    from memcli.storage.database import Database
    from memcli.storage.spaces import SpaceRow

AT_ONCE = 500
"""Memories that are copied together."""


def all_spaces(engine: Engine, *, user: str | None) -> list[Space]:
    """The spaces of *user* (None: of everybody) that hold memories or were made on purpose, by name."""
    counts = engine.db.memories.counts_by("space", all_of(place(Scope(None, user)), current(engine.now())))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(Space):
    """The space that a command is about where none is named.

    Attributes:
        why: What makes it that one.
        user: Whose memories.
        agent: Which agent's; empty for the user's own.
    """

    why: str
    user: str
    agent: str


def in_force(engine: Engine, scope: Scope, *, why: str) -> InForce:
    """The space of *scope*, which need not hold anything yet; *why* says what makes it that one."""
    name = checks.space_name(scope.space)
    there = {space.name: space for space in all_spaces(engine, user=scope.user)}
    space = there.get(name, Space(name=name, memories=0))
    about = {f.name: getattr(space, f.name) for f in fields(Space)}
    return InForce(**about, why=why, user=scope.owner, agent=scope.agent or "")


def create(engine: Engine, name: str, *, user: str, description: str = "") -> Space:
    """Make the space called *name* for *user*, before anything is in it.

    Raises:
        ConflictError: It is there already, made on purpose.
        UsageError: The description holds a secret, and the settings refuse that.
    """
    from memcli.storage.spaces import SpaceRow

    name = checks.space_name(name)
    about = redaction.clean(engine, checks.line(description, "the description"), "the description")
    row = SpaceRow(name, user, about, engine.now())
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
        # a rename that was killed before its end has moved the memories, but not the description
        begun = to not in _made(db, user) and not number_in(db, [name], user=user)
        if not begun:
            _refuse_taken(engine, to, user)
            there = db.memories.where(place(Scope(to, user)))  # forgotten ones, which undo must leave there
            left = [(memory, replace(memory, space=name)) for memory in there]
            journal.note(engine, db, "spaces rename", renamed=(name, to), before=left, by=user)
        _move(engine, db, name, to, user)
    return show(engine, to, user=user)


def _made(db: Database, user: str) -> dict[str, SpaceRow]:
    """The spaces that *user* made on purpose, by name."""
    return {row.name: row for row in db.spaces.of(user)}


def _refuse_taken(engine: Engine, name: str, user: str) -> None:
    if any(space.name == name for space in all_spaces(engine, user=user)):
        raise ConflictError(f"there is already a space {name!r}")


def number_in(db: Database, some: Sequence[str], *, user: str) -> int:
    """How many memories of *user* the spaces *some* hold, forgotten ones too."""
    return sum(db.memories.table.count(place(Scope(name, user))) for name in some)


def _move(engine: Engine, db: Database, name: str, to: str, user: str) -> None:
    """Let everything in the space *name* be in *to*, its description too if that has none."""
    made = _made(db, user)
    db.passages.move(name, user, to)
    db.memories.move(place(Scope(name, user)), to, engine.now())  # in one write: never half of them
    db.values.move(name, user, to)
    db.tasks.move(name, user, to)
    db.conversations.move(name, user, to)
    if name in made:
        if to not in made:
            db.spaces.put(replace(made[name], name=to))
        db.spaces.delete(name, user)
    names.drop(engine.home.names, space=name)
    names.note(engine.home.names, (), to)


def rename_back(engine: Engine, db: Database, name: str, to: str, *, user: str) -> None:
    """Take back that the space *name* was renamed *to*. Needs the writer's lock.

    Raises:
        ConflictError: There is a space *name* again.
    """
    _refuse_taken(engine, name, user)
    _move(engine, db, to, name, user)


def copy(engine: Engine, name: str, to: str, *, user: str) -> Space:
    """Put copies of what the space *name* holds now into a new space *to*, with ids of their own.

    What was forgotten or replaced is not copied.

    Raises:
        NotFoundError: There is no space *name*.
        ConflictError: There is already a space *to*.
    """
    to = checks.space_name(to)
    name = show(engine, name, user=user).name
    with engine.db.writing() as db:
        _refuse_taken(engine, to, user)
        assert db.current is not None
        now, change = engine.now(), Running("spaces copy")
        ids = db.memories.ids(all_of(place(Scope(name, user)), current(now)))
        for start in range(0, len(ids), AT_ONCE):
            there, vectors = db.memories.with_vectors(ids[start : start + AT_ONCE], "")
            copies = [replace(m, id=engine.new_id(), space=to, replaces="", updated_at=now) for m in there]
            journal.note(engine, db, change, added=copies, by=user)
            db.memories.add(copies, vectors)
            ids_of = {old.id: new.id for old, new in zip(there, copies, strict=True)}
            db.passages.copy(ids_of, to)
            names.note(engine.home.names, copies)
        if name in (made := _made(db, user)):
            db.spaces.put(replace(made[name], name=to, created_at=now))
        names.note(engine.home.names, (), to)
    return show(engine, to, user=user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A space that went into another one.

    Attributes:
        name: The space that is no more.
        into: The one that holds its memories now.
        moved: How many memories moved, without forgotten ones.
        duplicate: How many others said what was there already, and are forgotten.
    """

    name: str
    into: str
    moved: int
    duplicate: int


def merge(engine: Engine, name: str, into: str, *, user: str) -> Merged:
    """Let all that is in the space *name* be in the space *into*; what says the same there is forgotten.

    Facts that contradict each other stay side by side; `conflicts` shows them.

    Raises:
        NotFoundError: One of them is not there.
        UsageError: They are the same.
    """
    name, into = (show(engine, one, user=user).name for one in (name, into))
    if name == into:
        raise UsageError(f"the space {name!r} can't be merged into itself")
    with engine.db.writing() as db:
        there, now = db.memories.where(place(Scope(name, user))), engine.now()
        goes = [m for m in there if is_current(m, now)]
        known = Known(engine, [replace(memory, space=into) for memory in goes], ids=())
        doubles = {m.id for m in goes if known.answer(replace(m, space=into))}
        after = [
            replace(m, space=into, forgotten_at=now if m.id in doubles else m.forgotten_at) for m in there
        ]
        row = _made(db, user).get(name)
        journal.note(
            engine,
            db,
            "spaces merge",
            before=list(zip(there, after, strict=True)),
            removed_space=_described(row),
            by=user,
        )
        db.memories.set_forgotten(sorted(doubles), now, now)
        names.drop(engine.home.names, doubles)
        _move(engine, db, name, into, user)
    return Merged(name=name, into=into, moved=len(goes) - len(doubles), duplicate=len(doubles))


def _described(row: SpaceRow | None) -> Mapping[str, Any] | None:
    """*row* as the journal keeps it."""
    return {**asdict(row), "created_at": row.created_at.isoformat()} if row else None


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
        made = _made(db, user).get(name)
        journal.note(
            engine,
            db,
            "spaces delete",
            before=[(memory, replace(memory, forgotten_at=now, updated_at=now)) for memory in gone],
            removed_space=_described(made),
            by=user,
        )
        db.memories.set_forgotten(ids, now, now)
        db.spaces.delete(name, user)
        names.drop(engine.home.names, ids, name)
    return space

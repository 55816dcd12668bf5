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
    from memcli.storage.conversations import Conversations
    from memcli.storage.database import Database
    from memcli.storage.journal import Change
    from memcli.storage.spaces import SpaceRow
    from memcli.storage.tasks import Tasks
    from memcli.storage.values import Values

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
        if not _was_begun(db, name, to, user):
            _refuse_taken(engine, to, user)
            there = db.memories.where(place(Scope(to, user)))  # forgotten ones, which undo must leave there
            left = [(memory, replace(memory, space=name)) for memory in there]
            beside = _beside(engine, db, to, user)
            journal.note(engine, db, "spaces rename", renamed=(name, to), before=left, beside=beside, by=user)
        _move(engine, db, name, to, user)
    return show(engine, to, user=user)


def _was_begun(db: Database, name: str, to: str, user: str) -> bool:
    """Whether the last that *user* did was to rename *name*, and was killed before its end.

    A space that was made again since, or anything else in *to*, shows that it was not.
    """
    last = next(iter(db.journal.last(user, None, 1)), None)
    if last is None or last.renamed != (name, to):
        return False
    if number_renamed(db, last):
        return _is_but_described(db, name, to, user)
    return to not in _made(db, user) or _described_alike(db, name, to, user)


def number_renamed(db: Database, change: Change) -> int:
    """How many memories are in a space under the name that *change* gave it, without those of before."""
    ids = db.memories.ids(place(Scope(change.renamed[1], change.user)))
    return sum(memory not in change.before for memory in ids)


def _described_alike(db: Database, name: str, to: str, user: str) -> bool:
    """Whether the space *to* has its description from *name*: also when it was made is the same."""
    made = _made(db, user)
    return name in made and made.get(to) == replace(made[name], name=to)


def _is_but_described(db: Database, name: str, to: str, user: str) -> bool:
    """Whether all of *name* has moved to *to*, and only its description is there still."""
    return _described_alike(db, name, to, user) and not db.memories.table.count(place(Scope(name, user)))


def _made(db: Database, user: str) -> dict[str, SpaceRow]:
    """The spaces that *user* made on purpose, by name."""
    return {row.name: row for row in db.spaces.of(user)}


def _is_there(engine: Engine, name: str, user: str) -> bool:
    return any(space.name == name for space in all_spaces(engine, user=user))


def _refuse_taken(engine: Engine, name: str, user: str) -> None:
    if _is_there(engine, name, user):
        raise ConflictError(f"there is already a space {name!r}")


def _tables_beside(db: Database) -> dict[str, Values | Tasks | Conversations]:
    """What a space holds beside memories."""
    return {"values": db.values, "tasks": db.tasks, "conversations": db.conversations}


def _beside(engine: Engine, db: Database, name: str, user: str) -> dict[str, list[str]]:
    """What the space *name* holds beside memories, as the tables' `names_in` has it, and nothing expired."""
    db.values.sweep(engine.now())
    held = {what: table.names_in(name, user) for what, table in _tables_beside(db).items()}
    return {what: some for what, some in held.items() if some}


def _without(some: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What `_beside` said, without what it said of another space."""
    left = {what: sorted({*few} - {*others.get(what, ())}) for what, few in some.items()}
    return {what: few for what, few in left.items() if few}


def _move_beside(
    engine: Engine, db: Database, name: str, to: str, user: str, only: Mapping[str, Sequence[str]] | None
) -> None:
    """Let what is in the space *name* beside memories be in *to*; None for all of it."""
    db.values.sweep(engine.now())
    for what, table in _tables_beside(db).items():
        table.move(name, user, to, None if only is None else frozenset(only.get(what, ())))


def _move(
    engine: Engine,
    db: Database,
    name: str,
    to: str,
    user: str,
    *,
    only: Mapping[str, Sequence[str]] | None = None,
    described: bool = True,
    forget: Sequence[str] = (),
) -> None:
    """Let everything in the space *name* be in *to*, its description too if that has none.

    The memories come last, before the description goes: by them, or by it, the space is there, and the
    command that was killed can be given again.

    Args:
        engine: What to work with.
        db: The store, locked.
        name: The space.
        to: The other one.
        user: Whose.
        only: What moves beside memories; None for all.
        described: Whether the description moves.
        forget: Memories that are forgotten where they go.
    """
    row = _made(db, user).get(name) if described else None
    if row and to not in _made(db, user):
        db.spaces.put(replace(row, name=to))
    _move_beside(engine, db, name, to, user, only)
    now = engine.now()
    db.passages.move(name, user, to)
    db.memories.set_forgotten(forget, now, now)
    db.memories.move(place(Scope(name, user)), to, now)  # in one write: never half of them
    if row:
        db.spaces.delete(name, user)
    names.drop(engine.home.names, space=name)
    names.note(engine.home.names, (), to)


def rename_back(engine: Engine, db: Database, change: Change) -> None:
    """Take back the renaming that *change* was, also one that was killed. Needs the writer's lock.

    Raises:
        ConflictError: There is a space of the old name again.
    """
    (name, to), user = change.renamed, change.user
    again = _is_there(engine, name, user)
    # in both: killed before anything moved or after all was back, or when only the description was left
    if again and number_renamed(db, change) and not _is_but_described(db, name, to, user):
        _refuse_taken(engine, name, user)
    goes = _without(_beside(engine, db, to, user), change.beside)
    # of two that are there the new name's may have been made on purpose since, with words of its own
    described = not again or _described_alike(db, name, to, user)
    _move(engine, db, to, name, user, only=goes, described=described)


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
            merged=(name, into),
            beside=_without(_beside(engine, db, name, user), _beside(engine, db, into, user)),
            by=user,
        )
        _move(engine, db, name, into, user, forget=sorted(doubles))
        names.drop(engine.home.names, doubles)
    return Merged(name=name, into=into, moved=len(goes) - len(doubles), duplicate=len(doubles))


def merge_back(engine: Engine, db: Database, change: Change) -> None:
    """Take back what the merger *change* did besides memories, once its space is described again.

    What has been in the other space before stays, and what has come there since. Needs the writer's lock.
    """
    name, into = change.merged
    _move_beside(engine, db, into, name, change.user, change.beside)
    if _described_alike(db, name, into, change.user):
        db.spaces.delete(into, change.user)  # it had no description of its own


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

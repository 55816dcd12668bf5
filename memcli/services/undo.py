"""Taking the last changes back: what was new is forgotten, what was changed is as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from memcli.errors import ConflictError
from memcli.model import Memory, Scope
from memcli.services import checks, journal, names, overtaken, spaces, teams
from memcli.services.engine import Engine
from memcli.services.forgetting import current_again
from memcli.services.vectors import embed, refuse_other_model

if TYPE_CHECKING:
    from memcli.storage.database import Database
    from memcli.storage.journal import Change

AT_ONCE = 500
"""Memories that are read and written together: an import of a million is taken back in pieces."""

SHOWN = 20
"""Memories of a change that are told about; an import may have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What taking a change back does to one memory.

    Attributes:
        id: The memory.
        text: What it says then.
        action: `forgotten` for one that was new; `restored` or `changed` for others.
    """

    id: str
    text: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A change that was taken back.

    Attributes:
        change: Its number.
        command: What had made it.
        at: When that was.
        space: Where, if it was one space.
        forgotten: How many new memories are forgotten again.
        changed: How many others are as they were.
        memories: The first of them.
        edges: How many edges are as they were; None for a change of none.
        overtaken: How many other memories or edges stay as they are, since they have been changed again by
            something that was not taken back; None for none.
    """

    change: int
    command: str
    at: datetime
    space: str
    forgotten: int
    changed: int
    memories: tuple[TakenBack, ...]
    edges: int | None = None
    overtaken: int | None = None


def undo(engine: Engine, *, scope: Scope, last: int = 1, dry_run: bool = False) -> list[Undone]:
    """Take the *last* changes in *scope* back, the latest first.

    A memory that was new is forgotten, and `restore` brings it back. What has been purged stays away, and
    what somebody else has changed since stays as it is.

    Args:
        engine: What to work with.
        scope: Whose changes, and in which space; None for all.
        last: How many.
        dry_run: Only say what would happen.

    Raises:
        ConflictError: What was deleted has been made anew meanwhile.
        NotAllowedError: A team can see what was changed, and its readers may not change that.
    """
    checks.positive(last, "the number of changes")
    if not engine.db.model:
        return []
    if dry_run:
        return [_taken_back(engine, engine.db, last) for last in _last(engine.db, scope, last)]
    with engine.db.writing() as db:
        refuse_other_model(engine.embedder, db.model)
        return [_take_back(engine, db, last, scope.user) for last in _last(db, scope, last)]


@dataclass(frozen=True)
class _Last:
    """A change that is to be taken back: as it is written down, and what of it can be."""

    whole: Change
    left: Change

    @property
    def overtaken(self) -> int:
        """How many memories and edges have been changed again."""
        gone = [len(one.before) + len(one.edges) for one in (self.whole, self.left)]
        return gone[0] - gone[1]


def _last(db: Database, scope: Scope, last: int) -> list[_Last]:
    changes = db.journal.last(scope.user, scope.space, last)
    if not changes:
        return []
    taken = {change.number for change in changes}
    others = [one for one in db.journal.since(min(taken)) if one.number not in taken]
    return [
        _Last(change, overtaken.left(change, [one for one in others if one.number > change.number]))
        for change in changes
    ]


def _taken_back(engine: Engine, db: Database, last: _Last) -> Undone:
    """What taking the change *last* back comes to."""
    change = last.left
    told: list[TakenBack] = []
    was_there = tuple(change.before) if change.renamed else ()  # see `spaces.rename`
    there = db.memories.with_ids([*list(change.before)[len(was_there) :][:SHOWN], *change.added[:SHOWN]])
    for memory in there.values():
        after = _as_it_was(memory, change, engine.now())
        told.append(TakenBack(id=memory.id, text=after.text, action=_action(memory, after, change)))
    return Undone(
        change=change.number,
        command=change.command,
        at=change.at,
        space=change.space,
        forgotten=len(change.added),
        changed=spaces.number_renamed(db, change) if change.renamed else len(change.before),
        memories=tuple(told[:SHOWN]),
        edges=len(change.edges) or None,
        overtaken=last.overtaken or None,
    )


def _action(memory: Memory, after: Memory, change: Change) -> str:
    if memory.id in change.added:
        return "forgotten"
    gone, back = (one.forgotten_at or one.replaced_at for one in (memory, after))
    return "restored" if gone and not back else "changed"


def _as_it_was(memory: Memory, change: Change, now: datetime) -> Memory:
    if memory.id in change.added:
        return replace(current_again(memory, now), replaces="", forgotten_at=memory.forgotten_at or now)
    values = journal.read_back(change.before[memory.id])
    return replace(memory, **{**values, "updated_at": now})


def _take_back(engine: Engine, db: Database, last: _Last, user: str | None) -> Undone:
    """Take the change *last* back. Killed halfway, it is in the journal still, and can be taken back again.

    What had given way comes back before what had replaced it goes: never is neither there.
    """
    told, change = _taken_back(engine, db, last), last.left
    _refuse_others(engine, db, change, user)
    _refuse_anew(db, change)
    _put_rows(db, change)
    if change.renamed:
        spaces.rename_back(engine, db, change)
    for ids in (list(change.before), change.added):
        for start in range(0, len(ids), AT_ONCE):
            there = db.memories.with_ids(ids[start : start + AT_ONCE])
            after = [_as_it_was(memory, change, engine.now()) for memory in there.values()]
            others = [memory for memory in (*there.values(), *after) if memory.user != user]
            teams.require_writers(db, others, user)
            _write(engine, db, there, after)
    if change.removed_space:
        _put_space(db, change)
    if change.merged:
        spaces.merge_back(engine, db, change)
    _put_edges(db, change)
    db.journal.drop(change.number)
    return told


def _refuse_others(engine: Engine, db: Database, change: Change, user: str | None) -> None:
    """Raise, before anything is written, unless *user* may change what *change* changed of others."""
    roles = {row["team"]: row["role"] for row in change.removed.get("members", ()) if row["user"] == user}
    writes = {team for team, role in roles.items() if role in teams.WRITERS}
    ids = list(change.before) if user is not None else []
    for start in range(0, len(ids), AT_ONCE):
        there = db.memories.with_ids(ids[start : start + AT_ONCE])
        after = [_as_it_was(memory, change, engine.now()) for memory in there.values()]
        others = [memory for memory in (*there.values(), *after) if memory.user != user]
        teams.require_writers(db, [memory for memory in others if memory.team not in writes], user)


def _refuse_anew(db: Database, change: Change) -> None:
    """Raise, before anything is written, if another team has the name of one that *change* deleted."""
    register = db.people.teams
    gone = [register.read_back(row) for row in change.removed.get("teams", ())]
    for team in register.known_as(gone):
        if team not in gone:  # or it has been put back by one that was killed
            raise ConflictError(f"there is already a team {team.slug!r} again, which is another one")


def _put_rows(db: Database, change: Change) -> None:
    """Put the rows back that *change* took out; what has been made anew since stays as it is."""
    for name, said in change.removed.items():
        register = db.people.by_name[name]
        rows = [register.read_back(row) for row in said]
        there = {register.key(row) for row in register.known_as(rows)}
        register.put([row for row in rows if register.key(row) not in there])


def _write(engine: Engine, db: Database, there: dict[str, Memory], after: Sequence[Memory]) -> None:
    assert db.current is not None
    other_words = [memory for memory in after if memory.text != there[memory.id].text]
    db.memories.rewrite([memory for memory in after if memory.text == there[memory.id].text])
    embed(engine.embedder, other_words).put_into(db.current)
    for space in {memory.space for memory in after}:
        back = [m.id for m in after if m.space == space and there[m.id].space != space]
        db.passages.put_in(back, space)
    names.note(engine.home.names, [memory for memory in after if not memory.forgotten_at])
    names.drop(engine.home.names, [memory.id for memory in after if memory.forgotten_at])


def _put_edges(db: Database, change: Change) -> None:
    """Let the edges that *change* was about be as they were."""
    starts = db.memories.with_ids([edge[0] for edge in change.edges])
    for from_, to, type_, before in change.edges:
        if before is None:
            db.edges.remove([(from_, to, type_)])
        else:
            owner = starts[from_].user if from_ in starts else change.user
            db.edges.put([journal.read_edge(from_, to, type_, before)], owner)


def _put_space(db: Database, change: Change) -> None:
    from memcli.storage.spaces import SpaceRow

    said = dict(change.removed_space or {})
    db.spaces.put(SpaceRow(**{**said, "created_at": datetime.fromisoformat(said["created_at"])}))

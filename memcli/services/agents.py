"""Agents: each with memories of its own, apart from those of its user."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import checks, journal, names, redaction
from memcli.services.engine import Engine
from memcli.services.select import alive, current, in_scope
from memcli.storage.predicates import all_of, equals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memcli.storage.database import Database
    from memcli.storage.people import AgentRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent and what it remembers.

    Attributes:
        memories: How many memories it has now, in all spaces.
        latest: When the latest of them was created; None if there is none.
        owner: Who looks after it.
        model: What it runs on.
        created_at: When it was made on purpose; None for one that is known by its memories alone.
    """

    name: str
    memories: int
    latest: datetime | None = None
    description: str = ""
    owner: str = ""
    model: str = ""
    created_at: datetime | None = None


def all_agents(engine: Engine, *, user: str) -> list[Agent]:
    """The agents of *user* that were made, or have memories, by name."""
    where = all_of(in_scope(Scope(None, user, None)), current(engine.now()))
    counts = engine.db.memories.counts_by("agent", where)
    counts.pop("", None)
    made = {row.name: row for row in engine.db.people.agents.where(equals("user", user))}
    known = sorted(counts.keys() | made.keys())
    return [_agent(name, counts.get(name, (0, None)), made.get(name)) for name in known]


def _agent(name: str, count: tuple[int, datetime | None], row: AgentRow | None) -> Agent:
    known = Agent(name=name, memories=count[0], latest=count[1])
    if row is None:
        return known
    return replace(
        known,
        description=row.description,
        owner=row.owner,
        model=row.model,
        created_at=row.created_at,
    )


def show(engine: Engine, name: str, *, user: str) -> Agent:
    """The agent called *name* of *user*.

    Raises:
        NotFoundError: There is none.
    """
    name = _name(name)
    for agent in all_agents(engine, user=user):
        if agent.name == name:
            return agent
    raise unknown(name)


def unknown(name: str) -> NotFoundError:
    """There is no agent called *name*."""
    return NotFoundError(f"there is no agent {name!r}", hint=f"memcli agents create {name}")


def _name(value: str) -> str:
    name = checks.line(value, "the agent's name", checks.NAME_LENGTH_MOST).strip()
    if not name:
        raise UsageError("an agent needs a name")
    return name


def create(
    engine: Engine, name: str, *, user: str, description: str = "", owner: str = "", model: str = ""
) -> Agent:
    """Make the agent called *name* for *user*.

    Raises:
        ConflictError: It is there already, made on purpose.
        UsageError: What is said of it holds a secret, and the settings refuse that.
    """
    from memcli.storage.people import AgentRow

    clean = partial(redaction.clean, engine)
    row = AgentRow(
        name=_name(name),
        user=user,
        description=clean(checks.line(description, "the description"), "the description"),
        owner=clean(checks.line(owner, "the owner", checks.NAME_LENGTH_MOST), "the owner") or user,
        model=clean(checks.line(model, "the model"), "the model"),
        created_at=engine.now(),
    )
    with engine.db.writing(engine.db.model or engine.embedder.model) as db:
        if _row(db, row.name, user):
            raise ConflictError(f"there is already an agent {row.name!r}")
        db.people.agents.put([row])
        names.note_people(engine.home.names, agent=row.name)
    return show(engine, row.name, user=user)


def _row(db: Database, name: str, user: str) -> AgentRow | None:
    found = db.people.agents.where(all_of(equals("user", user), equals("name", name)))
    return found[0] if found else None


def is_known(engine: Engine, name: str, *, user: str | None) -> bool:
    """Whether there is an agent called *name* of *user* (None: of anybody): made, or with memories."""
    whose = "" if user is None else equals("user", user)
    if engine.db.people.agents.where(all_of(whose, equals("name", name))):
        return True
    theirs = all_of(in_scope(Scope(None, user, name)), alive(engine.now()))
    return bool(engine.db.memories.table.count(theirs))


def make_known(engine: Engine, those: Iterable[tuple[str, str]]) -> None:
    """Make the agents among *those*, name and user, that nobody has made yet."""
    from memcli.storage.people import AgentRow

    wanted = sorted({(name, user) for name, user in those if name})
    if not any(not _row(engine.db, name, user) for name, user in wanted):
        return
    with engine.db.writing() as db:
        new = [(name, user) for name, user in wanted if not _row(db, name, user)]
        now = engine.now()
        db.people.agents.put([AgentRow(name, user, "", user, "", now) for name, user in new])
        for name, _ in new:
            names.note_people(engine.home.names, agent=name)


def delete(engine: Engine, name: str, *, user: str) -> Agent:
    """Take the agent called *name* away, and forget all that it remembers; undo takes it back.

    Raises:
        NotFoundError: There is no such agent.
    """
    agent = show(engine, name, user=user)
    with engine.db.writing() as db:
        row, now = _row(db, agent.name, user), engine.now()
        gone = db.memories.where(all_of(in_scope(Scope(None, user, agent.name)), alive(now)))
        ids = [memory.id for memory in gone]
        journal.note(
            engine,
            db,
            "agents delete",
            before=[(memory, replace(memory, forgotten_at=now, updated_at=now)) for memory in gone],
            removed={"agents": [row] if row else []},
            by=user,
        )
        db.memories.set_forgotten(ids, now, now)
        db.people.agents.delete([row] if row else [])
        names.drop(engine.home.names, ids)
        names.drop_people(engine.home.names, agent=agent.name)
    return agent

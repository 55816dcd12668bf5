"""Teams: who may see a memory besides its user, and who may change it.

On a directory that others can write to, all of this is courtesy: the user is whoever one says one is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from memcli.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from memcli.model import PRIVATE, Memory, Scope
from memcli.services import checks, journal, names
from memcli.services.engine import Engine
from memcli.services.select import current, in_scope
from memcli.storage.predicates import all_of, equals

if TYPE_CHECKING:
    from memcli.storage.database import Database
    from memcli.storage.people import MemberRow, TeamRow

SLUG_LENGTH_MOST = 63
"""Characters, as of a name in the internet's."""

SLUG = re.compile(f"[a-z0-9][a-z0-9-]{{0,{SLUG_LENGTH_MOST - 1}}}")


class Role(StrEnum):
    """What a member of a team may do."""

    ADMIN = "admin"
    MEMBER = "member"
    READER = "reader"


WRITERS = frozenset({Role.ADMIN, Role.MEMBER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a team, and since when in this role."""

    user: str
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team, as one of its members sees it.

    Attributes:
        slug: What it is called on the command line.
        role: That member's role.
        memories: How many memories it can see now, in all spaces.
        members: Who is in it, admins first.
    """

    slug: str
    name: str
    role: Role
    memories: int
    members: tuple[Member, ...]
    created_at: datetime


# --- who may ---


def slugs_of(engine: Engine, user: str) -> tuple[str, ...]:
    """The teams that *user* is in."""
    return tuple(sorted(row.team for row in engine.db.people.members.where(equals("user", user))))


def _role(db: Database, slug: str, user: str) -> Role | None:
    found = db.people.members.where(all_of(equals("team", slug), equals("user", user)))
    return Role(found[0].role) if found else None


def require_member(db: Database, slug: str, user: str) -> Role:
    """The role of *user* in the team *slug*.

    Raises:
        NotFoundError: There is no such team.
        NotAllowedError: *user* is not in it.
    """
    role = _role(db, slug, user)
    if role is None:
        if not db.people.teams.where(equals("slug", slug)):
            raise NotFoundError(f"there is no team {slug!r}", hint=f"memcli teams create NAME --slug {slug}")
        raise NotAllowedError(
            f"{user} is not in the team {slug!r}",
            hint=f"one of its admins can: memcli teams add {slug} {user}",
        )
    return role


def require_writer(db: Database, slug: str, user: str) -> None:
    """Raise unless *user* may write to the team *slug*; like `require_member`, and readers may not."""
    if require_member(db, slug, user) not in WRITERS:
        raise NotAllowedError(
            f"{user} may read what the team {slug!r} knows, not change it",
            hint=f"one of its admins can: memcli teams add {slug} {user} --role member",
        )


def _require_admin(db: Database, slug: str, user: str) -> None:
    if require_member(db, slug, user) is not Role.ADMIN:
        raise NotAllowedError(
            f"{user} is no admin of the team {slug!r}", hint=f"memcli teams show {slug} says who is"
        )


def require_writers(db: Database, memories: Sequence[Memory], user: str | None) -> None:
    """Raise unless *user* (None: nobody in particular) may change all of *memories* that teams can see."""
    for slug in {memory.team for memory in memories if memory.team} if user is not None else ():
        require_writer(db, slug, str(user))


# --- what they are ---


def all_teams(engine: Engine, *, user: str) -> list[Team]:
    """The teams that *user* is in, by slug."""
    return [_team(engine, engine.db, slug, user) for slug in slugs_of(engine, user)]


def show(engine: Engine, slug: str, *, user: str) -> Team:
    """The team *slug*, of which *user* must be a member; see `require_member`."""
    return _team(engine, engine.db, _slug(slug), user)


def _team(engine: Engine, db: Database, slug: str, user: str) -> Team:
    role = require_member(db, slug, user)
    row = db.people.teams.where(equals("slug", slug))[0]
    where = all_of(in_scope(Scope(None, None, None, slug)), current(engine.now()))
    order = list(Role)
    members = [Member(user=m.user, role=Role(m.role), since=m.since) for m in _members(db, slug)]
    return Team(
        slug=slug,
        name=row.name,
        role=role,
        memories=db.memories.table.count(where),
        members=tuple(sorted(members, key=lambda m: (order.index(m.role), m.user))),
        created_at=row.created_at,
    )


def _members(db: Database, slug: str) -> list[MemberRow]:
    return db.people.members.where(equals("team", slug))


def _slug(value: str) -> str:
    checks.line(value, "the team's slug")
    if not SLUG.fullmatch(value):
        raise UsageError(
            f"{value!r} can't be the slug of a team",
            hint="a slug is made of small letters from a to z, digits and hyphens, such as our-team",
        )
    return value


def _user(value: str) -> str:
    name = checks.line(value, "the user's name", checks.NAME_LENGTH_MOST).strip()
    if not name:
        raise UsageError("the user's name is empty")
    return name


# --- what becomes of them ---


def create(engine: Engine, name: str, *, user: str, slug: str = "") -> Team:
    """Make the team called *name*; *user* is its first admin.

    Raises:
        ConflictError: Another team has that slug.
    """
    from memcli.storage.people import MemberRow, TeamRow

    name = checks.line(name, "the team's name", checks.NAME_LENGTH_MOST).strip()
    if not name:
        raise UsageError("a team needs a name")
    slug = _slug(slug or re.sub("[^a-z0-9]+", "-", name.casefold()).strip("-"))
    with engine.db.writing(engine.db.model or engine.embedder.model) as db:
        if db.people.teams.where(equals("slug", slug)):
            raise ConflictError(
                f"there is already a team {slug!r}", hint=f"memcli teams create {name!r} --slug ANOTHER"
            )
        now = engine.now()
        db.people.members.put([MemberRow(slug, _user(user), Role.ADMIN, now)])
        db.people.teams.put([TeamRow(slug, name, now)])  # last: without an admin there is no team
        names.note_people(engine.home.names, team=slug)
    return show(engine, slug, user=user)


def add(engine: Engine, slug: str, member: str, *, user: str, role: str = Role.MEMBER) -> Team:
    """Let *member* be in the team *slug* in the role *role*; who is in it already gets that role.

    Raises:
        NotFoundError: There is no such team.
        NotAllowedError: *user* is not its admin.
        ConflictError: It would be without an admin.
    """
    from memcli.storage.people import MemberRow

    slug, member = _slug(slug), _user(member)
    if role not in tuple(Role):
        raise UsageError(f"a role is one of {', '.join(Role)}, not {role!r}")
    show(engine, slug, user=user)  # before a lock would make a directory
    with engine.db.writing() as db:
        _require_admin(db, slug, user)
        if role != Role.ADMIN:
            _require_another_admin(db, slug, member)
        db.people.members.put([MemberRow(slug, member, str(role), engine.now())])
    return show(engine, slug, user=user)


def remove(engine: Engine, slug: str, member: str, *, user: str) -> Member:
    """Let *member* be no longer in the team *slug*; one may leave it oneself in any role.

    Raises:
        NotFoundError: There is no such team, or nobody of that name in it.
        NotAllowedError: *user* is not its admin.
        ConflictError: It would be without an admin.
    """
    slug, member = _slug(slug), _user(member)
    show(engine, slug, user=user)
    with engine.db.writing() as db:
        require_member(db, slug, user) if member == user else _require_admin(db, slug, user)
        rows = [row for row in _members(db, slug) if row.user == member]
        if not rows:
            raise NotFoundError(
                f"{member} is not in the team {slug!r}", hint=f"memcli teams show {slug} says who is"
            )
        _require_another_admin(db, slug, member)
        db.people.members.delete(rows)
    return Member(user=member, role=Role(rows[0].role), since=rows[0].since)


def _require_another_admin(db: Database, slug: str, member: str) -> None:
    """Raise if *member* is the only admin of the team *slug*."""
    if [row.user for row in _members(db, slug) if row.role == Role.ADMIN] == [member]:
        raise ConflictError(
            f"{member} is the last admin of the team {slug!r}",
            hint=f"memcli teams add {slug} SOMEBODY --role admin comes first",
        )


def delete(engine: Engine, slug: str, *, user: str) -> Team:
    """Take the team *slug* away; what it could see stays with those who wrote it. Undo takes it back.

    Raises:
        NotFoundError: There is no such team.
        NotAllowedError: *user* is not its admin.
    """
    slug = show(engine, slug, user=user).slug
    with engine.db.writing() as db:
        _require_admin(db, slug, user)
        team, now = _team(engine, db, slug, user), engine.now()
        theirs = db.memories.where(in_scope(Scope(None, None, None, slug)))
        after = [replace(m, team="", visibility=PRIVATE, updated_at=now) for m in theirs]
        members, rows = _members(db, slug), _rows(db, slug)
        journal.note(
            engine,
            db,
            "teams delete",
            before=list(zip(theirs, after, strict=True)),
            removed={"teams": rows, "members": members},
            by=user,
        )
        db.people.teams.delete(rows)
        db.people.members.delete(members)
        db.memories.rewrite(after)
        names.drop_people(engine.home.names, team=slug)
    return team


def _rows(db: Database, slug: str) -> list[TeamRow]:
    return db.people.teams.where(equals("slug", slug))

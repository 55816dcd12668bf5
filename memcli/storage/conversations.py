"""The table of conversations: what is known of them besides their turns, which are memories.

A conversation needs no row here: one that was imported has turns only, until something is said in it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from memcli.dialogue import NO_SUMMARY, Summary
from memcli.storage.predicates import all_of, equals, is_filled, is_in
from memcli.storage.rows import TIME
from memcli.storage.table import MANY_KEYS, Table, chunks

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

SCHEMA = pa.schema(
    [
        pa.field("key", pa.utf8(), nullable=False),
        ("id", pa.utf8()),
        ("space", pa.utf8()),
        ("user", pa.utf8()),
        ("agent", pa.utf8()),
        ("title", pa.utf8()),
        ("summary", pa.utf8()),
        ("summary_by", pa.utf8()),
        ("summary_until", pa.int64()),
        ("summary_of", pa.utf8()),
        ("created_at", TIME),
        ("updated_at", TIME),
        ("taken_up_at", TIME),
    ]
)
TIMES = ("created_at", "updated_at", "taken_up_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Where a conversation is, and whose."""

    space: str
    user: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A conversation.

    Attributes:
        owner: Where it is, and whose.
        id: What it is called by there.
        title: What it was given; empty for nothing.
        summary: What its first turns came to.
        created_at: When the row was written first.
        updated_at: When it was written last.
        taken_up_at: When it became the one that goes on where none is named; None for never.
    """

    owner: Owner
    id: str
    title: str = ""
    summary: Summary = NO_SUMMARY
    created_at: datetime
    updated_at: datetime
    taken_up_at: datetime | None = None


class Conversations:
    """The table of conversations; None as *connection* for a store that does not exist."""

    def __init__(self, connection: Connection | None) -> None:
        absent = connection is None
        self.table = Table.absent(SCHEMA) if absent else Table(connection, "conversations", SCHEMA, "key")

    def get(self, owner: Owner, name: str) -> Row | None:
        """The row of the conversation called *name*; None if it has none."""
        rows = self.table.rows(equals("key", _key(owner, name))).to_pylist()
        return _row(rows[0]) if rows else None

    def taken_up(self, owner: Owner) -> tuple[str, datetime] | None:
        """The conversation that was taken up last, and when; None if none was."""
        where = all_of(_of(owner), is_filled("taken_up_at"))
        rows = self.table.rows(where, ["id", "taken_up_at"])
        times = dict(zip(rows["id"].to_pylist(), rows["taken_up_at"].to_pylist(), strict=True))
        last = max(times, key=lambda name: times[name], default=None)
        return None if last is None else (last, times[last].astimezone(UTC))

    def titles(self) -> dict[tuple[str, ...], str]:
        """The titles that conversations were given, by space, user, agent and id."""
        names = ["space", "user", "agent", "id"]
        rows = self.table.rows("title <> ''", [*names, "title"]).to_pylist()
        return {tuple(row[name] for name in names): row["title"] for row in rows}

    def put(self, rows: Sequence[Row]) -> None:
        """Write *rows* over those of the same conversations. Needs the writer's lock."""
        self.table.put(pa.Table.from_pylist([_said(row) for row in rows], schema=SCHEMA))

    def names_in(self, space: str, user: str) -> list[str]:
        """What tells the conversations of *user* in *space* apart: agent and id, as JSON."""
        return sorted(_name(row) for row in self._in(space, user))

    def _in(self, space: str, user: str) -> list[Row]:
        rows = self.table.rows(all_of(equals("space", space), equals("user", user)))
        return [_row(row) for row in rows.to_pylist()]

    def move(self, space: str, user: str, to: str, only: Collection[str] | None = None) -> None:
        """Let the conversations of *space* be in the space *to*; what is known there of one stays.

        For spaces that are renamed or merged. *only* has those that move, as `names_in` has them; None for
        all. Needs the writer's lock.
        """
        here, there = (self._in(one, user) for one in (space, to))
        here = [row for row in here if only is None or _name(row) in only]
        taken = {(row.owner.agent, row.id) for row in there}
        moved = [replace(row, owner=replace(row.owner, space=to)) for row in here]
        moved = [row for row in moved if (row.owner.agent, row.id) not in taken]
        if moved:
            self.put(moved)
        self.table.delete_keys([_key(row.owner, row.id) for row in here])

    def erase(self, named: Collection[tuple[Owner, str]]) -> None:
        """Take what the turns of the conversations *named* came to off the disk. Needs the writer's lock.

        A summary may quote any of them.

        Args:
            named: Whose they are, and what each is called there: others may have one of the same name.
        """
        if not named or not self.table.exists:
            return
        for keys in chunks(sorted({_key(*one) for one in named}), MANY_KEYS):
            rows = [_row(row) for row in self.table.rows(is_in("key", keys)).to_pylist()]
            if rows:
                self.put([replace(row, summary=NO_SUMMARY) for row in rows])
        self.table.erase_old()


def _key(owner: Owner, name: str) -> str:
    return json.dumps([owner.user, owner.space, owner.agent, name], ensure_ascii=False)


def _name(row: Row) -> str:
    """What tells *row* from others of the same space and user."""
    return json.dumps([row.owner.agent, row.id], ensure_ascii=False)


def _of(owner: Owner) -> str:
    return all_of(equals("space", owner.space), equals("user", owner.user), equals("agent", owner.agent))


def _said(row: Row) -> dict[str, Any]:
    return {
        "key": _key(row.owner, row.id),
        "id": row.id,
        "space": row.owner.space,
        "user": row.owner.user,
        "agent": row.owner.agent,
        "title": row.title,
        "summary": row.summary.text,
        "summary_by": row.summary.by,
        "summary_until": row.summary.until,
        "summary_of": row.summary.of,
        **{name: getattr(row, name) for name in TIMES},
    }


def _row(said: dict[str, Any]) -> Row:
    return Row(
        owner=Owner(space=said["space"], user=said["user"], agent=said["agent"]),
        id=said["id"],
        title=said["title"],
        summary=Summary(
            text=said["summary"], by=said["summary_by"], until=said["summary_until"], of=said["summary_of"]
        ),
        **{name: _in_utc(said[name]) for name in TIMES},
    )


def _in_utc(time: datetime | None) -> Any:
    return time.astimezone(UTC) if time else None

"""The table of tasks: working memory, a row for each, what is in it as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from memcli.errors import StorageError
from memcli.storage.predicates import all_of, equals, is_in, starts_with
from memcli.storage.rows import TIME
from memcli.storage.table import MANY_KEYS, Table, chunks
from memcli.work import Note, Status, Subgoal, Task

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

SCHEMA = pa.schema(
    [
        pa.field("key", pa.utf8(), nullable=False),
        *((name, pa.utf8()) for name in ("space", "user", "agent", "goal", "status")),
        ("is_current", pa.bool_()),
        ("state", pa.large_utf8()),
        *((name, TIME) for name in ("created_at", "updated_at", "ended_at")),
        ("success", pa.bool_()),
        ("outcome", pa.utf8()),
        ("episode", pa.utf8()),
    ]
)
"""`key` is the task's id; `state` holds subgoals, notes, results and variables."""

AS_THEY_ARE = [name for name in SCHEMA.names if name not in ("key", "state")]


class Tasks:
    """The table of tasks; None as *connection* for a store that does not exist."""

    def __init__(self, connection: Connection | None) -> None:
        absent = connection is None
        self.table = Table.absent(SCHEMA) if absent else Table(connection, "tasks", SCHEMA, "key")

    def current(self, space: str, user: str, agent: str) -> Task | None:
        """The current task of *user* and *agent* in *space*; None where there is none."""
        found = _tasks(self.table.rows(all_of(_of(space, user, agent), equals("is_current", True))))
        return max(found, key=lambda task: (task.updated_at, task.id), default=None)

    def called(self, name: str, user: str, most: int) -> list[Task]:
        """The task of *user* with the id *name*, or else at most *most* of those whose ids begin with it."""
        mine = equals("user", user)
        exact = self.table.rows(all_of(equals("key", name), mine))
        return _tasks(exact or self.table.rows(all_of(starts_with("key", name), mine), limit=most))

    def of(
        self, space: str | None, user: str | None, agent: str | None, *, ended: bool = False
    ) -> list[Task]:
        """The tasks of *space*, *user* and *agent* (None: of all), changed last first; *ended* ones, too."""
        going_on = "" if ended else is_in("status", (Status.OPEN, Status.ENDING))
        found = _tasks(self.table.rows(all_of(_of(space, user, agent), going_on)))
        return sorted(found, key=lambda task: (task.updated_at, task.id), reverse=True)

    def number(self, space: str | None, user: str | None, agent: str | None) -> int:
        """How many tasks of *space*, *user* and *agent* (None: of all) are not ended."""
        return self.table.count(
            all_of(_of(space, user, agent), is_in("status", (Status.OPEN, Status.ENDING)))
        )

    def put(self, tasks: Sequence[Task]) -> None:
        """Write *tasks* over those with the same ids, in one write. Needs the writer's lock."""
        self.table.put(pa.Table.from_pylist([_row(task) for task in tasks], schema=SCHEMA))

    def names_in(self, space: str, user: str) -> list[str]:
        """The ids of the tasks of *user* in *space*, ended ones too."""
        return sorted(self.table.rows(_of(space, user, None), ["key"])["key"].to_pylist())

    def move(self, space: str, user: str, to: str, only: Collection[str] | None = None) -> None:
        """Let the tasks of *space* be in the space *to*; where one is current there, it stays that.

        For spaces that are renamed or merged. *only* has the ids that move; None for all. Needs the
        writer's lock.
        """
        here, there = (self.of(one, user, None, ended=True) for one in (space, to))
        here = [task for task in here if only is None or task.id in only]
        taken = {task.agent for task in there if task.is_current}
        moved = [
            replace(task, space=to, is_current=task.is_current and task.agent not in taken) for task in here
        ]
        if moved:
            self.put(moved)

    def erase(self, ids: Sequence[str]) -> None:
        """Remove the ended tasks that became the memories *ids* from every version on disk.

        Needs the writer's lock.
        """
        found = [self.table.rows(is_in("episode", some), ["key"]) for some in chunks(ids, MANY_KEYS)]
        self.table.erase_keys([key for table in found for key in table["key"].to_pylist()])


def _of(space: str | None, user: str | None, agent: str | None) -> str:
    named = {"space": space, "user": user, "agent": agent}
    return all_of(*(equals(column, value) for column, value in named.items() if value is not None))


def _row(task: Task) -> dict[str, Any]:
    state = {
        "subgoals": [[s.text, s.depth, _written(s.started_at), _written(s.done_at)] for s in task.subgoals],
        "notes": [[note.text, _written(note.at)] for note in task.notes],
        "results": dict(task.results),
        "variables": dict(task.variables),
    }
    row = {name: getattr(task, name) for name in AS_THEY_ARE}
    return {**row, "key": task.id, "status": str(task.status), "state": json.dumps(state, ensure_ascii=False)}


def _tasks(table: pa.Table) -> list[Task]:
    return [_task(row) for row in table.to_pylist()]


def _task(row: dict[str, Any]) -> Task:
    try:
        said = json.loads(row["state"])
        state: dict[str, Any] = {
            "subgoals": tuple(_subgoal(*step) for step in said["subgoals"]),
            "notes": tuple(Note(text=text, at=_read(at)) for text, at in said["notes"]),
            "results": dict(said["results"]),
            "variables": dict(said["variables"]),
        }
        status = Status(row["status"])
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(f"what the store holds of the task {row['key']} makes no sense") from error
    about = {name: row[name] for name in AS_THEY_ARE if not name.endswith("_at")}
    times = {name: _in_utc(row[name]) for name in AS_THEY_ARE if name.endswith("_at")}
    return Task(id=row["key"], **{**about, "status": status}, **times, **state)


def _subgoal(text: str, depth: int, started_at: str, done_at: str | None) -> Subgoal:
    done = _read(done_at) if done_at else None
    return Subgoal(text=text, depth=depth, started_at=_read(started_at), done_at=done)


def _written(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _read(time: str) -> datetime:
    return datetime.fromisoformat(time)


def _in_utc(time: datetime | None) -> Any:
    return time.astimezone(UTC) if time else None

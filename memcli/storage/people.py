"""Agents, teams and their members: three small tables of plain rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pyarrow as pa

from memcli.storage.rows import TIME
from memcli.storage.table import Table

if TYPE_CHECKING:
    from memcli.storage.lance import Connection


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent of *user*, made on purpose; *model* is what it runs on, *owner* who looks after it."""

    name: str
    user: str
    description: str
    owner: str
    model: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team; its members are rows of their own."""

    slug: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody in a team."""

    team: str
    user: str
    role: str
    since: datetime


Row = TypeVar("Row", AgentRow, TeamRow, MemberRow)


class Register(Generic[Row]):
    """The table of rows of one kind, each known by what identifies it.

    Args:
        kind: The class of its rows.
        names: The fields that together identify one.
        open_: Gives the table, from its schema.
    """

    def __init__(self, kind: type[Row], names: Sequence[str], open_: Callable[[pa.Schema], Table]) -> None:
        self._kind: type[Row] = kind
        self._names: Sequence[str] = names
        columns: list[tuple[str, pa.DataType]] = [
            (f.name, TIME if f.type == "datetime" else pa.utf8()) for f in fields(kind)
        ]
        self._schema = pa.schema([pa.field("key", pa.utf8(), nullable=False), *columns])
        self.table = open_(self._schema)

    def where(self, where: str = "") -> list[Row]:
        """The rows that fulfil the predicate *where*."""
        rows = self.table.rows(where, [f.name for f in fields(self._kind)])
        return [self.read_back(row) for row in rows.to_pylist()]

    def known_as(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are known as one of *rows*, whatever else they say."""
        found = self.table.with_keys([self.key(row) for row in rows], [f.name for f in fields(self._kind)])
        return [self.read_back(row) for row in found.to_pylist()]

    def put(self, rows: Sequence[Row]) -> None:
        """Write *rows*, each over the one that it is known as if there is one. Needs the writer's lock."""
        said = [{"key": self.key(row), **asdict(row)} for row in rows]
        if said:
            self.table.put(pa.Table.from_pylist(said, schema=self._schema))

    def delete(self, rows: Sequence[Row]) -> None:
        """Take *rows* out. Needs the writer's lock."""
        self.table.delete_keys([self.key(row) for row in rows])

    def read_back(self, said: Mapping[str, Any]) -> Row:
        """The row that *said* describes, its times as texts or not."""
        values: dict[str, Any] = {n: _time(value) if _is_time(n) else value for n, value in said.items()}
        row: Row = self._kind(**values)
        return row

    def key(self, row: Row) -> str:
        """What *row* is known as."""
        return json.dumps([getattr(row, name) for name in self._names])


def _is_time(name: str) -> bool:
    return name in ("created_at", "since")


def _time(value: Any) -> datetime:
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class People:
    """All three tables; None as *connection* for a store that does not exist."""

    def __init__(self, connection: Connection | None) -> None:
        def opened(name: str) -> Callable[[pa.Schema], Table]:
            return lambda schema: (
                Table.absent(schema) if connection is None else Table(connection, name, schema, "key")
            )

        self.agents = Register(AgentRow, ("user", "name"), opened("agents"))
        self.teams = Register(TeamRow, ("slug",), opened("teams"))
        self.members = Register(MemberRow, ("team", "user"), opened("members"))
        self.by_name: dict[str, Register[Any]] = {
            "agents": self.agents,
            "teams": self.teams,
            "members": self.members,
        }

    @property
    def tables(self) -> list[Table]:
        """The three tables."""
        return [register.table for register in self.by_name.values()]

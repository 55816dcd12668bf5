"""The table of values: JSON under a key, kept as the text that it was written as."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from memcli.storage.predicates import after, all_of, any_of, equals, is_empty, is_in, quote, starts_with
from memcli.storage.rows import TIME
from memcli.storage.table import MANY_KEYS, Table, chunks
from memcli.structure import JSONText, Value

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

SCHEMA = pa.schema(
    [
        pa.field("key", pa.utf8(), nullable=False),
        ("name", pa.utf8()),
        ("space", pa.utf8()),
        ("user", pa.utf8()),
        ("data", pa.large_utf8()),
        ("version", pa.int64()),
        ("created_at", TIME),
        ("updated_at", TIME),
        ("expires_at", TIME),
    ]
)
"""`name` is what people call the key; `key` tells rows apart."""


class Values:
    """The table of values; None as *connection* for a store that does not exist."""

    def __init__(self, connection: Connection | None) -> None:
        absent = connection is None
        self.table = Table.absent(SCHEMA) if absent else Table(connection, "values", SCHEMA, "key")

    def get(self, space: str, user: str, name: str, now: datetime) -> Value | None:
        """The value under the key *name*; None where there is none, or it has expired."""
        where = all_of(equals("key", _key(space, user, name)), _living(now))
        found = _values(self.table.rows(where))
        return found[0] if found else None

    def of(self, space: str | None, user: str | None, prefix: str, now: datetime) -> list[Value]:
        """The values of *space* and *user* (None: of all) whose key begins with *prefix*, in order."""
        where = all_of(
            "" if space is None else equals("space", space),
            "" if user is None else equals("user", user),
            starts_with("name", prefix) if prefix else "",
            _living(now),
        )
        return sorted(_values(self.table.rows(where)), key=lambda value: (value.space, value.key))

    def number(self, space: str | None, user: str | None, now: datetime) -> int:
        """How many values there are in *space* and of *user* (None: of all)."""
        named = {"space": space, "user": user}
        owner = [equals(column, value) for column, value in named.items() if value is not None]
        return self.table.count(all_of(*owner, _living(now)))

    def put(self, value: Value, user: str) -> None:
        """Write *value* of *user* over what its key holds. Needs the writer's lock."""
        row = {
            "key": _key(value.space, user, value.key),
            "name": value.key,
            "space": value.space,
            "user": user,
            "data": str(value.data),
            "version": value.version,
            "created_at": value.created_at,
            "updated_at": value.updated_at,
            "expires_at": value.expires_at,
        }
        self.table.put(pa.Table.from_pylist([row], schema=SCHEMA))

    def delete(self, space: str, user: str, names: Sequence[str]) -> None:
        """Take the values under the keys *names* out. Needs the writer's lock."""
        self.table.delete_keys([_key(space, user, name) for name in names])

    def sweep(self, now: datetime) -> None:
        """Take out what has expired. Needs the writer's lock."""
        expired = f"NOT ({_living(now)})"
        if self.table.count(expired):
            self.table.delete(expired)

    def names_in(self, space: str, user: str) -> list[str]:
        """The keys of the values of *user* in *space*, expired ones that were not swept out too."""
        where = all_of(equals("space", space), equals("user", user))
        return sorted(self.table.rows(where, ["name"])["name"].to_pylist())

    def move(self, space: str, user: str, to: str, only: Collection[str] | None = None) -> None:
        """Let the values of *space* be in the space *to*; those whose names are taken there stay.

        For spaces that are renamed or merged, once what has expired is swept out: it would count as taken.
        *only* has the keys that move, as `names_in` has them; None for all. Needs the writer's lock.
        """
        taken = {*self.names_in(to, user)}
        goes = [name for name in self.names_in(space, user) if name not in taken]
        old = [_key(space, user, name) for name in goes if only is None or name in only]
        # rewritten where they are: killed in between, none is in both spaces
        start = f"substr(key, {len(_beginning(space, user)) + 1})"
        said = {"key": f"concat({quote(_beginning(to, user))}, {start})", "space": quote(to)}
        for some in chunks(old, MANY_KEYS):
            where = is_in("key", some)
            self.table.write(lambda table, w=where: table.update(where=w, values_sql=said))  # type: ignore[misc]


def _key(space: str, user: str, name: str) -> str:
    return json.dumps([user, space, name], ensure_ascii=False)


def _beginning(space: str, user: str) -> str:
    """What the keys of *space* and *user* begin with; the rest is the value's own."""
    return _key(space, user, "").removesuffix('""]')


def _living(now: datetime) -> str:
    return any_of(is_empty("expires_at"), after("expires_at", now))


def _values(table: pa.Table) -> list[Value]:
    return [_value(row) for row in table.to_pylist()]


def _value(row: dict[str, Any]) -> Value:
    return Value(
        key=row["name"],
        data=JSONText(row["data"]),
        space=row["space"],
        version=row["version"],
        **{name: _in_utc(row[name]) for name in ("created_at", "updated_at", "expires_at")},
    )


def _in_utc(time: datetime | None) -> Any:
    return time.astimezone(UTC) if time else None

"""Spaces that were made on purpose; those made by use are known from the memories in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from memcli.storage.predicates import equals
from memcli.storage.rows import TIME
from memcli.storage.table import Table

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

SCHEMA = pa.schema(
    [
        pa.field("key", pa.utf8(), nullable=False),
        ("name", pa.utf8()),
        ("user", pa.utf8()),
        ("description", pa.utf8()),
        ("created_at", TIME),
    ]
)


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """A space made on purpose by *user*."""

    name: str
    user: str
    description: str
    created_at: datetime


def _key(name: str, user: str) -> str:
    return json.dumps([user, name])


class Spaces:
    """The table of spaces made on purpose."""

    def __init__(self, connection: Connection) -> None:
        self.table = Table(connection, "spaces", SCHEMA, "key")

    def of(self, user: str | None) -> list[SpaceRow]:
        """The spaces that *user* made; those of everybody, if None."""
        where = "" if user is None else equals("user", user)
        rows = self.table.rows(where, ["name", "user", "description", "created_at"])
        return [
            SpaceRow(**{**row, "created_at": row["created_at"].astimezone(UTC)}) for row in rows.to_pylist()
        ]

    def put(self, space: SpaceRow) -> None:
        """Write *space*, over the one of the same name and user if there is one."""
        row = {
            "key": [_key(space.name, space.user)],
            "name": [space.name],
            "user": [space.user],
            "description": [space.description],
            "created_at": [space.created_at],
        }
        self.table.put(pa.table(row, schema=SCHEMA))

    def delete(self, name: str, user: str) -> None:
        """Take the space called *name* of *user* out, if it is there."""
        self.table.delete_keys([_key(name, user)])

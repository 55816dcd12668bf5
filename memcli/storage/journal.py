"""The journal: for each change of the memories, what it takes to take it back.

A change is what one command did. An import writes its memories in pieces and adds a row for each of
them, with the same number. The journal is written before the memories: killed in between, it tells of
something that has not happened, and taking that back does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.predicates import all_of, at_most, equals, is_in
from memcli.storage.rows import TIME
from memcli.storage.table import Table

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

CHANGES_KEPT = 500
"""Changes that can be taken back; more than anybody remembers, some 100 kB of single stores."""

DROPPED_AT_ONCE = 100
"""How many more may pile up before the oldest are dropped: a deletion for each store would be slow."""

SCHEMA = pa.schema(
    [
        pa.field("key", pa.utf8(), nullable=False),
        ("number", pa.int64()),
        ("at", TIME),
        ("command", pa.utf8()),
        ("user", pa.utf8()),
        ("space", pa.utf8()),
        ("details", pa.utf8()),
    ]
)

EdgeBefore = tuple[str, str, str, Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one command did, or a part of it.

    Attributes:
        number: Counts up; 0 for one that is to be given the next number.
        at: When.
        command: Which command.
        user: Whose memories.
        space: Where, if it was one space.
        added: Ids of new memories.
        before: What fields of other memories were before, as JSON has it, by id and field.
        removed_space: What described a space that was deleted.
        removed: Rows of other tables that were taken out, by table.
        renamed: What a space was called, and is called now.
        merged: What a space was called, and the one that it went into.
        beside: Values, tasks and conversations, as the tables' `names_in` has them: of a space that was
            renamed, those that had been under its new name before; of one that was merged, those that moved.
        edges: Edges that were made, changed or removed: from, to, type, and what each was before, as JSON
            has it; None for one that was not there.
    """

    number: int = 0
    at: datetime
    command: str
    user: str
    space: str = ""
    added: tuple[str, ...] = ()
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    removed_space: Mapping[str, Any] | None = None
    removed: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    renamed: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)
    edges: tuple[EdgeBefore, ...] = ()

    def without(self, ids: frozenset[str]) -> Change:
        """The same without a trace of the memories *ids*."""
        kept = {
            memory: {
                name: "" if isinstance(value, str) and value in ids else value
                for name, value in fields.items()
            }
            for memory, fields in self.before.items()
            if memory not in ids
        }
        edges = tuple(edge for edge in self.edges if not ids & {*edge[:2]})
        return replace(self, added=tuple(i for i in self.added if i not in ids), before=kept, edges=edges)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take back."""
        return not (
            self.added or self.before or self.removed_space or self.removed or self.renamed or self.edges
        )


class Journal:
    """The table of changes; None as *connection* for a store that does not exist."""

    def __init__(self, connection: Connection) -> None:
        self.table = Table(connection, "changes", SCHEMA, "key")

    @classmethod
    def absent(cls) -> Journal:
        """The journal of a store that does not exist."""
        journal = cls.__new__(cls)
        journal.table = Table.absent(SCHEMA)
        return journal

    def last_number(self) -> int:
        """The number of the last change; 0 if there is none."""
        return self._counted()[0]

    def _counted(self) -> tuple[int, int, int]:
        """The number of the last change, how many parts it has, and how many changes there are."""

        def read() -> tuple[int, int, int]:
            numbers = self.table.rows("", ["number"])["number"]
            last = pc.max(numbers).as_py() or 0
            return last, pc.sum(pc.equal(numbers, last)).as_py() or 0, len(pc.unique(numbers))

        return self.table.once("counted", read)

    def add(self, change: Change) -> int:
        """Write *change* down, and drop the oldest ones if need be. Needs the writer's lock.

        Returns:
            Its number, for further parts of the same change.
        """
        last, parts, changes = self._counted()
        number = change.number or last + 1
        part = self._parts(number) if number < last else parts if number == last else 0
        self.table.add(_rows([(f"{number}.{part}", replace(change, number=number))]))
        if number >= last:
            self.table.keep("counted", (number, part + 1, changes + (number > last)))
        if changes > CHANGES_KEPT + DROPPED_AT_ONCE:
            self.table.delete(at_most("number", number - CHANGES_KEPT))
        return number

    def _parts(self, number: int) -> int:
        """How many parts the change with that number has."""
        return self.table.count(equals("number", number))

    def last(self, user: str | None, space: str | None, limit: int) -> list[Change]:
        """The last *limit* changes of *user* in *space* (None: of all), latest first, parts put together."""
        where = all_of(
            "" if user is None else equals("user", user), "" if space is None else equals("space", space)
        )
        numbers = pc.unique(self.table.rows(where, ["number"])["number"]).to_pylist()
        wanted = sorted(numbers, reverse=True)[:limit]
        parts: dict[int, list[Change]] = {number: [] for number in wanted}
        for _, part in self._read(is_in("number", wanted)) if wanted else ():
            parts[part.number].append(part)
        return [_together(some) for some in parts.values() if some]

    def drop(self, number: int) -> None:
        """Take the change with that number out: it has been taken back. Needs the writer's lock."""
        if self.table.exists:
            self.table.delete(equals("number", number))

    def erase(self, ids: Sequence[str]) -> None:
        """Remove every trace of the memories *ids*, from every version on disk. Needs the writer's lock."""
        if not self.table.exists:
            return
        gone = frozenset(ids)
        kept = [(key, change.without(gone)) for key, change in self._read("")]
        if left := [(key, change) for key, change in kept if not change.is_empty]:
            self.table.put(_rows(left))
        self.table.delete_keys([key for key, change in kept if change.is_empty])
        self.table.erase_old()

    def _read(self, where: str) -> list[tuple[str, Change]]:
        rows = self.table.rows(where).to_pylist()
        rows.sort(key=lambda row: tuple(map(int, row["key"].split("."))))
        return [(row["key"], _change(row)) for row in rows]


def _rows(changes: Sequence[tuple[str, Change]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "key": key,
                "number": change.number,
                "at": change.at,
                "command": change.command,
                "user": change.user,
                "space": change.space,
                "details": json.dumps(
                    {
                        "added": change.added,
                        "before": change.before,
                        "removed_space": change.removed_space,
                        "removed": change.removed,
                        "renamed": change.renamed,
                        **({"merged": change.merged} if change.merged else {}),
                        **({"beside": change.beside} if change.beside else {}),
                        **({"edges": change.edges} if change.edges else {}),
                    },
                    ensure_ascii=False,
                ),
            }
            for key, change in changes
        ],
        schema=SCHEMA,
    )


def _change(row: Mapping[str, Any]) -> Change:
    details = json.loads(row["details"])
    return Change(
        number=row["number"],
        at=row["at"].astimezone(UTC),
        command=row["command"],
        user=row["user"],
        space=row["space"],
        added=tuple(details["added"]),
        before=details["before"],
        removed_space=details["removed_space"],
        removed=details.get("removed", {}),  # since format 4
        renamed=tuple(details.get("renamed", ())),
        merged=tuple(details.get("merged", ())),
        beside=details.get("beside", {}),
        edges=tuple((*edge[:3], edge[3]) for edge in details.get("edges", ())),
    )


def _together(parts: Sequence[Change]) -> Change:
    """One change of its *parts*, in order: what a memory was before is what its first part says."""
    before: dict[str, dict[str, Any]] = {}
    for part in reversed(parts):
        for memory, fields in part.before.items():
            before[memory] = {**before.get(memory, {}), **fields}
    added = [memory for part in parts for memory in part.added]
    # what a change itself has added is gone when it is taken back, whatever became of it in between
    kept = {memory: fields for memory, fields in before.items() if memory not in set(added)}
    spaces = {part.space for part in parts}
    removed = next((part.removed_space for part in parts if part.removed_space), None)
    return replace(
        parts[0],
        added=tuple(added),
        before=kept,
        space=spaces.pop() if len(spaces) == 1 else "",
        removed_space=removed,
        edges=tuple(edge for part in reversed(parts) for edge in part.edges),
    )

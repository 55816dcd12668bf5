"""The journal: for each change of the memories, what it takes to take it back.

A change is what one command did. An import writes its memories in pieces and adds a row for each of
them, with the same number, unless that was taken back meanwhile: what comes then is another change. The
journal is written before the memories: killed in between, it tells of something that has not happened, and
taking that back does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.predicates import all_of, at_least, at_most, equals, is_in
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
        run: What tells the command that did it from every other, 0 or more; 0 where that is not known.
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
    run: int = 0
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


@dataclass(frozen=True, slots=True)
class _Counted:
    """What there is: the number of the last change, its run and its parts; how many changes there are."""

    last: int
    run: int
    parts: int
    changes: int


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
        return self._counted().last

    def _counted(self) -> _Counted:
        def read() -> _Counted:
            rows = self.table.rows("", ["number", "key"])
            last = pc.max(rows["number"]).as_py() or 0
            keys = rows.filter(pc.equal(rows["number"], last))["key"].to_pylist()
            return _Counted(last, *_run_and_parts(keys), len(pc.unique(rows["number"])))

        return self.table.once("counted", read)

    def add(self, change: Change) -> int:
        """Write *change* down, and drop the oldest ones if need be. Needs the writer's lock.

        Returns:
            Its number, for further parts of the same change.
        """
        known = self._counted()
        number, part = self._place(change, known)
        change = replace(change, number=number)
        self.table.add(_rows([(_key(change, part), change)]))
        if number >= known.last:
            changes = known.changes + (number > known.last)
            self.table.keep("counted", _Counted(number, change.run, part + 1, changes))
        if known.changes > CHANGES_KEPT + DROPPED_AT_ONCE:
            self.table.delete(at_most("number", number - CHANGES_KEPT))
        return number

    def _place(self, change: Change, known: _Counted) -> tuple[int, int]:
        """The number of *change*, and its part: it goes on with its number only where that is its own still.

        A change that was taken back, or that a backup knows nothing of, may have left its number to others.
        """
        if 0 < change.number < known.last:
            rows = self.table.rows(equals("number", change.number), ["key"])
            run, parts = _run_and_parts(rows["key"].to_pylist())
            goes_on = parts > 0 and run == change.run
        else:
            parts = known.parts
            goes_on = change.number == known.last > 0 and known.run == change.run
        return (change.number, parts) if goes_on else (known.last + 1, 0)

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

    def since(self, number: int) -> list[Change]:
        """All parts of all changes after the one with that *number*, whoever's they are, in order."""
        return [part for _, part in self._read(at_least("number", number + 1))]

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
        rows.sort(key=lambda row: _place_of(row["key"]))
        return [(row["key"], _change(row)) for row in rows]


def _key(change: Change, part: int) -> str:
    return f"{change.number}.{part}.{change.run}"


def _place_of(key: str) -> tuple[int, int, int]:
    """The number, the part and the run of *key*; what was written before there were runs has run 0."""
    number, part, run = [*map(int, key.split(".")), 0][:3]
    return number, part, run


def _run_and_parts(keys: Sequence[str]) -> tuple[int, int]:
    """The run of the change that has these *keys*, and the number of its next part; 0 and 0 without any."""
    _, parts, runs = zip(*map(_place_of, keys), strict=True) if keys else ((), (-1,), (0,))
    return max(runs), max(parts) + 1


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

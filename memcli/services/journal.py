"""What a command changes, written down so that it can be taken back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memcli.model import Memory
from memcli.services.engine import Engine
from memcli.structure import Edge

if TYPE_CHECKING:
    from memcli.storage.database import Database
    from memcli.storage.journal import EdgeBefore

NOT_KEPT = frozenset({"id", "uses", "used_at"})
"""What is not written down: an id never changes, and a use is not taken back."""


@dataclass
class Running:
    """A change that goes on over several writes, such as an import.

    Attributes:
        command: Which command.
        number: The change's number once something has been written, 0 before.
        run: What tells this command from every other that is run, a random number of 56 bits.
    """

    command: str
    number: int = 0
    run: int = field(default_factory=lambda: int.from_bytes(os.urandom(7), "big"))


def note(
    engine: Engine,
    db: Database,
    change: str | Running,
    *,
    added: Sequence[Memory] = (),
    before: Sequence[tuple[Memory, Memory]] = (),
    removed_space: Mapping[str, Any] | None = None,
    removed: Mapping[str, Sequence[Any]] | None = None,
    renamed: tuple[str, ...] = (),
    merged: tuple[str, ...] = (),
    beside: Mapping[str, Sequence[str]] | None = None,
    by: str | None = None,
    edges: Sequence[EdgeBefore] = (),
    touched: Sequence[Memory] = (),
) -> None:
    """Write down what is about to happen. Needs the writer's lock.

    Args:
        engine: What to work with.
        db: The store, locked.
        change: The command, or the change that this is a further part of.
        added: New memories.
        before: Memories that change: as they are, and as they will be.
        removed_space: What described a space that is deleted.
        removed: Rows of other tables that are taken out, by table.
        renamed: What a space is called, and will be called.
        merged: What a space is called, and the one that it goes into.
        beside: Values, tasks and conversations that taking it back needs to know of (`Change.beside`).
        by: Who does it, and may take it back; whose memories they are, if None.
        edges: Edges that change, with what each is now.
        touched: The memories that these are between.
    """
    from memcli.storage.journal import Change

    running = change if isinstance(change, Running) else Running(change)
    concerned = [*added, *(old for old, _ in before), *touched]
    if not (concerned or removed_space or removed or renamed):
        return
    spaces = {memory.space for memory in concerned} or {str((removed_space or {}).get("name", ""))}
    spaces = set(renamed[1:]) or spaces
    user = concerned[0].user if concerned else str((removed_space or {}).get("user", ""))
    rows = {name: [_row(row) for row in some] for name, some in (removed or {}).items() if some}
    running.number = db.journal.add(
        Change(
            number=running.number,
            run=running.run,
            at=engine.now(),
            command=running.command,
            user=user if by is None else by,
            space=spaces.pop() if len(spaces) == 1 else "",
            added=tuple(memory.id for memory in added),
            before={old.id: _difference(old, new) for old, new in before},
            removed_space=removed_space,
            removed=rows,
            renamed=renamed,
            merged=merged,
            beside=beside or {},
            edges=tuple(edges),
        )
    )


def _difference(old: Memory, new: Memory) -> dict[str, Any]:
    """The fields of *old* that *new* has otherwise, as JSON has them."""
    return {
        f.name: _plain(getattr(old, f.name))
        for f in fields(Memory)
        if f.name not in NOT_KEPT and getattr(old, f.name) != getattr(new, f.name)
    }


def _row(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(row).items()}


def edge_as_json(edge: Edge | None) -> dict[str, Any] | None:
    """What is written down of *edge* besides its ends; None where there is none."""
    if edge is None:
        return None
    return {name: _plain(getattr(edge, name)) for name in ("weight", "created_at", "updated_at")}


def read_edge(from_: str, to: str, type_: str, said: Mapping[str, Any]) -> Edge:
    """The edge that was written down."""
    return Edge(from_=from_, to=to, type=type_, **read_back(said))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def read_back(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of fields that were written down."""
    return {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    return tuple(value) if name == "tags" else value

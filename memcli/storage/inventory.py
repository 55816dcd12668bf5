"""Which tables a store has: a file beside them that names them, so that one that vanishes is missed.

A table is made when something is put into it first, so one that is not there may never have been made, or may
be lost; LanceDB finds it empty either way. The file is written at the end of a write that has made a table.
A store without it (made before there was one, or brought back from a backup) has one from its next write on;
until then all that is there is taken for all there is. In a bucket no part of a store can be lost by itself.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

NAME = "tables"
NAMES = (NAME, f"{NAME}.new")
"""What the file is called, and what it is called while it is being written."""

MEMORIES, PASSAGES = "memories_", "passages_"
"""What the names of tables begin with that come and go with models."""


def named(store: Path) -> frozenset[str]:
    """The tables that the *store* is known to have; none where nobody has noted them."""
    try:
        return frozenset((store / NAME).read_text("utf-8", "replace").split())
    except OSError:
        return frozenset()


def missing(store: Path) -> list[str]:
    """The tables that the *store* is known to have, and that are not there.

    Those of memories and passages come and go with models: of them only passages whose memories are there.
    """
    there = _there(store)
    return sorted(name for name in named(store) - there if _is_missed(name, there))


def _is_missed(name: str, there: set[str]) -> bool:
    if name.startswith(PASSAGES):
        return name.replace(PASSAGES, MEMORIES, 1) in there
    return name not in there and not name.startswith(MEMORIES)


def is_missing(store: Path, name: str) -> bool:
    """Whether the *store* is known to have had the table *name*, and never to give it up."""
    return not name.startswith((MEMORIES, PASSAGES)) and name in named(store)


def _there(store: Path) -> set[str]:
    return {path.stem for path in store.glob("*.lance")}


def note(store: Path) -> None:
    """Note which tables the *store* has. Needs the writer's lock.

    One that is missing stays noted. Where the file can't be written it stays as it was: that is no reason for
    a write to fail.
    """
    before = named(store)
    there = _there(store)
    after = there | {name for name in before if _is_missed(name, there)}
    if after != before:
        with suppress(OSError):
            _write(store, after)


def forget(store: Path, name: str) -> None:
    """Do not miss the table *name* any more. Needs the writer's lock.

    Raises:
        OSError: The file can't be written.
    """
    before = named(store)
    if name in before:
        _write(store, before - {name})


def _write(store: Path, names: frozenset[str] | set[str]) -> None:
    new = store / NAMES[1]
    new.write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")
    new.replace(store / NAME)

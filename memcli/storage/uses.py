"""Deliberate uses: noted in a small file beside the tables, folded into the memories when somebody writes.

A search must not write to the tables, and a line at the end of a file costs it nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDED_FROM_BYTES = 8_000
"""Size of the file at which a write folds it: some 180 uses, which a search reads in 1 ms."""


@dataclass(frozen=True, slots=True)
class Use:
    """Uses of one memory that its row does not know yet.

    Attributes:
        count: How many, at least 1.
        last: When the last of them was.
    """

    count: int
    last: datetime


class UseLog:
    """Uses noted in the files *path* and, while they are being folded, *path* with `.folding`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folding = path.with_suffix(".folding")

    def note(self, ids: Iterable[str], now: datetime) -> None:
        """Note that the memories *ids* were used; not where that can't be written: nothing hangs on it."""
        lines = "".join(f"{memory}\t{now.isoformat()}\n" for memory in ids)
        if not lines or not self.path.parent.is_dir():
            return
        with suppress(OSError):
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, lines.encode())  # one write: lines of several processes do not mix
            finally:
                os.close(file)

    def pending(self) -> dict[str, Use]:
        """The uses that are not folded yet, by id; lines that make no sense are passed over."""
        return _summed(_lines(self._folding) + _lines(self.path))

    @property
    def is_due(self) -> bool:
        """Whether enough has been noted to be folded, or folding was broken off."""
        return self._folding.exists() or (self.path.exists() and self.path.stat().st_size > FOLDED_FROM_BYTES)

    def take(self) -> Mapping[str, Use]:
        """The uses to be folded now; what is noted from here on waits. Needs the writer's lock."""
        if not self._folding.exists() and self.path.exists():
            self.path.replace(self._folding)
        return _summed(_lines(self._folding))

    def folded(self) -> None:
        """What `take` gave is in the rows. Killed just before this, it would count twice: no harm."""
        self._folding.unlink(missing_ok=True)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _summed(lines: Iterable[str]) -> dict[str, Use]:
    uses: dict[str, Use] = {}
    for line in lines:
        memory, _, said = line.partition("\t")
        try:
            moment = datetime.fromisoformat(said).astimezone(UTC)
        except ValueError:
            continue
        before = uses.get(memory)
        uses[memory] = Use(before.count + 1, max(before.last, moment)) if before else Use(1, moment)
    return uses

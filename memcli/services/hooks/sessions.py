"""What sessions were given: the ids of memories, a small file for each."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

KEPT_MOST = 5_000
"""Ids that are looked at, the last ones: more than a session has room for."""


class Given:
    """What one session was given.

    Args:
        folder: Where hooks keep what they need; None for nowhere.
        session: The session's id; empty if nobody knows it, so that nothing is kept.
    """

    def __init__(self, folder: Path | None, session: str) -> None:
        name = f"{zlib.crc32(session.encode('utf-8', 'surrogatepass')):08x}-{len(session)}"
        self._file = folder / "sessions" / name if folder and session else None

    def ids(self) -> frozenset[str]:
        """The ids of what it was given; none where that can't be read."""
        if self._file is None:
            return frozenset()
        try:
            return frozenset(self._file.read_text("utf-8", "replace").split("\n")[-KEPT_MOST:])
        except OSError:
            return frozenset()

    def add(self, ids: Iterable[str]) -> None:
        """Note that it is given *ids*; where that can't be written, it is told them again."""
        lines = "".join(f"{one}\n" for one in ids)
        if self._file is None or not lines:
            return
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(lines)

    def forget(self) -> None:
        """It has lost what it was given."""
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink()

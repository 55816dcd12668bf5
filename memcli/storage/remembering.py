"""What was read of a table, kept for as long as it holds: a version never changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from memcli.storage.lance import read_before

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

Answer = TypeVar("Answer")

ROUGHLY = 0.1
"""The share of rows by which a table may have grown or shrunk before what `roughly` says is read anew."""


class Remembers(ABC):
    """A table that knows what was read of it before, by this process."""

    name: str
    _connection: Connection

    @property
    @abstractmethod
    def version(self) -> int:
        """The version that is read, which never changes; 0 where there is no table."""

    @abstractmethod
    def count(self, where: str = "") -> int:
        """How many rows fulfil the predicate *where* (all, if it is empty)."""

    def once(self, what: str, read: Callable[[], Answer]) -> Answer:
        """What *read* finds, called *what*; each version of the table is read once by this process."""
        if not self.version:
            return read()
        found: Answer | None = self.kept(what)
        if found is None:
            self.keep(what, found := read())
        return found

    def roughly(self, what: str, read: Callable[[], float]) -> float:
        """What *read* finds, or has found while the table was about as large: for what only costs time.

        0 is never taken for granted: something that was not there may have been made since.
        """
        rows = self.count()
        before, key = (read_before(self._connection) if rows else {}), (self.name, what)
        then, answer = before.get(key, (0, 0.0))
        if not answer or abs(then - rows) > ROUGHLY * rows:
            answer = read()
            before[key] = (rows, answer)
        return float(answer)

    def keep(self, what: str, answer: object) -> None:
        """Know without reading what `once` would find in the table as it is now."""
        read_before(self._connection)[self.name, what] = (self.version, answer)

    def kept(self, what: str) -> Any:
        """What `keep` was told of the table as it is now; None if it was not."""
        then, answer = read_before(self._connection).get((self.name, what), (0, None))
        return answer if then and then == self.version else None

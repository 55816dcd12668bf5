"""What a store has besides memories: tables of their own, each opened when it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container
from functools import cached_property
from typing import TYPE_CHECKING

from memcli.storage.conversations import Conversations
from memcli.storage.edges import Edges
from memcli.storage.journal import Journal
from memcli.storage.people import People
from memcli.storage.spaces import Spaces
from memcli.storage.table import Table
from memcli.storage.tasks import Tasks
from memcli.storage.values import Values

if TYPE_CHECKING:
    from memcli.storage.lance import Connection
    from memcli.storage.place import Place

ROOMS = ("spaces", "journal", "people", "edges", "values", "tasks", "conversations")
"""What a database has besides memories, by attribute; each has one or several tables."""


class Rooms(ABC):
    """The rooms of the store at *place*, by name; see `ROOMS`."""

    place: Place

    @property
    @abstractmethod
    def _connection(self) -> Connection:
        """The connection to the store, which must be there."""

    @abstractmethod
    def _refused_or_open(self) -> Connection | None:
        """The connection, once it is clear that the store can be read; None where there is none."""

    def _close_rooms(self) -> None:
        for room in ROOMS:
            self.__dict__.pop(room, None)

    def _tables_of(self, rooms: Container[str]) -> list[Table]:
        """The tables of those of `ROOMS` that are among *rooms*."""
        opened = [getattr(self, room) for room in ROOMS if room in rooms]
        return [t for room in opened for t in (room.tables if isinstance(room, People) else [room.table])]

    @cached_property
    def spaces(self) -> Spaces:
        """Spaces that were made or described on purpose."""
        return Spaces(self._connection)

    @cached_property
    def people(self) -> People:
        """Agents, teams and their members."""
        return People(self._connection if self.place.is_there else None)

    @cached_property
    def journal(self) -> Journal:
        """What it takes to take the last changes back."""
        return Journal(self._connection) if self.place.is_there else Journal.absent()

    @cached_property
    def edges(self) -> Edges:
        """Which memories are connected."""
        return Edges(self._refused_or_open())

    @cached_property
    def values(self) -> Values:
        """JSON under keys."""
        return Values(self._refused_or_open())

    @cached_property
    def tasks(self) -> Tasks:
        """Working memory."""
        return Tasks(self._refused_or_open())

    @cached_property
    def conversations(self) -> Conversations:
        """What is known of conversations besides their turns."""
        return Conversations(self._refused_or_open())

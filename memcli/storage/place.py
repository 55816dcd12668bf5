"""Where a store is: a directory of this machine, or a place that several machines share.

The rest of storage works with a `Place` and does not ask which one it is.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from memcli.errors import StorageError
from memcli.storage import inventory, locks, snapshot
from memcli.storage.directory import refuse_foreign
from memcli.storage.lance import connected

if TYPE_CHECKING:
    from memcli.storage.lance import Connection


class Place(ABC):
    """Where a store is.

    Attributes:
        name: What people know it as.
        own: The directory in which this machine keeps what belongs to the store: locks, uses.
        beside: The directory for what is made of the store, and for what is to become one.
    """

    name: str
    own: Path
    beside: Path

    @property
    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is a store, if only an empty one."""

    @abstractmethod
    def refuse_foreign(self) -> None:
        """Raise if there is something that is no store.

        Raises:
            StorageError: It belongs to somebody else, or can't be read.
        """

    @abstractmethod
    def connection(self) -> Connection:
        """A connection to the store: the one of before, as long as it is the same store."""

    @property
    def which(self) -> str:
        """What tells the store that is there from one in whose place it was put; empty where none ever is."""
        return ""

    def look_again(self) -> bool:
        """Forget what is known of it; whether another store may have taken its place."""
        return False

    @abstractmethod
    def writers(self) -> AbstractContextManager[None]:
        """Be the one who writes; the store is made if need be.

        Raises:
            StorageError: It can't be written to, or it was not one's turn within a minute.
        """

    @abstractmethod
    def upkeep(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Be the one who tidies; whether that is so. See `locks.upkeep`."""

    @abstractmethod
    def tables(self) -> list[str]:
        """The names of the tables that are there."""

    def orphans(self) -> list[str]:
        """The names of tables of memories that hold rows, in view of a store without its table meta.

        Empty where no part of a store can be lost by itself.
        """
        return []

    def note_tables(self) -> None:  # noqa: B027  # most places lose none
        """Note which tables there are, so that one that vanishes is missed. Needs the writer's lock."""

    def drop_leftovers(self) -> None:  # noqa: B027  # most places have none
        """Remove what killed processes have left besides tables. Needs the writer's lock."""

    @abstractmethod
    def taken(self, into: Path) -> None:
        """Have the store in the new directory *into*, too, as it is now. Needs the writer's lock.

        Raises:
            StorageError: It can't be read, or *into* can't be written.
        """

    @abstractmethod
    def put_in_place(self, new: Path, stamp: str, *, is_free: bool) -> str:
        """Let the store in the directory *new* be the one here, in one step.

        Args:
            new: The directory, which is below `beside`.
            stamp: What is part of the name of what was here before.
            is_free: Whether there should be nothing in the store.

        Returns:
            Where what was here before is now; empty if there was nothing.

        Raises:
            StorageError: There is something in the store, and there should not be; or it can't be done.
        """

    @abstractmethod
    def size(self) -> tuple[int, int]:
        """How many files the store has, and their bytes."""

    @abstractmethod
    def written_at(self) -> float:
        """When a table was written last, in seconds; 0 for never."""


class Folder(Place):
    """The directory *path*."""

    def __init__(self, path: Path) -> None:
        self.name, self.own, self.beside = str(path), path, path.parent

    @property
    def is_there(self) -> bool:
        """See `Place`."""
        return self.own.is_dir()

    def refuse_foreign(self) -> None:
        """See `Place`."""
        refuse_foreign(self.own)

    def connection(self) -> Connection:
        """See `Place`."""
        return connected(self.own)

    @property
    def which(self) -> str:
        """See `Place`: the two directories have changed places."""
        return str(self.own.stat().st_ino) if self.is_there else ""

    @contextmanager
    def writers(self) -> Iterator[None]:
        """See `Place`."""
        self.refuse_foreign()
        with locks.writers(self.own):
            yield

    def upkeep(self, *, wait: bool) -> AbstractContextManager[bool]:
        """See `Place`."""
        return locks.upkeep(self.own, wait=wait)

    def tables(self) -> list[str]:
        """See `Place`."""
        return [path.stem for path in snapshot.tables(self.own)]

    def note_tables(self) -> None:
        """See `Place`."""
        inventory.note(self.own)

    def orphans(self) -> list[str]:
        """See `Place`."""
        there = sorted(self.own.glob("memories_*.lance"))
        return [path.stem for path in there if any((path / "data").glob("*.lance"))]

    def taken(self, into: Path) -> None:
        """See `Place`."""
        snapshot.taken(self.own, into)

    def put_in_place(self, new: Path, stamp: str, *, is_free: bool) -> str:
        """See `Place`."""
        aside = free(self.beside / f"{self.own.name}.before-restore-{stamp}")
        with self.writers(), self.upkeep(wait=True) as is_ours:
            there = bool(self.tables())
            refuse_unfit(self, is_ours=is_ours, is_taken=there and is_free)
            snapshot.put_in_place(new, self.own, aside)
        if there:
            return str(aside)
        shutil.rmtree(aside, ignore_errors=True)
        return ""

    def size(self) -> tuple[int, int]:
        """See `Place`; what vanishes meanwhile does not count."""
        files = size = 0
        for path in self.own.rglob("*"):
            try:
                if path.is_file():
                    files, size = files + 1, size + path.stat().st_size
            except FileNotFoundError:
                continue
        return files, size

    def written_at(self) -> float:
        """See `Place`."""
        return max((path.stat().st_mtime for path in self.own.glob("*.lance/_versions")), default=0.0)


def refuse_unfit(place: Place, *, is_ours: bool, is_taken: bool) -> None:
    """Raise unless another store may be put into *place*.

    Raises:
        StorageError: Somebody tidies it, which is not *is_ours*; or there is something in it: *is_taken*.
    """
    if is_taken:
        raise StorageError(f"somebody has begun to store in {place.name}", hint="run the command again")
    if not is_ours:
        raise StorageError(f"another memcli has been tidying {place.name} for too long")


def free(path: Path) -> Path:
    """*path*, or one like it that is not there yet."""
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found

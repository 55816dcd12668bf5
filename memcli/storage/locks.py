"""Who may write, and who tidies: locks between processes, which a killed one can't leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from memcli.errors import StorageError
from memcli.storage.lance import translated

WRITERS, UPKEEP = "write.lock", "upkeep.lock"
NAMES = (WRITERS, UPKEEP)

BACKUPS = "backup.lock"
"""Beside the store, since a backup that is brought back takes the store's place."""

TIMEOUT_S = 60.0
"""How long a write waits for other writers. The longest holder is the purge of a large store."""


@contextmanager
def writers(path: Path, name: str = "") -> Iterator[None]:
    """Be the one who writes to the store in the directory *path*, which is made if need be.

    Args:
        path: The directory.
        name: What people know the store as, if it is not the directory.

    Raises:
        StorageError: It can't be written to, or the lock was not to be had in a minute.
    """
    with translated(f"write to {path}"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(path / WRITERS, timeout=TIMEOUT_S, mode=0o600)
        try:
            lock.acquire()
        except Timeout as error:
            raise too_long(name or str(path)) from error
    try:
        yield
    finally:
        lock.release()


def too_long(name: str) -> StorageError:
    """Say that others have been writing to *name* all the time."""
    return StorageError(f"another memcli has been writing to {name} for over {TIMEOUT_S:.0f} s")


@contextmanager
def upkeep(path: Path, *, wait: bool) -> Iterator[bool]:
    """Be the one who tidies the store in *path*; whether that is so.

    Who has this lock must not wait for that of the writers, since a writer may wait for this one.

    Args:
        path: The directory.
        wait: Whether to wait for whoever is at it, a minute at most.
    """
    lock = FileLock(path / UPKEEP, timeout=TIMEOUT_S if wait else 0, mode=0o600)
    try:
        lock.acquire()
    except (Timeout, OSError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def backups(data: Path, *, wait: bool) -> Iterator[bool]:
    """Be the one who makes backups of the store below *data*, or brings one back; whether that is so.

    Args:
        data: The directory that holds the store.
        wait: Whether to wait for whoever is at it, a minute at most.

    Raises:
        StorageError: *data* can't be written to.
    """
    with translated(f"write to {data}"):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(data / BACKUPS, timeout=TIMEOUT_S if wait else 0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
    try:
        yield True
    finally:
        lock.release()

"""The files of a store as they are at one moment: linked, not copied, and put in a store's place at once.

LanceDB never changes a file that it has written: a change is new files, and a new version that names them.
So a hard link to every file is a copy that takes no time and no space, and stays as it is whatever becomes of
the store. Where the file system knows no hard links, files are copied.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from memcli.errors import StorageError
from memcli.storage import locks
from memcli.storage.directory import OUR_TABLE, USES_NAMES, private
from memcli.storage.lance import translated
from memcli.storage.versions import FOLDER, HINT

ATTEMPTS = 100
"""How often a table is linked anew because somebody has merged it meanwhile: each merger is long, and links
take milliseconds."""

SWAP = 2
"""What the system calls that exchange two directories want to be told: RENAME_EXCHANGE, RENAME_SWAP."""

HERE = -100
"""AT_FDCWD: names are as any other call takes them."""


def tables(store: Path) -> list[Path]:
    """The directories of the tables in the store at *store*."""
    if not store.is_dir():
        return []
    return sorted(path for path in store.glob("*.lance") if OUR_TABLE.fullmatch(path.name) and path.is_dir())


def taken(store: Path, into: Path) -> None:
    """Have the store at *store* in the new directory *into*, too, as it is now. Needs the writer's lock.

    Whoever merges beside the writers changes nothing that a row says, but may take old files away.

    Raises:
        StorageError: It can't be read, or *into* can't be written.
    """
    with translated(f"take a copy of {store}"):
        private(into)
        for table in tables(store):
            _table_taken(table, into / table.name)
        for name in USES_NAMES:  # which grow at any time
            with suppress(FileNotFoundError):
                shutil.copyfile(store / name, into / name)


def _table_taken(table: Path, into: Path) -> None:
    for _ in range(ATTEMPTS):
        newest = _newest(table)
        for path in _files(table):
            target = into / path.relative_to(table)
            private(target.parent)
            with suppress(FileNotFoundError):  # of a version that is not the newest, or we look again
                linked(path, target)
        if _newest(table) == newest:
            return
        shutil.rmtree(into)
    raise StorageError(f"{table.name} changes all the time")


def _newest(table: Path) -> str:
    """The file of the newest version of *table*: LanceDB counts them down, so that it comes first."""
    return min((path.name for path in (table / FOLDER).glob("*.manifest")), default="")


def _files(table: Path) -> Iterator[Path]:
    """The files of *table* that belong to a version, or may."""
    for folder, _, names in os.walk(table):
        yield from (Path(folder, name) for name in names if name != HINT and not name.startswith("."))


def linked(path: Path, target: Path) -> None:
    """Have the file *path* at *target*, too: as a link where that is possible, else as a copy."""
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:  # no links here, or not to files of somebody else
        shutil.copyfile(path, target)


def put_in_place(new: Path, store: Path, aside: Path) -> None:
    """Make the directory *new* the store at *store*, and what is there now *aside*, in one step.

    Needs the lock of the writers and that of upkeep, whose files go along: whoever waits for them waits for
    the same ones. Where the system can't exchange two directories it takes two steps; killed between them,
    there is no store until *aside* is given its name again.
    """
    with translated(f"put a backup in the place of {store}"):
        for name in locks.NAMES:
            if (store / name).exists():
                linked(store / name, new / name)
        new.rename(aside)
        if not _exchanged(aside, store):
            aside.rename(new)
            store.rename(aside)
            new.rename(store)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two directories; False where the system does not know how."""
    call = _exchange()
    return call is not None and call(os.fsencode(one), os.fsencode(other)) == 0


def _exchange() -> Callable[[bytes, bytes], int] | None:
    """The system's call that exchanges two names; Python has none."""
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return lambda one, other: int(library.renamex_np(one, other, SWAP))
        exchange = library.renameat2
    except (OSError, AttributeError, TypeError):
        return None
    return lambda one, other: int(exchange(HERE, one, HERE, other, SWAP))

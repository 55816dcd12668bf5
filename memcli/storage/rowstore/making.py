"""Row stores made and removed, beside whoever reads and writes."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memcli.storage.rowstore import layout, writing
from memcli.storage.rowstore.at_hand import REST_MOST, UNREADABLE
from memcli.storage.rowstore.layout import About
from memcli.storage.versions import Fragment, Version

if TYPE_CHECKING:
    from memcli.storage.lance import LanceTable

WORTH = REST_MOST
"""Rows of a table from which on its fragments get row stores: fewer are read into memory as they are. With
1,000 memories a search takes 8 to 13 ms then instead of 20; making them takes 0.1 s, 0.3 s for 10,000, and
some 20 s for a million."""

TIME_SHARE = 0.05
"""The share of the time that may go into making row stores: where much is written, fragments are merged
again and again, and each time that makes another one of all that was there."""

ROOM = 3
"""How many times the bytes of a row store must be free on the disk: a purge or a backup needs room, too."""

BYTES_EACH = 1_100
"""Bytes that a row takes in there, at most, but for a long text."""

ENDING = ".rows"
"""What the names of directories of row stores end with."""

MAKING, TOOK = "making", "took"
"""What the name of a row store begins with while it is made, and a file that says how long that took last, in
seconds, `LEAST_S` at least."""

LEAST_S, FAILED_S = 0.05, 30.0
"""So they are made once a second at most, and tried again after ten minutes where they could not be made, or
where the disk has no room for them."""


def make(table: LanceTable, version: Version, folder: Path) -> None:
    """Make the row stores in *folder* that *version* of *table* lacks, if it is time; remove all others.

    Needs the lock of upkeep.

    Raises:
        OSError: It can't be written.
        RuntimeError: LanceDB can't read the table.
        ValueError: Likewise.
    """
    with suppress(OSError):
        remove(folder, version)
    fragments, began = lacking(folder, version), time.monotonic()
    if not fragments:
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    made = False
    try:
        for fragment in fragments:
            if shutil.disk_usage(folder).free < ROOM * BYTES_EACH * fragment.rows:
                break
            _make_one(table, fragment, folder)
        else:
            made = True
    finally:  # also if that fails, so that it is not tried all the time
        with suppress(OSError):
            took = max(time.monotonic() - began, LEAST_S if made else FAILED_S)
            (folder / TOOK).write_text(f"{took:.3f}")


def _make_one(table: LanceTable, fragment: Fragment, folder: Path) -> None:
    name = layout.key(fragment)
    new = folder / f"{MAKING}-{name}"
    try:
        new.mkdir(mode=0o700)
        writing.write(table, fragment.number, new)
        new.rename(folder / name)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def lacking(folder: Path, version: Version) -> list[Fragment]:
    """The fragments of *version* that are to have a row store in *folder* and have none; see `TIME_SHARE`.

    All but the smallest, which have no more than `REST_MOST` rows together; none if *version* is small.
    """
    if version.rows < WORTH or not _can_be_made(folder) or not _is_time(folder):
        return []
    without = [one for one in version.fragments if not (folder / layout.key(one)).is_dir()]
    without.sort(key=lambda one: one.length)
    rest = np.cumsum([one.length for one in without])
    each = zip(without, rest, strict=True)
    return [one for one, up_to_it in each if up_to_it > REST_MOST or one.rows >= WORTH]


def _can_be_made(folder: Path) -> bool:
    """Whether *folder* can be written to, or made: not if it is somebody else's."""
    if not folder.exists():
        return os.access(folder.parent, os.W_OK)
    if not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
        return False
    return not (folder / TOOK).exists() or os.access(folder / TOOK, os.W_OK)


def _is_time(folder: Path) -> bool:
    """Whether enough time has passed since a row store in *folder* was made; see `TIME_SHARE`."""
    try:
        took, made = float((folder / TOOK).read_text()), (folder / TOOK).stat().st_mtime
    except (OSError, ValueError):
        return True
    return not 0 <= time.time() - made < took / TIME_SHARE


def remove(folder: Path, version: Version) -> None:
    """Remove the row stores in *folder* that are torn, or not for a fragment of *version*.

    Needs the lock of upkeep.

    Raises:
        OSError: One can't be removed; all others are.
    """
    needed = {layout.key(fragment) for fragment in version.fragments}
    others = (path for path in (folder.iterdir() if folder.is_dir() else ()) if path.name != TOOK)
    _remove_all(path for path in others if not (path.name in needed and _is_whole(path)))


def _is_whole(folder: Path) -> bool:
    try:
        About.load(folder)
    except UNREADABLE:
        return False
    return True


def drop_others(store: Path, known: Container[str]) -> None:
    """Remove the row stores in the store at *store* of tables that are not *known*.

    Needs the writer's lock.

    Raises:
        OSError: Those of one can't be removed; those of all others are.
    """
    _remove_all(path for path in store.glob(f"*{ENDING}") if path.stem not in known)


def _remove_all(folders: Iterable[Path]) -> None:
    """Remove *folders*, which may quote what was purged.

    Raises:
        OSError: One can't be removed; all others are.
    """
    failed: list[OSError] = []
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:  # what somebody still reads from NFS goes when he closes it
                failed.append(error)
    if failed:
        raise failed[0]

"""A copy of a store in a bucket on this machine, for reading: what was fetched once is not fetched again.

LanceDB never changes a file that it has written, so that a copy needs only those that are new: one question
to the service what there is, and nothing more where nothing has changed. LanceDB itself keeps indexes in
memory, but reads vectors and texts anew for each search.

Files of versions come last, so that whatever a version names is there; then goes what is gone elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from memcli.storage.directory import private
from memcli.storage.versions import FOLDER

FILES_MOST = 1000
"""Files of a store that is copied: what a service tells at once. A longer list is told in pieces, between
which somebody may write."""

LOCK = "mirror.lock"
WAIT_S = 20.0
"""Seconds to wait for another process of this machine that fetches; then the bucket is read itself."""

Fetch = Callable[[Sequence[tuple[str, Path]]], None]
"""Fetches files, each to where it belongs."""


def synced(root: Path, folder: str, files: Mapping[str, int], fetch: Fetch) -> Path | None:
    """The directory below *root* that holds *files*, their names and sizes, and no others.

    Args:
        root: Where copies are.
        folder: What the store is called; copies of others are removed.
        files: What there is in the bucket.
        fetch: Fetches files of it.

    Returns:
        None where another process is at it for too long.

    Raises:
        FileNotFoundError: Something is gone from the bucket meanwhile.
        OSError: This machine has no place for it.
    """
    with suppress(Timeout), FileLock(private(root) / LOCK, timeout=WAIT_S, mode=0o600):
        for other in root.iterdir():
            if other.is_dir() and other.name != folder:
                shutil.rmtree(other, ignore_errors=True)
        copy = private(root / folder)
        there = {path.relative_to(copy).as_posix(): path for path in copy.rglob("*") if path.is_file()}
        missing = [
            name for name, size in files.items() if name not in there or there[name].stat().st_size != size
        ]
        for are_versions in (False, True):
            wanted = [name for name in missing if (f"/{FOLDER}/" in name) is are_versions]
            _fetched(copy, wanted, fetch)
        for name, path in there.items():
            if name not in files:
                path.unlink(missing_ok=True)
        return copy
    return None


def _fetched(copy: Path, names: Sequence[str], fetch: Fetch) -> None:
    """Have the files *names* in *copy*, each whole or not at all."""
    parts = [copy / f"{name}.part" for name in names]
    for folder in {path.parent for path in parts}:
        private(folder)
    for part in parts:
        part.unlink(missing_ok=True)  # of a process that was killed
    fetch(list(zip(names, parts, strict=True)))
    for name, part in zip(names, parts, strict=True):
        os.replace(part, copy / name)  # noqa: PTH105


def remove(root: Path) -> None:
    """Have no copies."""
    shutil.rmtree(root, ignore_errors=True)

"""What may be in a store's directory: a directory that holds something else is left alone."""

from __future__ import annotations

import re
from pathlib import Path

from memcli.errors import StorageError
from memcli.storage import inventory, locks
from memcli.storage.generation import GENERATION_TABLE
from memcli.storage.lance import translated
from memcli.storage.rowstore import making

USES_NAME = "uses.log"
USES_NAMES = (USES_NAME, "uses.folding")
OUR_FILES = {*locks.NAMES, *USES_NAMES, *inventory.NAMES}

OUR_TABLE = re.compile(
    r"(meta|spaces|agents|teams|members|changes|edges|values|tasks|conversations|"
    rf"{GENERATION_TABLE.pattern})\.lance"
)


def private(path: Path) -> Path:
    """The directory *path*, made if need be, with those above it: for nobody else to look into."""
    if not path.is_dir():
        private(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def refuse_foreign(path: Path) -> None:
    """Raise if *path* is there, holds something that is not ours, and is no store.

    Raises:
        StorageError: It is a file, can't be read, or belongs to somebody else.
    """
    with translated(f"open the store at {path}"):
        if path.exists() and not path.is_dir():
            raise StorageError(f"{path} is a file, not a memcli store")
        names = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
        if any(not _is_ours(name) for name in names) and "meta.lance" not in names:
            raise StorageError(
                f"{path} is not a memcli store", hint="name another place with --home or MEMCLI_HOME"
            )


def _is_ours(name: str) -> bool:
    table = name.removesuffix(making.ENDING) + ".lance" if name.endswith(making.ENDING) else name
    return name in OUR_FILES or OUR_TABLE.fullmatch(table) is not None

"""The head of a store in a bucket: which of the folders there is the store."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

HEAD = "memcli.json"
"""The object that says it."""

FOLDER = re.compile("db-[0-9a-f]{1,40}")


@dataclass(frozen=True, slots=True)
class Head:
    """Which store it is.

    Attributes:
        folder: Where the tables are.
        kept: Where they were before backups were brought back.
    """

    folder: str
    kept: tuple[str, ...] = ()


def sound(head: Head) -> Head:
    """*head*, if its folders can only be ours: others may write to a bucket, and copies have their names.

    Raises:
        ValueError: They can't.
    """
    if not all(FOLDER.fullmatch(folder) for folder in (head.folder, *head.kept)):
        raise ValueError("not a folder of ours")
    return head


def new_folder() -> str:
    """The name of a folder that nobody has."""
    return f"db-{os.urandom(6).hex()}"

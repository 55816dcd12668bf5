"""Memories of which nothing says any more whose vectors they have: the table meta is gone or torn."""

from __future__ import annotations

import shutil
from pathlib import Path

from memcli.model import EmbeddingModel
from memcli.storage import inventory, snapshot, versions
from memcli.storage.database import Database
from memcli.storage.lance import connected_anew, translated
from memcli.storage.rows import VECTOR

META = "meta.lance"


def generation(store: Path) -> int | None:
    """The number of the memories in the store at *store*, if nothing but meta is missing.

    The lowest: of two, the higher is being built, or has just been.
    """
    if versions.manifests(store / META) and not versions.is_blank(store / META):
        try:
            if versions.read(versions.manifests(store / META)[0]).rows:
                return None
        except versions.TornError:
            pass
    numbers = [int(path.stem.removeprefix("memories_")) for path in store.glob("memories_*.lance")]
    whole = [number for number in numbers if versions.manifests(store / f"memories_{number}.lance")]
    return min(whole, default=None)


def dimension(store: Path, number: int) -> int:
    """How long the vectors of memories *number* are.

    Raises:
        StorageError: They can't be read.
    """
    with translated(f"read memories_{number}"):
        schema = connected_anew(store).open_table(f"memories_{number}").schema
        return int(schema.field(VECTOR).type.list_size)


def tables(store: Path) -> list[str]:
    """The names of the tables in the store at *store*."""
    return [path.stem for path in snapshot.tables(store)]


def adopt(store: Path, number: int, model: EmbeddingModel) -> None:
    """Say that memories *number* have vectors of *model*. Needs the writer's lock, and a copy elsewhere.

    Raises:
        StorageError: It can't be written.
    """
    with translated("write meta"):
        if (store / META).exists():
            shutil.rmtree(store / META)
        inventory.forget(store, META.removesuffix(".lance"))
    database = Database(store)
    database._meta.create()
    database._record(database._tables(number, model))

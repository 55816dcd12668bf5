"""Memories in every state, and vectors in clusters as those of a model are, for tables of tests."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from memcli.model import Memory
from memcli.storage.lance import connected
from memcli.storage.memories import Memories
from memcli.storage.rows import units
from memcli.storage.rowstore import making

DIMENSION = 32
MADE = datetime(2026, 5, 1, tzinfo=UTC)
WORDS = ("otter", "kelp", "urchin", "reef", "tide", "gull", "crab", "squid")
CENTRES = units(np.random.default_rng(99).normal(size=(200, DIMENSION)).astype(np.float32))


def memory(name: str, text: str = "otter", **about: Any) -> Memory:
    """A memory in the large space."""
    made = {"created_at": MADE, "updated_at": MADE, "user": "me", "space": "large", "metadata": {}}
    return Memory(id=name, text=text, **{"title": text[:40], **made, **about})


def around(centres: NDArray[np.float32], spread: float, seed: int) -> NDArray[np.float32]:
    """A vector of length 1 beside each of *centres*, shape (n, DIMENSION)."""
    beside = centres + spread * np.random.default_rng(seed).normal(size=centres.shape)
    return units(beside.astype(np.float32))


def vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    """*count* vectors of length 1, shape (count, DIMENSION), in clusters as those of a model are."""
    which = np.random.default_rng(seed).integers(200, size=count)
    return around(CENTRES[which], 0.12, seed + 1)


def store(directory: Path) -> Memories:
    """An empty table of memories."""
    memories = Memories.open(connected(directory), "memories_1", DIMENSION)
    memories.create()
    return memories


def mixed(count: int, seed: int) -> list[Memory]:
    """*count* memories in every state, most of them alive and in the large space."""
    chance = random.Random(seed)

    def made(i: int) -> Memory:
        later = MADE + timedelta(hours=1)
        return memory(
            f"m{i:05}",
            " ".join(chance.choices(WORDS, weights=range(1, 9), k=chance.randint(1, 6))),
            space="small" if chance.random() < 0.1 else "large",
            user="you" if chance.random() < 0.2 else "me",
            importance=chance.random(),
            tags=("rare",) if chance.random() < 0.02 else (),
            forgotten_at=MADE if chance.random() < 0.2 else None,
            expires_at=chance.choice([None, None, None, later, MADE - timedelta(hours=1)]),
            replaced_at=MADE if chance.random() < 0.2 else None,
        )

    return [made(i) for i in range(count)]


def with_row_stores(memories: Memories) -> None:
    """Give *memories* row stores, however few they are, and however recently there were others."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(making, "WORTH", 1)
        patched.setattr(making, "TIME_SHARE", 1e9)
        memories.table.make_row_stores()
    assert memories.table.at_hand is not None


def in_memory(memories: Memories) -> None:
    """Have all of *memories*, which are few, at hand without any row store."""
    assert memories.table.row_folder is not None
    memories.table.row_folder.mkdir()
    assert memories.table.at_hand is not None


AT_HAND = [with_row_stores, in_memory]
"""The ways to have rows at hand."""

"""A generation of tables: the memories with the vectors of one model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from memcli.model import EmbeddingModel
from memcli.storage.memories import Memories
from memcli.storage.passages import Passages

KINDS = ("memories", "passages")
GENERATION_TABLE = re.compile(rf"({'|'.join(KINDS)})_\d+")


@dataclass(frozen=True)
class Generation:
    """The tables of one model's vectors.

    Attributes:
        number: 1 for the first model a store had, one more for each that came after.
        model: What makes the vectors.
        memories: The memories.
        passages: Where long memories go on.
    """

    number: int
    model: EmbeddingModel
    memories: Memories
    passages: Passages

    def erase(self, ids: Sequence[str]) -> None:
        """Remove the memories *ids* and their passages from disk. Needs the writer's lock."""
        self.passages.table.erase_keys(ids, "memory")
        self.memories.erase(ids)

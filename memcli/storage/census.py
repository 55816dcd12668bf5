"""All memories of a scope as columns: for counting them without reading what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.edges import FROM, TO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.edges import Edges
    from memcli.storage.memories import Memories

TIMES = ("created_at", "used_at", "expires_at", "forgotten_at", "replaced_at")
OWNER = ("space", "user", "agent", "conversation")
COLUMNS = ("id", *OWNER, "position", "importance", "uses", *TIMES)


@dataclass(frozen=True)
class Census:
    """Some memories; each array has a place for each of them, in one order.

    Attributes:
        ids: Their ids.
        times: `created_at` and the like, by name, as 64-bit times in UTC; NaT for none.
        importance: 0..1.
        uses: How often each was used, as far as its row knows.
        is_turn: Whether it is a message of a conversation.
        space: The place of its space in *spaces*.
        spaces: The names of the spaces.
        conversation: Numbers that are equal for memories of the same conversation.
    """

    ids: pa.ChunkedArray
    times: dict[str, NDArray[np.datetime64]]
    importance: NDArray[np.float64]
    uses: NDArray[np.int64]
    is_turn: NDArray[np.bool_]
    space: NDArray[np.int64]
    spaces: list[str]
    conversation: NDArray[np.int64]

    @classmethod
    def taken(cls, memories: Memories, where: str) -> Census:
        """The memories that fulfil *where*, in one read of a few columns."""
        rows = memories.table.rows(where, COLUMNS)
        said = pc.not_equal(rows["conversation"], "")
        space = rows["space"].combine_chunks().dictionary_encode()
        talk = pc.binary_join_element_wise(*(rows[name] for name in OWNER), "\0")
        return cls(
            ids=rows["id"],
            times={name: rows[name].cast(pa.timestamp("us")).to_numpy() for name in TIMES},
            importance=rows["importance"].to_numpy(),
            uses=pc.fill_null(rows["uses"], 0).to_numpy(),
            is_turn=pc.and_(said, rows["position"].is_valid()).to_numpy(),
            space=space.indices.to_numpy().astype(np.int64),
            spaces=space.dictionary.to_pylist(),
            conversation=talk.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def places_of(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Where *ids* are; -1 for those that are not among these memories."""
        found = pc.index_in(pa.array(ids, pa.utf8()), self.ids.combine_chunks())
        return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)

    def ids_at(self, places: NDArray[np.int64]) -> list[str]:
        """The ids of the memories at *places*."""
        ids: list[str] = self.ids.take(pa.array(places)).to_pylist()
        return ids

    def edges_between(self, edges: Edges, some: NDArray[np.bool_]) -> int:
        """How many of *edges* have both ends among *some* of these memories."""
        ends = edges.table.rows("", [FROM, TO])
        among = self.ids.filter(pa.array(some)).combine_chunks()
        both = pc.and_(*(pc.is_in(ends[name], among) for name in (FROM, TO)))
        return int(pc.sum(both).as_py() or 0)

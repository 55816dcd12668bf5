"""The facts of one scope, in memory: for a process that stores one fact after the other.

Each of them is held against the nearest that are there. Having LanceDB find these takes some 11 ms among
10,000 and 40 ms among 100,000; here it is one product of all vectors with the new one, and takes 2 ms. What
is in memory holds as long as nobody else has written memories: it belongs to one version of the table. Our
own writes are carried over.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.kinds import Trust
from memcli.storage import rows
from memcli.storage.rows import units, vectors_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory
    from memcli.storage.memories import Memories

Key = tuple[str, str, str, str]
"""A scope: space, user and agent, and the team that can see it. What others can see never gives way to what
they can't."""

MEMORIES_MOST = 20_000
"""Memories of a place (a user's space) whose facts are kept in memory, at most: 30 MB at 384 numbers each."""

ROWS_MOST = 300_000
"""The largest store of which that is done: the ids of all memories are read, too, 14 bytes each."""

IN_A_ROW = 2
"""Writes of one process in a row after which its next one reads the facts: with others writing as well, what
was read would be void at once."""

IN_A_ROW_OF_MANY = 4
"""The same in a store of more than `MEMORIES_MOST`: there the facts of a scope lie far apart, and to read
2,000 of 100,000 takes as long as two look-ups."""

KEPT = "facts of a scope"


def key_of(memory: Memory) -> Key:
    """The scope that *memory* is in."""
    return memory.space, memory.user, memory.agent, memory.team


CODE = re.compile(r"[^\W_]*\d[^\W_]*")


def codes(text: str) -> set[str]:
    """The numbers and identifiers in *text*: what holds a digit."""
    return {code.casefold() for code in CODE.findall(text)}


class Facts:
    """The facts of one scope, with their vectors; and what tells whether something is known there already.

    Another thread may look for the nearest while facts are added: it sees those from before, or all.

    Args:
        there: Their rows, with what is read of a rival, `expires_at`, and the vectors.
        said: Id, fingerprint, `expires_at` and `trust` of all that is current there, turns and episodes too.
        ids: The ids of all memories, of any scope.
    """

    def __init__(self, there: pa.Table, said: pa.Table, ids: pa.ChunkedArray) -> None:
        self._rows = there
        self._ids, self._further_ids = ids, set[str]()  # as a set, 100,000 would take 10 MB
        self._said: dict[str, tuple[str, datetime | None, str]] = {}
        self._print_of: dict[str, str] = {}
        for row in said.to_pylist():
            self._say(row["id"], row[rows.FINGERPRINT], row["expires_at"], row["trust"] or Trust.USER)
        self._added: list[Memory] = []
        self._places = {name: place for place, name in enumerate(rows.ids_of(there))}
        self._units = units(vectors_of(there))
        self._until = there["expires_at"].cast("timestamp[us]").to_numpy().astype("datetime64[us]")
        self._holding: defaultdict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(there["text"].to_pylist()):
            self._note(text, place)

    def __len__(self) -> int:
        return len(self._until)

    def _note(self, text: str, place: int) -> None:
        for code in codes(text):
            self._holding[code].append(place)

    def _say(self, name: str, fingerprint: str, until: datetime | None, trust: str) -> None:
        self._said[fingerprint], self._print_of[name] = (name, until, trust), fingerprint

    def has(self, name: str) -> bool:
        """Whether there is a memory called *name*, in any scope and state."""
        return name in self._further_ids or bool(pc.any(pc.equal(self._ids, name)).as_py())

    def saying(self, fingerprint: str, now: datetime) -> tuple[str, str] | None:
        """The memory of the scope with that *fingerprint*, and its trust; None if none is current."""
        name, until, trust = self._said.get(fingerprint, ("", None, ""))
        return None if not name or (until and until <= now) else (name, trust)

    def note(self, memories: Sequence[Memory], here: Sequence[Memory]) -> None:
        """Know that *memories* have been stored, and that those *here* are current in this scope."""
        self._further_ids |= {memory.id for memory in memories}
        for memory in here:
            self._say(memory.id, rows.fingerprint(memory), memory.expires_at, memory.trust)

    def rivals(
        self, text: str, vector: NDArray[np.float32], now: datetime, *, nearest: int, holding: int
    ) -> list[tuple[Memory, float]]:
        """The nearest that have not expired, and the best of those with numbers of *text*, with cosines.

        Args:
            text: What the new fact says.
            vector: Its vector, shape (dimension,), of length 1.
            now: The time.
            nearest: How many of the nearest, at most.
            holding: How many of those with its numbers and identifiers, at most.
        """
        until = self._until
        cosines = self._units[: len(until)] @ vector
        cosines[until <= _instant(now)] = -np.inf  # never, for those without an end: NaT
        places = dict.fromkeys([*_best(cosines, nearest), *self._best_holding(text, cosines, holding)])
        return self._with_cosines([place for place in places if np.isfinite(cosines[place])], cosines)

    def _best_holding(self, text: str, cosines: NDArray[np.float32], number: int) -> list[int]:
        """The places of those that share the most telling codes with *text*, the nearest of equals first."""
        count, scores = len(cosines), np.zeros(len(cosines))
        for code in codes(text) if number else ():
            there = [place for place in self._holding.get(code, ()) if place < count]
            scores[there] += math.log1p((count - len(there) + 0.5) / (len(there) + 0.5))  # as in BM25
        scores[~np.isfinite(cosines)] = 0
        held = np.flatnonzero(scores)
        best: list[int] = held[np.lexsort((-cosines[held], -scores[held]))[:number]].tolist()
        return best

    def _with_cosines(
        self, places: Sequence[int], cosines: NDArray[np.float32]
    ) -> list[tuple[Memory, float]]:
        return [(m, float(cosines[p])) for p, m in zip(places, self._memories(places), strict=True)]

    def _memories(self, places: Sequence[int]) -> list[Memory]:
        first = [place for place in places if place < len(self._rows)]
        there = dict(zip(first, rows.from_table(self._rows.take(pa.array(first, pa.int64()))), strict=True))
        return [there[p] if p in there else self._added[p - len(self._rows)] for p in places]

    def add(self, memories: Sequence[Memory], vectors: NDArray[np.float32]) -> None:
        """Let *memories* be among them, their *vectors* of shape (n, dimension)."""
        if not memories:
            return
        count = len(self._until)
        if count + len(memories) > len(self._units):
            room = np.zeros((max(len(self._units) // 8, len(memories), 64), vectors.shape[1]), np.float32)
            self._units = np.concatenate([self._units, room])
        as_stored = vectors.astype(np.float16).astype(np.float32)
        self._units[count : count + len(memories)] = units(as_stored)
        self._places |= {memory.id: count + i for i, memory in enumerate(memories)}
        self._added += memories
        for i, memory in enumerate(memories):
            self._note(memory.text, count + i)
        ends = [_instant(m.expires_at) if m.expires_at else np.datetime64("NaT") for m in memories]
        self._until = np.concatenate(
            [self._until, np.array(ends, "datetime64[us]")]
        )  # last: it says how many

    def drop(self, ids: Sequence[str]) -> None:
        """Let the facts called *ids* not be among them any more."""
        for name in ids:
            fingerprint = self._print_of.pop(name, "")
            if self._said.get(fingerprint, ("", None, ""))[0] == name:  # another one may say the same
                del self._said[fingerprint]
        gone = [self._places.pop(name) for name in ids if name in self._places]
        until = self._until.copy()
        until[gone] = np.datetime64(0, "us")
        self._until = until


@dataclass(frozen=True)
class Kept:
    """What a process that has stored a fact knows.

    Attributes:
        key: The scope that it was in.
        writes: How many writes there were since somebody else's, and in that scope.
        facts: The facts of that scope; None until it is worth reading them.
    """

    key: Key
    writes: int = 1
    facts: Facts | None = None


def kept(memories: Memories) -> Kept | None:
    """What is known if nobody but this process has written *memories* since it last did."""
    found: Kept | None = memories.table.kept(KEPT)
    return found


def keep(memories: Memories, known: Kept) -> None:
    """Know this of *memories* as they are now, unless the facts have become too many."""
    if known.facts is not None and len(known.facts) > MEMORIES_MOST:
        known = replace(known, facts=None)
    memories.table.keep(KEPT, known)


def _best(cosines: NDArray[np.float32], number: int) -> list[int]:
    """The places of the *number* largest, in no particular order."""
    few = min(number, len(cosines))
    return np.argpartition(-cosines, few - 1)[:few].tolist() if few else []


def _instant(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")

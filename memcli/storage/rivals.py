"""The memories that a new one may double or replace: the nearest of its scope, and those with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from memcli.storage import rows
from memcli.storage.lexical import terms
from memcli.storage.lookup import Looked
from memcli.storage.memories import Memories
from memcli.storage.predicates import EPISODE, IS_FACT, all_of, any_of, compiled, differs, equals, is_in
from memcli.storage.rows import VECTOR, units, vectors_of
from memcli.storage.seeking import Holding, Near
from memcli.storage.table import MANY_KEYS, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.model import Memory

FACTS = all_of(IS_FACT, any_of(differs("source", "task"), f"NOT ({compiled(EPISODE)})"))
"""The predicate for those of `IS_FACT` that are no episode either, which no row store can tell."""

ROWS_AT_ONCE = 20_000
"""Vectors of the store that are held against a batch at once: 30 MB at 384 numbers each."""

STATED = (
    *("id", "text", "title", "space", "user", "agent", "team", "visibility"),
    *("tags", "metadata", "source", "created_at", "updated_at", "trust"),
)
"""What is read of a rival: what it states. Other fields of it have their defaults; reading them all, with
the vector, took twice as long."""

Key = tuple[str, str, str, str]
"""A scope: space, user and agent, and the team that can see it. What others can see never gives way to what
they can't."""

SCOPED = ("space", "user", "agent", "team")


def key_of(memory: Memory) -> Key:
    """The scope that *memory* is in."""
    return memory.space, memory.user, memory.agent, memory.team


@dataclass(frozen=True)
class Rival:
    """A memory that is there already, and how near it is.

    Attributes:
        memory: The memory, as far as `STATED` goes.
        cosine: To the new memory, -1..1.
    """

    memory: Memory
    cosine: float


def of_one(
    memories: Memories,
    new: Memory,
    vector: NDArray[np.float32],
    where: str,
    is_fact: Callable[[Memory], bool],
    *,
    nearest: int,
    holding: int,
    floor: float,
) -> list[Rival]:
    """The rivals of *new*, nearest first.

    Args:
        memories: The table to look into.
        new: The new memory.
        vector: Its vector, shape (dimension,), of length 1.
        where: What rivals fulfil besides being facts of the same scope: that they are current.
        is_fact: Says of a memory what `FACTS` says.
        nearest: How many of the nearest, at most.
        holding: How many of those that hold its numbers and identifiers, at most: what vectors blur. Looking
            for all of its words took as long as all the rest of a store.
        floor: The least cosine.
    """
    space, user, agent, team = key_of(new)
    place = all_of(equals("space", space), equals("user", user))
    scope = all_of(place, equals("agent", agent), equals("team", team), where)
    questions: list[Near | Holding] = [Near(vector, nearest)]
    codes = " ".join(term for term in terms(new.text) if any(map(str.isdigit, term)))
    if holding and codes:
        questions.append(Holding(codes, holding))

    def compared(what: str) -> list[tuple[Memory, float]]:
        looked = memories.looked_up(
            questions, where=all_of(scope, what), place=place, columns=(*STATED, VECTOR)
        )
        return _compared(looked, vector)

    found = compared(IS_FACT)
    if not all(is_fact(memory) for memory, _ in found):  # facts that are less near have to take their places
        found = compared(FACTS)
    rivals = [Rival(memory, cosine) for memory, cosine in found if cosine >= floor]
    return sorted(rivals, key=lambda rival: -rival.cosine)


def _compared(looked: Looked, vector: NDArray[np.float32]) -> list[tuple[Memory, float]]:
    """The memories that were brought up, and their cosines to *vector*."""
    wanted = sorted({int(at) for answer in looked.answers for at in answer.places})
    if looked.vectors is None or not wanted:
        return []
    cosines = (units(looked.vectors[wanted]) @ vector).tolist()
    return list(zip(rows.from_table(looked.rows.take(wanted)), cosines, strict=True))


def of_many(
    memories: Memories,
    new: Sequence[Memory],
    vectors: NDArray[np.float32],
    where: str,
    *,
    nearest: int,
    floor: float,
) -> list[list[Rival]]:
    """The *nearest* rivals of each of *new*, nearest first: one product of all with all.

    Args:
        memories: The table to look into.
        new: The new memories.
        vectors: Their vectors, shape (n, dimension).
        where: What rivals fulfil besides being facts of the same scope.
        nearest: How many for each, at most.
        floor: The least cosine.
    """
    spaces = sorted({memory.space for memory in new})
    places: dict[Key, list[int]] = {}
    for place, memory in enumerate(new):
        places.setdefault(key_of(memory), []).append(place)
    in_spaces = is_in("space", spaces) if len(spaces) <= MANY_KEYS else ""
    mine = units(vectors)

    def compared(batches: Iterator[pa.Table]) -> list[list[tuple[float, str]]]:
        best: list[list[tuple[float, str]]] = [[] for _ in new]
        for batch in batches:
            for key, theirs in _by_scope(batch, places).items():
                _compare(mine, places[key], batch.take(theirs), best, nearest, floor)
        return best

    columns = ["id", *SCOPED, VECTOR]
    facts = all_of(in_spaces, FACTS, where)
    best = memories.table.in_batches(facts, columns, ROWS_AT_ONCE, compared)
    there = _stated(memories, sorted({memory for some in best for _, memory in some}))
    # without those that were purged meanwhile
    return [[Rival(there[memory], cosine) for cosine, memory in some if memory in there] for some in best]


def _by_scope(batch: pa.Table, places: Mapping[Key, Sequence[int]]) -> dict[Key, list[int]]:
    """The rows of *batch* by scope, for the scopes in *places*."""
    columns = [batch[name].to_pylist() for name in SCOPED]
    found: dict[Key, list[int]] = {}
    for row, key in enumerate(zip(*columns, strict=True)):
        if key in places:
            found.setdefault(key, []).append(row)
    return found


def _compare(
    mine: NDArray[np.float32],
    places: Sequence[int],
    theirs: pa.Table,
    best: list[list[tuple[float, str]]],
    nearest: int,
    floor: float,
) -> None:
    """Let *best* hold the *nearest* of what it held and *theirs*, for the rows *places* of *mine*."""
    ids = rows.ids_of(theirs)
    cosines = mine[list(places)] @ units(vectors_of(theirs)).T
    some = min(nearest, len(ids))
    top = np.argpartition(-cosines, some - 1, axis=1)[:, :some]
    for row, place in enumerate(places):
        near = [(float(cosines[row, i]), ids[i]) for i in top[row] if cosines[row, i] >= floor]
        if near:
            best[place] = sorted([*best[place], *near], reverse=True)[:nearest]


def _stated(memories: Memories, ids: Sequence[str]) -> dict[str, Memory]:
    """The memories *ids*, as far as `STATED` goes, by id."""
    found: dict[str, Memory] = {}
    for some in chunks(ids, MANY_KEYS):
        table = memories.table.rows(is_in("id", some), STATED)
        found |= {memory.id: memory for memory in rows.from_table(table)}
    return found

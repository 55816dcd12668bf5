"""Rows looked for: by an index, by a look at all of them, or among what is at hand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.storage import lexical, native
from memcli.storage.indexes import VECTOR_INDEX
from memcli.storage.lance import ROW, beside_the_loop
from memcli.storage.predicates import all_of
from memcli.storage.rows import VECTOR, WORDS, units, vectors_of
from memcli.storage.scored import Scored, best_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import AsyncLanceTable
    from memcli.storage.rowstore.at_hand import AtHand

SPARE = 1.25
"""How many times as many rows as are wanted are looked at first: some will not fulfil the condition."""

REFINED, REFINED_LEAST = 2, 200
"""How many times as many rows as are wanted, and how many at least, an index of vectors is asked for: it
compares by one bit a number. Their own vectors put them in order. Of a million vectors, the nearest ten were
among 100 of the index in 97.0 % and among 200 in 100 % of all cases."""

PARTITION, PROBED = 8_192, 0.5
"""Vectors in a partition of the index, as LanceDB makes them, and the share of the partitions that is looked
into. Of a million vectors, 49 % of the partitions had 99.5 % of the nearest ten, 66 % had 99.7 %, and 16 %
had 85 %, at 7.3, 7.4 and 5.8 ms. Of partitions of a quarter of the size the same share has more, but each
takes time of its own: in the same time they had as many."""

PROBED_LEAST = 16
"""Partitions that are looked into at least: of 100,000 vectors, 8 partitions had 99.1 % of the nearest ten,
13 had 99.7 % and 16 had 99.9 %, at 6.9, 7.0 and 7.2 ms."""


@dataclass(frozen=True)
class Near:
    """Which rows are nearest?

    Attributes:
        vector: To what, shape (dimension,), of length 1.
        wanted: How many rows, at most.
    """

    vector: NDArray[np.float32]
    wanted: int


@dataclass(frozen=True)
class Holding:
    """Which rows hold a word of this text best, by BM25?

    Attributes:
        text: The text.
        wanted: How many rows, at most.
    """

    text: str
    wanted: int


@dataclass(frozen=True)
class Begun:
    """Questions that are being answered.

    Attributes:
        table: The table.
        version: The version of it that is asked.
        first: The condition under which rows are looked for.
        questions: The questions.
        answers: The numbers and scores of the rows that each of them brings up.
    """

    table: AsyncLanceTable
    version: int
    first: str
    questions: Sequence[Holding]
    answers: Future[list[pa.Table]]

    def leave(self) -> None:
        """Wait until they are answered, whatever the answers: LanceDB can't be left in the midst of one."""
        wait([self.answers])


def begun(
    table: AsyncLanceTable, version: int, questions: Sequence[Holding], first: str, at_hand: AtHand | None
) -> Begun:
    """Begin to answer *questions* in this *version* of *table* under *first*, as `looked_up` goes on."""
    if at_hand is not None and first:
        at_hand.announce(first)
    seeker = Seeker(table, indexed=0, exact=False, at_hand=at_hand)
    return Begun(table, version, first, questions, native.started(seeker.rows(questions, first, SPARE)))


@dataclass(frozen=True)
class Seeker:
    """How rows are looked for.

    Attributes:
        table: The table.
        indexed: How many vectors an index of them knows; 0 where there is none.
        exact: Whether what the index brings up is put in order by its own vectors, and the best of it kept;
            whoever compares the vectors of all of it anyway need not.
        at_hand: What is at hand of the same version of the table; None if nothing is.
        begun: Questions that are being answered already.
    """

    table: AsyncLanceTable
    indexed: int
    exact: bool
    at_hand: AtHand | None
    begun: Begun | None = None

    async def rows(self, questions: Sequence[Near | Holding], where: str, spare: float) -> list[pa.Table]:
        """The numbers and scores of the rows that each of *questions* brings up of those that fulfil *where*.

        *spare* is how many times as many as are wanted.
        """
        words = [question for question in questions if isinstance(question, Holding)]
        near = [question for question in questions if isinstance(question, Near)]
        held, *nearest = await asyncio.gather(
            self._held(words, where, spare), *(self._nearest(question, where, spare) for question in near)
        )
        of_words, of_near = iter(held), iter(nearest)
        return [next(of_words if isinstance(one, Holding) else of_near) for one in questions]

    def number(self, question: Near | Holding, spare: float) -> int:
        """How many rows are wanted of those that an index, or a look at all of them, brings up."""
        wanted = math.ceil(spare * question.wanted)
        guessed = self.indexed and isinstance(question, Near) and not self.exact
        return self._compared(wanted) if guessed else wanted

    def _compared(self, wanted: int) -> int:
        """How many rows the index is asked for, so that the best *wanted* are among them."""
        return max(REFINED * wanted, REFINED_LEAST)

    # --- by words ---

    async def _held(self, questions: Sequence[Holding], where: str, spare: float) -> list[pa.Table]:
        begun = self.begun
        if begun and (begun.table, begun.first, begun.questions) == (self.table, where, questions):
            return await asyncio.wrap_future(begun.answers)
        numbers = [self.number(question, spare) for question in questions]
        found = await self._held_here(questions, where, numbers)
        others = [place for place in range(len(questions)) if place not in found]
        asked = (_found(self._words(questions[one]), where, numbers[one]) for one in others)
        found |= zip(others, await asyncio.gather(*asked), strict=True)
        return [found[place] for place in range(len(questions))]

    async def _held_here(
        self, questions: Sequence[Holding], where: str, numbers: Sequence[int]
    ) -> dict[int, pa.Table]:
        """What `_held` finds in what is at hand, by the place of the question, as far as that can tell."""
        at_hand = self.at_hand
        if not questions or at_hand is None or not at_hand.knows(where):
            return {}
        best = await beside_the_loop(lambda: at_hand.held(_terms_once(questions), where, max(numbers)))
        return {place: _scored(some, numbers[place]) for place, some in (best or {}).items()}

    def _words(self, question: Holding) -> Any:
        return self.table.query().nearest_to_text(question.text, WORDS).select(["_score"])

    # --- by meaning ---

    async def _nearest(self, question: Near, where: str, spare: float) -> pa.Table:
        number, at_hand = self.number(question, spare), self.at_hand
        if at_hand is not None and (where or not self.indexed) and at_hand.can_compare(where):
            nearest = await beside_the_loop(lambda: at_hand.nearest(question.vector, where, number))
            if nearest is not None:
                return _near_table(nearest)
        if at_hand is not None and self.indexed and len(unknown := at_hand.unknown_to(VECTOR_INDEX)):
            indexed = self._nearest_indexed(question, where, number, indexed_only=True)
            near, others = await asyncio.gather(indexed, self.taken(unknown, where, [VECTOR]))
            known = near[ROW].to_numpy(), 1.0 - near["_distance"].to_numpy().astype(np.float64)
            cosines = (units(vectors_of(others)) @ question.vector).astype(np.float64)
            return _near_table(best_of([known, (others[ROW].to_numpy(), cosines)], number))
        return (await self._nearest_indexed(question, where, number))[:number]

    async def _nearest_indexed(
        self, question: Near, where: str, number: int, *, indexed_only: bool = False
    ) -> pa.Table:
        """What is nearest by an index of vectors, if there is one; LanceDB compares what it does not know."""
        limit = self._compared(number) if self.indexed and self.exact else number
        found = await _found(self._near(question, indexed_only=indexed_only), where, limit)
        if self.indexed and len(found) < min(limit, self.indexed):
            query = self._near(question, everywhere=True, indexed_only=indexed_only)
            found = await _found(query, where, limit)
        return found

    def _near(self, question: Near, *, everywhere: bool = False, indexed_only: bool = False) -> Any:
        """Rows near to what *question* says, from the nearest partitions of an index, or from all of them.

        Left to go on by itself where these have too few, LanceDB takes 21 ms instead of 9 for a million
        vectors even where they have enough, and 74 instead of 25 where a fiftieth fulfils a condition.
        """
        query = self.table.query().nearest_to(question.vector).column(VECTOR).distance_type("cosine")
        query = query.select(["_distance"])
        if not self.indexed:
            return query
        query = query.fast_search() if indexed_only else query
        probed = max(math.ceil(PROBED * math.ceil(self.indexed / PARTITION)) + 1, PROBED_LEAST)
        # without a limit first, or LanceDB's own of 20 would be in the way of the least
        query = query.maximum_nprobes(0).minimum_nprobes(probed) if everywhere else query.nprobes(probed)
        return query.refine_factor(1) if self.exact else query

    # --- by number ---

    async def taken(self, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]) -> pa.Table:
        """*columns*, and `ROW`, of the rows with these *numbers* that fulfil *where*, in any order."""
        found = self.at_hand.rows(numbers, where, columns) if self.at_hand is not None else None
        if found is None:
            return await _taken(self.table, numbers, where, columns)
        if not len(found.missing):
            return found.rows
        rest = await _taken(self.table, found.missing, where, columns)
        return pa.concat_tables([rest, found.rows.select(rest.column_names).cast(rest.schema)])


def _terms_once(questions: Sequence[Holding]) -> dict[int, list[str]]:
    """The terms of those of *questions* that ask for any, for none of them twice, by their places."""
    terms = lexical.as_terms([question.text for question in questions])
    return {place: some for place, some in enumerate(terms) if some and len(set(some)) == len(some)}


def _scored(best: Scored, wanted: int) -> pa.Table:
    numbers, scores = best
    return pa.table({ROW: numbers[:wanted], "_score": scores[:wanted]})


def _near_table(nearest: Scored) -> pa.Table:
    rows, cosines = nearest
    return pa.table({ROW: rows, "_distance": 1.0 - cosines})


async def _found(query: Any, where: str, limit: int) -> pa.Table:
    """The numbers and scores of the *limit* best rows of *query* that fulfil *where*."""
    query = query.where(where) if where else query
    found: pa.Table = await query.with_row_id().limit(limit).to_arrow()
    return found


async def _taken(
    table: AsyncLanceTable, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]
) -> pa.Table:
    """*columns* of the rows with these *numbers* that fulfil *where*, in no particular order."""
    named = f"{ROW} IN ({', '.join(map(str, numbers.tolist()))})" if len(numbers) else "false"
    query = table.query().where(all_of(named, where)).select(list(columns)).with_row_id()
    taken: pa.Table = await query.to_arrow()
    return taken

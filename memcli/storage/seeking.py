"""Rows looked for: by an index, by a look at all of them, or among those of a place by row stores."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.storage import lexical, native
from memcli.storage.lance import ROW, beside_the_loop
from memcli.storage.predicates import all_of
from memcli.storage.rows import VECTOR, WORDS, units, vectors_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import AsyncLanceTable
    from memcli.storage.rowstore.beside import RowStores
    from memcli.storage.rowstore.terms import Held

SPARE = 1.25
"""How many times as many rows as are wanted are looked at first: some will not fulfil the condition."""

REFINED, REFINED_LEAST = 2, 200
"""How many times as many rows as are wanted, and how many at least, an index of vectors is asked for: it
compares by one bit a number. Their own vectors put them in order. Of a million vectors, the nearest ten were
among 100 of the index in 97.0 % and among 200 in 100 % of all cases."""

PARTITION, PROBED = 8_192, 0.5
"""Vectors in a partition of the index, as LanceDB makes them, and the share of the partitions that is looked
into. Of a million vectors, 49 % of the partitions had 99.5 % of the nearest ten, 66 % had 99.7 %, and 16 %
had 85 %, at 7.3, 7.4 and 5.8 ms."""

DEEP = 20_000
"""The best rows of all that hold a word, at most, that are gone through for those in a place. Among the first
6,250 there are 125 of a fiftieth. Of a million memories, LanceDB brings them up in 3 to 6 ms, and takes 11 to
13 when it is asked for 125 that fulfil a condition."""


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


def begun(
    table: AsyncLanceTable, version: int, questions: Sequence[Holding], first: str, stores: RowStores | None
) -> Begun:
    """Begin to answer *questions* in this *version* of *table* under *first*, as `looked_up` goes on."""
    seeker = Seeker(table, indexed=0, exact=False, stores=stores)
    return Begun(table, version, first, questions, native.started(seeker.rows(questions, first, SPARE)))


@dataclass(frozen=True)
class Seeker:
    """How rows are looked for.

    Attributes:
        table: The table.
        indexed: How many vectors an index of them knows; 0 where there is none.
        exact: Whether what the index brings up is put in order by its own vectors, and the best of it kept;
            whoever compares the vectors of all of it anyway need not.
        stores: Row stores of the same version of the table; None if there are none.
        begun: Questions that are being answered already.
    """

    table: AsyncLanceTable
    indexed: int
    exact: bool
    stores: RowStores | None
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
        if questions and where and self.stores is not None and self.stores.knows(where):
            found = await self._held_here(self.stores, questions, where, numbers)
            if found is not None:
                return found
        each = zip(questions, numbers, strict=True)
        return await asyncio.gather(*(self._holding(question, where, number) for question, number in each))

    async def _held_here(
        self, stores: RowStores, questions: Sequence[Holding], where: str, numbers: Sequence[int]
    ) -> list[pa.Table] | None:
        """What `_held` finds where row stores know all that is in the place *where*; None if they do not."""

        def looked_up() -> Held | None:
            terms = lexical.as_terms([question.text for question in questions])
            each_is_one = all(len(some) == 1 for some in terms)
            return stores.held([term for (term,) in terms], where) if each_is_one else None

        held, rest = await asyncio.gather(beside_the_loop(looked_up), self._rest(stores, where, WORDS))
        if held is None:
            return None

        def best() -> list[pa.Table]:
            whole = held if rest is None else held.with_texts(rest[ROW].to_numpy(), rest[WORDS].to_pylist())
            each = (whole.best(term, number) for term, number in enumerate(numbers))
            return [pa.table({ROW: rows, "_score": scores}) for rows, scores in each]

        return await beside_the_loop(best)

    async def _holding(self, question: Holding, where: str, number: int) -> pa.Table:
        """The *number* best rows of those that fulfil *where* for one question."""
        if where and self.stores is not None:
            found = await self._holding_deep(self.stores, question, where, number)
            if found is not None:
                return found
        return await _found(self._words(question), where, number)

    async def _holding_deep(
        self, stores: RowStores, question: Holding, where: str, number: int
    ) -> pa.Table | None:
        """What `_holding` finds where *where* is a place that row stores know; None if that does not help."""
        share = stores.share(where)
        # two standard deviations more than there are among so many if they are anywhere
        deep = math.ceil((number + 2 * math.sqrt(number)) / share) if share else DEEP + 1
        if deep > DEEP:
            return None
        found = await _found(self._words(question), "", deep)
        there, unknown = stores.in_place(found[ROW].to_numpy(), where)
        enough = np.flatnonzero(there)[:number]
        if len(enough) < number and len(found) == deep:
            return None
        kept = there | unknown
        if len(enough) == number:
            kept[enough[-1] + 1 :] = False
        return found.filter(pa.array(kept))

    def _words(self, question: Holding) -> Any:
        return self.table.query().nearest_to_text(question.text, WORDS).select(["_score"])

    # --- by meaning ---

    async def _nearest(self, question: Near, where: str, spare: float) -> pa.Table:
        number = self.number(question, spare)
        if where and self.stores is not None and self.stores.knows(where):
            found = await self._nearest_here(self.stores, question, where, number)
            if found is not None:
                return found
        limit = self._compared(number) if self.indexed and self.exact else number
        found = await _found(self._near(question), where, limit)
        if self.indexed and len(found) < min(limit, self.indexed):
            found = await _found(self._near(question, everywhere=True), where, limit)
        return found[:number]

    async def _nearest_here(
        self, stores: RowStores, question: Near, where: str, number: int
    ) -> pa.Table | None:
        """What `_nearest` finds where row stores know all that is in the place *where*; None if not."""
        nearest, rest = await asyncio.gather(
            beside_the_loop(lambda: stores.nearest(question.vector, where, number)),
            self._rest(stores, where, VECTOR),
        )
        if nearest is None:
            return None
        rows, cosines = nearest
        if rest is not None:
            rows = np.append(rows, rest[ROW].to_numpy())
            cosines = np.append(cosines, units(vectors_of(rest)) @ question.vector)
        best = np.argsort(-cosines, kind="stable")[:number]
        return pa.table({ROW: rows[best], "_distance": 1.0 - cosines[best]})

    def _near(self, question: Near, *, everywhere: bool = False) -> Any:
        """Rows near to what *question* says, from the nearest partitions of an index, or from all of them.

        Left to go on by itself where these have too few, LanceDB takes 21 ms instead of 9 for a million
        vectors even where they have enough, and 74 instead of 25 where a fiftieth fulfils a condition.
        """
        query = self.table.query().nearest_to(question.vector).column(VECTOR).distance_type("cosine")
        query = query.select(["_distance"])
        if not self.indexed:
            return query
        probed = math.ceil(PROBED * math.ceil(self.indexed / PARTITION)) + 1
        # without a limit first, or LanceDB's own of 20 would be in the way of the least
        query = query.maximum_nprobes(0).minimum_nprobes(probed) if everywhere else query.nprobes(probed)
        return query.refine_factor(1) if self.exact else query

    # --- by number ---

    async def _rest(self, stores: RowStores, where: str, column: str) -> pa.Table | None:
        """*column*, and `ROW`, of the rows that no row store knows and that fulfil *where*; None if none."""
        return await _taken(self.table, stores.rest, where, [column]) if len(stores.rest) else None

    async def taken(self, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]) -> pa.Table:
        """*columns*, and `ROW`, of the rows with these *numbers* that fulfil *where*, in any order."""
        found = self.stores.rows(numbers, where, columns) if self.stores is not None else None
        if found is None:
            return await _taken(self.table, numbers, where, columns)
        if not len(found.missing):
            return found.rows
        rest = await _taken(self.table, found.missing, where, columns)
        return pa.concat_tables([rest, found.rows.select(rest.column_names).cast(rest.schema)])


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

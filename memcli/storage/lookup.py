"""The rows of a table that are nearest to a vector, or hold words: many questions at once, in two steps.

First every question brings up row numbers and scores, of all rows: that is quick, since no column is
read and nothing is compared with a condition. Then one scan reads the columns of those rows that fulfil the
condition. Where these turn out too few, the question is asked again of what fulfils the condition only.
On 10,000 memories, six terms and a vector together took 16 ms so, and 36 ms when each of the questions
checked the condition and read the columns itself.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.storage import native
from memcli.storage.lance import ROW, beside_the_loop
from memcli.storage.predicates import all_of
from memcli.storage.rows import VECTOR, WORDS, units, vectors_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import AsyncLanceTable
    from memcli.storage.rowstore.beside import RowStores

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

MOST = 0.5
"""The share of all memories from which on it pays to look at all of them first."""


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
class Answer:
    """What one question brought up, best first.

    Attributes:
        places: Where its rows are in the table that was read, shape (k,).
        scores: Cosines or BM25 scores, shape (k,).
    """

    places: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Looked:
    """The rows that several questions brought up, each once.

    Attributes:
        rows: Their columns.
        vectors: Their vectors, shape (n, dimension); None where they were not asked for.
        answers: What each question brought up.
    """

    rows: pa.Table
    vectors: NDArray[np.float32] | None
    answers: list[Answer]

    @classmethod
    def nothing(cls, rows: pa.Table, questions: int) -> Looked:
        """That *questions* brought up nothing; *rows* are the columns, empty."""
        return cls(rows, None, [Answer(np.empty(0, np.int64), np.empty(0))] * questions)


Pick = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.int64]"]
"""From cosines, shape (n,), nan where not known, and BM25 scores, shape (terms, n), to the places of the
rows that are worth reading."""


async def looked_up(
    table: AsyncLanceTable,
    questions: Sequence[Near | Holding],
    *,
    where: str,
    first: str,
    columns: Sequence[str],
    also: str = "",
    indexed: int = 0,
    pick: Pick | None = None,
    stores: RowStores | None = None,
    begun: Begun | None = None,
) -> Looked:
    """What *questions* bring up of the rows that fulfil *where*.

    Args:
        table: The table.
        questions: What to look for; at most one of them is `Near`.
        where: What all rows fulfil; empty for no condition.
        first: The condition under which rows are looked for at first, of *where* or a part of it; empty for
            none, which is quickest if most rows fulfil *where*. See `MOST`.
        columns: The columns to read, among them the vectors if rows are to be compared.
        also: A condition for further rows, of those that fulfil *where*.
        indexed: How many vectors an index of them knows; 0 where there is none.
        pick: Chooses what is read; everything is, if None.
        stores: Row stores of the same version of the table; None if there are none.
        begun: Questions that are being answered already, of the same version.
    """
    further = [_numbers(table, also)] if also else []
    sought = _Sought(table, indexed, exact=pick is None, stores=stores, begun=begun)
    found = await asyncio.gather(*(sought.rows(q, first, SPARE) for q in questions), *further)
    brought_up, named = found[: len(questions)], found[len(questions) :]
    full = [len(t) >= sought.number(q, SPARE) for q, t in zip(questions, brought_up, strict=True)]
    raw = _Raw(questions, brought_up, named, pick)
    rows = await sought.taken(raw.numbers, where, columns)
    if first != where and (again := raw.short(rows, full)):
        anew = await asyncio.gather(*(sought.rows(questions[i], where, 1.0) for i in again))
        for i, of_question in zip(again, anew, strict=True):
            brought_up[i] = of_question
        raw = _Raw(questions, brought_up, named, pick)
        rows = await sought.taken(raw.numbers, where, columns)
    return raw.of(rows)


@dataclass(frozen=True)
class Begun:
    """Questions that are being answered.

    Attributes:
        table: The table.
        version: The version of it that is asked.
        first: The condition under which rows are looked for.
        answers: The numbers and scores of the rows, by question.
    """

    table: AsyncLanceTable
    version: int
    first: str
    answers: Mapping[Holding, Future[pa.Table]]

    def answer(self, table: AsyncLanceTable, question: Near | Holding, where: str) -> Future[pa.Table] | None:
        """What is to come for *question*, if it was asked of *table* under *where*."""
        is_same = self.table is table and self.first == where
        return self.answers.get(question) if is_same and isinstance(question, Holding) else None


def begun(
    table: AsyncLanceTable, version: int, questions: Sequence[Holding], first: str, stores: RowStores | None
) -> Begun:
    """Begin to answer *questions* in this *version* of *table* under *first*, as `looked_up` goes on."""
    sought = _Sought(table, indexed=0, exact=False, stores=stores)
    return Begun(table, version, first, {q: native.started(sought.rows(q, first, SPARE)) for q in questions})


@dataclass(frozen=True)
class _Sought:
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

    def number(self, question: Near | Holding, spare: float) -> int:
        """How many rows are wanted of those that an index, or a look at all of them, brings up."""
        wanted = math.ceil(spare * question.wanted)
        guessed = self.indexed and isinstance(question, Near) and not self.exact
        return self._compared(wanted) if guessed else wanted

    def _compared(self, wanted: int) -> int:
        """How many rows the index is asked for, so that the best *wanted* are among them."""
        return max(REFINED * wanted, REFINED_LEAST)

    async def rows(self, question: Near | Holding, where: str, spare: float) -> pa.Table:
        """The numbers and scores of the rows that *question* brings up of those that fulfil *where*."""
        number = self.number(question, spare)
        if self.begun is not None and (answer := self.begun.answer(self.table, question, where)):
            return await asyncio.wrap_future(answer)
        if self.stores is not None and where:
            found = await self._in_place(self.stores, question, where, number)
            if found is not None:
                return found
        if isinstance(question, Holding):
            found = await _found(self._holding(question), where, number)
        else:
            limit = self._compared(number) if self.indexed and self.exact else number
            found = await _found(self._near(question), where, limit)
            if self.indexed and len(found) < min(limit, self.indexed):
                found = await _found(self._near(question, everywhere=True), where, limit)
        return found[:number]

    async def _in_place(
        self, stores: RowStores, question: Near | Holding, where: str, number: int
    ) -> pa.Table | None:
        """What `rows` finds where *where* is a place that row stores know; None if that does not help."""
        if isinstance(question, Near):
            nearest = await beside_the_loop(lambda: stores.nearest(question.vector, where, number))
            return nearest and pa.table({ROW: nearest[0], "_distance": 1.0 - nearest[1]})
        share = stores.share(where)
        # two standard deviations more than there are among so many if they are anywhere
        deep = math.ceil((number + 2 * math.sqrt(number)) / share) if share else DEEP + 1
        if deep > DEEP:
            return None
        found = await _found(self._holding(question), "", deep)
        there, unknown = stores.in_place(found[ROW].to_numpy(), where)
        enough = np.flatnonzero(there)[:number]
        if len(enough) < number and len(found) == deep:
            return None
        kept = there | unknown
        if len(enough) == number:
            kept[enough[-1] + 1 :] = False
        return found.filter(pa.array(kept))

    async def taken(self, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]) -> pa.Table:
        """*columns*, and `ROW`, of the rows with these *numbers* that fulfil *where*, in any order."""
        found = self.stores.rows(numbers, where, columns) if self.stores is not None else None
        if found is None:
            return await _taken(self.table, numbers, where, columns)
        if not len(found.missing):
            return found.rows
        rest = await _taken(self.table, found.missing, where, columns)
        return pa.concat_tables([rest, found.rows.select(rest.column_names).cast(rest.schema)])

    def _holding(self, question: Holding) -> Any:
        return self.table.query().nearest_to_text(question.text, WORDS).select(["_score"])

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


async def _found(query: Any, where: str, limit: int) -> pa.Table:
    """The numbers and scores of the *limit* best rows of *query* that fulfil *where*."""
    query = query.where(where) if where else query
    found: pa.Table = await query.with_row_id().limit(limit).to_arrow()
    return found


async def _numbers(table: AsyncLanceTable, where: str) -> pa.Table:
    found: pa.Table = await table.query().where(where).select([]).with_row_id().to_arrow()
    return found


class _Raw:
    """What questions brought up, as row numbers and scores.

    Args:
        questions: The questions.
        brought_up: What each of them brought up.
        further: Other rows.
        pick: Chooses what is read; everything is, if None.
    """

    def __init__(
        self,
        questions: Sequence[Near | Holding],
        brought_up: Sequence[pa.Table],
        further: Sequence[pa.Table],
        pick: Pick | None,
    ) -> None:
        self._questions, self._left_out = questions, False
        tables = [*brought_up, *further]
        every = np.concatenate([table[ROW].to_numpy() for table in tables] or [np.empty(0, np.uint64)])
        self.numbers, place = np.unique(every, return_inverse=True)
        ends = np.cumsum([len(table) for table in tables])
        self._places = [place[end - len(table) : end] for end, table in zip(ends, tables, strict=True)]
        self._scores = [_scores(table) for table in brought_up]
        if pick is not None and questions:
            self._keep(pick)

    def _keep(self, pick: Pick) -> None:
        """Keep what *pick* chooses, and what was asked for besides."""
        count = len(self.numbers)
        cosine, terms = np.full(count, np.nan), []
        for question, places, scores in zip(self._questions, self._places, self._scores, strict=False):
            if isinstance(question, Near):
                cosine[places] = scores
            else:
                terms.append(np.zeros(count))
                terms[-1][places] = scores
        kept = np.zeros(count, dtype=np.bool_)
        kept[pick(cosine, np.array(terms).reshape(len(terms), count))] = True
        for places in self._places[len(self._questions) :]:
            kept[places] = True
        self._left_out = not kept.all()
        new = np.cumsum(kept) - 1
        self.numbers = self.numbers[kept]
        self._scores = [s[kept[p]] for s, p in zip(self._scores, self._places, strict=False)]
        self._places = [new[places[kept[places]]] for places in self._places]

    def short(self, rows: pa.Table, full: Sequence[bool]) -> list[int]:
        """The questions that brought up too few of *rows*, those of the table that fulfil the condition.

        Args:
            rows: What was read.
            full: Which questions brought up as much as was asked for, so that there may be more.
        """
        here = np.isin(self.numbers, rows[ROW].to_numpy())
        every = range(len(self._questions))
        if self._left_out:  # what was picked instead of others is not worth more than they are
            return list(every) if SPARE * here.sum() < len(here) else []
        there = [here[self._places[i]] for i in every]
        return [i for i in every if full[i] and SPARE * there[i].sum() < len(there[i])]

    def of(self, rows: pa.Table) -> Looked:
        """The same of the *rows* that were read."""
        there = np.full(len(self.numbers), -1)
        there[np.searchsorted(self.numbers, rows[ROW].to_numpy())] = np.arange(len(rows))
        vectors = vectors_of(rows) if VECTOR in rows.column_names else None
        answers = []
        for question, found, scores in zip(self._questions, self._places, self._scores, strict=False):
            places = there[found]
            answer = Answer(places[places >= 0], scores[places >= 0])
            if isinstance(question, Near) and vectors is not None:  # an index only guesses
                cosines = units(vectors[answer.places]) @ question.vector
                order = np.argsort(-cosines, kind="stable")
                answer = Answer(answer.places[order], cosines[order].astype(np.float64))
            answers.append(Answer(answer.places[: question.wanted], answer.scores[: question.wanted]))
        return Looked(rows, vectors, answers)


def _scores(table: pa.Table) -> NDArray[np.float64]:
    """BM25 scores, or cosines."""
    if "_score" in table.column_names:
        return np.asarray(table["_score"].to_numpy(), dtype=np.float64)
    return 1.0 - np.asarray(table["_distance"].to_numpy(), dtype=np.float64)


async def _taken(
    table: AsyncLanceTable, numbers: NDArray[np.uint64], where: str, columns: Sequence[str]
) -> pa.Table:
    """*columns* of the rows with these *numbers* that fulfil *where*, in no particular order."""
    named = f"{ROW} IN ({', '.join(map(str, numbers.tolist()))})" if len(numbers) else "false"
    query = table.query().where(all_of(named, where)).select(list(columns)).with_row_id()
    taken: pa.Table = await query.to_arrow()
    return taken

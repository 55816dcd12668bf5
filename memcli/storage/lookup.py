"""The rows of a table that are nearest to a vector, or hold words: many questions at once, in two steps.

First every question brings up row numbers and scores, of all rows: that is quick, since no column is
read and nothing is compared with a condition. Then one scan reads the columns of those rows that fulfil the
condition. Where these turn out too few, the question is asked again of what fulfils the condition only.
On 10,000 memories, six terms and a vector together took 16 ms so, and 36 ms when each of the questions
checked the condition and read the columns itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from memcli.storage.lance import ROW
from memcli.storage.rows import VECTOR, units, vectors_of
from memcli.storage.seeking import SPARE, Begun, Holding, Near, Seeker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import AsyncLanceTable
    from memcli.storage.rowstore.at_hand import AtHand

MOST = 0.5
"""The share of all memories from which on it pays to look at all of them first."""


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
    at_hand: AtHand | None = None,
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
        at_hand: What is at hand of the same version of the table; None if nothing is.
        begun: Questions that are being answered already, of the same version.
    """
    further = [_numbers(table, also)] if also else []
    seeker = Seeker(table, indexed, exact=pick is None, at_hand=at_hand, begun=begun)
    brought_up, *named = await asyncio.gather(seeker.rows(questions, first, SPARE), *further)
    full = [len(t) >= seeker.number(q, SPARE) for q, t in zip(questions, brought_up, strict=True)]
    raw = _Raw(questions, brought_up, named, pick)
    rows = await seeker.taken(raw.numbers, where, columns)
    if first != where and (again := raw.short(rows, full)):
        anew = await seeker.rows([questions[i] for i in again], where, 1.0)
        for i, of_question in zip(again, anew, strict=True):
            brought_up[i] = of_question
        raw = _Raw(questions, brought_up, named, pick)
        rows = await seeker.taken(raw.numbers, where, columns)
    return raw.of(rows)


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

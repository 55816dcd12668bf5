"""Memories found: by what is near a vector, what holds words, and what stands around that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage import lookup, rows, seeking
from memcli.storage.candidates import COLUMNS, Candidates, collected
from memcli.storage.indexes import VECTOR_INDEX
from memcli.storage.lance import ROW
from memcli.storage.lookup import Looked, Pick
from memcli.storage.predicates import all_of, any_of, is_in
from memcli.storage.rows import VECTOR
from memcli.storage.seeking import Begun, Holding, Near

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.lance import LanceTable
    from memcli.storage.rowstore.table import RowStoredTable


class Findable:
    """The memories in *table*, as far as they are looked for."""

    def __init__(self, table: RowStoredTable) -> None:
        self.table = table

    def found(
        self,
        vector: NDArray[np.float32] | None,
        terms: Sequence[str],
        where: str,
        *,
        nearest: int,
        holding: int,
        place: str = "",
        also: Sequence[str] = (),
        pick: Pick | None = None,
        begun: Begun | None = None,
    ) -> Candidates:
        """What is near *vector*, and what holds *terms*.

        Args:
            vector: What to compare vectors with, shape (dimension,), of length 1; None for nothing.
            terms: What to look for in the texts, each by itself.
            where: The predicate that all candidates fulfil.
            nearest: How many of the nearest, at most.
            holding: How many of those that hold a term, the best of each term, at most.
            place: A part of *where* after which most of what is left fulfils all of it; see `lookup`.
            also: Ids of further candidates, where they fulfil *where*.
            pick: Chooses the candidates that are worth a look; all are, if None.
            begun: What `begun` gave for the same terms and place.
        """
        questions: list[Near | Holding] = [Holding(term, holding) for term in terms]
        questions += [Near(vector, nearest)] if vector is not None else []
        looked = self.looked_up(
            questions,
            where=where,
            place=place,
            columns=_columns_read(vector),
            also=also,
            pick=pick,
            begun=begun,
        )
        brought_up = [answer.places for answer in looked.answers]
        asked_for = np.flatnonzero(np.isin(looked.rows["id"].to_numpy(), list(also)))
        places = np.unique(np.concatenate([*brought_up, asked_for]))
        scores = {term: np.zeros(len(looked.rows)) for term in terms}
        for term, answer in zip(terms, looked.answers, strict=False):
            scores[term][answer.places] = answer.scores
        vectors = None if looked.vectors is None else looked.vectors[places]
        return collected(
            looked.rows.take(places), vectors, vector, {t: values[places] for t, values in scores.items()}
        )

    def looked_up(
        self,
        questions: Sequence[Near | Holding],
        *,
        where: str,
        place: str,
        columns: Sequence[str],
        also: Sequence[str] = (),
        pick: Pick | None = None,
        begun: Begun | None = None,
    ) -> Looked:
        """What *questions* bring up; see `lookup.looked_up`. *also* are ids of further rows to be read."""
        nothing = Looked.nothing(self.table.no_rows(columns), len(questions))

        def ask(_: LanceTable) -> Looked:
            """All that is known of a version and the version itself are one: another one may have come."""
            first, at_hand = self._first(place, where), self.table.at_hand
            indexed = int(self.table.roughly(VECTOR_INDEX, lambda: self.table.indexed(VECTOR_INDEX)))
            is_of_this = begun is not None and begun.version == self.table.version
            return self.table.as_it_is(
                lambda table: lookup.looked_up(
                    table,
                    questions,
                    where=where,
                    first=first,
                    columns=columns,
                    also=is_in("id", also) if also else "",
                    indexed=indexed,
                    pick=pick,
                    at_hand=at_hand if at_hand is not None and at_hand.number == self.table.version else None,
                    begun=begun if is_of_this else None,
                ),
                nothing,
            )

        looked = self.table.read(ask, nothing)
        if len(looked.rows):
            self.table.note_places(looked.rows)
        return looked

    def begun(self, terms: Sequence[str], where: str, *, holding: int, place: str) -> Begun | None:
        """Begin to look for *terms*, for a `found` that is to come with the same arguments.

        That goes on while whoever asks makes the vector of the query.
        """
        questions = [Holding(term, holding) for term in terms]

        def begin(_: LanceTable) -> Begun | None:
            first, at_hand, version = self._first(place, where), self.table.at_hand, self.table.version
            if at_hand is not None and at_hand.number != version:
                at_hand = None
            table = self.table.asynchronous
            return None if table is None else seeking.begun(table, version, questions, first, at_hand)

        return self.table.read(begin, None)

    def _first(self, place: str, where: str) -> str:
        """The condition under which rows are looked for at first; see `lookup.looked_up`."""
        return "" if place and place != where and self.share(place) >= lookup.MOST else place

    def share(self, place: str) -> float:
        """Roughly which share of all memories fulfils the predicate *place*, 0..1."""
        at_hand = self.table.at_hand
        known = at_hand.share(place) if at_hand is not None else None
        if known is not None:
            return known
        return self.table.roughly(place, lambda: self.table.count(place) / max(self.table.count(), 1))

    def surroundings(
        self,
        found: Candidates,
        places: Mapping[str, Sequence[int]],
        ids: Sequence[str],
        *,
        vector: NDArray[np.float32] | None,
        where: str,
    ) -> Candidates:
        """*found*, and the turns at *places* (positions by conversation) and the memories *ids*, compared."""
        positions = sorted({position for some in places.values() for position in some})
        turns = all_of(is_in("conversation", list(places)), is_in("position", positions))
        wanted = any_of(turns if places else "", is_in("id", ids) if ids else "")
        if not wanted:
            return found
        table = self.table.rows(all_of(wanted, where), [*_columns_read(vector), ROW])
        # asking for each conversation's positions alone would take LanceDB half as long again
        beside = table.filter(_is_at(table, places, ids))
        vectors = None if vector is None else rows.vectors_of(beside)
        return found.joined(collected(beside, vectors, vector, {}))


def _columns_read(vector: NDArray[np.float32] | None) -> list[str]:
    """What is read of candidates that are to be compared with *vector*."""
    return [*COLUMNS, *([VECTOR] if vector is not None else [])]


def _is_at(table: pa.Table, places: Mapping[str, Sequence[int]], ids: Sequence[str]) -> pa.ChunkedArray:
    """Which rows of *table* are turns at *places*, or among *ids*."""
    talks = pa.array(places, pa.utf8())
    wanted = [(talk << 40) + position for talk, some in enumerate(places.values()) for position in some]
    talk = pc.shift_left(pc.index_in(table["conversation"], talks).cast(pa.int64()), 40)
    here = pc.is_in(pc.add(talk, table["position"].cast(pa.int64())), pa.array(wanted, pa.int64()))
    return pc.or_(here, pc.is_in(table["id"], pa.array(ids, pa.utf8())))

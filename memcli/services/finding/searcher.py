"""One search: which candidates are looked at, and what becomes of the ranking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from memcli.kinds import CONTRADICTS, outranks
from memcli.model import Hit, Memory, Mode
from memcli.services import checks, reranking, suspicion, uses
from memcli.services.engine import Engine
from memcli.services.finding import asking, explain, ranking, wary, when
from memcli.storage.lexical import terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.candidates import Candidates
    from memcli.storage.seeking import Begun

FOUND = 100
"""Memories looked at, at least, by meaning and for each term by BM25; four times as many as are asked for.
200 found 0.3 points more (R@5 and R@10 of ten hits, all conversations in one space) and kept ranking busy
a tenth longer; 60 lost 1.5."""

LOOKED_AT = 60
"""Best candidates, at least, whose surroundings are completed; twice as many as are asked for. 100 found 0.3
points more and kept ranking busy a tenth longer."""

FIELDS = tuple(field.name for field in fields(Memory))
"""What is known of a memory, and of a hit as well."""

ROUNDS = 5
"""How often what comes up in the place of suspicious memories is looked at, too: each costs another read."""

TERMS = 16
"""Terms of a query that are looked up, the first ones; each costs LanceDB 2 to 5 ms, row stores 0.5."""


@dataclass(frozen=True)
class Asked:
    """What one search asks for, whatever the query."""

    where: str
    place: str
    passages: str
    limit: int
    mode: Mode
    min_score: float
    explain: bool
    at: datetime | None = None


class Searcher:
    """One search's settings, for as many queries as there are."""

    def __init__(self, engine: Engine, asked: Asked) -> None:
        self.engine, self.asked = engine, asked
        self.memories = engine.db.memories.table.count() if engine.db.model else 0
        self.depth = min(max(4 * asked.limit, FOUND), checks.MOST)

    def answers(self, queries: Sequence[str]) -> Iterator[list[Hit]]:
        """The hits of each query."""
        if not self.memories:
            yield from ([] for _ in queries)
            return
        without_vectors = self.asked.mode is Mode.TEXT
        words = [self._words(query) for query in queries]
        begun = self._begun(words[0]) if len(queries) == 1 and not without_vectors else None
        try:
            vectors = None if without_vectors else self.engine.query_vectors(queries)
            for row, query in enumerate(queries):
                vector = None if vectors is None else vectors[row]
                yield self._answer(query, words[row], vector, begun) if query.strip() else []
        finally:
            if begun is not None:
                begun.leave()

    def _begun(self, words: Sequence[str]) -> Begun | None:
        """The look for *words*, which goes on while the vector of their query is made."""
        if not words:
            return None
        asked = self.asked
        memories = self.engine.db.memories
        return memories.begun(words, asked.where, holding=self.depth, place=asked.place)

    def _words(self, query: str) -> list[str]:
        return [] if self.asked.mode is Mode.VECTOR else terms(query)[:TERMS]

    def _answer(
        self,
        query: str,
        words: Sequence[str],
        vector: NDArray[np.float32] | None,
        begun: Begun | None,
    ) -> list[Hit]:
        question = self._question(query, vector)
        found = self._found(words, vector, begun)
        if not len(found):
            return []
        ranked = self._ranked(found, question)
        hits = reranking.rerank(self.engine, query, self._hits(found, ranked))
        return hits[: self.asked.limit]

    def _found(
        self, words: Sequence[str], vector: NDArray[np.float32] | None, begun: Begun | None
    ) -> Candidates:
        """The candidates for a query of *words* and *vector*, and the turns around the best of them."""
        db, where = self.engine.db, self.asked.where
        further = {} if vector is None else db.passages.near(vector, self.asked.passages, self.depth)
        found = db.memories.found(
            vector,
            words,
            where,
            nearest=self.depth,
            holding=self.depth,
            place=self.asked.place,
            also=list(further),
            pick=ranking.promising if self.depth <= FOUND else None,
            begun=begun,
        )
        if self.asked.mode is Mode.HYBRID and len(found):
            places, ids = self._worth_a_look(found)
            found = db.memories.surroundings(found, places, ids, vector=vector, where=where)
        if vector is not None:
            further |= db.passages.best(found.ids, vector)
        return found.with_cosines(further).with_uses(db.uses.pending())

    def _worth_a_look(self, found: Candidates) -> tuple[dict[str, list[int]], list[str]]:
        """What is missing around the best candidates: turns by place, and memories not compared yet."""
        best = ranking.first_look(found, self.memories)[: max(2 * self.asked.limit, LOOKED_AT)]
        here = set(zip(found.talk.tolist(), found.position.tolist(), strict=True))
        places: dict[str, list[int]] = {}
        for i in best[found.is_turn[best]].tolist():
            talk, position = int(found.talk[i]), int(found.position[i])
            for other in range(position - ranking.REACH, position + ranking.REACH + 1):
                if other >= 0 and (talk, other) not in here:
                    here.add((talk, other))
                    places.setdefault(found.conversation[i], []).append(other)
        return places, [found.ids[i] for i in best[np.isnan(found.cosine[best])].tolist()]

    def _question(self, query: str, vector: NDArray[np.float32] | None) -> ranking.Question:
        now, known = self.asked.at or self.engine.now(), self.engine.questions
        times, time_words = when.times_named(query, now)
        return ranking.Question(
            memories=self.memories,
            now=np.datetime64(now.replace(tzinfo=None), "us"),
            times=times,
            about=tuple(asking.asked_about(query)),
            mentions=tuple(name for name in asking.mentioned(query) if name not in time_words),
            kind=known.kind(vector) if known and vector is not None else 0.0,
            hubness=known.hubness if known else None,
        )

    def _ranked(self, found: Candidates, question: ranking.Question) -> ranking.Ranked:
        return ranking.ranked(found, question, self.asked.mode, self.engine.config.decay)

    def _hits(self, found: Candidates, ranked: ranking.Ranked) -> list[Hit]:
        ranked, best, memories, flags = self._wary(found, ranked)
        explained = explain.signals(found, ranked, best) if self.asked.explain else [None] * len(best)
        found_hits = [
            _hit(memories[found.ids[i]], ranked, i, signals, flags[i])
            for i, signals in zip(best, explained, strict=True)
            if found.ids[i] in memories  # else purged meanwhile
        ]
        return uses.counted(self.engine, found_hits)

    def _wary(
        self, found: Candidates, ranked: ranking.Ranked
    ) -> tuple[ranking.Ranked, list[int], dict[str, Memory], dict[int, tuple[str, ...]]]:
        """*ranked* with what looks like an attempt to instruct a model further down; its best, their flags.

        So is what contradicts somebody more trusted: behind that one's word, if that was found as well. What
        comes up in the place of such a memory is looked at in its turn.
        """
        flags: dict[int, tuple[str, ...]] = {}
        for _ in range(ROUNDS):
            strong = ranked.score[ranked.order] >= self.asked.min_score
            best = ranked.order[strong][: reranking.reach(self.engine, self.asked.limit)].tolist()
            memories = self.engine.db.memories.with_ids([found.ids[i] for i in best])
            fresh = {
                i: suspicion.flags(memories[found.ids[i]].text)
                for i in best
                if i not in flags and found.ids[i] in memories
            }
            flags |= fresh
            suspects = [i for i, said in fresh.items() if said]
            contested = self._contested(found, ranked, memories)
            if not suspects and not contested:
                break
            ranked = wary.lowered(ranked, suspects) if suspects else ranked
            ranked = wary.behind(ranked, contested) if contested else ranked
        return ranked, best, memories, flags

    def _contested(
        self, found: Candidates, ranked: ranking.Ranked, memories: Mapping[str, Memory]
    ) -> dict[int, int]:
        """The places of those of *memories* that contradict somebody more trusted who ranks after them.

        Each with the place of what it contradicts.
        """
        named = {
            name: str(one.metadata[CONTRADICTS])
            for name, one in memories.items()
            if CONTRADICTS in one.metadata
        }
        if not named:
            return {}
        others = self.engine.db.memories.with_ids(sorted(set(named.values()) & found.index.keys()))
        return {
            found.index[name]: found.index[other]
            for name, other in named.items()
            if other in others
            and outranks(others[other].trust, memories[name].trust)
            and ranked.score[found.index[name]] >= ranked.score[found.index[other]] > 0
        }


def _hit(
    memory: Memory,
    ranked: ranking.Ranked,
    place: int,
    signals: Mapping[str, Any] | None,
    flags: tuple[str, ...],
) -> Hit:
    """*memory* as a hit; figures are rounded to what means something."""
    about = {name: getattr(memory, name) for name in FIELDS} | {"flags": flags or None}
    if signals is not None and flags:
        signals = {**signals, "suspicion": {"value": len(flags), "factor": suspicion.SUSPECTED}}
    return Hit(
        **about,
        score=round(float(ranked.score[place]), 6),
        similarity=round(float(ranked.similarity[place]), 6),
        decay=round(float(ranked.decay[place]), 6),
        relevance=round(float(ranked.relevance[place]), 6),
        signals=signals,
    )

"""Finding memories: candidates from vectors and words, ranked by both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from memcli.errors import UsageError
from memcli.model import Hit, Memory, Mode, Scope
from memcli.services import checks, ranking
from memcli.services.engine import Engine
from memcli.services.select import NO_FILTER, Filter, place, predicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memcli.storage.memories import Candidate

CANDIDATES_LEAST = 100
"""Candidates taken from each of vectors and words, at least; twice as many as are asked for."""


def search(
    engine: Engine,
    query: str,
    *,
    scope: Scope,
    limit: int | None = None,
    mode: Mode | None = None,
    min_score: float | None = None,
    wanted: Filter = NO_FILTER,
    explain: bool = False,
) -> list[Hit]:
    """The memories of *scope* that match *query*, best first.

    Args:
        engine: What to work with.
        query: What is looked for, in any words.
        scope: Where to look.
        limit: Most hits; the setting, if None.
        mode: Which evidence counts; the setting, if None.
        min_score: Weakest hit given, 0..1; the setting, if None.
        wanted: What hits must fulfil besides.
        explain: Give each hit its signals.

    Raises:
        UsageError: The query is empty.
    """
    checks.characters(query, "the query")
    if not query.strip():
        raise UsageError("the query is empty")
    return next(
        search_all(
            engine,
            [query],
            scope=scope,
            limit=limit,
            mode=mode,
            min_score=min_score,
            wanted=wanted,
            explain=explain,
        )
    )


def search_all(
    engine: Engine,
    queries: Sequence[str],
    *,
    scope: Scope,
    limit: int | None = None,
    mode: Mode | None = None,
    min_score: float | None = None,
    wanted: Filter = NO_FILTER,
    explain: bool = False,
) -> Iterator[list[Hit]]:
    """The hits of each of *queries*, in order, none for an empty one; otherwise like `search`."""
    settings = engine.config.search
    for query in queries:
        checks.characters(query, "the query")
    searcher = _Searcher(
        engine,
        where=predicate(scope, wanted, engine.now()),
        place=place(scope),
        limit=checks.positive(settings.limit if limit is None else limit, "the limit"),
        mode=mode or Mode(settings.mode),
        min_score=checks.share(settings.min_score if min_score is None else min_score, "the minimum score"),
        explain=explain,
    )
    return searcher.answers(queries)


TERMS_ASKED = 16
"""Terms of a query whose best score is looked up, 2 ms each; further ones count as the mean of these."""


class _Searcher:
    """One search's settings, for as many queries as there are."""

    def __init__(
        self,
        engine: Engine,
        *,
        where: str,
        place: str,
        limit: int,
        mode: Mode,
        min_score: float,
        explain: bool,
    ) -> None:
        self.engine, self.where, self.place, self.limit = engine, where, place, limit
        self.mode, self.min_score, self.explain = mode, min_score, explain
        self.depth = min(max(2 * limit, CANDIDATES_LEAST), checks.MOST)
        self._term_scores: dict[str, float | None] = {}

    def answers(self, queries: Sequence[str]) -> Iterator[list[Hit]]:
        """The hits of each query."""
        if not self.engine.db.model or not self.engine.db.memories.table.count():
            yield from ([] for _ in queries)
            return
        vectors = None if self.mode is Mode.TEXT else self.engine.embedder.embed_queries(queries)
        for row, query in enumerate(queries):
            yield self._answer(query, None if vectors is None else vectors[row]) if query.strip() else []

    def _answer(self, query: str, vector: NDArray[np.float32] | None) -> list[Hit]:
        db = self.engine.db
        words = None if self.mode is Mode.VECTOR else query
        further = {} if vector is None else db.passages.near(vector, self.place, self.depth)
        found = db.memories.candidates(vector, words, self.where, self.depth, also=list(further))
        if vector is not None:
            further |= db.passages.best([candidate.memory.id for candidate in found], vector)
        best = self._best_coverage(query) if words else 0.0
        hits = [self._hit(candidate, best, further) for candidate in found]
        hits = [hit for hit in hits if hit.score > 0 and hit.score >= self.min_score]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[: self.limit]

    def _best_coverage(self, query: str) -> float:
        """What a memory that holds all terms of *query* could score; terms are looked up once."""
        from memcli.storage.lexical import terms

        known, memories = self._term_scores, self.engine.db.memories
        wanted = terms(query)
        asked = wanted[:TERMS_ASKED]
        for term in asked:
            if term not in known:
                known[term] = memories.best_term_score(term, self.where)
        best = ranking.best_coverage([known[term] for term in asked], memories.table.count())
        return best * len(wanted) / len(asked) if asked else 0.0

    def _hit(self, candidate: Candidate, best: float, further: dict[str, float]) -> Hit:
        memory = candidate.memory
        cosine = max(candidate.cosine, further.get(memory.id, -1.0))
        covered = ranking.coverage(candidate.lexical, best)
        relevant = covered if self.mode is Mode.TEXT else ranking.relevance(cosine, covered)
        settings = self.engine.config.decay
        age = ranking.days_between(memory.created_at, self.engine.now())
        retention = ranking.decay(age, memory.importance, settings)
        adjusted = ranking.adjusted(relevant, retention, memory.importance, settings)
        signals = {
            "cosine": cosine,
            "coverage": covered,
            "relevance": relevant,
            "decay": retention,
            "importance": memory.importance,
            "adjusted": adjusted,
        }
        return _hit(memory, ranking.score(adjusted), cosine, retention, signals if self.explain else None)


def _hit(
    memory: Memory, score: float, similarity: float, decay: float, signals: dict[str, float] | None
) -> Hit:
    """*memory* as a hit; figures are rounded to what means something."""
    about = {f.name: getattr(memory, f.name) for f in fields(Memory)}
    return Hit(
        **about,
        score=round(score, 6),
        similarity=round(similarity, 6),
        decay=round(decay, 6),
        signals=signals,
    )

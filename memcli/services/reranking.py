"""The best hits in the order of a model that reads query and memory together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from memcli.errors import EmbeddingError
from memcli.model import Hit, Reranker
from memcli.services.engine import Engine

EXCERPT = 1_000
"""Characters of a memory, and of a query, that are read: some 250 tokens, as many as an embedded
passage has. The time grows with them: thirty such pairs take the smallest models half a second.
"""

SEARCHED = 200_000
"""Characters of a memory in which the part to be read is looked for, which takes some 5 ms."""

DIGITS = 4
"""Decimals of a probability, as of all figures in an explanation."""

TERMS = 32
"""Words of the query that the part to be read is chosen by; nobody's question has more that matter."""


def reach(engine: Engine, limit: int) -> int:
    """How many hits a search has to find so that *limit* can be given after a second look at them."""
    return limit if engine.reranker is None else max(limit, engine.config.rerank.candidates)


def rerank(engine: Engine, query: str, hits: Sequence[Hit]) -> list[Hit]:
    """*hits*, best first, as the configured reranker would have them; as they are without one.

    A reranker that is missing or fails costs nothing but its opinion: the engine is warned.
    """
    if not hits or engine.reranker is None:
        return list(hits)
    try:
        return reranked(query, hits, engine.reranker, candidates=engine.config.rerank.candidates)
    except EmbeddingError as error:
        engine.warn_without_reranker(error)
        return list(hits)


def reranked(query: str, hits: Sequence[Hit], reranker: Reranker, *, candidates: int) -> list[Hit]:
    """*hits* with the first of them in the order of what *reranker* thinks of them.

    The scores stay with the places: the hit that comes first now has the score of the one that came
    first before. So they still fall from hit to hit, and a minimum score, which was calibrated on the
    scores of searches, means what it meant, whatever scale a reranker has. Among equals the order
    stays as it was. Hits that carry signals get one more, `rerank`: the reranker's probability as
    `value`, and the `rank` it gave, from 1.

    Args:
        query: What was looked for.
        hits: What was found, best first.
        reranker: Who looks at it again.
        candidates: How many of *hits* it looks at, from the first; those after them stay.

    Raises:
        EmbeddingError: The model failed.
    """
    again = hits[:candidates]
    opinions = reranker.scores(query[:EXCERPT], [_to_read(hit, query) for hit in again])
    by_opinion = sorted(zip(opinions, again, strict=True), key=lambda pair: -pair[0])
    placed = [
        _placed(hit, there, signal={"value": round(opinion, DIGITS), "rank": rank})
        for rank, ((opinion, hit), there) in enumerate(zip(by_opinion, again, strict=True), start=1)
    ]
    return [*placed, *hits[candidates:]]


def _placed(hit: Hit, there: Hit, *, signal: Mapping[str, float]) -> Hit:
    signals = None if hit.signals is None else {**hit.signals, "rerank": signal}
    return replace(hit, score=there.score, relevance=there.relevance, signals=signals)


def _to_read(hit: Hit, query: str) -> str:
    """What of *hit* is read: as in its vector, who said it is part of what was said."""
    return (f"{hit.speaker}: " if hit.speaker else "") + excerpt(hit.text, query)


def excerpt(text: str, query: str, longest: int = EXCERPT) -> str:
    """*text*, or of a text of more than *longest* characters the part with most words of *query*.

    Parts overlap by half, so that what belongs together is together in one; of equals the first counts.
    """
    if len(text) <= longest:
        return text
    words = list(dict.fromkeys(re.findall(r"\w+", query.casefold())))[:TERMS]
    step = max(longest // 2, 1)
    parts = (text[at : at + longest] for at in range(0, min(len(text), SEARCHED) - step, step))
    return max(parts, key=lambda part: _held(words, part.casefold()))


def _held(words: Sequence[str], part: str) -> int:
    return sum(word in part for word in words)

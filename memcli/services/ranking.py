"""How good a hit is: pure functions on plain numbers, every constant with its reason.

The figures are evidence recall on the LoCoMo conversations and mean reciprocal rank on the
paraphrased questions that `tests/benchmarks/retrieval.py` runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from memcli.config import DecaySettings

LEXICAL_WEIGHT = 3.0
"""What full coverage of the query's words is worth, in units of cosine.

With coverage squared, 3 gave R@5 53.7, R@10 64.2 on LoCoMo and MRR 0.65 on paraphrases (0 gave 37.5,
47.3 and 0.67; 5 gave 54.4, 64.6 and 0.63). Squared, since half of the words is much less than half
the evidence: unsquared, the same R@5 cost 0.04 more of the MRR.
"""

TERM_SATURATION = 2.2
"""How far a term's best score can exceed its inverse document frequency: k1 + 1 in BM25 with k1 = 1.2."""

IMPORTANCE_WEIGHT = 0.1
"""Share of the score between the least and the most important memory."""


def best_coverage(term_scores: Sequence[float | None], memories: int) -> float:
    """The score that a memory could get at best if it held all terms of the query.

    A term that no memory holds counts too, with what a single memory holding it would get: words
    that nothing answers must make the others weigh less.

    Args:
        term_scores: The best BM25 score of each term; None where no memory holds it.
        memories: How many memories are indexed.
    """
    unseen = TERM_SATURATION * math.log(1 + (memories + 0.5) / 0.5)
    return sum(unseen if score is None else score for score in term_scores)


def coverage(lexical: float, best: float) -> float:
    """How much of the query's words a memory covers, rare ones counting more: 0..1."""
    return min(lexical / best, 1.0) if best > 0 else 0.0


def relevance(cosine: float, covered: float) -> float:
    """Meaning and words together: the cosine plus what coverage is worth; 0..1 + LEXICAL_WEIGHT."""
    return max(cosine, 0.0) + LEXICAL_WEIGHT * covered**2


def score(relevant: float) -> float:
    """*relevant*, 0 or more, as a number from 0 to 1 that keeps the order: 1 - e^-x."""
    return 1.0 - math.exp(-relevant)


def decay(age_days: float, importance: float, settings: DecaySettings) -> float:
    """Retention now, 0..1: 0.5 ^ (age / half-life).

    The half-life is ten days (a setting) times the importance, but no less than one day.

    Args:
        age_days: Days since the memory was made; in the future counts as now.
        importance: 0..1.
        settings: Both constants.
    """
    half_life = max(settings.half_life_days * importance, settings.floor_days)
    return float(0.5 ** (max(age_days, 0.0) / half_life))


def adjusted(relevant: float, retention: float, importance: float, settings: DecaySettings) -> float:
    """*relevant* scaled mildly by what has faded and what matters; never to nothing."""
    fading = 1.0 - settings.weight * (1.0 - retention)
    mattering = 1.0 + IMPORTANCE_WEIGHT * (importance - 0.5)
    return relevant * fading * mattering


def days_between(earlier: datetime, later: datetime) -> float:
    """Days from *earlier* to *later*; negative the other way round."""
    return (later - earlier).total_seconds() / 86_400

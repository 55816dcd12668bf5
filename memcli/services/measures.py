"""How good a ranking is, and how numbers lie: pure functions on plain lists.

`memcli eval` and the benchmarks measure with the same code.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


def recall_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Share of *relevant* (different ids, at least one) among the first *k* of *ranked*: 0..1."""
    found = set(ranked[:k])
    return sum(memory in found for memory in relevant) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str]) -> float:
    """One divided by the place, from 1, of the first of *relevant* in *ranked*; 0 if there is none."""
    return next((1 / place for place, memory in enumerate(ranked, start=1) if memory in relevant), 0.0)


def ndcg_at(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalised discounted cumulative gain of the first *k*: 0..1.

    All of *relevant* (different ids, at least one) are worth the same, and the further down one
    stands the less: 1 / log2(place + 1), with places from 1. 1 is an ideal order.
    """
    gain = sum(_discount(place) for place, memory in enumerate(ranked[:k]) if memory in relevant)
    return gain / sum(_discount(place) for place in range(min(len(relevant), k)))


def _discount(place: int) -> float:
    return 1 / math.log2(place + 2)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; nan of nothing."""
    return sum(values) / len(values) if values else math.nan


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which *percent* of 100 lie, interpolated between neighbours; nan of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

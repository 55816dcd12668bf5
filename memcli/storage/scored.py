"""Rows and what they score: the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scored = tuple["NDArray[np.uint64]", "NDArray[np.float64]"]
"""The numbers of rows, and their scores. Shape (n,) each."""


def best_of(several: Sequence[Scored], wanted: int) -> Scored:
    """The *wanted* best, at most, of *several*; best first."""
    numbers = np.concatenate([np.empty(0, np.uint64), *(numbers for numbers, _ in several)])
    scores = np.concatenate([np.empty(0), *(scores for _, scores in several)])
    best = highest(scores, wanted)
    return numbers[best], scores[best]


def highest(scores: NDArray[np.floating], wanted: int) -> NDArray[np.int64]:
    """The places of the *wanted* highest of *scores*, at most, highest first, the first of equals first."""
    places = np.arange(len(scores))
    if 0 < wanted < len(scores):
        # where nearly all are equal, np.partition takes ten times as long, and np.argpartition three times
        last = np.sort(scores)[-wanted]
        above = np.flatnonzero(scores > last)
        places = np.append(above, np.flatnonzero(scores == last)[: wanted - len(above)])
    return places[np.argsort(-scores[places], kind="stable")[:wanted]]

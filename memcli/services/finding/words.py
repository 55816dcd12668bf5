"""How the candidates of a search cover the words of its query: pure functions over arrays."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.candidates import Candidates

    Numbers = NDArray[np.float64]

TERM_SATURATION = 2.2
"""How far a term's best score can exceed its inverse document frequency: k1 + 1 in BM25 with k1 = 1.2."""

ROLES = frozenset({"user", "assistant", "system", "human", "ai", "tool", "developer", "model", "bot"})
"""Speakers that are roles rather than names: "user" in a question seldom asks about one."""


def unseen(memories: int) -> float:
    """What a term that no memory holds would score in the one that did: it counts as asked for."""
    return TERM_SATURATION * math.log(1 + (memories + 0.5) / 0.5)


class Words:
    """How the candidates cover the query's terms.

    Args:
        found: The candidates.
        memories: How many memories the store has.
    """

    def __init__(self, found: Candidates, memories: int) -> None:
        self._found = found
        best = found.term_scores.max(axis=1, initial=0.0)
        self.bounds = np.where(best > 0, best, unseen(memories))

    @cached_property
    def names(self) -> NDArray[np.bool_]:
        """Which terms name somebody who speaks in a candidate, shape (terms,)."""
        speakers = {word for name in set(self._found.speaker) for word in words_of(name)} - ROLES
        return np.array([term.lower() in speakers for term in self._found.terms], dtype=np.bool_)

    def lack(self, names: Sequence[str]) -> bool:
        """Whether one of *names* is a term that no candidate holds."""
        held = self._found.term_scores.max(axis=1, initial=0.0) > 0
        missing = {term.lower() for term, is_held in zip(self._found.terms, held, strict=True) if not is_held}
        return not missing.isdisjoint(names)

    def coverage(self, scores: Numbers, terms: NDArray[np.bool_]) -> Numbers:
        """How much of *terms* each candidate covers by *scores*, rare ones counting more: 0..1."""
        best = float(self.bounds[terms].sum())
        return np.minimum(scores[terms].sum(axis=0) / best, 1.0) if best > 0 else np.zeros(scores.shape[1])


def words_of(name: str) -> list[str]:
    """The words of *name*, in lower case."""
    return re.findall(r"\w+", name.lower())

"""What is found but not to be relied upon goes further down: pure functions on a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from memcli.services.finding.ranking import Ranked
from memcli.services.suspicion import SUSPECTED

STEP = 1e-6
"""The least difference of two scores, as they are shown."""


def lowered(all_: Ranked, suspects: Sequence[int]) -> Ranked:
    """*all_*, with the candidates at the places *suspects* further down."""
    factor = np.ones(len(all_.score))
    factor[list(suspects)] = SUSPECTED
    scores = all_.score * factor
    order = all_.order[np.argsort(-scores[all_.order], kind="stable")]
    return replace(all_, score=scores, relevance=all_.relevance * factor, order=order)


def behind(all_: Ranked, pairs: Mapping[int, int]) -> Ranked:
    """*all_*, with each candidate that *pairs* maps to another one behind that one, by the least step."""
    scores, relevance = all_.score.copy(), all_.relevance.copy()
    for place, before in pairs.items():
        scores[place] = min(scores[place], max(scores[before] - STEP, 0.0))
        relevance[place] = min(relevance[place], relevance[before])
    order = all_.order[np.argsort(-scores[all_.order], kind="stable")]
    return replace(all_, score=scores, relevance=relevance, order=order)

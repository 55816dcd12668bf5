"""Why a hit is a hit: its signals, what each contributed, and where each by itself would have ranked it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.services.finding.ranking import Ranked
    from memcli.storage.candidates import Candidates

DIGITS = 4
"""Decimals of a figure: more would mean nothing."""


def signals(found: Candidates, ranked: Ranked, places: Sequence[int]) -> list[Mapping[str, Any]]:
    """The signals of the candidates at *places*, by name.

    Each signal has a `value`, its `contribution` to the relevance in units of cosine, and the `rank`,
    from 1, that it alone would have given among all candidates (equal values share the better rank; there
    is none where all are equal).
    Decay and importance have a `factor` instead of a contribution. `coverage` lists the matched `terms`,
    `total` has the sum and its rank.
    """
    evidence = ranked.evidence
    ranks = {name: _ranks(values) for name, values in evidence.contributions.items()}
    total = evidence.own + evidence.prior
    placed = _ranks(total)
    told: list[Mapping[str, Any]] = []
    for place in places:
        about: dict[str, Any] = {
            name: _figure(evidence.signals[name][place], contribution[place], ranks[name], place)
            for name, contribution in evidence.contributions.items()
        }
        if "coverage" in about:
            about["coverage"]["terms"] = _matched(found, place)
        about["total"] = {"value": _rounded(total[place]), "rank": int(placed[place])}
        about["decay"] = _factor(ranked.decay[place], ranked.factors["decay"][place])
        about["importance"] = _factor(found.importance[place], ranked.factors["importance"][place])
        told.append(about)
    return told


def _figure(value: float, contribution: float, ranks: NDArray[np.int64], place: int) -> dict[str, Any]:
    figure: dict[str, Any] = {"value": _rounded(value), "contribution": _rounded(contribution)}
    if ranks.max() > 1:
        figure["rank"] = int(ranks[place])
    return figure


def _matched(found: Candidates, place: int) -> list[str]:
    """The query's terms that the candidate at *place* holds, the best first."""
    scores = found.term_scores[:, place]
    return [found.terms[i] for i in np.argsort(-scores, kind="stable") if scores[i] > 0]


def _factor(value: float, factor: float) -> dict[str, float]:
    return {"value": _rounded(value), "factor": _rounded(factor)}


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0  # -0.0 would puzzle people


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rank of each of *values*, from 1 for the highest; equal ones share the better rank."""
    descending = np.sort(-values)
    return np.searchsorted(descending, -values, side="left") + 1

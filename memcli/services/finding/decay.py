"""How memories fade, and how little that may do to what is found: pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from memcli.settings import DecaySettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_US = 86_400e6
"""Microseconds in a day."""

IMPORTANCE_WEIGHT = 0.1
"""Share of the relevance between the least and the most important memory: as much as fading can take."""


def retention(
    age_days: NDArray[np.float64], importance: NDArray[np.float64], settings: DecaySettings
) -> NDArray[np.float64]:
    """Retention now, 0..1, shape (n,): 0.5 ^ (age / half-life).

    The half-life is ten days (a setting) times the importance, but no less than one day.

    Args:
        age_days: Days since each memory was last used on purpose, or made; in the future counts as now.
        importance: 0..1.
        settings: Both constants.
    """
    half_life = np.maximum(settings.half_life_days * importance, settings.floor_days)
    return np.asarray(0.5 ** (np.maximum(age_days, 0.0) / half_life))


def fading(retained: NDArray[np.float64], settings: DecaySettings) -> NDArray[np.float64]:
    """The factor, 1 - weight..1, that fading lays upon relevance, shape (n,)."""
    return np.asarray(1.0 - settings.weight * (1.0 - retained))


def mattering(importance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factor that importance lays upon relevance, 1 for the default of 0.5, shape (n,)."""
    return np.asarray(1.0 + IMPORTANCE_WEIGHT * (importance - 0.5))

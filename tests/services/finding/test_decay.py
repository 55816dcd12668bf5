"""How memories fade, as pure functions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.services.finding import decay
from memcli.settings import DecaySettings

SETTINGS = DecaySettings()
share = st.floats(0, 1)


def retention(age: float, importance: float, settings: DecaySettings = SETTINGS) -> float:
    """Retention of one memory."""
    return float(decay.retention(np.array([age]), np.array([importance]), settings)[0])


@pytest.mark.parametrize(("importance", "half_life"), [(1.0, 10), (0.7, 7), (0.2, 2), (0.05, 1), (0.0, 1)])
def test_half_of_a_memory_is_retained_after_its_half_life(importance: float, half_life: float) -> None:
    """Ten days times the importance, but at least one."""
    assert retention(half_life, importance) == pytest.approx(0.5)


def test_both_constants_are_settings() -> None:
    """Half-life and floor."""
    settings = DecaySettings(half_life_days=100, floor_days=7)
    assert retention(100, 1.0, settings) == pytest.approx(0.5)
    assert retention(7, 0.0, settings) == pytest.approx(0.5)


def test_a_memory_from_the_future_is_fresh() -> None:
    """A clock that was set back must not make anything rank above 1."""
    assert retention(-3, 0.5) == 1.0


@given(age=st.floats(0, 1e6), older=st.floats(0, 1e6), importance=share)
def test_retention_is_a_share_that_falls(age: float, older: float, importance: float) -> None:
    """However old, and however important."""
    age, older = sorted((age, older))
    assert 0 <= retention(older, importance) <= retention(age, importance) <= 1


@given(retained=share, weight=share)
def test_fading_takes_no_more_than_its_weight(retained: float, weight: float) -> None:
    """Nothing of what is fresh, and of what is gone the weight."""
    settings = DecaySettings(weight=weight)
    gone, factor, fresh = decay.fading(np.array([0.0, retained, 1.0]), settings)
    assert gone == pytest.approx(1 - weight)
    assert gone - 1e-12 <= factor <= fresh == 1


def test_importance_matters_as_much_as_fading_and_the_usual_one_not_at_all() -> None:
    """A tenth between the least and the most important memory."""
    least, usual, most = decay.mattering(np.array([0.0, 0.5, 1.0]))
    assert usual == 1
    assert most - least == pytest.approx(0.1)
    assert most - usual == pytest.approx(usual - least)

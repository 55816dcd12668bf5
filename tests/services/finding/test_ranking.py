"""Ranking as pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.config import DecaySettings
from memcli.services import ranking

SETTINGS = DecaySettings()
share = st.floats(0, 1)


@pytest.mark.parametrize(("importance", "half_life"), [(1.0, 10), (0.7, 7), (0.2, 2), (0.05, 1), (0.0, 1)])
def test_half_of_a_memory_is_retained_after_its_half_life(importance: float, half_life: float) -> None:
    """Ten days times the importance, but at least one."""
    assert ranking.decay(half_life, importance, SETTINGS) == pytest.approx(0.5)


def test_a_memory_from_the_future_is_fresh() -> None:
    """A clock that was set back must not make anything rank above 1."""
    assert ranking.decay(-3, 0.5, SETTINGS) == 1.0


@given(age=st.floats(0, 1e6), importance=share)
def test_retention_is_a_share(age: float, importance: float) -> None:
    """However old, and however important."""
    assert 0 <= ranking.decay(age, importance, SETTINGS) <= 1


@given(better=share, worse=share, retention=share)
def test_fading_never_buries_what_is_clearly_better(better: float, worse: float, retention: float) -> None:
    """A memory a quarter more relevant stays ahead, however faded it is and however fresh the other."""
    if better > worse * 1.25 + 1e-9:
        faded = ranking.adjusted(better, 0.0, 0.5, SETTINGS)
        assert faded >= ranking.adjusted(worse, retention, 0.5, SETTINGS)


@given(low=st.floats(0, 4), high=st.floats(0, 4))
def test_the_score_keeps_the_order_of_relevance(low: float, high: float) -> None:
    """And stays between 0 and 1."""
    low, high = sorted((low, high))
    assert 0 <= ranking.score(low) <= ranking.score(high) < 1


def test_words_that_no_memory_has_make_the_others_weigh_less() -> None:
    """One stray common word must not count as a full match."""
    one_of_one = ranking.coverage(2.0, ranking.best_coverage([2.0], 100))
    one_of_three = ranking.coverage(2.0, ranking.best_coverage([2.0, None, None], 100))
    assert one_of_one == 1.0
    assert one_of_three < 0.2


def test_a_query_without_words_covers_nothing() -> None:
    """Only stop words, or only punctuation."""
    assert ranking.coverage(0.0, ranking.best_coverage([], 100)) == 0.0

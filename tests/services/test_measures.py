"""How good a ranking is, as pure functions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.services import measures

rankings = st.lists(st.sampled_from("abcdefghij"), unique=True)
some_ids = st.sets(st.sampled_from("abcdefghijxyz"), min_size=1)
depths = st.integers(1, 12)


def test_measures_are_what_textbooks_say() -> None:
    """One ranking by hand: two of three relevant ones, at the second and fourth place."""
    ranked, relevant = ["a", "x", "b", "y"], ["x", "y", "z"]
    assert [measures.recall_at(ranked, relevant, k) for k in (1, 2, 4, 9)] == [0, 1 / 3, 2 / 3, 2 / 3]
    assert measures.reciprocal_rank(ranked, relevant) == 1 / 2
    gain, ideal = 1 / math.log2(3) + 1 / math.log2(5), 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert measures.ndcg_at(ranked, relevant, 10) == pytest.approx(gain / ideal)
    assert measures.ndcg_at(ranked, relevant, 2) == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))


@given(ranked=rankings, relevant=some_ids, k=depths)
def test_every_measure_is_a_share(ranked: list[str], relevant: set[str], k: int) -> None:
    """And nothing found is 0 in all of them."""
    figures = [
        measures.recall_at(ranked, relevant, k),
        measures.reciprocal_rank(ranked, relevant),
        measures.ndcg_at(ranked, relevant, k),
    ]
    assert all(0 <= figure <= 1 + 1e-12 for figure in figures)
    if not relevant & set(ranked):
        assert figures == [0, 0, 0]


@given(ranked=rankings, relevant=some_ids, k=depths)
def test_recall_grows_with_depth(ranked: list[str], relevant: set[str], k: int) -> None:
    """One hit more finds no less."""
    assert measures.recall_at(ranked, relevant, k) <= measures.recall_at(ranked, relevant, k + 1)


@given(relevant=st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1), k=depths)
def test_all_that_is_relevant_first_is_ideal(relevant: list[str], k: int) -> None:
    """Whatever comes after it."""
    ranked = [*relevant, "x", "y"]
    assert measures.ndcg_at(ranked, relevant, k) == pytest.approx(1)
    assert measures.reciprocal_rank(ranked, relevant) == 1
    assert measures.recall_at(ranked, relevant, len(relevant)) == 1


@given(ranked=rankings.filter(lambda r: len(r) > 1), place=st.integers(1, 9), k=depths)
def test_moving_what_is_relevant_up_is_never_worse(ranked: list[str], place: int, k: int) -> None:
    """In any measure."""
    place = place % len(ranked)
    relevant = {ranked[place]}
    up = [ranked[place], *ranked[:place], *ranked[place + 1 :]]
    assert measures.ndcg_at(up, relevant, k) >= measures.ndcg_at(ranked, relevant, k)
    assert measures.reciprocal_rank(up, relevant) >= measures.reciprocal_rank(ranked, relevant)
    assert measures.recall_at(up, relevant, k) >= measures.recall_at(ranked, relevant, k)


def test_percentiles_lie_between_neighbours() -> None:
    """The ends are the ends, the middle is the median, nothing is nan."""
    values = [4.0, 1.0, 3.0, 2.0]
    assert [measures.percentile(values, p) for p in (0, 50, 95, 100)] == [1, 2.5, pytest.approx(3.85), 4]
    assert measures.percentile([7.0], 95) == 7
    assert math.isnan(measures.percentile([], 50))
    assert measures.mean(values) == 2.5
    assert math.isnan(measures.mean([]))


@given(values=st.lists(st.floats(0, 1e6), min_size=1), percent=st.floats(0, 100))
def test_a_percentile_is_within_what_was_measured(values: list[float], percent: float) -> None:
    """However many values there are."""
    assert min(values) - 1e-6 <= measures.percentile(values, percent) <= max(values) + 1e-6

"""Explanations: every signal with its value, what it contributed, and its rank."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.model import Mode
from memcli.services.finding import explain
from tests.services.finding.made import ROWS, Fact, best, candidates, question

TERMS = ("ana", "tea", "floor")


def explained(rows: list[Fact], mode: Mode = Mode.HYBRID) -> list[Any]:
    """The signals of all *rows*, in their order."""
    found = candidates(*rows, terms=TERMS)
    ranked = best(found, question(kind=0.5, about=("floor",)), mode)
    return [dict(told) for told in explain.signals(found, ranked, range(len(rows)))]


@given(rows=ROWS, mode=st.sampled_from(Mode))
def test_contributions_add_up_to_the_total(rows: list[Fact], mode: Mode) -> None:
    """As far as they are rounded."""
    for told in explained(rows, mode):
        added = sum(signal["contribution"] for signal in told.values() if "contribution" in signal)
        assert added == pytest.approx(told["total"]["value"], abs=len(told) * 10**-explain.DIGITS)


@given(rows=ROWS, mode=st.sampled_from(Mode))
def test_ranks_are_places_among_all_candidates(rows: list[Fact], mode: Mode) -> None:
    """One more than there are better ones; where all are equal there is no rank."""
    found = candidates(*rows, terms=TERMS)
    ranked = best(found, question(), mode)
    told = explain.signals(found, ranked, range(len(rows)))
    of_signals = {**ranked.evidence.contributions, "total": ranked.evidence.own}
    for name, values in of_signals.items():
        ranks = [one[name].get("rank", 1) for one in told]
        assert ("rank" in told[0][name]) == (name == "total" or len(set(values)) > 1)
        assert ranks == [1 + sum(other > value for other in values) for value in values], name
        assert min(ranks) == 1


def test_an_explanation_names_the_terms_that_were_found_the_best_first() -> None:
    """Each as it is written in the query, and no other."""
    rows = [Fact(scores={"tea": 2.0, "floor": 7.0}), Fact(scores={"ana": 1.0}), Fact()]
    for mode in (Mode.HYBRID, Mode.TEXT):
        terms = [told["coverage"]["terms"] for told in explained(rows, mode)]
        assert terms == [["floor", "tea"], ["ana"], []]
    assert "coverage" not in explained(rows, Mode.VECTOR)[0]


def test_only_those_asked_for_are_explained_in_the_order_asked_for() -> None:
    """Their ranks are among all of them nevertheless."""
    found = candidates(*(Fact(cosine=cosine) for cosine in (0.1, 0.2, 0.3)))
    told = explain.signals(found, best(found), [2, 0])
    assert [one["cosine"] for one in told] == [
        {"value": 0.3, "contribution": 0.3, "rank": 1},
        {"value": 0.1, "contribution": 0.1, "rank": 3},
    ]


def test_decay_and_importance_are_factors() -> None:
    """Of a fresh memory that matters most."""
    [told] = explained([Fact(cosine=0.5, importance=1.0)])
    assert told["decay"] == {"value": 1.0, "factor": 1.0}
    assert told["importance"] == {"value": 1.0, "factor": 1.05}


@given(rows=ROWS, mode=st.sampled_from(Mode))
def test_an_explanation_is_made_of_numbers_that_json_knows(rows: list[Fact], mode: Mode) -> None:
    """None of them is nan, or an array's own kind."""
    for told in explained(rows, mode):
        for about in told.values():
            for name, value in about.items():
                assert name == "terms" or (type(value) in (int, float) and value == value), (name, value)

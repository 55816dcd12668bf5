"""Ranking as pure functions: what speaks for a turn, what for a fact, and how much."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.model import Mode
from memcli.services.finding import ranking
from memcli.services.finding.when import NamedTime
from memcli.services.finding.words import Words, unseen
from tests.conftest import NOW
from tests.services.finding.made import (
    COSINES,
    FACTS,
    ROWS,
    SETTINGS,
    SHARES,
    TURNS,
    Fact,
    Turn,
    best,
    candidates,
    moment,
    order,
    question,
)

# --- words ---


def coverage(*scores: float, memories: int = 100, held: Sequence[str] = ("tea",)) -> float:
    """How much of tea, and of terms that nobody holds, is covered by a fact with *scores* for the first."""
    row = Fact(scores=dict(zip(held, scores, strict=True)))
    found = candidates(row, terms=(*held, *(f"unheard{i}" for i in range(3 - len(held)))))
    words = Words(found, memories)
    return float(words.coverage(found.term_scores, np.ones(3, dtype=bool))[0])


def test_words_that_no_memory_has_make_the_others_weigh_less() -> None:
    """One stray common word must not count as a full match."""
    assert coverage(2.0, 3.0, 4.0, held=("tea", "ana", "floor")) == 1.0
    assert 0 < coverage(2.0) < 0.2


def test_rare_words_count_more() -> None:
    """By what they score at best."""
    rare, common = Fact(id="rare", scores={"zebrafinch": 9.0}), Fact(id="common", scores={"tea": 1.0})
    found = candidates(common, rare)
    assert order(found, mode=Mode.TEXT) == ["rare", "common"]


def test_a_query_without_words_covers_nothing() -> None:
    """Only stop words, or only punctuation."""
    found = candidates(Fact(cosine=0.3), Turn(cosine=0.4))
    assert best(found).evidence.signals["coverage"].tolist() == [0, 0]
    assert best(found, mode=Mode.TEXT).relevance.tolist() == [ranking.score(0.0)] * 2


# --- turns ---


@pytest.mark.parametrize("steps", [-3, -2, -1, 1, 2, 3])
def test_a_turn_is_found_by_the_words_of_turns_within_reach(steps: int) -> None:
    """Two before and two after, and no further."""
    found = candidates(
        Turn(id="near", position=10),
        Turn(position=10 + steps, scores={"tea": 5.0}),
        Turn(conversation="d", position=10 + steps, scores={"tea": 5.0}),
        Turn(id="far", conversation="e", position=10),
    )
    ranked = best(found)
    near = ranked.evidence.signals["surroundings"][0]
    assert near == (1.0 if abs(steps) <= 2 else 0.0)
    assert (ranked.relevance[0] > ranked.relevance[3]) == (near > 0)


def test_the_turn_that_says_it_comes_before_those_around_it() -> None:
    """They have its words, it has them itself."""
    found = candidates(
        *(Turn(id=f"t{i}", position=i, scores={"tea": 5.0} if i == 2 else {}) for i in range(5))
    )
    assert order(found)[0] == "t2"


def test_what_is_beside_lends_a_part_of_its_meaning() -> None:
    """The turn before a little more than the turn after."""
    found = candidates(
        Turn(id="after", position=1),
        Turn(position=0, cosine=0.8),
        Turn(id="before", conversation="d", position=0),
        Turn(conversation="d", position=1, cosine=0.8),
        Turn(id="alone", conversation="e"),
    )
    assert [name for name in order(found) if name in ("after", "before", "alone")] == [
        *("after", "before", "alone"),
    ]


def test_equal_names_of_conversations_in_two_spaces_are_two_conversations() -> None:
    """What is said in one is not beside what is said in the other."""
    found = candidates(
        Turn(id="here", space="home", position=1),
        Turn(space="work", position=2, scores={"tea": 5.0}),
    )
    assert best(found).evidence.signals["surroundings"][0] == 0


def test_who_is_asked_about_is_listened_to() -> None:
    """Among those who take part; with words alone both would be equal."""
    rows = [
        Turn(id=who, speaker=who, position=i * 10, scores={"tea": 4.0})
        for i, who in enumerate(("Ana", "Ben"))
    ]
    for who in ("Ana", "Ben"):
        ranked = best(candidates(*rows, terms=(who, "tea")))
        assert ranked.evidence.signals["speaker"].tolist() == [who == "Ana", who == "Ben"]
        assert order(candidates(*rows, terms=(who, "tea")))[0] == who


def test_who_asks_about_all_who_take_part_asks_about_nobody() -> None:
    """It tells nothing about their turns."""
    rows = [Turn(speaker="Ana", position=i, scores={"tea": 4.0}) for i in range(3)]
    assert best(candidates(*rows, terms=("ana", "tea"))).evidence.signals["speaker"].tolist() == [0, 0, 0]


def test_where_the_one_asked_about_is_absent_nothing_is_looked_for() -> None:
    """Unless somebody speaks of her there."""
    found = candidates(
        Turn(id="there", speaker="Ana", conversation="a", scores={"tea": 4.0, "ana": 4.0}),
        Turn(speaker="Cy", conversation="a", position=9),
        Turn(id="absent", speaker="Ben", conversation="b", scores={"tea": 5.0}),
        Turn(id="named", speaker="Ben", conversation="c", scores={"tea": 5.0, "ana": 4.0}),
        terms=("ana", "tea"),
    )
    ranked = best(found)
    assert ranked.evidence.signals["speaker"].tolist() == [1, 0, -1, 0]
    assert order(found).index("absent") > max(order(found).index("there"), order(found).index("named"))


@pytest.mark.parametrize("role", ["user", "assistant", "system", "human", "ai", "tool", "bot", "model"])
def test_a_role_is_no_name(role: str) -> None:
    """Who asks for the user's tea does not want all that the user said."""
    rows = [Turn(speaker=role, position=0), Turn(speaker="Ana", position=9)]
    found = candidates(*rows, terms=(role, "tea"))
    assert not Words(found, 100).names.any()
    assert best(found).evidence.signals["speaker"].tolist() == [0, 0]
    assert Words(candidates(*rows, terms=("ana",)), 100).names.all()


def test_names_are_words_of_speakers_in_any_case() -> None:
    """First names and family names."""
    found = candidates(Turn(speaker="Ana-Maria Ruiz"), terms=("RUIZ", "maria", "tea"))
    assert Words(found, 100).names.tolist() == [True, True, False]


def test_a_name_is_no_word_to_be_covered_by_turns() -> None:
    """Every turn of hers would hold it."""
    found = candidates(Turn(speaker="Ana", scores={"ana": 3.0}), Turn(speaker="Ben", position=9))
    assert best(found).evidence.signals["coverage"].tolist() == [0, 0]


def test_the_time_that_is_named_counts() -> None:
    """A turn of that day before one that is a little nearer in meaning."""
    day = datetime(2023, 5, 3, tzinfo=NOW.tzinfo)
    found = candidates(
        Turn(id="other", cosine=0.6, created_at=day + timedelta(days=40)),
        Turn(id="then", conversation="d", cosine=0.4, created_at=day),
    )
    assert order(found) == ["other", "then"]
    named = question(times=(NamedTime(2023, 5, 3),))
    assert order(found, named) == ["then", "other"]
    assert best(found, named).evidence.signals["time"].tolist() == [0, 1]


def test_an_answer_comes_before_its_question() -> None:
    """Though the question has the words, the answer none and the same meaning."""
    found = candidates(
        Turn(id="question", position=4, asks=True, cosine=0.4, scores={"tea": 5.0}),
        Turn(id="answer", position=5, cosine=0.4, scores={"tea": 4.0}),
        Turn(id="later", position=6, cosine=0.4, scores={"tea": 4.0}),
    )
    assert best(found).evidence.signals["question"].tolist() == [-1, 1, 0]
    assert order(found)[0] == "answer"


def test_a_question_that_is_answered_with_a_question_is_both() -> None:
    """What speaks for and against it is weighed up."""
    found = candidates(Turn(position=0, asks=True), Turn(position=1, asks=True), Turn(position=2))
    assert best(found).evidence.signals["question"].tolist() == [-1, 0, 1]


def test_what_was_not_compared_is_as_near_as_the_least_of_what_was() -> None:
    """It can't be nearer; whoever asks how near it is hears 0."""
    nan = float("nan")
    ranked = best(
        candidates(Fact(cosine=0.5), Turn(cosine=0.3), Fact(cosine=nan), Turn(position=9, cosine=nan))
    )
    assert ranked.evidence.signals["cosine"].tolist() == [0.5, 0.3, 0.3, 0.3]
    assert ranked.similarity.tolist() == [0.5, 0.3, 0, 0]
    assert best(candidates(Fact(cosine=nan), Turn(cosine=nan))).evidence.signals["cosine"].tolist() == [0, 0]


def test_turns_are_put_on_the_scale_of_facts() -> None:
    """All that speaks for them is: they gather more of it."""
    turn = Turn(cosine=0.5, scores={"tea": 5.0}, speaker="Ana", asks=True)
    evidence = best(candidates(turn, Fact(cosine=0.5)), question(kind=1.0)).evidence
    wanted = {
        "cosine": 0.5,
        "coverage": ranking.COVERED,
        "surroundings": ranking.NEAR,
        "question": -ranking.ASKS,
    }
    for name, value in wanted.items():
        assert evidence.contributions[name][0] == pytest.approx(ranking.TURN_SCALE * value), name
    assert evidence.contributions["cosine"][1] == 0.5


# --- facts ---


@given(st.lists(st.floats(0, 0.5), min_size=2, max_size=5))
def test_words_of_a_fact_below_half_change_nothing(shares: list[float]) -> None:
    """Shared words mislead questions that are asked in other words."""
    bound = unseen(100)
    rows = [Fact(cosine=0.3, scores={"tea": share * bound * 2}) for share in shares]
    found = candidates(*rows, Fact(cosine=0.3, scores={"tea": bound, "ana": bound}))
    contribution = best(found).evidence.contributions["coverage"]
    assert contribution[:-1] == pytest.approx([0] * len(rows), abs=1e-9)
    assert contribution[-1] > 1


@given(
    cosine=st.floats(-1, 1),
    other=st.floats(-1, 1),
    years=st.integers(0, 50),
    importance=SHARES,
    kind=st.floats(-3, 3),
)
def test_all_words_decide_however_old_the_fact(
    cosine: float, other: float, years: int, importance: float, kind: float
) -> None:
    """Identifiers, titles, quotations: against anything fresh, important and near in meaning."""
    found = candidates(
        Fact(
            id="exact",
            cosine=cosine,
            scores={"e1047": 8.0},
            importance=importance,
            created_at=NOW - timedelta(days=365 * years),
        ),
        Fact(id="fresh", cosine=other, importance=1.0),
    )
    assert order(found, question(kind=kind)) == ["exact", "fresh"]


def test_a_fact_near_to_every_question_is_less_near_to_this_one() -> None:
    """By half of its mean cosine to the nearest questions."""
    found = candidates(
        Fact(id="hub", cosine=0.5, unit=(1.0, 0.0)),
        Fact(id="meant", cosine=0.45, unit=(0.0, 1.0)),
        Turn(id="turn", cosine=0.1, unit=(0.0, 1.0)),
    )
    asked = question(hubness=lambda units: 0.2 + 0.6 * units[:, 0].astype(float))
    assert order(found)[:2] == ["hub", "meant"]
    assert order(found, asked)[:2] == ["meant", "hub"]
    evidence = best(found, asked).evidence
    assert evidence.signals["hubness"] == pytest.approx([0.8, 0.2, 0])
    assert evidence.contributions["hubness"] == pytest.approx([-0.4, -0.1, 0])


def test_hubness_is_asked_of_the_nearest_facts_and_the_others_have_their_mean() -> None:
    """However many there are."""
    asked_of: list[int] = []

    def hubness(units: Any) -> Any:
        asked_of.append(len(units))
        return np.arange(len(units)) / 1000

    rows = [Fact(cosine=1 - i / 1000, unit=(float(i), 1.0)) for i in range(ranking.HUBNESS_OF + 20)]
    signal = best(candidates(*rows, Fact(cosine=0.99)), question(hubness=hubness)).evidence.signals["hubness"]
    assert asked_of == [ranking.HUBNESS_OF]
    assert signal[: ranking.HUBNESS_OF] == pytest.approx(np.arange(ranking.HUBNESS_OF) / 1000)
    assert set(signal[ranking.HUBNESS_OF :]) == {np.mean(np.arange(ranking.HUBNESS_OF) / 1000)}


# --- the question as a whole ---


def test_somebody_whom_no_memory_names_makes_all_less_likely() -> None:
    """More so if the question is about her than if it mentions her."""
    found = candidates(Fact(cosine=0.4), Turn(cosine=0.4), terms=("Zelda", "tea"))
    plain, mentioned, about = (
        best(found, question(**asked)).score
        for asked in ({}, {"mentions": ("zelda",)}, {"about": ("zelda",)})
    )
    assert (about < mentioned).all()
    assert (mentioned < plain).all()
    known = candidates(Fact(cosine=0.4), Fact(scores={"zelda": 3.0}), terms=("zelda", "tea"))
    asked = question(about=("zelda",), mentions=("zelda",))
    assert best(known, asked).evidence.signals["unknown_name"].tolist() == [0, 0]


@given(rows=ROWS, kinds=st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_what_one_asks_anybody_makes_all_less_likely_and_changes_no_order(
    rows: list[Fact], kinds: tuple[float, float]
) -> None:
    """By the same for all; it is bounded."""
    found = candidates(*rows)
    general, memory = (best(found, question(kind=kind)) for kind in sorted(kinds))
    assert memory.evidence.prior >= general.evidence.prior
    assert memory.evidence.own == pytest.approx(general.evidence.own)
    assert memory.order.tolist() == general.order.tolist()
    less, some, most, beyond = (
        best(found, question(kind=kind)).evidence.prior for kind in (-1.0, 1.0, 2.0, 50.0)
    )
    assert less < some < most == beyond


# --- what is made of it ---


@given(rows=ROWS, mode=st.sampled_from(Mode))
def test_what_is_contributed_adds_up_to_the_relevance(rows: list[Fact], mode: Mode) -> None:
    """With what the question tells; every signal contributes."""
    found = candidates(*rows, terms=("ana", "tea", "floor"))
    asked = question(about=("zelda",), kind=0.7, times=(NamedTime(2020),), hubness=lambda units: units[:, 0])
    evidence = best(found, asked, mode).evidence
    assert sum(evidence.contributions.values()) == pytest.approx(evidence.own + evidence.prior)
    assert evidence.signals.keys() == evidence.contributions.keys()
    assert all(len(values) == len(found) for values in evidence.signals.values())


def test_equal_candidates_come_by_their_ids() -> None:
    """The same question has the same answer every time."""
    assert order(candidates(*(Fact(id=name, cosine=0.3) for name in "cab"))) == ["a", "b", "c"]


@given(rows=ROWS, mode=st.sampled_from(Mode))
def test_all_figures_are_numbers_in_their_bounds(rows: list[Fact], mode: Mode) -> None:
    """Whatever is unknown of a candidate; every candidate has a place."""
    found = candidates(*rows, terms=("ana", "tea", "floor"))
    ranked = best(found, question(kind=-1.0), mode)
    for share in (ranked.score, ranked.relevance, ranked.decay):
        assert ((share >= 0) & (share <= 1)).all()
    assert (np.abs(ranked.similarity) <= 1).all()
    assert sorted(ranked.order.tolist()) == list(range(len(rows)))
    assert (np.diff(ranked.score[ranked.order]) <= 0).all()


@given(rows=ROWS, shuffled=st.randoms(use_true_random=False))
def test_what_a_candidate_is_worth_does_not_depend_on_where_it_stands(
    rows: list[Fact], shuffled: Any
) -> None:
    """No two turns here have one place in a conversation."""
    places = {(row.space, row.conversation, row.position): row for row in rows}
    named = [replace(row, id=f"n{number:02}") for number, row in enumerate(places.values())]
    other = list(named)
    shuffled.shuffle(other)
    terms = ("ana", "tea", "floor")
    one, two = best(candidates(*named, terms=terms)), best(candidates(*other, terms=terms))
    assert dict(zip([row.id for row in named], one.relevance, strict=True)) == pytest.approx(
        dict(zip([row.id for row in other], two.relevance, strict=True))
    )


@given(rows=ROWS, mode=st.sampled_from(Mode))
def test_where_all_are_equally_old_and_important_the_most_relevant_comes_first(
    rows: list[Fact], mode: Mode
) -> None:
    """Decay and importance change nothing then."""
    found = candidates(*(replace(row, created_at=NOW, used_at=None, importance=0.5) for row in rows))
    ranked = best(found, mode=mode)
    own = ranked.evidence.own[ranked.order]
    assert (np.diff(own) <= 1e-12).all()
    doubted = found.is_turn & (mode is Mode.HYBRID)  # a turn has to convince more to be an answer
    assert ranked.score[~doubted] == pytest.approx(ranked.relevance[~doubted])
    assert (ranked.relevance[doubted] < ranked.score[doubted]).all()


@given(rows=ROWS)
def test_fading_and_importance_never_bury_what_is_clearly_better(rows: list[Fact]) -> None:
    """What is a quarter more relevant stays ahead, however faded and unimportant it is."""
    ranked = best(candidates(*rows))
    relevance = ranked.evidence.own[ranked.order]
    for place, one in enumerate(relevance):
        assert not any(worse * 1.25 < one for worse in relevance[:place] if worse > 0), relevance


@given(age=st.integers(0, 10_000), cosine=st.floats(-1, 1), importance=SHARES)
def test_age_makes_nothing_better(age: int, cosine: float, importance: float) -> None:
    """What speaks against a memory must not weigh less because it is old."""
    fresh = Fact(id="b", cosine=cosine, importance=importance)
    found = candidates(fresh, replace(fresh, id="a", created_at=NOW - timedelta(days=age)))
    ranked = best(found, mode=Mode.VECTOR)
    assert ranked.score[1] <= ranked.score[0]
    if cosine < 0:
        assert ranked.score == pytest.approx(ranked.relevance)
    elif cosine > 0.01 and age:
        assert ranked.score[1] < ranked.score[0]


def test_what_was_used_lately_is_fresh() -> None:
    """A use before the memory was made (another clock was wrong) makes it no older."""
    old = NOW - timedelta(days=300)
    found = candidates(
        Fact(cosine=0.5, created_at=old, used_at=NOW),
        Fact(cosine=0.5, created_at=old),
        Fact(cosine=0.5, used_at=old),
    )
    assert best(found).decay == pytest.approx([1, 0, 1], abs=1e-6)


@given(low=st.floats(-10, 10), high=st.floats(-10, 10))
def test_the_score_keeps_the_order_of_relevance(low: float, high: float) -> None:
    """And stays between 0 and 1."""
    low, high = sorted((low, high))
    assert 0 <= ranking.score(low) <= ranking.score(high) <= 1
    if high > low + 1e-6 and high < 3:
        assert ranking.score(low) < ranking.score(high)


# --- by meaning or words alone ---

CHANGES = st.fixed_dictionaries(
    {"scores": st.dictionaries(st.sampled_from(["tea", "ana"]), st.floats(0.1, 9)), "asks": st.booleans()}
)


@given(rows=ROWS, changes=CHANGES)
def test_by_meaning_only_the_cosine_counts(rows: list[Fact], changes: dict[str, Any]) -> None:
    """Not words, nor what is around, nor who is asked about, nor when."""
    asked = question(times=(NamedTime(2020),), about=("zelda",), kind=1.5, hubness=lambda units: units[:, 0])
    bare = [Fact(id=f"n{i:02}", cosine=row.cosine, created_at=NOW) for i, row in enumerate(rows)]
    rich = [
        replace(row, id=f"n{i:02}", created_at=NOW, used_at=None, importance=0.5, **changes)
        for i, row in enumerate(rows)
    ]
    one, two = candidates(*bare), candidates(*rich, terms=("zelda", "tea", "ana"))
    assert order(one, mode=Mode.VECTOR) == order(two, asked, Mode.VECTOR)
    assert best(two, asked, Mode.VECTOR).evidence.contributions.keys() == {"cosine"}


@given(rows=ROWS, cosines=st.lists(COSINES, min_size=12, max_size=12))
def test_by_words_only_the_memory_s_own_words_count(rows: list[Fact], cosines: list[float]) -> None:
    """Not meaning, nor what is around."""
    asked = question(times=(NamedTime(2020),), about=("zelda",), kind=1.5)
    alike = [
        replace(row, id=f"n{i:02}", created_at=NOW, used_at=None, importance=0.5)
        for i, row in enumerate(rows)
    ]
    bare = [Fact(id=row.id, scores=row.scores) for row in alike]
    other = [replace(row, cosine=cosine) for row, cosine in zip(alike, cosines, strict=False)]
    terms = ("ana", "tea", "floor")
    assert order(candidates(*bare, terms=terms), mode=Mode.TEXT) == order(
        candidates(*other, terms=terms), asked, Mode.TEXT
    )


# --- neighbours ---


def naive(found: Any, steps: int) -> list[set[int]]:
    """The places of the turns *steps* further on from each, by a dictionary."""
    at: dict[tuple[str, str, int], set[int]] = {}
    for place in np.flatnonzero(found.is_turn).tolist():
        key = (found.space[place], found.conversation[place], int(found.position[place]))
        at.setdefault(key, set()).add(place)
    return [
        at.get((found.space[i], found.conversation[i], int(found.position[i]) + steps), set())
        if found.is_turn[i]
        else set()
        for i in range(len(found))
    ]


NUMBERED = st.builds(
    Turn,
    conversation=st.sampled_from(["", "a", "b", "ab"]),
    space=st.sampled_from(["", "a", "b", "ab"]),
    position=st.integers(0, 5) | st.sampled_from([10**6, 10**6 + 1, 2**39]),
)


@given(rows=st.lists(NUMBERED | FACTS | TURNS, max_size=15), steps=st.integers(-3, 3))
def test_neighbours_are_those_that_a_dictionary_would_find(rows: list[Fact], steps: int) -> None:
    """Of several at one place any; facts have none and are none."""
    found = candidates(*(replace(row, position=-1) if not row.conversation else row for row in rows))
    places, there = ranking.Neighbours(found).at(steps)
    wanted = naive(found, steps)
    assert there.tolist() == [bool(some) for some in wanted]
    for place, some, is_there in zip(places.tolist(), wanted, there.tolist(), strict=True):
        assert not is_there or place in some
    values = np.arange(2.0 * len(rows)).reshape(2, len(rows))
    shifted = ranking.Neighbours(found).shifted(values, steps)
    assert shifted.shape == values.shape
    for row in range(2):
        assert all(
            (shifted[row, i] in {values[row, place] for place in some}) if some else shifted[row, i] == 0
            for i, some in enumerate(wanted)
        )


def test_a_fact_of_a_conversation_is_beside_nobody() -> None:
    """It has no position; what stands at the beginning has nothing before it."""
    found = candidates(
        Fact(conversation="c", scores={"tea": 5.0}, asks=True), Turn(position=0), Turn(position=1)
    )
    evidence = best(found).evidence
    assert evidence.signals["surroundings"].tolist() == [0, 0, 0]
    assert evidence.signals["question"].tolist() == [0, 0, 0]


def test_the_settings_of_fading_are_heeded() -> None:
    """A weight of 0 is no fading."""
    found = candidates(Fact(cosine=0.5, created_at=NOW - timedelta(days=999)), Fact(cosine=0.5))
    faded = ranking.ranked(found, question(), Mode.HYBRID, SETTINGS)
    plain = ranking.ranked(found, question(), Mode.HYBRID, replace(SETTINGS, weight=0.0))
    assert faded.factors["decay"] == pytest.approx([0.9, 1.0])
    assert plain.factors["decay"].tolist() == [1, 1]
    assert plain.score[0] == plain.score[1] > faded.score[0]
    assert moment(NOW) == question().now


def test_neighbours_lend_what_they_are_nearer_than_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """To stand beside something far away is worth no more than to stand alone."""
    monkeypatch.setattr(ranking, "LENDING", 4)
    found = candidates(
        Turn(id="beside near", conversation="c", position=1, cosine=0.5),
        Turn(conversation="c", position=0, cosine=0.8),
        Turn(id="beside far", conversation="d", position=1, cosine=0.5),
        Turn(conversation="d", position=0, cosine=0.1),
        Turn(id="alone", conversation="e", position=1, cosine=0.5),
    )
    lent = best(found).evidence.contributions["surroundings"] / ranking.TURN_SCALE
    assert lent[0] == pytest.approx(ranking.PREVIOUS * 0.3)
    assert lent[1:].tolist() == pytest.approx([0, 0, 0, 0], abs=1e-12)


# --- what is worth reading ---

NAN = float("nan")


def picked(cosines: Sequence[float], *scores: Sequence[float]) -> list[int]:
    """What is promising of candidates with *cosines* and *scores*, a row for each term."""
    held = np.array(scores, dtype=float).reshape(len(scores), len(cosines))
    return [int(place) for place in ranking.promising(np.array(cosines, dtype=float), held)]


def test_nothing_is_promising_where_there_is_nothing() -> None:
    """No candidates, with terms or without; no terms and no cosines."""
    assert picked([]) == picked([], [], []) == []
    assert picked([NAN, NAN]) == [0, 1]


def test_the_nearest_and_what_covers_most_are_promising(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rare terms count more: by what they score at best."""
    monkeypatch.setattr(ranking, "PROMISING", 2)
    assert picked([0.1, 0.4, 0.3, 0.2]) == [1, 2]
    assert picked([0.1, 0.4, 0.3, 0.2], [0, 0, 0, 5.0], [0, 0, 1.0, 0]) == [2, 3]
    assert picked([0.1, 0.1, 0.1, 0.1], [9.0, 8.5, 0, 0], [0, 0, 1.0, 0.9]) == [0, 1, 2]


def test_the_best_of_each_term_is_read_though_others_promise_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells how rare the term is; of a term that nobody holds there is none to read."""
    monkeypatch.setattr(ranking, "PROMISING", 1)
    cosines, scores = [0.9, 0.1, 0.8, -0.9], ([9.0, 9.5, 0.0, 0.0], [0.0, 0.0, 0.1, 0.2])
    assert picked(cosines, *scores) == [0, 1, 3]
    assert picked([0.1, 0.9, 0.2], [0.0, 0.0, 0.0]) == [1]


def test_what_was_not_compared_may_be_as_near_as_the_last_of_the_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """But no nearer; the words then decide."""
    monkeypatch.setattr(ranking, "PROMISING", 2)
    assert picked([0.5, NAN, 0.4, 0.3], [0, 1.0, 0, 0.9]) == [1, 3]
    assert picked([0.5, NAN, 0.4, 0.3], [0.0, 0.0, 0.0, 0.0]) == [0, 2]


@given(
    st.integers(0, 40).flatmap(
        lambda n: st.tuples(
            st.lists(st.just(NAN) | st.floats(-1, 1), min_size=n, max_size=n),
            st.lists(st.lists(st.just(0.0) | st.floats(0.1, 20), min_size=n, max_size=n), max_size=4),
        )
    ),
    st.integers(1, 10),
)
def test_so_many_are_promising_each_once_and_the_best_of_each_term_among_them(
    made: tuple[list[float], list[list[float]]], most: int
) -> None:
    """In order of their places, whatever is known."""
    cosines, scores = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "PROMISING", most)
        places = picked(cosines, *scores)
    assert places == sorted(set(places))
    assert set(places) <= set(range(len(cosines)))
    assert min(most, len(cosines)) <= len(places) <= most + len(scores)
    for held in scores:
        assert not any(held) or max(held[place] for place in places) == max(held)

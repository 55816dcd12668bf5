"""Rows that queries brought up, as arrays: each memory once, with all the evidence there is for it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from memcli.storage.candidates import COLUMNS, NO_POSITION, Candidates, collected
from memcli.storage.rows import memory_schema, units

DIMENSION = 3
MADE = datetime(2026, 5, 1, tzinfo=UTC)
SCHEMA = memory_schema(DIMENSION)
STRAIGHT = np.array([1.0, 0.0, 0.0], dtype=np.float32)


def row(memory: str, **about: Any) -> dict[str, Any]:
    """What the store has of *memory*."""
    said = {
        "id": memory,
        "space": "work",
        "conversation": "",
        "speaker": "",
        "importance": ord(memory[0]) / 1000,
    }
    return {**said, "position": None, "created_at": MADE, "used_at": None, "asks": False, **about}


def table(*rows: Mapping[str, Any]) -> pa.Table:
    """*rows* as LanceDB gives them."""
    return pa.Table.from_pylist(list(rows), schema=pa.schema([SCHEMA.field(name) for name in COLUMNS]))


def compared(
    rows: Mapping[str, Mapping[str, Any]],
    vectors: Mapping[str, Sequence[float]],
    scores: Mapping[str, Mapping[str, float]] | None = None,
    vector: NDArray[np.float32] = STRAIGHT,
) -> Candidates:
    """*rows* by id, all with *vectors*, compared with *vector*; *scores* of some of them by term."""
    held = {
        term: np.array([of_term.get(memory, 0.0) for memory in rows])
        for term, of_term in (scores or {}).items()
    }
    own = np.array([vectors[memory] for memory in rows], dtype=np.float32).reshape(len(rows), DIMENSION)
    return collected(table(*rows.values()), own, vector, held)


def read(rows: Mapping[str, Mapping[str, Any]], scores: Mapping[str, Mapping[str, float]]) -> Candidates:
    """*rows* by id without vectors, and *scores* of some of them by term."""
    held = {term: np.array([of_term.get(memory, 0.0) for memory in rows]) for term, of_term in scores.items()}
    return collected(table(*rows.values()), None, None, held)


def named(ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A row for each of *ids*."""
    return {memory: row(memory) for memory in ids}


def by_id(found: Candidates, values: Any) -> dict[str, Any]:
    """*values*, shape (n,), by memory."""
    return dict(zip(found.ids, values.tolist(), strict=True))


def test_columns_are_taken_as_they_are() -> None:
    """A turn's place, a fact's lack of one, times in UTC, what was never said as a value that says so."""
    hour = timedelta(hours=1)
    turn = row(
        "t",
        conversation="c",
        position=0,
        speaker="Ana",
        importance=0.9,
        used_at=MADE + hour,
        asks=True,
        space="s",
    )
    loose, bare = row("l", position=3), row("b", conversation="c", asks=None)
    found = read({"t": turn, "l": loose, "b": bare}, {"tea": {"l": 1.0, "b": 2.0}})
    assert found.ids == ("t", "l", "b")
    assert found.is_turn.tolist() == [True, False, False]
    assert found.position.tolist() == [0, NO_POSITION, NO_POSITION]
    assert found.conversation.tolist() == ["c", "", "c"]
    assert found.space.tolist() == ["s", "work", "work"]
    assert found.speaker.tolist() == ["Ana", "", ""]
    assert found.asks.tolist() == [True, False, False]
    assert found.importance.tolist() == [0.9, ord("l") / 1000, ord("b") / 1000]
    assert set(found.created_at) == {np.datetime64("2026-05-01", "us")}
    assert found.used_at[0] == np.datetime64("2026-05-01T01:00", "us")
    assert np.isnat(found.used_at).tolist() == [False, True, True]


def test_nothing_at_all_is_no_candidates() -> None:
    """No query, queries that found nothing, a vector or none."""
    none = np.empty((0, DIMENSION), dtype=np.float32)
    for terms in ((), ("tea",), ("tea", "ana")):
        for vectors in (None, none):
            for vector in (None, STRAIGHT):
                found = collected(table(), vectors, vector, {term: np.empty(0) for term in terms})
                assert (len(found), found.ids, found.terms) == (0, (), terms)
                assert found.term_scores.shape == (len(terms), 0)
                assert found.is_turn.shape == found.cosine.shape == found.talk.shape == (0,)


def test_without_a_vector_nothing_is_near() -> None:
    """Rows are candidates all the same; neither the query's nor theirs alone makes a cosine."""
    for vectors, vector in ((None, None), (None, STRAIGHT), (np.ones((2, DIMENSION), np.float32), None)):
        found = collected(table(row("a"), row("b")), vectors, vector, {"tea": np.array([0.0, 1.0])})
        assert found.ids == ("a", "b")
        assert np.isnan(found.cosine).all()
        assert (len(found.vectors.places), len(found.vectors.rows)) == (0, 0)


def test_a_vector_of_no_length_is_near_to_nothing() -> None:
    """On either side; nothing is divided by 0."""
    vectors = {"a": [0.0, 0.0, 0.0], "b": [0.0, 2.0, 0.0]}
    assert compared(named("ab"), vectors).cosine.tolist() == [0, 0]
    assert compared(named("b"), vectors, vector=np.zeros(3, dtype=np.float32)).cosine.tolist() == [0]


IDS = st.sampled_from("abcdef")
NUMBERS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
VECTORS = st.dictionaries(IDS, st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=6)
SOME = st.lists(IDS, unique=True)
TERMS = st.dictionaries(
    st.sampled_from(["tea", "ana", "floor"]), st.dictionaries(IDS, st.floats(0.125, 30, width=32))
)


@given(vectors=VECTORS, some=SOME, terms=TERMS, query=st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_each_memory_has_its_cosine_and_its_scores(
    vectors: Mapping[str, Sequence[float]],
    some: list[str],
    terms: Mapping[str, Mapping[str, float]],
    query: Sequence[float],
) -> None:
    """As reckoned one by one; what does not hold a term has no score for it."""
    vector = units(np.array([query], dtype=np.float32))[0]
    found = compared(named(some), vectors, terms, vector)
    assert found.ids == tuple(some)
    assert found.index == {memory: place for place, memory in enumerate(some)}
    for memory, cosine in by_id(found, found.cosine).items():
        assert cosine == pytest.approx(cosine_of(vectors[memory], query), abs=1e-5)
    assert found.importance.tolist() == [ord(memory) / 1000 for memory in some]
    assert found.terms == tuple(terms)
    for term, scores in zip(found.terms, found.term_scores, strict=True):
        assert by_id(found, scores) == {i: terms[term].get(i, 0.0) for i in some}
    assert [found.ids[place] for place in found.vectors.places] == some
    for memory, unit in zip(some, found.vectors.units(np.arange(len(some))), strict=True):
        length = np.linalg.norm(np.array(vectors[memory]))
        assert unit * length == pytest.approx(np.array(vectors[memory]), abs=1e-5)


@given(vectors=VECTORS, some=SOME, unseen=SOME, terms=TERMS, more=SOME)
def test_what_is_joined_is_as_if_collected_together(
    vectors: Mapping[str, Sequence[float]],
    some: list[str],
    unseen: list[str],
    terms: Mapping[str, Mapping[str, float]],
    more: list[str],
) -> None:
    """In whatever order, with every column, cosine and score; what was there keeps its place.

    What was not compared before, *unseen*, has a cosine and a vector if it has been now.
    """
    unseen = [memory for memory in unseen if memory not in some]
    before = compared(named(some), vectors, terms).joined(read(named(unseen), {}))
    assert before.ids == (*some, *unseen)
    assert np.isnan(before.cosine).tolist() == [False] * len(some) + [True] * len(unseen)
    joined = before.joined(compared(named(more), vectors))
    assert joined.ids[: len(before)] == before.ids
    every = list(dict.fromkeys((*some, *unseen, *more)))
    known = {term: {i: score for i, score in held.items() if i in some} for term, held in terms.items()}
    whole = compared(named(every), vectors, known)
    assert (set(joined.ids), joined.terms) == (set(every), whole.terms)
    places = [joined.index[memory] for memory in every]
    for name in (*COLUMNS[1:], "is_turn"):
        assert getattr(joined, name)[places].tolist() == getattr(whole, name).tolist()
    assert joined.term_scores[:, places].tolist() == whole.term_scores.tolist()
    cosines, seen = by_id(joined, joined.cosine), {*some, *more}
    for memory, cosine in by_id(whole, whole.cosine).items():
        if memory in seen:
            assert cosines[memory] == pytest.approx(cosine, abs=1e-6)
        else:
            assert np.isnan(cosines[memory])
    kept = {joined.ids[place]: i for i, place in enumerate(joined.vectors.places)}
    assert (set(kept), len(kept)) == (seen, len(joined.vectors.places))
    for memory, i in kept.items():
        assert joined.vectors.rows[i].tolist() == pytest.approx(vectors[memory])


def cosine_of(one: Sequence[float], other: Sequence[float]) -> Any:
    """The cosine of two vectors; 0 if one has no length."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / lengths if lengths else 0.0


@given(known=st.dictionaries(st.sampled_from("abcxyz"), st.floats(-1, 1)))
def test_what_is_known_of_passages_raises_a_cosine_and_never_lowers_it(known: dict[str, float]) -> None:
    """Of those that are candidates; the others stay as they are."""
    seen = compared(named("ab"), {"a": [0.6, 0.8, 0], "b": [-1, 0, 0]})
    before = seen.joined(read(named("c"), {}))
    after = by_id(before.with_cosines(known), before.with_cosines(known).cosine)
    assert after["a"] == pytest.approx(max(0.6, known.get("a", -1.0)), abs=1e-6)
    assert after["b"] == pytest.approx(max(-1.0, known.get("b", -1.0)), abs=1e-6)
    assert after["c"] == pytest.approx(known["c"]) if "c" in known else np.isnan(after["c"])
    assert by_id(before, before.cosine)["a"] == pytest.approx(0.6, abs=1e-6)


@given(
    places=st.lists(
        st.tuples(st.sampled_from(["", "a", "ab"]), st.sampled_from(["", "b", "ab"])), min_size=1, max_size=8
    )
)
def test_a_conversation_is_one_of_a_space(places: list[tuple[str, str]]) -> None:
    """Two in one space or of one name are not the same for that."""
    rows = [row(str(i), space=s, conversation=c) for i, (s, c) in enumerate(places)]
    talk = collected(table(*rows), None, None, {}).talk
    for i, one in enumerate(places):
        for j, other in enumerate(places):
            assert (talk[i] == talk[j]) == (one == other)

"""Rows that queries brought up, as arrays: each memory once, with all the evidence there is for it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.storage.candidates import COLUMNS, NO_POSITION, Candidates, collected
from memcli.storage.rows import VECTOR, memory_schema

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


def table(rows: Sequence[Mapping[str, Any]], extra: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """*rows* as LanceDB gives them; *extra* columns besides `COLUMNS`."""
    fields = [SCHEMA.field(name) for name in COLUMNS]
    fields += [pa.field(name, kind) for name, kind in (extra or {}).items()]
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields))


def near(*rows: Mapping[str, Any]) -> pa.Table:
    """Rows with vectors."""
    return table(rows, {VECTOR: SCHEMA.field(VECTOR).type})


def holding(*rows: Mapping[str, Any]) -> pa.Table:
    """Rows with scores."""
    return table(rows, {"_score": pa.float32()})


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
    found = collected(
        [near({**turn, VECTOR: [1, 0, 0]})],
        STRAIGHT,
        {"tea": holding({**loose, "_score": 1.0}, {**bare, "_score": 2.0})},
    )
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
    for compared in ([], [near()], [near(), near()]):
        for scored in ({}, {"tea": holding()}, {"tea": holding(), "ana": holding()}):
            for vector in (None, STRAIGHT):
                found = collected(compared, vector, scored)
                assert (len(found), found.ids, found.terms) == (0, (), tuple(scored))
                assert found.term_scores.shape == (len(scored), 0)
                assert found.is_turn.shape == found.cosine.shape == found.talk.shape == (0,)


def test_without_a_vector_nothing_is_near() -> None:
    """Rows are candidates all the same."""
    found = collected([table([row("a")])], None, {"tea": holding({**row("b"), "_score": 1.0})})
    assert found.ids == ("a", "b")
    assert np.isnan(found.cosine).all()
    assert (len(found.vectors.places), len(found.vectors.rows)) == (0, 0)


def test_a_vector_of_no_length_is_near_to_nothing() -> None:
    """On either side; nothing is divided by 0."""
    none = [0.0, 0.0, 0.0]
    found = collected([near({**row("a"), VECTOR: none}, {**row("b"), VECTOR: [0, 2, 0]})], STRAIGHT, {})
    assert found.cosine.tolist() == [0, 0]
    found = collected([near({**row("b"), VECTOR: [0, 2, 0]})], np.zeros(3, dtype=np.float32), {})
    assert found.cosine.tolist() == [0]


IDS = st.sampled_from("abcdef")
NUMBERS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
VECTORS = st.dictionaries(IDS, st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=6)
PARTS = st.lists(st.lists(IDS, unique=True), max_size=3)
TERMS = st.dictionaries(
    st.sampled_from(["tea", "ana", "floor"]), st.dictionaries(IDS, st.floats(0.125, 30, width=32))
)


@given(vectors=VECTORS, parts=PARTS, terms=TERMS, query=st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_each_memory_is_there_once_with_its_cosine_and_its_scores(
    vectors: Mapping[str, Sequence[float]],
    parts: list[list[str]],
    terms: Mapping[str, Mapping[str, float]],
    query: Sequence[float],
) -> None:
    """As reckoned one by one; what was not compared has no cosine, what does not hold a term no score."""
    vector = np.array(query, dtype=np.float32)
    compared = [near(*({**row(i), VECTOR: list(vectors[i])} for i in part)) for part in parts]
    scored = {
        term: holding(*({**row(i), "_score": s} for i, s in held.items())) for term, held in terms.items()
    }
    found = collected(compared, vector, scored)
    near_ids = {i for part in parts for i in part}
    assert sorted(found.ids) == sorted(near_ids | {i for held in terms.values() for i in held})
    assert found.index == {memory: place for place, memory in enumerate(found.ids)}
    for memory, cosine in by_id(found, found.cosine).items():
        if memory in near_ids:
            assert cosine == pytest.approx(cosine_of(vectors[memory], query), abs=1e-5)
        else:
            assert np.isnan(cosine)
    assert found.importance.tolist() == [ord(memory) / 1000 for memory in found.ids]
    for term, scores in zip(found.terms, found.term_scores, strict=True):
        assert by_id(found, scores) == {i: terms[term].get(i, 0.0) for i in found.ids}
    assert found.terms == tuple(terms)
    assert {found.ids[place] for place in found.vectors.places} == near_ids
    units = found.vectors.units(np.arange(len(found.vectors.places)))
    for place, unit in zip(found.vectors.places, units, strict=True):
        length = np.linalg.norm(np.array(vectors[found.ids[place]]))
        assert unit * length == pytest.approx(np.array(vectors[found.ids[place]]), abs=1e-5)


@given(vectors=VECTORS, parts=PARTS, terms=TERMS, more=PARTS)
def test_what_is_joined_is_as_if_collected_together(
    vectors: Mapping[str, Sequence[float]],
    parts: list[list[str]],
    terms: Mapping[str, Mapping[str, float]],
    more: list[list[str]],
) -> None:
    """In whatever order, with every column, cosine and score; what was there keeps its place."""

    def compared(some: list[list[str]]) -> list[pa.Table]:
        return [near(*({**row(i), VECTOR: list(vectors[i])} for i in part)) for part in some]

    scored = {
        term: holding(*({**row(i), "_score": s} for i, s in held.items())) for term, held in terms.items()
    }
    before = collected(compared(parts), STRAIGHT, scored)
    joined = before.joined(collected(compared(more), STRAIGHT, {}))
    whole = collected(compared([*parts, *more]), STRAIGHT, scored)
    assert joined.ids[: len(before)] == before.ids
    assert (set(joined.ids), joined.terms) == (set(whole.ids), whole.terms)
    places = [joined.index[memory] for memory in whole.ids]
    for name in (*COLUMNS[1:], "is_turn"):
        assert getattr(joined, name)[places].tolist() == getattr(whole, name).tolist()
    assert joined.cosine[places] == pytest.approx(whole.cosine, abs=1e-6, nan_ok=True)
    assert joined.term_scores[:, places].tolist() == whole.term_scores.tolist()
    for found in (joined, whole):
        kept = {found.ids[place]: i for i, place in enumerate(found.vectors.places)}
        assert len(kept) == len(found.vectors.places)
        for memory, i in kept.items():
            assert found.vectors.rows[i].tolist() == pytest.approx(vectors[memory])
    assert {joined.ids[i] for i in joined.vectors.places} == {whole.ids[i] for i in whole.vectors.places}


def cosine_of(one: Sequence[float], other: Sequence[float]) -> Any:
    """The cosine of two vectors; 0 if one has no length."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / lengths if lengths else 0.0


@given(known=st.dictionaries(st.sampled_from("abcxyz"), st.floats(-1, 1)))
def test_what_is_known_of_passages_raises_a_cosine_and_never_lowers_it(known: dict[str, float]) -> None:
    """Of those that are candidates; the others stay as they are."""
    before = collected(
        [near({**row("a"), VECTOR: [0.6, 0.8, 0]}, {**row("b"), VECTOR: [-1, 0, 0]})],
        STRAIGHT,
        {"tea": holding({**row("c"), "_score": 1.0})},
    )
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
    rows = [{**row(str(i), space=s, conversation=c), VECTOR: [1, 0, 0]} for i, (s, c) in enumerate(places)]
    talk = collected([near(*rows)], STRAIGHT, {}).talk
    for i, one in enumerate(places):
        for j, other in enumerate(places):
            assert (talk[i] == talk[j]) == (one == other)

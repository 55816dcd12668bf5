"""The second look at the best hits: a pure step, and the engine's door to the model that takes it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.config import Config
from memcli.errors import EmbeddingError
from memcli.model import Draft, Hit, Reranker, Scope
from memcli.services import recall, remember, reranking
from memcli.services.engine import Engine
from memcli.settings import RerankSettings
from tests import crossencoder
from tests.conftest import NOW

WORDS = "the cat is called miso dog rex sleeps"


class Opinions:
    """A reranker whose opinions are given, by text; it notes what it was asked."""

    def __init__(self, **opinions: float) -> None:
        self.opinions = opinions
        self.asked: list[tuple[str, list[str]]] = []

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """See `memcli.model.Reranker`."""
        self.asked.append((query, list(texts)))
        return [self.opinions.get(text, 0.0) for text in texts]


class Broken:
    """A reranker that fails."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """See `memcli.model.Reranker`."""
        raise EmbeddingError("the reranker broken failed: of no memory")


def hit(text: str, score: float, **about: Any) -> Hit:
    """A hit whose id is its text."""
    values: dict[str, Any] = {"id": text, "title": "", "space": "s", "created_at": NOW, "updated_at": NOW}
    return Hit(text=text, score=score, similarity=score / 2, decay=1.0, **{**values, **about})


HITS = [hit("a", 0.9), hit("b", 0.7), hit("c", 0.4), hit("d", 0.1)]


def test_the_best_hits_come_in_the_order_of_the_opinions() -> None:
    """Scores stay with the places, the rest of a hit with the hit; nothing is lost."""
    again = reranking.reranked("q", HITS, Opinions(a=0.1, b=0.9, c=0.5, d=0.99), candidates=3)
    assert [one.id for one in again] == ["b", "c", "a", "d"]
    assert [one.score for one in again] == [0.9, 0.7, 0.4, 0.1]
    assert [one.similarity for one in again] == [0.35, 0.2, 0.45, 0.05]
    assert [one.signals for one in again] == [None] * 4


def test_only_the_candidates_are_read() -> None:
    """That is what the number is for."""
    model = Opinions()
    reranking.reranked("what", HITS, model, candidates=2)
    assert model.asked == [("what", ["a", "b"])]


def test_an_explanation_has_the_opinion_besides() -> None:
    """Of the hits that were read."""
    explained = [hit("a", 0.9, signals={"cosine": 0.5}), hit("b", 0.7, signals={"cosine": 0.4})]
    best, rest = reranking.reranked("q", explained, Opinions(a=0.25), candidates=1)
    assert best.signals == {"cosine": 0.5, "rerank": {"value": 0.25, "rank": 1}}
    assert rest.signals == {"cosine": 0.4}
    assert explained[0].signals == {"cosine": 0.5}


shares = st.floats(0, 1)


@given(
    pairs=st.lists(st.tuples(shares, st.sampled_from([0.0, 0.2, 0.5, 1.0]))),
    candidates=st.integers(1, 12),
)
def test_a_second_look_orders_and_does_nothing_else(
    pairs: list[tuple[float, float]], candidates: int
) -> None:
    """The same hits, scores by place, falling opinions, equals as they were, the others untouched."""
    pairs.sort(key=lambda pair: -pair[0])
    before = [hit(str(number), score, signals={}) for number, (score, _) in enumerate(pairs)]
    model = Opinions(**{str(number): opinion for number, (_, opinion) in enumerate(pairs)})
    after = reranking.reranked("q", before, model, candidates=candidates)
    assert sorted(one.id for one in after) == sorted(one.id for one in before)
    assert [one.score for one in after] == [one.score for one in before]
    order = [(-model.opinions[one.id], int(one.id)) for one in after[:candidates]]
    assert order == sorted(order)
    assert after[candidates:] == before[candidates:]


def test_who_said_it_is_part_of_what_is_read() -> None:
    """As in the vectors."""
    model = Opinions()
    reranking.reranked("q", [hit("I moved", 0.5, speaker="Ana"), hit("b", 0.1)], model, candidates=5)
    assert model.asked == [("q", ["Ana: I moved", "b"])]


def test_of_a_long_memory_the_part_that_the_query_is_about_is_read() -> None:
    """Not merely its beginning; and no query is read beyond what a memory may have."""
    model = Opinions()
    text = "filler words here. " * 300 + "the zebra finch sings at dawn " + "more filler. " * 300
    reranking.reranked("When does the Zebra finch sing? " + "x" * 5000, [hit(text, 0.5)], model, candidates=1)
    [(query, [part])] = model.asked
    assert "the zebra finch sings at dawn" in part
    assert len(part) == len(query) == reranking.EXCERPT


@given(text=st.text(max_size=60), query=st.text(max_size=20), longest=st.integers(2, 20))
def test_an_excerpt_is_a_part_of_bounded_length(text: str, query: str, longest: int) -> None:
    """Whatever is in it; of a short text it is all."""
    part = reranking.excerpt(text, query, longest)
    assert part in text
    assert len(part) == len(text) if len(text) <= longest else 0 < len(part) <= longest


@given(before=st.text("ab ", max_size=40), after=st.text("ab ", max_size=40))
def test_no_place_in_a_text_is_overlooked(before: str, after: str) -> None:
    """A word shorter than half a part is whole in one of them."""
    assert "zzz" in reranking.excerpt(before + "zzz" + after, "zzz", 8)


def test_a_huge_text_is_looked_through_quickly_and_not_to_its_end() -> None:
    """Ten megabytes are what a memory may have; the work is bounded."""
    text = "word " * 2_000_000
    assert reranking.excerpt(text + "needle", "needle") == text[: reranking.EXCERPT]


# --- the engine's door ---


@pytest.fixture
def with_model(make_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    """An engine for which a reranker is configured."""

    def make(name: str, candidates: int = 30, **about: Any) -> Engine:
        return make_engine(Config(rerank=RerankSettings(model=name, candidates=candidates)), **about)

    return make


def test_without_a_reranker_hits_stay_as_they_are(engine: Engine) -> None:
    """The default; and fastembed is not imported for it."""
    assert engine.reranker is None
    assert reranking.rerank(engine, "q", HITS) == HITS


def test_a_given_reranker_is_used_for_as_many_as_configured(with_model: Callable[..., Engine]) -> None:
    """Before the configured one, which is not even looked for."""
    model = Opinions(b=1.0)
    engine = with_model("nosuch", candidates=2, reranker=model)
    assert [one.id for one in reranking.rerank(engine, "q", HITS)] == ["b", "a", "c", "d"]
    assert reranking.rerank(engine, "q", []) == []
    assert len(model.asked) == 1


def test_as_many_hits_are_to_be_found_as_will_be_read(
    engine: Engine, with_model: Callable[..., Engine]
) -> None:
    """Where somebody reads them; never fewer than are to be given."""
    reading = with_model("", candidates=30, reranker=Opinions())
    assert [reranking.reach(reading, limit) for limit in (1, 30, 50)] == [30, 30, 50]
    assert [reranking.reach(one, 5) for one in (engine, with_model("/nowhere"))] == [5, 5]


def test_a_directory_with_a_cross_encoder_reorders_what_a_search_found(
    with_model: Callable[..., Engine], scope: Scope, tmp_path: Path
) -> None:
    """Through the real fastembed: the hits of a real search, in another order."""
    engine = with_model(str(crossencoder.make(tmp_path / "model", WORDS)))
    texts = {"dog": "the dog is called Rex", "nap": "the nap", "cat": "the cat is called Miso"}
    remember.store_all(engine, [Draft(text=text, scope=scope, id=i) for i, text in texts.items()])
    found = recall.search(engine, "is the dog called Rex", scope=scope, explain=True)
    again = reranking.rerank(engine, "the cat called", found)
    assert (found[0].id, len(found)) == ("dog", 3)
    assert [one.id for one in again] == ["cat", "dog", "nap"]
    assert [one.score for one in again] == [one.score for one in found]
    for rank, one in enumerate(again, start=1):
        wanted = crossencoder.expected("the cat called", one.text, WORDS)
        assert (one.signals or {})["rerank"] == {"value": pytest.approx(wanted, abs=1e-4), "rank": rank}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Xenova/ms-marco-MiniLM-L-6-v2",
            "the reranker Xenova/ms-marco-MiniLM-L-6-v2 is not on this machine "
            "(run: memcli model pull Xenova/ms-marco-MiniLM-L-6-v2)",
        ),
        ("ms-marco-MiniLM-L-6", "did you mean Xenova/ms-marco-MiniLM-L-6-v2"),
        ("BAAI/bge-small-en-v1.5", "makes vectors and is no reranker"),
        ("/nowhere", "there is no model or directory /nowhere"),
        ("~nobody-here/x", "there is no model or directory"),
        ("x" * 5000, "there is no model or directory"),
    ],
)
def test_a_reranker_that_can_not_be_had_is_a_warning_and_nothing_else(
    with_model: Callable[..., Engine], name: str, said: str
) -> None:
    """Said once, with what to do, however many searches there are."""
    warned: list[str] = []
    engine = with_model(name, warned=warned.append)
    for _ in range(3):
        assert reranking.rerank(engine, "q", HITS) == HITS
    [sentence] = warned
    assert sentence.startswith("hits are not reranked: ")
    assert said in sentence
    assert "\n" not in sentence


def test_files_that_are_damaged_are_a_warning_too(with_model: Callable[..., Engine], tmp_path: Path) -> None:
    """And so is a directory with another kind of model."""
    warned: list[str] = []
    broken = crossencoder.make(tmp_path / "broken", WORDS)
    (broken / "model.onnx").write_bytes(b"\x00")
    classes = crossencoder.make(tmp_path / "classes", WORDS, outputs=3)
    for path in (broken, classes, tmp_path):
        assert reranking.rerank(with_model(str(path), warned=warned.append), "q", HITS) == HITS
    assert len(warned) == 3
    assert all(str(tmp_path) in sentence for sentence in warned)


def test_a_reranker_that_fails_at_its_work_is_a_warning_too(make_engine: Callable[..., Engine]) -> None:
    """Once; the hits are those that were found."""
    warned: list[str] = []
    broken: Reranker = Broken()
    engine = make_engine(reranker=broken, warned=warned.append)
    assert [reranking.rerank(engine, "q", HITS) for _ in range(2)] == [HITS, HITS]
    assert warned == ["hits are not reranked: the reranker broken failed: of no memory"]


def test_the_module_imports_nothing_heavy() -> None:
    """The door is the engine's."""
    code = """
import sys
import memcli.services.reranking
print(sorted({"lancedb", "fastembed", "pyarrow", "numpy", "onnxruntime"} & sys.modules.keys()))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"

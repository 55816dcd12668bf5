"""What is known about questions to the bundled model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from memcli.embedding.questions import ARTEFACT, LEVELS, NEIGHBOURHOOD, Questions, quantized
from memcli.embedding.vectors import FastembedEmbedder
from memcli.home import Home
from memcli.services.engine import Engine
from tests.wordhash import WordHashEmbedder

MEMORY = [
    "Where did I leave my bicycle?",
    "What is my sister's husband called?",
    "When is our next dentist appointment?",
    "Which database do we use for the billing service?",
    "What did Maria say about the budget?",
    "Who is responsible for the deployment of our shop?",
]
"""Asked of one's own memory."""

GENERAL = [
    "What is the capital of Mongolia?",
    "How do I reverse a linked list in Python?",
    "Who wrote Pride and Prejudice?",
    "How many legs does a spider have?",
    "What does photosynthesis mean?",
    "Write a poem about the sea",
]
"""Asked of anybody."""


@pytest.fixture(scope="module")
def known(bundled: FastembedEmbedder) -> Questions:
    """What is known to the bundled model."""
    questions = Questions.load(bundled.model)
    assert questions is not None
    return questions


@pytest.mark.parametrize("text", MEMORY + GENERAL)
def test_the_kind_of_a_question(bundled: FastembedEmbedder, known: Questions, text: str) -> None:
    """Of clear cases that nobody trained with."""
    kind = known.kind(bundled.embed_queries([text])[0])
    assert (kind > 0) == (text in MEMORY)
    assert abs(kind) < 4


def test_the_artefact_is_small_and_whole() -> None:
    """It is in every installation."""
    assert ARTEFACT.stat().st_size < 2_000_000
    with np.load(ARTEFACT) as stored:
        assert set(stored) == {"units", "scale", "weights", "bias", "bank"}
        assert stored["units"].dtype == np.int8
        assert stored["units"].shape == (len(stored["weights"]), 384)
        assert NEIGHBOURHOOD < stored["bank"] < len(stored["units"])
        lengths = np.linalg.norm(stored["units"] * stored["scale"], axis=1)
    assert lengths == pytest.approx(np.ones(len(lengths)), abs=0.02)


def test_of_another_model_nothing_is_known(bundled: FastembedEmbedder) -> None:
    """Its vectors mean something else; nor without a model."""
    assert Questions.load(None) is None
    assert Questions.load(WordHashEmbedder().model) is None
    assert Questions.load(replace(bundled.model, name="/home/ana/all-MiniLM-L6-v2-int8")) is None


def test_an_engine_knows_what_is_known_to_the_model_of_its_store(
    engine: Engine, bundled: FastembedEmbedder, tmp_path: Path
) -> None:
    """Which another model does not use, nor an empty store."""
    from memcli.config import Config
    from memcli.model import Scope
    from memcli.services import remember

    scope = Scope("work", "me")
    home = Home(config_file=tmp_path / "c.toml", data=tmp_path / "real")
    for one, expected in ((engine, False), (Engine(Config(), home, embedder=bundled), True)):
        remember.store(one, "tea", scope=scope)
        assert (one.questions is not None) == expected


def test_hubness_is_the_mean_cosine_to_the_nearest_questions(
    bundled: FastembedEmbedder, known: Questions
) -> None:
    """As reckoned by sorting; a question is nearer to questions than a log line is."""
    units = bundled.embed_documents([*MEMORY, "0x7f3a 00 00 ff", "E1047"])
    hubs = known.hubness(units)
    assert hubs.shape == (len(units),)
    assert hubs.dtype == np.float64
    with np.load(ARTEFACT) as stored:
        bank = stored["units"][: int(stored["bank"])].astype(np.float32) * stored["scale"]
    naive = np.sort(units @ bank.T, axis=1)[:, -NEIGHBOURHOOD:].mean(axis=1)
    assert hubs == pytest.approx(naive, abs=1e-5)
    assert hubs[: len(MEMORY)].min() > hubs[len(MEMORY) :].max()
    assert known.hubness(np.empty((0, 384), dtype=np.float32)).shape == (0,)


def test_a_kind_is_a_sum_over_all_questions_by_their_nearness() -> None:
    """Of two, one for and one against, each decides near to itself; far from both the bias does."""
    known = Questions(
        units=np.array([[127, 0], [0, 127]], dtype=np.int8),
        scale=1 / 127,
        weights=[1.0, -1.0],
        bias=0.25,
        bank=1,
    )
    ahead, against, away = (known.kind(np.array(v, dtype=np.float32)) for v in ([1, 0], [0, 1], [-40, -40]))
    assert ahead == pytest.approx(0.25 + 1 - np.exp(-1))
    assert against == pytest.approx(0.25 - 1 + np.exp(-1))
    assert away == pytest.approx(0.25)


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.integers(1, 8)),
        elements=st.floats(-1, 1, width=32),
    ).filter(lambda vectors: float(np.abs(vectors).max()) > 1e-3)
)
def test_what_is_quantized_comes_back_to_half_a_level(vectors: NDArray[np.float32]) -> None:
    """And uses all the levels that there are."""
    units, scale = quantized(vectors)
    assert units.dtype == np.int8
    assert int(np.abs(units.astype(int)).max()) == LEVELS
    assert units * scale == pytest.approx(vectors, abs=scale / 2 + 1e-6)


def test_training_data_and_artefact_belong_together(bundled: FastembedEmbedder) -> None:
    """The bank is the first questions of the facts; what it is checked with, here too, is not in there."""
    from tests.training.questions import rows

    facts = rows("paraphrases.jsonl")
    with np.load(ARTEFACT) as stored:
        assert int(stored["bank"]) == len(facts)
        total = 2 * len(facts) + len(rows("questions_memory.jsonl")) + len(rows("questions_general.jsonl"))
        assert len(stored["units"]) == total
        some = [0, len(facts) // 2, len(facts) - 1]
        vectors = bundled.embed_queries([facts[i]["queries"][0] for i in some])
        assert stored["units"][some] * stored["scale"] == pytest.approx(vectors, abs=0.02)
    trained = {query for fact in facts for query in fact["queries"]}
    trained |= {
        row["text"] for name in ("questions_memory", "questions_general") for row in rows(f"{name}.jsonl")
    }
    held_out = rows("paraphrases_heldout.jsonl") + rows("unrelated_heldout.jsonl")
    assert not trained & {*MEMORY, *GENERAL, *(row["text"] for row in held_out)}

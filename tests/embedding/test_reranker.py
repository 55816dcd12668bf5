"""From a cross-encoder's name to scores, through fastembed with a real network."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import memcli
from memcli.embedding import catalog, embedder, reranker
from memcli.embedding.download import pull
from memcli.errors import EmbeddingError, NotFoundError, UsageError
from tests import crossencoder
from tests.embedding.conftest import Hub

MODEL = "Xenova/ms-marco-MiniLM-L-6-v2"
"""A reranker of fastembed's list, whose place the one made here takes."""

WORDS = "the cat is called miso dog rex sleeps green tea"
TEXTS = ["the dog is called Rex", "the cat is called Miso", "green tea", ""]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory of the user's with a cross-encoder."""
    return crossencoder.make(tmp_path / "mine", WORDS)


def load(path: Path | str, **about: int) -> reranker.FastembedReranker:
    """The reranker at *path*."""
    return reranker.load(str(path), models_dir=Path("nowhere"), **about)


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_scores_are_probabilities_in_the_order_of_the_texts(folder: Path, threads: int) -> None:
    """Of query and text together: the sigmoid of what the network says of each pair."""
    scores = load(folder, threads=threads).scores("what is the cat called", TEXTS)
    wanted = [crossencoder.expected("what is the cat called", text, WORDS) for text in TEXTS]
    assert scores == pytest.approx(wanted, abs=1e-6)
    assert scores[1] == max(scores) > 0.9
    assert scores[3] == pytest.approx(1 / (1 + math.e))


def test_query_and_text_are_told_apart(folder: Path) -> None:
    """Words of the query alone, or of the text alone, are not shared, however often they come."""
    one, none = load(folder).scores("cat cat cat", ["cat dog dog dog", "dog dog dog"])
    assert one == pytest.approx(crossencoder.expected("cat", "cat", WORDS), abs=1e-6)
    assert none == pytest.approx(crossencoder.expected("cat", "", WORDS), abs=1e-6)


def test_a_score_does_not_depend_on_the_company(folder: Path) -> None:
    """Short and long texts together or alone, none or many."""
    model = load(folder)
    texts = [*TEXTS, "cat " * 40, *TEXTS]
    together = model.scores("cat called", texts)
    assert together == [model.scores("cat called", [text])[0] for text in texts]
    assert model.scores("cat", []) == []


def test_what_does_not_fit_is_cut_and_never_fails(folder: Path) -> None:
    """At the model's own limit; the longer of the two gives way."""
    model = load(folder)
    long = "green " * 500
    assert model.scores("cat", [long + "cat"]) == model.scores("cat", [long])
    assert model.scores("cat " + "sleeps " * 500, ["cat"])[0] > 0.7
    for odd in ("", " ", "\x00", "🐈" * 300, "?!"):
        assert all(0 <= score <= 1 for score in model.scores(odd, [odd, "cat"]))


def test_no_pair_is_longer_than_our_window(tmp_path: Path) -> None:
    """Some models would take 8,192 tokens, at a price nobody would wait for."""
    model = load(crossencoder.make(tmp_path / "wide", WORDS, window=8192))
    assert model.scores("cat", ["green " * 400 + "cat"])[0] > 0.7
    assert model.scores("cat", ["green " * (reranker.WINDOW + 50) + "cat"])[0] < 0.3


@given(logit=st.floats(allow_nan=False))
def test_every_logit_is_a_probability(logit: float) -> None:
    """Infinite ones too; two that differ by sign add up to 1."""
    assert 0 <= reranker.probability(logit) <= 1
    assert reranker.probability(logit) + reranker.probability(-logit) == pytest.approx(1)


@given(low=st.floats(-1e3, 1e3), high=st.floats(-1e3, 1e3))
def test_probabilities_keep_the_order_of_logits(low: float, high: float) -> None:
    """And 0 is even."""
    low, high = sorted((low, high))
    assert reranker.probability(low) <= reranker.probability(high)
    assert reranker.probability(0) == 0.5


@pytest.mark.parametrize("file", ["onnx/model.onnx", "model_quantized.onnx", "odd-name.onnx"])
def test_the_network_may_lie_where_networks_lie(tmp_path: Path, file: str) -> None:
    """As for models that make vectors."""
    assert load(crossencoder.make(tmp_path / "m", WORDS, file=file)).scores("cat", ["cat"])[0] > 0.7


def test_two_directories_are_two_models(tmp_path: Path) -> None:
    """In one process, and each may be loaded again."""
    strong = crossencoder.make(tmp_path / "strong", WORDS, weight=5)
    weak = crossencoder.make(tmp_path / "weak", WORDS, weight=1)
    for _ in range(2):
        assert load(strong).scores("cat", ["cat"])[0] > 0.9
        assert load(weak).scores("cat", ["cat"]) == [0.5]
    assert not [info for info in catalog.available(tmp_path) if info.state == "directory"]


def test_a_pulled_reranker_is_loaded_by_its_name(hub: Callable[..., Hub], tmp_path: Path) -> None:
    """From the hub to scores, the way that models for vectors go; the catalog knows what it is."""
    made = crossencoder.make(tmp_path / "made", WORDS, file="onnx/model.onnx")
    files = {str(file.relative_to(made)): file.read_bytes() for file in made.rglob("*") if file.is_file()}
    hub({**files, "onnx/model_fp16.onnx": b"not wanted"}, repository=MODEL)
    models = tmp_path / "models"
    assert catalog.describe(MODEL, models).state == "can be pulled"
    path = pull(MODEL.lower(), models_dir=models)
    assert {str(f.relative_to(path)) for f in path.rglob("*") if f.is_file()} == set(files)
    info = catalog.describe(MODEL.upper(), models)
    assert (info.name, info.kind, info.state, info.dimension) == (MODEL, "reranker", "downloaded", None)
    assert info.use == f"memcli config set rerank.model {MODEL}"
    loaded = reranker.load(MODEL.lower(), models_dir=models)
    assert loaded.name == MODEL
    assert loaded.scores("cat called", TEXTS)[1] > 0.9


def test_a_reranker_that_was_not_pulled_says_how_to(tmp_path: Path) -> None:
    """Loading never downloads."""
    with pytest.raises(EmbeddingError, match=f"the reranker {MODEL} is not on this machine") as caught:
        reranker.load(MODEL.lower(), models_dir=tmp_path)
    assert caught.value.hint == f"run: memcli model pull {MODEL}"


def test_without_a_hub_the_hint_is_about_rerankers(tmp_path: Path) -> None:
    """A directory is used by a setting, not by `model use`."""
    with pytest.raises(EmbeddingError, match="cannot reach the model hub") as caught:
        pull(MODEL, models_dir=tmp_path)
    assert "memcli config set rerank.model DIR" in caught.value.hint
    assert "memcli model use" not in caught.value.hint


@pytest.mark.parametrize("name", [catalog.BUNDLED, "BAAI/bge-small-en-v1.5"])
def test_a_model_that_makes_vectors_is_no_reranker(name: str, tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(UsageError, match="makes vectors and is no reranker"):
        reranker.load(name, models_dir=tmp_path)


def test_a_network_without_one_score_for_a_pair_is_no_reranker(tmp_path: Path) -> None:
    """One that makes vectors, or one that sorts into classes, would give nonsense without a word."""
    for path in (catalog.bundled_path(), crossencoder.make(tmp_path / "classes", WORDS, outputs=3)):
        with pytest.raises(EmbeddingError, match="does not give one score"):
            load(path)
    assert load(crossencoder.make(tmp_path / "open", WORDS, outputs="labels")).scores("cat", ["cat"])


def test_a_reranker_makes_no_vectors(folder: Path) -> None:
    """The other way round, with what it can be used for instead."""
    for name in (MODEL, str(folder)):
        with pytest.raises(UsageError, match="is a reranker and makes no vectors") as caught:
            embedder.load(name, models_dir=folder)
        assert caught.value.hint == f"run: memcli config set rerank.model {name}"


def test_a_directory_says_what_it_is_and_is_not_pulled(folder: Path) -> None:
    """As its config.json has it."""
    info = catalog.describe(str(folder), folder)
    assert (info.kind, info.state, info.dimension) == ("reranker", "directory", None)
    with pytest.raises(UsageError, match="already on this machine") as caught:
        pull(str(folder), models_dir=folder)
    assert caught.value.hint == f"run: memcli config set rerank.model {folder}"


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_missing_or_damaged_file_is_one_sentence(
    folder: Path, file: str, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever the libraries raise, and nothing of theirs on standard error."""
    (folder / file).unlink() if damage == "missing" else (folder / file).write_bytes(b"\x00damaged")
    with pytest.raises(EmbeddingError, match=str(folder)) as caught:
        load(folder)
    assert "\n" not in caught.value.sentence
    assert capfd.readouterr() == ("", "")


def test_a_network_that_fails_is_one_sentence(tmp_path: Path) -> None:
    """Or gives what is no number, which nothing could be ordered by."""
    with pytest.raises(EmbeddingError, match="its score is no number"):
        load(crossencoder.make(tmp_path / "nan", WORDS, weight=math.nan)).scores("cat", ["cat", "dog"])
    broken = load(crossencoder.make(tmp_path / "broken", WORDS))
    broken._library.model.tokenizer = None  # type: ignore[attr-defined]
    with pytest.raises(EmbeddingError, match="failed") as caught:
        broken.scores("cat", ["cat"])
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("name", ["xyzzy", "~nobody-here/x", "x" * 5000, "a\0b"])
def test_a_name_that_is_nothing_is_not_found(name: str, tmp_path: Path) -> None:
    """However odd."""
    with pytest.raises(NotFoundError):
        reranker.load(name, models_dir=tmp_path)


def test_a_typing_error_leads_to_the_right_name(tmp_path: Path) -> None:
    """Rerankers are among the names that are offered."""
    with pytest.raises(NotFoundError) as caught:
        catalog.describe("ms-marco-MiniLM-L6-v2", tmp_path)
    assert MODEL in caught.value.hint


def test_loading_imports_no_download_library(folder: Path, tmp_path: Path) -> None:
    """Neither beside an embedder nor alone; later imports are real."""
    code = f"""
import sys
from pathlib import Path
from memcli.embedding import reranker
assert 0 < reranker.load({str(folder)!r}, models_dir=Path('x')).scores('cat', ['cat'])[0] < 1
heavy = {{'huggingface_hub', 'requests', 'PIL', 'loguru'}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import huggingface_hub, loguru
assert huggingface_hub.snapshot_download.__name__ == 'snapshot_download'
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(memcli.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")

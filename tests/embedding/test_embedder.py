"""From a model's name to an embedder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import memcli
from memcli.embedding import catalog, prefixes
from memcli.embedding.embedder import load
from memcli.errors import EmbeddingError, NotFoundError, UsageError
from memcli.model import EmbeddingModel

if TYPE_CHECKING:
    from memcli.embedding.vectors import FastembedEmbedder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory of the user's with an ONNX model."""
    return shutil.copytree(catalog.bundled_path(), tmp_path / "my-model")


def test_the_bundled_model_is_what_it_says(bundled: FastembedEmbedder) -> None:
    """The store records exactly this beside its vectors."""
    assert bundled.model == EmbeddingModel(name=catalog.BUNDLED, dimension=384, pooling="mean")


def test_a_directory_gives_the_same_vectors_as_the_bundled_model(
    folder: Path, bundled: FastembedEmbedder
) -> None:
    """Same files, same vectors; the name is the absolute path."""
    mine = load(str(folder), models_dir=folder)
    assert mine.model == EmbeddingModel(name=str(folder), dimension=384, pooling="mean")
    assert (mine.embed_queries(["an owl"]) == bundled.embed_queries(["an owl"])).all()


def test_the_network_may_lie_in_a_folder_called_onnx(folder: Path) -> None:
    """That is where exports for the web put it."""
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert load(str(folder), models_dir=folder).model.dimension == 384


def test_pooling_is_read_from_the_directory_and_can_be_overruled(folder: Path) -> None:
    """sentence-transformers' settings count, those of the caller more."""
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    cls, mean = load(str(folder), models_dir=folder), load(str(folder), models_dir=folder, pooling="mean")
    assert (cls.model.pooling, mean.model.pooling) == ("cls", "mean")
    assert not np.allclose(cls.embed_queries(["an owl"]), mean.embed_queries(["an owl"]))


def test_an_unsupported_pooling_is_named(folder: Path) -> None:
    """Vectors made another way than the model was trained for would be worthless."""
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(EmbeddingError, match="pooling_mode_max_tokens"):
        load(str(folder), models_dir=folder)


def test_vectors_keep_their_length_if_asked_to(folder: Path) -> None:
    """normalize=False leaves what the network gives."""
    raw = load(str(folder), models_dir=folder, normalize=False)
    assert abs(float(np.linalg.norm(raw.embed_queries(["an owl"]))) - 1) > 0.1


def test_prefixes_go_in_front_of_queries_and_documents(folder: Path, bundled: FastembedEmbedder) -> None:
    """A prefixed text is the prefix and the text, once."""
    mine = load(str(folder), models_dir=folder, query_prefix="query: ", document_prefix="passage: ")
    assert (mine.embed_queries(["owl"]) == bundled.embed_queries(["query: owl"])).all()
    assert (mine.embed_documents(["owl"]) == bundled.embed_documents(["passage: owl"])).all()


def test_a_directorys_own_prompts_are_its_prefixes(folder: Path) -> None:
    """sentence-transformers writes them into config_sentence_transformers.json."""
    prompts = {"prompts": {"query": "q: ", "document": "d: "}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    model = load(str(folder), models_dir=folder).model
    assert (model.query_prefix, model.document_prefix) == ("q: ", "d: ")


@pytest.mark.parametrize(
    ("name", "query", "document"),
    [
        ("intfloat/multilingual-e5-large", "query: ", "passage: "),
        ("nomic-ai/nomic-embed-text-v1.5-Q", "search_query: ", "search_document: "),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("sentence-transformers/all-MiniLM-L6-v2", "", ""),
        ("thenlper/gte-base", "", ""),
    ],
)
def test_known_families_have_their_prefixes(name: str, query: str, document: str) -> None:
    """As their model cards say."""
    assert prefixes.of_family(name) == (query, document)


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    """And the hint says what a model directory has."""
    (folder / file).unlink()
    with pytest.raises(EmbeddingError, match=file) as caught:
        load(str(folder), models_dir=folder)
    assert "tokenizer.json" in caught.value.hint


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
def test_a_damaged_file_is_one_sentence(folder: Path, file: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever the libraries raise, and nothing of theirs on standard error."""
    (folder / file).write_bytes(b"\x00damaged")
    with pytest.raises(EmbeddingError, match=str(folder)) as caught:
        load(str(folder), models_dir=folder)
    assert "\n" not in caught.value.sentence
    assert capfd.readouterr() == ("", "")


def test_a_static_model_can_be_loaded_from_a_directory(folder: Path) -> None:
    """model2vec: one vector per token in model.safetensors, no network."""
    (folder / "model.onnx").unlink()
    table = np.random.default_rng(0).normal(size=(30_522, 16)).astype(np.float32)
    header = {"embeddings": {"dtype": "F32", "shape": table.shape, "data_offsets": [0, table.nbytes]}}
    start = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(start).to_bytes(8, "little") + start + table.tobytes())
    static = load(str(folder), models_dir=folder, threads=2)
    assert (static.model.dimension, static.model.pooling) == (16, "builtin")
    assert static.embed_documents([f"owl {number}" for number in range(40)]).shape == (40, 16)
    assert len(static.passages("word " * 1000)) > 3


def test_a_model_that_was_not_pulled_says_how_to(tmp_path: Path) -> None:
    """Loading never downloads."""
    with pytest.raises(EmbeddingError, match=r"BAAI/bge-small-en-v1\.5 is not on this machine") as caught:
        load("baai/bge-small-en-v1.5", models_dir=tmp_path)
    assert caught.value.hint == "run: memcli model pull BAAI/bge-small-en-v1.5"


def test_a_name_that_is_nothing_is_not_found(tmp_path: Path) -> None:
    """Neither a model nor a directory."""
    with pytest.raises(NotFoundError):
        load(str(tmp_path / "nothing"), models_dir=tmp_path)


@pytest.mark.parametrize("settings", [{"threads": -1}, {"pooling": "max"}, {"pooling": "cls"}])
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, settings: dict[str, object]) -> None:
    """The bundled model's pooling is part of it."""
    with pytest.raises(UsageError):
        load(catalog.BUNDLED, models_dir=tmp_path, **settings)  # type: ignore[arg-type]


def test_loading_imports_no_download_library_and_later_imports_are_real(tmp_path: Path) -> None:
    """The stand-ins hold while a text is embedded, beside the store too; nobody else ever sees them."""
    code = f"""
import sys
from pathlib import Path
import lancedb
from memcli.embedding.embedder import load
load({catalog.BUNDLED!r}, models_dir=Path('x')).embed_queries(['an owl'])
heavy = {{'huggingface_hub', 'requests', 'PIL', 'loguru'}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import fastembed, fastembed.image, huggingface_hub, requests
assert huggingface_hub.snapshot_download.__name__ == 'snapshot_download'
assert requests.get.__module__ == 'requests.api'
assert isinstance(fastembed.ImageEmbedding.list_supported_models(), list)
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


def test_nothing_is_noted_for_the_maker_of_the_runtime(tmp_path: Path) -> None:
    """onnxruntime keeps a file of what it would report, unless it is told not to before it is loaded."""
    code = (
        "from pathlib import Path; from memcli.embedding.catalog import BUNDLED;"
        "from memcli.embedding.embedder import load;"
        "load(BUNDLED, models_dir=Path('nowhere')).embed_queries(['a'])"
    )
    home = tmp_path / "quiet"
    home.mkdir()
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "HOME": str(home)})
    assert list(home.iterdir()) == []

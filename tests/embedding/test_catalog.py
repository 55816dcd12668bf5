"""Which models there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import memcli
from memcli.embedding import catalog
from memcli.errors import NotFoundError

ROOT = Path(memcli.__file__).parents[1]


def test_the_name_of_the_bundled_model_costs_no_heavy_import() -> None:
    """What is read at every start imports neither fastembed nor numpy."""
    code = "import sys, memcli.embedding.catalog; print({'fastembed', 'numpy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_the_bundled_model_is_complete() -> None:
    """The package carries every file that the model needs, and its card."""
    files = {file.name for file in catalog.bundled_path().iterdir()}
    assert {"model.onnx", "tokenizer.json", "tokenizer_config.json", "config.json", "README.md"} <= files


def test_the_bundled_model_is_listed_first_and_the_others_can_be_pulled(tmp_path: Path) -> None:
    """With nothing downloaded, everything but the bundled model can be pulled."""
    bundled, *others = catalog.available(tmp_path)
    assert (bundled.name, bundled.dimension, bundled.state) == (catalog.BUNDLED, 384, "bundled")
    assert 20 < bundled.size_mb < 30
    assert {info.state for info in others} == {"can be pulled"}
    assert "BAAI/bge-small-en-v1.5" in [info.name for info in others]


def test_a_model_whose_file_is_there_is_downloaded_and_comes_second(tmp_path: Path) -> None:
    """A pulled model is told by its network's file."""
    path = catalog.installed_path("BAAI/bge-small-en-v1.5", tmp_path)
    path.mkdir()
    (path / "model_optimized.onnx").write_bytes(b"x" * 2_000_000)
    info = catalog.available(tmp_path)[1]
    assert (info.name, info.state, info.size_mb) == ("BAAI/bge-small-en-v1.5", "downloaded", 2.0)
    assert catalog.describe("baai/BGE-small-en-v1.5", tmp_path) == info


def test_a_directory_is_described_by_its_path_and_configuration(tmp_path: Path) -> None:
    """A directory's dimension is what its config.json says."""
    (tmp_path / "config.json").write_text('{"hidden_size": 512}')
    info = catalog.describe(str(tmp_path), tmp_path)
    assert (info.name, info.dimension, info.state) == (str(tmp_path.resolve()), 512, "directory")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("bge-small-en-v1", "BAAI/bge-small-en-v1.5"),
        ("all-minilm-l6", "all-MiniLM-L6"),
        ("xyzzy", "model list"),
    ],
)
def test_an_unknown_name_is_answered_with_similar_ones(name: str, hint: str, tmp_path: Path) -> None:
    """A typo in a name leads to the right one."""
    with pytest.raises(NotFoundError, match="no model or directory") as caught:
        catalog.describe(name, tmp_path)
    assert hint in caught.value.hint

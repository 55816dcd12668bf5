"""Pulling models from a hub that answers, one that does not, and none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

import memcli
from memcli.embedding import catalog, download
from memcli.embedding.download import pull
from memcli.embedding.embedder import load
from memcli.errors import EmbeddingError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Hub

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
REFUSED = "http://127.0.0.1:9"
"""The discard port: nobody listens."""


class Report:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.label, self.total, self.done = "", 0, 0

    def __call__(self, label: str, total: int) -> Self:
        """Announce."""
        self.label, self.total = label, total
        return self

    def __enter__(self) -> Callable[[int], None]:
        return self.add

    def __exit__(self, *_: object) -> None: ...

    def add(self, done: int) -> None:
        """Some more."""
        self.done += done


def test_a_pulled_model_is_complete_and_can_be_loaded(
    hub: Callable[..., Hub],
    bundled_files: dict[str, bytes],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """From the hub to vectors, without a word on standard error and without leftovers."""
    hub({**bundled_files, "pytorch_model.bin": b"not wanted"})
    report = Report()
    path = pull(MODEL.lower(), models_dir=tmp_path / "models", report=report)
    assert sorted(file.name for file in path.iterdir()) == sorted(bundled_files.keys() - {"README.md"})
    assert [entry.name for entry in path.parent.iterdir()] == ["sentence-transformers--all-MiniLM-L6-v2"]
    assert (report.label, report.done) == (f"downloading {MODEL}", 23)
    assert load(MODEL, models_dir=tmp_path / "models").embed_queries(["an owl"]).shape == (1, 384)
    assert capfd.readouterr() == ("", "")


def test_what_is_there_is_not_asked_for_again(
    hub: Callable[..., Hub], bundled_files: dict[str, bytes], tmp_path: Path
) -> None:
    """A second pull needs no hub."""
    server = hub(bundled_files)
    path = pull(MODEL, models_dir=tmp_path)
    asked = len(server.asked)
    assert pull(MODEL, models_dir=tmp_path) == path
    assert len(server.asked) == asked


def test_a_failed_download_leaves_no_model_and_another_run_finishes_it(
    hub: Callable[..., Hub], bundled_files: dict[str, bytes], tmp_path: Path
) -> None:
    """Only a complete model takes its name."""
    server = hub({name: data for name, data in bundled_files.items() if name != "model.onnx"})
    with pytest.raises(EmbeddingError, match=r"no model\.onnx"):
        pull(MODEL, models_dir=tmp_path)
    assert catalog.describe(MODEL, tmp_path).state == "can be pulled"
    server.files = bundled_files
    pull(MODEL, models_dir=tmp_path)
    assert catalog.describe(MODEL, tmp_path).state == "downloaded"


def test_a_killed_download_leaves_no_half_model(
    hub: Callable[..., Hub], bundled_files: dict[str, bytes], tmp_path: Path
) -> None:
    """What is half there lies under another name and is gone after the next run."""
    partial = tmp_path / f"{download.PARTIAL}sentence-transformers--all-MiniLM-L6-v2"
    partial.mkdir()
    (partial / "model.onnx").write_bytes(b"half")
    with pytest.raises(EmbeddingError, match="not on this machine"):
        load(MODEL, models_dir=tmp_path)
    hub(bundled_files)
    path = pull(MODEL, models_dir=tmp_path)
    assert (path / "model.onnx").read_bytes() == bundled_files["model.onnx"]
    assert not partial.exists()


def test_a_hub_that_never_answers_fails_within_the_deadline(hub: Callable[..., Hub], tmp_path: Path) -> None:
    """It accepts the connection and then says nothing."""
    server = hub({}, delay=5)
    started = time.monotonic()
    with pytest.raises(EmbeddingError, match=f"cannot reach the model hub at {server.address}"):
        pull(MODEL, models_dir=tmp_path / "models")
    assert time.monotonic() - started < 1.8
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("online")
def test_a_refused_connection_says_so_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the bundled model and the way by hand."""
    monkeypatch.setenv("HF_ENDPOINT", REFUSED)
    with pytest.raises(
        EmbeddingError, match=rf"cannot reach the model hub at {REFUSED} \(Connection refused\)"
    ) as it:
        pull(MODEL, models_dir=tmp_path)
    assert catalog.BUNDLED in it.value.hint
    assert "memcli model use DIR" in it.value.hint


@pytest.mark.usefixtures("online")
def test_a_hub_behind_a_dead_proxy_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy variables are honoured."""
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("http_proxy", REFUSED)
    with pytest.raises(EmbeddingError, match="Connection refused"):
        pull(MODEL, models_dir=tmp_path)


def test_offline_mode_asks_nobody(
    hub: Callable[..., Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_HUB_OFFLINE=1 counts as unreachable."""
    server = hub({})
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EmbeddingError, match="HF_HUB_OFFLINE is set"):
        pull(MODEL, models_dir=tmp_path)
    assert server.asked == []


@pytest.mark.usefixtures("online")
def test_a_whole_process_without_a_hub_takes_less_than_two_seconds(tmp_path: Path) -> None:
    """From the interpreter's start to its end, with nothing from the libraries on standard error."""
    code = f"""
from pathlib import Path
from memcli.embedding.download import pull
from memcli.errors import EmbeddingError
try:
    pull({MODEL!r}, models_dir=Path('models'))
except EmbeddingError as error:
    print(error)
"""
    environment = {
        **os.environ,
        "HF_ENDPOINT": "http://hub.invalid",
        "PYTHONPATH": str(Path(memcli.__file__).parents[1]),
    }
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.monotonic() - started < 2
    assert "cannot reach the model hub at http://hub.invalid" in run.stdout
    assert run.stderr == ""


def test_the_bundled_model_needs_no_pulling(tmp_path: Path) -> None:
    """It is on every machine."""
    assert pull(catalog.BUNDLED, models_dir=tmp_path) == catalog.bundled_path()


def test_a_directory_cannot_be_pulled(tmp_path: Path) -> None:
    """It is here already."""
    with pytest.raises(UsageError, match="already on this machine"):
        pull(str(tmp_path), models_dir=tmp_path)


def test_an_unknown_model_is_not_looked_for_on_the_hub(hub: Callable[..., Hub], tmp_path: Path) -> None:
    """A typo is told at once."""
    server = hub({})
    with pytest.raises(NotFoundError):
        pull("BAAI/bge-tiny", models_dir=tmp_path)
    assert server.asked == []

"""A model hub on localhost: just enough of its HTTP interface for huggingface_hub to download a model.

And the bundled model, loaded once per test process.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from memcli.embedding import catalog
from memcli.embedding.embedder import load
from memcli.embedding.questions import ARTEFACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from memcli.embedding.vectors import FastembedEmbedder

REPOSITORY = "Qdrant/all-MiniLM-L6-v2-onnx"
"""Where fastembed looks for MODEL."""

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
"""The model of fastembed's list whose place the bundled files take in these tests."""


class Hub(ThreadingHTTPServer):
    """Serves the files of one repository and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, repository: str, files: dict[str, bytes], delay: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repository = repository
        self.files = files
        self.delay = delay
        self.asked: list[str] = []

    @property
    def commit(self) -> str:
        """Another one for other files."""
        return hashlib.sha1(" ".join(self.files).encode()).hexdigest()

    @property
    def address(self) -> str:
        """What HF_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture(scope="session")
def bundled() -> FastembedEmbedder:
    """The bundled model, ready to embed."""
    return load(catalog.BUNDLED, models_dir=Path("nowhere"))


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that does not forbid asking a hub, nor sends the question through a proxy."""
    for variable in ("HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    constants = importlib.import_module("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # which it read when it was imported


@pytest.fixture
def hub(online: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Hub]]:
    """A function that starts a hub, which HF_ENDPOINT names until the test ends."""
    running: list[Hub] = []

    def start(files: dict[str, bytes], delay: float = 0, repository: str = REPOSITORY) -> Hub:
        server = Hub(repository, files, delay)
        running.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def bundled_files() -> dict[str, bytes]:
    """The bundled model's files by name, without what we know about it."""
    files = catalog.bundled_path().iterdir()
    return {file.name: file.read_bytes() for file in files if file != ARTEFACT}


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """A file's headers, or the front page's."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """A file, or what there is."""
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.server.asked.append(f"{self.command} {path}")
        time.sleep(self.server.delay)
        content = self._content(path)
        self.send_response(404 if content is None else 200)
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        content = content or b""
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.server.commit)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def _content(self, path: str) -> bytes | None:
        hub, repository = self.server, self.server.repository
        if not path:
            return b"a hub"
        if path.startswith(f"api/models/{repository}/tree/"):
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in hub.files.items()
            ]
            return json.dumps(tree).encode()
        if path in (f"api/models/{repository}", f"api/models/{repository}/revision/main"):
            siblings = [{"rfilename": name} for name in hub.files]
            return json.dumps({"id": repository, "sha": hub.commit, "siblings": siblings}).encode()
        _, separator, rest = path.partition(f"{repository}/resolve/")
        return hub.files.get(rest.partition("/")[2]) if separator else None

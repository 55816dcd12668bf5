"""A small embedder, and settings that let everything be stored: for tests, and for the processes they start.

Those import this and not `tests.conftest`, which needs pytest, Hypothesis and a server of buckets: half a
second of a processor in each of some hundred processes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memcli.config import Config
from memcli.model import EmbeddingModel, Progress
from memcli.settings import ConflictSettings

UNCHECKED = Config(conflicts=ConflictSettings(check=False))
"""Most tests store what they like: "fact 2" after "fact 1" would replace it."""


class WordHashEmbedder:
    """A text is the sum of its words, each a fixed random vector: shared words make it similar.

    Enough wherever meaning does not matter, and a thousand times faster than a model.
    """

    def __init__(self, name: str = "word-hash", dimension: int = 32, window: int = 200) -> None:
        self.model = EmbeddingModel(name=name, dimension=dimension)
        self.window = window
        self.embedded: list[str] = []

    def _vector(self, text: str) -> NDArray[np.float32]:
        total = np.zeros(self.model.dimension)
        for word in re.findall(r"\w+", text.casefold()) or ["nothing"]:
            seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
            total += np.random.default_rng(seed).normal(size=self.model.dimension)
        return (total / np.linalg.norm(total)).astype(np.float32)

    def embed_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """See `memcli.model.Embedder`."""
        return np.array([self._vector(query) for query in queries])

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """See `memcli.model.Embedder`."""
        self.embedded += texts
        if progress:
            progress(len(texts))
        return np.array([self._vector(text) for text in texts]).reshape(len(texts), self.model.dimension)

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Pieces of `window` characters."""
        return [(at, min(at + self.window, len(text))) for at in range(0, len(text), self.window)]

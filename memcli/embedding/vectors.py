"""The embedder on top of fastembed.

Texts go through the network one at a time, on as many threads as there are processors, each run
using one thread. Measured on 2 processors, that embeds four times as many dialogue turns per second
as fastembed's default and nearly twice as many as onnxruntime's own threads on length-sorted batches;
a single query takes a third of the time, loading half. And since a dynamically quantised network
scales its numbers by all it is given at once, only so is the vector of a text always the same.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from memcli.embedding import passages
from memcli.embedding.failures import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from fastembed import TextEmbedding
    from numpy.typing import NDArray

    from memcli.model import EmbeddingModel, Progress

WINDOW = 256
"""Most tokens of a passage, special ones included: what MiniLM was trained on, and more blurs any vector."""

CHUNK = 8
"""Texts a thread takes at a time: 0.05 s of dialogue turns, so progress is smooth and Ctrl-C quick."""

CERTAINLY_LONG = 64
"""Characters per token beyond which a text is not tried for size before it is cut."""


class FastembedEmbedder:
    """Turns texts into vectors with a fastembed model; see `memcli.model.Embedder`.

    Args:
        library: The loaded model.
        model: What it is.
        window: Most tokens per passage, special ones included, at least 8.
        tokenizer_file: `tokenizer.json` of the model.
        threads: How many texts are embedded at a time; 0 for as many as there are processors.
        run: Texts per run of the network, at least 1.
    """

    def __init__(
        self,
        library: TextEmbedding,
        model: EmbeddingModel,
        *,
        window: int,
        tokenizer_file: Path,
        threads: int = 0,
        run: int = 1,
    ) -> None:
        self._library = library
        self._model = model
        self._window = window
        self._tokenizer_file = tokenizer_file
        self._threads = threads or processors()
        self._run = run

    @property
    def model(self) -> EmbeddingModel:
        """What makes the vectors."""
        return self._model

    def embed_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of *queries*, shape (n, dimension); a query beyond the model's window is cut.

        Raises:
            EmbeddingError: The model failed.
        """
        texts = [self._model.query_prefix + query for query in queries]
        with translated(f"the model {self._model.name} failed"):
            return self._vectors(self._library.query_embed(texts, batch_size=self._run), len(texts))

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors of *texts*, shape (n, dimension), in order; *progress* hears of each batch.

        Equal texts are embedded once. Ctrl-C stops after the batches that are under way.

        Raises:
            EmbeddingError: The model failed.
        """
        counts = Counter(texts)
        different = list(counts)
        chunks = [different[at : at + CHUNK] for at in range(0, len(different), CHUNK)]
        rows = np.empty((len(different), self._model.dimension), dtype=np.float32)
        done = 0
        for chunk, vectors in zip(chunks, self._in_parallel(chunks), strict=True):
            rows[done : done + len(chunk)] = vectors
            done += len(chunk)
            if progress is not None:
                progress(sum(counts[text] for text in chunk))
        place = {text: at for at, text in enumerate(different)}
        return rows if len(different) == len(texts) else rows[[place[text] for text in texts]]

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Where *text* is cut to fit the model's window: (start, end) in characters, in order.

        One pair for a text that fits. Neighbours overlap a little, together they cover the text.

        Raises:
            EmbeddingError: The text can't be tokenised.
        """
        if text.isascii() and len(text) < self._room:
            return [(0, len(text))]  # a token is at least one character
        with translated(f"the tokenizer of {self._model.name} failed"):
            if len(text) < CERTAINLY_LONG * self._room and self._token_count(text) <= self._room:
                return [(0, len(text))]
            offsets = self._counter.encode(text, add_special_tokens=False).offsets
            return list(self._fitting(text, passages.windows(text, offsets, self._room)))

    def _fitting(self, text: str, pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """The *pieces*, those halved that turn out longer on their own (a word cut in two may do so)."""
        encodings = self._counter.encode_batch_fast([text[s:e] for s, e in pieces], add_special_tokens=False)
        for piece, encoding in zip(pieces, encodings, strict=True):
            if len(encoding) <= self._room or piece[1] - piece[0] < 2:
                yield piece
            else:
                yield from self._fitting(text, passages.halves(text, piece))

    @cached_property
    def _room(self) -> int:
        """Tokens of the window that are left for the text itself."""
        around = self._token_count(self._model.document_prefix) if self._model.document_prefix else 0
        special: int = self._embedding_tokenizer.num_special_tokens_to_add(is_pair=False)
        return max(self._window - special - around, 4)

    @property
    def _embedding_tokenizer(self) -> Any:
        """The tokenizer that fastembed uses, with its truncation and padding, which are left alone."""
        return self._library.model.tokenizer  # type: ignore[attr-defined]

    @cached_property
    def _counter(self) -> Tokenizer:
        """A tokenizer of our own that neither cuts nor pads; 15 ms to load, so only for long texts."""
        tokenizer = Tokenizer.from_file(str(self._tokenizer_file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _token_count(self, text: str) -> int:
        """Tokens of *text* without special ones; exact up to the window, more than it beyond."""
        encoding = self._embedding_tokenizer.encode(text, add_special_tokens=False)
        return sum(len(part) for part in (encoding, *encoding.overflowing))

    def _in_parallel(self, chunks: list[list[str]]) -> Iterator[NDArray[np.float32]]:
        """Vectors of each chunk, in order; a single chunk is not worth a thread."""
        if len(chunks) < 2 or self._threads == 1:
            yield from map(self._embed_chunk, chunks)
            return
        pool = ThreadPoolExecutor(min(self._threads, len(chunks)))
        try:
            yield from pool.map(self._embed_chunk, chunks)
        finally:  # also when the reader was interrupted
            pool.shutdown(wait=True, cancel_futures=True)

    def _embed_chunk(self, texts: list[str]) -> NDArray[np.float32]:
        prefixed = [self._model.document_prefix + text for text in texts]
        with translated(f"the model {self._model.name} failed"):
            return self._vectors(self._library.passage_embed(prefixed, batch_size=self._run), len(texts))

    def _vectors(self, rows: Iterable[NDArray[Any]], count: int) -> NDArray[np.float32]:
        """The *rows* as one array, of length 1 each if the model's vectors are to be."""
        vectors = np.array(list(rows), dtype=np.float32).reshape(count, self._model.dimension)
        if self._model.normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


def processors() -> int:
    """Processors this process may use (fewer than there are, in a container)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

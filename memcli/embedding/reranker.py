"""From the name of a cross-encoder to a reranker on top of fastembed. Never asks the network for anything.

A cross-encoder reads a query and a text together, so it sees what a vector made in advance can't
know: what of the text matters for this query. That costs a run of the network for each pair.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from memcli.embedding import catalog, folder
from memcli.embedding.failures import translated
from memcli.embedding.library import cross_encoder, opened
from memcli.embedding.vectors import processors
from memcli.errors import EmbeddingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fastembed.rerank.cross_encoder import TextCrossEncoder

WINDOW = 512
"""Most tokens of a query and a text together: what cross-encoders for passages are trained on."""


def load(name: str, *, models_dir: Path, threads: int = 0) -> FastembedReranker:
    """Load the cross-encoder *name*.

    Args:
        name: One of fastembed's rerankers, or a directory with an ONNX cross-encoder.
        models_dir: Where `pull` puts models.
        threads: How many texts are read at a time; 0 for as many as there are processors.

    Raises:
        NotFoundError: There is no such model or directory.
        UsageError: It is a model that makes vectors.
        EmbeddingError: It is not on this machine, or its files are not as they should be.
    """
    if name == catalog.BUNDLED or catalog.find(name):
        raise UsageError(f"{name} makes vectors and is no reranker", hint="see: memcli model list")
    entry = catalog.find_reranker(name)
    if entry is None:
        path = catalog.directory(name)
        return FastembedReranker(_custom(path), str(path), threads=threads)
    path = catalog.installed_path(entry["model"], models_dir)
    if not (path / entry["model_file"]).is_file():
        raise EmbeddingError(
            f"the reranker {entry['model']} is not on this machine",
            hint=f"run: memcli model pull {entry['model']}",
        )
    library = opened(cross_encoder(), entry["model"], path, threads=1)
    return FastembedReranker(library, entry["model"], threads=threads)


def _custom(path: Path) -> TextCrossEncoder:
    """Load a network that fastembed does not know, by registering it under a name that says it all."""
    file = folder.model_file(path)
    if file.endswith(".safetensors"):
        raise EmbeddingError(f"the model in {path} makes vectors and is no reranker")
    registry = cross_encoder()  # first, since it knows how to import fastembed
    from fastembed.common.model_description import ModelSource

    name = str(path / file)
    if not any(entry["model"].lower() == name.lower() for entry in registry.list_supported_models()):
        # the source is never looked at: the files are given
        registry.add_custom_model(name, sources=ModelSource(url="file://local"), model_file=file)
    return opened(registry, name, path, threads=1)


class FastembedReranker:
    """Tells how relevant texts are to a query; see `memcli.model.Reranker`.

    Pairs go through the network one at a time, on several threads with one for each run, for the
    reasons given in `vectors`: quicker, and a text's score does not depend on its company.

    Args:
        library: The loaded model.
        name: What it is called.
        threads: How many texts are read at a time; 0 for as many as there are processors.

    Raises:
        EmbeddingError: The network does not give one score for a pair.
    """

    def __init__(self, library: TextCrossEncoder, name: str, *, threads: int = 0) -> None:
        self.name = name
        self._library = library
        self._threads = threads or processors()
        self._check_output()
        self._narrow()

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """The probability, 0..1, that each of *texts* is relevant to *query*, in order.

        A pair beyond `WINDOW` tokens is cut at the end of the longer of the two.

        Raises:
            EmbeddingError: The model failed.
        """
        if len(texts) < 2 or self._threads == 1:
            return [self._score(query, text) for text in texts]
        pool = ThreadPoolExecutor(min(self._threads, len(texts)))
        try:
            return list(pool.map(lambda text: self._score(query, text), texts))
        finally:  # also when the reader was interrupted
            pool.shutdown(wait=True, cancel_futures=True)

    def _score(self, query: str, text: str) -> float:
        with translated(f"the reranker {self.name} failed"):
            [logit] = self._library.rerank(query, [text], batch_size=1)
        if math.isnan(logit):
            raise EmbeddingError(f"the reranker {self.name} failed: its score is no number")
        return probability(logit)

    def _check_output(self) -> None:
        """See that the network gives one number for a pair: a classifier or an embedder gives more."""
        shape = self._library.model.model.get_outputs()[0].shape  # type: ignore[attr-defined]
        if len(shape) != 2 or (isinstance(shape[1], int) and shape[1] != 1):
            raise EmbeddingError(
                f"the model {self.name} is no reranker: it does not give one score for a query and a text"
            )

    def _narrow(self) -> None:
        """Let no pair be longer than `WINDOW`, which some models would allow at a quadratic price."""
        tokenizer = self._library.model.tokenizer  # type: ignore[attr-defined]
        cut = tokenizer.truncation
        tokenizer.enable_truncation(**{**cut, "max_length": min(cut["max_length"], WINDOW)})


def probability(logit: float) -> float:
    """*logit*, what a cross-encoder gives, as a probability: 1 / (1 + e^-x), for any x but nan."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    raised = math.exp(logit)  # the other way round e^-x would leave what a float can hold
    return raised / (1 + raised)

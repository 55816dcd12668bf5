"""From the name of a model to an embedder. Never asks the network for anything.

A model is the bundled one, one of fastembed's that was pulled, or a directory of the user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memcli.embedding import catalog, folder, prefixes
from memcli.embedding.failures import translated
from memcli.embedding.library import opened, text_embedding
from memcli.embedding.vectors import WINDOW, FastembedEmbedder
from memcli.errors import EmbeddingError, UsageError
from memcli.model import EmbeddingModel

if TYPE_CHECKING:
    from pathlib import Path

    from fastembed import TextEmbedding

STATIC = "minishlab/potion-base-8M"
"""Any of fastembed's static models: with a path of our own, the name only selects how it is computed."""

STATIC_RUN = 64
"""Texts per run of a static model, which is a matrix product and so better off with many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """What the caller of `load` asked for; None leaves it to the model."""

    threads: int
    pooling: str | None
    normalize: bool
    query_prefix: str | None
    document_prefix: str | None


def load(
    name: str,
    *,
    models_dir: Path,
    threads: int = 0,
    pooling: str | None = None,
    normalize: bool = True,
    query_prefix: str | None = None,
    document_prefix: str | None = None,
) -> FastembedEmbedder:
    """Load model *name*.

    Args:
        name: `catalog.BUNDLED`, a fastembed model name, or a directory.
        models_dir: Where `pull` puts models.
        threads: How many texts are embedded at a time; 0 for as many as there are processors.
        pooling: `mean`, `cls` or `last`, for a directory; None for what its files say, else mean.
        normalize: Whether vectors are scaled to length 1.
        query_prefix: Put before queries; None for what the model is known to want.
        document_prefix: Put before texts; None for what the model is known to want.

    Raises:
        NotFoundError: There is no such model or directory.
        EmbeddingError: It is not on this machine, or its files are not as they should be.
        UsageError: A setting has no such value or does not apply to this model; or it is a reranker.
    """
    if threads < 0:
        raise UsageError(f"the number of embedding threads is {threads}, but can't be negative")
    if pooling is not None and pooling not in folder.POOLINGS:
        raise UsageError(f"pooling is {pooling!r}, but must be one of {', '.join(folder.POOLINGS)}")
    wishes = _Wishes(
        threads=threads,
        pooling=pooling,
        normalize=normalize,
        query_prefix=query_prefix,
        document_prefix=document_prefix,
    )
    if name == catalog.BUNDLED:
        return _bundled(wishes)
    if entry := catalog.find(name):
        return _pulled(entry, models_dir, wishes)
    if reranker := catalog.find_reranker(name):
        raise _no_vectors(reranker["model"])
    return _from_directory(catalog.directory(name), wishes)


def _no_vectors(name: str) -> UsageError:
    return UsageError(
        f"{name} is a reranker and makes no vectors", hint=f"run: memcli config set rerank.model {name}"
    )


def _bundled(wishes: _Wishes) -> FastembedEmbedder:
    """The model that ships with the package."""
    _refuse_pooling(catalog.BUNDLED, wishes, but="mean")
    path = catalog.bundled_path()
    library = _custom(path, "model.onnx", "mean", wishes.normalize)
    return _embedder(
        library,
        catalog.BUNDLED,
        path,
        wishes,
        dimension=catalog.BUNDLED_DIMENSION,
        pooling="mean",
        known=("", ""),
    )


def _pulled(entry: dict[str, Any], models_dir: Path, wishes: _Wishes) -> FastembedEmbedder:
    """A model of fastembed's list, from where `pull` put it."""
    name: str = entry["model"]
    _refuse_pooling(name, wishes)
    path = catalog.installed_path(name, models_dir)
    if not (path / entry["model_file"]).is_file():
        raise EmbeddingError(
            f"the model {name} is not on this machine", hint=f"run: memcli model pull {name}"
        )
    static = entry["model_file"].endswith(".safetensors")
    library = opened(text_embedding(), name, path, threads=None if static else 1)
    known = prefixes.of_family(name)
    return _embedder(
        library, name, path, wishes, dimension=entry["dim"], pooling="builtin", known=known, static=static
    )


def _from_directory(path: Path, wishes: _Wishes) -> FastembedEmbedder:
    """A directory with an ONNX or a static model; its dimension is found by embedding a word."""
    if catalog.is_reranker(path):
        raise _no_vectors(str(path))
    file = folder.model_file(path)
    static = file.endswith(".safetensors")
    if static:
        _refuse_pooling(str(path), wishes)
        pooling, library = "builtin", opened(text_embedding(), STATIC, path, threads=None)
    else:
        pooling = wishes.pooling or folder.pooling(path)
        library = _custom(path, file, pooling, wishes.normalize)
        if _gives_sentences(library):  # the network has its own pooling
            _refuse_pooling(str(path), wishes)
            pooling, library = "builtin", _custom(path, file, "builtin", wishes.normalize)
    dimension = _probe(library, path)
    known = prefixes.of_directory(path)
    return _embedder(
        library, str(path), path, wishes, dimension=dimension, pooling=pooling, known=known, static=static
    )


def _embedder(
    library: TextEmbedding,
    name: str,
    path: Path,
    wishes: _Wishes,
    *,
    dimension: int,
    pooling: str,
    known: tuple[str, str],
    static: bool = False,
) -> FastembedEmbedder:
    """The loaded model with what is known about it; wishes go before what the model is *known* to want."""
    query_prefix, document_prefix = wishes.query_prefix, wishes.document_prefix
    model = EmbeddingModel(
        name=name,
        dimension=dimension,
        pooling=pooling,
        normalize=wishes.normalize,
        query_prefix=known[0] if query_prefix is None else query_prefix,
        document_prefix=known[1] if document_prefix is None else document_prefix,
    )
    return FastembedEmbedder(
        library,
        model,
        window=min(WINDOW, folder.longest_input(path)),
        tokenizer_file=path / "tokenizer.json",
        threads=wishes.threads,
        run=STATIC_RUN if static else 1,
    )


def _refuse_pooling(name: str, wishes: _Wishes, but: str | None = None) -> None:
    """Pooling is for models that leave it open; what is part of a model is not ours to change."""
    if wishes.pooling not in (None, but):
        raise UsageError(f"the pooling of {name} is fixed", hint="leave the pooling setting unset for it")


def _custom(path: Path, file: str, pooling: str, normalize: bool) -> TextEmbedding:
    """Load an ONNX file that fastembed does not know, by registering it under a name that says it all."""
    registry = text_embedding()  # first, since it knows how to import fastembed
    from fastembed.common.model_description import ModelSource, PoolingType

    name = f"{path / file}#{pooling}#{'unit' if normalize else 'raw'}"
    if not any(entry["model"].lower() == name.lower() for entry in registry.list_supported_models()):
        registry.add_custom_model(
            name,
            pooling={
                "mean": PoolingType.MEAN,
                "cls": PoolingType.CLS,
                "last": PoolingType.LAST_TOKEN,
                "builtin": PoolingType.DISABLED,
            }[pooling],
            normalization=normalize,
            sources=ModelSource(url="file://local"),  # never looked at: the files are given
            dim=catalog.BUNDLED_DIMENSION,  # neither is this; the vectors say how long they are
            model_file=file,
        )
    return opened(registry, name, path, threads=1)


def _gives_sentences(library: TextEmbedding) -> bool:
    """Whether the network's first output is one vector per text, shape (n, dimension)."""
    return len(library.model.model.get_outputs()[0].shape) == 2  # type: ignore[attr-defined]


def _probe(library: TextEmbedding, path: Path) -> int:
    """The length of a vector, from embedding a word.

    Raises:
        EmbeddingError: The network does not work on text.
    """
    with translated(f"the model in {path} can't embed text"):
        return int(next(iter(library.embed(["memory"]))).shape[-1])

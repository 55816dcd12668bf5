"""How fastembed is imported, only the part that works on text from local files, and how it loads them.

`import fastembed` takes 0.45 s, of which more than half is a download library, image classes and
other kinds of embedding. Stand-ins for those leave 0.2 s, nearly all numpy and onnxruntime.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, TypeVar

from memcli import standins
from memcli.embedding import folder
from memcli.embedding.failures import translated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastembed import TextEmbedding
    from fastembed.rerank.cross_encoder import TextCrossEncoder

Opened = TypeVar("Opened")

NOT_NEEDED = (
    "huggingface_hub",
    "requests",
    "PIL",
    "loguru",
    "fastembed.image",
    "fastembed.late_interaction",
    "fastembed.late_interaction_multimodal",
    "fastembed.sparse",
)
"""What fastembed imports but text embedding from a directory never calls (tqdm too, but lancedb has it)."""


def text_embedding() -> type[TextEmbedding]:
    """The class of fastembed for vectors of texts, imported on the first call."""
    _prepare()
    standins.import_without("fastembed", *NOT_NEEDED)
    from fastembed import TextEmbedding

    return TextEmbedding


def cross_encoder() -> type[TextCrossEncoder]:
    """The class of fastembed for scores of pairs of texts, imported on the first call."""
    text_embedding()
    standins.import_without("fastembed.rerank.cross_encoder", *NOT_NEEDED)
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    return TextCrossEncoder


def _prepare() -> None:
    """Set what the libraries read when they are loaded."""
    # The threads are ours (see vectors); those of tokenizers only complain when a process forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # onnxruntime notes each session in ~/.cache and reports it to its maker, unless told not to before it
    # is loaded. memcli sends nothing anywhere.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def opened(library: Callable[..., Opened], name: str, path: Path, *, threads: int | None) -> Opened:
    """Let *library*, a class of fastembed, load the files in *path*, under the *name* that it knows.

    `cache_dir` is named so that it makes none of its own.

    Raises:
        EmbeddingError: The files are missing, damaged or of a kind that it can't read.
    """
    folder.check_tokenizer(path)
    with translated(f"the model in {path} can't be loaded"), warnings.catch_warnings(action="ignore"):
        return library(
            name,
            cache_dir=str(path),
            threads=threads,
            specific_model_path=str(path),
            local_files_only=True,
        )

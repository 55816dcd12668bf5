"""What the files in a model's directory say about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from memcli.errors import EmbeddingError

if TYPE_CHECKING:
    from pathlib import Path

POOLINGS = ("mean", "cls", "last")
"""How token vectors become one: their mean, the first one, the last one."""

MODEL_FILES = (
    "model.onnx",
    "onnx/model.onnx",
    "model_optimized.onnx",
    "onnx/model_optimized.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
    "onnx/model_int8.onnx",
    "model.safetensors",
)
"""Where the network is looked for, in this order; the last is a static (model2vec) model."""

_EXPECTED = (
    "a model directory has model.onnx (or onnx/model.onnx, or model.safetensors of a model2vec model), "
    "tokenizer.json, tokenizer_config.json and config.json"
)

_POOLING_FLAGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}


def model_file(path: Path) -> str:
    """The file of the network, relative to *path*.

    Raises:
        EmbeddingError: There is none, or several and none has a usual name.
    """
    for file in MODEL_FILES:
        if (path / file).is_file():
            return file
    others = sorted(
        str(found.relative_to(path)) for found in [*path.glob("*.onnx"), *path.glob("onnx/*.onnx")]
    )
    if len(others) == 1:
        return others[0]
    found = f" (but {', '.join(others)})" if others else ""
    raise EmbeddingError(f"the directory {path} has no model.onnx{found}", hint=_EXPECTED)


def check_tokenizer(path: Path) -> None:
    """See that the tokenizer's files are there.

    Raises:
        EmbeddingError: One is missing, and which.
    """
    static = not any(path.glob("*.onnx")) and not any(path.glob("onnx/*.onnx"))
    for file in ("tokenizer.json",) if static else ("tokenizer.json", "tokenizer_config.json"):
        if not (path / file).is_file():
            raise EmbeddingError(f"the directory {path} has no {file}", hint=_EXPECTED)


def pooling(path: Path) -> str:
    """One of POOLINGS, as sentence-transformers' `1_Pooling/config.json` says; mean if it is not there.

    Raises:
        EmbeddingError: It asks for a pooling that fastembed can't do.
    """
    settings = _settings(path / "1_Pooling" / "config.json")
    if not settings:
        return "mean"
    asked = [flag for flag, on in settings.items() if flag.startswith("pooling_mode_") and on is True]
    named = [_POOLING_FLAGS.get(flag, flag) for flag in asked] or [str(settings.get("pooling_mode", "mean"))]
    kind = {"lasttoken": "last"}.get(named[0], named[0])
    if len(named) > 1 or kind not in POOLINGS:
        raise EmbeddingError(
            f"{path / '1_Pooling/config.json'} asks for a pooling that is not supported: {', '.join(named)}",
            hint=f"set the pooling yourself, to one of {', '.join(POOLINGS)}",
        )
    return kind


def longest_input(path: Path) -> int:
    """Most tokens that the model takes, special ones included; at least 8, a million if nothing is said."""
    tokenizer = _settings(path / "tokenizer_config.json")
    said = [
        _settings(path / "sentence_bert_config.json").get("max_seq_length"),
        tokenizer.get("model_max_length"),
        tokenizer.get("max_length"),
    ]
    limits = [limit for limit in said if isinstance(limit, int) and limit > 0]  # 1e30 says nothing either
    return max(8, min(limits, default=1_000_000))


def _settings(file: Path) -> dict[str, Any]:
    """A JSON object from *file*; empty if there is no such file.

    Raises:
        EmbeddingError: The file is not a JSON object.
    """
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EmbeddingError(f"{file} can't be read: {error}") from error
    if not isinstance(settings, dict):
        raise EmbeddingError(f"{file} is not a JSON object")
    return settings

"""A real cross-encoder of a few kilobytes, made on the spot: the more words two texts share, the better."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")

OPSET, IR = 17, 8
"""Versions that every onnxruntime of the last years reads, whatever onnx would write by itself."""


def make(
    path: Path,
    words: str,
    *,
    file: str = "model.onnx",
    outputs: int | str = 1,
    window: int = 64,
    weight: float = 2.0,
) -> Path:
    """A directory with a cross-encoder whose logit is *weight* times the number of shared words, minus 1.

    Args:
        path: The directory, which is made.
        words: The words it knows, separated by white space; others are the same to it and not counted.
        file: Where the network goes.
        outputs: How many numbers it gives for a pair; a text for a number that the file leaves open.
        window: Most tokens of a pair.
        weight: What a shared word is worth.
    """
    vocabulary = {
        word: number for number, word in enumerate((*SPECIAL, *dict.fromkeys(words.casefold().split())))
    }
    (path / file).parent.mkdir(parents=True)
    onnx.save(_network(len(vocabulary), outputs, weight), path / file)
    _tokenizer(vocabulary).save(str(path / "tokenizer.json"))
    settings = {"model_max_length": window, "pad_token": "[PAD]"}
    (path / "tokenizer_config.json").write_text(json.dumps(settings))
    configuration = {"architectures": ["BertForSequenceClassification"], "hidden_size": 1}
    (path / "config.json").write_text(json.dumps(configuration))
    return path


def expected(query: str, text: str, words: str, weight: float = 2.0) -> float:
    """The probability that a cross-encoder made by `make` gives."""
    known = set(words.casefold().split())
    query_words, text_words = (re.findall(r"\w+", one.casefold()) for one in (query, text))
    shared = sum(min(query_words.count(word), text_words.count(word)) for word in known)
    return float(1 / (1 + np.exp(1 - weight * shared)))


def _tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def _network(words: int, outputs: int | str, weight: float) -> onnx.ModelProto:
    """Counts each word in both texts, adds up the smaller counts, and scales the sum to a logit."""
    counted = np.ones(words, dtype=np.float32)
    counted[: len(SPECIAL)] = 0
    constants: dict[str, NDArray[Any]] = {
        "words": np.array(words, dtype=np.int64),
        "on_off": np.array([0, 1], dtype=np.float32),
        "one": np.array(1, dtype=np.float32),
        "last": np.array([-1], dtype=np.int64),
        "tokens": np.array([1], dtype=np.int64),
        "counted": counted,
        "weight": np.array(weight, dtype=np.float32),
        "copies": np.array([1, outputs if isinstance(outputs, int) else 1], dtype=np.int64),
    }
    steps = [
        ("OneHot", ["input_ids", "words", "on_off"], "hot"),
        ("Cast", ["token_type_ids"], "second"),
        ("Cast", ["attention_mask"], "there"),
        ("Sub", ["one", "second"], "first"),
        *_counts("first", "in_query"),
        *_counts("second", "in_text"),
        ("Min", ["in_query", "in_text"], "shared"),
        ("Mul", ["shared", "counted"], "shared_words"),
        ("ReduceSum", ["shared_words", "last"], "sum"),
        ("Mul", ["sum", "weight"], "scaled"),
        ("Sub", ["scaled", "one"], "logit"),
        ("Tile", ["logit", "copies"], "logits"),
    ]
    more: dict[str, dict[str, Any]] = {"Cast": {"to": TensorProto.FLOAT}, "OneHot": {"axis": -1}}
    nodes = [helper.make_node(kind, given, [gives], **more.get(kind, {})) for kind, given, gives in steps]
    graph = helper.make_graph(
        nodes,
        "shared-words",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["pairs", "length"])
            for name in ("input_ids", "attention_mask", "token_type_ids")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["pairs", outputs])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)


def _counts(which: str, name: str) -> Sequence[tuple[str, list[str], str]]:
    """How often each word is in one of the two texts."""
    return (
        ("Mul", [which, "there"], f"{name}_tokens"),
        ("Unsqueeze", [f"{name}_tokens", "last"], f"{name}_column"),
        ("Mul", ["hot", f"{name}_column"], f"{name}_hot"),
        ("ReduceSum", [f"{name}_hot", "tokens"], f"{name}_sum"),
        ("Squeeze", [f"{name}_sum", "tokens"], name),
    )

"""Embedding with fastembed and its defaults, as its documentation shows: the yardstick of `imports`.

Run as `python plain.py TURNS.jsonl MODEL_DIRECTORY`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastembed import TextEmbedding

NAME = "plain/model"


def model(directory: str) -> TextEmbedding:
    """The model in *directory*, which pools by the mean and has 384 numbers a vector."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        model=NAME,
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf=NAME),
        dim=384,
        model_file="model.onnx",
    )
    return TextEmbedding(NAME, specific_model_path=directory)


def embed(loaded: TextEmbedding, texts: Sequence[str]) -> int:
    """Embed *texts*; how many vectors came out."""
    return sum(1 for _ in loaded.embed(list(texts)))


if __name__ == "__main__":
    said = [json.loads(line)["text"] for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    print(embed(model(sys.argv[2]), said), "vectors")

"""A memory as one would write it on the first evening: the yardstick of `startup`. Nothing here is clever.

    MODEL=DIRECTORY python naive.py STORE add TEXT
    MODEL=DIRECTORY python naive.py STORE search QUERY
    MODEL=DIRECTORY python naive.py STORE load TEXTS.json     a JSON list of texts

MODEL is the directory of an ONNX model with 384 numbers a vector.
"""

import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

import lancedb
import typer
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType


def main(store: str, action: str, said: str) -> None:
    """Add a text to the memories in STORE, or search them."""
    TextEmbedding.add_custom_model(
        model="naive/model",
        pooling=PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf="naive/model"),
        dim=384,
        model_file="model.onnx",
    )
    model = TextEmbedding("naive/model", specific_model_path=os.environ["MODEL"])
    db = lancedb.connect(store)
    if action == "search":
        vector = next(iter(model.query_embed(said)))
        for hit in db.open_table("memories").search(vector).limit(10).to_list():
            print(f"{1 - hit['_distance'] / 2:.3f} {hit['text']}")
        return
    texts = json.loads(Path(said).read_text()) if action == "load" else [said]
    rows = [
        {"id": uuid.uuid4().hex, "text": text, "created_at": datetime.now(UTC).isoformat(), "vector": vector}
        for text, vector in zip(texts, model.embed(texts), strict=True)
    ]
    if "memories" in db.table_names():
        db.open_table("memories").add(rows)
    else:
        db.create_table("memories", rows)


if __name__ == "__main__":
    typer.run(main)

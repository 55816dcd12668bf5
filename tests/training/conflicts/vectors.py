"""Make the table of word vectors that the decision on conflicts reads, from the bundled model.

    python -m tests.training.conflicts.vectors

Each whole word of the model's vocabulary is put into two short sentences; its vector is the mean of
what the model makes of it there (alone, a word says little of what it means as a verb), reduced to
`DIMENSIONS` by principal components and rounded to a byte each. Takes half a minute.
"""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from memcli.embedding import catalog
from memcli.services.conflicts.vectors import TABLE

SENTENCES = (("someone {} something", 2), ("it is {}", 3))
"""Where the word stands among the tokens, counting the one that opens every text."""

DIMENSIONS = 64
"""48 ranks near words almost as well, 96 no better; a byte each makes 1.4 MB."""

BATCH = 64


def main() -> None:
    """Make the table and write it."""
    folder = catalog.bundled_path()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    words = [word for word in vocabulary if word.isascii() and word.isalpha() and len(word) > 1]
    total = sum(_in_sentence(model, tokenizer, words, *sentence) for sentence in SENTENCES)
    table = _rounded(_reduced(np.asarray(total, dtype=np.float64)))
    # not compressed: it is read at the first decision of every process
    np.savez(TABLE, words=np.frombuffer("\n".join(words).encode(), dtype=np.uint8), vectors=table)
    print(f"{len(words)} words, {TABLE.stat().st_size / 1e6:.2f} MB: {TABLE}")


def _in_sentence(
    model: onnxruntime.InferenceSession, tokenizer: Tokenizer, words: list[str], sentence: str, place: int
) -> NDArray[np.float32]:
    """What the model makes of each of *words* at *place* of *sentence*: centred, length 1."""
    ids = np.array([tokenizer.encode(sentence.format(word)).ids for word in words])
    rows = []
    for start in range(0, len(words), BATCH):
        batch = ids[start : start + BATCH]
        inputs = {
            "input_ids": batch,
            "attention_mask": np.ones_like(batch),
            "token_type_ids": np.zeros_like(batch),
        }
        rows.append(model.run(None, inputs)[0][:, place])
    made = np.concatenate(rows)
    made = made - made.mean(axis=0)
    scaled: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return scaled


def _reduced(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """*vectors* on their first principal components, whose signs are fixed."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :DIMENSIONS]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(DIMENSIONS)])
    reduced: NDArray[np.float64] = centred @ axes
    return reduced


def _rounded(vectors: NDArray[np.float64]) -> NDArray[np.int8]:
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)
    rounded: NDArray[np.int8] = np.round(scaled * 127).astype(np.int8)
    return rounded


if __name__ == "__main__":
    main()

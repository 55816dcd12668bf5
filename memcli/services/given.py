"""Vectors that come with the data: written by an export, and not reckoned again by an import.

A vector says what it was made of. Where the text has been changed since, or another model is in force, it
is made anew.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from memcli.model import Draft, EmbeddingModel, Memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND = np.dtype("<f2")
"""How numbers are written: 16 bits, little endian, as the store keeps them."""


def seal(model: EmbeddingModel, memory: Memory) -> str:
    """What the vector of *memory* by *model* is made of, in 32 hexadecimal digits."""
    said = json.dumps([asdict(model), memory.speaker, memory.text], sort_keys=True)
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def written(vector: NDArray[np.float32]) -> str:
    """*vector*, shape (dimension,), as text."""
    return b64encode(vector.astype(KIND).tobytes()).decode()


def vectors(
    model: EmbeddingModel, memories: Sequence[Memory], drafts: Sequence[Draft]
) -> Mapping[str, NDArray[np.float32]]:
    """The vectors that *drafts* bring along for the *memories* made of them, by id, as far as they fit."""
    found = {}
    for memory, draft in zip(memories, drafts, strict=True):
        if isinstance(draft.vector, str) and draft.vector_of == seal(model, memory):
            vector = _read(draft.vector)
            if vector.shape == (model.dimension,) and np.isfinite(vector).all():
                found[memory.id] = vector
    return found


def _read(text: str) -> NDArray[np.float32]:
    try:
        return np.frombuffer(b64decode(text, validate=True), dtype=KIND).astype(np.float32)
    except ValueError:  # no base64, or half a number: it is made anew
        return np.empty(0, np.float32)

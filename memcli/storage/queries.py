"""Vectors of queries that were asked before: prompt hooks and shell loops ask the same ones again and again.

One small file: 16 bytes that say which model, then a record for each query: 16 bytes of a hash, and
its vector. A query found there needs no model, which is most of what a command takes that runs by itself.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HASH_BYTES = 16

KEPT, MOST = 256, 512
"""Queries that are kept when there are more than the most: half a megabyte is read in 0.3 ms."""


class AskedBefore:
    """The vectors in the file *path*, by one model.

    Args:
        path: The file; made when there is something to keep.
        model: What tells the model and its settings from others.
        dimension: Numbers of a vector.
    """

    def __init__(self, path: Path, model: str, dimension: int) -> None:
        self._path, self._model, self._dimension = path, _hashed(model), dimension
        self._record = np.dtype([("query", f"V{HASH_BYTES}"), ("vector", "<f4", (dimension,))])

    def vector(self, query: str) -> NDArray[np.float32] | None:
        """The vector of *query*, shape (dimension,); None if it is not there."""
        records = self._records()
        places = np.flatnonzero(records["query"] == np.void(_hashed(query)))
        return records["vector"][places[-1]].astype(np.float32) if len(places) else None

    def keep(self, query: str, vector: NDArray[np.float32]) -> None:
        """Keep the *vector* of *query*; not where that can't be written: nothing hangs on it."""
        new = np.array([(np.void(_hashed(query)), vector)], dtype=self._record).tobytes()
        with suppress(OSError):
            records = self._records()
            if not len(records) or len(records) >= MOST:
                kept = self._model + records[-KEPT:].tobytes() + new
                fresh = self._path.with_suffix(f".{os.getpid()}")
                fresh.write_bytes(kept)
                fresh.chmod(0o600)
                fresh.replace(self._path)
                return
            with self._path.open("ab", buffering=0) as file:  # one write: those of others do not mix
                file.write(new)

    def _records(self) -> NDArray[np.void]:
        """All records; none where the file is another model's, or damaged."""
        try:
            said = self._path.read_bytes()
        except OSError:
            said = b""
        body = said[HASH_BYTES:]
        if said[:HASH_BYTES] != self._model or len(body) % self._record.itemsize:
            body = b""
        return np.frombuffer(body, dtype=self._record)


def _hashed(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()

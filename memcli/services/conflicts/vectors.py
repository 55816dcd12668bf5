"""How near two words are in meaning: a small table of word vectors, made from the bundled model.

`tests/training/conflicts/vectors.py` makes it. Read once, on first use, in some milliseconds.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TABLE = Path(__file__).parent / "artefact" / "words.npz"


@cache
def _table() -> tuple[dict[str, int], NDArray[np.int8]]:
    import numpy as np

    with np.load(TABLE) as stored:
        words = bytes(stored["words"]).decode().split("\n")
        return {word: row for row, word in enumerate(words)}, stored["vectors"]


@lru_cache(maxsize=4096)
def of(word: str) -> NDArray[np.float32] | None:
    """The vector of *word*, length 1; None if the table does not have it."""
    import numpy as np

    rows, vectors = _table()
    row = rows.get(word)
    if row is None:
        return None
    vector: NDArray[np.float32] = vectors[row].astype(np.float32)
    return vector / np.linalg.norm(vector)


def knows(word: str) -> bool:
    """Whether *word* is in the table: a common word, correctly spelt."""
    return word in _table()[0]


@lru_cache(maxsize=65_536)
def nearness(one: str, other: str) -> float:
    """The cosine of two words' vectors, -1..1; 0 if one is unknown."""
    first, second = of(one), of(other)
    return float(first @ second) if first is not None and second is not None else 0.0

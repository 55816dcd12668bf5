"""What questions look like to the bundled model: learned from questions of our own making.

Two things are known about a question's vector that the store can't tell: whether it is the kind of thing
that one asks one's memory at all, and, for a memory, how near it is to questions of any kind. The first is a
support vector machine with a radial kernel, the second a bank of questions. `tests/training/questions.py`
makes both; the vectors are those of one model and mean nothing to another.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from memcli.embedding.catalog import BUNDLED, bundled_path
from memcli.model import EmbeddingModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARTEFACT = bundled_path() / "questions.npz"

GAMMA = 0.5
"""Of the kernel e^(-gamma |x - y|^2) between unit vectors. See `tests/training/questions.py`."""

NEIGHBOURHOOD = 15
"""Questions of the bank that a memory's hubness is the mean cosine to. From 10 to 20 the mean reciprocal
rank stays within 0.004 on development and held-out questions."""

LEVELS = 127
"""Of a vector's numbers as signed bytes."""


class Questions:
    """What is known about questions to the bundled model.

    Args:
        units: Vectors of questions as signed bytes, shape (m, dimension); those of the bank come first.
        scale: What makes vectors of length about 1 of them.
        weights: What each says about a vector near it: above 0 that it asks a memory, shape (m,).
        bias: What is said about a vector that is near to none.
        bank: How many belong to the bank.
    """

    def __init__(self, *, units: Any, scale: Any, weights: Any, bias: Any, bank: Any) -> None:
        self._bytes, self._scale = np.asarray(units), float(scale)
        self._weights, self._bias, self._bank = np.asarray(weights), float(bias), int(bank)

    @classmethod
    def load(cls, model: EmbeddingModel | None) -> Questions | None:
        """What is known about questions to *model*; None for all but the bundled one."""
        return _of_bundled() if model is not None and model.name == BUNDLED else None

    @cached_property
    def _units(self) -> NDArray[np.float32]:
        return self._bytes.astype(np.float32) * np.float32(self._scale)

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        return np.asarray((self._units**2).sum(axis=1))

    def kind(self, vector: NDArray[np.float32]) -> float:
        """Above 0 for the *vector* of what one asks one's own memory, below for what one asks anybody.

        Mostly between -2 and 2; -1 and 1 are the margins of the support vector machine.
        """
        products = np.einsum("ij,j->i", self._units, vector)  # one thread: see storage/rows.py
        squares = self._squares + float(vector @ vector) - 2 * products
        return float(np.exp(-GAMMA * squares) @ self._weights + self._bias)

    def hubness(self, units: NDArray[np.float32]) -> NDArray[np.float64]:
        """The mean cosine of each of *units*, shape (n, dimension), to the nearest questions: shape (n,)."""
        cosines = units @ self._units[: self._bank].T
        nearest = np.partition(cosines, -NEIGHBOURHOOD, axis=1)[:, -NEIGHBOURHOOD:]
        return np.asarray(nearest.mean(axis=1), dtype=np.float64)


@cache
def _of_bundled() -> Questions:
    with np.load(ARTEFACT) as arrays:
        return Questions(**arrays)


def quantized(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """*vectors* as signed bytes, and what to multiply these with."""
    scale = float(np.abs(vectors).max()) / LEVELS
    return np.round(vectors / scale).astype(np.int8), scale

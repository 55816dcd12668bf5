"""The trained part of the decision: boosted trees over the features, evaluated with NumPy.

`tests/training/conflicts/train.py` makes them. Read once, on first use, in a few milliseconds.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TREES = Path(__file__).parent / "artefact" / "trees.npz"


class Forest(NamedTuple):
    """All trees, as flat arrays of nodes.

    Args:
        names: The features, in the order that *feature* counts them.
        roots: The first node of each tree; the trees take turns for the three classes.
        feature: For each node, which feature it asks for.
        threshold: Below it the answer is *left*, else *right*.
        left: The node for a lower value; a leaf leads to itself.
        right: The node for a higher one.
        value: What a leaf adds to its class's score.
        depth: The most questions that a tree asks.
    """

    names: tuple[str, ...]
    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    depth: int


@cache
def forest() -> Forest:
    """The trees that ship with the package."""
    import numpy as np

    with np.load(TREES) as stored:
        return Forest(
            tuple(bytes(stored["names"]).decode().split("\n")),
            stored["roots"],
            stored["feature"],
            stored["threshold"],
            stored["left"],
            stored["right"],
            stored["value"],
            int(stored["depth"]),
        )


def likelihoods(values: dict[str, float]) -> tuple[float, float, float]:
    """How likely a pair with the features *values* is a duplicate, a replacement or neither; 1 in sum."""
    import numpy as np

    trees = forest()
    row = np.array([values[name] for name in trees.names], dtype=np.float32)
    node = trees.roots
    for _ in range(trees.depth):
        node = np.where(row[trees.feature[node]] < trees.threshold[node], trees.left[node], trees.right[node])
    scores = trees.value[node].reshape(-1, 3).sum(axis=0, dtype=np.float64)
    shares = np.exp(scores - scores.max())
    duplicate, replaced, stored = (shares / shares.sum()).tolist()
    return duplicate, replaced, stored

"""A map of meanings: vectors as points in the plane, what lies together there, and words typical of it.

Pure functions on arrays. The projection is UMAP (McInnes, Healy and Melville 2018) in what makes it work: a
graph of nearest neighbours with fuzzy weights, pulled together along its edges while everything else is
pushed apart, from principal components as the start. The Cauchy kernel of t-SNE stands for its two fitted
constants, all edges move at once instead of one after the other, and who is pushed apart is drawn by
shuffling: so numpy does it in a second or two, and the same map comes out each time.

Measured with the bundled model: the share of a memory's 10 nearest that are among its 10 nearest on the map,
trustworthiness (Venna and Kaski 2001) with k = 10, and seconds with one thread on a busy 2-core machine.

    memories                 250                2,000              5,000              8,280
    principal components     0.16 0.70  0.0 s   0.06 0.75  0.2 s   0.02 0.72  0.3 s
    exact t-SNE              0.35 0.78  0.1 s   0.42 0.96   21 s
    this                     0.39 0.83  0.3 s   0.34 0.95  1.5 s   0.32 0.94  3.8 s   0.31       6.6 s
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from memcli.model import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = 15
"""Of each memory, that it is pulled to: UMAP's own default."""

EPOCHS = 300
"""150 keep a tenth fewer neighbours, 500 no more."""

PUSHES = 8
"""Others that each memory is pushed away from in an epoch; 5 keep 0.02 fewer neighbours, 20 keep 0.02
more."""

PUSH = 20.0
"""How strong they are, where UMAP has 5: gaps are clearer, and 0.34 of 2,000 memories' neighbours are kept,
where 5 keep 0.30."""

STEP = 4.0
"""The furthest that anything moves at once, as in UMAP."""

BLOCK = 1024
"""Rows that are compared at once: 40 MB with 10,000 memories."""

CELLS = 96
"""Of the grid in which density is looked at, each way."""

MOST_GROUPS = 14
"""More can't be told apart by colour, nor named without covering each other."""

WORD = re.compile(r"[^\W\d_](?:[\w’'-]*\w)?")
LONGEST = 24
"""Letters of a word that names a group; what is longer is no word, or too wide."""

EMPTY = frozenset(
    """
    above any anyone anything around away back because before being does doing done during even everyone
    everything get gets getting go goes going got gotta has having himself itself let lets like made
    make makes many maybe much must myself need needs never once one only other others ourselves please
    really said say says see since someone something still sure take than thing things think too two use
    used user uses very want wants way well whose yeah yes yet yourself
    """.split()  # noqa: SIM905  # a hundred quotes would help nobody
)
"""What English says whatever it is about; what the full-text index passes over comes besides."""

CLITIC = re.compile(r"['’](?:s|m|re|ve|ll|d|t)$", re.IGNORECASE)


def neighbours(
    vectors: NDArray[np.float32], most: int = NEIGHBOURS
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The *most* nearest others of each of *vectors* (of length 1), nearest first: their rows and cosines."""
    number = len(vectors)
    most = min(most, number - 1)
    rows = np.empty((number, most), dtype=np.int64)
    cosines = np.empty((number, most), dtype=np.float32)
    for start in range(0, number, BLOCK):
        near = vectors[start : start + BLOCK] @ vectors.T
        here = np.arange(len(near))
        near[here, start + here] = -2  # nobody is a neighbour of their own
        some = np.argpartition(-near, most - 1, axis=1)[:, :most]
        values = np.take_along_axis(near, some, axis=1)
        order = np.lexsort((some, -values), axis=1)  # of equals, always the same one first
        rows[start : start + BLOCK] = np.take_along_axis(some, order, axis=1)
        cosines[start : start + BLOCK] = np.take_along_axis(values, order, axis=1)
    return rows, cosines


def projected(
    vectors: NDArray[np.float32],
    rows: NDArray[np.int64],
    cosines: NDArray[np.float32],
    report: Progress | None = None,
) -> NDArray[np.float64]:
    """Points in the plane for *vectors*, shape (n, 2), all within -1..1; the same ones each time.

    Args:
        vectors: At least one, each of length 1.
        rows: Their nearest neighbours; see `neighbours`.
        cosines: How near these are.
        report: Hears of each of `EPOCHS`.
    """
    points = _principal(vectors)
    if len(vectors) > 3:
        ends = _weighted(rows, cosines)
        shuffle = np.random.default_rng(len(vectors))
        for epoch in range(EPOCHS):
            points += (1 - epoch / EPOCHS) * _moves(points, *ends, shuffle)
            if report:
                report(1)
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    widest = np.abs(points).max()
    return points / widest if widest > 0 else points


def _principal(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The first two principal components, the first with a spread of 10."""
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    two = axes[:, ::-1][:, :2]
    two = two * np.sign(two[np.abs(two).argmax(axis=0), [0, 1]])  # which way it points is arbitrary: not here
    points: NDArray[np.float64] = centred @ two
    spread = points[:, 0].std()
    return points / spread * 10 if spread > 1e-9 else np.zeros((len(vectors), 2))


def _weighted(
    rows: NDArray[np.int64], cosines: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The edges of the fuzzy graph, both ways: from, to, weight."""
    number, most = rows.shape
    far = (cosines[:, :1] - cosines).astype(np.float64)
    low, high, scale = np.zeros(number), np.full(number, np.inf), np.ones(number)
    for _ in range(40):  # halving, until the weights of each add up to what UMAP wants
        above = np.exp(-far / scale[:, None]).sum(axis=1) > math.log2(most)
        low, high = np.where(above, low, scale), np.where(above, scale, high)
        scale = np.where(np.isinf(high), scale * 2, (low + high) / 2)
    weights = np.exp(-far / np.maximum(scale, 1e-3 * far.mean() + 1e-9)[:, None]).ravel()
    start, end = np.repeat(np.arange(number), most), rows.ravel()
    pairs, where = np.unique(
        np.concatenate([start * number + end, end * number + start]), return_inverse=True
    )
    both = np.concatenate([weights, weights])
    once = np.bincount(where, both)
    squares = np.bincount(where, both * both)
    joined = once - (once * once - squares) / 2  # a + b - ab, and a alone where there is no b
    return pairs // number, pairs % number, joined


def _moves(
    points: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    weights: NDArray[np.float64],
    shuffle: np.random.Generator,
) -> NDArray[np.float64]:
    """Where each of *points* is drawn: to its neighbours, and away from some others."""
    number = len(points)
    apart = points[start] - points[end]
    pull = (-4 * weights / (1 + (apart * apart).sum(axis=1)))[:, None] * apart
    moves = np.stack([np.bincount(start, pull[:, axis], number) for axis in (0, 1)], axis=1)
    pushed = np.zeros_like(points)
    for _ in range(PUSHES):
        apart = points - points[shuffle.permutation(number)]
        square = (apart * apart).sum(axis=1)
        pushed += np.clip((2 / ((0.001 + square) * (1 + square)))[:, None] * apart, -STEP, STEP)
    moves += pushed * (2 * PUSH / PUSHES * np.bincount(start, weights, number))[:, None]
    furthest = np.abs(moves).max(axis=1, keepdims=True)
    limited: NDArray[np.float64] = moves * np.minimum(1, STEP / np.maximum(furthest, 1e-9))
    return limited


def grouped(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which group each of *points* is in, from 0, the largest; one that is too few for groups: all in 0.

    A group is a hill of density: from each point it goes uphill, and who comes to the same top is together.
    The map is blurred until there are few enough hills.
    """
    number = len(points)
    cells = np.clip(((points + 1) / 2 * CELLS).astype(np.int64), 0, CELLS - 1)
    at = cells[:, 0] * CELLS + cells[:, 1]
    counts = np.bincount(at, minlength=CELLS * CELLS).reshape(CELLS, CELLS).astype(np.float64)
    most = max(1, min(MOST_GROUPS, round(math.sqrt(number) / 1.5)))
    least = max(3, number // 120)
    line = np.arange(CELLS)
    for blur in range(2, CELLS):
        bell = np.exp(-((line[:, None] - line) ** 2) / (2 * blur * blur))
        tops = _tops(bell @ counts @ bell)[at]
        names, sizes = np.unique(tops, return_counts=True)
        large = names[sizes >= least]
        if 0 < len(large) <= most:
            break
    if not len(large):
        return np.zeros(number, dtype=np.int64)
    centres = np.stack([points[tops == name].mean(axis=0) for name in large])
    nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    place = np.searchsorted(large, tops).clip(max=len(large) - 1)
    groups = np.where(large[place] == tops, place, nearest)  # a lone one belongs to who is near
    rank = np.argsort(np.argsort(-np.bincount(groups, minlength=len(large)), kind="stable"), kind="stable")
    ranked: NDArray[np.int64] = rank[groups]
    return ranked


def _tops(density: NDArray[np.float64]) -> NDArray[np.int64]:
    """To which cell each cell of *density* leads, going uphill as long as that is possible."""
    wide = np.pad(density, 1, constant_values=-1.0)
    around = [wide[1 + i : CELLS + 1 + i, 1 + j : CELLS + 1 + j] for i in (0, -1, 1) for j in (0, -1, 1)]
    steps = np.array([i * CELLS + j for i in (0, -1, 1) for j in (0, -1, 1)])
    best = np.stack(around).argmax(axis=0)
    top: NDArray[np.int64] = np.arange(CELLS * CELLS) + steps[best].ravel()
    while (further := top[top]).tolist() != top.tolist():
        top = further
    return top


def typical(
    texts: Sequence[str], groups: NDArray[np.int64], empty: frozenset[str], most: int = 3
) -> list[list[str]]:
    """The words by which each group of *texts* differs from the others, the most typical first.

    That is how many of its texts have the word, times its rarity in all of them (the class-based TF-IDF of
    Grootendorst 2022). A word is written as it mostly is there.

    Args:
        texts: What there is.
        groups: Which group each is in.
        empty: Words that say nothing, in small letters.
        most: How many words.
    """
    written: dict[str, Counter[str]] = {}
    if len(groups) and not groups.any():
        return [[]]  # nothing to differ from
    inside = [Counter[str]() for _ in range(int(groups.max(initial=-1)) + 1)]
    for text, group in zip(texts, groups.tolist(), strict=True):
        said = (CLITIC.sub("", word) for word in WORD.findall(text[:2000]))
        words = {word.casefold(): word for word in said}
        for word, form in words.items():
            written.setdefault(word, Counter())[form] += 1
        inside[group].update(words.keys() - empty)
    known = {word: sum(forms.values()) for word, forms in written.items()}
    return [_best(words, known, len(texts), written, most) for words in inside]


def _best(
    words: Counter[str], known: dict[str, int], number: int, written: dict[str, Counter[str]], most: int
) -> list[str]:
    def weight(word: str) -> float:
        return words[word] * math.log(1 + number / known[word]) * math.sqrt(words[word] / known[word])

    found: list[str] = []
    for word in sorted(words, key=lambda word: (-weight(word), word)):
        if len(found) == most:
            break
        is_new = all(word[:4] != other[:4] for other in found)  # "boat" and "boats" are one
        if is_new and (2 if word.isascii() else 0) < len(word) <= LONGEST:
            found.append(word)
    return [_mostly(written[word]) for word in found]


def _mostly(forms: Counter[str]) -> str:
    """How a word is mostly written; of equals, in small letters."""
    return min(forms, key=lambda form: (-forms[form], form.swapcase()))

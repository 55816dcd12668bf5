"""The map of meanings: what is alike lies together, and is called by its words."""

import numpy as np
import pytest
from numpy.typing import NDArray

from memcli.services import meanings


def clouds(number: int, each: int, dimension: int = 24) -> NDArray[np.float32]:
    """*number* clouds of *each* vectors of length 1, one cloud after the other."""
    draw = np.random.default_rng(7)
    middles = draw.normal(size=(number, dimension))
    some = np.repeat(middles, each, axis=0) + 0.35 * draw.normal(size=(number * each, dimension))
    vectors: NDArray[np.float32] = (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def mapped(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where *vectors* are on the map."""
    return meanings.projected(vectors, *meanings.neighbours(vectors))


def test_neighbours_are_the_nearest_and_nobody_is_their_own() -> None:
    """As comparing all with all says, in order, in more than one block, and with equal vectors."""
    vectors = clouds(4, 300)
    vectors[5] = vectors[900]
    rows, cosines = meanings.neighbours(vectors, 7)
    near = vectors @ vectors.T
    np.fill_diagonal(near, -2)
    assert np.allclose(cosines, -np.sort(-near, axis=1)[:, :7], atol=1e-6)
    assert np.allclose(np.take_along_axis(near, rows, axis=1), cosines, atol=1e-6)
    assert rows[5, 0] == 900
    assert meanings.neighbours(vectors[:3])[0].shape == (3, 2)


def test_what_is_alike_lies_together() -> None:
    """The nearest on the map are of the same cloud; principal components would not keep six apart."""
    points = mapped(clouds(6, 40))
    far = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(far, np.inf)
    own = np.arange(240) // 40
    assert np.mean(own[far.argmin(axis=1)] == own) > 0.98
    assert np.abs(points).max() == pytest.approx(1)
    assert (mapped(clouds(6, 40)) == points).all()


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 17])
def test_a_few_have_places_too(number: int) -> None:
    """Finite ones within the map, also where all say the same."""
    for vectors in (clouds(1, number), np.repeat(clouds(1, 1), number, axis=0)):
        points = mapped(vectors) if number > 1 else meanings.projected(vectors, *none())
        assert points.shape == (number, 2)
        assert np.isfinite(points).all()
        assert np.abs(points).max() <= 1
        assert len(meanings.grouped(points)) == number


def none() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The neighbours of somebody alone."""
    return np.empty((1, 0), dtype=np.int64), np.empty((1, 0), dtype=np.float32)


def test_groups_are_what_lies_together_the_largest_first() -> None:
    """Clouds of different sizes; never more groups than can be told apart."""
    vectors = np.concatenate([clouds(3, 60)[:70], clouds(3, 60)[120:]])
    groups = meanings.grouped(mapped(vectors))
    sizes = np.bincount(groups)
    assert (np.diff(sizes) <= 0).all()
    assert len(sizes) >= 2
    assert len({*groups[:60]} & {*groups[70:]}) == 0
    assert meanings.grouped(mapped(clouds(40, 20))).max() < meanings.MOST_GROUPS


def test_a_group_is_called_by_the_words_that_others_lack() -> None:
    """Written as they mostly are; neither empty words nor those that all have, nor one twice."""
    texts = [
        "The boat and the boats of Ann's harbour",
        "A boat in PostgreSQL harbour",
        "My tea is green",
        "Tea, or tea!",
    ]
    words = meanings.typical(texts, np.array([0, 0, 1, 1]), frozenset({"the", "and", "of", "is", "my", "in"}))
    assert words[0][:2] == ["boat", "harbour"]
    assert words[1][0] == "tea"
    assert "boats" not in words[0]
    assert meanings.typical(["a" * 99, "!"], np.array([0, 1]), frozenset()) == [[], []]
    assert meanings.typical(texts, np.zeros(4, dtype=np.int64), frozenset()) == [[]]

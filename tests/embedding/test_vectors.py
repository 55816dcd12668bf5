"""The bundled model at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from memcli.errors import EmbeddingError

if TYPE_CHECKING:
    from memcli.embedding.vectors import FastembedEmbedder

TEXTS = [
    f"{name} likes {thing}" for name in ("Ada", "Bo", "Cy", "Di", "Ed") for thing in ("tea", "owls", "rain")
]


def test_the_nearest_text_is_the_one_that_means_the_same(bundled: FastembedEmbedder) -> None:
    """Meaning counts, not words."""
    texts = ["The cat sleeps on the sofa", "Quarterly revenue fell sharply", "She repairs bicycles"]
    query = bundled.embed_queries(["where is the kitten resting?"])[0]
    assert int(np.argmax(bundled.embed_documents(texts) @ query)) == 0


def test_vectors_come_as_contiguous_float32_of_length_one_in_order(bundled: FastembedEmbedder) -> None:
    """Row i belongs to text i, however many threads embedded them."""
    vectors = bundled.embed_documents(TEXTS)
    assert vectors.shape == (15, 384)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    singly = np.concatenate([bundled.embed_documents([text]) for text in TEXTS])
    assert (vectors == singly).all()


def test_a_text_has_the_same_vector_in_any_company(bundled: FastembedEmbedder) -> None:
    """A quantised network must not let neighbours leak into a vector."""
    alone = bundled.embed_documents(["owls"])
    together = bundled.embed_documents(["A much longer sentence about barns and mice and the night.", "owls"])
    assert (alone[0] == together[1]).all()


def test_no_texts_give_no_vectors(bundled: FastembedEmbedder) -> None:
    """Shape (0, dimension), so that callers need no special case."""
    assert bundled.embed_documents([]).shape == (0, 384)
    assert bundled.embed_queries([]).shape == (0, 384)


def test_equal_texts_are_embedded_once_and_all_reported(bundled: FastembedEmbedder) -> None:
    """Progress adds up to the number of texts asked for."""
    heard: list[int] = []

    def hear(done: int) -> None:
        heard.append(done)

    vectors = bundled.embed_documents(TEXTS * 3, progress=hear)
    assert sum(heard) == 45
    assert len(heard) == 2  # 15 different texts, eight at a time
    assert (vectors[:15] == vectors[30:]).all()


def test_ctrl_c_stops_between_batches(bundled: FastembedEmbedder) -> None:
    """An interruption is passed on and the rest is not embedded."""
    heard: list[int] = []

    def interrupt(done: int) -> None:
        heard.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bundled.embed_documents([f"text number {number}" for number in range(400)], progress=interrupt)
    assert heard == [8]


def test_a_text_that_is_no_unicode_is_an_embedding_error(bundled: FastembedEmbedder) -> None:
    """A lone surrogate can't be tokenised; the answer is one sentence."""
    with pytest.raises(EmbeddingError, match="failed"):
        bundled.embed_documents(["\ud800"])

"""Cutting long texts: first on made-up tokens, then with the bundled model's tokenizer."""

from __future__ import annotations

import re
import time
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from memcli.embedding import catalog, passages
from tests.fuzz import rounds

if TYPE_CHECKING:
    from memcli.embedding.vectors import FastembedEmbedder

ROOM = 254
"""Tokens of a window of 256 without the two special ones."""


@cache
def tokenizer() -> Tokenizer:
    """The bundled model's tokenizer, neither cutting nor padding."""
    found = Tokenizer.from_file(str(catalog.bundled_path() / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def check_cover(pieces: list[tuple[int, int]], length: int) -> None:
    """The pieces begin and end with the text, rise, and leave no gap."""
    assert pieces[0][0] == 0
    assert pieces[-1][1] == length
    for (start, end), (next_start, next_end) in pairwise(pieces):
        assert start < next_start <= end < next_end


@given(st.text(alphabet="ab .!\n字", max_size=400), st.integers(8, 40))
def test_windows_cover_the_text_and_hold_no_more_tokens_than_allowed(text: str, limit: int) -> None:
    """Whatever the text, with words as tokens."""
    offsets = [found.span() for found in re.finditer(r"\w|[.!]", text)]
    pieces = passages.windows(text, offsets, limit)
    check_cover(pieces, len(text))
    for start, end in pieces:
        assert sum(start <= first < end for first, _ in offsets) <= limit


def test_a_window_ends_with_a_sentence_where_there_is_one() -> None:
    """The seam is put after a full stop rather than after just any word."""
    text = "one two three four five six. seven eight nine ten eleven twelve"
    offsets = [found.span() for found in re.finditer(r"\w+|\.", text)]
    first, *_ = passages.windows(text, offsets, 8)
    assert text[slice(*first)] == "one two three four five six. "


def test_several_tokens_of_one_character_are_not_separated() -> None:
    """Byte-level tokenizers make four tokens of an emoji."""
    text = "🦉" * 20
    offsets = [(at, at + 1) for at in range(20) for _ in range(4)]
    check_cover(passages.windows(text, offsets, 10), 20)


@rounds.of(20)
@given(
    st.lists(
        st.sampled_from(
            ["hello ", "schön", "今天天气", "한국어 ", "antidisestablishment", "x" * 120, ". ", "\n", "🦉"]
        )
        | st.text(max_size=8),
        max_size=900,
    )
)
def test_the_embedders_passages_fit_its_window(bundled: FastembedEmbedder, parts: list[str]) -> None:
    """Each passage, tokenised on its own, fits; together they are the text."""
    text = "".join(parts)
    pieces = bundled.passages(text)
    check_cover(pieces, len(text))
    assert all(len(tokenizer().encode(text[s:e], add_special_tokens=False)) <= ROOM for s, e in pieces)


@pytest.mark.parametrize(
    "text",
    [
        "The owl slept in the barn. " * 37_000,
        "x7" * 500_000,
        "今天天气很好我们去公园散步。" * 22_000,
        " " * 1_000_000,
    ],
    ids=["English", "no white space", "Chinese", "only white space"],
)
def test_a_megabyte_is_cut_in_a_few_seconds(bundled: FastembedEmbedder, text: str) -> None:
    """Cutting is linear in the length of the text, whatever it is made of."""
    started = time.monotonic()
    pieces = bundled.passages(text)
    assert time.monotonic() - started < 10  # 1 s on two idle processors
    check_cover(pieces, len(text))


def test_cutting_leaves_the_embedding_tokenizer_alone(bundled: FastembedEmbedder) -> None:
    """A vector is the same before and after a long text was cut."""
    before = bundled.embed_queries(["an owl"])
    bundled.passages("word " * 5000)
    assert (bundled.embed_queries(["an owl"]) == before).all()


@pytest.mark.parametrize("text", ["", "short", "word " * 200])
def test_a_text_that_fits_is_one_passage(bundled: FastembedEmbedder, text: str) -> None:
    """Nothing is cut without need."""
    assert bundled.passages(text) == [(0, len(text))]

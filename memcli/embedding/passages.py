"""Where a long text is cut so that each piece fits a model's window.

Pure functions on a text and the character offsets of its tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Offsets = Sequence[tuple[int, int]]

OVERLAP = 32
"""Tokens that neighbours share, so that a sentence on a seam is whole in one of them; about two sentences."""

_ENDINGS = frozenset(".!?。！？…;；")


def windows(text: str, offsets: Offsets, limit: int) -> list[tuple[int, int]]:
    """Cut *text* into pieces of at most *limit* tokens that overlap a little and together cover it.

    Args:
        text: Any text.
        offsets: (start, end) in characters of each of its tokens, in order.
        limit: Most tokens a piece may have, at least 1.

    Returns:
        (start, end) in characters, both rising from piece to piece; one pair if all tokens fit.
    """
    return list(_pieces(text, offsets, limit))


def _pieces(text: str, offsets: Offsets, limit: int) -> Iterator[tuple[int, int]]:
    first, start = 0, 0
    while len(offsets) - first > limit:
        stop = _best_cut(text, offsets, first + limit * 3 // 4 + 1, first + limit)
        end = offsets[stop][0]
        if end > start:
            yield start, end
        overlap = min(OVERLAP, limit // 4)
        following = _best_cut(text, offsets, stop - overlap * 3 // 2, stop - overlap // 2)
        first = following if offsets[following][0] > start and following > first else stop
        start = min(offsets[first][0], end) if end > start else start
    yield start, len(text)


def _best_cut(text: str, offsets: Offsets, low: int, high: int) -> int:
    """The token in *low*..*high* before which a cut hurts least: the last one of the best kind."""
    low = max(low, 1)
    return max(range(low, high + 1), key=lambda token: (_seam(text, offsets, token), token), default=high)


def _seam(text: str, offsets: Offsets, token: int) -> int:
    """How good a cut before *token* is: 3 a new line, 2 the end of a sentence, 1 a space, 0 within a word."""
    before, after = offsets[token - 1][1], offsets[token][0]
    gap = text[before:after]
    if "\n" in gap:
        return 3
    last = text[before - 1 : before]
    if last in _ENDINGS and last and (gap or not last.isascii()):
        return 2
    return 1 if gap.isspace() else 0


def halves(text: str, piece: tuple[int, int]) -> list[tuple[int, int]]:
    """Cut a piece of at least two characters near its middle, at white space if there is some."""
    start, end = piece
    middle = (start + end) // 2
    space = text.rfind(" ", start + 1, middle)
    cut = space + 1 if space > start else middle
    return [(start, cut), (cut, end)]

"""Whether two texts say nearly the same in nearly the same words: pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from memcli.model import Memory

SAME = 0.9
"""Least share of words that two texts have in common, all of the shorter one's and in order, to be nearly the
same. With a word more or less at ten, the shorter adds nothing for a reader; with one word in another's place
it may be about somebody else."""

EMPTY_WORDS = frozenset(
    ["a", "an", "the", "is", "are", "was", "were", "be", "to", "of", "in", "on", "at", "and", "user"]
)
"""Words whose coming and going changes nothing."""

WEIGHTY = re.compile(r"\d|^(?:no|not|never|none|nothing|without|nor|cannot|\w+n['’]t)$")
"""Numbers and negations: texts that differ in one never say the same."""

LONGEST = 2_000
"""Characters that are compared; of longer texts only equal ones count as the same."""

Some = TypeVar("Some", bound=Memory)


def distinct(memories: Sequence[Some]) -> list[Some]:
    """*memories* without those that nearly repeat one before them."""
    kept: list[tuple[Some, list[str]]] = []
    for memory in memories:
        words = _words(memory)
        if not any(_same(memory, words, other, those) for other, those in kept):
            kept.append((memory, words))
    return [memory for memory, _ in kept]


def nearly_same(one: Memory, other: Memory) -> bool:
    """Whether *one* and *other* say nearly the same: no number and no negation more in either."""
    return _same(one, _words(one), other, _words(other))


def _same(one: Memory, words: list[str], other: Memory, those: list[str]) -> bool:
    if one.speaker != other.speaker or one.is_turn != other.is_turn:
        return False
    if words == those:
        return True
    if not words or not those or max(len(one.text), len(other.text)) > LONGEST:
        return False
    shorter, longer = sorted((words, those), key=len)
    if 2 * len(shorter) < SAME * (len(shorter) + len(longer)):
        return False
    more = _more(longer, shorter)
    return more is not None and not any(WEIGHTY.search(word) for word in more)


def _more(longer: Sequence[str], shorter: Sequence[str]) -> list[str] | None:
    """What *longer* says besides all of *shorter* in order; None if it does not say all of it so."""
    more: list[str] = []
    at = 0
    for word in longer:
        if at < len(shorter) and word == shorter[at]:
            at += 1
        else:
            more.append(word)
    return more if at == len(shorter) else None


def _words(memory: Memory) -> list[str]:
    found = re.findall(r"\w+(?:['’.:/-]\w+)*", memory.text.casefold())
    return [word for word in found if word not in EMPTY_WORDS] or found

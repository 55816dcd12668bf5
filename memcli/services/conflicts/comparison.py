"""Which words of one text answer which words of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from memcli.services.conflicts import vectors
from memcli.services.conflicts.tokens import Text, Token

SAME = 0.8
"""From this strength on two words say the same thing."""

NEAR = 0.5
"""From this nearness of their vectors on two words are related enough to be held against each other."""

LONGEST_INITIALS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """A word of the old text and the word of the new one that answers it.

    Args:
        old: The old word.
        new: The new word.
        strength: How much they say the same, 0..1; 1 for the same word.
    """

    old: Token
    new: Token
    strength: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts side by side.

    Args:
        old: The old text.
        new: The new text.
        pairs: Which words answer which, in the order of the old text.
        only_old: Words with a meaning of their own that the new text lacks.
        only_new: Words with a meaning of their own that the old text lacks.
        answered_old: The places of the old words that are answered, alone or with their phrase.
        answered_new: The places of the new words that are.
        absorbed_old: The places of the old words that mean what answers them only as a phrase.
        absorbed_new: The places of the new words that do.
    """

    old: Text
    new: Text
    pairs: tuple[Pair, ...]
    only_old: tuple[Token, ...]
    only_new: tuple[Token, ...]
    answered_old: frozenset[int]
    answered_new: frozenset[int]
    absorbed_old: frozenset[int]
    absorbed_new: frozenset[int]


def compare(old: Text, new: Text) -> Comparison:
    """*old* and *new* side by side: each word answers one other at most, the surest first."""
    candidates: list[tuple[float, int, Token, Token]] = []
    for i, one in enumerate(old.content):
        for j, other in enumerate(new.content):
            found = strength(one, other)
            if found > 0:
                shift = abs(i * max(len(new.content), 1) - j * max(len(old.content), 1))
                candidates.append((-found, shift, one, other))
    candidates += list(_several(old.content, new.content, turned=False))
    candidates += list(_several(new.content, old.content, turned=True))
    candidates.sort(key=lambda c: (c[0], c[1], c[2].at, c[3].at))
    pairs: list[Pair] = []
    used_old: dict[int, float] = {}
    used_new: dict[int, float] = {}
    for minus, _, one, other in candidates:
        if _free(used_old, one.at, -minus) and _free(used_new, other.at, -minus):
            used_old[one.at] = used_new[other.at] = -minus
            pairs.append(Pair(one, other, -minus))
    pairs.sort(key=lambda pair: pair.old.at)
    sure = [pair for pair in pairs if pair.strength >= SAME]
    sure_old = {at for pair in sure for at in (pair.old.at, *_said_with(pair.old, pair))}
    sure_new = {at for pair in sure for at in (pair.new.at, *_said_with(pair.new, pair))}
    return Comparison(
        old,
        new,
        tuple(pairs),
        tuple(token for token in old.content if token.at not in sure_old),
        tuple(token for token in new.content if token.at not in sure_new),
        frozenset(sure_old),
        frozenset(sure_new),
        frozenset(at for pair in sure for at in _said_with(pair.old, pair)),
        frozenset(at for pair in sure for at in _said_with(pair.new, pair)),
    )


def _said_with(token: Token, pair: Pair) -> tuple[int, ...]:
    """The words that say with *token* what *pair* found it to mean."""
    return token.phrase if pair.old.lemma != pair.new.lemma and pair.old.concepts & pair.new.concepts else ()


WHOLE = 0.97
"""The strength of one word answering several, such as initials: it may do so for each of them."""


def _free(used: dict[int, float], at: int, found: float) -> bool:
    return at not in used or (found == WHOLE and used[at] == WHOLE)


def strength(one: Token, other: Token) -> float:
    """How much two words say the same, 0..1."""
    if one.quantity is not None or other.quantity is not None:
        both = one.quantity is not None and other.quantity is not None
        return 1.0 if both and one.quantity.same(other.quantity) else 0.0  # type: ignore[union-attr, arg-type]
    if one.lemma == other.lemma:
        return 1.0
    if one.concepts & other.concepts:
        return 0.95
    if one.kind == "code" and other.kind == "code":
        return 0.9 if _squashed(one.lemma) == _squashed(other.lemma) else 0.0
    names = one.capital and other.capital
    return _likeness(one.lemma, other.lemma, one.text.lower(), other.text.lower(), names=names)


@lru_cache(maxsize=65_536)
def _likeness(one: str, other: str, one_written: str, other_written: str, *, names: bool) -> float:
    """How much two different words say the same, by letters and vectors; an import asks again and again."""
    if _same_stem(one, other) or _shortened(one, other) or _shortened(other, one):
        return 0.85
    if not names and _misspelt(one_written, other_written):  # Clara and Carla are two people
        return 0.9
    near = max(vectors.nearness(one, other), vectors.nearness(one_written, other_written))
    return min(near, SAME - 0.01) if near >= NEAR else 0.0


def _squashed(lemma: str) -> str:
    return "".join(c for c in lemma if c.isalnum())


def _same_stem(one: str, other: str) -> bool:
    """Employ and employment, retire and retirement: all but the end of the shorter is shared."""
    if len(one) > len(other):
        one, other = other, one
    if len(one) < 4 or not one.isalpha():
        return False
    shared = 0
    while shared < len(one) and one[shared] == other[shared]:
        shared += 1
    return (
        shared >= 4
        and shared >= len(one) - 2
        and shared >= 0.5 * len(other)
        and other[shared:].endswith(_ENDINGS)
    )


_ENDINGS = (
    "ment", "ments", "tion", "tions", "sion", "ion", "ing", "er", "or", "ed", "s", "es", "al", "ally", "ly",
    "ness", "ity",
    "ance", "ence", "ic", "able", "ship", "ive", "ist", "y", "e", "ies", "ts", "ee", "age", "ure",
    "ize", "ry",
)  # fmt: skip


def _shortened(one: str, other: str) -> bool:
    """Whether *one* abbreviates *other*: its beginning, or its consonants in order (mtg, meeting)."""
    if not (2 <= len(one) < len(other) and one.isalpha() and other.isalpha() and one[0] == other[0]):
        return False
    if (
        len(other) >= 5
        and len(one) >= 3
        and other.startswith(one)
        and not vectors.knows(one)
        and vectors.knows(other)
    ):
        return True
    if len(one) > 5 or any(c in "aeiou" for c in one) or (vectors.knows(one) and len(one) < 3):
        return False
    rest = iter(other)
    return all(c in rest for c in one)


def _misspelt(a: str, b: str) -> bool:
    """Whether one is the other with a slip of the keys: a word nobody knows beside one that looks like it."""
    if min(len(a), len(b)) < 4 or abs(len(a) - len(b)) > 2 or not (a.isalpha() and b.isalpha()):
        return False
    if vectors.knows(a) and vectors.knows(b):
        return False
    if not (vectors.knows(a) or vectors.knows(b) or len(a) >= 7):
        return False
    return slips(a, b) <= (1 if min(len(a), len(b)) < 8 else 2)


def slips(a: str, b: str) -> int:
    """Letters put in, left out, changed or swapped with their neighbour between *a* and *b*."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, c in enumerate(a, 1):
        last, before_last = row, before
        row = [i]
        for j, d in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (c != d))
            if i > 1 and j > 1 and c == b[j - 2] and a[i - 2] == d:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]


def _several(
    ones: Sequence[Token], others: Sequence[Token], *, turned: bool
) -> Iterator[tuple[float, int, Token, Token]]:
    """Words of *ones* that several neighbours of *others* say together: initials, or written as one."""
    squashed = [_squashed(token.text.lower()) for token in others]
    firsts = ["" if token.kind == "quantity" else token.lemma[0] for token in others]
    for one in ones:
        word = _squashed(one.lemma)
        if one.kind == "quantity" or len(word) < 2:
            continue
        initials = len(word) <= LONGEST_INITIALS and (one.text.isupper() or one.text[1:].isupper())
        for start in range(len(others) - 1):
            size = 0
            if initials and firsts[start : start + len(word)] == list(word):
                size = len(word)
            elif word.startswith(squashed[start]):
                size = next((n for n in (2, 3) if "".join(squashed[start : start + n]) == word), 0)
            for token in others[start : start + size]:
                yield (-WHOLE, 0, token, one) if turned else (-WHOLE, 0, one, token)

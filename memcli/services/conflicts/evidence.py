"""Two statements read, compared and taken apart, and the questions that all features ask of their words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from memcli.services.conflicts import lexicon, vectors
from memcli.services.conflicts.comparison import Comparison, compare
from memcli.services.conflicts.frames import Frame, frame
from memcli.services.conflicts.tokens import Token
from memcli.services.conflicts.words import read

DENYING = frozenset(("not", "no", "never", "without", "none", "neither", "nor", "nobody", "nothing"))
"""Words in basic form that deny what is said, and nothing else; the class `negation` has further ones."""

_MOST = 4
"""Counts above this say no more than this."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two statements read, compared and taken apart.

    Args:
        comparison: Which words answer which.
        old: The parts of the old statement.
        new: The parts of the new one.
    """

    comparison: Comparison
    old: Frame
    new: Frame


def evidence(old: str, new: str) -> Evidence:
    """Read and compare *old* and *new*."""
    one, other = read(old), read(new)
    return Evidence(compare(one, other), frame(one), frame(other))


def count(tokens: Iterable[object]) -> float:
    """How many *tokens* there are, as a feature: 0..4."""
    return float(min(sum(1 for _ in tokens), _MOST))


def has(token: Token, *classes: str) -> bool:
    """Whether *token* belongs to one of *classes*, which are sections of classes.txt."""
    return not token.classes.isdisjoint(classes)


def trivial(token: Token) -> bool:
    """Whether *token* alone makes no difference to what is said."""
    return has(token, "trivial", "cue.hedge") and token.quantity is None


def core(tokens: Iterable[Token]) -> list[Token]:
    """Those of *tokens* that make a difference."""
    return [token for token in tokens if not trivial(token)]


def near(one: Token, other: Token) -> float:
    """How near two words are, whether or not they stand for each other; 0..1."""
    if one.quantity is not None or other.quantity is not None:
        if one.quantity is None or other.quantity is None:
            return 0.0
        return (
            1.0
            if one.quantity.same(other.quantity)
            else 0.6
            if one.quantity.comparable(other.quantity)
            else 0.0
        )
    if one.lemma == other.lemma:
        return 1.0
    if one.concepts & other.concepts:
        return 0.95
    return max(vectors.nearness(one.lemma, other.lemma), 0.0)


def is_name(token: Token) -> bool:
    """Whether *token* looks like a name: a capital, and where it opens the statement, no word of ours."""
    if token.kind != "word" or not token.text[:1].isupper():
        return False
    return token.capital or not (token.classes or token.concepts or token.lemma in lexicon.basic_words())


def kinds_of(tokens: Iterable[Token]) -> set[str]:
    """The sections of concepts.txt that *tokens* belong to: `one`, `many`, `event`, ..."""
    known = lexicon.concept_kinds()
    return {known.get(concept, "") for token in tokens for concept in token.concepts}

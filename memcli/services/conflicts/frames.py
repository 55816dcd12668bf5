"""What a statement is about, what it says of it, and the phrases that follow: a shallow reading.

No parser: the first verb that can't be a noun where it stands divides the statement. "Key: value" is
divided at its mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from memcli.services.conflicts.tokens import Text, Token

Part = Literal["subject", "predicate", "complement", "scope"]

_AUXILIARY = frozenset((
    "be", "have", "do", "will", "can", "must", "should", "may", "might", "would", "could", "shall",
    "cannot",
))  # fmt: skip
_DETERMINER = frozenset((
    "a", "an", "the", "my", "his", "her", "its", "our", "their", "your", "this", "that", "these",
    "those", "of", "no", "every", "each", "some", "any", "de", "le", "la", "el", "der", "die",
    "das",
))  # fmt: skip
_PRONOUN = frozenset((
    "i", "we", "you", "they", "he", "she", "it", "who",
))  # fmt: skip
_KEY_MARKS = frozenset((":", "=", "->", "=>", "→"))
KEY_LENGTH = 6
"""Words that a key may have at most, before its mark."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A statement's parts.

    Args:
        parts: For each token, by its place, which part it belongs to.
        phrases: For each token, by its place, the number of its phrase; 0 up to the predicate.
        prepositions: For each token, by its place, the preposition that opens its phrase; "" for none.
        verb: The main verb; None for "key: value" and for what has no verb.
        order: Whether it tells somebody to do something.
        key_value: Whether it is a key with a value.
    """

    parts: tuple[Part, ...]
    phrases: tuple[int, ...]
    prepositions: tuple[str, ...]
    verb: Token | None
    order: bool
    key_value: bool


def frame(text: Text) -> Frame:
    """The parts of *text*."""
    tokens = text.tokens
    key = _key_end(tokens)
    first, last = (key, key) if key is not None else _verb(tokens)
    parts: list[Part] = []
    phrases: list[int] = []
    prepositions: list[str] = []
    phrase, preposition = 0, ""
    for token in tokens:
        after = first is not None and last is not None and token.at > last
        if first is None:
            after = token.at > 0
        opens = "preposition" in token.classes and (token.at > 0 or first is None)
        if opens:
            phrase, preposition = phrase + 1, token.lemma
        elif token.kind == "mark":
            preposition = ""
        if first is not None and token.at < first:
            parts.append("scope" if preposition in _SCOPES and _leads(tokens, token) else "subject")
        elif first is not None and last is not None and token.at <= last:
            parts.append("predicate")
            preposition = ""
        else:
            direct = phrase == 0 or (preposition and _adjacent(tokens, last, token, preposition))
            parts.append("scope" if after and preposition in _SCOPES and not direct else "complement")
        phrases.append(phrase)
        prepositions.append(preposition)
    verb = tokens[last] if last is not None and key is None and tokens else None
    opening = bool(tokens) and "instruction" in tokens[0].classes and key is None
    order = opening and (first is None or first <= 2) and not tokens[0].text.lower().endswith("s")
    return Frame(tuple(parts), tuple(phrases), tuple(prepositions), verb, order, key is not None)


_SCOPES = frozenset((
    "in", "on", "at", "for", "during", "when", "while", "if", "under", "within", "across", "inside",
    "outside", "before", "after", "between", "per", "unless", "until",
))  # fmt: skip


def _leads(tokens: tuple[Token, ...], token: Token) -> bool:
    """Whether the phrase of *token* opens the statement: "On weekends I ..."."""
    return bool(tokens) and "preposition" in tokens[0].classes and token.at < KEY_LENGTH


def _adjacent(tokens: tuple[Token, ...], verb: int | None, token: Token, preposition: str) -> bool:
    """Whether the phrase of *token* comes right after the verb: what it says, not where it holds."""
    if verb is None or verb + 1 >= len(tokens):
        return False
    following = tokens[verb + 1]
    if following.lemma != preposition:
        return False
    return all("preposition" not in t.classes for t in tokens[verb + 2 : token.at])


def _key_end(tokens: tuple[Token, ...]) -> int | None:
    """The place of the mark between a key and its value."""
    for token in tokens[: KEY_LENGTH + 1]:
        if token.kind == "mark" and token.text in _KEY_MARKS and 0 < token.at < len(tokens) - 1:
            before = tokens[: token.at]
            return None if any(t.lemma in _AUXILIARY for t in before) else token.at
    return None


def _verb(tokens: tuple[Token, ...]) -> tuple[int | None, int | None]:
    """Where the predicate begins and ends; None, None without a verb."""
    for token in tokens:
        if not is_verb(tokens, token):
            continue
        end = token.at
        for following in tokens[token.at + 1 : token.at + 5]:
            if "verb" in following.classes and (tokens[end].lemma in _AUXILIARY) and end >= following.at - 2:
                if following.at > end + 1 and tokens[end + 1].lemma not in _BETWEEN:
                    break
                end = following.at
            elif following.lemma not in _BETWEEN:
                break
        return token.at, end
    for token in tokens[1:4]:
        if _looks_like_a_verb(tokens[token.at - 1], token):
            return token.at, token.at
    return None, None


def _looks_like_a_verb(before: Token, token: Token) -> bool:
    """Whether *token*, which we do not know as a verb, is one by its ending and place: "Hugo snores"."""
    surface = token.text.lower()
    subject = (
        before.lemma in _PRONOUN
        or before.lemma == "user"
        or (before.text[:1].isupper() and before.kind == "word")
    )
    ending = (
        surface.endswith(("s", "ed", "t", "e")) if not surface.isascii() else surface.endswith(("s", "ed"))
    )
    return (
        token.kind == "word"
        and not token.capital
        and subject
        and ending
        and len(surface) > 3
        and token.content
    )


_BETWEEN = frozenset((
    "not", "never", "always", "also", "just", "already", "still", "now", "currently", "only", "to",
    "usually", "often", "no", "long", "again", "be", "get",
))  # fmt: skip


def is_verb(tokens: tuple[Token, ...], token: Token) -> bool:  # noqa: PLR0911, one for each sign
    """Whether *token* is the verb of the statement, and no noun."""
    if token.kind != "word" or "verb" not in token.classes:
        return False
    before = tokens[token.at - 1] if token.at else None
    surface = token.text.lower()
    if token.lemma in _AUXILIARY:
        return True
    if before is None:
        if not surface.endswith("s") or surface == token.lemma:
            return not any(t.lemma in ("be", "must", "should", "will") for t in tokens[1:4])
        return not any(_finite(t) for t in tokens[1:4])
    if before.lemma in _DETERMINER or before.owner or "preposition" in before.classes:
        return False
    if before.lemma in _PRONOUN or before.lemma in ("not", "never", "always", "please", "also", "user", "to"):
        return True
    if surface == token.lemma and surface in _UNCHANGED and (before.capital or before.opens):
        return True
    if surface == token.lemma:
        return before.text.lower().endswith("s") or " and " in f" {before.lemma} "
    coming = tokens[token.at + 1 : token.at + 3]
    return not any(t.lemma in ("be", "must", "should", "will") for t in coming) and not surface.endswith(
        "ing"
    )


_UNCHANGED = frozenset((
    "beat", "cut", "put", "set", "hit", "let", "quit", "read", "cost", "shut", "hurt", "bet",
))  # fmt: skip
"""Verbs whose past is their basic form."""


def _finite(token: Token) -> bool:
    surface = token.text.lower()
    return token.lemma in _AUXILIARY or (
        "verb" in token.classes
        and (surface.endswith("ed") or surface == token.lemma)
        and "preposition" not in token.classes
    )

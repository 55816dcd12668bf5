"""Full-text search: how text is cut into terms, and how good a match could be at best."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from memcli.storage import native

# Function words of English. LanceDB's own list for the ICU tokenizer is the union of many languages
# and swallows "dog", "cat" and "ops". Words are compared after stemming, hence forms like "veri".
STOP_WORDS = """
    a about abov above after again against all also am an and ani any are as at be becaus because been
    befor before being below between both but by can could did do doe does doing down dure during each
    few for from further had has have having he her here herself him himself his how i if in into is it
    its itself just me more most my myself no nor not now of off on onc once onli only or other our
    ourselv ourselves out over own same she should so some such than that the their them themselv
    themselves then there these they this those through to too under until up veri very was we were what
    when where which while who whom whi why will with would you your yourself yourselv
""".split()  # noqa: SIM905  # a hundred quotes would help nobody

TOKENIZER: dict[str, Any] = {
    "base_tokenizer": "icu/split",  # words of every script, and the parts of identifiers
    "language": "English",
    "stem": True,
    "remove_stop_words": True,
    "custom_stop_words": STOP_WORDS,
    "ascii_folding": True,
    "max_token_length": 128,  # longer than any hash in hexadecimal that people paste
}
"""How both memories and queries are cut into terms: the settings of the full-text index."""

WORDS = {**TOKENIZER, "stem": False, "remove_stop_words": False}
"""The same cuts, with the words left as they are."""

CONSONANTS = "bcdfgjkmpqvwxz"
"""Letters of a word that nobody wrote, which parts others: no suffix is made of them."""

MOST_TERMS = 64
"""Distinct terms of a query that are looked up; a pasted page would otherwise take seconds."""


def terms(query: str) -> list[str]:
    """The distinct terms of *query*, as they are written there, at most `MOST_TERMS`.

    Stop words are not among them, nor a second form of the same word. Not the stems: a search stems
    what it is given, and the stem of a stem ("databas" of "database") may be another word.
    """
    words = native.tokenized(query, WORDS)
    stems = native.tokenized(query, {**WORDS, "stem": True})
    written = {stem: word for word, stem in reversed(list(zip(words, stems, strict=True)))}
    return [written[stem] for stem in dict.fromkeys(stems) if stem not in STOP_WORDS][:MOST_TERMS]


def as_terms(texts: Sequence[str]) -> list[list[str]]:
    """The terms of each of *texts*, as an index has them: cut at once, which takes a fourth of the time."""
    if not texts:
        return []
    between = "".join(secrets.choice(CONSONANTS) for _ in range(32))
    found: list[list[str]] = [[]]
    for term in native.tokenized(f" {between} ".join(texts), TOKENIZER):
        if term == between:
            found.append([])
        else:
            found[-1].append(term)
    told_apart = len(found) == len(texts)
    return found if told_apart else [native.tokenized(text, TOKENIZER) for text in texts]

"""Full-text search: how text is cut into terms, and how good a match could be at best."""

from __future__ import annotations

from typing import Any

from memcli.storage.lance import lancedb

# Function words of English. LanceDB's own list for the ICU tokenizer is the union of many languages
# and swallows "dog", "cat" and "ops". Words are compared after stemming, hence forms like "veri".
STOP_WORDS = tuple(
    """a about abov above after again against all also am an and ani any are as at be becaus because been befor
    before being below between both but by can could did do doe does doing down dure during each few for from
    further had has have having he her here herself him himself his how i if in into is it its itself just me
    more most my myself no nor not now of off on onc once onli only or other our ourselv ourselves out over own
    same she should so some such than that the their them themselv themselves then there these they this those
    through to too under until up veri very was we were what when where which while who whom whi why will with
    would you your yourself yourselv""".split()
)

TOKENIZER: dict[str, Any] = {
    "base_tokenizer": "icu/split",  # words of every script, and the parts of identifiers
    "language": "English",
    "stem": True,
    "remove_stop_words": True,
    "custom_stop_words": list(STOP_WORDS),
    "ascii_folding": True,
    "max_token_length": 128,  # longer than any hash in hexadecimal that people paste
}
"""How both memories and queries are cut into terms: the settings of the full-text index."""

MOST_TERMS = 64
"""Distinct terms of a query that are looked up; a pasted page would otherwise take seconds."""


def terms(query: str) -> list[str]:
    """The distinct terms of *query*, in order, at most `MOST_TERMS`; stop words are not among them."""
    found = (token.text for token in lancedb.tokenize(query, **TOKENIZER))
    return list(dict.fromkeys(found))[:MOST_TERMS]

"""What can be told about a question before anything is found: the names in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

AUXILIARIES = frozenset(
    [
        *("did", "do", "does", "is", "was", "are", "were", "has", "have", "had"),
        *("would", "will", "can", "could", "should", "might", "may", "must"),
    ]
)
"""What stands before the subject of an English question: "When did Maria ..."."""

NO_NAMES = frozenset(
    ["what", "who", "where", "how", "when", "why", "it", "that", "there", "here", "let", "i"]
)
"""Words that are capitalised at the beginning, or take 's, without being anybody's name."""

_WORD = re.compile(r"\b([^\W\d_a-z]\w+)(['’]s\b)?")

_BEFORE = 40
"""Characters before a name in which the word before it is looked for: a page may be pasted, full of names."""


def asked_about(query: str) -> list[str]:
    """The names that *query* asks about: capitalised subjects and possessors, in lower case.

    "When did Maria leave?" and "Maria's dog" ask about Maria, "Who moved to Estonia?" about nobody whom
    it names. What is at the beginning counts with an 's only, since everything is capitalised there.
    """
    found: list[str] = []
    for match in _capitalised(query):
        before = query[max(match.start() - _BEFORE, 0) : match.start()].rsplit(maxsplit=1)
        word = before[-1].lower() if before else ""
        subject = word in AUXILIARIES or (word == "and" and bool(found))
        if (match[2] or subject) and match[1].lower() not in NO_NAMES:
            found.append(match[1].lower())
    return found


def mentioned(query: str) -> list[str]:
    """All capitalised words of *query* but the first, in lower case: names, most of them."""
    first = len(query) - len(query.lstrip())
    words = [match[1].lower() for match in _capitalised(query) if match.start() > first]
    return [word for word in words if word not in NO_NAMES]


def _capitalised(query: str) -> Iterator[re.Match[str]]:
    """The words of *query* that begin with a capital; most scripts have none."""
    return (match for match in _WORD.finditer(query) if match[1][0].isupper())

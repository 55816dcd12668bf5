"""What can be told about a question before anything is found: the names in it."""

from __future__ import annotations

import re

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

_CAPITALISED = re.compile(r"\b([^\W\d_a-z]\w+)(['’]s\b)?")


def asked_about(query: str) -> list[str]:
    """The names that *query* asks about: capitalised subjects and possessors, in lower case.

    "When did Maria leave?" and "Maria's dog" ask about Maria, "Who moved to Estonia?" about nobody whom
    it names. What is at the beginning counts with an 's only, since everything is capitalised there.
    """
    found: list[str] = []
    for match in _CAPITALISED.finditer(query):
        before = query[: match.start()].rstrip().rsplit(maxsplit=1)
        word = before[-1].lower() if before else ""
        subject = word in AUXILIARIES or (word == "and" and bool(found))
        if (match[2] or subject) and match[1].lower() not in NO_NAMES:
            found.append(match[1].lower())
    return found


def mentioned(query: str) -> list[str]:
    """All capitalised words of *query* but the first, in lower case: names, most of them."""
    words = [match for match in _CAPITALISED.finditer(query) if query[: match.start()].strip()]
    return [match[1].lower() for match in words if match[1].lower() not in NO_NAMES]

"""The clauses of a statement that says several things: "lives in Lisbon and works as a nurse"."""

from __future__ import annotations

from collections.abc import Sequence

from memcli.services.conflicts.comparison import compare
from memcli.services.conflicts.evidence import Evidence, core
from memcli.services.conflicts.frames import Frame, frame, is_verb
from memcli.services.conflicts.tokens import Text, Token
from memcli.services.conflicts.words import read

JOINING = frozenset(("and", "but", "while", "whereas", "so"))
"""Words in basic form that join two clauses."""

_MARKS = frozenset((",", ";", ".", "!"))

_ENGLISH = "en"
"""The language in which a full stop follows no ordinal: "am 6. Juli"."""

_OPINIONS = frozenset(("like", "hate"))

_BEFORE_VERB = 3
"""Words that may stand between what joins two clauses and the verb of the second: "and she also works"."""


def clauses(text: Text) -> list[Sequence[Token]]:
    """The words of each clause of *text*, in order: one, unless what is joined has a verb on either side."""
    starts = [0, *(token.at for token in text.tokens if _joins(text, token))]
    ends = [*starts[1:], len(text.tokens)]
    return [text.tokens[start:end] for start, end in zip(starts, ends, strict=True)]


def sentences(text: Text, parts: Frame) -> list[str]:
    """What each clause of *text*, of these *parts*, says by itself: with the subject of the first one."""
    first, *others = clauses(text)
    subject = [token.text for token in first if parts.parts[token.at] == "subject"]
    told = [[token.text for token in first]]
    for clause in others:
        words = clause[1:]  # without what joins it
        verb = next(place for place, token in enumerate(words) if is_verb(text.tokens, token))
        own = any(token.content for token in words[:verb])
        told.append([*([] if own else subject), *(token.text for token in words)])
    return [" ".join(words) for words in told]


def counterpart(clause: str, others: Sequence[str]) -> str:
    """Which of *others* has most words in common with *clause*, beyond what it is about; "" for none."""
    text = read(clause)
    parts = frame(text).parts
    shared = [sum(parts[at] != "subject" for at in compare(text, read(o)).answered_old) for o in others]
    return others[shared.index(max(shared))] if any(shared) else ""


def left_out(found: Evidence, *, over: bool) -> tuple[Token, ...]:
    """The words of those clauses of the old statement that the new one does not touch; none where it is one.

    What both are about stands before the first verb, and is no matter of any clause. A new statement of as
    many clauses says the whole anew.

    Args:
        found: Both statements.
        over: Whether the new one says that something is over: where it touches no clause, all of it is.
    """
    old, new = clauses(found.comparison.old), clauses(found.comparison.new)
    if len(old) <= len(new):
        return ()
    judges = _is_opinion(found.comparison.new.tokens)
    own = [core(t for t in clause if t.content and not _is_subject(found, t)) for clause in old]
    untouched = [
        words
        for clause, words in zip(old, own, strict=True)
        if not any(token.at in found.comparison.answered_old for token in words)
        and not (judges and _is_opinion(clause))
    ]
    return () if over and len(untouched) == len(old) else tuple(t for words in untouched for t in words)


def _is_opinion(clause: Sequence[Token]) -> bool:
    return any(token.concepts & _OPINIONS for token in clause)


def _is_subject(found: Evidence, token: Token) -> bool:
    return found.old.parts[token.at] == "subject"


def _joins(text: Text, token: Token) -> bool:
    """Whether *token* begins another clause: a verb follows it soon, and one stands before it."""
    tokens = text.tokens
    if not (token.lemma in JOINING or (token.kind == "mark" and token.text in _MARKS)):
        return False
    if token.text == "." and text.language != _ENGLISH:
        return False
    if not any(is_verb(tokens, before) for before in tokens[: token.at]):
        return False
    for place in range(token.at + 1, min(token.at + 2 + _BEFORE_VERB, len(tokens))):
        following = tokens[place]
        if following.kind == "mark" or following.lemma in JOINING:
            return False
        if is_verb(tokens, following):
            return any(other.content for other in tokens[token.at + 1 :] if other is not following)
    return False

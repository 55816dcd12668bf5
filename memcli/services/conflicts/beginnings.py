"""Since when a statement holds: "from now on", "starting Monday", "as of May"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memcli.services.conflicts.tokens import Token

_TELLING = frozenset(("cue.begin", "cue.change", "cue.strong"))

_BETWEEN = frozenset(("in", "on", "from", "the", "next", "this", "last", "come", "follow"))
"""What may stand between "starting" and the time."""

_ONWARD = frozenset(("on", "onward", "onwards", "forward"))


def marked(tokens: Sequence[Token]) -> list[Token]:
    """*tokens* of which those that tell since when something holds have the class `cue.begin`.

    "From now on" and its like carry no meaning of their own then: what is said is the rest. A time that is
    named does, since with another one something else is said.
    """
    empty = {token.at for token in tokens if "cue.begin" in token.classes}
    times: set[int] = set()
    for place in range(len(tokens)):
        if place not in empty and (end := _time_after(tokens, place)) is not None:
            times |= {token.at for token in tokens[place:end] if _is_time(token)}
            empty |= {token.at for token in tokens[place:end]} - times
    return [
        replace(token, classes=token.classes | _TELLING | ({"function"} if token.at in empty else set()))
        if token.at in empty | times
        else token
        for token in tokens
    ]


def _time_after(tokens: Sequence[Token], place: int) -> int | None:
    """Where what begins at *place* ends, if it is a word such as "starting" before a time; else None."""
    opener = tokens[place]
    before = tokens[place - 1].lemma if place else ""
    if "begin.opener" not in opener.classes or before == "be" or opener.text.lower() in ("start", "begin"):
        return None
    at = place + 1 + (opener.lemma == "as")
    while at < len(tokens) and tokens[at].lemma in _BETWEEN:
        at += 1
    if at >= len(tokens) or not _is_time(tokens[at]):
        return None
    lasts = at + 1 < len(tokens) and tokens[at + 1].lemma in _ONWARD
    if opener.lemma == "from" and not lasts:
        return None
    return at + 1 + lasts


def _is_time(token: Token) -> bool:
    if token.quantity is not None:
        return token.quantity.kind in ("date", "weekday")
    return "begin.time" in token.classes

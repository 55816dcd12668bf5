"""Whether a new statement says the opposite of an old one in nearly its words: then it is no duplicate.

"Don't push to main" and "pushing to main is fine", "tabs, not spaces" and "spaces, not tabs", "includes
breakfast" and "excludes breakfast": the words are the same but for one or two, and for the trees a denial is
one sign among many. A duplicate is not stored, so that what is new would be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from operator import contains

from memcli.services.conflicts import lexicon
from memcli.services.conflicts.comparison import SAME, Comparison
from memcli.services.conflicts.evidence import Evidence, has, is_name
from memcli.services.conflicts.features.meaning import negates
from memcli.services.conflicts.tokens import Text, Token


class Reversal(StrEnum):
    """How two statements that look alike differ; the names are sections of contrasts.txt."""

    NONE = "none"
    STATE = "state"  # the old one is no longer true
    COMPARISON = "comparison"  # likewise, unless what is compared changes places
    EVENT = "event"  # both may be true
    CONVERSE = "converse"  # likewise, unless the two who are told of change places


REPLACING = frozenset((Reversal.STATE, Reversal.COMPARISON))
"""Those with which the new statement takes the old one's place."""

_ALLOWING = frozenset(("fine", "ok", "okay", "welcome", "acceptable", "alright"))

_NO_BAN = frozenset(("mind", "hesitate", "problem", "objection", "issue", "need", "worry", "matter"))
"""Words that allow something when they are denied: "does not mind dogs"."""

_ONLY = frozenset(("only", "solely", "exclusively"))
"""Words with which a statement allows one thing and forbids the others."""

_DENIED_WITHIN = 2
"""Words after a "not" among which it denies that something is allowed: "is not really fine"."""

_REJECTING = frozenset(("not", "instead", "rather"))
"""Words behind which stands what is not wanted: "tabs, not spaces"."""

_DENYING = frozenset(("not", "no", "never", "without", "none", "neither", "nor", "nobody", "nothing"))

_SYMMETRIC = frozenset(("by", "be", "and", "or", "with", "to", "from", "of", "become"))
"""Words with which names may change places though the same is said: "Ann and Bob share", "was told by"."""

_NON = "non"

_FORMER = frozenset(("formerly", "previously", "former"))
"""Words that say that something was so, as "used to" does."""


def reversal(found: Evidence) -> Reversal:
    """How the new statement reverses the old one, if it does."""
    c = found.comparison
    if _stance(c.old) * _stance(c.new) < 0 or _is_crossed(c) or _is_past(c.old) != _is_past(c.new):
        return Reversal.STATE
    if _change_roles(found):
        return Reversal.EVENT
    if _denied(c.old) != _denied(c.new) or _is_exclusive(c.old) or _is_exclusive(c.new):
        return Reversal.NONE  # "not open", "closed"
    kinds = set(_contrasts(c))
    if _change_places(found):
        kinds -= {Reversal.COMPARISON, Reversal.CONVERSE}
    return next((kind for kind in Reversal if kind in kinds), Reversal.NONE)


def _stance(text: Text) -> int:
    """1 where *text* allows something, -1 where it forbids or denies something, 0 where neither is clear.

    "Only admins may" allows as much as it forbids.
    """
    if _is_exclusive(text):
        return 0
    denials = [token for token in text.tokens if has(token, "negation") or "forbid" in token.concepts]
    allows = [t for t in text.tokens if "allow" in t.concepts or t.lemma in _ALLOWING]
    if not denials:
        return 1 if allows else 0
    if any(token.lemma in _NO_BAN for token in text.tokens):
        return 0
    denied = any(0 <= one.at - denial.at <= _DENIED_WITHIN for one in allows for denial in denials)
    return -1 if denied or not allows else 0


def _is_exclusive(text: Text) -> bool:
    """Whether *text* says that something alone is so: "only admins may", but not "read-only"."""
    return any(
        token.lemma in _ONLY and (not token.at or text.tokens[token.at - 1].lemma != "read")
        for token in text.tokens
    )


def _is_crossed(found: Comparison) -> bool:
    """Whether something that stands behind what rejects it in the one stands before that in the other."""
    sure = [pair for pair in found.pairs if pair.strength >= SAME]
    old, new = (_rejecting(text.tokens) for text in (found.old, found.new))
    if old is None or new is None:
        return False
    out = any(pair.old.at < old and pair.new.at > new for pair in sure)
    return out and any(pair.old.at > old and pair.new.at < new for pair in sure)


def _rejecting(tokens: Sequence[Token]) -> int | None:
    """The place of the first word of *tokens* behind which stands what is not wanted; None without one."""
    return next((token.at for token in tokens if token.lemma in _REJECTING), None)


def _is_past(text: Text) -> bool:
    """Whether *text* says that something was so and is no longer: "used to smoke"."""
    words = [token.text.lower() for token in text.tokens]
    used = ("used", "to") in pairwise(words)
    return (used and not {"be", "get"} & {t.lemma for t in text.tokens}) or not _FORMER.isdisjoint(words)


def _denied(text: Text) -> bool:
    """Whether *text* denies something: two denials, "never without", are none."""
    return sum(token.lemma in _DENYING for token in text.tokens) % 2 == 1


def _change_roles(found: Evidence) -> bool:
    """Whether who does something and to whom it is done have changed places, or who belongs to whom."""
    c = found.comparison
    names = [p for p in c.pairs if p.strength >= SAME and is_name(p.old) and is_name(p.new)]
    if sum(pair.old.owner != pair.new.owner for pair in names) > 1:
        return not (c.only_old or c.only_new)  # else by another word: "is her mother", "is his son"
    verbs = [part.verb.lemma if part.verb else "" for part in (found.old, found.new)]
    symmetric = any(token.lemma in _SYMMETRIC for text in (c.old, c.new) for token in text.tokens)
    if symmetric or not verbs[0] or verbs[0] != verbs[1]:
        return False
    return _change_places(found)


def _change_places(found: Evidence) -> bool:
    """Whether something that the old statement is about is what the new one says of it, and the reverse."""
    parts = [
        (found.old.parts[pair.old.at], found.new.parts[pair.new.at])
        for pair in found.comparison.pairs
        if pair.strength >= SAME and not has(pair.old, "function")
    ]
    places = {(old == "subject", new == "subject") for old, new in parts if "predicate" not in (old, new)}
    return {(True, False), (False, True)} <= places


def _contrasts(found: Comparison) -> Iterator[Reversal]:
    """The kinds of contrasts of which the one statement takes one side and the other another."""
    old, new = ({token.text.lower() for token in text.tokens} for text in (found.old, found.new))
    denied = (_NON in old) != (_NON in new)
    if denied or any(negates(one, other) for one in old - new for other in new - old):
        yield Reversal.STATE
    ours, theirs = _sides(found.old), _sides(found.new)
    for line in ours.keys() & theirs.keys():
        if len(ours[line]) == len(theirs[line]) == 1 and ours[line] != theirs[line]:
            yield Reversal(line[0])


def _sides(text: Text) -> Mapping[tuple[str, int], set[int]]:
    """Which sides *text* takes, by section and number of the contrast."""
    found: dict[tuple[str, int], set[int]] = {}
    known = lexicon.contrasts()
    written = [(token.text.lower(), token.lemma) for token in text.tokens if token.kind != "mark"]
    words = [{word} if word in known else {word, lemma} for word, lemma in written]  # "older" is not "old"
    for place, forms in enumerate(words):
        for form in forms:
            for phrase, section, line, side in known.get(form, ()):
                following = words[place : place + len(phrase)]
                if len(following) == len(phrase) and all(map(contains, following, phrase)):
                    found.setdefault((section, line), set()).add(side)
    return found

"""Whether a new statement says the opposite of an old one in nearly its words: then it is no duplicate.

"Don't push to main" and "pushing to main is fine", "tabs, not spaces" and "spaces, not tabs", "includes
breakfast" and "excludes breakfast": the words are the same but for one or two, and for the trees a denial is
one sign among many. A duplicate is not stored, so that what is new would be lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import accumulate, pairwise
from operator import contains

from memcli.services.conflicts import lexicon
from memcli.services.conflicts.clauses import JOINING
from memcli.services.conflicts.comparison import SAME, Comparison
from memcli.services.conflicts.evidence import DENYING, Evidence, has, is_name
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

_PIVOTS = frozenset(("not", "never", "instead", "rather", "then"))
"""Words behind which stands what is not wanted, or comes second: "tabs, not spaces", "salt, then pepper"."""

_THAN = frozenset(("than",))

_JOINING = JOINING | {"or"}

_DENIED_PHRASE = 3
"""Words after a denial that it may belong to, if nothing is joined in between: "never at the office"."""

_SYMMETRIC = frozenset(("by", "be", "and", "or", "with", "to", "from", "of", "become"))
"""Words with which names may change places though the same is said: "Ann and Bob share", "was told by"."""

_NON = "non"

_UNDOING = frozenset(
    (
        "abolish",
        "annul",
        "cancel",
        "repeal",
        "rescind",
        "revert",
        "revoke",
        "terminate",
        "withdraw",
        "withdrew",
    )
)
"""Words that undo what they are told of: "legal withdrew its approval"."""

_FORMER = frozenset(("formerly", "previously", "former"))
"""Words that say that something was so, as "used to" does."""


def reversal(found: Evidence) -> Reversal:
    """How the new statement reverses the old one, if it does."""
    c = found.comparison
    if _stance(c.old) * _stance(c.new) < 0 or _is_crossed(found) or _is_past(c.old) != _is_past(c.new):
        return Reversal.STATE
    if _change_roles(found):
        return Reversal.EVENT
    if _undoes(c.new) and not _undoes(c.old) and not _denied(c.old):
        return Reversal.NONE if _denied(c.new) else Reversal.STATE
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


def _is_crossed(found: Evidence) -> bool:
    """Whether two things that both texts name have changed places, about what tells them apart.

    That is a word such as "not", "then" or "than" between them, a denial ("gluten but no dairy"), the
    preposition before each ("from Rome to Oslo"), or what each is told of ("Ann pays for gas and Bob for
    water").
    """
    old, new = found.comparison.old.tokens, found.comparison.new.tokens
    sure = [p for p in found.comparison.pairs if p.strength >= SAME and p.old.content and p.new.content]
    pivots = [(_pivot(old), _pivot(new))]
    than = (
        _first(old, _THAN),
        _first(new, _THAN),
    )  # after another word it is said from the other end: "younger"
    if min(than) > 0 and old[than[0] - 1].lemma == new[than[1] - 1].lemma:
        pivots.append(than)
    for here, there in pivots:
        if here >= 0 <= there and _is_swapped([(p.old.at > here, p.new.at > there) for p in sure]):
            return True
    denied = _denied_places(old), _denied_places(new)
    if _is_swapped([(pair.old.at in denied[0], pair.new.at in denied[1]) for pair in sure]):
        return True
    before = {(found.old.prepositions[p.old.at], found.new.prepositions[p.new.at]) for p in sure}
    if any(one != other and one and other and (other, one) in before for one, other in before):
        return True
    parts = _parts(old), _parts(new)
    told = {(parts[0][pair.old.at], parts[1][pair.new.at]) for pair in sure}
    crosses = (((a, x), (a, y), (b, x), (b, y)) for a, x in told for b, y in told if a < b and x != y)
    return any(told.issuperset(cross) for cross in crosses)


def _pivot(tokens: Sequence[Token]) -> int:
    return _first(tokens, _PIVOTS)


def _first(tokens: Sequence[Token], lemmas: Collection[str]) -> int:
    """The place of the first of *tokens* that is one of *lemmas*; -1 without one."""
    return next((token.at for token in tokens if token.lemma in lemmas), -1)


def _is_swapped(places: Collection[tuple[bool, bool]]) -> bool:
    """Whether something has gone from the one side to the other, and something else has come back."""
    return (True, False) in places and (False, True) in places


def _denied_places(tokens: Sequence[Token]) -> set[int]:
    """The places of the words of *tokens* that a denial before them belongs to."""
    found: set[int] = set()
    for denial in (token for token in tokens if token.lemma in DENYING):
        for following in tokens[denial.at + 1 : denial.at + 1 + _DENIED_PHRASE]:
            if following.kind == "mark" or following.lemma in _JOINING:
                break
            found.add(following.at)
    return found


def _parts(tokens: Sequence[Token]) -> list[int]:
    """For each of *tokens* the number of the part it is in, of those that are joined."""
    return list(accumulate(int(token.kind == "mark" or token.lemma in _JOINING) for token in tokens))


def _is_past(text: Text) -> bool:
    """Whether *text* says that something was so and is no longer: "used to smoke"."""
    words = [token.text.lower() for token in text.tokens]
    used = ("used", "to") in pairwise(words)
    return (used and not {"be", "get"} & {t.lemma for t in text.tokens}) or not _FORMER.isdisjoint(words)


def _undoes(text: Text) -> bool:
    """Whether *text* says that something is taken back."""
    return any(not _UNDOING.isdisjoint(_forms(t.text.lower(), t.lemma, _UNDOING)) for t in text.tokens)


def _denied(text: Text) -> bool:
    """Whether *text* denies something: two denials, "never without", are none."""
    return sum(token.lemma in DENYING for token in text.tokens) % 2 == 1


def _change_roles(found: Evidence) -> bool:
    """Whether who does something and to whom it is done have changed places, or who belongs to whom.

    In English, where the order of the words says it.
    """
    c = found.comparison
    if {c.old.language, c.new.language} != {"en"}:
        return False
    names = [p for p in c.pairs if p.strength >= SAME and is_name(p.old) and is_name(p.new)]
    if sum(pair.old.owner != pair.new.owner for pair in names) > 1:
        return not (c.only_old or c.only_new)  # else by another word: "is her mother", "is his son"
    verbs = [part.verb.lemma if part.verb else "" for part in (found.old, found.new)]
    symmetric = any(token.lemma in _SYMMETRIC for text in (c.old, c.new) for token in text.tokens)
    if symmetric or verbs[0] != verbs[1]:
        return False
    listed = any(token.text == "," for token in c.old.tokens)
    crossed = any(a.new.at > b.new.at for a, b in pairwise(names))
    return _change_places(found) or (crossed and not (listed or c.only_old or c.only_new))


def _change_places(found: Evidence) -> bool:
    """Whether something that the old statement is about is what the new one says of it, and the reverse."""
    parts = [
        (found.old.parts[pair.old.at], found.new.parts[pair.new.at])
        for pair in found.comparison.pairs
        if pair.strength >= SAME and not has(pair.old, "function")
    ]
    places = {(old == "subject", new == "subject") for old, new in parts if "predicate" not in (old, new)}
    return _is_swapped(places)


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


def _forms(word: str, lemma: str, known: Collection[str]) -> set[str]:
    """What *word* may stand as among the *known* ones: "older" is not "old", "revoked" is "revoke"."""
    if word in known:
        return {word}
    return {word, lemma} if lemma != word else {word, *lexicon.stems(word)}


def _sides(text: Text) -> Mapping[tuple[str, int], set[int]]:
    """Which sides *text* takes, by section and number of the contrast."""
    found: dict[tuple[str, int], set[int]] = {}
    known = lexicon.contrasts()
    written = [(token.text.lower(), token.lemma) for token in text.tokens if token.kind != "mark"]
    words = [_forms(word, lemma, known) for word, lemma in written]
    for place, forms in enumerate(words):
        for form in forms:
            for phrase, section, line, side in known.get(form, ()):
                following = words[place : place + len(phrase)]
                if len(following) == len(phrase) and all(map(contains, following, phrase)):
                    found.setdefault((section, line), set()).add(side)
    return found

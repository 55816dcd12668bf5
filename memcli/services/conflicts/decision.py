"""What a new statement does to one that is there already: nothing new, another value, or both are true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from memcli.kinds import UNSURE
from memcli.model import Action
from memcli.services.conflicts import reasons, trees
from memcli.services.conflicts.additions import added
from memcli.services.conflicts.clauses import counterpart, left_out, sentences
from memcli.services.conflicts.comparison import Comparison
from memcli.services.conflicts.evidence import Evidence, evidence, kinds_of
from memcli.services.conflicts.features import Features, features
from memcli.services.conflicts.reversals import REPLACING, Reversal, reversal
from memcli.services.conflicts.tokens import Text, Token
from memcli.services.conflicts.words import normalised, unread

SURE_REPLACED = 0.75
"""How unlikely it must be that both are true for a replacement, where that is likelier than a duplicate:
whichever of the two the new one is, nothing is lost with the old one.

A wrong one hides a true fact. Of what should be stored beside, this replaces 3 % of conflict_dev, and of our
own pairs 4.7 % by trees that have not seen them; 0.8 replaces 3 and 3.0 %, but macro-F1 on our own pairs goes
from 0.83 to 0.82, and "has two children" stays beside "has three children".
"""

SURE_DUPLICATE = 0.4
"""How likely a duplicate must be to be called one: 0.35 makes one of "has a son" and "has a daughter"."""

SURE_SAME_ACT = 0.7
"""How likely it must be where each of them says something that the other does not: what is done to one thing
by one person need not be one act ("was written by Nina", "Nina recorded it").

Of 23 such pairs that a user of ours met, which the trees have not seen, these take 12 for duplicates at 0.4,
8 at 0.65 and 7 at 0.7; macro-F1 on conflict_dev is 0.920, 0.914 and 0.914, and 0.907 at 0.75.
"""

DUPLICATE_SHARE = 0.65
"""How likely it must be in proportion to that both are true: at 0.5 one of 537 pairs of strangers was taken
for a duplicate, at this none."""

FLOOR = 0.3
"""Two texts whose vectors are less near, and without a word in common, have nothing to do with each other."""

SAYING = 2
"""Words with a meaning of their own, from which on a text says something of something: "item-21" does not."""

LONG = 400
"""Characters from which on a text is no single statement: then only the same words are a duplicate."""

LABEL_UNTIL = 2
"""The place, from 0, up to which an identifier names what a statement speaks of: "The ticket PX-77 is ...".

All 39 pairs that are told apart so are both true: our own, and facts that have nothing to do with each other.
"""

TOLD_APART = (
    "project",
    "repo",
    "repository",
    "environment",
    "env",
    "scope",
    "customer",
    "user",
    "person",
    "subject",
)
"""Metadata that say what a statement is about: with two different values, two statements never clash."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody wants remembered, or what is remembered already.

    Args:
        text: What it says.
        tags: Labels on it; they do not count.
        metadata: What else is known of it; those in `TOLD_APART` count.
        created_at: When it was said; None for now.
    """

    text: str
    tags: frozenset[str] = frozenset()
    metadata: Mapping[str, object] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a new statement, in view of an old one.

    Args:
        action: `DUPLICATE`: the old one says it already. `REPLACED`: the old one is no longer true.
            `STORED`: both may be true.
        confidence: How sure that is, 0..1.
        reason: Why, in one short sentence for people.
    """

    action: Action
    confidence: float
    reason: str


def decide(old: Statement, new: Statement, cosine: float) -> Decision:
    """What *new* does to *old*, both in one space and scope.

    When it is not sure, both are kept: a wrong replacement hides a true fact, a wrong duplicate
    loses a new one.

    Args:
        old: What is remembered.
        new: What is about to be.
        cosine: Of their vectors, -1..1.
    """
    if apart := _told_apart(old, new):
        return Decision(Action.STORED, 1.0, apart)
    if normalised(old.text) == normalised(new.text):
        return Decision(Action.DUPLICATE, 1.0, "the same words")
    if max(len(old.text), len(new.text)) > LONG:
        return Decision(Action.STORED, 0.5, "too long to be compared word by word")
    if unread(old.text) or unread(new.text):
        return Decision(Action.STORED, 0.5, "not in a language that is compared word by word")
    found = evidence(old.text, new.text)
    if apart := _named_apart(found.comparison):
        return Decision(Action.STORED, 1.0, apart)
    return _judged(old, new, found, cosine)


def _told_apart(old: Statement, new: Statement) -> str:
    """Why the two can't clash, from what is known beside their texts; "" if they can."""
    for key in TOLD_APART:
        one, other = old.metadata.get(key), new.metadata.get(key)
        if one is not None and other is not None and one != other:
            return f"another {key}: {one} and {other}"
    return ""


def _named_apart(found: Comparison) -> str:
    """Why the two can't clash, from identifiers that they begin with; "" if they can."""
    old, new = _label(found.old, found.only_old), _label(found.new, found.only_new)
    return f"another subject: {old} and {new}" if old and new else ""


def _label(text: Text, unanswered: Sequence[Token]) -> str:
    """The identifier that *text* begins with and says something of, if it is *unanswered*; "" for none."""
    for token in unanswered:
        if token.kind == "code" and token.at <= LABEL_UNTIL:
            further = text.tokens[token.at + 1 : token.at + 2]
            marked = any(other.kind == "mark" for other in text.tokens[: token.at + 2])
            return token.text if further and not marked else ""
    return ""


def settled(duplicate: float, replaced: float, stored: float, *, clash: bool) -> tuple[Action, float]:
    """The action that these likelihoods lead to, costs considered, and how sure it is, 0..1.

    Args:
        duplicate: How likely the new statement says nothing new, 0..1.
        replaced: How likely the old one is no longer true.
        stored: How likely both are true.
        clash: Whether they differ in a number, date or identifier: then they are never the same.
    """
    if clash:
        rest = max(replaced + stored, 1e-9)
        duplicate, replaced, stored = 0.0, replaced / rest, stored / rest
    if replaced > duplicate and replaced + duplicate >= SURE_REPLACED:
        return Action.REPLACED, replaced + duplicate
    if duplicate > replaced and duplicate >= SURE_DUPLICATE and duplicate > DUPLICATE_SHARE * stored:
        return Action.DUPLICATE, duplicate
    return Action.STORED, stored


def _said(text: Text) -> int:
    """How many words of *text* say something: those with a meaning of their own, and states ("is down")."""
    return sum(token.content or "state" in kinds_of([token]) for token in text.tokens)


def weighed(duplicate: float, replaced: float, stored: float, values: Features) -> tuple[Action, float]:
    """What these likelihoods lead to for two statements with the features *values*, and how sure it is, 0..1.

    One that says that something has ended is no duplicate of one that knows no end of it, whatever else it
    says: "Ana works at Acme", "Ana was laid off by Acme".
    """
    if values["ends"] and not values["negative_old"]:
        duplicate, replaced = 0.0, replaced + duplicate
    action, confidence = settled(
        duplicate, replaced, stored, clash=bool(values["quantities_clash"] or values["codes_clash"])
    )
    if action is Action.DUPLICATE and values["core_both"] and confidence < SURE_SAME_ACT:
        return Action.STORED, max(replaced + stored, 1 - SURE_SAME_ACT)
    return action, confidence


def _judged(old: Statement, new: Statement, found: Evidence, cosine: float) -> Decision:
    values = features(found, cosine)
    if cosine < FLOOR and not found.comparison.answered_old:
        return Decision(Action.STORED, min(1 - cosine, 1.0), reasons.stored(found, values))
    duplicate, replaced, stored = trees.likelihoods(values)
    action, confidence = weighed(duplicate, replaced, stored, values)
    if action is Action.DUPLICATE and (turned := reversal(found)) is not Reversal.NONE:
        shares = (replaced + duplicate, stored) if turned in REPLACING else (replaced, stored + duplicate)
        action, confidence = weighed(0.0, *shares, values)
    if action is Action.DUPLICATE:
        more = added(found.comparison)
        action = Action.STORED if more else action
        return Decision(action, confidence, reasons.fuller(more) if more else reasons.duplicate(found))
    if action is Action.REPLACED:
        if old.created_at and new.created_at and new.created_at < old.created_at:
            return Decision(Action.STORED, confidence, "it was said before what is remembered")
        kept = _kept(found, values)
        why = kept or reasons.replaced(found, values)
        return Decision(Action.STORED if kept else action, 1 - confidence if kept else confidence, why)
    if anew := _clause_by_clause(old, new, found, cosine):
        return anew
    unsure = confidence < UNSURE
    return Decision(action, confidence, reasons.unsure(found) if unsure else reasons.stored(found, values))


def _clause_by_clause(old: Statement, new: Statement, found: Evidence, cosine: float) -> Decision | None:
    """A replacement, where *new* says anew, clause by clause, all that *old* says; else None.

    Each clause of the old one is said again or gives way, and one at least does the latter.
    """
    theirs = sentences(found.comparison.new, found.new)
    if len(theirs) == 1:
        return None
    ours = sentences(found.comparison.old, found.old)
    in_order = theirs if len(ours) == len(theirs) else [""] * len(ours)
    given_way: list[Decision] = []
    for one, other in zip(ours, in_order, strict=True):
        anew = counterpart(one, theirs) or other
        made = decide(replace(old, text=one), replace(new, text=anew), cosine) if anew else None
        if made is None or made.action is Action.STORED:
            return None
        if made.action is Action.REPLACED:
            given_way.append(made)
    return min(given_way, key=lambda decision: decision.confidence, default=None)


def _kept(found: Evidence, values: Features) -> str:
    """Why the old statement stays though the new one makes something of it untrue; "" if it does not."""
    if min(map(_said, (found.comparison.old, found.comparison.new))) < SAYING:
        return "a name alone says nothing that could be untrue"
    left = left_out(found, over=bool(values["cancelled"] or values["closed"]))
    return reasons.partly(found, left) if left else ""

"""Whose word goes before whose: what is decided on two facts, in view of who put them there.

A fact never takes the place of one of somebody more trusted by a decision of memcli's: an agent may have
read its fact on a page that somebody else wrote. Both stay, whoever stored it is told, and the memory says
in its metadata which one it contradicts. The other way round a fact gives way as ever, and what the user
says is never taken for known only because an agent has said it, where it makes something else untrue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from memcli import kinds
from memcli.kinds import Action, Trust
from memcli.services.conflicts import Decision
from memcli.services.conflicts.words import normalised

if TYPE_CHECKING:
    from memcli.model import Conflict, Memory
    from memcli.storage.rivals import Rival

WHOSE = {Trust.USER: "the user's word", Trust.AGENT: "an agent's word", Trust.IMPORTED: "imported"}

Pair = tuple["Rival", Decision]


def outranks(one: Memory, other: Memory) -> bool:
    """Whether whoever put *one* there is more trusted than who put *other* there."""
    return kinds.outranks(one.trust, other.trust)


def contested(rival: Rival, decision: Decision, new: Memory) -> bool:
    """Whether *new* would replace *rival*, and may not: somebody more trusted says so."""
    return decision.action is Action.REPLACED and outranks(rival.memory, new)


@dataclass(frozen=True)
class Outcome:
    """What several decisions on a new fact come to.

    Attributes:
        best: The pair that decides; None without any.
        gives_way: What gives way besides the rival of that pair: it is less trusted than the new fact.
        contradicted: The memory of somebody more trusted that stays though the new fact says otherwise.
        heir_of: The memory of somebody less trusted that says the same words, and that gives way; its tags
            and the like go on.
    """

    best: Pair | None = None
    gives_way: Sequence[Pair] = ()
    contradicted: Memory | None = None
    heir_of: Memory | None = None


def outcome(new: Memory, considered: Sequence[Pair], *, keeps: bool) -> Outcome:
    """What the decisions on *new* in view of those *considered*, nearest first, come to.

    A double wins, the surest one; else the surest replacement, and only that one, so that chains don't fork;
    else nothing stands in the way, and the nearest tells why. If trust counts (*keeps*), a double of somebody
    less trusted wins last, and whoever is less trusted and contradicted gives way, too.
    """
    if not keeps:
        first = considered[0] if considered else None
        best = _surest(considered, Action.DUPLICATE) or _surest(considered, Action.REPLACED)
        return Outcome(best or first)
    staying = [pair for pair in considered if contested(*pair, new)]
    against = _surest(staying, Action.REPLACED)
    contradicted = against[0].memory if against else None
    others = [_inherited(pair, new) for pair in considered if not contested(*pair, new)]
    weaker = [pair for pair in others if outranks(new, pair[0].memory)]
    equal = [pair for pair in others if not outranks(new, pair[0].memory)]
    best = (
        _surest(equal, Action.DUPLICATE)
        or _surest(equal, Action.REPLACED)
        or _surest(weaker, Action.REPLACED)
        or _surest(weaker, Action.DUPLICATE)
    )
    if best is None or best[1].action is not Action.REPLACED:
        nearest = considered[0] if considered else None
        return Outcome(best or (_staying(against) if against else nearest), (), contradicted)
    going = [pair for pair in weaker if pair[1].action is Action.REPLACED]
    same = [rival.memory for rival, _ in going if _says_the_same(rival.memory, new)]
    also = [pair for pair in going if pair is not best]
    return Outcome(best, also, contradicted, same[0] if same else None)


def _surest(pairs: Sequence[Pair], action: Action) -> Pair | None:
    """Of *pairs* that come to *action* the surest one, the nearest of equals."""
    fitting = [pair for pair in pairs if pair[1].action is action]
    return max(fitting, key=lambda pair: pair[1].confidence) if fitting else None


def _staying(pair: Pair) -> Pair:
    """*pair*, a replacement that is none: both stay."""
    rival, decision = pair
    reason = f"{decision.reason}; but what is there is {WHOSE[Trust(rival.memory.trust)]}, so both stay"
    return rival, replace(decision, action=Action.STORED, reason=reason)


def _inherited(pair: Pair, new: Memory) -> Pair:
    """*pair*, where *new* takes over words that somebody less trusted has said."""
    rival, decision = pair
    takes_over = decision.action is Action.DUPLICATE and outranks(new, rival.memory)
    if not takes_over or not _says_the_same(rival.memory, new):
        return pair
    before = WHOSE[Trust(rival.memory.trust)]
    return rival, Decision(Action.REPLACED, 1.0, f"the same words, before now {before}")


def _says_the_same(one: Memory, other: Memory) -> bool:
    return normalised(one.text) == normalised(other.text)


def in_view_of_trust(conflict: Conflict) -> Conflict:
    """*conflict*, where the more trusted of two doubles stays, and nothing replaces what is more trusted."""
    old, new = conflict.old, conflict.new
    if not outranks(old, new):
        return conflict
    if conflict.action is Action.DUPLICATE:
        return replace(conflict, old=new, new=old)
    return replace(conflict, contested=conflict.action is Action.REPLACED)


def with_all_of(new: Memory, old: Memory) -> Memory:
    """*new* with the tags and metadata that only *old* has, the greater importance and the longer life.

    Who put it there stays as it is: that is about its text.
    """
    lives = [memory.expires_at for memory in (new, old) if memory.expires_at]
    return replace(
        new,
        expires_at=max(lives) if len(lives) == 2 else None,
        importance=max(new.importance, old.importance),
        tags=tuple(dict.fromkeys((*new.tags, *old.tags))),
        metadata={**old.metadata, **new.metadata},
        source=new.source or old.source,
    )

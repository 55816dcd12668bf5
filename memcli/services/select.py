"""Which memories are meant: scope and filters, as one predicate for the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from memcli.model import Memory, Scope, Trust
from memcli.services import checks
from memcli.storage.predicates import (
    IS_FACT,
    IS_TURN,
    Condition,
    after,
    all_of,
    any_of,
    at_least,
    before,
    compiled,
    differs,
    equals,
    has_tag,
    is_empty,
    is_filled,
    is_in,
    since,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What memories must fulfil.

    Attributes:
        tags: Tags that they must all have.
        where: A condition on their metadata.
        since: Created at this time or later.
        until: Created before this time.
        min_importance: At least this important, 0..1.
        forgotten: Whether forgotten memories are meant, instead of those that are not.
        replaced: Whether memories that another one has replaced are meant, too.
        at: What was true at this time; None for now.
        turns: Whether only turns of conversations are meant.
        conversation: Only of this one; empty for any.
        facts: Whether only what is no turn is meant.
        not_in: Nothing of this conversation; empty for none that is left out.
        min_trust: Only what this one, or somebody more trusted, has put there; empty for the setting.
    """

    tags: tuple[str, ...] = ()
    where: Condition | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_importance: float = 0.0
    forgotten: bool = False
    replaced: bool = False
    at: datetime | None = None
    turns: bool = False
    conversation: str = ""
    facts: bool = False
    not_in: str = ""
    min_trust: str = ""


NO_FILTER = Filter()


def in_spaces(scope: Scope) -> str:
    """The predicate for what is in the spaces of *scope*, whoever it belongs to."""
    if scope.space is None:
        return ""
    names = dict.fromkeys(checks.space_name(name) for name in (scope.space, *scope.further))
    return is_in("space", names) if len(names) > 1 else equals("space", *names)


def _and_teams(own: str, scope: Scope) -> str:
    """The predicate for *own* (empty: everything), or for what the teams of *scope* can see."""
    if scope.team:
        return equals("team", scope.team)
    return any_of(own, is_in("team", scope.teams)) if own and scope.teams else own


def _users(scope: Scope) -> str:
    return "" if scope.user is None else equals("user", scope.user)


def _agents(scope: Scope) -> str:
    if scope.agent is None:
        return ""
    return is_in("agent", ("", scope.agent)) if scope.shared else equals("agent", scope.agent)


def place(scope: Scope) -> str:
    """The predicate for what is in the spaces of *scope* and its user's, or its teams'."""
    return all_of(in_spaces(scope), _and_teams(_users(scope), scope))


def passages_place(scope: Scope) -> str:
    """Like `place`, for passages, which know nothing of teams: what it lets through besides is sorted out."""
    sees_others = bool(scope.team or scope.teams)
    return in_spaces(scope) if sees_others else place(scope)


def in_scope(scope: Scope) -> str:
    """The predicate for memories of *scope*, whatever their state."""
    return all_of(in_spaces(scope), _and_teams(all_of(_users(scope), _agents(scope)), scope))


def alive(now: datetime) -> str:
    """The predicate for memories that are neither forgotten nor expired; they may have been replaced."""
    return all_of(is_empty("forgotten_at"), any_of(is_empty("expires_at"), after("expires_at", now)))


def current(now: datetime) -> str:
    """The predicate for memories that are neither forgotten nor expired nor replaced."""
    return all_of(is_empty("replaced_at"), alive(now))


def _as_of(at: datetime) -> str:
    """The predicate for what was true at the time *at* and has not been forgotten since."""
    known = before("created_at", at + timedelta(microseconds=1))
    return all_of(known, any_of(is_empty("replaced_at"), after("replaced_at", at)), alive(at))


def _state(wanted: Filter, now: datetime) -> str:
    """The predicate for the state that *wanted* asks for."""
    if wanted.forgotten:
        return is_filled("forgotten_at")
    if wanted.replaced:
        return all_of(before("created_at", wanted.at) if wanted.at else "", alive(wanted.at or now))
    return _as_of(wanted.at) if wanted.at else current(now)


def predicate(scope: Scope, wanted: Filter, now: datetime) -> str:
    """The predicate for the memories of *scope* that fulfil *wanted*, as of *now*."""
    return all_of(
        in_scope(scope),
        _state(wanted, now),
        *(has_tag("tags", tag) for tag in checks.tags(wanted.tags)),
        compiled(wanted.where) if wanted.where is not None else "",
        since("created_at", wanted.since) if wanted.since else "",
        before("created_at", wanted.until) if wanted.until else "",
        at_least("importance", checks.importance(wanted.min_importance)) if wanted.min_importance else "",
        IS_TURN if wanted.turns else "",
        equals("conversation", wanted.conversation) if wanted.conversation else "",
        IS_FACT if wanted.facts else "",
        differs("conversation", wanted.not_in) if wanted.not_in else "",
        _trusted(wanted.min_trust),
    )


def _trusted(least: str) -> str:
    """The predicate for what *least*, or somebody more trusted, has put there."""
    order = list(Trust)
    some = order[: order.index(Trust(checks.trust(least))) + 1] if least else order
    return is_in("trust", some) if len(some) < len(order) else ""


def is_alive(memory: Memory, now: datetime) -> bool:
    """Whether *memory* is neither forgotten nor expired; it may have been replaced."""
    return memory.forgotten_at is None and (memory.expires_at is None or memory.expires_at > now)


def is_current(memory: Memory, now: datetime) -> bool:
    """Whether *memory* is neither forgotten nor expired nor replaced."""
    return memory.replaced_at is None and is_alive(memory, now)


def is_episode(memory: Memory) -> bool:
    """Whether *memory* is what a task has become."""
    return memory.metadata.get("type") == "episode" and memory.metadata.get("task") is not None


def is_fact(memory: Memory) -> bool:
    """Whether *memory* is held against what is known; what was said or done stays as it was."""
    return not memory.is_turn and not (memory.source == "task" and is_episode(memory))

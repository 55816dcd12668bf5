"""Conversations as a whole: which there are, what is said in them, and what of them goes into a prompt.

A prompt gets the last turns word for word, and before them a summary of what is older, made when more has
been said than the settings of `conversation` allow. `turns.add` never waits for one: whoever asks for the
messages does. All turns stay as they were said, and are found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from memcli.dialogue import (
    INSTRUCTIONS,
    NO_SUMMARY,
    Conversation,
    Messages,
    Summary,
    Turn,
)
from memcli.errors import StorageError
from memcli.model import Hit, Scope
from memcli.services import checks, recall, squeeze, teams, turns
from memcli.services.engine import Engine
from memcli.services.forgetting import forget_these
from memcli.services.select import NO_FILTER, Filter, predicate
from memcli.services.tokens import estimate_tokens

if TYPE_CHECKING:
    from memcli.storage.turns import Place


def search(
    engine: Engine,
    query: str,
    *,
    scope: Scope,
    conversation: str = "",
    wanted: Filter = NO_FILTER,
    **about: Any,
) -> list[Hit]:
    """The turns that match *query*, best first: of one conversation, or of all if that is empty.

    Args:
        engine: What to work with.
        query: What is looked for, in any words.
        scope: Where to look.
        conversation: The conversation.
        wanted: What turns must fulfil besides.
        about: What else `recall.search` takes.

    Raises:
        NotFoundError: There is no such conversation.
    """
    name = turns.named(engine, scope, conversation) if conversation else ""
    return recall.search(
        engine, query, scope=scope, wanted=replace(wanted, turns=True, conversation=name), **about
    )


def all_conversations(engine: Engine, *, scope: Scope, limit: int | None = None) -> list[Conversation]:
    """The conversations of *scope*, the one with the latest turn first; *limit* None for all."""
    from memcli.storage import turns as stored

    most = None if limit is None else checks.positive(limit, "the limit")
    db = engine.db
    found = stored.talks(db.memories.table, predicate(scope, Filter(turns=True), engine.now()), most)
    if not found:
        return []
    titles = db.conversations.titles()
    openings = db.memories.outlines([talk.opening for talk in found], "")
    going_on = {
        talk: turns.current(engine, Scope(*talk)) for talk in {(t.space, t.user, t.agent) for t in found}
    }
    return [
        Conversation(
            id=talk.id,
            title=titles.get(talk.place)
            or (openings[talk.opening].title if talk.opening in openings else ""),
            space=talk.space,
            agent=talk.agent,
            turns=talk.turns,
            first_at=talk.first_at,
            last_at=talk.last_at,
            current=going_on[talk.space, talk.user, talk.agent] == talk.id,
        )
        for talk in found
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """A conversation whose turns are forgotten; *turns* is how many there were."""

    conversation: str
    turns: int
    space: str


def clear(engine: Engine, *, scope: Scope, conversation: str = "") -> Cleared:
    """Forget the turns of a conversation; `undo` brings them back.

    Raises:
        NotFoundError: There is no such conversation.
        NotAllowedError: A team can see them, and its readers may not change them.
    """
    name = turns.named(engine, scope, conversation)
    with engine.db.writing() as db:
        where = predicate(scope, Filter(turns=True, conversation=name), engine.now())
        there = db.memories.where(where)
        others = [memory for memory in there if memory.user != scope.user]
        teams.require_writers(db, others, scope.user)
        forget_these(engine, db, there, "conversation clear", by=scope.user)
    return Cleared(conversation=name, turns=len(there), space=str(scope.space))


# --- what goes into a prompt ---


@dataclass(frozen=True, slots=True)
class _Held:
    """What a conversation holds: its turns without their texts, and the summary, if it is still true.

    Attributes:
        name: The conversation.
        instructions: The turns that tell the model what to do.
        talk: All others, in order.
        summary: What the first of these came to.
        kept: What the store has as summary, true or not.
    """

    name: str
    instructions: Sequence[Place]
    talk: Sequence[Place]
    summary: Summary
    kept: Summary

    def after(self, position: int) -> Sequence[Place]:
        """The turns after *position*."""
        return [place for place in self.talk if place.position > position]


def _held(engine: Engine, scope: Scope, conversation: str) -> _Held:
    from memcli.storage import turns as stored

    name = turns.named(engine, scope, conversation)
    where = predicate(scope, Filter(turns=True, conversation=name), engine.now())
    places = stored.places(engine.db.memories.table, where)
    talk = [place for place in places if place.speaker not in INSTRUCTIONS]
    row = engine.db.conversations.get(turns.owner_of(scope), name)
    kept = row.summary if row else NO_SUMMARY
    is_true = kept.of == _seal(talk, kept.until)
    instructions = [place for place in places if place.speaker in INSTRUCTIONS]
    return _Held(name, instructions, talk, kept if is_true else NO_SUMMARY, kept)


def _seal(talk: Sequence[Place], until: int) -> str:
    """What is equal as long as the turns of *talk* up to the position *until* are the same."""
    said = "\0".join(f"{place.id} {place.print}" for place in talk if place.position <= until)
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest() if said else ""


def messages(
    engine: Engine,
    *,
    scope: Scope,
    conversation: str = "",
    max_tokens: int | None = None,
    last: int | None = None,
    summarises: bool = True,
) -> Messages:
    """What of a conversation goes into a prompt: a summary of what is older, and the last turns as they are.

    Args:
        engine: What to work with.
        scope: Where it is.
        conversation: Which one; the current one, if empty.
        max_tokens: What all of it may take, if need be with fewer turns and a shorter summary; None for what
            the settings say, which always leaves the last turns word for word.
        last: Only so many of the last turns, and no summary.
        summarises: Whether a summary is made where one is due; if not, what there is must do.

    Raises:
        NotFoundError: There is no such conversation.
    """
    built = (
        _last(engine, scope, conversation, last)
        if last is not None
        else _all(engine, scope, conversation, summarises=summarises)
    )
    return squeeze.counted(built) if max_tokens is None else squeeze.within(engine, built, max_tokens)


def _last(engine: Engine, scope: Scope, conversation: str, last: int) -> Messages:
    found = turns.all_turns(engine, scope=scope, conversation=conversation, last=last)
    return _built(
        turns.named(engine, scope, conversation),
        [turn for turn in found if turn.role in INSTRUCTIONS],
        [turn for turn in found if turn.role not in INSTRUCTIONS],
    )


def _built(
    name: str,
    instructions: Sequence[Turn],
    spoken: Sequence[Turn],
    summary: Summary = NO_SUMMARY,
    summarised: int = 0,
) -> Messages:
    return Messages(
        conversation=name,
        instructions=tuple(instructions),
        summary=summary.text if summarised else "",
        by=summary.by if summarised else "",
        summarised=summarised,
        turns=tuple(spoken),
        tokens=0,
    )


def _all(engine: Engine, scope: Scope, conversation: str, *, summarises: bool) -> Messages:
    held = _held(engine, scope, conversation)
    keep_last = engine.config.conversation.keep_last
    summary = held.summary
    if summarises and _is_due(engine, held.after(summary.until)):
        summary = _summarised(engine, scope, held, held.talk[:-keep_last])
    fresh = held.after(summary.until)
    shown = fresh if len(fresh) > keep_last else held.talk[-keep_last:]
    if not summarises:
        shown = shown[-engine.config.conversation.max_messages :]
    instructions, spoken = (
        turns.with_ids(engine, [place.id for place in places]) for places in (held.instructions, shown)
    )
    return _built(held.name, instructions, spoken, summary, len(held.talk) - len(shown))


def _is_due(engine: Engine, fresh: Sequence[Place]) -> bool:
    """Whether so much is in *fresh*, the turns that no summary stands for, that one is worth being made.

    A few turns more than are kept are not: an LLM would be asked again for each.
    """
    settings = engine.config.conversation
    older = fresh[: -settings.keep_last]
    if not older:
        return False
    if len(fresh) > settings.max_messages and len(older) >= settings.keep_last:
        return True
    costs = [estimate_tokens(turn.content) for turn in turns.with_ids(engine, [place.id for place in fresh])]
    much = sum(costs[: len(older)]) > settings.max_tokens // 4 or len(older) >= settings.keep_last
    return sum(costs) > settings.max_tokens and much


def _summarised(engine: Engine, scope: Scope, held: _Held, first: Sequence[Place]) -> Summary:
    """What the *first* turns of what is *held* came to; it is kept, so that nobody makes it again."""
    from memcli.services import summary

    new = [place for place in first if place.position > held.summary.until]
    if not new:
        return held.summary
    spoken, vectors = turns.with_vectors(engine, [place.id for place in new])
    if not spoken:  # purged meanwhile
        return held.summary
    budget = max(engine.config.conversation.max_tokens // summary.SHARE, squeeze.LEAST)
    text, by = summary.made(engine, held.summary, spoken, vectors, budget)
    until = new[-1].position
    made = Summary(text=text, by=by, until=until, of=_seal(held.talk, until))
    with suppress(StorageError):  # it is no worse for not being kept
        _keep(engine, scope, held, made)
    return made


def _keep(engine: Engine, scope: Scope, held: _Held, made: Summary) -> None:
    from memcli.storage.conversations import Row

    owner, now = turns.owner_of(scope), engine.now()
    with engine.db.writing() as db:
        row = db.conversations.get(owner, held.name)
        row = row or Row(owner=owner, id=held.name, created_at=now, updated_at=now)
        if row.summary == held.kept:  # else somebody has made another one meanwhile
            db.conversations.put([replace(row, summary=made, updated_at=now)])


def keep_summary(engine: Engine, scope: Scope, conversation: str, summary: Summary) -> None:
    """Keep *summary*, which was exported with the conversation; not over another one that is true.

    It is passed over where the turn that it ends with is not there.
    """
    held = _held(engine, scope, conversation)
    if not held.summary.text and any(place.position == summary.until for place in held.talk):
        _keep(engine, scope, held, replace(summary, of=_seal(held.talk, summary.until)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarised:
    """What a conversation came to.

    Attributes:
        conversation: Which one.
        summary: What it came to; empty where nothing was said.
        by: "llm: PROGRAM" or "extractive".
        turns: How many turns it stands for.
        space: Where it is.
    """

    conversation: str
    summary: str
    by: str
    turns: int
    space: str


def summarize(engine: Engine, *, scope: Scope, conversation: str = "", anew: bool = False) -> Summarised:
    """What a conversation came to, up to its last turn; kept for `messages`.

    Args:
        engine: What to work with; it asks the LLM only if there is a command for one.
        scope: Where it is.
        conversation: Which one; the current one, if empty.
        anew: Whether what was summarised before is read again.

    Raises:
        NotFoundError: There is no such conversation.
    """
    held = _held(engine, scope, conversation)
    made = _summarised(engine, scope, replace(held, summary=NO_SUMMARY) if anew else held, held.talk)
    return Summarised(
        conversation=held.name,
        summary=made.text,
        by=made.by,
        turns=len(held.talk) - len(held.after(made.until)),
        space=str(scope.space),
    )

"""Remembering: drafts become memories, and are stored unless the same is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from memcli.errors import UsageError
from memcli.kinds import KEEP
from memcli.model import PRIVATE, TEAM, Draft, Memory, ProgressFactory, Scope, Stored, Trust, default_title
from memcli.services import checks, redaction, teams
from memcli.services.engine import Engine
from memcli.services.journal import Running
from memcli.services.known import Known
from memcli.services.select import is_fact
from memcli.services.vectors import Embedded, embed, refuse_other_model

DRAFT_FIELDS = frozenset(f.name for f in fields(Draft))


def store(
    engine: Engine,
    text: str,
    *,
    scope: Scope,
    conflicts: bool | None = None,
    replaces: str = "",
    **about: Any,
) -> Stored:
    """Remember *text*, unless the same thing is already remembered.

    Args:
        engine: What to work with.
        text: What to remember.
        scope: Where; its space must be named.
        conflicts: Whether it is held against what is known; see `store_all`.
        replaces: The id of the memory that it replaces; empty for none that is named.
        about: Any other field of `Draft`.

    Raises:
        UsageError: A value can't be stored.
    """
    if unknown := about.keys() - DRAFT_FIELDS:
        raise UsageError(f"there is nothing called {min(unknown)!r} to say about a memory")
    draft = Draft(text=text, scope=scope, **about)
    return store_all(engine, [draft], conflicts=conflicts, replaces=replaces)[0]


def store_all(
    engine: Engine,
    drafts: Sequence[Draft],
    *,
    compare: bool = True,
    conflicts: bool | None = None,
    replaces: str = "",
    change: Running | None = None,
    announce: ProgressFactory | None = None,
) -> list[Stored]:
    """Remember all *drafts*, in one write; the answers are in their order.

    The same text twice among them is stored once. A draft whose id already belongs to a memory that
    says something else is answered with `Action.FAILED`.

    Args:
        engine: What to work with.
        drafts: What to remember.
        compare: Whether the same text is a duplicate; if not, only ids tell what is there already.
        conflicts: Whether facts are held against what is known, so that what says the same in other
            words is a duplicate, and what is no longer true gives way; the setting, if None.
        replaces: The id of the memory that the one draft replaces, whatever they say.
        change: The change that this is a part of; one of its own, if None.
        announce: Who hears how far the embedding has come, if it takes long; the engine's, if None.

    Raises:
        UsageError: A value of one of them can't be stored; none is.
        NotFoundError: There is no memory *replaces*.
        ConflictError: The memory *replaces* can't be replaced.
    """
    if replaces and len(drafts) != 1:
        raise UsageError("only one text can replace a memory")
    decides = engine.config.conflicts.check if conflicts is None else conflicts
    ready = prepared(engine, drafts, compare=compare, decides=decides and not replaces, announce=announce)
    return finished(engine, ready, compare=compare, conflicts=conflicts, replaces=replaces, change=change)


FEW = 4
"""Drafts that are embedded before the store is asked whether it holds them: 3 ms each, and asking takes 8.
Then it is asked together with what the drafts are to be held against."""


@dataclass(frozen=True)
class Prepared:
    """What can be done for some drafts before it is one's turn to write.

    Attributes:
        drafts: The drafts.
        memories: What they would become.
        known: What the store held of them already, if it was asked.
        embedded: Those that it did not, or all of them, with their vectors.
        weighed: Ids of those that are no doubles where only somebody less trusted says the same.
    """

    drafts: Sequence[Draft]
    memories: Sequence[Memory]
    known: Known | None
    embedded: Embedded
    weighed: frozenset[str] = frozenset()


def prepared(
    engine: Engine,
    drafts: Sequence[Draft],
    *,
    compare: bool,
    decides: bool = False,
    announce: ProgressFactory | None = None,
) -> Prepared:
    """*drafts*, checked and embedded; see `store_all`.

    What is decided on (*decides*) is no double for the words of somebody less trusted.
    """
    memories = [_memory(engine, draft) for draft in drafts]
    for user, team in {(memory.user, memory.team) for memory in memories if memory.team}:
        teams.require_writer(engine.db, team, user)
    is_asked = len(memories) > FEW and engine.db.model
    weighed = _weighed(engine, memories, drafts) if decides else frozenset[str]()
    known = Known(engine, memories, compare=compare, weighed=weighed) if is_asked else None
    fresh = [memory for memory in memories if known is None or known.answer(memory) is None]
    brought: Mapping[str, Any] = {}
    if any(draft.vector for draft in drafts):
        from memcli.services import given  # arrays

        brought = given.vectors(engine.embedder.model, memories, drafts)
    embedded = embed(engine.embedder, _first_of_each(fresh), announce or engine.progress, brought)
    return Prepared(drafts, memories, known, embedded, weighed)


def _weighed(engine: Engine, memories: Sequence[Memory], drafts: Sequence[Draft]) -> frozenset[str]:
    """The ids of those of *memories* that are decided on in view of who says so, not decided before."""
    if engine.config.conflicts.trust != KEEP:
        return frozenset()
    pairs = zip(memories, drafts, strict=True)
    return frozenset(memory.id for memory, draft in pairs if is_fact(memory) and not draft.updated_at)


def finished(
    engine: Engine,
    ready: Prepared,
    *,
    compare: bool,
    conflicts: bool | None,
    replaces: str = "",
    change: Running | None = None,
) -> list[Stored]:
    """Write what is *ready*, in view of what the store holds by now; see `store_all`."""
    from memcli.services.writing import Writing  # behind the store's door: arrays

    memories, drafts, embedded = ready.memories, ready.drafts, ready.embedded
    known = ready.known
    writing = Writing(
        engine,
        change or Running("store"),
        decides=engine.config.conflicts.check if conflicts is None else conflicts,
        as_it_was=frozenset(m.id for m, d in zip(memories, drafts, strict=True) if d.updated_at),
        said={m.id: d.created_at for m, d in zip(memories, drafts, strict=True) if d.created_at},
    )

    def asked() -> Known:
        """What the store holds of them; meanwhile it is looked up what they are held against."""
        with nullcontext() if replaces else writing.looking_up(embedded):
            return Known(engine, memories, compare=compare, weighed=ready.weighed)

    if known is None and engine.db.model:
        refuse_other_model(engine.embedder, engine.db.model)
        known = asked()
    if known is not None and not replaces:
        answers = [known.answer(memory) for memory in memories]
        if all(answers):
            return [answer for answer in answers if answer]
        writing.ask_judge(embedded)
    with engine.db.writing(engine.embedder.model) as db:
        refuse_other_model(engine.embedder, db.model)
        is_looked_up = replaces or writing.has_looked
        if known is None or known.version != db.version or not is_looked_up:
            known = asked()  # the same, or something against it, may be stored by now
        if replaces:
            return [writing.replace(db, known, memories[0], embedded, replaces)]
        return writing.write(db, known, memories, embedded)


def check(engine: Engine, draft: Draft) -> None:
    """Raise a UsageError if a value of *draft* can't be stored."""
    _memory(engine, draft)


def _memory(engine: Engine, draft: Draft) -> Memory:
    """The memory that *draft* would become, all of its values checked."""
    now = engine.now()
    clean = partial(redaction.clean, engine)
    text = clean(checks.text(draft.text))
    return Memory(
        id=checks.own_id(draft.id) if draft.id else engine.new_id(),
        text=text,
        title=clean(checks.line(draft.title, "the title"), "the title").strip() or default_title(text),
        space=checks.space_name(draft.scope.space),
        user=checks.line(draft.scope.user, "the user's name", checks.NAME_LENGTH_MOST),
        agent=checks.line(draft.scope.agent, "the agent's name", checks.NAME_LENGTH_MOST),
        team=draft.scope.team,
        visibility=TEAM if draft.scope.team else PRIVATE,
        importance=checks.importance(draft.importance),
        tags=clean(checks.tags(draft.tags), "a tag"),
        metadata=clean(checks.metadata(draft.metadata), "the metadata"),
        source=clean(checks.line(draft.source, "the source"), "the source"),
        conversation=checks.line(draft.conversation, "the conversation", checks.ID_LENGTH_MOST),
        position=checks.position(draft.position),
        speaker=checks.line(draft.speaker, "the speaker", checks.NAME_LENGTH_MOST),
        created_at=checks.moment(draft.created_at, "created_at") or now,
        updated_at=checks.moment(draft.updated_at, "updated_at") or now,
        expires_at=checks.moment(draft.expires_at, "expires_at"),
        forgotten_at=checks.moment(draft.forgotten_at, "forgotten_at"),
        replaces=checks.line(draft.replaces, "the id it replaces", checks.ID_LENGTH_MOST),
        replaced_at=checks.moment(draft.replaced_at, "replaced_at"),
        replaced_by=checks.line(draft.replaced_by, "the id it is replaced by", checks.ID_LENGTH_MOST),
        replaced_reason=clean(checks.line(draft.replaced_reason, "the reason"), "the reason"),
        replaced_confidence=None
        if draft.replaced_confidence is None
        else checks.share(draft.replaced_confidence, "the confidence"),
        trust=checks.trust(draft.trust) or (Trust.AGENT if draft.scope.agent else Trust.USER).value,
    )


def _first_of_each(memories: Sequence[Memory]) -> list[Memory]:
    """*memories* without those whose id came before."""
    return list({memory.id: memory for memory in reversed(memories)}.values())[::-1]

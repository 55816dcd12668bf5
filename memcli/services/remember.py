"""A memory's life: stored, looked at, changed, forgotten, brought back, purged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from memcli.errors import ConflictError, NotFoundError, StorageError, UsageError
from memcli.model import EVERYWHERE, Action, Draft, Memory, ProgressFactory, Scope, Stored, default_title
from memcli.services import checks, names
from memcli.services.engine import Engine
from memcli.services.known import Known, stored
from memcli.services.select import NO_FILTER, Filter, alive, in_scope, is_alive, predicate
from memcli.services.vectors import embed
from memcli.storage.predicates import all_of

if TYPE_CHECKING:
    from memcli.storage.database import Database

AMBIGUOUS_SHOWN = 5

DRAFT_FIELDS = frozenset(f.name for f in fields(Draft))


# --- storing ---


def store(engine: Engine, text: str, *, scope: Scope, **about: Any) -> Stored:
    """Remember *text*, unless the same thing is already remembered.

    Args:
        engine: What to work with.
        text: What to remember.
        scope: Where; its space must be named.
        about: Any other field of `Draft`.

    Raises:
        UsageError: A value can't be stored.
    """
    if unknown := about.keys() - DRAFT_FIELDS:
        raise UsageError(f"there is nothing called {min(unknown)!r} to say about a memory")
    return store_all(engine, [Draft(text=text, scope=scope, **about)])[0]


def store_all(
    engine: Engine,
    drafts: Sequence[Draft],
    *,
    compare: bool = True,
    announce: ProgressFactory | None = None,
) -> list[Stored]:
    """Remember all *drafts*, in one write; the answers are in their order.

    The same text twice among them is stored once. A draft whose id already belongs to a memory that
    says something else is answered with `Action.FAILED`.

    Args:
        engine: What to work with.
        drafts: What to remember.
        compare: Whether the same text is a duplicate; if not, only ids tell what is there already.
        announce: Who hears how far the embedding has come, if it takes long; the engine's, if None.

    Raises:
        UsageError: A value of one of them can't be stored; none is.
    """
    memories = [_memory(engine, draft) for draft in drafts]
    given = [draft.id for draft in drafts if draft.id]  # ours are random: the look under the lock is enough
    known = Known(engine, memories, compare=compare, ids=given) if engine.db.model else None
    fresh = [memory for memory in memories if known is None or not known.answer(memory)]
    embedded = embed(engine.embedder, _first_of_each(fresh), announce or engine.progress)
    if not embedded.memories and known is not None:
        return [known.answer(memory) or stored(memory) for memory in memories]
    with engine.db.writing(engine.embedder.model) as db:
        _refuse_other_model(engine, db)
        known = Known(engine, memories, compare=compare)  # somebody may have stored the same meanwhile
        answers = [known.take(memory) for memory in memories]
        new = {memory.id for memory, answer in zip(memories, answers, strict=True) if _is_new(memory, answer)}
        assert db.current is not None
        embedded.only(new).add_to(db.current)
        # what was known when we looked first, and has gone since
        late = [memory for memory in memories if memory.id in new - {m.id for m in embedded.memories}]
        if late:
            embed(engine.embedder, late).add_to(db.current)
        names.note(engine.home.names, [memory for memory in memories if memory.id in new])
    return answers


def _is_new(memory: Memory, answer: Stored) -> bool:
    return answer.action is Action.STORED and answer.id == memory.id


def check(engine: Engine, draft: Draft) -> None:
    """Raise a UsageError if a value of *draft* can't be stored."""
    _memory(engine, draft)


def _memory(engine: Engine, draft: Draft) -> Memory:
    """The memory that *draft* would become, all of its values checked."""
    now = engine.now()
    text = checks.text(draft.text)
    return Memory(
        id=checks.own_id(draft.id) if draft.id else engine.new_id(),
        text=text,
        title=checks.line(draft.title, "the title").strip() or default_title(text),
        space=checks.space_name(draft.scope.space),
        user=checks.line(draft.scope.user, "the user's name", checks.NAME_LENGTH_MOST),
        agent=checks.line(draft.scope.agent, "the agent's name", checks.NAME_LENGTH_MOST),
        importance=checks.importance(draft.importance),
        tags=checks.tags(draft.tags),
        metadata=checks.metadata(draft.metadata),
        source=checks.line(draft.source, "the source"),
        conversation=checks.line(draft.conversation, "the conversation", checks.ID_LENGTH_MOST),
        position=checks.position(draft.position),
        speaker=checks.line(draft.speaker, "the speaker", checks.NAME_LENGTH_MOST),
        created_at=checks.moment(draft.created_at, "created_at") or now,
        updated_at=checks.moment(draft.updated_at, "updated_at") or now,
        expires_at=checks.moment(draft.expires_at, "expires_at"),
        forgotten_at=checks.moment(draft.forgotten_at, "forgotten_at"),
    )


def _first_of_each(memories: Sequence[Memory]) -> list[Memory]:
    """*memories* without those whose id came before."""
    return list({memory.id: memory for memory in reversed(memories)}.values())[::-1]


def _refuse_other_model(engine: Engine, db: Database) -> None:
    if db.model != engine.embedder.model:
        raise StorageError("the store's model was changed meanwhile", hint="run the command again")


# --- looking ---


def find(engine: Engine, name: str, *, scope: Scope = EVERYWHERE) -> Memory:
    """The memory of *scope* whose id is *name*, or begins with it.

    Raises:
        NotFoundError: There is none.
        ConflictError: There are several.
    """
    checks.own_id(name)
    where = in_scope(scope)
    if exact := engine.db.memories.with_ids([name], where):
        return exact[name]
    matching = engine.db.memories.with_prefix(name, where, AMBIGUOUS_SHOWN)
    if not matching:
        raise NotFoundError(f"there is no memory with the id {name!r}")
    if len(matching) > 1:
        ids = ", ".join(sorted(memory.id for memory in matching))
        raise ConflictError(f"the id {name!r} is ambiguous", hint=f"it could be {ids}")
    return matching[0]


def find_all(engine: Engine, ids: Sequence[str], *, scope: Scope = EVERYWHERE) -> list[Memory]:
    """The memories of *scope* with the ids *ids*, each once; see `find`."""
    found = [find(engine, name, scope=scope) for name in ids]
    return list({memory.id: memory for memory in found}.values())


def newest(
    engine: Engine, *, scope: Scope, wanted: Filter = NO_FILTER, limit: int | None = None, offset: int = 0
) -> list[Memory]:
    """The memories of *scope* that fulfil *wanted*, latest first; *limit* None for all."""
    where = predicate(scope, wanted, engine.now())
    most = None if limit is None else checks.positive(limit, "the limit")
    return engine.db.memories.newest(where, most, checks.positive(offset + 1, "the offset") - 1)


def count(engine: Engine, *, scope: Scope, wanted: Filter = NO_FILTER) -> int:
    """How many memories of *scope* fulfil *wanted*."""
    return engine.db.memories.table.count(predicate(scope, wanted, engine.now()))


# --- changing ---


def update(engine: Engine, name: str, *, scope: Scope = EVERYWHERE, **changes: Any) -> Memory:
    """Change the memory with the id *name*: only the fields named in *changes* change.

    Args:
        engine: What to work with.
        name: Its id, or a unique beginning of it.
        scope: Where to look for it.
        changes: `text`, `title`, `importance`, `tags`, `metadata`, `source`, `expires_at`; None for
            a field that stays as it is. The keys of `metadata` are set, those with None taken away.

    Raises:
        NotFoundError: There is no such memory.
        ConflictError: Another memory already says the same.
        UsageError: A value can't be stored, or nothing was to be changed.
    """
    given = {field: value for field, value in changes.items() if value is not None}
    if unknown := given.keys() - CHECKS.keys():
        raise UsageError(f"a memory's {min(unknown)} can't be changed")
    if not given:
        raise UsageError("nothing was said to change")
    changed = _changed(find(engine, name, scope=scope), given, engine.now())
    embedded = embed(engine.embedder, [changed], engine.progress) if "text" in given else None
    with engine.db.writing() as db:
        _refuse_other_model(engine, db) if embedded else None
        before = find(engine, changed.id)
        changed = _changed(before, given, engine.now())
        if "text" in given:
            _refuse_double(engine, changed)
        if embedded is None:
            db.memories.put([changed], db.memories.vectors([changed.id]))
        else:
            assert db.current is not None
            replace(embedded, memories=[changed]).put_into(db.current)
        names.note(engine.home.names, [changed])
    return changed


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "text": checks.text,
    "title": lambda title: checks.line(title, "the title").strip(),
    "importance": checks.importance,
    "tags": checks.tags,
    "metadata": checks.metadata,
    "source": lambda source: checks.line(source, "the source"),
    "expires_at": lambda time: checks.moment(time, "expires_at"),
}
"""What can be changed, and what the new value must be."""


def _changed(memory: Memory, given: Mapping[str, Any], now: datetime) -> Memory:
    values = {field: CHECKS[field](value) for field, value in given.items()}
    if "metadata" in values:
        merged = {**memory.metadata, **values["metadata"]}
        values["metadata"] = checks.metadata(
            {key: value for key, value in merged.items() if value is not None}
        )
    text = str(values.get("text", memory.text))
    had_own_title = memory.title != default_title(memory.text)
    title = values.get("title", memory.title if had_own_title else "") or default_title(text)
    return replace(memory, **{**values, "title": title, "updated_at": now})


def _refuse_double(engine: Engine, memory: Memory) -> None:
    """Raise if another memory, not forgotten, already says what *memory* says."""
    same = Known(engine, [memory], ids=()).answer(memory)
    if same and same.id != memory.id:
        raise ConflictError(f"the memory {same.id} already says the same")


def forget(engine: Engine, ids: Sequence[str], *, scope: Scope = EVERYWHERE) -> list[Memory]:
    """Forget the memories with the ids *ids*; all or, if one is not there, none. Can be undone.

    Raises:
        NotFoundError: There is no such memory.
    """
    memories = find_all(engine, ids, scope=scope)
    now = engine.now()
    with engine.db.writing() as db:
        db.memories.set_forgotten([memory.id for memory in memories if memory.forgotten_at is None], now, now)
        names.drop(engine.home.names, [memory.id for memory in memories])
    return [
        memory if memory.forgotten_at else replace(memory, forgotten_at=now, updated_at=now)
        for memory in memories
    ]


def restore(engine: Engine, ids: Sequence[str], *, scope: Scope = EVERYWHERE) -> list[Memory]:
    """Bring the forgotten memories with the ids *ids* back; all or none.

    Raises:
        NotFoundError: There is no such memory.
        ConflictError: What it says has been stored anew meanwhile, or it has expired.
    """
    memories = find_all(engine, ids, scope=scope)
    gone = [memory for memory in memories if memory.forgotten_at]
    now = engine.now()
    back = {memory.id: replace(memory, forgotten_at=None, updated_at=now) for memory in gone}
    for memory in back.values():
        if not is_alive(memory, now):
            raise ConflictError(
                f"the memory {memory.id} has expired", hint=f"memcli update {memory.id} --ttl 30d"
            )
    with engine.db.writing() as db:
        known = Known(engine, list(back.values()), ids=())  # by their words: they come as if stored anew
        for memory in back.values():
            answer = known.take(memory)
            if answer.action is Action.DUPLICATE:
                raise ConflictError(f"the memory {answer.id} says the same as {memory.id}")
        db.memories.set_forgotten(list(back), None, now)
        names.note(engine.home.names, list(back.values()))
    return [back.get(memory.id, memory) for memory in memories]


def purgeable(
    engine: Engine, ids: Sequence[str] = (), *, scope: Scope, older_than: timedelta | None = None
) -> list[Memory]:
    """What a purge would remove: the memories *ids*, or all forgotten and expired ones of *scope*.

    Args:
        engine: What to work with.
        ids: Empty for all that qualify.
        scope: Where to look; with ids, only its user counts.
        older_than: Only what was forgotten, or expired, longer ago than this.

    Raises:
        ConflictError: One of *ids* is neither forgotten nor expired.
    """
    now = engine.now()
    if ids:
        memories = find_all(engine, ids, scope=Scope(None, scope.user, None))
        for memory in memories:
            if is_alive(memory, now):
                raise ConflictError(
                    f"the memory {memory.id} is not forgotten", hint=f"memcli forget {memory.id} comes first"
                )
    else:
        memories = engine.db.memories.where(all_of(in_scope(scope), f"NOT ({alive(now)})"))
    cut = now - (older_than or timedelta(0))
    return [memory for memory in memories if _gone_since(memory, now) <= cut]


def _gone_since(memory: Memory, now: datetime) -> datetime:
    """When *memory*, which is not alive, was forgotten or expired; never later than *now*."""
    return min(time for time in (memory.forgotten_at, memory.expires_at, now) if time is not None)


def purge(engine: Engine, memories: Sequence[Memory]) -> list[Memory]:
    """Remove *memories* for good: text, vectors and index terms leave the disk, old versions too.

    What was brought back since *memories* were looked up stays.

    Returns:
        Those that were removed.
    """
    if not memories:
        return []
    with engine.db.writing() as db:
        now = engine.now()
        there = db.memories.with_ids([memory.id for memory in memories])
        gone = [memory for memory in there.values() if not is_alive(memory, now)]
        ids = [memory.id for memory in gone]
        names.drop(engine.home.names, ids)
        db.erase(ids)
    return gone

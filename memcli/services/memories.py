"""What is remembered: looked at, and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from memcli.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from memcli.model import EVERYWHERE, PRIVATE, TEAM, Memory, Scope, Trust, default_title
from memcli.services import checks, journal, names, redaction, teams
from memcli.services.engine import Engine
from memcli.services.known import Known
from memcli.services.select import NO_FILTER, Filter, in_scope, predicate
from memcli.services.suspicion import flagged
from memcli.services.vectors import embed, refuse_other_model

if TYPE_CHECKING:
    from memcli.storage.database import Database

AMBIGUOUS_SHOWN = 5


def find(engine: Engine, name: str, *, scope: Scope = EVERYWHERE) -> Memory:
    """The memory of *scope* whose id is *name*, or begins with it.

    Raises:
        NotFoundError: There is none.
        ConflictError: There are several.
    """
    checks.own_id(name)
    matching = _matching(engine, name, scope)
    if not matching and scope.user is not None and not scope.team:  # by its id, whoever sees it finds it
        seen = teams.slugs_of(engine, scope.user)
        matching = _matching(engine, name, replace(scope, teams=seen)) if seen else []
    if not matching:
        raise NotFoundError(f"there is no memory with the id {name!r}")
    if len(matching) > 1:
        ids = ", ".join(sorted(memory.id for memory in matching))
        raise ConflictError(f"the id {name!r} is ambiguous", hint=f"it could be {ids}")
    return matching[0]


def _matching(engine: Engine, name: str, scope: Scope) -> list[Memory]:
    """The memory of *scope* with the id *name*, or else some of those whose ids begin with it."""
    where = in_scope(scope)
    exact = engine.db.memories.with_ids([name], where)
    return list(exact.values()) or engine.db.memories.with_prefix(name, where, AMBIGUOUS_SHOWN)


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
    return flagged(engine.db.memories.newest(where, most, checks.positive(offset + 1, "the offset") - 1))


def count(engine: Engine, *, scope: Scope, wanted: Filter = NO_FILTER) -> int:
    """How many memories of *scope* fulfil *wanted*."""
    return engine.db.memories.table.count(predicate(scope, wanted, engine.now()))


def update(
    engine: Engine, name: str, *, scope: Scope = EVERYWHERE, by: Trust | None = None, **changes: Any
) -> Memory:
    """Change the memory with the id *name*: only the fields named in *changes* change.

    Args:
        engine: What to work with.
        name: Its id, or a unique beginning of it.
        scope: Where to look for it.
        by: Who says so, whose word a new text is; the user, or the agent of *scope*, if None.
        changes: `text`, `title`, `importance`, `tags`, `metadata`, `source`, `expires_at`, `team`; None
            for a field that stays as it is. The keys of `metadata` are set, those with None taken away.
            With an empty `team` it is private.

    Raises:
        NotFoundError: There is no such memory.
        ConflictError: Another memory already says the same.
        UsageError: A value can't be stored, or nothing was to be changed.
        NotAllowedError: A team can see it, and its readers may not change it; or it is another's to share.
    """
    given = {field: value for field, value in changes.items() if value is not None}
    if unknown := given.keys() - CHECKS.keys():
        raise UsageError(f"a memory's {min(unknown)} can't be changed")
    if not given:
        raise UsageError("nothing was said to change")
    given = {
        name: redaction.clean(engine, CHECKS[name](value), f"the {name}") for name, value in given.items()
    }
    if "text" in given:
        given["trust"] = by or (Trust.AGENT if scope.agent else Trust.USER)
    changed = _changed(find(engine, name, scope=scope), given, engine.now())
    embedded = embed(engine.embedder, [changed], engine.progress) if "text" in given else None
    with engine.db.writing() as db:
        refuse_other_model(engine.embedder, db.model) if embedded else None
        before = find(engine, changed.id)
        changed = _changed(before, given, engine.now())
        _refuse_others(db, before, changed, scope.user)
        if "text" in given or "team" in given:
            _refuse_double(engine, changed)
        journal.note(engine, db, "update", before=[(before, changed)], by=scope.user)
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
    "team": lambda team: checks.line(team, "the team"),
}
"""What can be changed, and what the new value must be."""


def _changed(memory: Memory, given: Mapping[str, Any], now: datetime) -> Memory:
    values = {field: CHECKS[field](value) for field, value in given.items() if field in CHECKS}
    values |= {"trust": given["trust"].value} if "trust" in given else {}
    if "metadata" in values:
        merged = {**memory.metadata, **values["metadata"]}
        values["metadata"] = checks.metadata(
            {key: value for key, value in merged.items() if value is not None}
        )
    if "team" in values:
        values["visibility"] = TEAM if values["team"] else PRIVATE
    text = str(values.get("text", memory.text))
    had_own_title = memory.title != default_title(memory.text)
    title = values.get("title", memory.title if had_own_title else "") or default_title(text)
    return replace(memory, **{**values, "title": title, "updated_at": now})


def _refuse_others(db: Database, before: Memory, after: Memory, user: str | None) -> None:
    """Raise unless *user* (None: nobody in particular) may make *after* of *before*."""
    if user is None:
        return
    if after.team != before.team and before.user != user:
        raise NotAllowedError(f"only {before.user}, who wrote it, decides who can see {before.id}")
    kept = [] if before.user == user and not after.team else [before]  # one may always take one's own back
    teams.require_writers(db, [*kept, after], user)


def _refuse_double(engine: Engine, memory: Memory) -> None:
    """Raise if another memory, not forgotten, already says what *memory* says."""
    same = Known(engine, [memory], ids=()).answer(memory)
    if same and same.id != memory.id:
        raise ConflictError(f"the memory {same.id} already says the same")

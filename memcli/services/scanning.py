"""Secrets in what is stored already: where they are, and how they are taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from memcli.errors import StorageError
from memcli.model import EVERYWHERE, Memory, Scope, default_title
from memcli.services import names, redaction
from memcli.services.engine import Engine
from memcli.services.redaction import PrivateError
from memcli.services.select import in_scope
from memcli.services.vectors import embed, refuse_other_model
from memcli.storage.predicates import equals

FIELDS = ("text", "title", "tags", "metadata", "source", "replaced_reason")
"""What of a memory can hold one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something stored that holds what looks like a secret; never the secret itself.

    Attributes:
        what: `memory`, `value`, `task`, `space` or `agent`.
        id: Its id, the key of a value, or the name of a space or an agent.
        space: Where it is; empty for an agent, who is in none.
        kinds: What kinds of secrets.
        where: In which fields.
        redacted: Whether they were taken out.
    """

    what: str
    id: str
    space: str
    kinds: tuple[str, ...]
    where: tuple[str, ...]
    redacted: bool = False


def scan(engine: Engine, *, scope: Scope = EVERYWHERE) -> list[Leak]:
    """What in *scope* holds secrets: memories, forgotten and replaced ones too, and all else that is told."""
    memories = [leak for memory in _memories(engine, scope) if (leak := _leak(memory))]
    return [*memories, *_others(engine, scope)]


def _memories(engine: Engine, scope: Scope) -> Iterator[Memory]:
    if not engine.db.model:
        return
    total = engine.db.memories.table.count(in_scope(scope))
    with engine.progress("Scanning", total) as report:
        for some in engine.db.memories.batches(in_scope(scope)):
            yield from some
            report(len(some))


def _leak(memory: Memory) -> Leak | None:
    told = {name: getattr(memory, name) for name in FIELDS}
    return _told("memory", memory.id, memory.space, told)


def _told(what: str, name: str, space: str, told: Mapping[str, Any]) -> Leak | None:
    """What is called *name*, if there is a secret in what is *told* of it, by field."""
    by_field = {field: redaction.kinds(said) for field, said in told.items()}
    where = tuple(field for field, kinds in by_field.items() if kinds)
    if not where:
        return None
    all_kinds = tuple(sorted(set().union(*by_field.values())))
    name, space = (redaction.redacted(said, redaction.found(said)) for said in (name, space))
    return Leak(what=what, id=name, space=space, kinds=all_kinds, where=where)


def _others(engine: Engine, scope: Scope) -> Iterator[Leak]:
    """What else than memories holds secrets; an agent is in every scope that names no space."""
    told: dict[str, Any]
    found: list[Leak | None] = []
    for value in engine.db.values.of(scope.space, scope.user, "", engine.now()):
        data = str(value.data)
        named = [] if redaction.kinds(value.key) else [{value.key: data}]  # api_key: the name tells
        told = {"key": value.key, "data": [data, *named]}
        found.append(_told("value", value.key, value.space, told))
    for task in engine.db.tasks.of(scope.space, scope.user, scope.agent, ended=True):
        told = {
            "goal": task.goal,
            "subgoals": [subgoal.text for subgoal in task.subgoals],
            "notes": [note.text for note in task.notes],
            "results": dict(task.results),
            "variables": dict(task.variables),
            "outcome": task.outcome,
        }
        found.append(_told("task", task.id, task.space, told))
    found += (
        _told("space", space.name, space.name, {"description": space.description})
        for space in engine.db.spaces.of(scope.user)
        if scope.space in (None, space.name)
    )
    if scope.space is None:
        for agent in engine.db.people.agents.where("" if scope.user is None else equals("user", scope.user)):
            told = {name: getattr(agent, name) for name in ("description", "owner", "model")}
            found.append(_told("agent", agent.name, "", told))
    return (leak for leak in found if leak)


def redact(engine: Engine, leaks: Sequence[Leak]) -> list[Leak]:
    """Take the secrets out of the memories among *leaks*: off the disk, out of the journal, old versions too.

    The memories keep their ids and are embedded anew; what was noted for `undo` about them goes, and so do
    summaries of conversations that they are turns of. Whatever else holds some stays as it is.

    Returns:
        The leaks, each with what became of it.
    """
    ids = [leak.id for leak in leaks if leak.what == "memory"]
    if not ids:
        return list(leaks)
    from memcli.storage import erasing  # behind the store's door: arrays

    mender = Engine(replace(engine.config, secrets=redaction.REDACT), engine.home, now=engine.now)
    before = engine.db.memories.with_ids(ids)
    clean = {name: new for name, memory in before.items() if (new := _cleaned(mender, memory))}
    embedded = embed(engine.embedder, list(clean.values()), engine.progress)
    with engine.db.writing() as db:
        refuse_other_model(engine.embedder, db.model)
        there = db.memories.with_ids(list(clean))
        if any(there.get(name) != before[name] for name in clean):
            raise StorageError("somebody has changed what was scanned", hint="run the command again")
        with erasing.rewritten(db, list(clean.values())) as current:
            embedded.put_into(current)
        names.note(engine.home.names, list(clean.values()))
    return [replace(leak, redacted=leak.what == "memory" and leak.id in clean) for leak in leaks]


def _cleaned(mender: Engine, memory: Memory) -> Memory | None:
    """*memory* without secrets; None if nothing would be left of it."""
    try:
        values = {name: redaction.clean(mender, getattr(memory, name)) for name in FIELDS}
    except PrivateError:
        return None
    if memory.title == default_title(memory.text):
        values["title"] = default_title(values["text"])
    return replace(memory, **values, updated_at=mender.now())

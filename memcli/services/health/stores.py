"""The store: whether it can be read, whether its files are whole, its indexes complete, and it is tidy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from memcli.errors import DamagedError, MemcliError
from memcli.services.health import mending
from memcli.services.health.findings import Checked, Cure, Level, fine, found, told
from memcli.services.health.machine import clock
from memcli.wording import counted

if TYPE_CHECKING:
    from memcli.services.engine import Engine
    from memcli.storage.torn import Plan
    from memcli.storage.whole import Torn

MUCH = 20_000_000
"""Bytes of old versions and leftovers that are worth a note; every write leaves some, and takes some away."""

LOOKS = 20
"""Memories that `--deep` looks for by words and by their vectors."""


def examine(engine: Engine, *, deep: bool) -> list[Checked]:
    """Look at the store of *engine*; *deep* reads everything in it."""
    if engine.home.uri:  # its files are for that service to look after
        store = _store(engine, is_whole=True)
        is_readable = store.finding.level is not Level.ERROR
        return [store, clock(engine.now(), newest(engine))] if is_readable else [store]
    if not engine.home.store.is_dir():
        return [fine("store", f"nothing is stored yet at {engine.home.store}")]
    torn = _torn(engine, deep=deep)
    store = _store(engine, is_whole=not torn)
    if torn or store.finding.level is Level.ERROR:
        return [store, *torn]
    files = fine("files", "all there and whole" if deep else "all there, as far as a glance tells")
    checks = [*_indexes(engine, deep=deep), *_tidiness(engine)]
    checks += list(_passages(engine)) if deep else []
    return [store, files, *checks, clock(engine.now(), newest(engine))]


def _store(engine: Engine, *, is_whole: bool) -> Checked:
    try:
        if not engine.db.model:
            return fine("store", f"no memories yet at {engine.home.store_name}")
        number = engine.db.memories.table.count()
        engine.db.people.members.where()
    except DamagedError as error:
        cure = mending.of_meta(engine) if is_whole else None  # else the torn file has its own
        said = (
            error.sentence if cure or not is_whole else f"{error.sentence}: a backup has it, if there is one"
        )
        return found("store", Level.ERROR, said, "" if cure or not is_whole else mending.RESTORE, cure)
    except MemcliError as error:
        return found("store", Level.ERROR, told(error))
    return fine("store", f"{counted(number, 'memory')} at {engine.home.store_name}, forgotten ones included")


def _torn(engine: Engine, *, deep: bool) -> list[Checked]:
    """What is torn: one finding for each table and index, with what mends it."""
    from memcli.storage import torn

    try:
        all_torn = torn.look(engine.home.store, deep=deep)
    except MemcliError as error:
        return [found("files", Level.ERROR, told(error))]
    plans = {plan.table: plan for plan in torn.plan(engine.home.store, all_torn)}
    findings: list[Checked] = []
    for table in dict.fromkeys(one.table for one in all_torn):
        rows = [one for one in all_torn if one.table == table and not one.index]
        if rows:
            cure = _cure(engine, table, plans)
            said = _sentence(rows) + ("" if cure else "; a backup brings it back, if there is one")
            findings.append(found("files", Level.ERROR, said, "" if cure else mending.RESTORE, cure))
        if of_indexes := [one for one in all_torn if one.table == table and one.index]:
            names = sorted({one.index for one in of_indexes})
            said = f"{_sentence(of_indexes)}: searches fail"
            findings.append(
                found("indexes", Level.ERROR, said, cure=mending.of_indexes(engine, table, names))
            )
    return findings


def _cure(engine: Engine, table: str, plans: Mapping[str, Plan]) -> Cure | None:
    """What mends *table*, some of whose rows are lost; None for nothing."""
    plan = plans.get(table)
    if table == "meta" and not (plan and plan.rows):
        return mending.of_meta(engine)
    if table.startswith("passages_"):
        return mending.of_passages(engine, table)
    return mending.of_table(engine, plan) if plan else mending.by_setting_aside(engine, table)


def _sentence(torn: Sequence[Torn]) -> str:
    more = f" (and {len(torn) - 1:,} more files)" if len(torn) > 1 else ""
    return f"{torn[0].sentence}{more}"


def _indexes(engine: Engine, *, deep: bool) -> Iterator[Checked]:
    if not engine.db.model:
        return
    from memcli.storage import upkeep

    table = engine.db.memories.table
    wrong = _lost_to_searches(engine) if deep else ""
    if wrong:
        cure = mending.of_indexes(engine, table.name, upkeep.known(table))
        yield found("indexes", Level.ERROR, wrong, cure=cure)
    elif missing := upkeep.missing(table):
        said = f"there is no {', '.join(missing)}: searches read everything instead"
        yield found("indexes", Level.WARNING, said, "memcli optimize", mending.by_optimizing(engine))
    elif behind := upkeep.behind(table):
        said = ", ".join(f"{name} lacks {rows:,}" for name, rows in behind.items())
        said = f"of {counted(table.count(), 'memory')} {said}: searches read those one by one"
        yield found("indexes", Level.NOTE, said, "memcli optimize", mending.by_optimizing(engine))
    else:
        names = upkeep.known(table)
        yield fine("indexes", f"{', '.join(names)}: complete" if names else "none yet")


def _lost_to_searches(engine: Engine) -> str:
    """What a search for the newest memories does not find, by their words and their vectors, in words."""
    memories = engine.db.memories
    some = memories.newest("", LOOKS)
    vectors = dict(zip([one.id for one in some], memories.vectors([one.id for one in some]), strict=True))
    for memory in some:
        own = f"id = '{memory.id}'"
        if memory.id not in memories.found(vectors[memory.id], [], own, nearest=1, holding=0).ids:
            return f"the vector of {memory.id} is not found"
        words = memory.text.split()[:3]
        if words and memory.id not in memories.found(None, words, own, nearest=0, holding=1).ids:
            by_chance = not any(word.isalnum() for word in words)  # nothing that an index would keep
            if not by_chance and engine.db.memories.table.indexed("words_idx") and len(words[0]) > 3:
                return f"the words of {memory.id} are not found"
    return ""


def _passages(engine: Engine) -> Iterator[Checked]:
    """Long memories whose passages are gone: a table that nobody has copied is not torn."""
    current = engine.db.current
    if current is None:
        return
    try:
        some = (memory for batch in engine.db.memories.batches() for memory in batch)
        long = [memory.id for memory in some if mending.is_long(engine, memory)]
    except MemcliError:  # the model has its own finding
        return
    missing = set(long) - set(current.passages.table.rows("", ["memory"])["memory"].to_pylist())
    if missing:
        said = f"the passages of {len(missing):,} long memories are missing: only how they begin is found"
        cure = mending.of_passages(engine, current.passages.table.name)
        yield found("passages", Level.ERROR, said, cure=cure)


def _tidiness(engine: Engine) -> Iterator[Checked]:
    """Small pieces, old versions, uses that wait, what killed processes have left."""
    from memcli.storage import leftovers

    notes = []
    if due := [table.name for table in engine.db.all_tables() if table.is_due]:
        notes.append(f"{', '.join(due)} in many small pieces")
    superfluous = leftovers.superfluous(engine.home.store)
    if superfluous > MUCH:
        notes.append(f"{superfluous / 1e6:,.0f} MB of old versions and leftovers")
    if engine.db.uses.is_due:
        notes.append("uses that are not counted yet")
    beside = leftovers.beside(engine.home.store)
    if beside.unfinished:
        notes.append(f"{len(beside.unfinished):,} unfinished backups of processes that were killed")
    if notes:
        cure = mending.by_tidying(engine)
        yield found("tidiness", Level.NOTE, "; ".join(notes), "memcli optimize", cure)
    else:
        yield fine("tidiness", f"{superfluous / 1e6:,.1f} MB of old versions")
    if beside.kept:
        names = ", ".join(path.name for path in beside.kept)
        said = f"kept beside the store, {beside.size / 1e6:,.1f} MB, yours to remove: {names}"
        yield found("kept", Level.NOTE, said)


def newest(engine: Engine) -> datetime | None:
    """When the newest memory was stored; None without one."""
    there = engine.db.memories.newest("", 1)
    return there[0].created_at if there else None

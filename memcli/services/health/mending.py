"""What `doctor --fix` does about a store: nothing is thrown away of which no copy is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from memcli.errors import MemcliError, StorageError
from memcli.services import upkeep
from memcli.services.health.findings import Cure
from memcli.services.vectors import embed
from memcli.wording import counted

if TYPE_CHECKING:
    from memcli.model import Memory
    from memcli.services.engine import Engine
    from memcli.storage.torn import Plan

STAMP = "%Y%m%dT%H%M%SZ"

RESTORE = "memcli restore-backup FILE"
"""What brings back what can't be mended."""

NEEDED = ("meta", "memories_", "passages_")
"""Tables without which a store is none: they are not set aside."""


@contextmanager
def _alone(engine: Engine) -> Iterator[Path]:
    """Be the only one who changes the store's files; the store.

    Raises:
        StorageError: Somebody else is at it for over a minute.
    """
    from memcli.storage import locks

    store = engine.home.store
    with locks.writers(store), locks.upkeep(store, wait=True) as is_ours:
        if not is_ours:
            raise StorageError(f"another memcli has been tidying {store} for too long")
        yield store
    engine.__dict__.pop("db", None)


def _kept(engine: Engine, names: Sequence[str]) -> Path:
    """Where the tables *names* are kept as they are now."""
    from memcli.storage import place, torn

    home = engine.home
    aside = place.free(home.data / f"{home.store.name}.torn-{engine.now().strftime(STAMP)}")
    torn.keep_aside(home.store, names, aside)
    return aside


def of_table(engine: Engine, plan: Plan) -> Cure:
    """Brings a table back as *plan* says."""
    from memcli.storage import torn
    from memcli.storage import upkeep as indexing

    def work() -> str:
        with _alone(engine) as store:
            aside = _kept(engine, [plan.table])
            torn.carry_out(store, plan)
        if not all(plan.lost.values()) and plan.table != "meta":
            with engine.db.writing() as db:
                for one in db.all_tables():
                    if one.name == plan.table:
                        indexing.drop_doubles(one)
            engine.__dict__.pop("db", None)
        return (
            f"{plan.table} can be read again, {counted(plan.rows, 'row')} of it; as it was, it is in {aside}"
        )

    lost = "what the last write changed" if plan.rows_lost is None else counted(plan.rows_lost, "row")
    if plan.rows_lost == 0:
        lost = "what says which of them were deleted"
    which = "" if plan.is_newest else f"go back to its version {plan.version.number}, and "
    return Cure(
        work=work,
        loses=f"Mend {plan.table}: {which}keep {counted(plan.rows, 'row')}, without {lost}? A copy is kept.",
    )


def of_passages(engine: Engine, table: str) -> Cure:
    """Makes the passages of long memories anew: they hold nothing that the memories do not."""
    from memcli.storage import torn

    def work() -> str:
        with _alone(engine) as store:
            if (store / f"{table}.lance").exists():
                _kept(engine, [table])
                torn.set_aside(store, table)
        long = 0
        with engine.db.writing() as db:
            assert db.current is not None
            for some in list(db.memories.batches()):
                ready = embed(engine.embedder, [memory for memory in some if is_long(engine, memory)])
                db.current.passages.add(ready.passages, ready.passage_vectors)
                long += len(ready.memories)
        engine.__dict__.pop("db", None)
        return f"made the passages of {long:,} long memories anew"

    return Cure(work=work)


def is_long(engine: Engine, memory: Memory) -> bool:
    """Whether *memory* goes on beyond what the model takes at once."""
    return len(engine.embedder.passages(memory.text)) > 1


def by_setting_aside(engine: Engine, table: str) -> Cure | None:
    """Takes a table that nothing brings back out of the way of all others; None where it is needed."""
    from memcli.storage import torn

    if table.startswith(NEEDED):
        return None
    if not (engine.home.store / f"{table}.lance").is_dir():
        return _of_missing(engine, table)

    def work() -> str:
        with _alone(engine) as store:
            aside = _kept(engine, [table])
            torn.set_aside(store, table)
        return f"{table} begins anew; what is left of it is in {aside}"

    return Cure(work=work, loses=f"Begin {table} anew, without anything that was in it? A copy is kept.")


def _of_missing(engine: Engine, table: str) -> Cure:
    """Begins a table anew that is not there."""
    from memcli.storage import torn

    def work() -> str:
        with _alone(engine) as store:
            torn.set_aside(store, table)
        return f"{table} begins anew"

    return Cure(work=work, loses=f"Begin {table} anew? What was in it is lost, unless a backup has it.")


def of_indexes(engine: Engine, table: str, names: Sequence[str]) -> Cure:
    """Makes indexes anew."""
    from memcli.storage import upkeep as indexing

    def work() -> str:
        with engine.db.writing() as db:
            for one in db.all_tables():
                if one.name == table:
                    indexing.renew(one, names)
        engine.__dict__.pop("db", None)
        return f"made {', '.join(names)} of {table} anew"

    return Cure(work=work)


def of_meta(engine: Engine) -> Cure | None:
    """Says anew whose vectors the memories have; None unless that is all that is missing."""
    from memcli.storage import orphans

    number = orphans.generation(engine.home.store)
    if number is None:
        return None
    try:
        model = engine.load_model().model
        fits = orphans.dimension(engine.home.store, number) == model.dimension
    except MemcliError:
        return None
    if not fits:
        return None

    def work() -> str:
        with _alone(engine) as store:
            aside = _kept(engine, orphans.tables(store))
            orphans.adopt(store, number, model)
        return f"memories_{number} is taken for what {model.name} has made; as it was, all is in {aside}"

    return Cure(work=work, loses=f"Take memories_{number} for memories with vectors of {model.name}?")


def by_optimizing(engine: Engine) -> Cure:
    """Merges, indexes and cleans up."""

    def work() -> str:
        done = upkeep.optimize(engine)
        engine.__dict__.pop("db", None)
        return f"optimised: of {counted(done.files_before, 'file')} {done.files_after:,} are left"

    return Cure(work=work)


def by_tidying(engine: Engine) -> Cure:
    """Does that, and removes what killed processes have left."""
    from memcli.storage import leftovers, locks

    def work() -> str:
        with locks.backups(engine.home.data, wait=True) as is_ours:
            for path in leftovers.beside(engine.home.store).unfinished if is_ours else ():
                shutil.rmtree(path, ignore_errors=True)
        said = by_optimizing(engine).work()
        with engine.db.writing() as db, locks.upkeep(engine.home.store, wait=True) as is_ours:
            for table in db.all_tables() if is_ours else ():
                table.tidy(leftovers=True)
        engine.__dict__.pop("db", None)
        return said

    return Cure(work=work)

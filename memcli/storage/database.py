"""The place that holds everything remembered: opened, made, locked, kept tidy.

A store is a LanceDB database (see `place` for where it can be) with these tables:

- `meta`: one row, as JSON: the format, which generation of tables is current and which model made its
  vectors, and the same of a generation that is being built, if any.
- `memories_N`, `passages_N`: the memories and the further passages of long ones, generation N.
- `spaces`, `agents`, `teams`, `members`, `changes`, `edges`, `values`, `tasks`, `conversations`: what is
  kept in its `Rooms`. Whoever keeps nothing but values and tasks has no `meta`, and no model.

A generation is a set of vectors by one model. Changing the model builds the next generation beside
the current one, which takes over in one write to `meta`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from memcli.errors import DamagedError, StorageError
from memcli.model import EmbeddingModel
from memcli.storage import backups, used
from memcli.storage.directory import USES_NAME
from memcli.storage.generation import GENERATION_TABLE, KINDS, Generation
from memcli.storage.lance import PAUSES_S, is_past, translated, written_through
from memcli.storage.memories import Memories
from memcli.storage.passages import Passages
from memcli.storage.place import Folder, Place
from memcli.storage.predicates import equals
from memcli.storage.rooms import ROOMS, Rooms
from memcli.storage.rowstore import making
from memcli.storage.table import Table
from memcli.storage.uses import UseLog

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

FORMAT = 5
"""The layout this code reads and writes. A store of a higher format was written by a newer memcli; one of a
lower format is brought up to this one when it is opened. 2 came with uses, and with what a turn asks;
3 with replaced memories, and the journal; 4 with memories that a team can see; 5 with who put them there."""

SMALL = 2_000
"""Rows of a table that a write tidies itself, in some 40 ms; what is larger waits for `catch_up`."""

META_KEY = "store"
META_SCHEMA = pa.schema([pa.field("key", pa.utf8(), nullable=False), pa.field("value", pa.utf8())])


class Database(Rooms):
    """The store at *place*. Reading one that does not exist finds nothing and makes nothing.

    Attributes:
        place: Where it is.
        is_behind: Whether writes have left something for `catch_up`.
        has_written: Whether it was open for writing.

    Raises:
        StorageError: On first use, if *place* is something else, can't be read, or is too new.
    """

    def __init__(self, place: Path | Place) -> None:
        self.place = Folder(place) if isinstance(place, Path) else place
        self.is_behind = self.has_written = False
        self._opened_meta: Table | None = None
        self._current: Generation | None = None
        self._locked = False

    @cached_property
    def _connection(self) -> Connection:
        with translated(f"open the store at {self.place.name}"):
            return self.place.connection()

    @property
    def _meta(self) -> Table:
        if self._opened_meta is None:
            self.place.refuse_foreign()
            if not self.place.is_there:  # connecting would make it
                return Table.absent(META_SCHEMA)
            self._opened_meta = Table(self._connection, "meta", META_SCHEMA, "key")
        return self._opened_meta

    @cached_property
    def uses(self) -> UseLog:
        """Deliberate uses that are not in the memories' rows yet."""
        return UseLog(self.place.own / USES_NAME)

    def _refused_or_open(self) -> Connection | None:
        """The connection, once it is clear that the store can be read; None where there is none."""
        _ = self.current
        return self._connection if self.place.is_there else None

    @property
    def current(self) -> Generation | None:
        """The tables to read and write; None for a store that does not exist yet."""
        if self._current is None:
            self._current = self._generation("current")
        return self._current

    @property
    def model(self) -> EmbeddingModel | None:
        """What made the vectors; None for a store that does not exist yet."""
        return self.current.model if self.current else None

    @property
    def memories(self) -> Memories:
        """The current memories."""
        return self.current.memories if self.current else Memories.absent()

    @property
    def version(self) -> tuple[str, str, int]:
        """What tells the memories from what they are after any write, and from those of another store."""
        return self.place.which, *self.memories.version

    @property
    def passages(self) -> Passages:
        """The current further passages of long memories."""
        return self.current.passages if self.current else Passages.absent()

    @contextmanager
    def writing(self, model: EmbeddingModel | None = None) -> Iterator[Database]:
        """Hold the writer's lock, on the newest version; the store is made for *model* if need be.

        Readers are never kept waiting. A killed holder leaves nothing behind: the operating system
        frees its lock. Small writes that have piled up are merged before the lock is given back.

        Raises:
            StorageError: The directory can't be written, or the lock was not to be had in a minute.
        """
        with self._lock():
            self.has_written = True
            self.forget_what_was_read()
            if self.current is None and model is not None:
                self._create(model)
            yield self
            self.place.note_tables()
            with suppress(StorageError):  # what was asked for is done; the next write tidies up
                self._tidy_a_little()
            written_through(self._connection)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self.place.writers():
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def forget_what_was_read(self) -> None:
        """Look at everything afresh: another process may have changed it."""
        self._opened_meta = self._current = None
        self._close_rooms()
        had = self.__dict__.get("_connection")
        if self.place.look_again() or (had is not None and is_past(had)):
            self.__dict__.pop("_connection", None)

    def _tidy_a_little(self) -> None:
        """Fold uses, and tidy what is small of what was opened."""
        if self.uses.is_due:
            self.fold_uses()
        for table in self.all_tables(vars(self)):
            if table.is_due:
                if table.count() <= SMALL:
                    table.tidy()
                else:
                    self.is_behind = True
        if self.current and self.current.memories.table.lacks_row_stores:
            self.is_behind = True

    def fold_uses(self) -> None:
        """Count the uses that were noted in the memories' rows. Needs the writer's lock."""
        if self.current:
            used.add(self.current.memories.table, self.uses.take())
            self.uses.folded()

    def catch_up(self, *, always: bool = False) -> None:
        """Tidy what is due, or everything, while others read and write; nothing, if somebody does already.

        The long part, merging and indexing, needs no writer's lock: 1 s for 100,000 memories, 5 s for a
        million, and 2 minutes once, when these have no index yet. What is superfluous then, and what mergers
        left who lost against a change or were killed, is removed under the lock, in some 0.1 s. Row stores
        come last, not often (see `rowstore.making.TIME_SHARE`): 2 s for 100,000 memories, 20 s for a million.
        """
        if self.place.is_there:
            self._merge_all(always=always)
            self._make_row_stores(wait=always)
            self.is_behind = False

    def _merge_all(self, *, always: bool) -> None:
        done: set[str] = set()
        with self.place.upkeep(wait=always) as is_ours:
            self.forget_what_was_read()
            for table in self.all_tables() if is_ours else ():
                if always or table.is_due:
                    table.merge()
                    done.add(table.name)
        if not done:
            return
        with self._lock(), self.place.upkeep(wait=False) as is_ours:
            self.forget_what_was_read()
            for table in self.all_tables() if is_ours else ():  # else whoever merges again does it
                if table.name in done:
                    with nullcontext() if always else suppress(StorageError):
                        table.tidy(leftovers=True)

    def _make_row_stores(self, *, wait: bool) -> None:
        """Make the row stores that are due, of what is merged already."""
        self.forget_what_was_read()
        if self.current and self.current.memories.table.lacks_row_stores:
            with self.place.upkeep(wait=wait) as is_ours:
                self.forget_what_was_read()  # of before it was ours
                if is_ours and self.current:
                    self.current.memories.table.make_row_stores()

    def all_tables(self, rooms: Container[str] = ROOMS) -> list[Table]:
        """The tables of *rooms*, of the memories, and the table meta."""
        tables = self._tables_of(rooms)
        if self.current:
            tables += [self.current.memories.table, self.current.passages.table]
        return [*tables, self._meta]

    def _said(self) -> dict[str, Any]:
        """What the table meta says; empty for a store that does not exist.

        Raises:
            StorageError: It makes no sense, or a newer memcli has written it.
        """
        value = self._said_in_meta() or self._said_for_orphans()
        if not value:
            return {}
        try:
            said: dict[str, Any] = json.loads(value)
            newer = said["format"] > FORMAT
        except (ValueError, TypeError, KeyError) as error:
            raise self._damaged("its table meta makes no sense") from error
        if newer:
            raise StorageError(
                f"the store at {self.place.name} was written by a newer memcli "
                f"(format {said['format']}, this one knows {FORMAT})",
                hint="upgrade memcli: pip install --upgrade memcli",
            )
        return self._upgraded(said) if said["format"] < FORMAT else said

    def _said_for_orphans(self) -> str:
        """What meta says by now, if there are memories; a killed first write leaves tables, but no rows.

        Raises:
            StorageError: Nothing says whose vectors they have: half of a copied store.
        """
        for name in self.place.orphans():
            self._opened_meta = None  # which is written before the first row
            if not (said := self._said_in_meta()):
                raise self._damaged(f"its table meta is missing, which says what {name} is")
            return said
        return ""

    def _said_in_meta(self) -> str:
        """The value in the table meta; empty where there is none."""

        def read() -> str:
            rows = self._meta.rows(equals("key", META_KEY)).to_pylist()
            return str(rows[0]["value"]) if rows else ""

        return self._meta.once(META_KEY, read)

    def _upgraded(self, said: dict[str, Any]) -> dict[str, Any]:
        """What the table meta says once the tables have all columns of this format.

        A backup comes first. Killed halfway, it is done again: columns that are there are left alone.
        """
        if not self._locked:
            with self._lock():
                self._opened_meta = None  # another process may have done it meanwhile
                return self._said()
        backups.before_upgrade(self.place, FORMAT)
        for one in (said[key] for key in ("current", "next") if key in said):
            tables = self._tables(int(one["number"]), EmbeddingModel(**one["model"]))
            tables.memories.upgrade(int(said["format"]))
        self._put({**said, "format": FORMAT})
        return {**said, "format": FORMAT}

    def _generation(self, key: str) -> Generation | None:
        """The generation that meta names under *key*, `current` or `next`.

        Where its memories are not there, another model may have taken over meanwhile: meta is read again.
        """
        for pause in (*PAUSES_S, 0.0):
            everything = self._said()
            if not everything or (key == "next" and key not in everything):
                return None
            try:
                said = everything[key]
                generation = self._tables(int(said["number"]), EmbeddingModel(**said["model"]))
            except (ValueError, TypeError, KeyError) as error:
                raise self._damaged("its table meta makes no sense") from error
            if generation.memories.table.exists:
                return generation
            time.sleep(pause)
            self._opened_meta = None
        raise self._damaged(f"{generation.memories.table.name} is missing")

    def _damaged(self, how: str) -> DamagedError:
        return DamagedError(
            f"the store at {self.place.name} is damaged: {how}",
            hint="memcli doctor says what can be brought back",
        )

    def _tables(self, number: int, model: EmbeddingModel) -> Generation:
        return Generation(
            number,
            model,
            Memories.open(self._connection, f"memories_{number}", model.dimension),
            Passages.open(self._connection, f"passages_{number}", model.dimension),
        )

    def _record(self, current: Generation, following: Generation | None = None) -> None:
        """Say in one write what is current and what is being built."""
        value: dict[str, Any] = {"format": FORMAT}
        for key, generation in (("current", current), ("next", following)):
            if generation is not None:
                value[key] = {"number": generation.number, "model": asdict(generation.model)}
        self._put(value)

    def _put(self, value: Mapping[str, Any]) -> None:
        row = {"key": [META_KEY], "value": [json.dumps(value)]}
        self._meta.put(pa.table(row, schema=META_SCHEMA))

    def _make(self, number: int, model: EmbeddingModel) -> Generation:
        """New tables, over any that a killed process has left under their names."""
        self._drop_table(f"memories_{number}")
        self._drop_table(f"passages_{number}")
        generation = self._tables(number, model)
        generation.memories.create()
        return generation

    def _create(self, model: EmbeddingModel) -> None:
        first = self._make(1, model)
        self._meta.create()
        self._record(first)
        self.forget_what_was_read()

    @property
    def begun(self) -> Generation | None:
        """The generation that is being built, if any."""
        return self._generation("next")

    def next_generation(self, model: EmbeddingModel) -> Generation:
        """The generation that *model* is to make: one begun before goes on, any other is given up.

        Needs the writer's lock and a current generation.
        """
        begun = self.begun
        if begun and begun.model == model:
            return begun
        assert self.current is not None
        following = self._make(max(self.current.number, begun.number if begun else 0) + 1, model)
        self._record(self.current, following)
        self.drop_leftovers()
        return following

    def give_up_next(self) -> None:
        """Drop the generation that is being built, if any. Needs the writer's lock."""
        if self.current is not None and self.begun is not None:
            self._record(self.current)
        self.drop_leftovers()

    def take_over(self, following: Generation) -> None:
        """Make *following* the current generation and drop the one before. Needs the writer's lock.

        Uses that were counted since it was begun go along.
        """
        if self.current is not None:
            used.carry(self.current.memories.table, following.memories.table)
        self._record(following)
        self.forget_what_was_read()
        self.drop_leftovers()

    def drop_leftovers(self) -> None:
        """Drop tables of generations that are neither current nor being built. Needs the writer's lock."""
        known = {f"{kind}_{g.number}" for g in (self.current, self.begun) if g for kind in KINDS}
        for name in self.place.tables():
            if GENERATION_TABLE.fullmatch(name) and name not in known:
                self._drop_table(name)
        with translated(f"remove row stores in {self.place.own}, which may quote what was purged"):
            making.drop_others(self.place.own, known)
        self.place.drop_leftovers()

    def _drop_table(self, name: str) -> None:
        with translated(f"remove {name}"):
            self._connection.drop_table(name, ignore_missing=True)

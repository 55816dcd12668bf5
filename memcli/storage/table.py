"""One LanceDB table: read with retries, written by whoever holds the lock, kept tidy as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pyarrow as pa

from memcli.errors import StorageError
from memcli.storage import tidiness, whole
from memcli.storage.indexes import Index
from memcli.storage.lance import (
    FILES,
    ROW,
    assured,
    awaited,
    scanned,
    table_or_none,
    translated,
    with_retries,
)
from memcli.storage.predicates import is_in
from memcli.storage.remembering import Remembers

if TYPE_CHECKING:
    from memcli.storage.lance import AsyncLanceTable, Connection, LanceTable

Answer = TypeVar("Answer")

MANY_KEYS = 500
"""Keys in one predicate; longer lists are gone through in pieces."""

KEPT_MEANWHILE = timedelta(days=1)
"""The age of versions that `merge` lets go: of none that anybody may be writing upon."""


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """*items* in pieces of at most *size*."""
    return (items[start : start + size] for start in range(0, len(items), size))


class Table(Remembers):
    """A table that may not exist yet: reading it then finds nothing.

    Args:
        connection: The LanceDB connection.
        name: The table's name.
        schema: The columns it is made with.
        key: The column whose values are unique.
        indexes: The indexes to have and to keep up to date.
    """

    def __init__(
        self, connection: Connection, name: str, schema: pa.Schema, key: str, indexes: Sequence[Index] = ()
    ) -> None:
        self._connection, self.name, self._schema, self._key = connection, name, schema, key
        self._indexes = indexes
        self._table: LanceTable | None = None
        self._forget()
        self.refresh()

    @classmethod
    def absent(cls, schema: pa.Schema) -> Self:
        """A table of a store that does not exist: for reading only."""
        table = cls.__new__(cls)
        table.name, table._schema, table._key, table._table = "nothing", schema, schema.names[0], None
        table._forget()
        return table

    def _forget(self) -> None:
        """Forget what was read of a version that is not the one that is read now."""
        self._indexed: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    @property
    def exists(self) -> bool:
        """Whether the table has been made."""
        return self._table is not None

    def refresh(self) -> None:
        """Look at the newest version, which another process may have written."""
        with translated(f"open {self.name}", self._torn):
            self._table = table_or_none(self._connection, self.name)
            self._forget()

    def _torn(self) -> str:
        """Which file of the table is missing or torn, in words; empty for none."""
        return whole.told(self._connection.uri, self.name) if "_connection" in vars(self) else ""

    @property
    def version(self) -> int:
        """See `Remembers`."""
        return self._number("version", lambda table: int(table.version))

    def _number(self, name: str, read: Callable[[LanceTable], int]) -> int:
        """What *read* finds, called *name*, in the version that is read; LanceDB takes 0.3 to 0.8 ms."""
        if name not in self._numbers:
            found = self.read(read, 0)
            self._numbers[name] = found
            return found
        return self._numbers[name]

    def _look_again(self) -> bool:
        had, before = self.exists, self._table and self._table.version
        self.refresh()
        if had and not self.exists:  # another model's vectors have taken over
            raise StorageError("the store was rebuilt meanwhile", hint="run the command again")
        return self._table is not None and self._table.version != before

    def create(self) -> None:
        """Make the table, unless it exists. Needs the writer's lock."""
        self.refresh()
        if self._table is None:
            table = self._connection.create_table(self.name, schema=self._schema, storage_options=FILES)
            table.set_unenforced_primary_key(self._key)
            for index in self._indexes:
                if not index.rows_from:
                    index.make(table)
            self._table = table
            self._forget()

    def read(self, query: Callable[[LanceTable], Answer], nothing: Answer) -> Answer:
        """What *query* finds in the newest version; *nothing* where there is no table.

        Raises:
            StorageError: The table can't be read.
        """
        with translated(f"read {self.name}", self._torn):
            return with_retries(
                lambda: nothing if self._table is None else query(self._table), self._look_again
            )

    def together(
        self, work: Callable[[AsyncLanceTable], Coroutine[Any, Any, Answer]], nothing: Answer
    ) -> Answer:
        """What *work*, several queries at once, finds in one version; *nothing* where there is no table.

        Raises:
            StorageError: The table can't be read.
        """
        return self.read(lambda _: self.as_it_is(work, nothing), nothing)

    def as_it_is(
        self, work: Callable[[AsyncLanceTable], Coroutine[Any, Any, Answer]], nothing: Answer
    ) -> Answer:
        """What *work* finds in the version that is read now, without trying again: inside `read`."""
        return nothing if self._table is None else awaited(self._table, work)

    @property
    def asynchronous(self) -> AsyncLanceTable | None:
        """LanceDB's asynchronous face of the table; None where there is none."""
        return None if self._table is None else self._table._table

    def rows(
        self, where: str = "", columns: Sequence[str] | None = None, limit: int | None = None
    ) -> pa.Table:
        """The rows that fulfil the predicate *where* (all, if it is empty), in no particular order.

        With `ROW` among *columns*, the key too, it is kept in mind where they are.
        """
        names = list(columns or self._schema.names)
        nothing = self.no_rows([name for name in names if name != ROW])
        found = self.together(lambda table: scanned(table, where, names, limit), nothing)
        if ROW in names and len(found):
            self.note_places(found)
        return found

    def rows_of_each(self, asked: Sequence[tuple[str, Sequence[str]]]) -> list[pa.Table]:
        """The rows for each of *asked*, a predicate and columns, looked for side by side in one version."""

        async def scan(table: AsyncLanceTable) -> list[pa.Table]:
            return await asyncio.gather(*(scanned(table, where, columns) for where, columns in asked))

        return self.together(scan, [self.no_rows(columns) for _, columns in asked])

    def note_places(self, found: pa.Table) -> None:
        """Keep in mind where the rows *found* are, as their columns of keys and of `ROW` say."""
        self._places |= zip(found[self._key].to_pylist(), found[ROW].to_pylist(), strict=True)

    def with_keys(self, keys: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """The rows with *keys*, in no particular order; the sooner if it is in mind where they are."""
        if not keys or not all(key in self._places for key in keys):
            return self._looked_for(keys, columns)
        places, names = [self._places[key] for key in keys], list(columns)

        async def take(table: AsyncLanceTable) -> pa.Table | None:
            if not self._places:  # another version meanwhile
                return None
            return await table.take_row_ids(places).select(names).to_arrow()

        taken = self.together(take, None)
        return self._looked_for(keys, columns) if taken is None else taken

    def _looked_for(self, keys: Sequence[str], columns: Sequence[str]) -> pa.Table:
        some = [self.rows(is_in(self._key, few), columns) for few in chunks(keys, MANY_KEYS)]
        return pa.concat_tables(some) if some else self.no_rows(columns)

    def no_rows(self, columns: Sequence[str]) -> pa.Table:
        """*columns* without any row: what a table that is not there has."""
        return self._nothing.select(list(columns))

    @cached_property
    def _nothing(self) -> pa.Table:
        return self._schema.empty_table()

    def in_batches(
        self, where: str, columns: Sequence[str], size: int, see: Callable[[Iterator[pa.Table]], Answer]
    ) -> Answer:
        """What *see* makes of the rows that fulfil *where*, some *size* at a time.

        It is called again, with all of them, where a clean-up took them away meanwhile.
        """

        def scan(table: LanceTable) -> Answer:
            query = table.search().where(where).select(list(columns))
            batches = query.to_batches(batch_size=size)
            return see(pa.Table.from_batches([batch]) for batch in batches if batch.num_rows)

        return self.read(scan, see(iter(())))

    def count(self, where: str = "") -> int:
        """How many rows fulfil the predicate *where* (all, if it is empty)."""
        if not where:
            return self._number("rows", lambda table: int(table.count_rows()))
        return self.read(lambda table: int(table.count_rows(where)), 0)

    def write(self, change: Callable[[LanceTable], object]) -> None:
        """Carry out *change*. Needs the writer's lock.

        Raises:
            StorageError: The change was refused; the table is as it was.
        """
        with translated(f"write {self.name}", self._torn):
            if self._table is None:
                self.create()  # tables that only some stores need are made by their first write
            assert self._table is not None
            assured(self._connection)
            with self._changing():
                change(self._table)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Forget what was read of the version before, also if what changes it fails halfway."""
        try:
            yield
        finally:
            self._places, self._numbers = {}, {}

    def add(self, rows: pa.Table) -> None:
        """Append *rows*, whose keys must be new."""
        self.write(lambda table: table.add(rows))

    def put(self, rows: pa.Table) -> None:
        """Write *rows* over those with the same key, and append the others."""
        self.write(
            lambda table: (
                table.merge_insert(self._key)
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .execute(rows)
            )
        )

    def change(self, rows: pa.Table) -> None:
        """Write the columns of *rows* over those of the rows with the same key; others stay as they are."""
        self.write(lambda table: table.merge_insert(self._key).when_matched_update_all().execute(rows))

    def add_missing(self, computed: Mapping[str, str]) -> None:
        """Add the columns of the schema that the table lacks: *computed* ones by SQL, others empty."""
        if self._table is None:
            return
        missing = [field for field in self._schema if field.name not in self._table.schema.names]
        for field in missing:
            if field.name in computed:
                self.write(lambda table, name=field.name: table.add_columns({name: computed[name]}))  # type: ignore[misc]
        if empty := [field for field in missing if field.name not in computed]:
            self.write(lambda table: table.add_columns(empty))
        self.refresh()

    def delete(self, where: str) -> None:
        """Take the rows that fulfil *where* out of the table; their bytes go with the next clean-up."""
        self.write(lambda table: table.delete(where))

    def delete_keys(self, keys: Sequence[str], column: str = "") -> None:
        """Take the rows out whose key (or *column*) is among *keys*."""
        for some in chunks(keys, MANY_KEYS) if self.exists else ():
            self.delete(is_in(column or self._key, some))

    def erase_keys(self, keys: Sequence[str], column: str = "") -> None:
        """Take the rows out whose key (or *column*) is among *keys*, and their bytes off the disk.

        The version that the deletion makes names them still, so that another one has to follow. Some 0.15 s
        for 10,000 memories. Needs the writer's lock.
        """
        if not keys or self._table is None:
            return
        self.set_apart(keys, column)
        self.delete_keys(keys, column)
        self.erase_old()

    def set_apart(self, keys: Sequence[str], column: str = "") -> None:
        """Have the rows whose key (or *column*) is among *keys* in files of their own.

        Deleting and updating only mark old rows, wherever they stand, and merging leaves a fragment with few
        marks as it is. So all other rows are written anew first: once the last of *keys* is deleted or
        written over, nothing needs the old files, and whoever tidies next removes them. Killed before that,
        one still finds the rows. Needs the writer's lock.
        """
        if keys and self._table is not None:
            others = f"NOT {is_in(column or self._key, keys)}"
            self.write(lambda table: table.update(where=others, values_sql={self._key: self._key}))

    def erase_old(self) -> None:
        """Take the bytes of all that was deleted or written over off the disk. Needs the writer's lock."""
        self.write(lambda table: table.update(values_sql={self._key: self._key}))
        self.tidy(leftovers=True)

    def tidy(self, *, leftovers: bool = False) -> None:
        """Merge small fragments, make and complete indexes, drop old versions. Needs the writer's lock.

        Old versions go at once, not after days: nobody else writes meanwhile, and readers who lose theirs
        look again (`with_retries`).

        Args:
            leftovers: Whether files that no version knows go, too: what a killed process has left, but also
                what `merge` is about to write.
        """
        if self._table is None:
            return
        with translated(f"tidy {self.name}", self._torn), self._changing():
            self._make_indexes()
            assured(self._connection)
            self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=leftovers)
            self.refresh()

    def merge(self) -> None:
        """Merge small fragments, make and complete indexes, beside whoever writes.

        LanceDB carries it out on the version it finds. What is added meanwhile stays as it is; if anything
        is changed or deleted meanwhile, the change wins, and the merger is lost: `tidy` comes after it.
        """
        with suppress(StorageError), translated(f"tidy {self.name}", self._torn), self._changing():
            self._make_indexes()
            if self._table is not None:
                self._table.optimize(cleanup_older_than=KEPT_MEANWHILE)

    @property
    def is_due(self) -> bool:
        """Whether so much has piled up that searches notice, or an index is missing."""
        if self._table is None:
            return False
        with translated(f"read {self.name}", self._torn):
            stats = self._table.stats()
            rows, fragments = stats["num_rows"], stats["fragment_stats"]["num_fragments"]
            self._numbers["rows"] = rows  # every write asks for them next
            wanted = [index.name for index in self._indexes if rows >= index.rows_from]
            there = self._segments() if wanted else {}  # most tables: nothing to ask, after every write
            return tidiness.is_piled_up(rows, fragments, there) or self._is_index_due(wanted, there)

    def _is_index_due(self, wanted: Sequence[str], there: Mapping[str, int]) -> bool:
        """Whether one of those *wanted* is missing, or lacks many rows; they are completed together."""
        if not wanted or not set(wanted) <= there.keys():
            return bool(wanted)
        stats = self._stats(wanted[0])
        return stats is not None and stats.num_unindexed_rows > tidiness.UNINDEXED_MOST

    def _make_indexes(self) -> None:
        """Make indexes that begin to pay, whose maker was killed, or whose next segment would be too many."""
        if self._table is None:
            return
        rows, there = self._table.count_rows(), self._segments()
        for index in self._indexes:
            segments = there.get(index.name, 0)
            if segments > tidiness.SEGMENTS_MOST or (not segments and rows >= index.rows_from):
                index.make(self._table)
                self._indexed = {}

    def _segments(self) -> dict[str, int]:
        """In how many segments each index is."""
        return {i.name: i.num_segments or 1 for i in self._table.list_indices()} if self._table else {}

    def indexed(self, name: str) -> int:
        """How many rows the index called *name* knows; 0 where there is none."""
        if self._table is None:
            return 0
        if name not in self._indexed:
            stats = self.read(lambda _: self._stats(name), None)
            self._indexed[name] = stats.num_indexed_rows if stats else 0
        return self._indexed[name]

    def _stats(self, name: str) -> Any:
        """LanceDB's statistics of the index called *name*; None without one."""
        return self._table.index_stats(name) if self._table is not None else None

"""A table whose large fragments have row stores beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from memcli.errors import StorageError
from memcli.storage import versions
from memcli.storage.lance import ROW, awaited, read_before, scanned, translated
from memcli.storage.rowstore import layout, making
from memcli.storage.rowstore.at_hand import REST_BYTES_MOST, REST_MOST, AtHand
from memcli.storage.rowstore.memtable import READ
from memcli.storage.table import Table
from memcli.storage.versions import TornError, Version

if TYPE_CHECKING:
    from memcli.model import Memory
    from memcli.storage.versions import Fragment


WRITTEN, AT_HAND = "rows that were added", "at hand"

NOTHING: tuple[tuple[int, int], AtHand | None] = (0, 0), None
"""What is known of what is at hand, and of when its folder was changed, before anybody has looked."""


def can_be_read() -> bool:
    """Whether this system has what row stores are read with: Windows has not."""
    return hasattr(os, "preadv")


class RowStoredTable(Table):
    """The table of memories, with row stores where it is in a directory of this machine."""

    @property
    def row_folder(self) -> Path | None:
        """Where the row stores are, or would be; None where there can't be any.

        They may be there though this system can't read them: what is purged has to leave them, too.
        """
        if self._table is None or "://" in self._connection.uri:
            return None
        return Path(self._connection.uri) / f"{self.name}{making.ENDING}"

    @property
    def _manifest(self) -> Version | None:
        """What the version that is read is made of; None if its manifest is not there, or torn."""

        def read() -> Version | None:
            with suppress(OSError, TornError):
                return versions.read(versions.manifest(self._directory, self.version))
            return None

        return self.once("manifest", read)

    @property
    def _directory(self) -> Path:
        return Path(self._connection.uri) / f"{self.name}.lance"

    @property
    def at_hand(self) -> AtHand | None:
        """What is at hand of the version that is read; None if nothing is."""
        if (folder := self.row_folder) is None or not can_be_read():
            return None
        try:
            made = folder.stat().st_mtime_ns
        except OSError:  # a small table needs none
            made = 0
        kept = read_before(self._connection)
        (version, then), known = kept.get((self.name, AT_HAND), NOTHING)
        if (version, then) != (self.version, made):
            before, known = known, None
            if (manifest := self._manifest) is not None and (made or manifest.rows <= REST_MOST):
                there = (folder, manifest, self._directory)
                read = partial(self._of_fragments, before=before)
                known = AtHand(*there, read, before, are_open=then == made)
            kept[self.name, AT_HAND] = ((self.version, made), known)
            kept.pop((self.name, WRITTEN), None)
        return known if known else None

    def add(self, rows: pa.Table) -> None:
        """See `Table`."""
        super().add(rows)
        if len(rows) <= REST_MOST and rows.nbytes <= REST_BYTES_MOST:
            self.keep(WRITTEN, rows)

    def _of_fragments(self, fragments: Sequence[Fragment], before: AtHand | None) -> pa.Table:
        """What a memtable is made of, of the rows of *fragments* in the version that is read.

        If all of the version *before* is at hand, and this process has made one more of it by adding rows,
        it is these that are asked for: nobody needs to read them.
        """
        numbers = np.concatenate([layout.numbers(one) for one in fragments])
        added, newest = self.kept(WRITTEN), fragments[-1]
        is_next = before is not None and before.is_whole and before.number + 1 == self.version
        assert self._table is not None
        if is_next and added is not None and fragments == [newest] and self._is_all(newest, len(added)):
            schema = self._table.schema  # LanceDB is asked each time
            kinds = pa.schema([schema.field(name) for name in READ])  # vectors may have 32 bits
            return added.select(list(READ)).cast(kinds).append_column(ROW, pa.array(numbers))
        where = f"{ROW} IN ({', '.join(map(str, numbers.tolist()))})"
        return awaited(self._table, lambda table: scanned(table, where, [*READ, ROW]))

    def _is_all(self, fragment: Fragment, count: int) -> bool:
        """Whether *fragment* is the newest, and has as many rows as were added, *count*, none deleted."""
        others = self._manifest.fragments if self._manifest is not None else ()
        is_newest = fragment.number == max((one.number for one in others), default=-1)
        return is_newest and fragment.rows == fragment.length == count

    def memories(self, keys: Sequence[str]) -> list[Memory] | None:
        """The memories called *keys*; None if it is not known already that all are at hand, and where."""
        if self.row_folder is None:
            return None
        (version, _), at_hand = read_before(self._connection).get((self.name, AT_HAND), NOTHING)
        if at_hand is None or version != self.version:
            return None
        places = self._places  # after what may have looked at another version
        if not all(key in places for key in keys):
            return None
        found = at_hand.memories(np.array([places[key] for key in keys], dtype=np.uint64))
        return found if found is not None and {memory.id for memory in found} == set(keys) else None

    def tidy(self, *, leftovers: bool = False) -> None:
        """See `Table`."""
        super().tidy(leftovers=leftovers)
        if leftovers and (folder := self.row_folder) is not None and (manifest := self._manifest) is not None:
            with translated(f"remove row stores in {folder}, which may quote what was purged"):
                making.remove(folder, manifest)

    @property
    def lacks_row_stores(self) -> bool:
        """Whether row stores are to be made: a large fragment has none, and it is time."""
        folder = self.row_folder if can_be_read() and self.count() >= making.WORTH else None
        manifest = self._manifest if folder is not None else None
        return folder is not None and manifest is not None and bool(making.lacking(folder, manifest))

    def make_row_stores(self) -> None:
        """Have a row store beside each large fragment, if it is time, beside whoever writes.

        Needs the lock of upkeep. Where that is not possible there are none.
        """
        folder = self.row_folder if can_be_read() else None
        if folder is not None and (manifest := self._manifest) is not None:
            with (
                suppress(StorageError, MemoryError),
                translated(f"make row stores of {self.name}", self._torn),
            ):
                making.make(self._table, manifest, folder)

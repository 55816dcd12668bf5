"""Tables that are torn: looked through to the last byte, and brought back as far as that is possible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from memcli.storage import inventory, snapshot, versions, whole
from memcli.storage.directory import private
from memcli.storage.generation import GENERATION_TABLE
from memcli.storage.lance import LanceError, connected_anew, translated
from memcli.storage.rows import FINGERPRINT, MEMORY_FIELDS, fingerprint, from_table, vectors_of
from memcli.storage.versions import Fragment, TornError, Version
from memcli.storage.whole import Part, Torn

BATCH = 1_024
"""Rows that are looked through at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a table comes back.

    Attributes:
        table: Which.
        version: The version that stays.
        is_newest: Whether that is the newest one, without what is lost.
        lost: Its fragments that go (True), or that lose what says which of their rows were deleted (False).
        rows: How many rows it has then.
        rows_lost: How many it has lost; None where that can't be told.
    """

    table: str
    version: Version
    is_newest: bool
    lost: Mapping[int, bool]
    rows: int
    rows_lost: int | None


def look(store: Path, *, deep: bool = False) -> list[Torn]:
    """What is torn in the store at *store*; *deep* reads everything.

    Raises:
        StorageError: It can't be read at all.
    """
    found = []
    with translated(f"read {store}"):
        for table in snapshot.tables(store):
            torn = whole.in_table(table)
            found += torn
            if deep and not any(one.part in (Part.TABLE, Part.MANIFEST) for one in torn):
                found += _read_through(table, {one.fragment for one in torn})
        lost = inventory.missing(store)
    return [*found, *(Torn(table=name, part=Part.TABLE, file="", how="is missing") for name in lost)]


def _read_through(table: Path, known: set[int | None]) -> Iterator[Torn]:
    """What of the newest version of *table* can't be read or says nonsense, besides what is *known*."""
    newest = versions.read(versions.manifests(table)[0])
    yield from _unreadable(table, newest, [one for one in newest.fragments if one.number not in known])


def _unreadable(table: Path, version: Version, fragments: Sequence[Fragment]) -> Iterator[Torn]:
    """Those of *fragments*, whole at a glance, that can't be read to their end or say nonsense."""
    for fragment in fragments:
        how = _nonsense(table, version, fragment)
        if how:
            yield Torn(
                table=table.stem,
                part=Part.ROWS,
                file=fragment.files[0].path,
                how=how,
                rows=fragment.rows,
                fragment=fragment.number,
            )


def _nonsense(table: Path, version: Version, fragment: Fragment) -> str:
    """Why the rows of *fragment* can't be relied upon; empty if they can."""
    others = {one.number: True for one in version.fragments if one.number != fragment.number}
    with TemporaryDirectory(prefix="memcli-") as place:
        copy = Path(place, table.name)
        (copy / versions.FOLDER).mkdir(parents=True)
        for folder in ("data", "_deletions"):
            (copy / folder).symlink_to((table / folder).absolute())
        (copy / versions.FOLDER / version.path.name).write_bytes(versions.without(version, others))
        try:
            opened = connected_anew(place).open_table(table.stem)
            for batch in opened.search().to_batches(batch_size=BATCH):
                if how := _odd(table, pa.Table.from_batches([batch])):
                    return how
        except (*LanceError, KeyError):
            return "can't be read to its end"
    return ""


def _odd(table: Path, rows: pa.Table) -> str:
    """What is odd about *rows*: a memory says something else than its fingerprint, or its vector is none."""
    kind = GENERATION_TABLE.fullmatch(table.stem)
    if not kind:
        return ""
    lengths = np.linalg.norm(vectors_of(rows), axis=1)
    if not np.all(np.isfinite(lengths)) or np.count_nonzero(lengths) < len(lengths) / 2:
        return "holds vectors that are none"
    if kind[1] == "memories":
        memories = from_table(rows.select([name for name in MEMORY_FIELDS if name in rows.column_names]))
        if [fingerprint(memory) for memory in memories] != rows[FINGERPRINT].to_pylist():
            return "holds texts that are not what was written"
    return ""


def plan(store: Path, torn: Sequence[Torn]) -> list[Plan]:
    """How the tables in the store at *store* that have lost rows come back; those that can't are left out.

    Of all versions that are left, without what is torn of them, the one with the most rows stays; the newest
    of these.
    """
    plans = []
    for name in dict.fromkeys(one.table for one in torn if one.part is not Part.INDEX):
        known = {one.fragment: True for one in torn if one.table == name and one.part is Part.ROWS}
        found = list(_plans(store / f"{name}.lance", {n: gone for n, gone in known.items() if n is not None}))
        if found:
            best = max(found, key=lambda one: one.rows)  # the first, which is the newest, of equals
            is_told = not any(one.table == name and one.part is Part.MANIFEST for one in torn)
            plans.append(best if is_told else replace(best, rows_lost=None))
    return plans


def _plans(table: Path, unreadable: Mapping[int, bool]) -> Iterator[Plan]:
    """What each version of *table* comes to without what is torn, the newest first."""
    newest_rows: int | None = None
    for place, path in enumerate(versions.manifests(table)):
        try:
            version = versions.read(path)
        except (TornError, OSError):
            continue
        newest_rows = version.rows if not place else newest_rows
        lost = {n: gone for n, gone in unreadable.items() if any(f.number == n for f in version.fragments)}
        for one in whole.in_version(table, version):
            if one.fragment is not None:
                lost[one.fragment] = lost.get(one.fragment, False) or one.part is Part.ROWS
        rows = sum(f.rows for f in version.fragments if not lost.get(f.number, False))
        yield Plan(
            table=table.stem,
            version=version,
            is_newest=not place,
            lost=lost,
            rows=rows,
            rows_lost=None if newest_rows is None else newest_rows - rows,
        )


def keep_aside(store: Path, names: Sequence[str], aside: Path) -> None:
    """Have the tables *names* of the store at *store* in the new directory *aside*, too, as they are.

    Raises:
        StorageError: It can't be written.
    """
    with translated(f"write {aside}"):
        for name in names:
            table = store / f"{name}.lance"
            for path in sorted(p for p in table.rglob("*") if p.is_file()):
                target = aside / path.relative_to(store)
                private(target.parent)
                with suppress(FileNotFoundError):
                    snapshot.linked(path, target)


def carry_out(store: Path, wanted: Plan) -> None:
    """Make the version that *wanted* names the newest, without what it has lost. Needs the writer's lock.

    Raises:
        StorageError: It can't be written.
    """
    table, version = store / f"{wanted.table}.lance", wanted.version
    with translated(f"mend {wanted.table}"):
        if wanted.lost:
            new = version.path.with_suffix(".new")
            new.write_bytes(versions.without(version, wanted.lost))
            new.replace(version.path)
        for path in versions.manifests(table):
            if path.name < version.path.name:
                path.unlink()
        (table / versions.FOLDER / versions.HINT).unlink(missing_ok=True)
        touched = table / ".mended"  # a directory that has changed is another one: see `lance.connected`
        touched.touch()
        touched.unlink()


def set_aside(store: Path, name: str) -> None:
    """Take the table *name* out of the store; a copy has to be elsewhere. Needs the writer's lock.

    Raises:
        StorageError: It can't be removed.
    """
    with translated(f"remove {name}"):
        with suppress(FileNotFoundError):
            shutil.rmtree(store / f"{name}.lance")
        inventory.forget(store, name)

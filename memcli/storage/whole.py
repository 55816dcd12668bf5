"""Whether what the newest version of a table names is there and whole: some milliseconds, at a glance.

Every file that it names has the size that it says, and ends as such a file does. What is torn inside takes
reading it: see `torn`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from memcli.storage import versions
from memcli.storage.versions import MAGIC, Named, TornError, Version
from memcli.wording import counted

ENDS = {".lance": MAGIC, ".arrow": b"ARROW1"}
"""What a whole file ends with, by its kind."""


class Part(StrEnum):
    """What of a table is torn."""

    TABLE = "table"
    MANIFEST = "manifest"
    ROWS = "rows"
    DELETIONS = "deletions"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """Something that is not whole.

    Attributes:
        table: Which table.
        part: What of it.
        file: Where, in the table's directory; empty for all of it.
        how: What is wrong with it.
        rows: How many rows are lost with it; None where that can't be told.
        fragment: Which rows these are, for LanceDB.
        index: Which index it belongs to.
    """

    table: str
    part: Part
    file: str
    how: str
    rows: int | None = None
    fragment: int | None = None
    index: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        what = f"{self.table}/{self.file}" if self.file else self.table
        lost = f", and with it {counted(self.rows, 'row')}" if self.rows else ""
        return f"{what} {self.how}{lost}"


def in_table(table: Path) -> list[Torn]:
    """What is torn of the newest version of the table in the directory *table*.

    Raises:
        OSError: It can't be read at all.
    """
    there = versions.manifests(table)
    if not there and not table.is_dir():  # not torn, but not there
        return []
    if not there:
        return [Torn(table=table.stem, part=Part.TABLE, file="", how="has no version left")]
    try:
        found = [*_gone(table, there[0]), *in_version(table, versions.read(there[0]))]
    except TornError:
        return [_manifest(table, there[0].name, "is not whole")]
    except FileNotFoundError:  # tidied away meanwhile
        return in_table(table)
    if found and versions.manifests(table)[:1] != there[:1]:
        return in_table(table)  # what was missed belongs to a version of before
    return found


def told(place: str, name: str) -> str:
    """Which file of the table *name* in the directory *place* is torn, in words; empty for none."""
    with suppress(OSError):
        return next((one.sentence for one in in_table(Path(place, f"{name}.lance"))), "")
    return ""


def _manifest(table: Path, name: str, how: str) -> Torn:
    return Torn(table=table.stem, part=Part.MANIFEST, file=f"{versions.FOLDER}/{name}", how=how)


def _gone(table: Path, newest: Path) -> Iterator[Torn]:
    """The manifest that should be the newest: LanceDB notes which that is after it has written it."""
    try:
        said = json.loads((table / versions.FOLDER / versions.HINT).read_bytes())["version"]
        if said > versions.number_of(newest):
            yield _manifest(table, f"{versions.FIRST - said}.manifest", "is missing")
    except (OSError, ValueError, KeyError, TypeError):  # it does without it, and so do we
        return


def in_version(table: Path, version: Version) -> Iterator[Torn]:
    """What is torn of what *version* names."""
    for fragment in version.fragments:
        about = {"table": table.stem, "fragment": fragment.number}
        for file in fragment.files:
            if how := _wrong(table, file):
                yield Torn(**about, part=Part.ROWS, file=file.path, how=how, rows=fragment.rows)  # type: ignore[arg-type]
        deletions = fragment.deletions
        if deletions and (how := _wrong(table, deletions)):
            yield Torn(**about, part=Part.DELETIONS, file=deletions.path, how=how, rows=0)  # type: ignore[arg-type]
    for index in version.indexes:
        for file in index.files:
            if how := _wrong(table, file):
                yield Torn(
                    table=table.stem, part=Part.INDEX, file=file.path, how=how, rows=0, index=index.name
                )


def _wrong(table: Path, file: Named) -> str:
    """What is wrong with *file*, as far as a glance tells; empty for nothing."""
    path = table / file.path
    end = ENDS.get(path.suffix, b"")
    try:
        with path.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(size - len(end), 0))
            is_whole = opened.read() == end
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if file.size is not None and size != file.size:
        return f"has {size:,} bytes of {file.size:,}"
    return "" if size and (is_whole or not end) else "is not whole"

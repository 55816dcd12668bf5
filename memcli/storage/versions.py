"""What a version of a table is made of, read from its manifest: without LanceDB, which can't open a torn one.

A manifest is a protocol buffer of the Lance table format (its `table.proto`), of which this knows what names
files. It ends with where the message is, two numbers of the format, and a magic word.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from memcli.storage import roaring

FOLDER, HINT = "_versions", "latest_version_hint.json"
"""Where a table's versions are, and a file there that is written over. LanceDB does without it."""

FOOTER, LENGTH, MAGIC = struct.Struct("<qHH4s"), struct.Struct("<I"), b"LANC"

FIRST = 2**64 - 1
"""Names count down from here, so that the newest version comes first."""

FRAGMENTS, NUMBER, INDEXES = 2, 3, 6
"""Fields of a manifest: its fragments, its version, and where its indexes are listed."""

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
"""How a field is written."""


class TornError(ValueError):
    """A manifest that can't be read."""


@dataclass(frozen=True, slots=True)
class Named:
    """A file that a version names.

    Attributes:
        path: Where it is, in the table's directory.
        size: Its bytes; None where the manifest does not say.
    """

    path: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Fragment:
    """Rows that were written together.

    Attributes:
        number: Which they are.
        files: What holds them.
        deletions: What says which of them were deleted; None for none.
        rows: How many there are, without those.
        length: How many there are, with them.
    """

    number: int
    files: tuple[Named, ...]
    deletions: Named | None
    rows: int
    length: int


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """A segment of an index.

    Attributes:
        name: What the index is called.
        files: What holds it.
        fragments: The numbers of the fragments whose rows it knows, which need not be there any more; None if
            the manifest does not say.
    """

    name: str
    files: tuple[Named, ...]
    fragments: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a table.

    Attributes:
        path: Its manifest.
        number: Which it is.
        fragments: Its rows.
        indexes: Its indexes.
    """

    path: Path
    number: int
    fragments: tuple[Fragment, ...]
    indexes: tuple[IndexFiles, ...]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(fragment.rows for fragment in self.fragments)


def manifests(table: Path) -> list[Path]:
    """The manifests of the table in the directory *table*, the newest first."""
    there = (table / FOLDER).glob("*.manifest")
    return sorted(path for path in there if path.stem.isdecimal() and len(path.stem) == len(str(FIRST)))


def manifest(table: Path, number: int) -> Path:
    """The manifest of version *number* of the table in the directory *table*, be it there or not."""
    return table / FOLDER / f"{FIRST - number}.manifest"


def number_of(manifest: Path) -> int:
    """The version that *manifest* is of, as its name says."""
    return FIRST - int(manifest.stem)


def is_blank(table: Path) -> bool:
    """Whether the newest manifest of the table in the directory *table* does not end as one does."""
    try:
        with os.scandir(table / FOLDER) as there:
            newest = min(entry.name for entry in there if entry.name.endswith(".manifest"))
        with (table / FOLDER / newest).open("rb") as file:
            file.seek(-len(MAGIC), os.SEEK_END)
            return file.read() != MAGIC
    except (OSError, ValueError):  # not on a disk, or tidied away meanwhile
        return False


def read(path: Path) -> Version:
    """The version whose manifest is at *path*.

    Raises:
        TornError: It is not whole.
        OSError: It can't be read.
    """
    raw = path.read_bytes()
    try:
        said = list(_fields(_message(raw, _place(raw))))
        version = Version(
            path,
            next(value for field, value in said if field == NUMBER and isinstance(value, int)),
            tuple(_fragment(value) for field, value in said if field == FRAGMENTS),
            tuple(index for field, value in said if field == INDEXES for index in _indexes(raw, value)),
        )
    except (IndexError, StopIteration, UnicodeDecodeError, ValueError, TypeError, struct.error) as error:
        raise TornError(f"{path.name} is not whole") from error
    if version.number != number_of(path):
        raise TornError(f"{path.name} is of another version")
    return version


def without(version: Version, lost: Mapping[int, bool]) -> bytes:
    """The manifest of *version* without some of its fragments.

    Args:
        version: Whose.
        lost: The fragments that are left out, by number; with False only what says which of their rows
            were deleted is.
    """
    raw = version.path.read_bytes()
    place = _place(raw)
    message = b""
    for field, start, end, value in _spans(_message(raw, place)):
        piece = _message(raw, place)[start:end]
        if field == FRAGMENTS and isinstance(value, bytes):
            number = _fragment(value).number
            if lost.get(number, False):
                continue
            if number in lost:
                kept = b"".join(value[s:e] for f, s, e, _ in _spans(value) if f != 3)
                piece = _varint(FRAGMENTS << 3 | BYTES) + _varint(len(kept)) + kept
        message += piece
    footer = raw[place + LENGTH.size + LENGTH.unpack_from(raw, place)[0] :]
    return raw[:place] + LENGTH.pack(len(message)) + message + footer


def _place(raw: bytes) -> int:
    """Where the message in the manifest *raw* is."""
    place, _, _, magic = FOOTER.unpack(raw[-FOOTER.size :])
    if magic != MAGIC or not 0 <= place < len(raw):
        raise TornError("no manifest")
    return int(place)


def _message(raw: bytes, place: int) -> bytes:
    (length,) = LENGTH.unpack_from(raw, place)
    start = place + LENGTH.size
    if start + length > len(raw):
        raise TornError("cut short")
    return raw[start : start + length]


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of *message*, each with its value."""
    return ((field, value) for field, _, _, value in _spans(message))


def _spans(message: bytes) -> Iterator[tuple[int, int, int, int | bytes]]:
    """The fields of *message*: number, from where to where it goes, and value."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _number(message, at)
        kind = tag & 7
        value: int | bytes
        if kind == VARINT:
            value, at = _number(message, at)
        else:
            length = {EIGHT: 8, FOUR: 4}.get(kind, 0)
            if kind == BYTES:
                length, at = _number(message, at)
            elif not length:
                raise TornError(f"no field is written as {kind}")
            value, at = message[at : at + length], at + length
            if at > len(message):
                raise TornError("cut short")
        yield tag >> 3, start, at, value


def _number(message: bytes, at: int) -> tuple[int, int]:
    """The number written at *at*, seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _fragment(message: int | bytes) -> Fragment:
    said = list(_fields(_bytes(message)))
    files = [dict(_fields(_bytes(value))) for field, value in said if field == 2]
    simple = {field: value for field, value in said if isinstance(value, int)}
    number, deletions, gone = simple.get(1, 0), None, 0
    for field, value in said:
        if field == 3:
            about = {name: v for name, v in _fields(_bytes(value)) if isinstance(v, int)}
            ending = "bin" if about.get(1) else "arrow"
            deletions = Named(f"_deletions/{number}-{about.get(2, 0)}-{about.get(3, 0)}.{ending}")
            gone = about.get(4, 0)
    return Fragment(
        number,
        tuple(Named(f"data/{_text(about[1])}", _size(about.get(6))) for about in files),
        deletions,
        simple.get(4, 0) - gone,
        simple.get(4, 0),
    )


def _indexes(raw: bytes, place: int | bytes) -> Iterator[IndexFiles]:
    assert isinstance(place, int)
    for field, value in _fields(_message(raw, place)):
        if field == 1:
            said = list(_fields(_bytes(value)))
            about = dict(said)
            folder = f"_indices/{UUID(bytes=_bytes(dict(_fields(_bytes(about[1])))[1]))}"
            files = [dict(_fields(_bytes(value))) for field, value in said if field == 10]
            yield IndexFiles(
                _text(about[3]),
                tuple(Named(f"{folder}/{_text(one[1])}", _size(one.get(2))) for one in files),
                _known_fragments(about.get(5)),
            )


def _known_fragments(value: int | bytes | None) -> frozenset[int] | None:
    try:
        return frozenset(roaring.numbers(_bytes(value)).tolist()) if value is not None else None
    except ValueError:  # another way of writing it, which does not make the manifest a torn one
        return None


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise TornError("a number in the place of a message")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()


def _size(value: int | bytes | None) -> int | None:
    return value if isinstance(value, int) and value else None

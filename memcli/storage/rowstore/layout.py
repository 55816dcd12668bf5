"""How a row store is laid out: its files, and what of a row is in which.

A row store is a directory of eight files:

- `about.json`: how many rows there are, and all that is the same for many: the words for codes, the places
  (who owns a row and where it is) with where each begins, the columns whose value is one for all rows.
- `rows`: a record for each row, the rows of one place together. Numbers, times, codes, lengths, the vector.
- `heap`: the texts of each row, one after another, in the order of the fragment.
- `positions`: which record each row of the fragment has, -1 for one that was deleted before.
- `offsets`: which row of the fragment each record is.
- `postings`, `lengths` and `vocabulary`: which records hold each term; see `rowstore.postings`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.storage.rows import ASKS, MEMORY_FIELDS, TIMES, VECTOR
from memcli.storage.versions import Fragment

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYOUT = 3
"""Which layout this is; part of the name of each row store, so that another one is none."""

ABOUT, ROWS, HEAP, POSITIONS, OFFSETS = "about.json", "rows", "heap", "positions", "offsets"

PLACE = ("space", "user", "agent", "team", "visibility")
"""What says where a memory is and whose: rows that agree in all of it are together."""

CODED = (*PLACE, "source", "trust")
"""Columns of few different texts: a number in the record."""

WHOLE = ("position", "uses")
"""Columns of whole numbers, `NOTHING` for none."""

FRACTIONS = ("importance", "replaced_confidence")
"""Columns of numbers, nan for none."""

ID, ID_MOST = "id", 64
"""The column of ids. If all are equally long, in bytes, and not longer than this, they are in the record."""

NAMES = (ID, "conversation", "speaker")
"""Columns of texts that ranking needs: the first in the heap."""

SAID = ("text", "title", "metadata", "tags", "replaces", "replaced_by", "replaced_reason")
"""Columns of texts that only the winners need: behind them. Tags are a list as JSON, empty for none."""

TEXTS = (*NAMES, *SAID)

KEPT = (*CODED, *TIMES, *WHOLE, *FRACTIONS, ASKS, *TEXTS, VECTOR)
"""The columns of which a row store knows the values."""

NOTHING = np.iinfo(np.int64).min
"""A time or a whole number that is not there; as a time, numpy's own."""

UNKNOWN = 2
"""Whether a text ends with a question, where that is not known: 0 or 1 otherwise."""

BITS = 32
"""Bits of LanceDB's number of a row that say which of its fragment it is; those above say which fragment."""

START, LENGTH = "heap", "length_of_"
"""Where in the heap a row's texts begin, and how long each is, in bytes."""

KINDS: dict[str, str] = {
    **dict.fromkeys((*TIMES, *WHOLE), "<i8"),
    **dict.fromkeys(FRACTIONS, "<f8"),
    ASKS: "i1",
}
"""How numbers are written, times as microseconds. Codes and lengths take as many bytes as the largest."""


@dataclass(frozen=True, slots=True)
class About:
    """What `about.json` says.

    Attributes:
        rows: How many rows the fragment had when it was made, deleted ones too: its length.
        records: How many of them have a record.
        sizes: Bytes of the other files, by name.
        record: What a record is made of: name, kind and, if it is not 1, shape of each part.
        words: The texts that codes stand for, by column; None is no text.
        constants: The value of each column that is the same for all rows, as it would be in a record.
        places: The codes of `PLACE` of each place.
        starts: The first record of each place.
        has_units: Whether all vectors are of length 1, so that a product of two is their cosine.
        length: How numpy writes how many terms a record has.
        with_terms: How many records have any.
    """

    rows: int
    records: int
    sizes: dict[str, int]
    record: list[list[Any]]
    words: dict[str, list[str | None]]
    constants: dict[str, Any]
    places: list[list[int]]
    starts: list[int]
    has_units: bool
    length: str
    with_terms: int

    def save(self, folder: Path) -> None:
        """Write it into *folder*."""
        (folder / ABOUT).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> About:
        """What the row store in *folder* says.

        Raises:
            OSError: It can't be read.
            ValueError: It is torn.
        """
        try:
            about = cls(**json.loads((folder / ABOUT).read_bytes()))
        except TypeError as error:
            raise ValueError("not a row store") from error
        if any((folder / name).stat().st_size != size for name, size in about.sizes.items()):
            raise ValueError("a file of it is torn")
        return about

    @property
    def dtype(self) -> np.dtype[np.void]:
        """What a record is made of, for numpy."""
        return np.dtype([(name, kind, *map(tuple, shape)) for name, kind, *shape in self.record])


def kind_of(column: str) -> pa.DataType:
    """How a table has *column*, one of `KEPT` but the vectors."""
    return pa.bool_() if column == ASKS else MEMORY_FIELDS[column]


def key(fragment: Fragment) -> str:
    """The name of the row store of *fragment*: that of no other, since files are named at random."""
    files = "\n".join(file.path for file in fragment.files)
    return f"{LAYOUT}-{hashlib.blake2b(files.encode(), digest_size=16).hexdigest()}"


def numbers(fragment: Fragment) -> NDArray[np.uint64]:
    """LanceDB's numbers of all rows of *fragment*, deleted ones too. Shape (length,)."""
    first = fragment.number << BITS
    return np.arange(first, first + fragment.length, dtype=np.uint64)


NEARLY = 0.01
"""How far from 1 the length of a vector may be that counts as of length 1: 16 bits cost some 0.0003."""


def are_units(vectors: NDArray[np.floating]) -> bool:
    """Whether all *vectors*, shape (n, dimension), are of length 1."""
    lengths = np.linalg.norm(vectors.astype(np.float32, copy=False), axis=1)
    return bool(np.all(np.abs(lengths - 1.0) < NEARLY))


def smallest(most: int) -> str:
    """How whole numbers from 0 to *most* are written."""
    return next(kind for kind, end in (("u1", 1 << 8), ("<u2", 1 << 16), ("<u4", 1 << 32)) if most < end)

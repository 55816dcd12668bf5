"""Indexes: what they are called, how they are made, and from how many rows on they pay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcli.storage import lexical, native
from memcli.storage.rows import FINGERPRINT, VECTOR, WORDS

if TYPE_CHECKING:
    from memcli.storage.lance import LanceTable

TEXT_INDEX, VECTOR_INDEX = "words_idx", "vector_idx"


@dataclass(frozen=True, slots=True)
class Index:
    """An index.

    Attributes:
        name: What it is called.
        make: Makes it, anew if need be, on a table.
        rows_from: How many rows a table has when it begins to pay.
    """

    name: str
    make: Callable[[LanceTable], None]
    rows_from: int = 0


def index_of_values(column: str, kind: str, rows_from: int) -> Index:
    """An index of the values of *column*; *kind* is LanceDB's class for it."""

    def make(table: LanceTable) -> None:
        config = getattr(native.package().index, kind)()
        table.create_index(column, config=config, name=f"{column}_idx", replace=True)

    return Index(f"{column}_idx", make, rows_from=rows_from)


def drop_text(table: LanceTable) -> None:
    """Drop the full-text index: it spells the words of what is to be gone."""
    if any(index.name == TEXT_INDEX for index in table.list_indices()):
        table.drop_index(TEXT_INDEX)


def make_text(table: LanceTable) -> None:
    """Make the full-text index, over one that is there."""
    config = native.package().index.FTS(**lexical.TOKENIZER)
    table.create_index(WORDS, config=config, name=TEXT_INDEX, replace=True)


def make_vectors(table: LanceTable) -> None:
    """Make the index of vectors, over one that is there."""
    config = native.package().index.IvfRq(distance_type="cosine")
    table.create_index(VECTOR, config=config, name=VECTOR_INDEX, replace=True)


INDEXED_FROM = 5_000
"""Memories from which on vectors and values have an index. At 10,000 the nearest 200 are found in 1.6 ms, not
in 10, and making the index takes 0.1 s."""


def of_memories() -> tuple[Index, ...]:
    """The indexes that the table has, once it is large enough for each."""
    return (
        Index(TEXT_INDEX, make_text),
        Index(VECTOR_INDEX, make_vectors, rows_from=INDEXED_FROM),
        *(
            index_of_values(column, "BTree", INDEXED_FROM)
            for column in ("id", FINGERPRINT, "conversation", "replaced_by")
        ),
        *(index_of_values(column, "Bitmap", INDEXED_FROM) for column in ("space", "user")),
    )

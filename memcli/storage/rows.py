"""Memories as Arrow rows and back."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from memcli.model import Memory, default_title
from memcli.storage.predicates import FACETS

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIME = pa.timestamp("us", "UTC")
JSON = pa.json_(pa.utf8())

MEMORY_FIELDS: dict[str, pa.DataType] = {
    "id": pa.utf8(),
    "text": pa.utf8(),
    "title": pa.utf8(),
    "space": pa.utf8(),
    "user": pa.utf8(),
    "agent": pa.utf8(),
    "team": pa.utf8(),
    "visibility": pa.utf8(),
    "importance": pa.float64(),
    "tags": pa.list_(pa.utf8()),
    "metadata": pa.utf8(),
    "source": pa.utf8(),
    "conversation": pa.utf8(),
    "position": pa.int64(),
    "speaker": pa.utf8(),
    "created_at": TIME,
    "updated_at": TIME,
    "expires_at": TIME,
    "forgotten_at": TIME,
    "uses": pa.int64(),
    "used_at": TIME,
    "replaces": pa.utf8(),
    "replaced_at": TIME,
    "replaced_by": pa.utf8(),
    "replaced_reason": pa.utf8(),
    "replaced_confidence": pa.float64(),
    "trust": pa.utf8(),
}
"""The columns that are fields of `Memory`. `metadata` is the JSON text exactly as it was given."""

TIMES = tuple(name for name, kind in MEMORY_FIELDS.items() if kind == TIME)
"""The columns of times."""

WHEN_MISSING: dict[str, Any] = {
    "uses": 0,
    "replaces": "",
    "replaced_by": "",
    "replaced_reason": "",
    "trust": "user",
}
"""What a row means that was written before it had the column."""

WORDS = "words"
"""What full-text search looks into: the text with who said it, its own title and its tags."""

FINGERPRINT = "fingerprint"
"""Equal for memories that say the same; see `fingerprint`."""

ASKS = "asks"
"""Whether the text ends with a question: what follows it in a conversation is likely an answer."""

QUESTION = r"""[?？؟]["'”’)\]]*(\s*\[[^\]]*\])?\s*$"""
"""Matches a text that ends with a question; a remark in brackets may follow. Python and SQL read it."""

ENDS_WITH_QUESTION = re.compile(QUESTION)

VECTOR = "vector"


def memory_schema(dimension: int) -> pa.Schema:
    """The columns of the table of memories, for vectors of *dimension* numbers."""
    fields = [pa.field(name, kind, nullable=name != "id") for name, kind in MEMORY_FIELDS.items()]
    fields += [pa.field(FACETS, JSON), pa.field(WORDS, pa.utf8()), pa.field(FINGERPRINT, pa.utf8())]
    fields += [pa.field(ASKS, pa.bool_())]
    fields += [vector_field(dimension)]
    return pa.schema(fields)


def vector_field(dimension: int) -> pa.Field:
    """A column of vectors with *dimension* numbers of 16 bits each.

    That is half of what a model gives, and moves a cosine by some 0.0001. Stores from before had 32 bits,
    and keep them until their vectors are made anew.
    """
    return pa.field(VECTOR, pa.list_(pa.float16(), dimension))


def fingerprint(memory: Memory) -> str:
    """A short text that is equal for memories of one scope that say the same thing.

    Case, white space and Unicode form (NFC) do not count. Turns of a conversation say the same only
    at the same position of the same conversation: people do repeat themselves.
    """
    said = unicodedata.normalize("NFC", unicodedata.normalize("NFC", memory.text).casefold())
    place = f"{memory.conversation}\0{memory.position}" if memory.is_turn else ""
    key = place + "\0" + " ".join(said.split())
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def to_table(memories: Sequence[Memory], vectors: NDArray[np.float32]) -> pa.Table:
    """*memories* with their *vectors*, shape (n, dimension), as rows of the table of memories."""
    columns: dict[str, Any] = {
        name: pa.array([_cell(memory, name) for memory in memories], kind)
        for name, kind in MEMORY_FIELDS.items()
    }
    columns[FACETS] = pa.ExtensionArray.from_storage(JSON, columns["metadata"])
    columns[WORDS] = pa.array([_words(memory) for memory in memories])
    columns[FINGERPRINT] = pa.array([fingerprint(memory) for memory in memories])
    columns[ASKS] = pa.array([bool(ENDS_WITH_QUESTION.search(memory.text)) for memory in memories])
    columns[VECTOR] = vector_array(vectors)
    return pa.table(columns, schema=memory_schema(vectors.shape[1]))


def _words(memory: Memory) -> str:
    own_title = "" if memory.title == default_title(memory.text) else memory.title
    return "\n".join(part for part in (memory.speaker, own_title, memory.text, *memory.tags) if part)


def vector_array(vectors: NDArray[np.float32]) -> pa.FixedSizeListArray:
    """*vectors*, shape (n, dimension), as one Arrow column."""
    flat = np.ascontiguousarray(vectors, dtype=np.float16).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), vectors.shape[1])


def vectors_of(table: pa.Table) -> NDArray[np.float32]:
    """The vectors of *table*, shape (rows, dimension)."""
    column = table[VECTOR].combine_chunks()
    dimension = column.type.list_size
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(-1, dimension)


SHORTEST = 1e-12
"""The least that is divided by: a vector of no length has no direction, and is near to nothing."""


def units(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """*vectors*, shape (n, dimension), at length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), SHORTEST))


def _cell(memory: Memory, name: str) -> Any:
    value = getattr(memory, name)
    if name == "metadata":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return list(value) if name == "tags" else value


def from_table(table: pa.Table) -> list[Memory]:
    """The memories in the rows of *table*."""
    present = [name for name in MEMORY_FIELDS if name in table.column_names]
    return memories_of({name: table[name].to_pylist() for name in present})


def memories_of(columns: Mapping[str, Iterable[Any]]) -> list[Memory]:
    """The memories whose fields *columns* have, as Arrow gives them, those of a column in order."""
    values = [_values(name, column) for name, column in columns.items()]
    return [Memory(**dict(zip(columns, row, strict=True))) for row in zip(*values, strict=True)]


def _values(name: str, column: Iterable[Any]) -> list[Any]:
    """What the field *name* of each memory is where its row has what *column* gives."""
    if name == "metadata":
        return [json.loads(value) if value else {} for value in column]
    if name == "tags":
        return [tuple(value or ()) for value in column]
    if name in TIMES:
        return [value and value.astimezone(UTC) for value in column]
    if name in WHEN_MISSING:  # rows from before the column
        return [WHEN_MISSING[name] if value is None else value for value in column]
    return list(column)


def ids_of(table: pa.Table) -> list[str]:
    """The ids in the rows of *table*."""
    return list(map(str, table["id"].to_pylist()))

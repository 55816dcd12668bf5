"""What may be stored: each check gives the value back, or says in one sentence what is wrong with it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from memcli.errors import UsageError
from memcli.model import Trust

TEXT_BYTES_MOST = 10_000_000
"""The longest text, in bytes of UTF-8. At some 10,000 passages it takes minutes to embed already."""

WORK_BYTES_MOST = 1_000_000
"""The longest text in a task: all of them are read and written together with each change."""

INPUT_BYTES_MOST = 100_000_000
"""What is read whole from standard input or a file, where nothing else is said: ten of the longest texts. It
is in memory some times over; an import, which reads line by line, has no such limit."""

LINE_LENGTH_MOST = 1_000
"""Characters of what is said on one line: a title, a source, a description."""

NAME_LENGTH_MOST = 100
ID_LENGTH_MOST = 200
TAGS_MOST = 1_000
"""Tags of one memory, or of a filter. They are no place for data: a filter by so many takes 0.1 s."""

QUERY_LENGTH_MOST = 1_000_000
"""Characters of what is looked for: a book. To look up its words takes 2 s; for ten books, half a minute."""

METADATA_BYTES_MOST = 100_000
MOST = 2**31 - 1
"""The largest count that the store takes."""
AS_JSON = json.JSONEncoder(allow_nan=False, ensure_ascii=False)
METADATA_DEPTH_MOST = 50
"""Levels of objects and lists; Python's JSON reads some 990, and what is stored must be readable anywhere."""

KEY_LENGTH_MOST, TASK_KEY_LENGTH_MOST = 1_000, 200
"""Characters of a value's key, which may be a path, and of a name in a task, shown beside its value."""

VALUE_BYTES_MOST = 10_000_000
VALUE_DEPTH_MOST = 200
"""Levels of objects and lists: a fifth of what Python's reader manages; whoever calls may be deep, too."""

TYPE_LENGTH_MOST = 100
EDGES_MOST = 100_000
"""Edges of one memory, in both directions: reading 10,000 takes 0.5 s, 100,000 take 9 s."""

SPACE_PUNCTUATION = frozenset(" ._-@:+/")
"""What a space's name may hold besides letters, marks and digits; none of it first, no space last."""


def text(
    value: Any, what: str = "the text", most: int = TEXT_BYTES_MOST, *, may_be_blank: bool = False
) -> str:
    """*value*, a text that can be stored whole: not blank, no NUL, valid Unicode, at most *most* bytes."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {_kind(value)}")
    if not may_be_blank and not value.strip():
        raise UsageError(f"{what} is empty")
    characters(value, what)
    if len(value) > most // 4 and len(value.encode()) > most:
        raise UsageError(f"{what} is longer than {most // 1_000_000} MB")
    return value


def line(value: Any, what: str, longest: int = LINE_LENGTH_MOST) -> str:
    """*value*, a short text on one line; empty is fine."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {_kind(value)}")
    if not value:  # most of what a memory could say, it does not
        return value
    characters(value, what)
    if len(value) > longest:
        raise UsageError(f"{what} is longer than {longest} characters")
    if not value.isprintable() and any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in value):
        raise UsageError(f"{what} holds a line break or another control character")
    return value


def query(value: Any) -> str:
    """*value*, what is looked for; it may be blank."""
    characters(value, "the query")
    if len(value) > QUERY_LENGTH_MOST:
        raise UsageError(f"the query is longer than {QUERY_LENGTH_MOST:,} characters")
    return str(value)


def space_name(value: Any) -> str:
    """*value*, the name of a space: letters, digits and . _ - @ : + / inside, at most 100 characters."""
    name = unicodedata.normalize("NFC", line(value, "the space's name", NAME_LENGTH_MOST))
    fine = all(c in SPACE_PUNCTUATION or unicodedata.category(c)[0] in "LMN" or c == "_" for c in name)
    if not fine or not name or name[0] in SPACE_PUNCTUATION or name[-1] == " " or ".." in name:
        raise UsageError(
            f"{name!r} can't be the name of a space",
            hint="a name begins with a letter or digit, and goes on with these or . _ - @ : + / and spaces",
        )
    return name


def trust(value: Any) -> str:
    """*value*, if it is one of `Trust`, or empty.

    Raises:
        UsageError: It is not.
    """
    if value and value not in tuple(Trust):
        raise UsageError(f"trust is one of {', '.join(Trust)}, not {value!r}")
    return str(value or "")


def importance(value: Any) -> float:
    """*value*, a number from 0 to 1."""
    return share(value, "importance")


def share(value: Any, what: str) -> float:
    """*value*, a number from 0 to 1 (nan is none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{what} must be a number from 0 to 1, not {_kind(value)}")
    if not 0 <= value <= 1:
        raise UsageError(f"{what} must be a number from 0 to 1")
    return float(value)


def positive(value: Any, what: str) -> int:
    """*value*, a whole number from 1."""
    return within(value, 1, MOST, what)


def within(value: Any, low: int, high: int, what: str) -> int:
    """*value*, a whole number from *low* to *high*."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(f"{what} must be a whole number from {low:,} to {high:,}")
    return value


def tags(values: Any) -> tuple[str, ...]:
    """*values*, tags: short texts, each once, in the order given."""
    if not isinstance(values, list | tuple):
        raise UsageError(f"tags must be a list of strings, not {_kind(values)}")
    named = tuple(dict.fromkeys(line(value, "a tag", NAME_LENGTH_MOST).strip() for value in values))
    if "" in named:
        raise UsageError("a tag is empty")
    if len(named) > TAGS_MOST:
        raise UsageError(f"there are {len(named):,} tags, more than {TAGS_MOST:,}")
    return named


def metadata(value: Any) -> Mapping[str, Any]:
    """*value*, a JSON object of at most 100 kB."""
    if not isinstance(value, Mapping):
        raise UsageError(f"metadata must be an object, not {_kind(value)}")
    if _depth(value) > METADATA_DEPTH_MOST:
        raise UsageError(f"metadata is nested more than {METADATA_DEPTH_MOST} levels deep")
    try:
        size = len(AS_JSON.encode(value).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"metadata is not valid JSON: {error}") from error
    if size > METADATA_BYTES_MOST:
        raise UsageError(f"metadata is larger than {METADATA_BYTES_MOST // 1000} kB")
    return value


def _depth(value: Mapping[str, Any]) -> int:
    """How many levels of objects and lists *value* has, counted no further than needed."""
    if not any(map(_is_nested, value.values())):  # as nearly all are
        return bool(value)
    level, depth = [value], 0
    while level and depth <= METADATA_DEPTH_MOST:
        inside = [item.values() if isinstance(item, Mapping) else item for item in level if _is_nested(item)]
        level, depth = [part for items in inside for part in items], depth + bool(inside)
    return depth


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def own_id(value: Any) -> str:
    """*value*, an id of the caller's own: one line without white space."""
    name = line(value, "the id", ID_LENGTH_MOST)
    if name.split() != [name] or name.startswith("-"):
        raise UsageError(
            f"{name!r} can't be an id", hint="an id has no white space and does not begin with -"
        )
    return name


def moment(value: Any, what: str) -> datetime | None:
    """*value*, a time with its zone, or None."""
    if value is not None and (not isinstance(value, datetime) or value.utcoffset() is None):
        raise UsageError(f"{what} must be a datetime with a time zone")
    return value


def position(value: Any) -> int | None:
    """*value*, a place in a conversation: a whole number from 0, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise UsageError("position must be a whole number from 0")
    return value


def characters(value: Any, what: str) -> None:
    """Raise if *value* is no text, holds a NUL or is no valid Unicode."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {_kind(value)}")
    if "\0" in value:
        raise UsageError(f"{what} holds a NUL byte at character {value.index(chr(0)) + 1}")
    if value.isascii():  # which costs nothing to know
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} is not valid UTF-8 at character {error.start + 1}") from error


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a string", type(None): "null"}
    return names.get(type(value), "a list" if isinstance(value, list | tuple) else "an object")

"""Predicates that are not only SQL for LanceDB, but say what they mean: others can test rows by them, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = str | int | float | bool | datetime | tuple[str | int, ...] | None


class Test(StrEnum):
    """How the value of a column is tested."""

    EQUAL = "equal"
    NOT_EQUAL = "not_equal"
    LESS = "less"
    LESS_EQUAL = "less_equal"
    GREATER = "greater"
    GREATER_EQUAL = "greater_equal"
    IS_IN = "is_in"
    IS_NULL = "is_null"
    IS_VALID = "is_valid"


@dataclass(frozen=True, slots=True)
class Tested:
    """The value of *column* passes *test* against *value*; that of no value is unknown, as in SQL."""

    column: str
    test: Test
    value: Value = None


@dataclass(frozen=True, slots=True)
class Joined:
    """All of *parts* hold, or one of them where *either*."""

    parts: tuple[Meaning, ...]
    either: bool


Meaning = Tested | Joined


class Predicate(str):
    """SQL of a predicate.

    Attributes:
        meaning: What it says; None where only LanceDB can tell.
    """

    meaning: Meaning | None = None


def said(sql: str, meaning: Meaning | None) -> Predicate:
    """The predicate *sql*, which says *meaning*."""
    predicate = Predicate(sql)
    predicate.meaning = meaning
    return predicate


def meaning_of(predicate: str) -> Meaning | None:
    """What *predicate* says; None where only LanceDB can tell."""
    return predicate.meaning if isinstance(predicate, Predicate) else None


def columns_of(meaning: Meaning) -> frozenset[str]:
    """The columns that *meaning* speaks of."""
    if isinstance(meaning, Tested):
        return frozenset({meaning.column})
    return frozenset().union(*(columns_of(part) for part in meaning.parts))

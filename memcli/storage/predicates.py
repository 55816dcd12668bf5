r"""Conditions on memories, and the LanceDB predicates (DataFusion SQL) they become.

Two halves. Small builders (`equals`, `is_in`, `has_tag`, `before` ...) make predicates on ordinary columns
out of plain values. The condition classes are what `--where` says about metadata: a tree that
`services.where` parses from text and `compiled` turns into SQL over a JSON column.

Whatever comes from a user passes through `quote`; column names come from code only.

What LanceDB 0.40 does with JSON columns decides the shape of the SQL, each line found by trying:

- `json_get_string`, `json_get_int` and their like fail the whole query on the first row that holds another
  type, and CASE is not available to guard them. `json_extract` gives JSON text and never fails; its strings
  are escaped exactly as Python's `json.dumps(..., ensure_ascii=False)` does (checked for all characters).
- In a JSON path, a number with a digit before its decimal point does not parse, nor does an empty string.
  `.25e1` does, and so does `"\u0000"`, which only the empty string sorts before.
- The SQL parser gives up at a nesting of about 50, takes exponential time over `NOT (NOT (...))`, and uses
  two levels for `a OR (...)`. So negation is carried down to the leaves and written `IS NOT TRUE`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeGuard

from memcli.errors import UsageError
from memcli.storage.meaning import Joined, Predicate, Test, Tested, meaning_of, said

Literal = str | int | float | bool | None
"""What a metadata value is compared with."""

FACETS = "facets"
"""The JSON column that conditions look into."""

MAX_DEPTH = 16
"""How deeply conditions may nest so that LanceDB still parses the predicate (it fails from about 22)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNQUOTABLE = re.compile("[\x00\ud800-\udfff]")
_EXACT_DOUBLES = 2**53


class Order(StrEnum):
    """How two numbers or two texts are ordered."""

    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Among:
    """The value equals one of `values`; one value is plain equality.

    Equal means of the same JSON type and equal: 1 equals 1.0 but not "1". Numbers up to 2^64 compare exactly.
    None stands for a value that is absent or null.
    """

    path: tuple[str, ...]
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """The value stands in `order` to `bound`: a number to a number, a text to a text, otherwise false.

    Texts compare by code point, so ISO dates compare by time. Numbers compare as doubles, which tells
    integers apart up to 2^53.
    """

    path: tuple[str, ...]
    order: Order
    bound: str | float


@dataclass(frozen=True, slots=True)
class Contains:
    """A text value contains the text `part`, or a list value has an element equal to `part`.

    A list directly inside the list counts as its elements too. (With one `[*]` LanceDB would look at the
    first of these only; whether it finds what lies deeper is not promised.) Numbers in lists compare as
    doubles.
    """

    path: tuple[str, ...]
    part: Literal


@dataclass(frozen=True, slots=True)
class All:
    """Every one of `parts` holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of `parts` holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`part` does not hold; a memory without the key is among those."""

    part: Condition


Condition = Among | Ordered | Contains | All | Any | Not

EPISODE = All((Among(("type",), ("episode",)), Not(Among(("task",), (None,)))))
"""What an episode says in its metadata; its source is `task` besides."""


def quote(text: str) -> str:
    """*text* as an SQL string literal: `it's` becomes `'it''s'`.

    Raises:
        UsageError: The text holds a NUL or half of a surrogate pair, which the store can't take.
    """
    if _UNQUOTABLE.search(text):
        raise UsageError("a text to search for can't hold NUL or broken Unicode characters")
    return "'" + text.replace("'", "''") + "'"


def equals(column: str, value: str | int | bool) -> Predicate:
    """Predicate: *column* holds *value*."""
    return said(f"{column} = {_scalar(value)}", Tested(column, Test.EQUAL, value))


def differs(column: str, value: str | int | bool) -> Predicate:
    """Predicate: *column* holds something else than *value*."""
    return said(f"{column} <> {_scalar(value)}", Tested(column, Test.NOT_EQUAL, value))


def is_empty(column: str) -> Predicate:
    """Predicate: *column* holds nothing, not even an empty text."""
    return said(f"{column} IS NULL", Tested(column, Test.IS_NULL))


def is_filled(column: str) -> Predicate:
    """Predicate: *column* holds something, be it an empty text."""
    return said(f"{column} IS NOT NULL", Tested(column, Test.IS_VALID))


def is_in(column: str, values: Iterable[str | int]) -> Predicate:
    """Predicate: *column* holds one of *values*; false for all rows if there are none."""
    some = tuple(values)
    listed = ", ".join(_scalar(value) for value in some)
    return said(f"{column} IN ({listed})" if listed else "false", Tested(column, Test.IS_IN, some))


def starts_with(column: str, prefix: str) -> str:
    """Predicate: the text in *column* begins with *prefix*; no character is a wildcard."""
    return f"starts_with({column}, {quote(prefix)})"


def has_tag(column: str, tag: str) -> str:
    """Predicate: the list in *column* has the element *tag*."""
    return f"array_has({column}, {quote(tag)})"


def before(column: str, moment: datetime) -> Predicate:
    """Predicate: the time in *column* is earlier than *moment* (aware)."""
    return said(f"{column} < {_timestamp(moment)}", Tested(column, Test.LESS, moment))


def after(column: str, moment: datetime) -> Predicate:
    """Predicate: the time in *column* is later than *moment* (aware)."""
    return said(f"{column} > {_timestamp(moment)}", Tested(column, Test.GREATER, moment))


def since(column: str, moment: datetime) -> Predicate:
    """Predicate: the time in *column* is *moment* (aware) or later."""
    return said(f"{column} >= {_timestamp(moment)}", Tested(column, Test.GREATER_EQUAL, moment))


def at_least(column: str, bound: float) -> Predicate:
    """Predicate: the number in *column* is *bound* (finite) or more."""
    return said(f"{column} >= {_double(bound)}", Tested(column, Test.GREATER_EQUAL, float(bound)))


def below(column: str, bound: float) -> str:
    """Predicate: the number in *column* is less than *bound* (finite)."""
    return f"{column} < {_double(bound)}"


def at_most(column: str, bound: int) -> str:
    """Predicate: the whole number in *column* is *bound* or less."""
    return f"{column} <= {_scalar(bound)}"


def all_of(*predicates: str) -> str:
    """Predicate: all of *predicates* hold. Empty ones are left out; empty if none is left."""
    return _joined(" AND ", predicates, either=False)


def any_of(*predicates: str) -> str:
    """Predicate: one of *predicates* holds. Empty ones are left out; empty if none is left."""
    return _joined(" OR ", predicates, either=True)


def _joined(operator: str, predicates: Iterable[str], *, either: bool) -> str:
    given = [predicate for predicate in predicates if predicate]
    if len(given) < 2:
        return given[0] if given else ""
    parts = tuple(meaning for predicate in given if (meaning := meaning_of(predicate)) is not None)
    sql = operator.join(f"({predicate})" for predicate in given)
    return said(sql, Joined(parts, either) if len(parts) == len(given) else None)


def compiled(condition: Condition, column: str = FACETS) -> str:
    """The predicate that says *condition* about the JSON object in *column*.

    Every part is true or false, never NULL: an absent key fails every test, so its `Not` holds.

    Args:
        condition: Nested at most `MAX_DEPTH` deep (LanceDB can't parse what goes much deeper).
        column: Name of a column of Lance's JSON type.

    Raises:
        UsageError: A name or text in it can't be said to the store.
    """
    return _compile(condition, column, negated=False)


def _compile(condition: Condition, column: str, *, negated: bool) -> str:
    match condition:
        case Not(part):
            return _compile(part, column, negated=not negated)
        case All(parts) | Any(parts):
            join = all_of if isinstance(condition, All) is not negated else any_of
            return join(*(_compile(part, column, negated=negated) for part in parts))
        case Among(path, values):
            test = _among(_extract(column, path), values)
        case Ordered(path, order, bound):
            test = _ordered(column, path, order, bound)
        case Contains(path, part):
            test = _contains(column, path, part)
    return f"({test}) IS {'NOT TRUE' if negated else 'TRUE'}"


def _among(extract: str, values: tuple[Literal, ...]) -> str:
    numbers = [_integer_if_large(value) for value in values if _is_number(value)]
    large = [number for number in numbers if isinstance(number, int) and abs(number) >= _EXACT_DOUBLES]
    small = [_double(number) for number in numbers if number not in large]
    texts = [quote(_json(value)) for value in values if value is not None and not _is_number(value)]
    tests = [f"{extract} IN ({', '.join(texts)})"] if texts else []
    if small:
        tests.append(f"{_as_double(extract)} IN ({', '.join(small)})")
    tests.extend(_equals_large(extract, number) for number in large)
    if None in values:
        tests.append(f"{extract} IS NULL OR {extract} = 'null'")
    return " OR ".join(tests) or "false"


def _equals_large(extract: str, number: int) -> str:
    """Doubles can't tell neighbours apart out here, so integers compare by their digits."""
    same_digits = f"{extract} = {quote(str(number))}"
    if float(number) != number:
        return same_digits
    return f"{same_digits} OR (regexp_like({extract}, '[.e]') AND {_as_double(extract)} = {_double(number)})"


def _ordered(column: str, path: tuple[str, ...], order: Order, bound: str | float) -> str:
    extract = _extract(column, path)
    if not isinstance(bound, str):
        return f"{_as_double(extract)} {order} {_double(bound)}"
    is_text = f"starts_with({extract}, '\"')"
    if bound:
        return f"{is_text} AND {_exists(column, path, f' ? (@ {order} {_path_literal(bound)})')}"
    return {
        Order.LESS: "false",
        Order.AT_MOST: f"{extract} = '\"\"'",
        Order.GREATER: f"{is_text} AND {extract} <> '\"\"'",
        Order.AT_LEAST: is_text,
    }[order]


def _contains(column: str, path: tuple[str, ...], part: Literal) -> str:
    extract = _extract(column, path)
    test = f"@ == {_path_literal(part)}" if part != "" else r'@ < "\u0000"'
    in_list = f"starts_with({extract}, '[') AND {_exists(column, path, f'[*][*] ? ({test})')}"
    if not isinstance(part, str):
        return in_list
    # The pattern steps over whole characters of the JSON text, so that the n of an escaped \n is no n.
    pattern = r'^"(?:[^"\\]|\\u....|\\[^u])*' + re.escape(_json(part)[1:-1])
    return f"regexp_like({extract}, {quote(pattern)}) OR ({in_list})"


def _extract(column: str, path: tuple[str, ...]) -> str:
    """SQL for the JSON text of the value at *path*; NULL where there is none."""
    return f"json_extract({column}, {quote(_json_path(path))})"


def _exists(column: str, path: tuple[str, ...], rest: str) -> str:
    """SQL for whether the JSON path made of *path* and *rest* finds anything."""
    return f"json_exists({column}, {quote(_json_path(path) + rest)})"


def _json_path(path: tuple[str, ...]) -> str:
    if not all(path):
        raise UsageError("a metadata key in a condition can't be empty")
    return "$" + "".join(f".{_json(key)}" for key in path)


def _path_literal(value: Literal) -> str:
    """*value* as JSON paths take it; a fraction is written `.25e1`, see the top of this module."""
    if isinstance(value, str) or not _is_number(value):
        return _json(value)
    number = int(value) if value == int(value) else value
    if isinstance(number, int) and -(2**63) <= number < 2**64:
        return str(number)
    sign, digits, exponent = Decimal(repr(float(number))).as_tuple()
    mantissa = "".join(map(str, digits))
    return f"{'-' * sign}.{mantissa}e{int(exponent) + len(digits)}"


def _as_double(extract: str) -> str:
    """SQL for the number in JSON text, NULL for anything else: texts keep their quotes and don't convert."""
    return f"TRY_CAST({extract} AS DOUBLE)"


def _double(number: float) -> str:
    return f"CAST('{float(number)!r}' AS DOUBLE)"


def _integer_if_large(number: float) -> int | float:
    """Doubles beyond 2^53 are whole numbers: as integers they compare exactly."""
    return int(number) if abs(number) >= _EXACT_DOUBLES else number


def _is_number(value: Literal) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(value: Literal) -> str:
    return json.dumps(value, ensure_ascii=False)


def _scalar(value: str | int | bool) -> str:
    return quote(value) if isinstance(value, str) else str(value).lower()


def _timestamp(moment: datetime) -> str:
    return f"to_timestamp_micros({(moment - _EPOCH) // timedelta(microseconds=1)})"


IS_TURN = all_of(differs("conversation", ""), is_filled("position"))
"""The predicate for turns of conversations; all other memories are facts."""

IS_FACT = any_of(equals("conversation", ""), is_empty("position"))
"""The predicate for facts."""

"""JSON as text: checked, looked into and added to without changing a character of the rest.

Python's own reader would do for most of it, but not give back what it read: 1.10 becomes 1.1, a number of
20 digits with an exponent loses some, and of two equal names the first is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from memcli.errors import NotFoundError, UsageError
from memcli.services import checks
from memcli.structure import JSONText

DIGITS_MOST = 4_000
"""Digits of a number that is calculated with; Python reads and writes 4,300."""

BLANK = " \t\n\r"
STRING = r'"(?:[^"\\]++|\\.)*+"'
BRACKET = re.compile(rf"{STRING}|([\[{{])|([\]}}])")
BLANKS = re.compile(rf"({STRING})|[ \t\n\r]+")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
STEP = re.compile(r'\.?(?P<name>[^.\[\]"]+)|\.?"(?P<quoted>(?:[^"\\]|\\.)*)"|\[(?P<number>-?[0-9]{1,9})\]')


def checked(text: str, what: str = "the value") -> JSONText:
    """*text*, if it is one JSON value of at most 10 MB, without white space around it.

    Raises:
        UsageError: It is not.
    """
    said = text.strip(BLANK)
    if not said:
        raise UsageError(f"{what} is empty", hint="a JSON text is written with its quotes: '\"like this\"'")
    try:
        size = len(said.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} is not valid UTF-8 at character {error.start + 1}") from error
    if size > checks.VALUE_BYTES_MOST:
        raise UsageError(f"{what} is larger than {checks.VALUE_BYTES_MOST // 1_000_000} MB")
    if _depth(said) > checks.VALUE_DEPTH_MOST:
        raise UsageError(f"{what} is nested more than {checks.VALUE_DEPTH_MOST} levels deep")
    try:
        read = json.loads(said, parse_int=_unread, parse_float=_unread, parse_constant=_refused)
    except ValueError as error:
        raise UsageError(
            f"{what} is not JSON: {_why(error)}",
            hint="a JSON text is written with its quotes: '\"like this\"'",
        ) from error
    if SURROGATE.search(said):
        _refuse_half_characters(read, what)
    return JSONText(said)


def _why(error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{error.msg[:1].lower()}{error.msg[1:]}, at line {error.lineno} column {error.colno}"


def _unread(digits: str) -> str:  # a number may have more digits than Python reads
    return digits


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is none of its numbers")


def _refuse_half_characters(read: Any, what: str) -> None:
    try:
        json.dumps(read, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} holds half of a surrogate pair, which is no character") from error


def _depth(text: str) -> int:
    """How many levels of objects and lists *text* has; 0 where it can't have more than are allowed."""
    if text.count("[") + text.count("{") <= checks.VALUE_DEPTH_MOST:
        return 0  # not worth counting
    level = deepest = 0
    for token in BRACKET.finditer(text):
        level += (token[1] is not None) - (token[2] is not None)
        deepest = max(deepest, level)
        if deepest > checks.VALUE_DEPTH_MOST:
            break
    return deepest


def compact(text: str) -> str:
    """The JSON value *text* on one line: what is white between its parts becomes one blank."""
    if "\n" not in text and "\r" not in text:
        return text
    return BLANKS.sub(lambda token: token[1] or " ", text)


def read(text: str) -> Any:
    """What *text*, which is JSON, stands for in Python; numbers too long for it stay texts."""
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= DIGITS_MOST else digits)


def written(value: Any) -> JSONText:
    """*value*, made of what JSON has, as JSON.

    Raises:
        UsageError: It holds what JSON has not.
    """
    try:
        return JSONText(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the value is not valid JSON: {error}") from error


# --- looking into it ---


def part(text: str, path: str) -> JSONText:
    """The part of the JSON value *text* that *path* leads to: `a.b[0]`, `"a name.with a dot"`, `[-1]`.

    Of two equal names in an object the last counts, as it does for most readers.

    Raises:
        UsageError: *path* can't be read.
        NotFoundError: There is no such part.
    """
    found = text
    for step in _steps(path):
        inside = _member(found, step) if isinstance(step, str) else _item(found, step)
        if inside is None:
            what = repr(step) if isinstance(step, str) else f"[{step}]"
            raise NotFoundError(f"there is no field {path!r}: no {what} in {_kind(found)}")
        found = inside
    return JSONText(found)


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        match = STEP.match(path, at)
        if match is None or (at == 0 and path[0] == "."):
            raise UsageError(f"{path!r} is not the way to a field", hint='write it like a.b[0] or "a b".c')
        if match["number"] is not None:
            steps.append(int(match["number"]))
        elif match["quoted"] is not None:
            steps.append(_unquoted(match["quoted"], path))
        else:
            steps.append(match["name"])
        at = match.end()
    if not steps:
        raise UsageError("the field is empty", hint='write it like a.b[0] or "a b".c')
    return steps


def _unquoted(quoted: str, path: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError as error:
        raise UsageError(f"{path!r} is not the way to a field") from error


def _member(text: str, name: str) -> str | None:
    found = None
    if text[0] == "{":
        for start, key, end in _members(text):
            if key == name:
                found = text[start:end]
    return found


def _item(text: str, number: int) -> str | None:
    if text[0] != "[":
        return None
    items = [(start, end) for start, _, end in _members(text)]
    if not -len(items) <= number < len(items):
        return None
    start, end = items[number]
    return text[start:end]


def _members(text: str) -> Iterator[tuple[int, str, int]]:
    """Where each part of the object or list *text* begins and ends, and its name."""
    decoder = json.JSONDecoder(parse_int=_unread, parse_float=_unread)
    at = _past_blanks(text, 1)
    while text[at] not in "]}":
        name = ""
        if text[0] == "{":
            name, at = decoder.raw_decode(text, at)
            at = _past_blanks(text, _past_blanks(text, at) + 1)
        _, end = decoder.raw_decode(text, at)
        yield at, name, end
        at = _past_blanks(text, end)
        if text[at] == ",":
            at = _past_blanks(text, at + 1)


def _past_blanks(text: str, at: int) -> int:
    while text[at] in BLANK:
        at += 1
    return at


def _kind(text: str) -> str:
    kinds = {"{": "an object", "[": "a list", '"': "a text", "t": "true", "f": "false", "n": "null"}
    return kinds.get(text[0], "a number")


# --- adding to it ---


def appended(text: str, more: str) -> JSONText:
    """The JSON list *text* with the JSON value *more* at its end.

    Raises:
        UsageError: *text* is no list.
    """
    if text[0] != "[":
        raise UsageError(f"the value is {_kind(text)}, not a list")
    inside = text[1:-1].rstrip(BLANK)
    return JSONText(f"[{inside.lstrip(BLANK) and inside + ', '}{more}]")


def increased(text: str, by: str) -> JSONText:
    """The JSON number *text* and *by* added up, exactly.

    Raises:
        UsageError: One of them is no number, or they are too long to be calculated with.
    """
    from decimal import Context, Decimal, DecimalException  # 2 ms

    for number, what in ((text, "the value"), (by, "what is added")):
        if _kind(number) != "a number":
            raise UsageError(f"{what} is {_kind(number)}, not a number")
    try:
        if max(len(text), len(by)) > DIGITS_MOST:
            raise UsageError(f"a number of more than {DIGITS_MOST:,} digits can't be counted with")
        if re.fullmatch("-?[0-9]+", text + by.removeprefix("-")):
            return JSONText(int(text) + int(by))
        exact = Context(prec=DIGITS_MOST, Emax=DIGITS_MOST, Emin=-DIGITS_MOST)
        exact.traps = dict.fromkeys(exact.traps, True)
        return JSONText(exact.add(Decimal(text), Decimal(by)))
    except DecimalException as error:
        raise UsageError("the numbers are too far apart to be added up exactly") from error

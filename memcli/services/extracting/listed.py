"""Facts as JSON in what an LLM writes: a list, an object, lines, in a fence, between prose, or cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from memcli.services.extracting import Fact

TEXT = ("fact", "text", "memory", "content", "statement")
IMPORTANCE = ("importance", "score", "weight", "priority", "relevance")
TURN = ("turn", "message")
DEPTH_MOST = 20
"""Levels of lists and objects that are looked into; what is asked for has two."""

FAILURES_MOST = 1_000
"""Lines that only begin as JSON does, after which no more are tried: each may cost a look at the rest."""

BEGINNING = re.compile(r"^[ \t>]*(?:[-*+][ \t]+)?(?=[\[{])", re.MULTILINE)
BETWEEN = re.compile(r"[\s,]*")
NUMBER = re.compile(
    r"[\s*_`~≈]*(?P<number>[+\-−]?(?:\d+(?:[.,٫]\d+)?|[.,٫]\d+))[*_`]*"
    r"(?:\s*(?:/\s*(?P<of>10|100|5|1)(?:[.,]0)?(?!\d)|(?P<percent>%)))?[\s*_`]*"
)

SCALES, COUNTS_FROM = (10, 100), 2
"""What models count to that are asked for 0 to 1 and do otherwise, and the least number that tells so: what
is little more than 1 is meant for it."""


def from_json(text: str) -> list[Fact] | None:
    """The facts in the JSON that *text* holds; None where it holds none that could be meant."""
    found, meant, end, failed = [], False, 0, 0
    for beginning in BEGINNING.finditer(text):
        if beginning.end() < end:
            continue
        value, end = _value(text, beginning.end())
        if value is None:
            failed += 1
            if failed == FAILURES_MOST:
                break
            continue
        facts = list(_facts(value))
        meant = meant or bool(facts) or value in ([], {"facts": []}, {"memories": []})
        found += facts
    return on_one_scale(found) if meant else None


def _value(text: str, at: int) -> tuple[Any, int]:
    """The JSON value at *at* and where it ends; None and *at* where none ends with its line.

    Of a list that is cut off, what is whole.
    """
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
    except RecursionError:
        return None, at
    except ValueError:
        return _cut_off(text, at) if _is_list(text, at) else (None, at)
    rest = text[end : end + 200].split("\n", 1)[0].strip(" \t\r,;`")
    return (None, at) if rest else (value, end)


def _is_list(text: str, at: int) -> bool:
    """Whether a list of objects or texts begins at *at*, perhaps in an object."""
    return bool(re.compile(r'(?:\{\s*"\w+"\s*:\s*)?\[\s*[{"]').match(text, at))


def _cut_off(text: str, at: int) -> tuple[list[Any] | None, int]:
    """The whole members of the list at *at*, and where the last one ends."""
    members: list[Any] = []
    at = end = text.index("[", at) + 1
    while at < len(text):
        try:
            member, at = json.JSONDecoder().raw_decode(text, BETWEEN.match(text, at).end())  # type: ignore[union-attr]
        except (ValueError, RecursionError):
            break
        members.append(member)
        end = at
    return (members or None), end


def _facts(value: Any, depth: int = 0) -> Iterator[Fact]:
    """The facts in *value*: objects that have a text, texts in a list, pairs of a text and a number."""
    if depth > DEPTH_MOST:
        return
    if isinstance(value, dict):
        yield from _in_object(value, depth)
    elif isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and is_number(value[1]):
        yield from _fact(value[0], value[1], None)
    elif isinstance(value, list):
        for inner in value:
            yield from _fact(inner, None, None) if isinstance(inner, str) else _facts(inner, depth + 1)


def _in_object(value: dict[str, Any], depth: int) -> Iterator[Fact]:
    """The facts in *value*: it is one, or has importances by text, or there are some further inside."""
    text = next((value[key] for key in _keys(value, TEXT) if isinstance(value[key], str)), None)
    if text is not None:
        yield from _fact(text, _first(value, IMPORTANCE), _first(value, TURN))
    elif all(is_number(said) and " " in name for name, said in value.items()):
        for name, importance in value.items():
            yield from _fact(name, importance, None)
    else:
        for inner in value.values():
            if isinstance(inner, list | dict):
                yield from _facts(inner, depth + 1)


def _keys(value: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """The keys of *value* that are called one of *names*, in the order of those."""
    by_name = {key.strip().lower(): key for key in value}
    return (by_name[name] for name in names if name in by_name)


def _first(value: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((value[key] for key in _keys(value, names)), None)


def _fact(text: str, importance: Any, turn: Any) -> Iterator[Fact]:
    """The fact that *text* is, if it says anything."""
    said = " ".join(text.split())
    if any(c.isalnum() for c in said):
        at = turn if type(turn) is int and turn >= 0 else None
        yield Fact(text=said, importance=as_importance(importance), turn=at)


def is_number(value: Any) -> bool:
    """Whether *value* is a number: true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_importance(value: Any) -> float | None:
    """The importance that *value* says, a number or a text that holds one; None for anything else."""
    if isinstance(value, str):
        found = NUMBER.fullmatch(value)
        return importance_of(found) if found else None
    return float(value) if is_number(value) and abs(value) < 1e300 else None


def importance_of(found: re.Match[str]) -> float:
    """The importance that a match of NUMBER means: 0.8, 0,8, 80 % and 8/10 are the same; 8 is not yet."""
    said = found["number"].replace(",", ".").replace("٫", ".").replace("−", "-")
    return float(said) / (100 if found["percent"] else int(found["of"] or 1))


def on_one_scale(facts: Sequence[Fact]) -> list[Fact]:
    """*facts*, all of one reply, with importances from 0 to 1.

    A reply whose greatest number is 2 to 10, with none between 0 and 1, counts to 10, and one that goes up to
    100 to that; of any other what is beyond the ends is at them, as is 1.5. Who counts to 5 is not known from
    who counts to 10 and says nothing higher.
    """
    numbers = [fact.importance for fact in facts if fact.importance is not None]
    most = max(numbers, default=0.0)
    counts = most >= COUNTS_FROM and not any(0 < number < 1 for number in numbers)
    scale = next((scale for scale in SCALES if most <= scale), 1) if counts else 1
    return [
        fact
        if fact.importance is None
        else replace(fact, importance=min(1.0, max(0.0, fact.importance / scale)))
        for fact in facts
    ]

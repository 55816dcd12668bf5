"""Answers on standard output: JSON, JSON Lines, plain text or, for people, laid out by `views`.

The only place that prints data. JSON keys are the fields of the answer's dataclass.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from memcli.cli.messages import harmless
from memcli.cli.options import Format

STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON allows unescaped and a terminal may act on."""


def resolved(output: Format) -> Format:
    """*output*, or what fits where standard output goes: a table on a terminal, JSON in a pipe."""
    if output is not Format.AUTO:
        return output
    return Format.TABLE if sys.stdout.isatty() else Format.JSON


def show(answer: Any, output: Format) -> None:
    """Write *answer*, a dataclass or mapping or a sequence of them, to standard output."""
    form = resolved(output)
    if form is Format.TABLE:
        from memcli.cli import views

        views.show(answer)
    elif form is Format.JSON:
        write(as_json(answer, indent=2))
    else:
        stream(answer if isinstance(answer, list | tuple) else [answer], form)


def stream(answers: Iterable[Any], form: Format) -> None:
    """Write each of *answers* on a line of its own, as it comes."""
    for answer in answers:
        write(as_json(answer) if form is Format.JSONL else plain_line(answer))


def write(text: str) -> None:
    """Write *text* and a line feed to standard output."""
    sys.stdout.write(text + "\n")


def as_json(answer: Any, indent: int | None = None) -> str:
    """*answer* as JSON that is safe to look at on a terminal."""
    text = json.dumps(plain_value(answer), ensure_ascii=False, indent=indent)
    return STEERING.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def plain_value(value: Any) -> Any:
    """*value* made of what JSON has: dataclasses become objects, times ISO 8601 texts."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain_value(getattr(value, f.name))
            for f in fields(value)
            if not (f.name == "signals" and value.signals is None)
        }
    if isinstance(value, Mapping):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    return round(value, 6) if isinstance(value, float) else value


def plain_line(answer: Any) -> str:
    """*answer* as one line of text: its main fields, separated by tabs."""
    value = plain_value(answer)
    if not isinstance(value, dict):
        return _cell(value)
    for names in PLAIN:
        if all(name in value for name in names):
            return "\t".join(_cell(value[name]) for name in names)
    return "\t".join(_cell(item) for item in value.values())


PLAIN = (
    ("id", "text"),  # memories and hits
    ("action", "id"),  # what storing came to
    ("context",),
    ("name", "memories"),  # spaces
    ("key", "value"),  # settings
    ("name", "state"),  # models
)
"""Which fields the plain format shows, of the first row that an answer has all fields of."""


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return as_json(value)
    return harmless(" ".join(str("" if value is None else value).split()))

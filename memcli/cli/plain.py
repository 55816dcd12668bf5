"""Answers as JSON and as lines of plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from memcli.cli.messages import harmless

STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON allows unescaped and a terminal may act on."""


WHEN_ASKED = frozenset({"signals", "around", "considered"})
"""Fields that are only there when they were asked for."""


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
            if not (f.name in WHEN_ASKED and getattr(value, f.name) is None)
        }
    if isinstance(value, Mapping):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def plain_line(answer: Any) -> str:
    """*answer* as one line of text: its main fields, separated by tabs."""
    value = plain_value(answer)
    if not isinstance(value, dict):
        return _cell(value)
    for names in PLAIN:
        if all(name.partition(".")[0] in value for name in names):
            return "\t".join(_cell(_part(value, name)) for name in names)
    return "\t".join(_cell(item) for item in value.values())


def _part(value: Any, name: str) -> Any:
    """The field *name* of *value*; `a.b` is the field b of the field a."""
    for key in name.split("."):
        value = value[key]
    return value


PLAIN = (
    ("action", "old.id", "new.id", "old.text", "new.text"),  # conflicts
    ("action", "id", "into", "text"),  # what consolidating came to
    ("id", "text", "valid_from", "valid_until"),  # versions
    ("id", "text"),  # memories and hits
    ("action", "id"),  # what storing came to
    ("change", "command", "forgotten", "changed"),  # what undoing came to
    ("context",),
    ("name", "why"),  # the space in force
    ("slug", "role", "memories"),  # teams
    ("name", "memories"),  # spaces and agents
    ("check", "state", "message"),  # how all is
    ("running", "pid", "socket"),  # how the warm process is
    ("key", "value"),  # settings
    ("name", "state", "kind"),  # models
    ("mode", "mrr", "ndcg", "recall"),  # how good a search is
)
"""Which fields the plain format shows, of the first row that an answer has all fields of."""


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return as_json(value)
    return harmless(" ".join(str("" if value is None else value).split()))

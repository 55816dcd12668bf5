"""Answers as JSON: their fields are its keys, on the command line as for agents."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from os import urandom
from typing import Any

from memcli.services.jsontext import compact
from memcli.structure import JSONText

STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON allows unescaped and a terminal may act on."""

WHEN_ASKED = frozenset(
    {
        "signals",
        "around",
        "considered",
        "brought_by",
        "data",
        "edges",
        "overtaken",
        "was_from",
        "was_to",
        "weight_before",
        "values",
        "sections",
        "key",
        "score",
        "turn",
        "said_at",
        "store",
        "flags",
        "fence",
    }
)
"""Fields that are only there when they were asked for, or have something to say."""


def as_json(answer: Any, indent: int | None = None) -> str:
    """*answer* as JSON that is safe to look at on a terminal."""
    written = _Written()
    text = json.dumps(plain_value(answer, written), ensure_ascii=False, indent=indent)
    return safe(written.put_into(text, on_one_line=indent is None))


def safe(text: str) -> str:
    """The JSON *text*, the same value, safe to look at on a terminal."""
    return STEERING.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class _Written:
    """Parts of an answer that are JSON already: each has a sign in its place until the rest is JSON, too."""

    def __init__(self) -> None:
        self._texts: dict[str, JSONText] = {}
        self._mark = ""

    def sign_for(self, text: JSONText) -> str:
        """What stands in the place of *text*: nobody could have known it before."""
        self._mark = self._mark or urandom(16).hex()
        sign = f"{self._mark}-{len(self._texts)}-"
        self._texts[f'"{sign}"'] = text
        return sign

    def put_into(self, text: str, *, on_one_line: bool) -> str:
        """*text* with what the signs in it stand for."""
        if not self._texts:
            return text
        return re.sub(
            rf'"{self._mark}-[0-9]+-"',
            lambda sign: compact(self._texts[sign[0]]) if on_one_line else self._texts[sign[0]],
            text,
        )


def plain_value(value: Any, written: _Written | None = None) -> Any:
    """*value* made of what JSON has: dataclasses become objects, times ISO 8601 texts.

    What is JSON already becomes a sign of *written*, or the text that it is.
    """
    if isinstance(value, JSONText):
        return written.sign_for(value) if written else str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name.removesuffix("_"): plain_value(getattr(value, f.name), written)
            for f in fields(value)
            if not (f.name in WHEN_ASKED and getattr(value, f.name) is None)
        }
    if isinstance(value, Mapping):
        return {key: plain_value(item, written) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item, written) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value

"""JSON Lines: one object a line, and in one sentence what is wrong with a line that holds none."""

from __future__ import annotations

import json
from typing import Any

from memcli.errors import UsageError


def value(raw: bytes, *, first: bool = False) -> Any:
    """The JSON value *raw*; see `document`."""
    try:
        return json.loads(raw.decode("utf-8-sig" if first else "utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"not valid UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise UsageError(f"not valid JSON at {line}column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:  # beyond Python's limits
        raise UsageError(f"not valid JSON: {error}") from error


def document(raw: bytes, *, first: bool = False) -> dict[str, Any]:
    """The JSON object on one line.

    Args:
        raw: The line, UTF-8, with or without what ends it.
        first: Whether it is its file's first, which may begin with a byte order mark.

    Raises:
        UsageError: What is wrong, in a sentence that leaves the line's number to the caller.
    """
    found = value(raw, first=first)
    if not isinstance(found, dict):
        raise UsageError("not a JSON object")
    return found

"""What people read on standard error: notes, warnings, errors. Never data."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

from memcli.model import default_title

INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters and those that change the direction of writing (line feed and tab are fine)."""


class ReaderGoneError(Exception):
    """Whoever read our output has left (`memcli list | head`)."""


def harmless(text: str) -> str:
    """*text* with characters that could steer a terminal replaced by U+FFFD."""
    return INVISIBLE.sub("\ufffd", text)


def excerpt(text: str) -> str:
    """The beginning of *text*, on one line."""
    title = default_title(text)
    return harmless(title) + ("" if title == " ".join(text.split()) else "…")


def colored(stream: TextIO) -> bool:
    """Whether *stream* wants colours: a terminal that is not dumb, unless NO_COLOR or FORCE_COLOR says so."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colored(sys.stderr) else text


def complain(sentence: str, hint: str = "") -> None:
    """Say what went wrong, and on a second line what to do."""
    print(f"{_paint('memcli:', '1;31')} {harmless(sentence)}", file=sys.stderr)
    if hint:
        print(_paint(f"        {harmless(hint)}", "2"), file=sys.stderr)


def note(sentence: str, *, quiet: bool = False) -> None:
    """Say something that is no error, unless *quiet*."""
    if not quiet:
        print(_paint(harmless(sentence), "2"), file=sys.stderr)


def contradiction(new: str, old: str) -> str:
    """That the memory *new* contradicts *old*, of somebody more trusted, and what to do."""
    return f"{new} contradicts {old}, of somebody more trusted: both stay; memcli forget ID decides"


def tell(*parts: tuple[str, str]) -> None:
    """Write a line for somebody who is being asked something: texts, each with how it is painted."""
    print("".join(_paint(harmless(said), code) for said, code in parts), file=sys.stderr)

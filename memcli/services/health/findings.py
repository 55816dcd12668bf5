"""What looking at something comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from memcli.errors import MemcliError


class Level(StrEnum):
    """How something is: all right, worth knowing, to be seen to, or broken."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check came to.

    Attributes:
        check: What was looked at.
        ok: Whether nothing needs to be done about it.
        level: How it is.
        message: What was found, in words.
        command: What mends it, if a command does; else empty.
        mended: Whether this says what was mended just now.
    """

    check: str
    ok: bool
    level: Level
    message: str
    command: str
    mended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """How something is mended.

    Attributes:
        work: Mends it; what it did, in words.
        loses: What is lost by it, as a question; empty where nothing is.
    """

    work: Callable[[], str]
    loses: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A finding, and what `doctor --fix` does about it; None for nothing."""

    finding: Finding
    cure: Cure | None = None


FIX = "memcli doctor --fix"
"""The command for what has a cure."""


def found(check: str, level: Level, message: str, command: str = "", cure: Cure | None = None) -> Checked:
    """A finding of *check*, with its *cure* if it has one."""
    finding = Finding(
        check=check,
        ok=level in (Level.OK, Level.NOTE),
        level=level,
        message=message,
        command=command or (FIX if cure else ""),
        mended=False,
    )
    return Checked(finding=finding, cure=cure)


def fine(check: str, message: str) -> Checked:
    """*check* has found nothing to be done."""
    return found(check, Level.OK, message)


def told(error: MemcliError) -> str:
    """*error* in words."""
    return f"{error.sentence} ({error.hint})" if error.hint else error.sentence

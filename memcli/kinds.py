"""What is one of a few words: part of `memcli.model`, which has them all."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What storing a text came to."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"
    FAILED = "failed"


class Mode(StrEnum):
    """Which evidence a search uses."""

    HYBRID = "hybrid"
    VECTOR = "vector"
    TEXT = "text"


class Trust(StrEnum):
    """Who put a memory there, the most trusted first."""

    USER = "user"
    AGENT = "agent"
    IMPORTED = "imported"

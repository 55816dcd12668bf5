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


CONTRADICTS = "contradicts"
"""The key in the metadata of a fact that names the memory of somebody more trusted that it contradicts."""

UNSURE = 0.5
"""How sure, of 0..1, a decision to keep two facts must be, or else whoever stored the later one is told."""

KEEP = "keep"
"""The value of the setting `conflicts.trust` that lets nothing give way to somebody less trusted."""


def outranks(one: str, other: str) -> bool:
    """Whether who is called *one*, of `Trust`, is more trusted than *other*."""
    order = list(Trust)
    return order.index(Trust(one)) < order.index(Trust(other))

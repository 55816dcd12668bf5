"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """How many of *what* there are, in words: "1 memory", "1,200 memories"."""
    many = what.removesuffix("y") + "ies" if what.endswith("y") else what + "s"
    return f"{number:,} {what if number == 1 else many}"

"""Facts out of text by rules alone: tags, lines with an importance, JSON, what people say explicitly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact that a text holds.

    Attributes:
        text: The fact.
        importance: 0 to 1; None where the text does not say.
        turn: Which message it is from, counted from 0; None where there are no messages.
        said_at: When that was said; None where nobody knows.
    """

    text: str
    importance: float | None = None
    turn: int | None = None
    said_at: datetime | None = None

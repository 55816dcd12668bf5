"""The words of the structured half of memory as frozen dataclasses: edges and values.

Standard library only, like `memcli.model`, whose rules hold here too. A field with an underscore at its
end, which Python needs, has a JSON key without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A typed, weighted, directed link between two memories.

    Attributes:
        from_: The id of the memory that it leads from.
        to: The id of the memory that it leads to.
        type: What the one is to the other, in the user's own words.
        weight: How strong the link is, 0..1.
        created_at: When the two were connected.
        updated_at: When type and weight were last said.
        was_from: The memory that was connected, which `from_` has replaced since; None if it is that one.
        was_to: The memory that was connected, which `to` has replaced since; None if it is that one.
    """

    from_: str
    to: str
    type: str
    weight: float
    created_at: datetime
    updated_at: datetime
    was_from: str | None = None
    was_to: str | None = None

    @property
    def ends(self) -> tuple[str, str, str]:
        """What tells it from other edges: from, to and type."""
        return self.from_, self.to, self.type


class JSONText(str):
    """A JSON value as it was written: whoever prints it as JSON prints this text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A JSON value under a key.

    Attributes:
        key: What it is found by.
        data: The value, exactly as it was written.
        space: Where it is.
        version: 1 for a key that was not there, one more each time it is written.
        created_at: When the key was first written.
        updated_at: When it was written last.
        expires_at: From when on it is gone; None for never.
    """

    key: str
    data: JSONText
    space: str
    version: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None

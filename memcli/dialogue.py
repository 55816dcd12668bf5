"""The words of conversations as frozen dataclasses: turns, conversations, what of them goes into a prompt.

Standard library only, like `memcli.model`, whose rules hold here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ROLES = ("user", "assistant", "system", "tool", "developer")
"""Who a message of an LLM's conversation can be by. Turns of other origin have any name as their role."""

INSTRUCTIONS = frozenset({"system", "developer"})
"""The roles that tell the model what to do: their words stand before all others, and are not summarised."""


INTERRUPTED = "interrupted"
"""What the metadata of an answer says that was not heard to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message before it is a turn.

    Attributes:
        role: One of `ROLES`, or the name of somebody.
        content: What was said.
        created_at: When; None for now.
        metadata: What else is known of it.
        id: An id of its own; empty for one of ours.
        position: Its place in the conversation; None for the next one.
    """

    role: str
    content: str
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation, which is a memory as well: `memcli get ID` shows it as such.

    Attributes:
        id: The memory's id.
        conversation: The conversation that it is in.
        position: Its place there; turns before it have lower ones.
        role: One of `ROLES`, or the name of whoever said it.
        content: What was said.
        created_at: When.
        space: Where it is.
        metadata: What else is known of it.
    """

    id: str
    conversation: str
    position: int
    role: str
    content: str
    created_at: datetime
    space: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation, and what it holds now.

    Attributes:
        id: What it is called by.
        title: What it was given, or else how the first turn by the user begins.
        space: Where it is.
        agent: Whose it is; empty for the user's own.
        turns: How many there are.
        first_at: When the first of them was said.
        last_at: When the last of them was said.
        current: Whether it is the one that goes on where none is named.
    """

    id: str
    title: str
    space: str
    agent: str
    turns: int
    first_at: datetime
    last_at: datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What stands for the first turns of a conversation.

    Attributes:
        text: What they came to; empty where nothing is summarised.
        by: "llm: PROGRAM" or "extractive"; empty for no summary.
        until: The position up to which turns are in it; -1 for none.
        of: What is equal as long as these turns are the same.
    """

    text: str = ""
    by: str = ""
    until: int = -1
    of: str = ""


NO_SUMMARY = Summary()


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """What of a conversation goes into a prompt.

    Attributes:
        conversation: Which one.
        instructions: Turns by `INSTRUCTIONS`, word for word.
        summary: What the turns before came to; empty for nothing.
        by: What made the summary: "llm: PROGRAM" or "extractive"; empty for no summary.
        summarised: How many turns the summary stands for that are not in `turns`.
        turns: The last turns, word for word.
        tokens: How many tokens all of it takes at most; see `memcli.services.tokens`.
    """

    conversation: str
    instructions: tuple[Turn, ...]
    summary: str
    by: str
    summarised: int
    turns: tuple[Turn, ...]
    tokens: int

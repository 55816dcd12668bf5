"""The sections of a block for a prompt, and how they share its budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Include(StrEnum):
    """What a block may hold; the memories, `semantic`, are always in it."""

    SEMANTIC = "semantic"
    TASK = "task"
    CONVERSATION = "conversation"
    EPISODES = "episodes"
    VALUES = "values"


SHARES: Mapping[Include, int] = {
    Include.SEMANTIC: 5,
    Include.CONVERSATION: 4,
    Include.TASK: 2,
    Include.VALUES: 2,
    Include.EPISODES: 2,
}
"""What each section may take of the budget, in parts of what all that are asked for may take, and in the
order in which they get what others have left. With all five, memories have a third of 1,000 tokens, some
fifteen of them, and each of the small ones 130, some six lines."""

ORDER = (Include.VALUES, Include.SEMANTIC, Include.EPISODES, Include.TASK, Include.CONVERSATION)
"""How they follow each other: what was said last stands last, before the question."""


@dataclass(frozen=True, slots=True)
class Told:
    """A section that was written.

    Attributes:
        text: All of it, with its frame; empty for none.
        tokens: How many tokens it has at most.
        is_whole: Whether all is in it that there was to tell.
    """

    text: str = ""
    tokens: int = 0
    is_whole: bool = True


Teller = Callable[[int], Told]
"""Writes a section within a number of tokens; called with more, it tells at least as much."""


def shared(tellers: Mapping[Include, Teller], budget: int) -> dict[Include, Told]:
    """What *tellers* tell within *budget* tokens in all: each within its share, then within what is left."""
    parts = sum(SHARES[name] for name in tellers)
    told = {name: tell(budget * SHARES[name] // parts) for name, tell in tellers.items()}
    left = budget - sum(section.tokens for section in told.values())
    for name in SHARES:
        if name in told and not told[name].is_whole and left > 0:
            more = tellers[name](told[name].tokens + left)
            left -= more.tokens - told[name].tokens
            told[name] = more
    return told

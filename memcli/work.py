"""The words of work as frozen dataclasses: tasks, what is in them, and the episodes that they become.

Standard library only, like `memcli.model`, whose rules hold here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How far a task is."""

    OPEN = "open"
    ENDING = "ending"
    """Its episode is being stored; a task that was killed then stays so until it is ended again."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgoal:
    """A step on the way to a task's goal.

    Attributes:
        text: What is to be done.
        depth: How many others it is a part of.
        started_at: When it was begun.
        done_at: When it was completed; None as long as it is not.
    """

    text: str
    depth: int
    started_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A thought on the way.

    Attributes:
        text: The thought.
        at: When it was noted.
    """

    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Working memory: what somebody is at.

    Attributes:
        id: What it is called by.
        goal: What is to be reached.
        status: Whether it goes on.
        is_current: Whether commands mean it that name no task. One is, in a space, of a user and agent.
        space: Where it is.
        user: Whose it is.
        agent: Which agent's; empty for the user's own.
        subgoals: The steps so far, in the order they were begun.
        notes: The scratchpad, oldest first.
        results: What came out, by name, in the order first said.
        variables: What else is kept, by name.
        created_at: When it was started.
        updated_at: When it last changed.
        ended_at: When it was ended; None for one that goes on.
        success: Whether its goal was reached; None for one that goes on.
        outcome: How it ended, in words.
        episode: The memory that tells of it; empty for one that goes on.
    """

    id: str
    goal: str
    status: Status = Status.OPEN
    is_current: bool = False
    space: str
    user: str
    agent: str = ""
    subgoals: tuple[Subgoal, ...] = ()
    notes: tuple[Note, ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    success: bool | None = None
    outcome: str = ""
    episode: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """The subgoals that are not completed, the innermost last."""
        return tuple(step.text for step in self.subgoals if step.done_at is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What was done, and how it ended: the memory that an ended task has become.

    Attributes:
        id: The memory; the same as the task's.
        goal: What was to be reached.
        outcome: How it ended, in words.
        success: Whether the goal was reached.
        steps: What was done on the way.
        started_at: When it began.
        ended_at: When it was over.
        seconds: How long it took.
        text: What the memory says.
        importance: Its importance, 0..1.
        space: Where it is.
        agent: Which agent's; empty for the user's own.
        score: What ranked it, 0..1; None unless it was searched for.
    """

    id: str
    goal: str
    outcome: str
    success: bool
    steps: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    seconds: float
    text: str
    importance: float
    space: str
    agent: str = ""
    score: float | None = None

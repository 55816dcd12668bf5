"""Tasks as text: for a prompt while they go on, and for a memory when they have ended.

Nothing that was said can leave its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from memcli.services.blocks import PLAIN_KEY
from memcli.services.inert import visible
from memcli.work import Task

VALUE_LENGTH = 200
"""Characters of a result or variable that are told."""

SAID_LENGTH = 1_000
"""Characters of a goal, an outcome or a thought that are told: some 200 words."""

THOUGHTS = 5
"""Thoughts that are told, the last ones."""

STEPS_TOLD, NOTES_TOLD = 100, 20
"""Steps and thoughts that an episode tells, the last ones: more than a person reads."""


def on_one_line(text: str, longest: int = SAID_LENGTH) -> str:
    """*text* on one line, cut to *longest* characters, without what a reader can't see."""
    # a piece is enough to fill a line, unless it is mostly blank
    line = visible(" ".join(text[: 10 * longest].split()))
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def context_text(task: Task) -> str:
    """What whoever works on *task* should have before their eyes.

    Its goal, the subgoals as a path, results and variables, each cut to 200 characters, and the last five
    thoughts.
    """
    return "\n".join(_lines(task))


def _lines(task: Task) -> Iterator[str]:
    yield f"Task: {task.id} ({task.status})"
    yield f"Goal: {on_one_line(task.goal)}"
    if task.path:
        yield f"Subgoals: {' > '.join(on_one_line(text, VALUE_LENGTH) for text in task.path)}"
    if task.outcome:
        yield f"Outcome: {on_one_line(task.outcome)}"
    yield from _listed("Results", _pairs(task.results))
    yield from _listed("Variables", _pairs(task.variables))
    yield from _listed("Thoughts", [on_one_line(note.text) for note in task.notes[-THOUGHTS:]])


def _listed(title: str, entries: Sequence[str]) -> Iterator[str]:
    if entries:
        yield f"{title}:"
        yield from (f"- {entry}" for entry in entries)


def _pairs(kept: Mapping[str, str]) -> list[str]:
    return [f"{_name(key)}: {on_one_line(text, VALUE_LENGTH)}" for key, text in kept.items()]


def _name(key: str) -> str:
    return visible(key if PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False))


def steps(task: Task) -> tuple[str, ...]:
    """What was done in *task*: its subgoals in the order they were begun, the last hundred."""
    return tuple(
        on_one_line(step.text, VALUE_LENGTH) + ("" if step.done_at else " (not completed)")
        for step in task.subgoals[-STEPS_TOLD:]
    )


def episode_text(task: Task) -> str:
    """What the memory of *task*, which has ended, says: what it was about and how it ended come first."""
    how = "Succeeded" if task.success else "Failed"
    lines = [on_one_line(task.goal), f"{how}: {on_one_line(task.outcome)}" if task.outcome else f"{how}."]
    done, notes = steps(task), task.notes[-NOTES_TOLD:]
    if done:
        lines.append(f"Steps: {'; '.join(done)}")
    lines += [f"Noted: {on_one_line(note.text)}" for note in notes]
    pairs = islice(_pairs(task.results), STEPS_TOLD)
    return "\n".join([*lines, *(f"Result: {pair}" for pair in pairs)])

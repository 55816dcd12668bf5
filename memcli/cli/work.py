"""Tasks and episodes, laid out for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.services.ending import Ended
from memcli.services.tasks import Noted, Started
from memcli.services.worktext import on_one_line
from memcli.times import format_age, format_time
from memcli.work import Episode, Status, Subgoal, Task

DIM, STRONG, ACCENT = "dim", "bold", "cyan"
COLORS = {"started": "green", "popped": "green", "switched": "blue", "goal": "blue"}
DONE, GOES_ON, HERE = Text("✓", "green"), Text("·", DIM), Text("▸", "bold yellow")
FAILED = Text("✗", "red")

EXCERPT = 200
"""Characters of a text that a line shows."""

THOUGHTS = 10
"""Thoughts that a page shows, the last ones; JSON has them all."""

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def took(seconds: float) -> str:
    """A duration for people, in its two largest units: `2 h 5 min`."""
    left, parts = round(seconds), list[str]()
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part) or "under 1 s"


def _age(time: datetime) -> str:
    return format_age(time, datetime.now(UTC))


def _line(text: str, style: str = "", longest: int = EXCERPT) -> Text:
    return Text(harmless(on_one_line(text, longest)), style)


def _below(*parts: str) -> Text:
    """What stands below a goal: an id, and what else is known in few words."""
    first, *others = (harmless(part) for part in parts if part)
    return Text.assemble((first, ACCENT), (" · ".join(["", *others]), DIM))


# --- what was done to a task ---


def started(one: Started) -> RenderableType:
    """The new task, the one that was left, and what was done before."""
    lines: list[RenderableType] = [_done("started", one.id, _line(one.goal))]
    if one.left:
        told = f"{harmless(one.left)} goes on; memcli task switch {harmless(one.left)} goes back to it"
        lines.append(Text(f"          {told}", DIM))
    if one.similar:
        lines += [Text(""), Text("done before", DIM), _episode_lines(one.similar)]
    return Group(*lines)


def _done(action: str, id_: str, what: Text) -> RenderableType:
    """What was done, to which task, and to what: further lines stand below that."""
    table = Table.grid(padding=(0, 2))
    table.add_column(width=8, no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(action, COLORS.get(action, "green")), Text(harmless(id_), ACCENT), what)
    return table


def noted(one: Noted) -> RenderableType:
    """What was done, and where one is now."""
    what = _line(one.text)
    if one.key is not None:
        what = Text.assemble((harmless(one.key), ACCENT), "  ", what)
    line = _done(one.action, one.id, what)
    if one.action not in ("pushed", "popped", "switched"):
        return line
    return Group(line, _path("now at    ", one.path, one.goal))


def _path(before: str, path: Sequence[str], goal: str) -> Text:
    """Where one is: the subgoals that go on, or the goal itself."""
    line = Text(before, DIM)
    for place, text in enumerate(path):
        last = place == len(path) - 1
        line.append(" > " if place else "", DIM).append(_line(text, STRONG if last else "", 60))
    return line if path else line.append(_line(goal, STRONG, 60)).append("  (no subgoal is left)", DIM)


def ended(one: Ended) -> RenderableType:
    """How it ended."""
    mark = DONE if one.success else FAILED
    head = Text.assemble(mark, " ", _line(one.goal, STRONG))
    outcome = [Text("  ").append(_line(one.outcome))] if one.outcome else []
    told = _below(one.episode, f"remembered in {one.space}", f"took {took(one.seconds)}")
    return Group(head, *outcome, Text("  ").append(told))


# --- tasks ---


def task(one: Task) -> RenderableType:
    """A page: the goal, the subgoals as a tree, results, variables, thoughts."""
    return Group(*_page(one))


def _page(one: Task) -> Iterator[RenderableType]:
    yield Text(harmless(one.goal.strip()), STRONG)
    yield _below(
        one.id, *_state(one), one.space, one.agent and f"agent {one.agent}", f"started {_age(one.created_at)}"
    )
    if one.outcome:
        yield Text(harmless(one.outcome))
    if one.subgoals:
        yield Text("")
        yield Padding(_tree(one.subgoals), (0, 0, 0, 2))
    for title, kept in (("Results", one.results), ("Variables", one.variables)):
        if kept:
            yield from _titled(title, [(_line(key, ACCENT), _line(text)) for key, text in kept.items()])
    if one.notes:
        last = one.notes[-THOUGHTS:]
        more = len(one.notes) - len(last)
        title = "Thoughts" + (f", the last {THOUGHTS} of {len(one.notes):,}" if more else "")
        yield from _titled(title, [(Text(_age(note.at), DIM), _line(note.text, "", 1_000)) for note in last])


def _state(one: Task) -> list[str]:
    if one.status is Status.OPEN:
        return ["current"] if one.is_current else ["open"]
    how = "" if one.success is None else "succeeded" if one.success else "failed"
    return [str(one.status), how]


def _tree(steps: Sequence[Subgoal]) -> RenderableType:
    """A line for each subgoal, below the one that it is a part of; where one is now stands out."""
    going_on = [step for step in steps if step.done_at is None]
    here = going_on[-1] if going_on else None
    lines = []
    for step in steps:
        mark, style = (HERE, STRONG) if step is here else (DONE, DIM) if step.done_at else (GOES_ON, "")
        row = Table.grid(padding=(0, 1))
        row.add_row(mark, _line(step.text, style))
        lines.append(Padding(row, (0, 0, 0, 2 * min(step.depth, 10))))
    return Group(*lines)


def _titled(title: str, rows: Sequence[tuple[Text, Text]]) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", DIM)
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=24, overflow="fold")
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    yield Padding(table, (0, 0, 0, 2))


def tasks(found: Sequence[Task]) -> RenderableType:
    """A line for each: where it stands, its goal, and where one is; the current one is marked."""
    several = len({one.space for one in found}) > 1
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in found:
        path = one.path
        said = _line(one.goal, STRONG if one.is_current else "")
        if path:
            said.append("\n› ", DIM).append(_line(" > ".join(path), DIM))
        told = [*_state(one)] if one.status is not Status.OPEN else []
        told += [one.space] if several else []
        said.append("  " + " · ".join([part for part in told if part] + [_age(one.updated_at)]), DIM)
        table.add_row(_mark(one), Text(harmless(one.id), ACCENT), said)
    return table


def _mark(one: Task) -> Text:
    if one.is_current:
        return HERE
    return Text("") if one.success is None else DONE if one.success else FAILED


# --- episodes ---


def _episode_lines(one: Episode) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(width=1)
    table.add_column(overflow="fold")
    score = "" if one.score is None else f"{one.score:.2f}"
    said = _line(one.goal, STRONG)
    if one.outcome:
        said.append("\n").append(_line(one.outcome, ""))
    about = _below(one.id, one.space, one.agent, _age(one.ended_at), f"took {took(one.seconds)}")
    row = (DONE if one.success else FAILED, said.append("\n").append(about))
    if score:
        table.add_row(Text(score, "green"), *row)
        return table
    bare = Table.grid(padding=(0, 1))
    bare.add_column(width=1)
    bare.add_column(overflow="fold")
    bare.add_row(*row)
    return bare


def episodes(found: Sequence[Episode]) -> RenderableType:
    """Each with its outcome and when it was."""
    lines: list[RenderableType] = []
    for place, one in enumerate(found):
        lines += [Text("")] if place else []
        lines.append(_episode_lines(one))
    return Group(*lines)


def episode(one: Episode) -> RenderableType:
    """A page: how it ended, when it was, and what was done."""
    when = f"{format_time(one.ended_at)} ({_age(one.ended_at)})"
    lines: list[RenderableType] = [
        Text.assemble(DONE if one.success else FAILED, " ", (harmless(one.goal), STRONG)),
        *([Text(harmless(one.outcome))] if one.outcome else []),
        _below(
            one.id, one.space, one.agent, when, f"took {took(one.seconds)}", f"importance {one.importance:g}"
        ),
    ]
    if one.steps:
        lines += [Text("\nSteps", DIM), *(Text("  · ").append(_line(step)) for step in one.steps)]
    return Group(*lines, Text("\nRemembered as", DIM), Padding(Text(harmless(one.text)), (0, 0, 0, 2)))


SEVERAL: Mapping[type, Callable[[Any], RenderableType]] = {Task: tasks, Episode: episodes}
ONE: Mapping[type, Callable[[Any], RenderableType]] = {
    Task: task,
    Episode: episode,
    Started: started,
    Noted: noted,
    Ended: ended,
}

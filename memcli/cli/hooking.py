"""Hooks and setting up, laid out for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.services.hooks.capturing import Flushed
from memcli.services.hooks.installing import Changed, Installed, State
from memcli.services.hooks.state import Hooks
from memcli.services.hooks.trying import Tried
from memcli.services.init import AS_BEFORE, Begun
from memcli.wording import counted

DIM, STRONG = "dim", "bold"

MARKS = {
    State.INSTALLED: ("●", "green"),
    State.PARTLY: ("◐", "yellow"),
    State.ABSENT: ("○", DIM),
    State.UNREADABLE: ("✗", "red"),
}

DIFF = {"+": "green", "-": "red", "@": "cyan"}


def changed(result: Changed) -> RenderableType:
    """What was done to a settings file."""
    mark = Text("○ ", style=DIM) if result.action == "unchanged" else Text("● ", style="green")
    lines: list[RenderableType] = [
        mark.append(result.action, style=STRONG).append(f"  {harmless(result.file)}", style=DIM)
    ]
    if result.backup:
        lines.append(Text(f"  as it was: {harmless(result.backup)}", style=DIM))
    if result.action.startswith("would"):
        lines += [Text(""), _diff(result.diff)]
    return Group(*lines)


def _diff(said: str) -> Text:
    text = Text()
    for line in harmless(said).split("\n"):
        is_name = line.startswith(("---", "+++"))
        text.append(f"{line}\n", style=STRONG if is_name else DIFF.get(line[:1], ""))
    text.rstrip()
    return text


def hooks(state: Hooks) -> RenderableType:
    """How the hooks of all harnesses are."""
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold", style=DIM)
    for one in state.hooks:
        mark, style = MARKS[one.state]
        name = Text(f"{mark} ", style=style).append(one.harness, style=f"not dim {STRONG}")
        table.add_row(name, one.scope, str(one.state), harmless(_about(one)))
    lines: list[RenderableType] = [table, Text("")]
    said = (
        counted(state.waiting, "event") + " waiting to be stored" if state.waiting else "nothing is waiting"
    )
    lines.append(Text(said, style="" if state.waiting else DIM))
    if state.log:
        lines += [
            Text(""),
            Text("last in the log", style=STRONG),
            Text(harmless("\n".join(state.log)), style=DIM),
        ]
    return Group(*lines)


def _about(one: Installed) -> str:
    if one.problem:
        return one.problem
    return f"{one.file}; without {', '.join(one.missing)}" if one.missing else one.file


def tried(found: Sequence[Tried]) -> RenderableType:
    """What a harness would get."""
    return Group(*(line for one in found for line in _tried(one)))


def _tried(one: Tried) -> list[RenderableType]:
    head = Text("● ", style="green").append(one.event, style=STRONG)
    if one.captures:
        return [head.append("  keeps what was said", style=DIM)]
    context = _context(one.output)
    if not context:
        return [head.append("  has nothing to say", style=DIM)]
    size = f"  {counted(len(one.memories), 'memory')}, {counted(len(context), 'letter')}"
    return [head.append(size, style=DIM), Padding(Text(harmless(context)), (0, 0, 0, 2))]


def _context(output: str) -> str:
    document: Any = json.loads(output) if output else {}
    return str(document.get("hookSpecificOutput", {}).get("additionalContext", ""))


def flushed(result: Flushed) -> RenderableType:
    """What a flush came to."""
    left = f", {counted(result.left, 'event')} left" if result.left else ""
    read = counted(result.sessions, "session")
    return Text(f"{read} read, {result.stored:,} new{left}")


def begun(result: Begun) -> RenderableType:
    """What setting up came to, and what to try next."""
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(style=DIM, no_wrap=True)
    for step in result.steps:
        mark = ("○", DIM) if step.action == AS_BEFORE else ("●", "green")
        table.add_row(Text(*mark), Text(step.what, style=STRONG), harmless(step.value), step.action)
    if not result.steps:
        table.add_row(Text("○", style=DIM), "nothing was changed")
    tries = Text("\n".join(f"  {line}" for line in result.next), style="cyan")
    return Group(table, Text("\nTry next", style=STRONG), tries)


SEVERAL: Mapping[type, Callable[[Any], RenderableType]] = {Tried: tried}
ONE: Mapping[type, Callable[[Any], RenderableType]] = {
    Changed: changed,
    Hooks: hooks,
    Flushed: flushed,
    Begun: begun,
}

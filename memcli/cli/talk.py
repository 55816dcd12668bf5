"""Conversations, laid out for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.dialogue import INTERRUPTED, Conversation, Turn
from memcli.model import Action
from memcli.services.conversations import Cleared, Summarised
from memcli.services.exchange import TakenIn
from memcli.services.turns import Added
from memcli.times import format_age
from memcli.wording import counted

DIM, STRONG, ACCENT = "dim", "bold", "cyan"
COLORS = {
    "user": "bold green",
    "assistant": "bold cyan",
    "system": "magenta",
    "developer": "magenta",
    "tool": "yellow",
}
NAMED = "bold blue"
ACTIONS = {Action.STORED: "green", Action.DUPLICATE: "yellow", Action.FAILED: "red"}

LONGEST_NAME = 14
"""Characters of a name that stand beside what was said."""

LONGEST_TITLE = 44
"""Characters of a title in a list, beside the rest of 80."""


def dialogue(turns: Sequence[Turn]) -> RenderableType:
    """The turns, one below the other: who, what, and when if that is not as long ago as the one before."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right", no_wrap=True, style=DIM)
    before = ""
    for place, turn in enumerate(turns):
        if place:
            table.add_row("", "", "")
        age = format_age(turn.created_at, datetime.now(UTC))
        who = Text(_short(turn.role or "?", LONGEST_NAME), COLORS.get(turn.role, NAMED))
        table.add_row(who, _said(turn), "" if age == before else age)
        before = age
    names = dict.fromkeys(turn.conversation for turn in turns)
    told = Text("\n" + " · ".join([*map(harmless, names), counted(len(turns), "turn")]), DIM)
    return Group(table, told)


def _said(turn: Turn) -> Text:
    style = DIM if turn.role in ("system", "developer", "tool") else ""
    said = Text(harmless(turn.content.strip()), style)
    return said.append(" … interrupted", DIM) if turn.metadata.get(INTERRUPTED) else said


def _short(text: str, most: int) -> str:
    line = harmless(" ".join(text.split()))
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def conversations(found: Sequence[Conversation]) -> RenderableType:
    """A line for each: its title, how much was said, when, and what it is called by."""
    several = len({one.space for one in found}) > 1
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, width=1)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, style=DIM)
    table.add_column(overflow="fold", style=ACCENT)
    for one in found:
        where = Text(harmless(one.id)).append(f"  in {harmless(one.space)}" if several else "", DIM)
        where.append(f"  {harmless(one.agent)}" if one.agent else "", DIM)
        title = Text(_short(one.title, LONGEST_TITLE), STRONG if one.current else "")
        age = format_age(one.last_at, datetime.now(UTC))
        table.add_row(Text("●" if one.current else "", "green"), title, f"{one.turns:,}", age, where)
    return table


def added(done: Added) -> RenderableType:
    """What happened, and where the turn is."""
    line = Text.assemble(
        (f"{done.action:<9} ", ACTIONS.get(done.action, "")), (harmless(done.id or ""), ACCENT)
    )
    if done.position is not None:
        line.append(f"  turn {done.position + 1:,} of {harmless(done.conversation)}", DIM)
        line.append(f" in {harmless(done.space)}", DIM)
    return line.append(f" ({harmless(done.reason)})", DIM) if done.reason else line


def all_added(done: Sequence[Added]) -> RenderableType:
    """How many turns went where; what is not as usual, line by line."""
    stored = [one for one in done if one.action is Action.STORED]
    told = Text(f"{counted(len(stored), 'turn')} stored", "green")
    told.append(f"  in {harmless(done[-1].conversation)}", DIM)
    return Group(told, *(added(one) for one in done if one.action is not Action.STORED))


def summarised(made: Summarised) -> RenderableType:
    """The summary, and below what it stands for and what made it."""
    if not made.summary:
        return Text("nothing there", DIM)
    told = f"\n{harmless(made.conversation)} · {counted(made.turns, 'turn')} · {harmless(made.by)}"
    return Group(Text(harmless(made.summary)), Text(told, DIM))


def cleared(done: Cleared) -> RenderableType:
    """How many turns are forgotten."""
    said = Text(f"forgotten {counted(done.turns, 'turn')}", "yellow")
    return said.append(f"  of {harmless(done.conversation)}; memcli undo brings them back", DIM)


def taken_in(done: TakenIn) -> RenderableType:
    """What an import came to."""
    said = Text(f"{done.stored:,} stored", "green").append(f", {done.duplicate:,} already there", DIM)
    said.append(f", {done.failed:,} failed", "red") if done.failed else None
    said.append(f", {done.skipped:,} without text", DIM) if done.skipped else None
    return said.append("  " + ", ".join(map(harmless, done.conversations)), ACCENT)


SEVERAL: Mapping[type, Callable[[Any], RenderableType]] = {
    Turn: dialogue,
    Conversation: conversations,
    Added: all_added,
}
ONE: Mapping[type, Callable[[Any], RenderableType]] = {
    Added: added,
    Summarised: summarised,
    Cleared: cleared,
    TakenIn: taken_in,
}

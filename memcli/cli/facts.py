"""Facts out of text, and LLM commands, laid out for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.llm import Program
from memcli.model import Action
from memcli.services.extract import Extracted
from memcli.services.extracting import Fact

DIM, STRONG, ACCENT = "dim", "bold", "cyan"
COLORS = {Action.STORED: "green", Action.DUPLICATE: "yellow", Action.REPLACED: "blue", Action.FAILED: "red"}


def _grid() -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    return table


def _importance(number: float | None) -> Text:
    return Text("   -" if number is None else f"{number:.2f}", DIM)


def found(facts: Sequence[Fact]) -> RenderableType:
    """A line for each fact, its importance before it."""
    table = _grid()
    table.add_column(ratio=1, overflow="fold")
    for fact in facts:
        table.add_row(_importance(fact.importance), harmless(fact.text))
    return table


def extracted(facts: Sequence[Extracted]) -> RenderableType:
    """A line for each fact: what happened, its importance, what it says, and where it is."""
    table = _grid()
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for fact in facts:
        said = Text(harmless(fact.text)).append("  ").append(harmless(fact.id or ""), ACCENT)
        if fact.replaced_id:
            said.append(f"  in the place of {harmless(fact.replaced_id)}", DIM)
        if fact.contradicts_id:
            said.append(f"  contradicts {harmless(fact.contradicts_id)}, which stays", "yellow")
        if fact.action is Action.FAILED:
            said.append(f"  {harmless(fact.reason)}", DIM)
        table.add_row(Text(fact.action, COLORS[fact.action]), _importance(fact.importance), said)
    return table


def programs(known: Sequence[Program]) -> RenderableType:
    """For each program the line that makes it the LLM command, whole, so that it can be copied."""
    lines: list[Text] = []
    for one in known:
        mark = "●" if one.current else "○" if one.installed else " "
        lines.append(Text.assemble((mark, "green"), f" {one.program:<7}", ("  " + one.meaning, DIM)))
        lines.append(Text(f"  {one.set}", ACCENT if one.installed else "", no_wrap=True, overflow="ignore"))
    return Group(
        *lines,
        Text(
            "\n● the LLM command now   ○ on your PATH   Any program does that reads a prompt and answers.",
            DIM,
        ),
    )

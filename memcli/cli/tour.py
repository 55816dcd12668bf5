"""What people see of the demonstration."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.model import Hit
from memcli.services.demo import Demo

DIM, STRONG, ACCENT = "dim", "bold", "cyan"


def demo(demo: Demo) -> RenderableType:
    """What was stored, what was asked, and what came of it."""
    right = sum(answer.right for answer in demo.answers)
    rows = Table.grid(padding=(0, 1), expand=True)
    rows.add_column(width=1)
    rows.add_column(ratio=1, overflow="fold")
    for answer in demo.answers:
        rows.add_row(Text("?", style=ACCENT), Text(answer.question, style=STRONG))
        if answer.hit:
            mark = Text("✓", style="green") if answer.right else Text("✗", style="red")
            rows.add_row(mark, _found(answer.hit))
        rows.add_row("", "")
    return Group(
        _step(
            f"{demo.stored} memories stored in the spaces {' and '.join(demo.spaces)}", 'memcli store "..."'
        ),
        Text(""),
        _step(f"{right} of {len(demo.answers)} questions found their memory first", 'memcli search "..."'),
        Text("The questions share no words with the answers, but for an error code.\n", style=DIM),
        rows,
        _step("What a prompt would be given", f'memcli context "{demo.task}"'),
        Text(""),
        Text(demo.context.context),
        Text(
            f"\n{demo.context.tokens} tokens at most. The temporary home is gone again. Now try your own:\n",
            style=DIM,
        ),
        Text('  memcli store "I like my coffee black"\n  memcli search "what do I drink in the morning?"'),
    )


def _step(says: str, command: str) -> Text:
    return Text("● ", style="green").append(says, style=STRONG).append(f"\n  {command}", style=DIM)


def _found(hit: Hit) -> Text:
    said = Text(f"{harmless(hit.speaker)}: " if hit.speaker else "", style=STRONG)
    return said.append(harmless(hit.text.strip()), style="").append(f"  {hit.score:.2f}", style=DIM)

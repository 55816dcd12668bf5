"""Figures for people: what was measured, side by side, the best of each line marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.services.evaluate import NDCG_DEPTH, Evaluated
from memcli.wording import counted

BEST = "bold green"
MARK = "*"
"""Behind the best figure of a line: colours are not for everybody, nor for every stream."""


def evaluated(figures: Sequence[Evaluated]) -> RenderableType:
    """The measures below each other, the modes side by side."""
    first = figures[0]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("", style="dim", no_wrap=True)
    for one in figures:
        table.add_column(f"{one.mode} ", justify="right", no_wrap=True)  # the mark has a place of its own
    for k in first.recall:
        table.add_row(*_line(f"recall@{k}", [one.recall[k] for one in figures], _share, max))
    table.add_row(*_line("MRR", [one.mrr for one in figures], _share, max))
    table.add_row(*_line(f"nDCG@{NDCG_DEPTH}", [one.ndcg for one in figures], _share, max))
    table.add_row()
    table.add_row(*_line("median, ms", [one.latency_ms.median for one in figures], _ms, min))
    table.add_row(*_line("p95, ms", [one.latency_ms.p95 for one in figures], _ms, min))
    asked = f"{counted(first.questions, 'question')}, {counted(first.relevant, 'relevant memory')}"
    return Group(Text(asked + "\n"), table, Text(f"\n{MARK} the best of its line", style="dim"))


def _share(value: float) -> str:
    return f"{value:.3f}"


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _line(
    name: str,
    values: Sequence[float],
    written: Callable[[float], str],
    best_of: Callable[[Sequence[float]], float],
) -> list[str | Text]:
    """One measure: its name and its figures, the best marked unless all look the same."""
    shown, best = [written(value) for value in values], written(best_of(values))
    several = len(set(shown)) > 1
    return [
        name,
        *(
            Text(figure + MARK, style=BEST) if several and figure == best else Text(figure + " ")
            for figure in shown
        ),
    ]

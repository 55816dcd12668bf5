"""Small tables on standard output, numbers aligned on the right, and goals with a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


def show(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print *rows* under *head* below *title*; the first column is for names."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        name, *values = (
            value.ljust(width) if column == 0 else value.rjust(width)
            for column, (value, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([name, *values]).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "-" if value is None else str(value)


def percent(share: float) -> str:
    """*share*, 0..1, in percent with one decimal."""
    return f"{100 * share:.1f}"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure ought to be.

    Attributes:
        name: What the figure is.
        value: The figure.
        most: It must not be more than this; None for no bound.
        least: It must not be less than this; None for no bound.
    """

    name: str
    value: float
    most: float | None = None
    least: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the figure is within its bounds, ends included."""
        return not (
            (self.most is not None and self.value > self.most)
            or (self.least is not None and self.value < self.least)
        )


def show_goals(goals: Sequence[Goal]) -> int:
    """Print *goals* beside their figures; an exit code: 0 if all are reached, else 1."""
    show(
        "goals",
        ["", "figure", "goal", ""],
        [(goal.name, goal.value, _bound(goal), "reached" if goal.reached else "MISSED") for goal in goals],
    )
    return 0 if all(goal.reached for goal in goals) else 1


def _bound(goal: Goal) -> str:
    bounds = (("<=", goal.most), (">=", goal.least))
    return " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)

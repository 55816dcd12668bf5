"""Why a hit is a hit, laid out for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless

NAMES = {
    "coverage": "words",
    "hubness": "hub",
    "asks_memory": "asks memory",
    "unknown_name": "unknown name",
}
"""What signals are called where their own name says little."""

DIM = "dim"


def signals(told: Mapping[str, Any]) -> Table:
    """One line for each signal that had a part in it: its value, what it did, where it alone would rank."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(justify="right", style=DIM, no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(style=DIM, overflow="fold")
    for name, about in told.items():
        if (
            name == "total"
            or about.get("contribution")
            or about.get("factor", 1.0) != 1.0
            or name == "rerank"
        ):
            table.add_row(*_row(name, about))
    return table


def _row(name: str, about: Mapping[str, Any]) -> tuple[Text, ...]:
    if name == "total":
        cells = ("relevance", "", f"{about['value']:.3f}", _rank(about), "")
    elif name == "edge":
        brought = f"of the score of {about['hit']}: weight and discount"
        cells = (name, f"{about['value']:.2f}", f"×{about['factor']:.2f}", "", brought)
    elif "factor" in about:
        cells = (name, f"{about['value']:.2f}", f"×{about['factor']:.2f}", "", "")
    elif name == "rerank":
        cells = (name, f"{about['value']:.3f}", "", _rank(about), "")
    else:
        terms = ", ".join(about.get("terms", ()))
        added = f"{about['contribution']:+.3f}"
        cells = (NAMES.get(name, name), f"{about['value']:.3f}", added, _rank(about), terms)
    style = "bold" if name == "total" else ""
    return tuple(Text(harmless(cell), style=style) for cell in cells)


def _rank(about: Mapping[str, Any]) -> str:
    return f"#{about['rank']}" if "rank" in about else ""

"""Edges, paths and values, laid out for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from memcli.cli.messages import excerpt, harmless
from memcli.services.answers import safe
from memcli.services.edges import Direction
from memcli.services.graph import Connected, EdgeOf, Node, Path, Traversal
from memcli.services.jsontext import compact
from memcli.services.values import Kept
from memcli.structure import Value
from memcli.times import format_age, format_time
from memcli.wording import counted

DIM, STRONG, ACCENT, TYPE = "dim", "bold", "cyan", "magenta"
COLORS = {
    "connected": "green",
    "created": "green",
    "updated": "blue",
    "disconnected": "yellow",
    "deleted": "yellow",
}
ARROWS = {Direction.OUT: "→", Direction.IN: "←"}

LONGEST_SHOWN = 400
"""Characters of a value that a list shows."""


# --- the graph ---


def connected(edge: Connected) -> RenderableType:
    """What happened, and the edge as an arrow."""
    line = Text.assemble((f"{edge.action:<9} ", COLORS[edge.action]), (harmless(edge.from_), ACCENT))
    line.append(" ─ ", DIM).append(harmless(edge.type), TYPE).append(f" {edge.weight:.2f}").append(" → ", DIM)
    line.append(harmless(edge.to), ACCENT)
    if edge.weight_before is not None and edge.weight_before != edge.weight:
        line.append(f"  was {edge.weight_before:.2f}", DIM)
    return line.append(_before(edge.was_from, edge.from_)).append(_before(edge.was_to, edge.to))


def _before(named: str | None, now: str) -> Text:
    """That *named* was connected, and *now* has replaced it."""
    return Text(f"  ({harmless(now)} replaced {harmless(named)})" if named else "", DIM)


def edges(found: Sequence[EdgeOf]) -> RenderableType:
    """A line for each edge: where it leads, what it is, and the memory at the other end."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for edge in found:
        other = Text.assemble((harmless(edge.id), ACCENT), f"  {excerpt(edge.text)}")
        other.append(_before(edge.was_from, edge.from_)).append(_before(edge.was_to, edge.to))
        kind = Text(harmless(edge.type), TYPE)
        table.add_row(Text(ARROWS[edge.direction], DIM), kind, f"{edge.weight:.2f}", other)
    return table


def traversal(reached: Traversal) -> RenderableType:
    """A tree: each memory below the one that it was reached from."""
    first, *others = reached.nodes
    trees = {first.id: Tree(_named(first, STRONG), guide_style=DIM)}
    for node in others:
        trees[node.id] = trees[str(node.via)].add(_branch(node))
    return trees[first.id]


def _branch(node: Node) -> Text:
    line = Text.assemble((harmless(node.type or ""), TYPE), f" {node.weight:.2f} ")
    return line.append(f"{ARROWS[node.direction or Direction.OUT]} ", DIM).append(_named(node))


def _named(node: Node, style: str = "") -> Text:
    return Text.assemble((excerpt(node.text), style), "  ", (harmless(node.id), ACCENT))


def path(way: Path) -> RenderableType:
    """The memories one below the other, and between them what leads on."""
    lines: list[Text] = []
    for node in way.nodes:
        if node.type:
            arrow = "↓" if node.direction is Direction.OUT else "↑"
            lines.append(
                Text.assemble((f"  {arrow} ", DIM), (harmless(node.type), TYPE), f" {node.weight:.2f}")
            )
        lines.append(_named(node, STRONG if node in (way.nodes[0], way.nodes[-1]) else ""))
    steps = len(way.edges)
    told = f"{counted(steps, 'step')}, together {way.score:.2f}"
    return Group(*lines, Text(told, DIM))


# --- values ---


def kept(done: Kept) -> RenderableType:
    """What happened to which key."""
    line = Text.assemble((f"{done.action:<9} ", COLORS[done.action]), (harmless(done.key), ACCENT))
    if done.data is not None:
        line.append(f"  {done.data}", STRONG)
    line.append(f"  version {done.version:,} in {harmless(done.space)}", DIM)
    return line.append(_end(done.expires_at), DIM)


def _end(expires_at: datetime | None) -> str:
    if expires_at is None:
        return ""
    return f", expires {format_age(expires_at, datetime.now(UTC))} ({format_time(expires_at)})"


def value(one: Value) -> RenderableType:
    """The value, and below what is known about it."""
    told = Text.assemble(
        (harmless(one.key), ACCENT), (f"  version {one.version:,} in {harmless(one.space)}", DIM)
    )
    told.append(f", written {format_age(one.updated_at, datetime.now(UTC))}{_end(one.expires_at)}", DIM)
    return Group(Text(safe(one.data)), told)


def values(found: Sequence[Value]) -> RenderableType:
    """A line for each: key and value, when it expires."""
    several = len({one.space for one in found}) > 1
    table = Table.grid(padding=(0, 2))
    table.add_column(style=ACCENT, overflow="fold")
    table.add_column(overflow="fold")
    for one in found:
        said = safe(compact(one.data))
        shown = Text(said[:LONGEST_SHOWN])
        if len(said) > LONGEST_SHOWN:
            shown.append(f"… {len(said) - LONGEST_SHOWN:,} more characters", DIM)
        where = f"  in {harmless(one.space)}" if several else ""
        end = f"  expires {format_age(one.expires_at, datetime.now(UTC))}" if one.expires_at else ""
        table.add_row(harmless(one.key), shown.append(where + end, DIM))
    return table

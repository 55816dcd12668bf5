"""Figures as people like to look at them: bars and sparklines, in whatever characters the terminal has."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.services.stats import Growth, Stats
from memcli.times import format_age
from memcli.wording import counted

DIM, STRONG, ACCENT = "dim", "bold", "cyan"
SPARKS, PLAIN_SPARKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
BAR, PLAIN_BAR = "━", "="
BAR_CELLS, LINES = 24, 3
SPACES_SHOWN = 12
"""Spaces that are listed; `memcli spaces list` has them all."""

UNITS = ("B", "kB", "MB", "GB", "TB")
TWO_COLUMNS = 120
"""Cells from which on two parts stand side by side."""


def _speaks(characters: str) -> bool:
    """Whether standard output can say *characters*."""
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns(figures: Sequence[int], cells: int) -> list[str]:
    """A chart, line by line: a column of *cells* for each of *figures*; only nothing looks like nothing."""
    steps = SPARKS if _speaks(SPARKS) else PLAIN_SPARKS
    full, most = len(steps) - 1, max(figures, default=0)
    heights = [max(1, round(one / most * full * LINES)) if one else 0 for one in figures]
    below = [full * line for line in reversed(range(LINES))]
    return [
        " ".join(steps[min(max(height - start, 0), full)] * cells for height in heights) for start in below
    ]


def bar(figure: int, most: int, cells: int = BAR_CELLS) -> str:
    """*figure* as a bar, which has *cells* cells for *most*; only nothing looks like nothing."""
    sign = BAR if _speaks(BAR) else PLAIN_BAR
    return sign * (max(1, round(figure / most * cells)) if figure else 0)


def size(number: int) -> str:
    """*number* of bytes, as one says it."""
    amount, unit = float(number), 0
    while amount >= 1_000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1_000, unit + 1
    return f"{amount:.1f} {UNITS[unit]}" if unit and amount < 100 else f"{amount:.0f} {UNITS[unit]}"


class Stacked:
    """Parts below each other, or in two columns where there is room for them."""

    def __init__(self, left: Sequence[RenderableType], right: Sequence[RenderableType]) -> None:
        self._left, self._right = left, right

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The parts, as wide as there is room."""
        if options.max_width < TWO_COLUMNS:
            yield Group(*self._left, *self._right)
            return
        table = Table.grid(padding=(0, 4), expand=True)
        table.add_column(ratio=1)
        table.add_column(ratio=1)
        table.add_row(Group(*self._left), Group(*self._right))
        yield table


def stats(of: Stats) -> RenderableType:
    """All figures, part by part."""
    left = [_counts(of), *_growth(of.growth), *_retention(of), *_most_used(of)]
    right = [*_spaces(of), *_disk(of), *_tables(of)]
    return Stacked(left, right)


def _grid(*justify: str) -> Table:
    table = Table.grid(padding=(0, 2))
    for one in justify:
        table.add_column(justify="right" if one == "r" else "left", no_wrap=one == "r", overflow="fold")
    return table


def _part(title: str, body: RenderableType) -> list[RenderableType]:
    return [Text(title, STRONG), Padding(body, (0, 0, 1, 2))]


def _counts(of: Stats) -> RenderableType:
    counts = of.counts
    nouns = [
        (counts.facts, "fact"),
        (counts.turns, "turn"),
        (counts.conversations, "conversation"),
        (counts.spaces, "space"),
        (counts.edges, "edge"),
        (counts.values, "value"),
        (counts.tasks, "task"),
    ]
    states = [(counts.replaced, "replaced"), (counts.forgotten, "forgotten"), (counts.expired, "expired")]
    said = [*(counted(number, what) for number, what in nouns), *(f"{n:,} {what}" for n, what in states if n)]
    told = [
        Text.assemble(number + " ", (what, DIM)) for number, _, what in (one.partition(" ") for one in said)
    ]
    big = Text(counted(counts.memories, "memory"), "bold cyan")
    return Group(big, Padding(Columns(told, padding=(0, 3), expand=False), (0, 0, 1, 2)))


def _growth(growth: Growth) -> list[RenderableType]:
    most = max(growth.made, default=0)
    if not most and not growth.before:
        return []
    is_daily = growth.every == "day"
    lines = columns(growth.made, 1 if is_daily else 4)
    told = f"{sum(growth.made):,} in {len(growth.made)} {growth.every}s, at most {most:,} a {growth.every}"
    before = f"; {growth.before:,} before" if growth.before else ""
    first = growth.since.strftime("%d %b" if is_daily else "%b %Y")
    ends = first + "now".rjust(max(len(lines[0]) - len(first), 5))
    return _part("Growth", Group(Text("\n".join(lines), ACCENT), Text(ends, DIM), Text(told + before, DIM)))


def _retention(of: Stats) -> list[RenderableType]:
    if not of.counts.memories:
        return []
    table, most = _grid("r", "r", "l"), max(of.retention)
    step = 1 / len(of.retention)
    for place, number in reversed(list(enumerate(of.retention))):
        table.add_row(
            Text(f"{place * step:.1f}", DIM), f"{number:,}", Text(bar(number, most), _warmth(place * step))
        )
    return _part("Retention: how fresh they are, 1 being as good as new", table)


def _warmth(retention: float) -> str:
    return "green" if retention >= 0.6 else "yellow" if retention >= 0.2 else DIM


def _most_used(of: Stats) -> list[RenderableType]:
    if not of.most_used:
        return []
    table = _grid("r", "l", "l")
    for one in of.most_used:
        table.add_row(f"{one.uses:,}", Text(harmless(one.id), ACCENT), Text(harmless(one.title)))
    return _part("Most used", table)


def _spaces(of: Stats) -> list[RenderableType]:
    if not of.spaces:
        return []
    table, most, now = _grid("l", "r", "l", "l"), of.spaces[0].memories, datetime.now(UTC)
    for one in of.spaces[:SPACES_SHOWN]:
        name = Text(harmless(one.name), ACCENT)
        age = Text(format_age(one.made, now), DIM)
        table.add_row(name, f"{one.memories:,}", age, Text(bar(one.memories, most, BAR_CELLS // 2), DIM))
    more = len(of.spaces) - SPACES_SHOWN
    body = Group(table, Text(f"and {more:,} more", DIM)) if more > 0 else table
    return _part("Spaces", body)


def _disk(of: Stats) -> list[RenderableType]:
    total = sum(one.bytes for one in of.disk)
    if not total:
        return _part("Disk", Text(f"nothing is stored yet at {harmless(of.store)}", DIM))
    table, most = _grid("l", "r", "r", "l"), max(one.bytes for one in of.disk)
    for one in of.disk:
        if one.files:
            files = Text(counted(one.files, "file"), DIM)
            table.add_row(one.what, size(one.bytes), files, Text(bar(one.bytes, most, BAR_CELLS // 2), DIM))
    where = Text(harmless(of.store), DIM)
    return _part(f"Disk: {size(total)}", Group(table, where))


def _tables(of: Stats) -> list[RenderableType]:
    if not of.tables:
        return []
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    table.add_column("table")
    for title in ("rows", "pieces", "versions", "indexes", "not indexed"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in of.tables:
        table.add_row(
            Text(one.table), *_figures(one.rows, one.fragments, one.versions, one.indexes, one.unindexed)
        )
    return _part(f"Tables ({of.model})" if of.model else "Tables", table)


def _figures(*numbers: int) -> Iterator[Text]:
    return (Text(f"{number:,}", DIM if not number else "") for number in numbers)

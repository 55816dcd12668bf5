"""How the store and the warm process are, laid out for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.services.backup import Backup, BroughtBack
from memcli.services.health.findings import Finding, Level
from memcli.services.scanning import Leak
from memcli.services.upkeep import Optimized
from memcli.services.view import Viewed
from memcli.times import format_age, format_time
from memcli.warm.warmth import Warmth
from memcli.wording import counted

DIM, STRONG = "dim", "bold"

MARKS = {
    Level.OK: ("✓", "green"),
    Level.NOTE: ("·", "cyan"),
    Level.WARNING: ("!", "yellow"),
    Level.ERROR: ("✗", "red"),
}


def optimized(result: Optimized) -> RenderableType:
    """What tidying came to."""
    return Text(
        f"{counted(result.files_before, 'file')}, {result.bytes_before / 1e6:,.1f} MB  →  "
        f"{counted(result.files_after, 'file')}, {result.bytes_after / 1e6:,.1f} MB"
    )


def backup(made: Backup) -> RenderableType:
    """What a backup holds, and what became of it."""
    at = harmless(made.store if isinstance(made, BroughtBack) else made.file)
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style=DIM, no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("taken", f"{format_time(made.made_at)}  by memcli {harmless(made.memcli)}")
    if made.model:
        rows.add_row("model", harmless(made.model))
    size = f"{made.unpacked / 1e6:,.1f} MB in {counted(made.files, 'file')}"
    rows.add_row("size", size if made.size is None else f"{made.size / 1e6:,.1f} MB, unpacked {size}")
    others = {name: rows for name, rows in made.tables.items() if rows and name not in UNTOLD}
    told = ", ".join(f"{rows:,} {harmless(name)}" for name, rows in others.items() if "_" not in name)
    if told:
        rows.add_row("besides", told)
    rows.add_row("settings", "in it" if made.config else "not in it")
    if isinstance(made, BroughtBack) and made.kept:
        rows.add_row("before", harmless(made.kept))
    head = Text("● ", style="green").append(counted(made.memories, "memory"), style=STRONG)
    return Group(head.append(f"  {at}", style=f"not bold {DIM}"), Text(""), rows)


def viewed(made: Viewed) -> RenderableType:
    """What is on a page, and where that is."""
    head = Text("● ", style="green").append(counted(made.memories, "memory"), style=STRONG)
    told = [
        counted(number, what) for number, what in ((made.edges, "edge"), (made.groups, "group")) if number
    ]
    head.append("".join(f", {one}" for one in told) + f"  {made.size / 1e6:,.1f} MB")
    return Group(head, Text(f"  {harmless(made.file)}", style=DIM, overflow="fold"))


def leaks(found: Sequence[Leak]) -> RenderableType:
    """Where secrets are; never the secrets."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for name in ("what", "id", "kind", "where", ""):
        table.add_column(name, overflow="fold")
    for leak in found:
        done = Text("redacted", style="green") if leak.redacted else Text("")
        where = ", ".join(leak.where)
        table.add_row(leak.what, Text(harmless(leak.id), style="cyan"), ", ".join(leak.kinds), where, done)
    return table


UNTOLD = {"meta", "changes"}
"""Tables that people have never heard of."""


def warmth(state: Warmth) -> RenderableType:
    """How the warm process is."""
    now = datetime.now(UTC)
    if not state.running:
        said = Text("○ not running", style=STRONG)
        then = (
            "the next command that loads the model starts it" if state.socket else "no place for its socket"
        )
        return said.append(f"  {then}", style=f"not bold {DIM}")
    began = format_age(now - timedelta(seconds=state.up_s), now)
    table = Table.grid(padding=(0, 2))
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("process", str(state.pid))
    table.add_row("commands", f"{state.commands:,}")
    if state.memory_mib:
        table.add_row("memory", f"{state.memory_mib:,.0f} MiB")
    table.add_row("socket", harmless(state.socket))
    return Group(
        Text("● ", style="green").append("running", style=STRONG).append(f"  started {began}", style=DIM),
        Text(""),
        table,
    )


def findings(those: Sequence[Finding]) -> RenderableType:
    """One per line, each with how it is and what mends it; in the end, what it all comes to."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style=STRONG)
    table.add_column(overflow="fold")
    before = ""
    for finding in those:
        mark, style = ("+", "green") if finding.mended else MARKS[finding.level]
        is_quiet = finding.level is Level.OK and not finding.mended
        said = Text(harmless(finding.message), style=DIM if is_quiet else style if not finding.ok else "")
        table.add_row(
            Text(mark, style=style), f"{'' if finding.check == before else finding.check:<11}", said
        )
        if finding.command:
            table.add_row("", "", Text(f"→ {harmless(finding.command)}", style="cyan"))
        before = finding.check
    return Group(table, Text(""), _verdict(those))


def _verdict(those: Sequence[Finding]) -> Text:
    numbers = {level: sum(finding.level is level for finding in those) for level in Level}
    mended = sum(finding.mended for finding in those)
    said = Text(f"{mended:,} mended, ", style="green") if mended else Text("")
    if not numbers[Level.ERROR] + numbers[Level.WARNING]:
        return said.append("all is well", style="bold green")
    parts = [
        (counted(numbers[level], word), MARKS[level][1])
        for level, word in ((Level.ERROR, "error"), (Level.WARNING, "warning"), (Level.NOTE, "note"))
        if numbers[level]
    ]
    for place, (words, style) in enumerate(parts):
        said.append(", " if place else "").append(words, style=f"bold {style}")
    return said

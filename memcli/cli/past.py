"""What was before, laid out for people: histories, changes taken back, what a new memory was held against."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.model import Considered, default_title
from memcli.services.history import Version
from memcli.services.undo import Undone
from memcli.times import format_time

DIM, STRONG, ACCENT = "dim", "bold", "cyan"


def versions(chain: Sequence[Version]) -> RenderableType:
    """The latest first, each below the one that replaced it."""
    lines: list[Text] = []
    for depth, version in enumerate(reversed(chain)):
        indent = "   " * max(depth - 1, 0)
        branch, below = (f"{indent}└─ ", f"{indent}   ") if depth else ("", "")
        lines.append(
            Text(branch, style=DIM).append(
                harmless(version.text.strip()), style=STRONG if version.current else ""
            )
        )
        lines.append(
            Text(below).append(harmless(version.id), style=ACCENT).append(_times(version), style=DIM)
        )
        if version.replaced_at and version.replaced_reason:
            sure = version.replaced_confidence
            how = "" if sure is None else f" ({sure:.0%} sure)"
            lines.append(Text(f"{below}{harmless(version.replaced_reason)}{how}", style=DIM))
    return Group(*lines)


def _times(version: Version) -> str:
    since = f" · since {format_time(version.valid_from)}"
    if version.valid_until is None:
        return since
    how = "forgotten" if version.forgotten_at else "replaced" if version.replaced_at else "until"
    return f"{since} · {how} {format_time(version.valid_until)}"


def undone(changes: Sequence[Undone]) -> RenderableType:
    """Each change with the first of the memories that it was about."""
    lines: list[Text] = []
    for change in changes:
        did = f"{change.forgotten:,} forgotten again, {change.changed:,} as before"
        line = Text(harmless(change.command), style=STRONG)
        lines.append(line.append(f"  {format_time(change.at)} · {did}", style=DIM))
        for memory in change.memories:
            said = harmless(default_title(memory.text))
            lines.append(
                Text(f"  {memory.action:<9} ").append(harmless(memory.id), style=ACCENT).append(f"  {said}")
            )
        more = change.forgotten + change.changed - len(change.memories)
        if more > 0:
            lines.append(Text(f"  and {more:,} more", style=DIM))
    return Group(*lines)


def considered(pairs: Sequence[Considered]) -> list[Text]:
    """A line for each memory that a new one was held against."""
    return [
        Text(f"  {pair.action:<9} ", style=DIM)
        .append(harmless(pair.id), style=ACCENT)
        .append(f"  {harmless(default_title(pair.text))}")
        .append(
            f"  {harmless(pair.reason)} ({pair.confidence:.0%} sure, cosine {pair.similarity:.2f})", style=DIM
        )
        for pair in pairs
    ]

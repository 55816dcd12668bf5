"""What was before, laid out for people: histories, changes taken back, what memories do to each other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.model import Conflict, Considered, default_title
from memcli.services.consolidate import Step
from memcli.services.history import Version
from memcli.services.undo import Undone
from memcli.times import format_time
from memcli.wording import counted

DIM, STRONG, ACCENT = "dim", "bold", "cyan"

COLORS = {"duplicate": "yellow", "merged": "yellow", "replaced": "blue", "forgotten": "red"}
"""Of what becomes of a memory."""


def versions(chain: Sequence[Version]) -> RenderableType:
    """The latest first, each below the one that replaced it."""
    lines: list[Text] = []
    for depth, version in enumerate(reversed(chain)):
        indent = "   " * max(depth - 1, 0)
        branch, below = (f"{indent}└─ ", f"{indent}   ") if depth else ("", "")
        said = harmless(version.text.strip())
        lines.append(Text.assemble((branch, DIM), (said, STRONG if version.current else "")))
        lines.append(Text.assemble(below, (harmless(version.id), ACCENT), (_times(version), DIM)))
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
        parts = (
            f"{change.forgotten:,} forgotten again" if change.forgotten else "",
            f"{change.changed:,} as before" if change.changed else "",
            counted(change.edges, "edge") + " as before" if change.edges else "",
            f"{change.overtaken:,} changed again since and left" if change.overtaken else "",
        )
        did = ", ".join(filter(None, parts)) or "no memory of it is left"
        lines.append(
            Text.assemble((harmless(change.command), STRONG), (f"  {format_time(change.at)} · {did}", DIM))
        )
        lines += [_memory(f"  {one.action:<9}", "", one.id, one.text, "") for one in change.memories]
        more = change.forgotten + change.changed - len(change.memories)
        if more > 0:
            lines.append(Text(f"  and {more:,} more", style=DIM))
    return Group(*lines)


def considered(pairs: Sequence[Considered]) -> list[Text]:
    """A line for each memory that a new one was held against."""
    return [
        _memory(
            f"  {pair.action:<9}",
            DIM,
            pair.id,
            pair.text,
            _why(pair),
        )
        for pair in pairs
    ]


def _why(pair: Considered | Conflict) -> str:
    return f"{pair.reason} ({pair.confidence:.0%} sure, cosine {pair.similarity:.2f})"


def conflicts(found: Sequence[Conflict]) -> RenderableType:
    """Each pair: what is proposed, and the older above the later."""
    lines: list[Text] = []
    for conflict in found:
        action = (f"{conflict.action:<9} ", COLORS.get(conflict.action, ""))
        why = _why(conflict)
        if conflict.contested:
            action = ("contested ", "yellow")
            why = f"{conflict.new.trust} against {conflict.old.trust}: {why}"
        lines.append(Text.assemble(action, (harmless(why), DIM)))
        for sign, memory in (("-", conflict.old), ("+", conflict.new)):
            lines.append(_memory(f"  {sign}", DIM, memory.id, memory.text, format_time(memory.created_at)))
    return Group(*lines)


def steps(done: Sequence[Step]) -> RenderableType:
    """A line for each memory that is put aside."""
    return Group(
        *(
            _memory(
                f"{step.action:<9}",
                COLORS.get(step.action, ""),
                step.id,
                step.text,
                f"{step.reason}, into {step.into}" if step.into else step.reason,
            )
            for step in done
        )
    )


def _memory(head: str, style: str, name: str, text: str, told: str) -> Text:
    """A line about the memory *name*: *head* in *style*, its id and title, and what is *told* of it."""
    return Text.assemble(
        (f"{head} ", style),
        (harmless(name), ACCENT),
        f"  {harmless(default_title(text))}",
        (f"  {harmless(told)}", DIM),
    )

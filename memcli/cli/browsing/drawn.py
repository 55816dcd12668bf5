"""Memories as the screen shows them. Their text is never markup, and can't steer the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text
from textual.content import Content

from memcli.cli.messages import harmless
from memcli.errors import MemcliError
from memcli.model import Hit, Memory, Space, default_title
from memcli.services.answers import as_json
from memcli.services.edges import Direction
from memcli.services.graph import EdgeOf
from memcli.services.history import Version
from memcli.services.reading import Reading
from memcli.services.undo import Undone
from memcli.times import format_age, format_time
from memcli.wording import counted

MUTED, ACCENT, WARNING, TYPE = "dim", "$accent", "$warning", "$secondary"

LINE_MOST = 400
"""Characters of a text that a line may show: wider than any screen."""

TEXT_MOST = 400_000
"""Characters of a memory that the screen shows: a book of 200 pages, which takes it a second."""

BAR = 10
"""Cells of a bar."""

ARROWS = {Direction.OUT: "→", Direction.IN: "←"}


def line(text: str) -> str:
    """The beginning of *text*, on one line."""
    return harmless(" ".join(text[: LINE_MOST * 2].split())[:LINE_MOST])


def said(memory: Memory) -> str:
    """What *memory* says in a few words, in quotes."""
    title = default_title(memory.text)
    return f"“{harmless(title)}{'' if title == ' '.join(memory.text.split()) else '…'}”"


def row(memory: Memory, now: datetime, *, with_space: bool) -> Content:
    """*memory* in a list: what it says, and below that what is known about it."""
    score = f"{memory.score:.2f}  " if isinstance(memory, Hit) else ""
    speaker = f"{harmless(memory.speaker)}: " if memory.speaker else ""
    parts = [Content.styled(harmless(memory.id), ACCENT), *_marks(memory, now, with_space=with_space)]
    return Content.assemble(
        (score, _grade(memory)),
        (speaker, "bold"),
        line(memory.text),
        "\n" + " " * len(score),
        Content.styled(" · ", MUTED).join(parts),
    )


def _grade(memory: Memory) -> str:
    score = memory.score if isinstance(memory, Hit) else 0.0
    return "bold $success" if score >= 0.5 else "$success" if score >= 0.3 else MUTED


def _marks(memory: Memory, now: datetime, *, with_space: bool) -> Iterator[Content]:
    if with_space:
        yield Content.styled(harmless(memory.space), MUTED)
    yield Content.styled(format_age(memory.created_at, now), MUTED)
    if memory.forgotten_at:
        yield Content.styled("forgotten", WARNING)
    elif memory.replaced_at:
        yield Content.styled("replaced", WARNING)
    if memory.team:
        yield Content.styled(f"{harmless(memory.user)} for {harmless(memory.team)}", TYPE)
    if memory.source:
        yield Content.styled(f"from {harmless(memory.source)}", MUTED)
    if memory.tags:
        yield Content.styled(tags(memory), MUTED)


def tags(memory: Memory) -> str:
    """The tags of *memory*, each with its sign."""
    return " ".join(f"#{harmless(tag)}" for tag in memory.tags)


def whole(memory: Memory) -> Content:
    """All that *memory* says."""
    text = harmless(memory.text[:TEXT_MOST])
    more = len(memory.text) - len(text)
    told = f"\n… {more:,} more characters: memcli get {harmless(memory.id)}" if more else ""
    speaker = f"{harmless(memory.speaker)}: " if memory.speaker else ""
    return Content.assemble((speaker, "bold"), text, (told, MUTED))


def about(reading: Reading, now: datetime) -> Table:
    """All that is known about a memory besides what it says."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _fields(reading, now):
        if value:
            table.add_row(name, Text(harmless(value), "bold" if name == "id" else ""))
    return table


def _fields(reading: Reading, now: datetime) -> Iterator[tuple[str, str]]:
    memory = reading.memory
    yield "id", memory.id
    yield "title", memory.title if memory.title != default_title(memory.text) else ""
    yield "space", memory.space
    yield "tags", " ".join(f"#{tag}" for tag in memory.tags)
    yield "importance", _bar(memory.importance)
    yield "retention", _bar(reading.retention)
    yield "created", _moment(memory.created_at, now)
    yield "updated", _moment(memory.updated_at, now) if memory.updated_at != memory.created_at else ""
    yield "used", _used(memory, now)
    yield "expires", _moment(memory.expires_at, now)
    yield "forgotten", _moment(memory.forgotten_at, now)
    yield "replaced", _moment(memory.replaced_at, now)
    yield "because", memory.replaced_reason
    yield "source", memory.source
    yield "conversation", memory.conversation
    yield "position", "" if memory.position is None else str(memory.position)
    yield "user", memory.user
    yield "agent", memory.agent
    yield "team", memory.team
    yield "metadata", as_json(memory.metadata, indent=2) if memory.metadata else ""


def _bar(share: float) -> str:
    filled = round(share * BAR)
    return f"{'━' * filled}{'╌' * (BAR - filled)} {share:.2f}"


def _used(memory: Memory, now: datetime) -> str:
    if memory.uses < 2:
        return _moment(memory.used_at, now) if memory.uses else ""
    return f"{counted(memory.uses, 'time')}, last {_moment(memory.used_at, now)}"


def _moment(time: datetime | None, now: datetime) -> str:
    return f"{format_time(time)} ({format_age(time, now)})" if time else ""


def links(reading: Reading) -> Iterator[tuple[Content, str]]:
    """What leads on from a memory: a line each, and the id of the memory there; "" for a heading."""
    others = [version for version in reading.versions if version.id != reading.memory.id]
    if others:
        yield Content.styled("history", "italic " + MUTED), ""
    yield from ((_version(one, reading.memory), one.id) for one in reversed(others))
    if reading.edges:
        yield Content.styled("connected", "italic " + MUTED), ""
    yield from ((_edge(edge), edge.id) for edge in reading.edges)


def _version(version: Version, memory: Memory) -> Content:
    when = version.valid_until if version.created_at < memory.created_at else version.valid_from
    word = "until" if version.created_at < memory.created_at else "since"
    time = f"{word} {format_time(when)[:10]}" if when else ""
    return Content.assemble((f"  {time:<17}", MUTED), line(version.text))


def _edge(edge: EdgeOf) -> Content:
    return Content.assemble(
        (f"  {ARROWS[edge.direction]} ", MUTED),
        (harmless(edge.type), TYPE),
        (f" {edge.weight:.2f}  ", MUTED),
        line(edge.text),
    )


def space(one: Space, now: datetime, *, is_here: bool) -> Content:
    """The space *one* in a list."""
    latest = f"  {format_age(one.latest, now)}" if one.latest else ""
    return Content.assemble(
        ("● " if is_here else "  ", ACCENT),
        (f"{one.memories:>9,}  ", MUTED),
        (harmless(one.name), "bold" if is_here else ""),
        (latest, MUTED),
        (f"  {line(one.description)}" if one.description else "", "italic " + MUTED),
    )


def undone(changes: Sequence[Undone]) -> str:
    """What was taken back, in a sentence."""
    if not changes:
        return "there is nothing to undo"
    change = changes[0]
    about_these = counted(change.forgotten + change.changed, "memory")
    done = counted(change.edges, "edge") + " as before" if change.edges else about_these
    done += f" ({change.overtaken:,} changed again since and left)" if change.overtaken else ""
    first = change.memories[0] if change.memories else None
    told = f": “{line(default_title(first.text))}” is {_now(first.action)}" if first else ""
    return f"{harmless(change.command)} of {format_time(change.at)} undone, {done}{told}"


def _now(action: str) -> str:
    return {"forgotten": "forgotten again", "restored": "back"}.get(action, "as it was before")


def last_change(change: Undone) -> str:
    """The last change, in a few words."""
    several = counted(change.forgotten + change.changed, "memory")
    return f"{harmless(change.command)} of {format_time(change.at)}, {several}"


def trouble(error: Exception) -> str:
    """What went wrong, and what can be done about it."""
    if isinstance(error, MemcliError):
        return f"{error.sentence} ({error.hint})" if error.hint else error.sentence
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"

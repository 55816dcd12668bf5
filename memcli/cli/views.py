"""What people see on a terminal. Text of memories is never markup, and never hidden."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.cli import (
    care,
    charts,
    explained,
    facts,
    figures,
    hooking,
    past,
    structure,
    talk,
    tour,
    who,
    work,
)
from memcli.cli.messages import colored, harmless
from memcli.config import Setting
from memcli.embedding.catalog import RERANKER, ModelInfo
from memcli.llm import Program
from memcli.model import Action, Conflict, Context, Hit, Imported, Memory, Space, Stored, Trust
from memcli.services.agents import Agent
from memcli.services.answers import as_json
from memcli.services.backup import Backup, BroughtBack
from memcli.services.consolidate import Step
from memcli.services.demo import Demo
from memcli.services.evaluate import Evaluated
from memcli.services.extract import Extracted
from memcli.services.extracting import Fact
from memcli.services.graph import Connected, EdgeOf, Path, Traversal
from memcli.services.health.findings import Finding
from memcli.services.history import Version
from memcli.services.models import Changed
from memcli.services.scanning import Leak
from memcli.services.spaces import InForce, Merged
from memcli.services.stats import Stats
from memcli.services.teams import Member, Team
from memcli.services.undo import Undone
from memcli.services.upkeep import Optimized
from memcli.services.values import Kept
from memcli.services.view import Viewed
from memcli.structure import Value
from memcli.times import format_age, format_time
from memcli.warm.warmth import Warmth
from memcli.wording import counted

DIM, STRONG, ACCENT = "dim", "bold", "cyan"

TRAILING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)

LONGEST_SHOWN = 2_000
"""Characters of a memory that lists show: a screen of 80 x 25. `get` shows all."""


def console() -> Console:
    """Standard output: no markup, no emoji codes, no guessing what a word may be."""
    return Console(
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        no_color=not colored(sys.stdout),
    )


def laid_out(answer: Any) -> str:
    """*answer* laid out for standard output, without the blanks that fill its lines."""
    out = console()
    with out.capture() as captured:
        out.print(_laid_out(answer))
    return TRAILING.sub(r"\1", captured.get()).removesuffix("\n")


def _laid_out(answer: Any) -> RenderableType:
    if isinstance(answer, list | tuple):
        if not answer:
            return Text("nothing there", style=DIM)
        several = SEVERAL.get(type(answer[0]))
        return several(answer) if several else Group(*(_laid_out(one) for one in answer))
    one = ONE.get(type(answer))
    return one(answer) if one else Text(as_json(answer, indent=2))


def _now() -> datetime:
    return datetime.now(UTC)


# --- memories ---


def _about(memory: Memory, *, with_space: bool = True) -> Text:
    """The line below a memory's text: its id and what else is known in few words."""
    parts = [Text(harmless(memory.id), style=ACCENT)]
    if with_space:
        parts.append(Text(harmless(memory.space), style=DIM))
    parts.append(Text(format_age(memory.created_at, _now()), style=DIM))
    if memory.team:
        parts.append(Text(f"{harmless(memory.user)} for {harmless(memory.team)}", style="magenta"))
    parts += _provenance(memory)
    if memory.tags:
        parts.append(Text(" ".join(f"#{harmless(tag)}" for tag in memory.tags), style=DIM))
    if isinstance(memory, Hit) and memory.store:
        parts.append(Text(f"in {harmless(memory.store)}", style="magenta"))
    if isinstance(memory, Hit) and memory.brought_by:
        by = memory.brought_by
        told = f"brought by {by.id}: {by.type} {by.weight:.2f}"
        parts.append(Text(harmless(told), style="magenta"))
    if memory.replaced_at:
        parts.append(Text(f"replaced {format_age(memory.replaced_at, _now())}", style="yellow"))
    if memory.forgotten_at:
        parts.append(Text(f"forgotten {format_age(memory.forgotten_at, _now())}", style="yellow"))
    return Text(" · ", style=DIM).join(parts)


def _provenance(memory: Memory) -> list[Text]:
    """Where it is from, as far as that is not its user, and what is odd about it."""
    parts = [Text(f"from {harmless(memory.source)}", style=DIM)] if memory.source else []
    if memory.trust != Trust.USER:
        parts.append(Text("by an agent" if memory.trust == Trust.AGENT else "imported", style=DIM))
    if memory.flags:
        parts.append(Text(f"suspicious: {'; '.join(memory.flags)}", style="red"))
    return parts


def _text(memory: Memory, style: str = "", longest: int = LONGEST_SHOWN) -> Text:
    said = Text()
    if memory.speaker:
        said.append(f"{harmless(memory.speaker)}: ", style=style or STRONG)
    text = memory.text.strip()
    shown = text if len(text) <= longest else text[:longest].rsplit("\n", 1)[0]
    said.append(harmless(shown), style=style)
    if len(shown) < len(text):
        said.append(
            f"\n… {len(text) - len(shown):,} more characters: memcli get {harmless(memory.id)}", style=DIM
        )
    return said


def _hits(hits: Sequence[Hit]) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(justify="right", width=4, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for position, hit in enumerate(hits):
        if position:
            table.add_row("", "")
        beside = hit.around or ()
        for turn in beside:
            if (turn.position or 0) < (hit.position or 0):
                table.add_row("", _text(turn, DIM))
        table.add_row(Text(f"{hit.score:.2f}", style=_grade(hit.score)), _text(hit))
        for turn in beside:
            if (turn.position or 0) > (hit.position or 0):
                table.add_row("", _text(turn, DIM))
        table.add_row("", _about(hit))
        if hit.signals:
            table.add_row("", explained.signals(hit.signals))
    return table


def _grade(score: float) -> str:
    return "bold green" if score >= 0.5 else "green" if score >= 0.3 else DIM


def _memories(memories: Sequence[Memory]) -> RenderableType:
    lines: list[RenderableType] = []
    for position, memory in enumerate(memories):
        lines += [Text("")] if position else []
        lines += [_text(memory), _about(memory)]
    return Group(*lines)


def _memory(memory: Memory) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _fields(memory):
        table.add_row(name, value)
    return Group(_text(memory, STRONG, longest=len(memory.text)), Text(""), table)


def _fields(memory: Memory) -> list[tuple[str, Text]]:
    said: dict[str, Any] = {
        "id": memory.id,
        "title": memory.title,
        "space": memory.space,
        "user": memory.user,
        "agent": memory.agent,
        "team": memory.team,
        "importance": f"{memory.importance:g}",
        "tags": " ".join(f"#{tag}" for tag in memory.tags),
        "metadata": as_json(memory.metadata) if memory.metadata else "",
        "source": memory.source,
        "trust": memory.trust,
        "suspicious": "; ".join(memory.flags or ()),
        "conversation": memory.conversation,
        "position": "" if memory.position is None else str(memory.position),
        "created": _moment(memory.created_at),
        "updated": _moment(memory.updated_at) if memory.updated_at != memory.created_at else "",
        "expires": _moment(memory.expires_at),
        "forgotten": _moment(memory.forgotten_at),
        "replaces": memory.replaces,
        "replaced": _replaced(memory),
        "used": f"{memory.uses:,}, last {_moment(memory.used_at)}" if memory.uses else "",
    }
    return [
        (name, Text(harmless(value), style=ACCENT if name == "id" else ""))
        for name, value in said.items()
        if value
    ]


def _replaced(memory: Memory) -> str:
    if not memory.replaced_at:
        return ""
    by = f" by {memory.replaced_by}" if memory.replaced_by else ""
    return f"{_moment(memory.replaced_at)}{by}" + (
        f": {memory.replaced_reason}" if memory.replaced_reason else ""
    )


def _moment(time: datetime | None) -> str:
    return f"{format_time(time)} ({format_age(time, _now())})" if time else ""


def _stored(stored: Stored) -> RenderableType:
    colors = {
        Action.STORED: "green",
        Action.DUPLICATE: "yellow",
        Action.REPLACED: "blue",
        Action.FAILED: "red",
    }
    line = Text.assemble(
        (f"{stored.action:<9}", colors[stored.action]), (f" {harmless(stored.id or '')}", ACCENT)
    )
    line.append(f"  in {stored.space}", style=DIM)
    if stored.replaced_id:
        line.append(f", in the place of {harmless(stored.replaced_id)}", style=DIM)
    if stored.contradicts_id:
        line.append(f", contradicts {harmless(stored.contradicts_id)}, which stays", style="yellow")
    told = stored.reason if stored.action is not Action.STORED or stored.considered else ""
    line = line.append(f" ({harmless(told)})", style=DIM) if told else line
    return Group(line, *past.considered(stored.considered)) if stored.considered else line


def _context(context: Context) -> RenderableType:
    return Text(context.context)


# --- everything else ---


def _grid(
    titles: Sequence[str], rows: Sequence[Sequence[str | Text]], right: Sequence[int] = (), whole: int = -1
) -> Table:
    """A table without lines: titles dim, cells folded rather than cut, column *whole* never."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for column, title in enumerate(titles):
        table.add_column(
            title, overflow="fold", no_wrap=column == whole, justify="right" if column in right else "left"
        )
    for row in rows:
        table.add_row(*(harmless(cell) if isinstance(cell, str) else cell for cell in row))
    return table


def _spaces(spaces: Sequence[Space]) -> RenderableType:
    rows = [
        (
            Text(space.name, style=ACCENT),
            str(space.memories),
            format_age(space.latest, _now()) if space.latest else "",
            space.description,
        )
        for space in spaces
    ]
    return _grid(("space", "memories", "latest", "description"), rows, right=(1,))


def _settings(settings: Sequence[Setting]) -> RenderableType:
    rows = [
        (
            Text(setting.key, style=ACCENT if setting.origin == "default" else "bold cyan"),
            as_json(setting.value),
            "" if setting.origin == "default" else setting.origin,
            Text(setting.meaning, style=DIM),
        )
        for setting in settings
    ]
    return _grid(("setting", "value", "from", "meaning"), rows, whole=0)


def _setting(setting: Setting) -> RenderableType:
    return Text(harmless(setting.value if isinstance(setting.value, str) else as_json(setting.value)))


def _models(models: Sequence[ModelInfo]) -> RenderableType:
    rows = [
        (
            Text(model.name, style=ACCENT),
            str(model.dimension or (model.kind if model.kind == RERANKER else "")),
            f"{model.size_mb:,.0f}",
            model.licence,
            model.state,
        )
        for model in models
    ]
    return _grid(("model", "numbers", "MB", "licence", "state"), rows, right=(1, 2))


def _imported(imported: Imported) -> RenderableType:
    said = Text(f"{imported.stored:,} stored", style="green")
    said.append(f", {imported.duplicate:,} already there", style=DIM)
    if imported.replaced:
        said.append(f", {imported.replaced:,} replaced what was known", style="blue")
    if imported.edges is not None:
        said.append(f", {imported.edges:,} connected")
    return said.append(f", {imported.failed:,} failed", style="red") if imported.failed else said


def _changed(changed: Changed) -> RenderableType:
    return Text(f"using {changed.model.name}, {counted(changed.embedded, 'memory')} embedded")


SEVERAL: Mapping[type, Callable[[Any], RenderableType]] = {
    Hit: _hits,
    Memory: _memories,
    Space: _spaces,
    Setting: _settings,
    ModelInfo: _models,
    Evaluated: figures.evaluated,
    Version: past.versions,
    Undone: past.undone,
    Conflict: past.conflicts,
    Step: past.steps,
    Agent: who.agents,
    Team: who.teams,
    Finding: care.findings,
    Leak: care.leaks,
    EdgeOf: structure.edges,
    Value: structure.values,
    **work.SEVERAL,
    **talk.SEVERAL,
    Fact: facts.found,
    Extracted: facts.extracted,
    Program: facts.programs,
    **hooking.SEVERAL,
}
ONE: Mapping[type, Callable[[Any], RenderableType]] = {
    Hit: _memory,
    Memory: _memory,
    Stored: _stored,
    Context: _context,
    Space: lambda space: _spaces([space]),
    Setting: _setting,
    ModelInfo: lambda model: _models([model]),
    Imported: _imported,
    Optimized: care.optimized,
    Backup: care.backup,
    Viewed: care.viewed,
    BroughtBack: care.backup,
    Changed: _changed,
    Warmth: care.warmth,
    Demo: tour.demo,
    Stats: charts.stats,
    Agent: who.agent,
    Team: who.team,
    Member: who.left,
    Merged: who.merged,
    InForce: who.in_force,
    Connected: structure.connected,
    Traversal: structure.traversal,
    Path: structure.path,
    Kept: structure.kept,
    Value: structure.value,
    **work.ONE,
    **talk.ONE,
    **hooking.ONE,
}

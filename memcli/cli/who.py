"""Agents, teams, where one is and how all is, laid out for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memcli.cli.messages import harmless
from memcli.services.agents import Agent
from memcli.services.spaces import InForce, Merged
from memcli.services.teams import Member, Role, Team
from memcli.times import format_age
from memcli.wording import counted

DIM, STRONG, ACCENT = "dim", "bold", "cyan"

ROLES = {Role.ADMIN: "green", Role.MEMBER: "", Role.READER: DIM}


def _age(time: datetime | None) -> str:
    return format_age(time, datetime.now(UTC)) if time else ""


def _facts(rows: Sequence[tuple[str, str | Text]]) -> Table:
    """A name and a value per line, those without a value left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=DIM, no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, Text(harmless(value)) if isinstance(value, str) else value)
    return table


def agents(those: Sequence[Agent]) -> RenderableType:
    """One per line."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for title in ("agent", "memories", "latest", "model", "owner", "description"):
        table.add_column(title, overflow="fold", justify="right" if title == "memories" else "left")
    for agent in those:
        cells = (_age(agent.latest), agent.model, agent.owner, agent.description)
        table.add_row(Text(harmless(agent.name), style=ACCENT), f"{agent.memories:,}", *map(harmless, cells))
    return table


def agent(one: Agent) -> RenderableType:
    """All that is known about it."""
    rows: list[tuple[str, str | Text]] = [
        ("memories", f"{one.memories:,}" + (f", the latest {_age(one.latest)}" if one.latest else "")),
        ("model", one.model),
        ("owner", one.owner),
        ("created", _age(one.created_at) or "by its first memory"),
    ]
    head = Text.assemble((harmless(one.name), f"bold {ACCENT}"), f"  {harmless(one.description)}".rstrip())
    return Group(head, _facts(rows))


def teams(those: Sequence[Team]) -> RenderableType:
    """One per line, as one of its members sees it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for title in ("team", "name", "your role", "members", "memories"):
        table.add_column(title, overflow="fold", justify="right" if title[0] == "m" else "left")
    for team in those:
        role = Text(team.role, style=ROLES[team.role])
        slug = Text(team.slug, style=ACCENT)
        table.add_row(slug, harmless(team.name), role, f"{len(team.members)}", f"{team.memories:,}")
    return table


def team(one: Team) -> RenderableType:
    """With its members below."""
    head = Text.assemble(
        (one.slug, f"bold {ACCENT}"),
        f"  {harmless(one.name)}",
        (f"  {counted(one.memories, 'memory')} · created {_age(one.created_at)}", DIM),
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    for member in one.members:
        since = Text(f"since {_age(member.since)}" if _age(member.since) != "just now" else "just now", DIM)
        table.add_row(" ", Text(harmless(member.user)), Text(member.role, ROLES[member.role]), since)
    return Group(head, table)


def left(member: Member) -> RenderableType:
    """Who is no longer in a team."""
    return Text.assemble("removed   ", (harmless(member.user), ACCENT), (f"  was {member.role}", DIM))


def merged(one: Merged) -> RenderableType:
    """Two spaces that are one now."""
    doubles = f", {one.duplicate:,} said what was there already" if one.duplicate else ""
    return Text.assemble(
        ("merged    ", "green"),
        (harmless(one.name), ACCENT),
        " into ",
        (harmless(one.into), ACCENT),
        (f"  {counted(one.moved, 'memory')} moved{doubles}", DIM),
    )


def in_force(space: InForce) -> RenderableType:
    """The space, and why it is this one."""
    rows: list[tuple[str, str | Text]] = [
        ("because", space.why),
        ("memories", f"{space.memories:,}" + (f", the latest {_age(space.latest)}" if space.latest else "")),
        ("about", space.description),
        ("user", space.user),
        ("agent", space.agent),
    ]
    return Group(Text(harmless(space.name), style=f"bold {ACCENT}"), _facts(rows))

"""What the shell offers for an argument. Must be quick: nothing here opens the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from memcli import config
from memcli.cli.messages import harmless
from memcli.dialogue import ROLES
from memcli.errors import MemcliError
from memcli.home import find_home
from memcli.settings import OWN

if TYPE_CHECKING:
    from memcli.services.names import Names


def _known(ctx: typer.Context) -> Names:
    from memcli.services import names

    return names.read(find_home(ctx.find_root().params.get("home")).names)


def spaces(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Spaces that begin with *incomplete*."""
    return (space for space in _known(ctx).spaces if space.startswith(incomplete))


def stores(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Stores in the settings that begin with *incomplete*."""
    with suppress(MemcliError):
        found = config.load(find_home(ctx.find_root().params.get("home")).config_file).config.stores
        yield from (name for name in (OWN, *found) if name.startswith(incomplete))


def agents(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Agents that begin with *incomplete*."""
    return (agent for agent in _known(ctx).agents if agent.startswith(incomplete))


def teams(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Teams that begin with *incomplete*."""
    return (team for team in _known(ctx).teams if team.startswith(incomplete))


def ids(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of memories stored lately that begin with *incomplete*, each with its title."""
    return ((i, harmless(title)) for i, title in _known(ctx).memories.items() if i.startswith(incomplete))


def types(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Types of edges in use that begin with *incomplete*."""
    return (harmless(name) for name in _known(ctx).types if name.startswith(incomplete))


def values(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Keys of values that begin with *incomplete*."""
    return (harmless(key) for key in _known(ctx).values if key.startswith(incomplete))


def tasks(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of tasks that go on and begin with *incomplete*, each with its goal."""
    return ((i, harmless(goal)) for i, goal in _known(ctx).tasks.items() if i.startswith(incomplete))


def sections(incomplete: str) -> Iterator[str]:
    """Sections of a context that the last part of *incomplete* begins, after those that stand before it."""
    from memcli.services.sections import Include

    before, comma, last = incomplete.rpartition(",")
    return (f"{before}{comma}{name}" for name in Include if name.startswith(last))


def roles(incomplete: str) -> Iterator[str]:
    """Roles of messages that begin with *incomplete*."""
    return (role for role in ROLES if role.startswith(incomplete))


def settings(incomplete: str) -> Iterator[tuple[str, str]]:
    """Settings that begin with *incomplete*, each with its meaning."""
    for key, declared in config.DECLARED.items():
        if key.startswith(incomplete):
            yield key, declared.metadata["meaning"]

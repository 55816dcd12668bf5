"""What the shell offers for an argument. Must be quick: nothing here opens the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

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


def tags(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Tags that begin with *incomplete*."""
    return (tag for tag in _known(ctx).tags if tag.startswith(incomplete))


def conversations(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of conversations that begin with *incomplete*, each with what was said there last."""
    return ((i, harmless(said)) for i, said in _known(ctx).conversations.items() if i.startswith(incomplete))


def models(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Models on this machine that begin with *incomplete*; what can be pulled takes half a second to know."""
    from memcli.embedding.catalog import BUNDLED

    folder = find_home(ctx.find_root().params.get("home")).models
    pulled = sorted(path.name.replace("--", "/") for path in folder.glob("*--*"))
    for name, about in ((BUNDLED, "bundled"), *((name, "downloaded") for name in pulled)):
        if name.startswith(incomplete):
            yield name, about


def pullable(incomplete: str) -> Iterator[tuple[str, str]]:
    """Models that can be downloaded and begin with *incomplete*."""
    from memcli.embedding.catalog import fastembed_models, fastembed_rerankers

    for entry in (*fastembed_models(), *fastembed_rerankers()):
        if entry["model"].startswith(incomplete):
            yield entry["model"], entry["description"]


def commands(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Commands that begin with *incomplete*, below the group that the words before name."""
    group: Any = ctx.find_root().command
    for name in ctx.params.get("command") or ():
        group = group.get_command(ctx, name)
    inside = group.context_class(group, parent=ctx)
    for item in group.shell_complete(inside, incomplete):
        yield item.value, item.help or ""


def setting_values(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Values that begin with *incomplete*, of a setting that takes one of a few."""
    declared = config.DECLARED[ctx.params["key"]]
    choices: tuple[str, ...] = ("true", "false") if isinstance(declared.default, bool) else ()
    if isinstance(declared.default, str):
        _, few, said = str(declared.metadata["check"]("\0")).partition("one of ")
        choices = tuple(said.split(", ")) if few else ()
    return (choice for choice in choices if choice.startswith(incomplete))


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

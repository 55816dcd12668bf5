"""What the shell offers for an argument. Must be quick: nothing here opens the store."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from memcli import config
from memcli.services import names


def _home(ctx: typer.Context) -> config.Home:
    return config.find_home(ctx.find_root().params.get("home"))


def spaces(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Spaces that begin with *incomplete*."""
    known = names.read(_home(ctx).names)
    return (space for space in known.spaces if space.startswith(incomplete))


def ids(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of memories stored lately that begin with *incomplete*, each with its title."""
    known = names.read(_home(ctx).names)
    return ((i, title) for i, title in known.memories.items() if i.startswith(incomplete))


def settings(incomplete: str) -> Iterator[tuple[str, str]]:
    """Settings that begin with *incomplete*, each with its meaning."""
    for key, declared in config.DECLARED.items():
        if key.startswith(incomplete):
            yield key, declared.metadata["meaning"]

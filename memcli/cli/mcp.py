"""`memcli mcp`."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from memcli import address
from memcli.cli import options, render
from memcli.cli.context import Run, run_of
from memcli.errors import MemcliError
from memcli.services import clients
from memcli.services.clients import Client
from memcli.services.engine import no_progress

app = typer.Typer(rich_markup_mode=None)


@app.command()
def mcp(
    ctx: typer.Context,
    space: options.SPACE = None,
    user: options.USER = None,
    agent: options.AGENT = None,
    team: options.TEAM = None,
    shared: options.SHARED = False,
    include_team: options.INCLUDE_TEAM = None,
    with_global: options.WITH_GLOBAL = None,
    print_config: Annotated[
        Client | None,
        typer.Option("--print-config", metavar="CLIENT", help=f"Print the settings for {', '.join(Client)}."),
    ] = None,
) -> None:
    """Serve agents over MCP, on standard input and output.

    With --space they see that space only; without it they may name others.
    """
    if print_config is not None:
        _show_setup(ctx, print_config)
        return
    run = run_of(ctx)
    server, desk = _rooms()
    bounds = desk.Bounds(
        scope=replace(run.scope(space, user, agent), team=team or ""),
        only=options.was_said(ctx, "space"),
        shared=shared,
        include_team=include_team,
        with_global=with_global,
    )
    make = partial(run.engine_for, progress=no_progress)
    bounds.looking(make(), "")  # agents and teams that are not there are not waited for
    if sys.stdin and sys.stdin.isatty():
        run.note("an MCP client is expected on standard input; memcli mcp --print-config CLIENT sets one up")
    server.serve(desk.Desk(make, bounds))


def _rooms() -> tuple[ModuleType, ModuleType]:
    """The server, and where it gets its answers.

    Raises:
        MemcliError: What it needs is not installed.
    """
    try:
        from memcli.servers import desk
        from memcli.servers import mcp as server
    except ImportError as error:
        raise MemcliError(
            "the MCP server needs the package mcp, version 2", hint="pip install 'memcli[mcp]' installs it"
        ) from error
    return server, desk


def _show_setup(ctx: typer.Context, client: Client) -> None:
    run = run_of(ctx)
    setup = clients.setup(client, [*_program(), *_root(run), "mcp", *_said(ctx)])
    render.write(setup.text)
    run.note(f"for {setup.file}")
    if setup.command:
        run.note(f"or run: {setup.command}")


def _program() -> list[str]:
    """How this memcli is started from anywhere: clients do not know the PATH of a shell."""
    script = Path(sys.executable).with_name("memcli")
    return [str(script)] if script.exists() else [sys.executable, "-P", "-m", "memcli"]


def _root(run: Run) -> list[str]:
    home = ["--home", address.absolute(run.home)] if run.home else []
    return [*home, "--store", run.store] if run.store else home


def _said(ctx: typer.Context) -> list[str]:
    """The options that the command line says, in its own words."""
    words = []
    for option in ctx.command.params:
        name = option.name or ""
        if name == "print_config" or not options.was_said(ctx, name):
            continue
        value = ctx.params[name]
        no = option.secondary_opts if value is False else option.opts
        words += [no[0]] if isinstance(value, bool) else [f"{option.opts[0]}={value}"]
    return words

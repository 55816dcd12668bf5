"""`memcli browse`: memories on a full screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import ModuleType

import typer

from memcli.cli import filters, options
from memcli.cli.context import Run, run_of
from memcli.errors import MemcliError, UsageError
from memcli.servers.desk import Bounds
from memcli.services.engine import Engine, no_progress

app = typer.Typer(rich_markup_mode=None)


@app.command()
def browse(
    ctx: typer.Context,
    space: options.SPACE = None,
    user: options.USER = None,
    agent: options.AGENT = None,
    team: options.TEAM = None,
    shared: options.SHARED = False,
    include_team: options.INCLUDE_TEAM = None,
    with_global: options.WITH_GLOBAL = None,
    all_spaces: filters.AllSpaces = False,
) -> None:
    """Memories on a full screen: search as you type, read, edit, forget, follow edges.

    Down leads to the list, where ? shows the keys.
    """
    run = run_of(ctx)
    screen = _screen()
    _refuse_no_terminal()
    bounds = Bounds(
        scope=replace(run.scope(space, user, agent), team=team or ""),
        shared=shared,
        include_team=include_team,
        with_global=with_global,
    )
    bounds.looking(_engine(run, run.note), "")  # agents and teams that are not there are said so here
    shown = screen.BrowseApp(
        partial(_engine, run), bounds, everywhere=all_spaces, now=partial(datetime.now, UTC)
    )
    if code := screen.run(shown, run.note):
        raise typer.Exit(code)


def _engine(run: Run, warned: Callable[[str], None]) -> Engine:
    return run.engine_for(warned=warned, progress=no_progress)


def _screen() -> ModuleType:
    """What paints the screen.

    Raises:
        MemcliError: What it needs is not installed.
    """
    try:
        from memcli.cli.browsing import app as screen
    except ImportError as error:
        raise MemcliError(
            "browse needs the package textual, version 8", hint="pip install 'memcli[tui]' installs it"
        ) from error
    return screen


def _refuse_no_terminal() -> None:
    """Raise a UsageError where there is no screen to be painted on, or nobody to press a key."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream and stream.isatty() for stream in streams) or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "browse needs a terminal", hint="memcli list and memcli search answer in a pipe, too"
        )

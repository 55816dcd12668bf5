"""`memcli view`: a space as one page for a browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from memcli.cli import filters, options, render, words
from memcli.cli.context import Run, run_of
from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import view as pages
from memcli.services.select import Filter
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.looking
@options.shown
@filters.filtered
def view(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    wanted: Filter,
    file: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Write it here; - writes to standard output."),
    ] = "",
    open_: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Show it in the browser. [on a terminal, without -o: yes]"),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=2**31 - 1, help="Most memories, the latest.")
    ] = pages.LIMIT,
    all_spaces: filters.AllSpaces = False,
    yes: options.Yes = False,
) -> None:
    """Make one page to look at a space: search, timeline, graph, and a map of meanings.

    It holds all it needs and asks the network for nothing. Without -o it is kept beside the store, until the
    next one takes its place.
    """
    run = run_of(ctx)
    scope = filters.in_all_spaces(scope, all_spaces)
    if file == "-":
        _sent(run, scope, wanted, limit)
        return
    if file and pages.is_foreign(Path(file)):
        words.confirmed(f"Write over {file}, which is no page of memcli's?", yes=yes)
    if file:
        made = pages.save(run.engine, Path(file), scope=scope, wanted=wanted, limit=limit)
    else:
        made = pages.save_at_home(run.engine, scope=scope, wanted=wanted, limit=limit)
    render.show(made, output)
    _tell(run, made)
    if open_ is None:
        open_ = not file and sys.stdout.isatty()
    if open_ and not _opened(Path(made.file)):
        run.note("there is no browser here that could show it")


def _sent(run: Run, scope: Scope, wanted: Filter, limit: int) -> None:
    if sys.stdout.isatty():
        raise UsageError("a page is nothing for a terminal", hint="memcli view shows it in the browser")
    made, page = pages.made(run.engine, scope=scope, wanted=wanted, limit=limit)
    render.write(page)
    _tell(run, made)


def _tell(run: Run, made: pages.Viewed) -> None:
    """Say what is not on the page."""
    if made.memories < made.total:
        run.note(f"the latest {made.memories:,} of {counted(made.total, 'memory')}; --limit shows more")


def _opened(path: Path) -> bool:
    """Whether a browser shows the page at *path*: not one in the terminal, where nobody sees a window."""
    seen = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in seen):
        return False
    return webbrowser.open(path.absolute().as_uri())

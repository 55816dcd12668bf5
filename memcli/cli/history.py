"""`memcli history` and `memcli undo`: what was before."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import history as histories
from memcli.services import undo as undoing

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.own
@options.shown
def history(ctx: typer.Context, memory_id: options.Id, scope: Scope, output: options.Format) -> None:
    """Show what a memory replaced and what replaced it, with times and reasons."""
    render.show(histories.history(run_of(ctx).engine, memory_id, scope=scope), output)


@app.command()
@options.own
@options.shown
def undo(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    last: Annotated[int, typer.Option("--last", "-n", min=1, metavar="N", help="How many changes.")] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken back.")] = False,
) -> None:
    """Take back the last change: what store, import, update, forget, restore or graph connect did."""
    run = run_of(ctx)
    undone = undoing.undo(run.engine, scope=scope, last=last, dry_run=dry_run)
    render.show(undone, output, noted=True)
    if not undone:
        run.note("there is nothing to take back")
    elif dry_run:
        run.note("nothing was changed; without --dry-run it will be")

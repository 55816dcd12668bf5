"""`memcli stats`."""

from __future__ import annotations

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import stats as services

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.own
@options.shown
def stats(ctx: typer.Context, scope: Scope, output: options.Format) -> None:
    """What is remembered, in figures: how much, since when, how fresh, and what it takes."""
    render.show(services.gather(run_of(ctx).engine, scope=scope), output)

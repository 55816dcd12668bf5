"""`memcli optimize`."""

from __future__ import annotations

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.services import upkeep

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.shown
def optimize(ctx: typer.Context, output: options.Format) -> None:
    """Make the store small and quick; writes do a little of it by themselves."""
    render.show(upkeep.optimize(run_of(ctx).engine), output)

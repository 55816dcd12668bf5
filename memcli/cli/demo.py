"""`memcli demo`."""

from __future__ import annotations

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.services import demo as demonstration

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.shown
def demo(ctx: typer.Context, output: options.Format) -> None:
    """See it work on a bundled example, in a temporary home: store, search, context."""
    with demonstration.temporary_engine(run_of(ctx).engine) as engine:
        shown = demonstration.run(engine)
    # to be read, in a pipe too, unless asked otherwise
    render.show(shown, options.Format.TABLE if output is options.Format.AUTO else output)
    if not all(answer.right for answer in shown.answers):
        raise typer.Exit(1)

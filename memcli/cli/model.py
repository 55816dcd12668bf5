"""`memcli model`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, options, render
from memcli.cli.context import run_of
from memcli.services import models

app = typer.Typer(help="What turns text into vectors.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", autocompletion=complete.models, help="A model's name, or a directory that holds one."
    ),
]
Pulled = Annotated[
    str, typer.Argument(metavar="NAME", autocompletion=complete.pullable, help="A model's name, of its hub.")
]


@app.command("list")
@options.shown
def list_models(ctx: typer.Context, output: options.Format) -> None:
    """List the bundled model, those on this machine and those that can be pulled, then rerankers."""
    render.show(models.available(run_of(ctx).engine), output)


@app.command()
@options.shown
def show(
    ctx: typer.Context,
    output: options.Format,
    name: Annotated[
        str | None, typer.Argument(autocompletion=complete.models, help="By default the one in use.")
    ] = None,
) -> None:
    """Show one model."""
    render.show(models.show(run_of(ctx).engine, name), output)


@app.command()
@options.shown
def use(ctx: typer.Context, name: Name, output: options.Format) -> None:
    """Use another model: embed every memory anew, then switch; can be interrupted and goes on."""
    render.show(models.use(run_of(ctx).engine, name), output)


@app.command()
@options.shown
def pull(ctx: typer.Context, name: Pulled, output: options.Format) -> None:
    """Download a model or a reranker from its hub."""
    pulled = models.pull(run_of(ctx).engine, name)
    render.show(pulled, output)
    run_of(ctx).note(f"to use it: {pulled.use}")

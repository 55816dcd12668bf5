"""`memcli spaces`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import spaces

app = typer.Typer(help="Namespaces, made on first use.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete.spaces)]


@app.command("list")
@options.scoped
@options.shown
def list_spaces(ctx: typer.Context, scope: Scope, output: options.Format) -> None:
    """List the spaces with what is in them."""
    render.show(spaces.all_spaces(run_of(ctx).engine, user=scope.owner), output)


@app.command()
@options.scoped
@options.shown
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    scope: Scope,
    output: options.Format,
    description: Annotated[str, typer.Option("--description", "-d", help="What it is for.")] = "",
) -> None:
    """Make a space before anything is in it."""
    made = spaces.create(run_of(ctx).engine, name, user=scope.owner, description=description)
    render.show(made, output)


@app.command()
@options.scoped
@options.shown
def show(ctx: typer.Context, name: Name, scope: Scope, output: options.Format) -> None:
    """Show one space."""
    render.show(spaces.show(run_of(ctx).engine, name, user=scope.owner), output)


@app.command()
@options.scoped
@options.shown
def rename(
    ctx: typer.Context,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW")],
    scope: Scope,
    output: options.Format,
) -> None:
    """Give a space another name; all its memories move along."""
    render.show(spaces.rename(run_of(ctx).engine, name, to, user=scope.owner), output)


@app.command()
@options.scoped
@options.shown
def delete(
    ctx: typer.Context, name: Name, scope: Scope, output: options.Format, yes: options.Yes = False
) -> None:
    """Forget a space with all its memories; restore brings single ones back."""
    engine = run_of(ctx).engine
    space = spaces.show(engine, name, user=scope.owner)
    words.confirmed(f"Forget the space {name} and its {space.memories:,} memories?", yes=yes)
    render.show(spaces.delete(engine, name, user=scope.owner), output)

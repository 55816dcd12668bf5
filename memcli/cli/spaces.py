"""`memcli spaces`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import Run, run_of
from memcli.model import Scope
from memcli.services import spaces
from memcli.wording import counted

app = typer.Typer(help="Namespaces, made on first use.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete.spaces)]


@app.command("list")
@options.placed
@options.shown
def list_spaces(ctx: typer.Context, scope: Scope, output: options.Format) -> None:
    """List the spaces with what is in them."""
    render.show(spaces.all_spaces(run_of(ctx).engine, user=scope.owner), output)


@app.command()
@options.placed
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
@options.placed
@options.shown
def show(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", autocompletion=complete.spaces)] = None,
) -> None:
    """Show one space; without NAME, which one is in force here, and why."""
    run = run_of(ctx)
    if name is not None:
        render.show(spaces.show(run.engine, name, user=scope.owner), output)
    else:
        render.show(spaces.in_force(run.engine, scope, why=_why(ctx)), output)


def _why(ctx: typer.Context) -> str:
    """Why the space is in force that is."""
    run = run_of(ctx)
    if options.was_said(ctx, "space"):
        return "--space says so"
    origin = run.loaded.origins.get("space", "")
    named = {"": "nothing names another", "file": f"the setting space in {run.where.config_file}"}
    return named.get(origin, f"{origin} says so" if origin.startswith("MEMCLI_") else origin)


def _agreed(question: str, *, yes: bool) -> None:
    """Ask where somebody can be asked; what loses nothing needs no --yes elsewhere."""
    words.confirmed(question, yes=yes or not words.can_ask())


@app.command()
@options.placed
@options.shown
def rename(
    ctx: typer.Context,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW")],
    scope: Scope,
    output: options.Format,
    yes: options.Yes = False,
) -> None:
    """Give a space another name; all its memories move along."""
    engine = run_of(ctx).engine
    space = spaces.show(engine, name, user=scope.owner)
    _agreed(f"Rename the space {name} with its {counted(space.memories, 'memory')} to {to}?", yes=yes)
    render.show(spaces.rename(engine, name, to, user=scope.owner), output)
    _tell_of_repository(run_of(ctx), name, to)


def _tell_of_repository(run: Run, name: str, to: str) -> None:
    """Say how this repository goes on with its memories, if it was its space."""
    if run.loaded.repository and run.loaded.config.space == name:
        run.note(f'this repository looks into {name} still, unless its .memcli.toml says space = "{to}"')


@app.command()
@options.placed
@options.shown
def copy(
    ctx: typer.Context,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW")],
    scope: Scope,
    output: options.Format,
    yes: options.Yes = False,
) -> None:
    """Copy what a space holds now into a new one, with ids of their own."""
    engine = run_of(ctx).engine
    space = spaces.show(engine, name, user=scope.owner)
    _agreed(f"Copy the {counted(space.memories, 'memory')} of the space {name} to {to}?", yes=yes)
    render.show(spaces.copy(engine, name, to, user=scope.owner), output)


@app.command()
@options.placed
@options.shown
def merge(
    ctx: typer.Context,
    name: Name,
    into: Annotated[str, typer.Argument(metavar="INTO", autocompletion=complete.spaces)],
    scope: Scope,
    output: options.Format,
    yes: options.Yes = False,
) -> None:
    """Move all memories of a space into another one; what says the same there is forgotten."""
    run = run_of(ctx)
    one, other = (spaces.show(run.engine, space, user=scope.owner) for space in (name, into))
    question = (
        f"Merge the space {name} with its {counted(one.memories, 'memory')} "
        f"into {into}, which has {counted(other.memories, 'memory')}?"
    )
    words.confirmed(question, yes=yes)
    render.show(spaces.merge(run.engine, name, into, user=scope.owner), output)
    run.note("memcli undo takes it back")


@app.command()
@options.placed
@options.shown
def delete(
    ctx: typer.Context, name: Name, scope: Scope, output: options.Format, yes: options.Yes = False
) -> None:
    """Forget a space with all its memories; undo brings it back, restore single ones."""
    engine = run_of(ctx).engine
    space = spaces.show(engine, name, user=scope.owner)
    words.confirmed(f"Forget the space {name} and its {counted(space.memories, 'memory')}?", yes=yes)
    render.show(spaces.delete(engine, name, user=scope.owner), output)

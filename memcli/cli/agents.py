"""`memcli agents`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import run_of
from memcli.services import agents
from memcli.wording import counted

app = typer.Typer(help="Agents, each with memories of its own.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete.agents)]


@app.command()
@options.personal
@options.shown
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    user: str,
    output: options.Format,
    description: Annotated[str, typer.Option("--description", "-d", help="What it does.")] = "",
    owner: Annotated[str, typer.Option(help="Who looks after it; by default you.")] = "",
    model: Annotated[str, typer.Option(help="What it runs on.")] = "",
) -> None:
    """Make an agent, so that --agent NAME is about its own memories."""
    made = agents.create(
        run_of(ctx).engine, name, user=user, description=description, owner=owner, model=model
    )
    render.show(made, output)


@app.command("list")
@options.personal
@options.shown
def list_agents(ctx: typer.Context, user: str, output: options.Format) -> None:
    """List your agents with how much they remember."""
    render.show(agents.all_agents(run_of(ctx).engine, user=user), output)


@app.command()
@options.personal
@options.shown
def show(ctx: typer.Context, name: Name, user: str, output: options.Format) -> None:
    """Show one agent."""
    render.show(agents.show(run_of(ctx).engine, name, user=user), output)


@app.command()
@options.personal
@options.shown
def delete(
    ctx: typer.Context, name: Name, user: str, output: options.Format, yes: options.Yes = False
) -> None:
    """Take an agent away and forget all that it remembers; undo brings both back."""
    run = run_of(ctx)
    agent = agents.show(run.engine, name, user=user)
    words.confirmed(f"Delete the agent {name} and forget its {counted(agent.memories, 'memory')}?", yes=yes)
    render.show(agents.delete(run.engine, name, user=user), output)
    run.note("memcli undo takes it back")

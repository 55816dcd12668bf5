"""`memcli teams`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import run_of
from memcli.services import teams
from memcli.services.teams import Role
from memcli.wording import counted

app = typer.Typer(
    help="Teams: who else may see a memory. Courtesy, not protection: see the README.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Slug = Annotated[str, typer.Argument(metavar="SLUG", autocompletion=complete.teams)]
Who = Annotated[str, typer.Argument(metavar="USER")]


@app.command()
@options.personal
@options.shown
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    user: str,
    output: options.Format,
    slug: Annotated[
        str, typer.Option(help="What it is called on the command line; by default made of NAME.")
    ] = "",
) -> None:
    """Make a team; you are its first admin."""
    render.show(teams.create(run_of(ctx).engine, name, slug=slug, user=user), output)


@app.command()
@options.personal
@options.shown
def add(
    ctx: typer.Context,
    slug: Slug,
    member: Who,
    user: str,
    output: options.Format,
    role: Annotated[
        Role, typer.Option(help="Readers read, members write, too, admins decide who is in.")
    ] = Role.MEMBER,
) -> None:
    """Take somebody into a team, or give a member another role; for admins."""
    render.show(teams.add(run_of(ctx).engine, slug, member, user=user, role=role), output)


@app.command()
@options.personal
@options.shown
def remove(ctx: typer.Context, slug: Slug, member: Who, user: str, output: options.Format) -> None:
    """Take somebody out of a team; for admins, and for those who leave it."""
    render.show(teams.remove(run_of(ctx).engine, slug, member, user=user), output)


@app.command("list")
@options.personal
@options.shown
def list_teams(ctx: typer.Context, user: str, output: options.Format) -> None:
    """List the teams that you are in."""
    render.show(teams.all_teams(run_of(ctx).engine, user=user), output)


@app.command()
@options.personal
@options.shown
def show(ctx: typer.Context, slug: Slug, user: str, output: options.Format) -> None:
    """Show one team with its members."""
    render.show(teams.show(run_of(ctx).engine, slug, user=user), output)


@app.command()
@options.personal
@options.shown
def delete(
    ctx: typer.Context, slug: Slug, user: str, output: options.Format, yes: options.Yes = False
) -> None:
    """Take a team away; what it could see stays with those who wrote it. For admins; undo brings it back."""
    run = run_of(ctx)
    team = teams.show(run.engine, slug, user=user)
    members, theirs = counted(len(team.members), "member"), counted(team.memories, "memory")
    question = f"Delete the team {slug} of {members}? Its {theirs} stay with those who wrote them."
    words.confirmed(question, yes=yes)
    render.show(teams.delete(run.engine, slug, user=user), output)
    run.note("memcli undo takes it back")

"""`memcli episodes`: what was done before, and how it ended."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import filters, options, render, words
from memcli.cli.context import run_of
from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import episodes

app = typer.Typer(help="What was done before, and how it ended.", no_args_is_help=True, rich_markup_mode=None)

Success = Annotated[bool, typer.Option("--success", help="Only what succeeded.")]
Failed = Annotated[bool, typer.Option("--failed", help="Only what failed.")]


def _wanted(success: bool, failed: bool) -> bool | None:
    """Whether what succeeded is wanted, or what failed; None for both."""
    if success and failed:
        raise UsageError("--success and --failed can't both be given")
    return success if success or failed else None


@app.command("list")
@options.scoped
@options.shown
def list_episodes(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, max=2**31 - 1, help="Most episodes; 0 for all.")
    ] = 50,
    success: Success = False,
    failed: Failed = False,
    all_spaces: filters.AllSpaces = False,
) -> None:
    """List what was done, latest first."""
    found = episodes.all_episodes(
        run_of(ctx).engine,
        scope=filters.in_all_spaces(scope, all_spaces),
        success=_wanted(success, failed),
        limit=limit or None,
    )
    render.show(found, output)


@app.command()
@options.scoped
@options.shown
def search(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for, in any words; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    limit: filters.Limit = None,
    min_score: filters.MinScore = None,
    success: Success = False,
    failed: Failed = False,
    all_spaces: filters.AllSpaces = False,
) -> None:
    """Find what was done by meaning and words, best first."""
    found = episodes.search(
        run_of(ctx).engine,
        words.text(query),
        scope=filters.in_all_spaces(scope, all_spaces),
        success=_wanted(success, failed),
        limit=limit,
        min_score=min_score,
    )
    render.show(found, output)


@app.command()
@options.own
@options.shown
def show(ctx: typer.Context, memory_id: options.Id, scope: Scope, output: options.Format) -> None:
    """Show what was done, and how it ended."""
    render.show(episodes.show(run_of(ctx).engine, memory_id, scope=scope), output)

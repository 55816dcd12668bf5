"""`memcli conflicts` and `memcli consolidate`: what is said twice, contradicted, or of little use."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import consolidate as consolidating
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.scoped
@options.shown
def conflicts(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Do what is proposed; undo takes it back as one change.")
    ] = False,
) -> None:
    """Show pairs of facts in a space that double or contradict each other, each with a proposal.

    Proposed is what storing the later one would do: the older one says the same (duplicate), or is no
    longer true (replaced). Where the later one is less trusted, as an agent is than you, that is contested:
    --resolve leaves both, and forget ID decides.
    """
    run = run_of(ctx)
    found = consolidating.conflicts(run.engine, scope=scope)
    if resolve:
        steps = consolidating.resolve(run.engine, found, by=scope.user)
        render.show(steps, output, noted=True)
        run.note(_done(len(steps)))
        if left := sum(conflict.contested for conflict in found):
            run.note(
                f"{counted(left, 'contradiction')} of somebody more trusted left: memcli forget ID decides"
            )
        return
    render.show(found, output, noted=True)
    if not found:
        run.note(f"nothing doubles or contradicts another in the space {scope.space}")
    elif not all(conflict.contested for conflict in found):
        run.note("--resolve lets the older ones give way; memcli forget ID decides otherwise")
    else:
        run.note("memcli forget ID decides which of two stays")


@app.command()
@options.scoped
@options.shown
def consolidate(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")] = False,
    importance: Annotated[
        float | None,
        typer.Option(
            "--importance", "-i", help="Forget what is below this. [setting consolidate.importance: 0.3]"
        ),
    ] = None,
    uses: Annotated[
        int | None,
        typer.Option(min=0, help="Keep what was used this often. [setting consolidate.uses: 2]"),
    ] = None,
    merge: Annotated[bool, typer.Option("--merge/--no-merge", help="Merge facts that say the same.")] = True,
) -> None:
    """Merge facts that say the same, and forget what is unimportant and rarely used.

    The later of two doubles stays, with the tags and metadata of both; the older is in its history.
    """
    run = run_of(ctx)
    steps = consolidating.consolidate(
        run.engine, scope=scope, importance=importance, uses=uses, merge=merge, dry_run=dry_run
    )
    render.show(steps, output, noted=True)
    if dry_run and steps:
        run.note("nothing was changed; without --dry-run it will be")
    else:
        run.note(_done(len(steps)))


def _done(number: int) -> str:
    if not number:
        return "there was nothing to do"
    return f"{counted(number, 'memory')} put aside; memcli undo takes it back"

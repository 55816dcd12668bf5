"""`memcli scan`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import options, render, words
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import scanning
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.own
@options.shown
def scan(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    redact: Annotated[
        bool, typer.Option("--redact", help="Take them out of memories, off the disk, for good.")
    ] = False,
    yes: options.Yes = False,
) -> None:
    """Look for keys, tokens and passwords in what is stored; never shows them."""
    run = run_of(ctx)
    leaks = scanning.scan(run.engine, scope=scope)
    if redact and (memories := sum(leak.what == "memory" for leak in leaks)):
        words.confirmed(f"Take secrets out of {counted(memories, 'memory')} for good?", yes=yes)
        leaks = scanning.redact(run.engine, leaks)
    render.show(leaks, output, noted=True)
    left = [leak for leak in leaks if not leak.redacted]
    if not leaks:
        run.note("no secrets found")
    elif redact and left:
        run.note(
            "what is left: whatever is no memory is changed by commands of its own, what is private is purged"
        )
    elif left:
        run.note("memcli scan --redact takes them out of memories; what was leaked should be changed, too")

"""`memcli doctor`."""

from __future__ import annotations

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.services import doctor as doctors
from memcli.services.doctor import State

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.shown_anyway
def doctor(ctx: typer.Context, output: options.Format) -> None:
    """Check settings, store and model, and who else can read them; exit code 1 if something is broken."""
    run = run_of(ctx)
    findings = doctors.examine(run.where, lambda: run.loaded, lambda config: run.engine_at(run.store, config))
    render.show(findings, output)
    if any(finding.state is State.BROKEN for finding in findings):
        raise typer.Exit(1)

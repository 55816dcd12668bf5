"""`memcli doctor`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from memcli import spool
from memcli.cli import completions, options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.hook import settings_of
from memcli.errors import MemcliError
from memcli.services import doctor as doctors
from memcli.services.doctor import Patient
from memcli.services.health.around import Around
from memcli.services.health.findings import Level
from memcli.services.hooks import harnesses, installing
from memcli.services.shells import Completion, Shell
from memcli.warm import client, place
from memcli.warm.warmth import Warmth

Deep = Annotated[bool, typer.Option("--deep", help="Read everything in the store.")]
Fix = Annotated[bool, typer.Option("--fix", help="Mend what can be mended; ask where that loses something.")]

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.shown_anyway
def doctor(
    ctx: typer.Context,
    output: options.Format,
    deep: Deep = False,
    fix: Fix = False,
    yes: options.Yes = False,
) -> None:
    """Check that all is well, and say what mends what is not; exit code 1 if something is broken."""
    run = run_of(ctx)
    patient = Patient(
        home=run.where,
        read=lambda: run.loaded,
        engine_of=lambda config: run.engine_at(run.store, config),
        around=_around(run),
    )
    if fix:
        findings = doctors.mend(patient, deep=deep, may=lambda question: _may(question, yes=yes))
    else:
        findings = doctors.examine(patient, deep=deep)
    render.show(findings, output)
    if any(finding.level is Level.ERROR for finding in findings):
        raise typer.Exit(1)


def _may(question: str, *, yes: bool) -> bool:
    """Whether what *question* asks for may be done; not where nobody can be asked."""
    if not yes and not words.can_ask():
        return False
    try:
        words.confirmed(question, yes=yes)
    except MemcliError:
        return False
    return True


def _around(run: Run) -> Around:
    home = run.home or ""
    looked = [
        installing.look(whose, where, settings_of(whose, where))
        for whose in harnesses.HARNESSES.values()
        for where in map(installing.Where, whose.files)
    ]
    return Around(
        hooks=looked,
        spool=Path(spool.directory(home, os.environ)),
        which=shutil.which,
        warm=_warmth(run, home),
        sockets=Path(place.directory(os.environ)) if hasattr(os, "getuid") else None,
        completions=_completed(),
    )


def _warmth(run: Run, home: str) -> Warmth | None:
    """How the warm process is; None where there is none to be."""
    with suppress(MemcliError):
        if not run.loaded.config.warm.enabled:
            return None
    if not place.is_possible(os.environ):
        return None
    path = place.socket_path(home, os.environ)
    try:
        return Warmth(running=True, socket=path, **client.ask(path, "status"))
    except client.GoneError:
        return Warmth(running=False, socket=path)


def _completed() -> Callable[..., Completion] | None:
    """What puts completions into the user's shell; None for one that has none."""
    name = Path(os.environ.get("SHELL", "")).name
    return partial(completions.put, Shell(name)) if name in list(Shell) else None

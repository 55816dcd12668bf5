"""`memcli backup` and `memcli restore-backup`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from memcli.cli import options, render, words
from memcli.cli.context import run_of
from memcli.errors import UsageError
from memcli.services import backup as backups
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)

File = Annotated[str, typer.Argument(metavar="FILE", help="The file; - for a pipe.")]


@app.command()
@options.shown
def backup(
    ctx: typer.Context,
    file: File,
    output: options.Format,
    verify: Annotated[
        bool, typer.Option("--verify", help="Make none: read the one that is there, and check all of it.")
    ] = False,
    config: Annotated[
        bool, typer.Option("--config/--no-config", help="Whether the settings are part of it.")
    ] = True,
    yes: options.Yes = False,
) -> None:
    """Save everything that is remembered in one file, while others go on working."""
    run = run_of(ctx)
    if verify:
        with words.opened(file) as source:
            render.show(backups.verify(run.engine, source, file), output)
        return
    if file == "-":
        if sys.stdout.isatty():
            raise UsageError(
                "a backup is nothing for a terminal", hint="memcli backup - | ssh host 'cat > it'"
            )
        with render.bytes_out() as out:
            made = backups.send(run.engine, out, settings=config)
        run.note(f"{counted(made.memories, 'memory')} in the backup")
        return
    path = Path(file)
    if path.is_dir():
        raise UsageError(f"{file} is a directory", hint=f"memcli backup {path / 'memcli.tar.zst'}")
    if path.exists():
        words.confirmed(f"Write over {file}?", yes=yes)
    render.show(backups.save(run.engine, path, settings=config), output)


@app.command("restore-backup")
@options.shown_anyway
def restore_backup(
    ctx: typer.Context,
    file: File,
    output: options.Format,
    config: Annotated[
        bool, typer.Option("--config/--no-config", help="Bring the settings back, too.")
    ] = False,
    yes: options.Yes = False,
) -> None:
    """Bring back what a backup holds; what is there now stays beside it, under another name."""
    engine = run_of(ctx).engine
    with words.opened(file) as source:
        if over := backups.is_there(engine):
            words.confirmed(f"Put the backup in the place of the store at {engine.home.store_name}?", yes=yes)
        render.show(backups.bring_back(engine, source, file, over=over, settings=config), output)

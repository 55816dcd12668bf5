"""`memcli completions`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from memcli.cli import render
from memcli.cli.context import run_of
from memcli.services import shells
from memcli.services.shells import Completion, Places, Shell

app = typer.Typer(
    help="Completion of commands, options, spaces and ids.", no_args_is_help=True, rich_markup_mode=None
)

Chosen = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def script(shell: Shell) -> str:
    """The completion script for *shell*."""
    from memcli.cli.shells import SCRIPTS

    return SCRIPTS[shell]


def put(shell: Shell, *, dry_run: bool = False) -> Completion:
    """Put the script where *shell* finds it here."""
    config, zsh = (os.environ.get(name, "") for name in ("XDG_CONFIG_HOME", "ZDOTDIR"))
    places = Places(home=Path.home(), config=Path(config) if config else None, zsh=Path(zsh) if zsh else None)
    return shells.install(shell, script(shell), places, dry_run=dry_run)


@app.command()
def show(shell: Chosen) -> None:
    """Print the completion script."""
    render.write(script(shell).removesuffix("\n"))


@app.command()
def install(ctx: typer.Context, shell: Chosen) -> None:
    """Put the completion script where the shell finds it, and a line into its start-up file if needed."""
    done = put(shell)
    told = "; open a new shell to use it" if done.action == "installed" else ", as before"
    run_of(ctx).note(f"completion for {shell} is in {done.file}{told}")

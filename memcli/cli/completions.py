"""`memcli completions`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from memcli.cli import render
from memcli.cli.app import COMPLETION
from memcli.cli.context import run_of

PROGRAM = "memcli"

app = typer.Typer(
    help="Completion of commands, options, spaces and ids.", no_args_is_help=True, rich_markup_mode=None
)


class Shell(StrEnum):
    """Shells that can be told."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


Chosen = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def script(shell: str) -> str:
    """The completion script for *shell*, as Typer generates it."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # not in __all__

    return str(get_completion_script(prog_name=PROGRAM, complete_var=COMPLETION, shell=shell))


@app.command()
def show(shell: Chosen) -> None:
    """Print the completion script."""
    render.write(script(shell))


@app.command()
def install(ctx: typer.Context, shell: Chosen) -> None:
    """Put the completion script where the shell finds it, and a line into its start-up file if needed."""
    from typer.completion import install as install_script  # type: ignore[attr-defined]

    _, path = install_script(shell=shell, prog_name=PROGRAM, complete_var=COMPLETION)
    run_of(ctx).note(f"completion for {shell} is in {path}; open a new shell to use it")

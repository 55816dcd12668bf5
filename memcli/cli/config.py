"""`memcli config`."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Annotated

import typer

from memcli import arithmetic, config, llm
from memcli.cli import complete, options, render
from memcli.cli.context import run_of
from memcli.errors import ConfigError, MemcliError
from memcli.services.answers import as_json

app = typer.Typer(help="Settings.", no_args_is_help=True, rich_markup_mode=None)

Key = Annotated[str, typer.Argument(metavar="KEY", autocompletion=complete.settings)]


@app.command()
def path(ctx: typer.Context) -> None:
    """Print where the configuration file is."""
    render.write(str(run_of(ctx).where.config_file))


@app.command()
@options.shown
def show(ctx: typer.Context, output: options.Format) -> None:
    """List all settings, what they are and where they come from."""
    render.show(config.show(run_of(ctx).loaded), output)


@app.command()
@options.shown
def get(ctx: typer.Context, key: Key, output: options.Format) -> None:
    """Print the value of one setting."""
    setting = config.get(run_of(ctx).loaded, key)
    if output in (options.Format.JSON, options.Format.JSONL):
        render.show(setting, output)
    else:  # the bare value, which is what a script wants
        render.write(setting.value if isinstance(setting.value, str) else as_json(setting.value))


@app.command("set")
def set_value(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(autocompletion=complete.setting_values)],
) -> None:
    """Write a setting into the configuration file."""
    setting = config.set_value(run_of(ctx).where.config_file, key, value)
    run_of(ctx).note(f"{setting.key} = {as_json(setting.value)}")


@app.command()
def unset(ctx: typer.Context, key: Key) -> None:
    """Take a setting out of the configuration file, so that its default holds."""
    setting = config.unset(run_of(ctx).where.config_file, key)
    run_of(ctx).note(f"{setting.key} = {as_json(setting.value)} (the default)")


@app.command("llm")
@options.shown
def llm_programs(ctx: typer.Context, output: options.Format) -> None:
    """Show how to set the LLM command for llm, claude, codex, gemini, ollama and aichat.

    Any program will do that reads a prompt on standard input and writes its answer to standard output.
    """
    render.show(llm.programs(run_of(ctx).loaded.config.llm.command), output)


@app.command()
def edit(ctx: typer.Context) -> None:
    """Open the configuration file in your editor ($VISUAL or $EDITOR), then check it."""
    file = run_of(ctx).where.config_file
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise ConfigError(f"can't write {file}: {error.strerror}") from error
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        subprocess.run([*shlex.split(editor), str(file)], check=True, env=arithmetic.environment())  # noqa: S603  # the user's own editor
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise MemcliError(f"the editor {editor!r} failed: {error}") from error
    config.load(file)

"""`memcli warm start|stop|status`: the process that keeps everything loaded."""

from __future__ import annotations

import os
import time

import typer

from memcli.cli import options, render
from memcli.cli.context import run_of
from memcli.errors import MemcliError
from memcli.warm import client, place
from memcli.warm.warmth import Warmth

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="The process that keeps everything loaded."
)

LOOK_AGAIN_S = 0.05
"""Seconds between two looks at whether it is ready, or gone."""


def _socket(ctx: typer.Context) -> str:
    return place.socket_path(_home(ctx), os.environ)


def _home(ctx: typer.Context) -> str:
    return run_of(ctx).home or ""


def _warmth(path: str) -> Warmth:
    try:
        return Warmth(running=True, socket=path, **client.ask(path, "status"))
    except client.GoneError:
        return Warmth(running=False, socket=path)


@app.command()
@options.shown
def status(ctx: typer.Context, output: options.Format) -> None:
    """Show whether it runs, for how long, and what it takes."""
    render.show(_warmth(_socket(ctx)), output)


@app.command()
@options.shown
def start(ctx: typer.Context, output: options.Format) -> None:
    """Start it, unless it runs; commands start it by themselves."""
    path = _socket(ctx)
    _check(ctx, path)
    found = _warmth(path)
    process = None if found.running else client.start(_home(ctx))
    until = time.monotonic() + client.READY_S
    while not found.running and time.monotonic() < until and not (process and process.poll()):
        time.sleep(LOOK_AGAIN_S)
        found = _warmth(path)
        if process and process.poll() == 0 and not found.running:  # the one before it had not quite left
            process = client.start(_home(ctx))
    if not found.running:
        raise MemcliError("the warm process does not answer", hint="MEMCLI_WARM=0 memcli search ... says why")
    render.show(found, output)


def _check(ctx: typer.Context, path: str) -> None:
    """Refuse where there must not be a warm process, or can't.

    Raises:
        MemcliError: With what to do about it.
    """
    if not place.is_possible(os.environ) or not run_of(ctx).loaded.config.warm.enabled:
        raise MemcliError(
            "the warm process is switched off",
            hint="memcli config set warm.enabled true; and no CI or MEMCLI_WARM=0 in the environment",
        )
    if not path:
        raise MemcliError(
            "the path of the warm process's socket would be too long", hint="TMPDIR can name a shorter place"
        )
    folder = os.path.dirname(path)  # noqa: PTH120
    if not place.made(folder):
        raise MemcliError(
            f"{folder} is no place for a socket: it has to be a directory of yours that only you may enter",
            hint=f"chmod 700 {folder}",
        )


@app.command()
@options.shown
def stop(ctx: typer.Context, output: options.Format) -> None:
    """Stop it, once the commands that it runs have ended."""
    path = _socket(ctx)
    try:
        client.ask(path, "stop")
    except client.GoneError:
        run_of(ctx).note("there is no warm process")
    until = time.monotonic() + client.READY_S
    while (found := _warmth(path)).running and time.monotonic() < until:
        time.sleep(LOOK_AGAIN_S)
    render.show(found, output)

"""`memcli hook`: what harnesses call, and setting it up."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from contextlib import chdir, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from memcli import address, project, spool
from memcli.cli import options, render
from memcli.cli.context import Run, run_of
from memcli.model import Scope
from memcli.services import scopes
from memcli.services.engine import Engine
from memcli.services.hooks import answering, capturing, harnesses, installing, trying
from memcli.services.hooks.installing import Where
from memcli.services.hooks.sessions import Given
from memcli.services.hooks.state import Hooks
from memcli.warm import client, place
from memcli.warm.hooks import flush as flush_later

LOG_LINES = 5
"""Lines of the log that `hook status` shows."""

PROMPT = "what do you know about this project?"
"""What `hook test` asks."""


class Events(TyperGroup):
    """Commands, and beside them the names of events, which one command answers."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that *args* name, or that for events."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            return "event", self.commands["event"], args
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Events,
    help="""Claude Code, Codex and Gemini CLI remember by themselves.

    `memcli hook EVENT --harness NAME` is what they call: it reads what they say on standard input and answers
    what they take, whatever happens, with exit code 0 and within two seconds.""",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Name(StrEnum):
    """The harnesses."""

    CLAUDE = "claude"
    CODEX = "codex"
    GEMINI = "gemini"


Whose = Annotated[Name, typer.Option("--harness", help="Whose hooks.")]
Whichever = Annotated[Name | None, typer.Option("--harness", help="Whose hooks. [all]")]
Kind = Annotated[
    Where, typer.Option("--scope", help="Your own settings, the project's, or yours in the project.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change.")]


def _folder(run: Run) -> Path:
    """Where hooks keep what they need."""
    return Path(spool.directory(run.home or "", os.environ))


@app.command(hidden=True)
def event(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="EVENT")],
    harness: Annotated[str, typer.Option(help="Who calls.")] = "claude",
    space: options.SPACE = None,
    user: options.USER = None,
    agent: options.AGENT = None,
    here: Annotated[bool, typer.Option("--here", hidden=True)] = False,
) -> None:
    """Answer an event of a harness; see `memcli.warm.hooks` for what comes before."""
    run = run_of(ctx)
    try:
        said, then = _answered(run, name, harness, (space, user, agent), starts_warm=here)
    except Exception as error:  # the prompt goes on
        told = getattr(error, "sentence", "") or f"{type(error).__name__}: {error}"
        spool.log(str(_folder(run)), f"{name}: {told}")
        said, then = "{}", lambda: None
    if said:
        render.write(said)
        sys.stdout.flush()  # fails where it was too late, so that nobody was told anything
    then()


def _answered(
    run: Run, name: str, harness: str, who: tuple[str | None, str | None, str | None], *, starts_warm: bool
) -> tuple[str, Callable[[], None]]:
    """What the harness is told, and what is to be done once it has been."""
    whose = harnesses.named(harness)
    heard = harnesses.read(whose, name, sys.stdin.buffer.read())
    folder = _folder(run)
    given = Given(folder, heard.session)
    with _in_directory(heard.cwd):
        told = answering.answer(run.engine, heard, scope=_entered(run, *who), given=given)

    def then() -> None:
        given.add(memory.id for memory in told.memories)
        if spool.waiting(str(folder)) and spool.is_due(str(folder)):
            flush_later(run.home or "")
        if starts_warm and run.loaded.config.warm.enabled and place.is_possible(os.environ):
            client.start(run.home or "")  # the next answer is in time

    return harnesses.written(whose, name, told.context), then


def _in_directory(cwd: str) -> Any:
    """Being in the directory *cwd*, if there is one: it says which project this is."""
    return chdir(cwd) if cwd and Path(cwd).is_dir() else nullcontext()


def _entered(run: Run, space: str | None, user: str | None, agent: str | None) -> Scope:
    named = run.scope(space, user, agent)
    return scopes.entered(run.engine, named, include_team=None, with_global=None)


@app.command(hidden=True)
@options.shown
def flush(ctx: typer.Context, output: options.Format) -> None:
    """Store what hooks have captured."""
    run = run_of(ctx)

    def where(captured: capturing.Captured) -> tuple[Engine, Scope]:
        one = Run(run.home, run.quiet, run.models)
        with _in_directory(captured.cwd):
            scope = one.scope(captured.said("space"), captured.said("user"), captured.said("agent"))
            return one.engine, scope

    render.show(capturing.flush(_folder(run), where), output)


@app.command()
@options.shown
def install(
    ctx: typer.Context,
    output: options.Format,
    harness: Whose,
    scope: Kind = Where.USER,
    dry_run: DryRun = False,
) -> None:
    """Have a harness call memcli; its other hooks and settings stay, a backup is made."""
    run, whose = run_of(ctx), harnesses.named(harness)
    command = command_line(run, is_shared=scope is Where.PROJECT)
    changed = installing.install(whose, scope, settings_of(whose, scope), command, dry_run=dry_run)
    render.show(changed, output)
    if harness is Name.CODEX and changed.action == "installed":
        run.note("Codex asks once whether it may run them: /hooks")


@app.command()
@options.shown
def uninstall(
    ctx: typer.Context,  # noqa: ARG001  # the decorator looks for the format there
    output: options.Format,
    harness: Whose,
    scope: Kind = Where.USER,
    dry_run: DryRun = False,
) -> None:
    """Take memcli out of a harness's settings."""
    whose = harnesses.named(harness)
    render.show(installing.uninstall(whose, scope, settings_of(whose, scope), dry_run=dry_run), output)


def command_line(run: Run, *, is_shared: bool) -> str:
    """How a shell calls the hooks of this memcli; in settings that others share, of whichever they have."""
    if is_shared:
        return "memcli hook"
    beside = Path(sys.executable).parent / "memcli"
    found = str(beside) if beside.exists() else shutil.which("memcli")
    line = [found] if found else [sys.executable, "-P", "-m", "memcli"]
    home = ["--home", address.absolute(run.home)] if run.home else []
    return shlex.join([*line, *home, "hook"])


def settings_of(whose: harnesses.Harness, where: Where) -> Path:
    """The settings file of a harness, as things are here."""
    here = Path.cwd()
    repository = project.repository(here)
    return installing.settings_file(
        whose,
        where,
        home=Path.home(),
        project=repository.top if repository else here,
        moved=os.environ.get(whose.variable, ""),
    )


@app.command()
@options.shown
def status(ctx: typer.Context, output: options.Format, harness: Whichever = None) -> None:
    """Show which harnesses call memcli, and what waits to be stored."""
    folder = str(_folder(run_of(ctx)))
    names = [harness] if harness else list(Name)
    looked = [
        installing.look(whose, Where(where), settings_of(whose, Where(where)))
        for whose in map(harnesses.named, names)
        for where in whose.files
    ]
    waiting = len(spool.waiting(folder))
    render.show(
        Hooks(
            hooks=tuple(looked), waiting=waiting, folder=folder, log=tuple(spool.logged(folder, LOG_LINES))
        ),
        output,
    )


@app.command("test")
@options.looking
@options.shown
def try_out(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    harness: Whose,
    prompt: Annotated[str, typer.Option(help="What the user would say.")] = PROMPT,
) -> None:
    """Run an input of each event through and show what the harness would get; nothing is kept."""
    whose = harnesses.named(harness)
    cwd = str(Path.cwd())
    render.show(list(trying.attempts(run_of(ctx).engine, whose, scope=scope, prompt=prompt, cwd=cwd)), output)

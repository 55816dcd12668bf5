"""The command line as a whole: its root options, its sections, and where each command lives.

A command's module is imported when the command is called, so that start-up does not grow with their
number; what the root's help says of it stands here.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from memcli import __version__

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Remember and find": {
        "store": ("store", "Remember a text."),
        "search": ("recall", "Find memories by meaning and words, best first."),
        "context": ("recall", "Print what is known as one block for a prompt."),
    },
    "With your LLM": {
        "ask": ("ask", "Ask your LLM, with what is known; keep what comes up."),
        "chat": ("chat", "The same as a dialogue."),
        "extract": ("extract", "Take facts out of text, and store them."),
        "tee": ("tee", "Pass a stream through, and store the tags in it."),
    },
    "One memory's life": {
        "get": ("memories", "Show one memory with all that is known about it."),
        "list": ("memories", "List memories, latest first."),
        "update": ("memories", "Change a memory."),
        "forget": ("memories", "Forget memories; restore brings them back."),
        "restore": ("memories", "Bring forgotten or replaced memories back."),
        "purge": ("memories", "Remove forgotten memories from disk, for good."),
        "history": ("history", "Show what a memory replaced, and what replaced it."),
        "undo": ("history", "Take back the last changes."),
    },
    "All memories of a space": {
        "conflicts": ("consolidate", "Show what doubles or contradicts each other."),
        "consolidate": ("consolidate", "Merge doubles, forget what is unimportant and unused."),
    },
    "To look at": {
        "view": ("view", "One page for the browser, with a map of meanings."),
    },
    "Conversations": {
        "conversation": ("conversation", "Dialogues, turn by turn."),
    },
    "Something to look at": {
        "browse": ("browse", "Memories on a full screen, to search, read and change."),
        "stats": ("stats", "What is remembered, in figures."),
    },
    "Structure": {
        "graph": ("graph", "Connect memories, and follow the edges."),
        "value": ("value", "JSON values under keys."),
    },
    "What one is at, and what was done": {
        "task": ("task", "Working memory: a goal, subgoals, thoughts, results."),
        "episodes": ("episodes", "What was done before, and how it ended."),
    },
    "Where, and who": {
        "spaces": ("spaces", "Separate namespaces, made on first use."),
        "agents": ("agents", "Agents, each with memories of its own."),
        "teams": ("teams", "Who else may see a memory."),
    },
    "For agents": {
        "mcp": ("mcp", "Serve agents over MCP."),
        "schema": ("schema", "Options and output of every command as JSON Schema."),
    },
    "In and out": {
        "import": ("transfer", "Store what a file holds, of many formats."),
        "export": ("transfer", "Print everything, or a conversation."),
        "backup": ("backup", "Save everything in one file."),
        "restore-backup": ("backup", "Bring back what a backup holds."),
    },
    "At home": {
        "init": ("init", "Set everything up, question by question."),
        "hook": ("hook", "Claude Code, Codex and Gemini CLI remember by themselves."),
    },
    "Care": {
        "config": ("config", "Settings."),
        "model": ("model", "What turns text into vectors."),
        "eval": ("evaluate", "Measure search on your own questions."),
        "doctor": ("doctor", "Check that all is well, and say what is not."),
        "scan": ("scan", "Look for secrets in what is stored."),
        "optimize": ("upkeep", "Make the store small and quick at once."),
        "warm": ("warm", "The process that keeps everything loaded."),
        "man": ("man", "Manual pages."),
        "completions": ("completions", "Completion for bash, zsh and fish."),
        "demo": ("demo", "See it work on a bundled example."),
    },
}
"""Section, command, module, and what the root's help says of it."""

COMPLETION = "_MEMCLI_COMPLETE"
"""The variable through which a shell asks what could stand at the cursor."""

COMMANDS = {name: entry for commands in SECTIONS.values() for name, entry in commands.items()}


@cache
def commands_of(module: str) -> Any:
    """The commands in *module* of this package: a group, made once, since that takes 5 ms."""
    group: Any = typer.main.get_group(import_module(f"memcli.cli.{module}").app)
    for command in group.commands.values():
        command.short_help = " ".join((command.help or "").partition("\n\n")[0].split())  # not cut
        for one in command.params:
            if isinstance(one, TyperArgument) and one.metavar is None:
                one.metavar = str(one.name).upper()  # as everybody writes them
    return group


class Commands(TyperGroup):
    """The root command: knows its commands by name, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command called *cmd_name*; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        group = commands_of(COMMANDS[cmd_name][0])
        return group.commands.get(cmd_name) or _named(group, cmd_name)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """What could stand here: names with their help, without importing what is behind them."""
        commands: dict[str, Any] = {
            name: TyperCommand(name, short_help=says) for name, (_, says) in COMMANDS.items()
        }
        light = TyperGroup(name=self.name, commands=commands, params=self.params)
        return light.shell_complete(light.context_class(light, parent=ctx), incomplete)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the commands by section."""
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), says) for name, (_, says) in commands.items()])


def _named(group: Any, name: str) -> Any:
    group.name = name
    return group


SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""Of the root, which commands inherit."""

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"memcli {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    home: Annotated[
        str | None,
        typer.Option(envvar="MEMCLI_HOME", metavar="PATH", help="Keep configuration and store here."),
    ] = None,
    store: Annotated[
        str, typer.Option(envvar="MEMCLI_STORE", metavar="NAME", help="Work with this store of the settings.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only data and errors.")] = False,
    version: Annotated[  # noqa: ARG001  # its callback has answered
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Memory for LLM agents and the people who drive them from a terminal.

    memcli context "set up a new API project" | llm "..."
    """
    ctx.obj = ctx.obj.new_run(home, quiet=quiet, store=store)


def command() -> Any:
    """The command line, ready to be run."""
    if COMPLETION in os.environ:  # what `add_completion` would have done, without its two options
        from memcli.cli import shells

        shells.begin()
    return _root()


@cache
def _root() -> Any:
    return typer.main.get_command(app)

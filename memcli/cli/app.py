"""The command line as a whole: its root options, its sections, its subjects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from memcli import __version__
from memcli.cli import completions, config, demo, memories, model, recall, spaces, store, transfer, upkeep
from memcli.cli.context import Run

SECTIONS: dict[str, Sequence[str]] = {
    "Remember and find": ("store", "search", "context"),
    "One memory's life": ("get", "list", "update", "forget", "restore", "purge"),
    "Spaces": ("spaces",),
    "In and out": ("import", "export"),
    "Care": ("config", "model", "optimize", "completions", "demo"),
}


class Sections(TyperGroup):
    """The root command, whose help lists the commands by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the commands of each section with the first line of their help."""
        width = max(len(name) for name in self.commands)
        for title, names in SECTIONS.items():
            with formatter.section(title):
                rows = [
                    (name.ljust(width), self.commands[name].get_short_help_str(limit=80)) for name in names
                ]
                formatter.write_dl(rows)


app = typer.Typer(
    cls=Sections,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

for subject in (store, recall, memories, transfer, upkeep, demo):
    subject.register(app)
for name, group in (
    ("spaces", spaces.app),
    ("config", config.app),
    ("model", model.app),
    ("completions", completions.app),
):
    app.add_typer(group, name=name)


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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No notes or progress on standard error.")
    ] = False,
    version: Annotated[  # noqa: ARG001  # its callback has answered
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Memory for LLM agents and the people who drive them from a terminal.

    memcli context "set up a new API project" | llm -s "You are a helpful assistant."
    """
    ctx.obj = Run(home=home, quiet=quiet)


def command() -> Any:
    """The command line, ready to be run."""
    return typer.main.get_command(app)

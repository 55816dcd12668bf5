"""Options that most commands share, each written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from memcli.cli import complete
from memcli.cli.context import run_of
from memcli.model import Scope


class Format(StrEnum):
    """How answers are written."""

    AUTO = "auto"
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    PLAIN = "plain"


class Conflicts(StrEnum):
    """Whether new facts are held against what is known."""

    CHECK = "check"
    OFF = "off"


def checks(conflicts: Conflicts | None) -> bool | None:
    """Whether *conflicts* asks for it; None where nothing was said."""
    return None if conflicts is None else conflicts is Conflicts.CHECK


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Id = Annotated[
    str, typer.Argument(metavar="ID", autocompletion=complete.ids, help="An id, or its unique beginning.")
]
Ids = Annotated[
    list[str], typer.Argument(metavar="ID...", autocompletion=complete.ids, help="Ids, or unique beginnings.")
]

SPACE = Annotated[
    str | None,
    typer.Option(
        "--space",
        "-s",
        envvar="MEMCLI_SPACE",
        autocompletion=complete.spaces,
        help="The namespace. [setting space: default]",
    ),
]
USER = Annotated[str | None, typer.Option(envvar="MEMCLI_USER", help="Whose memories. [your login name]")]
AGENT = Annotated[str | None, typer.Option(envvar="MEMCLI_AGENT", help="An agent's own memories.")]
FORMAT = Annotated[
    Format,
    typer.Option("--format", "-f", envvar="MEMCLI_FORMAT", help="A table on a terminal, JSON in a pipe."),
]
AS_JSON = Annotated[bool, typer.Option("--json", help="Short for --format json.")]


# --- parameters that stand for several options ---


def replacing(
    name: str, options: dict[str, tuple[Any, Any]], combine: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: parameter *name* of a command is made by *combine* from *options*.

    Args:
        name: The parameter of the command's function.
        options: Name to (annotation, default) of the options that the command line gets instead.
        combine: Called with the context and the options' values by name.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(command, eval_str=True)

        def wrapper(**given: Any) -> Any:
            values = {option: given.pop(option) for option in options}
            return command(**given, **{name: combine(given["ctx"], **values)})

        kept = [p.replace(kind=p.KEYWORD_ONLY) for p in signature.parameters.values() if p.name != name]
        added = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for option, (annotation, default) in options.items()
        ]
        wrapper.__signature__ = signature.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in (*kept, *added)}
        wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
        return wrapper

    return decorate


def _scope(ctx: typer.Context, space: str | None, user: str | None, agent: str | None) -> Scope:
    return run_of(ctx).loaded.config.scope(space, user, agent)


def was_said(ctx: typer.Context, name: str) -> bool:
    """Whether the command line itself, not only the environment or a default, says *name*."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _format(ctx: typer.Context, format_: Format, as_json: bool) -> Format:
    wanted = Format.JSON if as_json else format_
    if wanted is Format.AUTO:
        wanted = Format(run_of(ctx).loaded.config.format)
    return wanted


SCOPE = {"space": (SPACE, None), "user": (USER, None), "agent": (AGENT, None)}

scoped = replacing("scope", SCOPE, _scope)
"""Decorates a command with a parameter `scope`: the command line gets --space, --user and --agent."""


def _unless_said(ctx: typer.Context, scope: Scope, *names: str) -> Scope:
    """*scope* with everything for those of *names* that the command line itself does not mention."""
    return replace(scope, **{name: None for name in names if not was_said(ctx, name)})


def _own(ctx: typer.Context, space: str | None, user: str | None, agent: str | None) -> Scope:
    return _unless_said(ctx, _scope(ctx, space, user, agent), "space", "agent")


def _all(ctx: typer.Context, space: str | None, user: str | None, agent: str | None) -> Scope:
    return _unless_said(ctx, _scope(ctx, space, user, agent), "space", "user", "agent")


own = replacing("scope", SCOPE, _own)
"""Like `scoped`, for commands that take ids: all of the user's memories, unless narrowed down."""

everybodys = replacing("scope", SCOPE, _all)
"""Like `scoped`, for commands that mean everything there is, unless narrowed down."""

shown = replacing("output", {"format_": (FORMAT, Format.AUTO), "as_json": (AS_JSON, False)}, _format)
"""Decorates a command with a parameter `output`: the command line gets --format and --json."""

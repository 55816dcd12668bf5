"""Options that most commands share, each written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer

from memcli.cli import complete
from memcli.cli.context import run_of
from memcli.errors import ConfigError, UsageError
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


class Visibility(StrEnum):
    """Who may see a memory."""

    PRIVATE = "private"
    TEAM = "team"


VisibilityOption = Annotated[
    Visibility | None,
    typer.Option("--visibility", help="Who may see it: you, or the team that --team names. [private]"),
]


def team_seeing(visibility: Visibility | None, team: str | None) -> str | None:
    """The team that is to see a memory: "" for none, None where nothing was said.

    Raises:
        UsageError: It is for a team, and none is named.
    """
    if visibility is Visibility.TEAM and not team:
        raise UsageError("--visibility team needs --team SLUG", hint="memcli teams list shows yours")
    return "" if visibility is Visibility.PRIVATE else team


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Id = Annotated[
    str, typer.Argument(metavar="ID", autocompletion=complete.ids, help="An id, or its unique beginning.")
]
Ids = Annotated[
    list[str], typer.Argument(metavar="ID...", autocompletion=complete.ids, help="Ids, or unique beginnings.")
]

Conversation = Annotated[
    str,
    typer.Option(
        "--conversation",
        "-c",
        metavar="ID",
        envvar="MEMCLI_CONVERSATION",
        autocompletion=complete.conversations,
        help="Which conversation. [the one last written to]",
    ),
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
AGENT = Annotated[
    str | None,
    typer.Option(envvar="MEMCLI_AGENT", autocompletion=complete.agents, help="An agent's own memories."),
]
STORE = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="NAME",
        autocompletion=complete.stores,
        help="The store, by its name in the settings. [your own]",
    ),
]
TEAM = Annotated[
    str | None,
    typer.Option(metavar="SLUG", autocompletion=complete.teams, help="Only what this team can see."),
]
SHARED = Annotated[bool, typer.Option("--shared", help="With --agent: your own memories, too.")]
INCLUDE_TEAM = Annotated[
    bool | None,
    typer.Option(
        "--include-team/--no-include-team",
        help="What your teams can see, too. [setting search.include_team: no]",
    ),
]
WITH_GLOBAL = Annotated[
    bool | None,
    typer.Option(
        "--with-global/--no-with-global",
        help="Look into the space global, too. [setting search.with_global: no]",
    ),
]
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
        options: Name to (annotation, default) of the options that the command line gets instead; not those
            that the command has itself, as `ask` has another `--store`.
        combine: Called with the context and the options' values by name.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(command, eval_str=True)
        ours = {option: said for option, said in options.items() if option not in signature.parameters}

        def wrapper(**given: Any) -> Any:
            values = {option: given.pop(option) for option in ours}
            return command(**given, **{name: combine(given["ctx"], **values)})

        kept = [p.replace(kind=p.KEYWORD_ONLY) for p in signature.parameters.values() if p.name != name]
        added = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for option, (annotation, default) in ours.items()
        ]
        wrapper.__signature__ = signature.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in (*kept, *added)}
        wrapper.__name__, wrapper.__doc__ = command.__name__, command.__doc__
        return wrapper

    return decorate


def _named(
    ctx: typer.Context, space: str | None, user: str | None, agent: str | None, store: str | None = None
) -> Scope:
    run = run_of(ctx)
    run.store, run.is_search = run.store if store is None else store, ctx.info_name == "search"
    return run_of(ctx).scope(space, user, agent)


def _scope(
    ctx: typer.Context,
    space: str | None,
    user: str | None,
    agent: str | None,
    store: str | None = None,
    team: str | None = None,
    anything: tuple[str, ...] = (),
    **wider: Any,
) -> Scope:
    """The scope that is named; everything for those of *anything* that the command line does not mention."""
    named = replace(_named(ctx, space, user, agent, store), team=team or "")
    unsaid: dict[str, Any] = {name: None for name in anything if not was_said(ctx, name)}
    from memcli.services import scopes  # 9 ms, which `config` and completion do without

    return scopes.entered(run_of(ctx).engine, replace(named, **unsaid), **wider)


def was_said(ctx: typer.Context, name: str) -> bool:
    """Whether the command line itself, not only the environment or a default, says *name*."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _later(ctx: typer.Context, **said: Any) -> Callable[[], Scope]:
    return partial(_scope, ctx, **said)


def _format(ctx: typer.Context, format_: Format, as_json: bool) -> Format:
    wanted = Format.JSON if as_json else format_
    if wanted is Format.AUTO:
        wanted = Format(run_of(ctx).loaded.config.format)
    return wanted


def _format_anyway(ctx: typer.Context, format_: Format, as_json: bool) -> Format:
    try:
        return _format(ctx, format_, as_json)
    except ConfigError:  # what it would have said, `doctor` says
        return Format.AUTO


PLACE: dict[str, tuple[Any, Any]] = {
    "space": (SPACE, None),
    "user": (USER, None),
    "agent": (AGENT, None),
    "store": (STORE, None),
}
SCOPE: dict[str, tuple[Any, Any]] = {**PLACE, "team": (TEAM, None)}
WIDER: dict[str, tuple[Any, Any]] = {
    "shared": (SHARED, False),
    "include_team": (INCLUDE_TEAM, None),
    "with_global": (WITH_GLOBAL, None),
}

scoped = replacing("scope", SCOPE, _scope)
"""Decorates a command with a parameter `scope`: the command line gets --space, --user, --agent and --team."""

scoped_later = replacing("scope", SCOPE, _later)
"""Like `scoped`, but the parameter gives the scope when it is called, with whatever is wrong with it."""

looking = replacing("scope", {**SCOPE, **WIDER}, _scope)
"""Like `scoped`, for commands that can look further: --shared, --include-team and --with-global."""

working = replacing("scope", PLACE, _scope)
"""Like `scoped`, for what no team can see: --space, --user and --agent."""

placed = replacing("scope", PLACE, _named)
"""Like `scoped`, for commands about spaces themselves: no agent and no team needs to be there."""


def _user(ctx: typer.Context, user_: str | None) -> str:
    return run_of(ctx).loaded.config.scope(user=user_).owner


WHO = Annotated[str | None, typer.Option("--user", envvar="MEMCLI_USER", help="Who you are. [login name]")]
personal = replacing("user", {"user_": (WHO, None)}, _user)
"""Decorates a command with a parameter `user`: the command line gets --user."""


_own = partial(_scope, anything=("space", "agent"))
_all = partial(_scope, anything=("space", "user", "agent"))

own = replacing("scope", SCOPE, _own)
"""Like `scoped`, for commands that take ids: all that the user may see, unless narrowed down."""

own_placed = replacing("scope", PLACE, _own)
"""Like `own`, where --team means something else."""

everybodys = replacing("scope", SCOPE, _all)
"""Like `scoped`, for commands that mean everything there is, unless narrowed down."""

shown = replacing("output", {"format_": (FORMAT, Format.AUTO), "as_json": (AS_JSON, False)}, _format)
"""Decorates a command with a parameter `output`: the command line gets --format and --json."""

shown_anyway = replacing(
    "output", {"format_": (FORMAT, Format.AUTO), "as_json": (AS_JSON, False)}, _format_anyway
)
"""Like `shown`, where the settings may be unreadable."""

"""Options that several commands share, each written once, and what turns words into values."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from memcli.cli import complete
from memcli.cli.context import run_of
from memcli.errors import NotFoundError, UsageError
from memcli.model import Mode, Scope
from memcli.services.select import Filter
from memcli.services.where import parse as parse_where
from memcli.times import parse_duration, parse_time


class Format(StrEnum):
    """How answers are written."""

    AUTO = "auto"
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    PLAIN = "plain"


class Style(StrEnum):
    """How a context block is written."""

    MARKDOWN = "markdown"
    XML = "xml"
    PLAIN = "plain"


Limit = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, help="Most hits. [setting search.limit: 10]")
]
MinScore = Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Leave out weaker hits, 0 to 1.")]
MinImportance = Annotated[float, typer.Option(min=0.0, max=1.0, help="Leave out less important ones.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="Only with this tag; repeatable.")]
Where = Annotated[
    str | None,
    typer.Option(metavar="EXPR", help="Only where metadata fulfil this, e.g. 'n >= 1 and type = note'."),
]
Since = Annotated[str | None, typer.Option(metavar="WHEN", help="Created since: 2026-05-01, 7d, yesterday.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="Created until, that day included.")]
AllSpaces = Annotated[bool, typer.Option("--all-spaces", "-a", help="Look in every space.")]
ModeOption = Annotated[Mode | None, typer.Option(help="Which evidence counts. [setting search.mode: hybrid]")]
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


def _replacing(
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


def _format(ctx: typer.Context, format_: Format, as_json: bool) -> Format:
    wanted = Format.JSON if as_json else format_
    if wanted is Format.AUTO:
        wanted = Format(run_of(ctx).loaded.config.format)
    return wanted


scoped = _replacing("scope", {"space": (SPACE, None), "user": (USER, None), "agent": (AGENT, None)}, _scope)
"""Decorates a command with a parameter `scope`: the command line gets --space, --user and --agent."""

shown = _replacing("output", {"format_": (FORMAT, Format.AUTO), "as_json": (AS_JSON, False)}, _format)
"""Decorates a command with a parameter `output`: the command line gets --format and --json."""


def _filter(
    ctx: typer.Context,  # noqa: ARG001  # handed to all of these
    tag: list[str] | None,
    where: str | None,
    since: str | None,
    until: str | None,
    min_importance: float,
) -> Filter:
    return Filter(
        tags=tuple(tag or ()),
        where=parse_where(where) if where is not None else None,
        since=a_time(since),
        until=a_time(until, end_of_day=True),
        min_importance=min_importance,
    )


filtered = _replacing(
    "wanted",
    {
        "tag": (Tags, None),
        "where": (Where, None),
        "since": (Since, None),
        "until": (Until, None),
        "min_importance": (MinImportance, 0.0),
    },
    _filter,
)
"""Decorates a command with a parameter `wanted`: the command line gets the filters."""


# --- words to values ---


def a_time(said: str | None, *, end_of_day: bool = False) -> datetime | None:
    """The time that *said* means; None for None."""
    return None if said is None else parse_time(said, datetime.now(UTC), end_of_day=end_of_day)


def a_duration(said: str | None) -> timedelta | None:
    """The duration that *said* means; None for None."""
    return None if said is None else parse_duration(said)


def expiry(ttl: str | None, expires: str | None) -> datetime | None:
    """When something stored now expires, from `--ttl` or `--expires`."""
    if ttl is not None and expires is not None:
        raise UsageError("--ttl and --expires can't both be given")
    now = datetime.now(UTC)
    at = now + parse_duration(ttl) if ttl is not None else a_time(expires)
    if at is not None and at <= now:
        raise UsageError(f"--expires {expires} has passed already")
    return at


def metadata(pairs: Sequence[str] | None) -> dict[str, Any]:
    """Metadata from `--meta KEY=VALUE` pairs; a value that is JSON is taken as such, else as text."""
    said: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--meta takes KEY=VALUE, not {pair!r}")
        try:
            said[key] = json.loads(value, parse_constant=_no_constant)
        except ValueError:
            said[key] = value
    return said


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def text(said: str) -> str:
    """*said*, or all of standard input if it is `-`, without the line feed at its end."""
    if said != "-":
        return said
    return decoded(sys.stdin.buffer.read(), "standard input").removesuffix("\n").removesuffix("\r")


def decoded(raw: bytes, what: str) -> str:
    """*raw* as text.

    Raises:
        UsageError: It is not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not valid UTF-8 at byte {error.start + 1}") from error


def opened(name: str) -> BinaryIO:
    """The file called *name*, for reading bytes; standard input if it is `-`.

    Raises:
        NotFoundError: There is no such file.
        UsageError: It can't be read.
    """
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {name}") from error
    except OSError as error:
        raise UsageError(f"can't read {name}: {error.strerror}") from error


def was_said(ctx: typer.Context, name: str) -> bool:
    """Whether the option *name* stands on the command line (not only in the environment)."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def confirmed(question: str, *, yes: bool) -> None:
    """Ask *question* on a terminal, unless *yes*.

    Raises:
        UsageError: There is nobody to ask.
        typer.Abort: The answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("this needs --yes where nobody can be asked", hint=question)
    typer.confirm(question, abort=True, err=True)

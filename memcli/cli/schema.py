"""`memcli schema`: the command line described for programs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any

import typer

from memcli.cli import complete, render
from memcli.cli.app import SETTINGS
from memcli.errors import NotFoundError
from memcli.services.answers import as_json
from memcli.services.shapes import DIALECT, Described, Summary, schema_of

app = typer.Typer(rich_markup_mode=None)

TYPES = {"IntParamType": "integer", "IntRange": "integer", "FloatParamType": "number", "FloatRange": "number"}
TYPES |= {"BoolParamType": "boolean"}
"""What the values of options are called in JSON Schema, by their class; all others are strings."""


@app.command()
def schema(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND...]",
            autocompletion=complete.commands,
            help="Its name: store, graph connect, ...",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All commands with all that is known.")] = False,
) -> None:
    """Describe commands for programs: options and output as JSON Schema.

    Without a COMMAND it lists them all; of a group, such as graph, its commands.
    """
    wanted = " ".join(command or ())
    found = dict(_within(commands(ctx.find_root().command), wanted))
    if not found:
        raise unknown(wanted, ctx)
    if wanted in found:
        answer: Any = described(wanted, found[wanted])
    elif everything:
        answer = [described(name, one) for name, one in found.items()]
    else:
        answer = [summary(name, one) for name, one in found.items()]
    render.write(as_json(answer, indent=2))


def commands(root: Any) -> dict[str, Any]:
    """All commands below *root* that do something for people, by whole names, in the order of the help."""
    return dict(_commands(root, ""))


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(None):
        command, whole = group.get_command(None, name), f"{path}{name}"
        if hasattr(command, "list_commands"):
            yield from _commands(command, f"{whole} ")
        elif not command.hidden:
            yield whole, command


def _within(all_of_them: Mapping[str, Any], wanted: str) -> Iterator[tuple[str, Any]]:
    """Those that are called *wanted*, or are in the group of that name."""
    for name, command in all_of_them.items():
        if not wanted or f"{name} ".startswith(f"{wanted} "):
            yield name, command


def unknown(name: str, ctx: typer.Context) -> NotFoundError:
    """What is said of *name*, which no command has."""
    close = difflib.get_close_matches(name, commands(ctx.find_root().command), n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    return NotFoundError(f"there is no command {name!r}{meant}", hint="memcli schema lists them all")


def summary(name: str, command: Any) -> Summary:
    """*command*, called *name*, in a word."""
    return Summary(command=name, description=_first(command.help), usage=usage(name, command))


def described(name: str, command: Any) -> Described:
    """All that there is to know about *command*, called *name*."""
    from memcli.cli.outputs import OUTPUTS  # all services

    kind = OUTPUTS[name]
    return Described(
        command=name,
        description=" ".join((command.help or "").split()),
        usage=usage(name, command),
        options={"$schema": DIALECT, **_options(command.params)},
        output=None if kind is None else {"$schema": DIALECT, **schema_of(kind)},
    )


def usage(name: str, command: Any) -> str:
    """How *command*, called *name*, is written, as its help has it."""
    return " ".join(["memcli", name, *command.collect_usage_pieces(context_of(name, command))])


def context_of(name: str, command: Any) -> Any:
    """Where *command*, called *name*, is asked about itself: as when it runs, since it keeps some of that."""
    return command.context_class(command, info_name=name, **SETTINGS)


def _first(text: str | None) -> str:
    """The first paragraph of *text*, on one line."""
    return " ".join((text or "").partition("\n\n")[0].split())


def _options(params: Sequence[Any]) -> dict[str, Any]:
    """The JSON Schema of *params*, the arguments and options of a command."""
    names = names_of(params)
    arguments = [one.name for one in params if is_argument(one)]
    return {
        "type": "object",
        "properties": {names[one.name]: _option(one, arguments) for one in params},
        "required": [names[one.name] for one in params if one.required],
        "additionalProperties": False,
    }


def is_argument(param: Any) -> bool:
    """Whether *param* is told by its place rather than by its name."""
    return bool(param.param_type_name == "argument")


def names_of(params: Sequence[Any]) -> dict[str, str]:
    """What *params* are called, by their names in Python, which are our own business.

    Options are called by their long flags, arguments by what the usage shows, unless an option has that name.
    """
    options = {one.name: _long(one) for one in params if not is_argument(one)}
    arguments = {one.name: _shown(one) for one in params if is_argument(one)}
    free = {name: name if said in options.values() else said for name, said in arguments.items()}
    return free | options


def _shown(argument: Any) -> str:
    return re.sub(r"\W", "", argument.metavar or argument.name).lower()


def _long(option: Any) -> str:
    return str(max(option.opts, key=len)).lstrip("-").replace("-", "_")


def _option(param: Any, arguments: Sequence[str]) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": TYPES.get(type(param.type).__name__, "string")}
    if choices := getattr(param.type, "choices", None):
        kind["enum"] = [str(getattr(choice, "value", choice)) for choice in choices]
    for bound, word in (("min", "minimum"), ("max", "maximum")):
        if getattr(param.type, bound, None) is not None:
            kind[word] = getattr(param.type, bound)
    if param.multiple or param.nargs == -1:
        kind = {"type": "array", "items": kind}
    said = {"description": param.help} if getattr(param, "help", None) else {}
    default = param.default.value if isinstance(param.default, Enum) else param.default
    known = {} if param.required or default is None or callable(default) else {"default": default}
    return {**kind, **said, **known, **_spelled(param, arguments)}


def _spelled(param: Any, arguments: Sequence[str]) -> dict[str, Any]:
    if is_argument(param):
        return {"x-position": arguments.index(param.name) + 1}
    env = {"x-env": param.envvar} if param.envvar else {}
    return {"x-flags": [*param.opts, *param.secondary_opts], **env}

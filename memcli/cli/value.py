"""`memcli value`: JSON under keys."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from memcli.cli import complete, filters, options, render, words
from memcli.cli.context import run_of
from memcli.cli.messages import harmless
from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import jsontext, values
from memcli.services.answers import safe

app = typer.Typer(help="JSON values under keys.", no_args_is_help=True, rich_markup_mode=None)

NEGATIVE = {"ignore_unknown_options": True}
"""Lets -5 be a value."""

Key = Annotated[str, typer.Argument(metavar="KEY", autocompletion=complete.values)]
JSON = Annotated[str | None, typer.Argument(metavar="[JSON]", help="The value; - reads standard input.")]
File = Annotated[str | None, typer.Option("--file", metavar="FILE", help="Read the value from a file.")]


@app.command("set", context_settings=NEGATIVE)
@options.scoped
@options.shown
def set_value(
    ctx: typer.Context,
    key: Key,
    scope: Scope,
    output: options.Format,
    value: JSON = None,
    file: File = None,
    ttl_days: Annotated[float | None, typer.Option(metavar="N", help="Expires after so many days.")] = None,
    ttl: Annotated[str | None, typer.Option(metavar="DURATION", help="Expires after 12h, 7d, ...")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="Expires on this date.")] = None,
    if_absent: Annotated[
        bool, typer.Option("--if-absent", help="Only where there is none; exit code 4 otherwise.")
    ] = False,
    if_version: Annotated[
        int | None, typer.Option(metavar="N", help="Only over this version; exit code 4 otherwise.")
    ] = None,
) -> None:
    """Keep a JSON value under KEY, over what is there."""
    kept = values.put(
        run_of(ctx).engine,
        key,
        _text(value, file),
        scope=scope,
        expires_at=words.expiry(ttl, expires, ttl_days),
        if_absent=if_absent,
        if_version=if_version,
    )
    render.show(kept, output)


def _text(value: str | None, file: str | None) -> str:
    """The value as it was given: as an argument, on standard input, or in a file."""
    if (value is None) == (file is None):
        raise UsageError("the value is given as JSON, as - for standard input, or by --file")
    return words.text(value) if value is not None else words.decoded(words.read(str(file)), str(file))


@app.command()
@options.scoped
@options.shown
def get(
    ctx: typer.Context,
    key: Key,
    scope: Scope,
    output: options.Format,
    field: Annotated[str | None, typer.Option(metavar="PATH", help="Only this part: a.b[0].")] = None,
    raw: Annotated[bool, typer.Option("--raw", "-r", help="A text without its quotes.")] = False,
) -> None:
    """Print a value as it was set; with --json, all that is known about it."""
    value = values.get(run_of(ctx).engine, key, scope=scope, field=field)
    if not raw and output in (options.Format.JSON, options.Format.JSONL, options.Format.TABLE):
        render.show(value, output)
    else:
        render.write(_bare(value.data, raw=raw, on_one_line=output is options.Format.PLAIN))


def _bare(data: str, *, raw: bool, on_one_line: bool) -> str:
    """*data* as it is; a terminal gets the same value without what would steer it."""
    is_seen = sys.stdout.isatty() or on_one_line
    if raw and data.startswith('"'):
        said = str(jsontext.read(data))
        return harmless(said) if is_seen else said
    shown = jsontext.compact(data) if on_one_line else data
    return safe(shown) if is_seen else shown


@app.command("list")
@options.scoped
@options.shown
def list_values(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    prefix: Annotated[
        str, typer.Argument(metavar="[PREFIX]", autocompletion=complete.values, help="How their keys begin.")
    ] = "",
    all_spaces: filters.AllSpaces = False,
) -> None:
    """List values by key."""
    found = values.all_values(
        run_of(ctx).engine, scope=filters.in_all_spaces(scope, all_spaces), prefix=prefix
    )
    render.show(found, output)


@app.command()
@options.scoped
@options.shown
def delete(
    ctx: typer.Context,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", autocompletion=complete.values)],
    scope: Scope,
    output: options.Format,
) -> None:
    """Delete values; this can't be undone."""
    render.show(values.delete(run_of(ctx).engine, keys, scope=scope), output)


@app.command()
@options.scoped
@options.shown
def incr(
    ctx: typer.Context,
    key: Key,
    scope: Scope,
    output: options.Format,
    by: Annotated[str, typer.Option(metavar="N", help="How much; any JSON number.")] = "1",
) -> None:
    """Add to a number, 0 if there is none."""
    render.show(values.increase(run_of(ctx).engine, key, scope=scope, by=by), output)


@app.command(context_settings=NEGATIVE)
@options.scoped
@options.shown
def append(
    ctx: typer.Context,
    key: Key,
    scope: Scope,
    output: options.Format,
    value: JSON = None,
    file: File = None,
) -> None:
    """Add a JSON value to a list, an empty one if there is none."""
    render.show(values.append(run_of(ctx).engine, key, _text(value, file), scope=scope), output)

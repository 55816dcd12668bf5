"""`memcli eval`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from memcli.cli import filters, options, render, words
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import evaluate

app = typer.Typer(rich_markup_mode=None)


@app.command("eval")
@options.scoped
@options.shown
def evaluate_search(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(help='JSON Lines of {"query": "...", "relevant": [ids]}; - reads standard input.'),
    ],
    scope: Scope,
    output: options.Format,
    at: Annotated[str, typer.Option(metavar="K,...", help="Give recall among this many hits.")] = ",".join(
        map(str, evaluate.DEPTHS)
    ),
    all_spaces: filters.AllSpaces = False,
) -> None:
    """Measure search on your own questions: text, vector and hybrid side by side."""
    figures = evaluate.run(
        run_of(ctx).engine,
        words.read(file).split(b"\n"),
        scope=replace(scope, space=None) if all_spaces else scope,
        depths=words.numbers(at, "--at"),
    )
    render.show(figures, output)

"""`memcli store`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import options, render, words
from memcli.cli.context import run_of
from memcli.model import Draft, Scope
from memcli.services import remember

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.scoped
@options.shown
def store(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="What to remember; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    importance: Annotated[
        float, typer.Option("--importance", "-i", help="0 to 1; how long it stays fresh.")
    ] = 0.5,
    title: Annotated[str, typer.Option(help="By default the first 60 characters.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="A tag; repeatable.")] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option("--meta", "-m", metavar="K=V", help="Metadata, JSON or text; repeatable."),
    ] = None,
    source: Annotated[str, typer.Option(help="Where it comes from.")] = "",
    ttl: Annotated[str | None, typer.Option(metavar="DURATION", help="Expires after 12h, 7d, ...")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="Expires on this date.")] = None,
    created_at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When it was so; by default now.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", "-l", help="One memory per line of TEXT.")] = False,
) -> None:
    """Remember TEXT, unless the same is remembered already."""
    said = words.text(text)
    texts = [line for line in words.lines(said) if line.strip()] if lines else [said]
    drafts = [
        Draft(
            text=one,
            scope=scope,
            importance=importance,
            title=title,
            tags=tuple(tag or ()),
            metadata=words.metadata(meta),
            source=source,
            expires_at=words.expiry(ttl, expires),
            created_at=words.a_time(created_at),
        )
        for one in texts or [said]  # nothing but blank lines: refused like an empty text
    ]
    answers = remember.store_all(run_of(ctx).engine, drafts)
    render.show(answers if lines else answers[0], output)

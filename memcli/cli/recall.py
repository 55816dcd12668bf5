"""`memcli search` and `memcli context`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from memcli.cli import complete, filters, options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.plain import plain_line
from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import recall, uses
from memcli.services.select import Filter
from memcli.settings import ALL

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.looking
@options.shown
@filters.filtered
@filters.past
def search(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    wanted: Filter,
    then: Filter,
    query: Annotated[
        str | None, typer.Argument(help="What to look for, in any words; - reads standard input.")
    ] = None,
    limit: filters.Limit = None,
    mode: filters.ModeOption = None,
    min_score: filters.MinScore = None,
    all_spaces: filters.AllSpaces = False,
    around: filters.Around = None,
    hops: filters.Hops = 0,
    explain: Annotated[bool, typer.Option("--explain", help="Show what each score is made of.")] = False,
    use: Annotated[
        bool | None,
        typer.Option(
            "--use/--no-use", help="Whether the hits count as used, which keeps them fresh. [on a terminal]"
        ),
    ] = None,
    with_store: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            autocompletion=complete.stores,
            help="Look into this store, too; --store all: all.",
        ),
    ] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="FILE", help="One query per line, answered in order.")
    ] = None,
) -> None:
    """Find memories by meaning and words, best first."""
    if (query is None) == (batch is None):
        raise UsageError("search takes either a query or --batch FILE")
    about: dict[str, Any] = {
        "scope": replace(scope, space=None) if all_spaces else scope,
        "limit": limit,
        "mode": mode,
        "min_score": min_score,
        "wanted": filters.of_then(wanted, then),
        "around": around or 0,
        "hops": hops,
        "explain": explain,
    }
    if with_store or run_of(ctx).store == ALL:
        _search_several(run_of(ctx), with_store or (), query, batch, about, output, use)
        return
    engine = run_of(ctx).engine
    if query is not None:
        hits = recall.search(engine, words.text(query), **about)
        render.show(hits, output)
        if sys.stdout.isatty() if use is None else use:
            uses.note_hits(engine, hits)
    else:
        queries = words.lines(words.decoded(words.read(str(batch)), str(batch)))
        answers = recall.search_all(engine, queries, **about)
        _show_batch(zip(queries, answers, strict=True), output)


def _search_several(
    run: Run,
    others: Sequence[str],
    query: str | None,
    batch: str | None,
    about: dict[str, Any],
    output: options.Format,
    use: bool | None,
) -> None:
    """What `search` does where it looks into several stores."""
    from memcli.services import stores

    named = stores.named(run.loaded.config, run.store, others)
    engines = {name: run.engine if at == 0 else run.engine_at(name) for at, name in enumerate(named)}
    if query is None:
        queries = words.lines(words.decoded(words.read(str(batch)), str(batch)))
        _show_batch(zip(queries, stores.search_all(engines, queries, **about), strict=True), output)
        return
    hits = stores.search(engines, words.text(query), **about)
    render.show(hits, output)
    if sys.stdout.isatty() if use is None else use:
        stores.note_hits(engines, hits)


def _show_batch(answers: Iterator[tuple[str, Any]], output: options.Format) -> None:
    """A line of JSON for each query as it is answered; on a terminal, each query above its hits."""
    form = render.resolved(output)
    for query, hits in answers:
        if form is options.Format.TABLE:
            render.write(f"\n» {plain_line(query)}\n")
            render.show(hits, form)
        else:
            render.stream([{"query": query, "hits": hits}], options.Format.JSONL)


@app.command()
@options.looking
@options.shown
@filters.filtered
def context(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="What the prompt is about; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    wanted: Filter,
    top_n: Annotated[
        int | None, typer.Option("--top-n", "-n", min=1, help="Most memories. [setting: 20]")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, metavar="TOKENS", help="Most tokens of the block. [setting: 1000]")
    ] = None,
    min_score: filters.MinScore = None,
    around: filters.Around = None,
    style: Annotated[
        filters.Style | None, typer.Option(help="How it is written. [setting: markdown]")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SECTION,...",
            autocompletion=complete.sections,
            help="What else goes in: task, conversation, episodes, values.",
        ),
    ] = None,
    conversation: options.Conversation = "",
    all_spaces: filters.AllSpaces = False,
) -> None:
    """Print what is known about QUERY as one block for a prompt; nothing if nothing is."""
    from memcli.services import context as contexts  # which search can do without: 50 ms

    block = contexts.build(
        run_of(ctx).engine,
        words.text(query),
        scope=replace(scope, space=None) if all_spaces else scope,
        top_n=top_n,
        budget=budget,
        min_score=min_score,
        around=around,
        style=style,
        wanted=wanted,
        include=[section for some in include or () for section in some.split(",")],
        conversation=conversation,
    )
    if output in (options.Format.JSON, options.Format.JSONL):
        render.show(block, output)
    elif block.context:  # text is what a context is, on a terminal and in a pipe
        render.write(block.context)
    elif sys.stdout.isatty():
        run_of(ctx).note("nothing relevant is known")

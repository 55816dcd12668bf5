"""`memcli graph`: how memories relate."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, filters, options, render
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import drawing, graph
from memcli.services.drawing import Form
from memcli.services.edges import Direction

app = typer.Typer(help="How memories relate to each other.", no_args_is_help=True, rich_markup_mode=None)

From = Annotated[
    str, typer.Argument(metavar="FROM", autocompletion=complete.ids, help="An id, or its unique beginning.")
]
To = Annotated[
    str, typer.Argument(metavar="TO", autocompletion=complete.ids, help="An id, or its unique beginning.")
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", "-t", autocompletion=complete.types, help="Only edges of this type; repeatable."),
]
Way = Annotated[Direction, typer.Option("--direction", "-d", help="Follow edges forwards, backwards, both.")]
MinWeight = Annotated[float, typer.Option(min=0.0, max=1.0, help="Leave out weaker edges, 0 to 1.")]


@app.command()
@options.own
@options.shown
def connect(
    ctx: typer.Context,
    start: From,
    end: To,
    scope: Scope,
    output: options.Format,
    type_: Annotated[
        str,
        typer.Option(
            "--type", "-t", autocompletion=complete.types, help="What FROM is to TO, in your own words."
        ),
    ] = graph.TYPE,
    weight: Annotated[float, typer.Option("--weight", "-w", help="How strong the link is, 0 to 1.")] = 1.0,
) -> None:
    """Connect two memories; connecting them again updates the weight."""
    engine = run_of(ctx).engine
    render.show(graph.connect(engine, start, end, scope=scope, type_=type_, weight=weight), output)


@app.command()
@options.own
@options.shown
def disconnect(
    ctx: typer.Context,
    start: From,
    end: To,
    scope: Scope,
    output: options.Format,
    type_: Annotated[
        str | None,
        typer.Option("--type", "-t", autocompletion=complete.types, help="Only the edge of this type."),
    ] = None,
) -> None:
    """Take away the edges that lead from one memory to another."""
    render.show(graph.disconnect(run_of(ctx).engine, start, end, scope=scope, type_=type_), output)


@app.command()
@options.own
@options.shown
def edges(
    ctx: typer.Context,
    memory_id: options.Id,
    scope: Scope,
    output: options.Format,
    type_: Types = None,
    direction: Way = Direction.BOTH,
) -> None:
    """Show the edges of a memory, the strongest first."""
    found = graph.edges(run_of(ctx).engine, memory_id, scope=scope, types=type_ or (), direction=direction)
    render.show(found, output)


@app.command()
@options.own
@options.shown
def traverse(
    ctx: typer.Context,
    memory_id: options.Id,
    scope: Scope,
    output: options.Format,
    depth: Annotated[int, typer.Option(help="Most steps away.")] = graph.DEPTH,
    type_: Types = None,
    direction: Way = Direction.OUT,
    min_weight: MinWeight = 0.0,
    limit: Annotated[
        int, typer.Option("--limit", "-n", help="Most memories besides the first.")
    ] = graph.NODES,
) -> None:
    """Show what can be reached from a memory, as a tree."""
    run = run_of(ctx)
    reached = graph.traverse(
        run.engine,
        memory_id,
        scope=scope,
        depth=depth,
        types=type_ or (),
        direction=direction,
        min_weight=min_weight,
        limit=limit,
    )
    render.show(reached, output)
    if reached.more:
        run.note(f"the nearest {limit:,}; --limit shows more")


@app.command()
@options.own
@options.shown
def path(
    ctx: typer.Context,
    start: From,
    end: To,
    scope: Scope,
    output: options.Format,
    type_: Types = None,
    direction: Way = Direction.OUT,
) -> None:
    """Show the strongest path from one memory to another."""
    way = graph.path(run_of(ctx).engine, start, end, scope=scope, types=type_ or (), direction=direction)
    render.show(way, output)


@app.command()
@options.scoped
@options.shown
def export(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    form: Annotated[
        Form, typer.Option("--as", help="For programs, Graphviz, Mermaid, a browser.")
    ] = Form.JSON,
    type_: Types = None,
    min_weight: MinWeight = 0.0,
    unconnected: Annotated[
        bool, typer.Option("--unconnected", help="Memories without any edge, too.")
    ] = False,
    all_spaces: filters.AllSpaces = False,
) -> None:
    """Print the graph of a space."""
    whole = drawing.whole(
        run_of(ctx).engine,
        scope=filters.in_all_spaces(scope, all_spaces),
        types=type_ or (),
        min_weight=min_weight,
        unconnected=unconnected,
    )
    if form is Form.JSON:
        render.show(whole, output if output is options.Format.JSONL else options.Format.JSON)
    else:
        render.write(drawing.drawn(whole, form))

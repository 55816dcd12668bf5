"""`memcli get`, `list`, `update`, `forget`, `restore` and `purge`: one memory's life."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from memcli.cli import complete, filters, options, render, words
from memcli.cli.context import run_of
from memcli.model import Scope
from memcli.services import forgetting, memories, uses
from memcli.services.select import Filter
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)


@app.command()
@options.own
@options.shown
def get(
    ctx: typer.Context,
    memory_id: options.Id,
    scope: Scope,
    output: options.Format,
    use: Annotated[
        bool, typer.Option("--use/--no-use", help="Whether this counts as a use, which keeps it fresh.")
    ] = True,
) -> None:
    """Show one memory with all that is known about it."""
    render.show(uses.look_at(run_of(ctx).engine, memory_id, scope=scope, is_use=use), output)


@app.command("list")
@options.looking
@options.shown
@filters.filtered
@filters.past
def list_memories(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    wanted: Filter,
    then: Filter,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, max=2**31 - 1, help="Most memories; 0 for all.")
    ] = 50,
    offset: Annotated[int, typer.Option(min=0, max=2**31 - 2, help="Leave out this many of the latest.")] = 0,
    all_spaces: filters.AllSpaces = False,
    forgotten: Annotated[
        bool, typer.Option("--forgotten", help="Those that were forgotten instead.")
    ] = False,
) -> None:
    """List memories, latest first."""
    engine = run_of(ctx).engine
    scope = replace(scope, space=None) if all_spaces else scope
    wanted = replace(filters.of_then(wanted, then), forgotten=forgotten)
    found = memories.newest(engine, scope=scope, wanted=wanted, limit=limit or None, offset=offset)
    render.show(found, output)
    if limit and len(found) == limit and not options.was_said(ctx, "limit"):
        total = memories.count(engine, scope=scope, wanted=wanted)
        if total > offset + limit:
            run_of(ctx).note(f"{offset + 1} to {offset + limit} of {total:,}; --limit 0 shows all")


@app.command()
@options.own_placed
@options.shown
def update(
    ctx: typer.Context,
    memory_id: options.Id,
    scope: Scope,
    output: options.Format,
    text: Annotated[str | None, typer.Argument(help="The new text; - reads standard input.")] = None,
    importance: Annotated[float | None, typer.Option("--importance", "-i", help="0 to 1.")] = None,
    title: Annotated[str | None, typer.Option(help="The new title.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", "-t", autocompletion=complete.tags, help="The new tags; repeatable."),
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option("--meta", "-m", metavar="K=V", help="Set in its metadata; K=null takes K away."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where it comes from.")] = None,
    ttl: Annotated[str | None, typer.Option(metavar="DURATION", help="Expires this long from now.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="Expires on this date.")] = None,
    team: Annotated[
        str | None,
        typer.Option(metavar="SLUG", autocompletion=complete.teams, help="Let this team see it."),
    ] = None,
    visibility: options.VisibilityOption = None,
) -> None:
    """Change a memory; what is not named stays as it is."""
    changed = memories.update(
        run_of(ctx).engine,
        memory_id,
        scope=scope,
        text=None if text is None else words.text(text),
        importance=importance,
        title=title,
        tags=tuple(tag) if tag else None,
        metadata=words.metadata(meta) or None,
        source=source,
        expires_at=words.expiry(ttl, expires),
        team=options.team_seeing(visibility, team),
    )
    render.show(changed, output)


@app.command()
@options.own
@options.shown
def forget(ctx: typer.Context, memory_ids: options.Ids, scope: Scope, output: options.Format) -> None:
    """Forget memories; restore brings them back until they are purged."""
    render.show(forgetting.forget(run_of(ctx).engine, memory_ids, scope=scope), output)


@app.command()
@options.own
@options.shown
def restore(ctx: typer.Context, memory_ids: options.Ids, scope: Scope, output: options.Format) -> None:
    """Bring forgotten memories back, and replaced ones beside what replaced them."""
    render.show(forgetting.restore(run_of(ctx).engine, memory_ids, scope=scope), output)


@app.command()
@options.scoped
@options.shown
def purge(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    memory_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID...]", autocompletion=complete.ids, help="By default all that are forgotten."
        ),
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Only what was forgotten longer ago, e.g. 30d.")
    ] = None,
    all_spaces: filters.AllSpaces = False,
    yes: options.Yes = False,
) -> None:
    """Remove forgotten and expired memories from disk, for good."""
    engine = run_of(ctx).engine
    memories = forgetting.purgeable(
        engine,
        memory_ids or (),
        scope=replace(scope, space=None) if all_spaces else scope,
        older_than=words.a_duration(older_than),
    )
    if memories:
        words.confirmed(f"Remove {counted(len(memories), 'memory')} for good?", yes=yes)
    gone = forgetting.purge(engine, memories)
    render.show(gone, output)
    run_of(ctx).note(f"{counted(len(gone), 'memory')} removed from disk, text, vectors and old versions")

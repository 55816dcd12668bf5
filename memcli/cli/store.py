"""`memcli store`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import Run, run_of
from memcli.errors import UsageError
from memcli.kinds import UNSURE
from memcli.model import Action, Considered, Draft, Scope, Stored
from memcli.model import default_title as excerpt
from memcli.services import memories, remember

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
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", autocompletion=complete.tags, help="A tag; repeatable.")
    ] = None,
    meta: Annotated[
        list[str] | None,
        typer.Option("--meta", "-m", metavar="K=V", help="Metadata, JSON or text; repeatable."),
    ] = None,
    source: Annotated[str, typer.Option(help="Where it comes from.")] = "",
    visibility: options.VisibilityOption = None,
    ttl: Annotated[str | None, typer.Option(metavar="DURATION", help="Expires after 12h, 7d, ...")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="Expires on this date.")] = None,
    created_at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When it was so; by default now.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", "-l", help="One memory per line of TEXT.")] = False,
    replaces: Annotated[
        str | None,
        typer.Option(metavar="ID", autocompletion=complete.ids, help="It replaces this memory, in any case."),
    ] = None,
    keep_both: Annotated[
        bool, typer.Option("--keep-both", help="It replaces nothing, in any case; short for --conflicts off.")
    ] = False,
    conflicts: Annotated[
        options.Conflicts | None,
        typer.Option(help="Whether it is held against what is known. [setting conflicts.check: true]"),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show what was considered, and why.")] = False,
) -> None:
    """Remember TEXT, unless it is known already; what it makes untrue gives way to it.

    A memory that gave way stays in the history, and undo takes it all back.
    """
    if replaces == "":  # a script's variable without a value
        raise UsageError("--replaces names no memory")
    if keep_both and (replaces or conflicts is options.Conflicts.CHECK):
        raise UsageError("--keep-both goes with neither --replaces nor --conflicts check")
    scope = replace(scope, team=options.team_seeing(visibility, scope.team) or "")
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
    run = run_of(ctx)
    answers = remember.store_all(
        run.engine,
        drafts,
        conflicts=False if keep_both else options.checks(conflicts),
        replaces=replaces or "",
    )
    shown = answers if explain else [replace(answer, considered=None) for answer in answers]
    render.show(shown if lines else shown[0], output)
    for answer, draft in zip(answers, drafts, strict=True):
        if answer.action is Action.REPLACED:
            run.note(
                f"{answer.id} replaced {answer.replaced_id}, {excerpt(answer.replaced_text or '')!r}; "
                "memcli undo takes it back"
            )
        elif answer.action is Action.DUPLICATE and answer.confidence is not None:  # not word for word
            run.note(f"not stored, as {answer.id} says it in other words; --keep-both stores it as well")
        elif answer.action is Action.DUPLICATE and _says_more(draft, answer, run):
            run.note(f"known already, without what was given with it; memcli update {answer.id} sets that")
        elif rival := _unclear(answer):
            run.note(
                f"kept beside {rival.id}, {excerpt(rival.text)!r}, which it may double or contradict; "
                "memcli forget takes one away"
            )


def _unclear(answer: Stored) -> Considered | None:
    """The memory that the one just stored may double or contradict; None where that is clear, or told."""
    unsure = answer.action is Action.STORED and (answer.confidence or 1.0) < UNSURE
    if not unsure or answer.contradicts_id:
        return None
    return next((pair for pair in answer.considered or () if pair.reason == answer.reason), None)


def _says_more(draft: Draft, answer: Stored, run: Run) -> bool:
    """Whether *draft* was given something that the memory that says the same does not have."""
    if not (draft.tags or draft.metadata or draft.title or draft.source or draft.expires_at):
        return False
    there = memories.find(run.engine, str(answer.id))
    return (
        not set(draft.tags) <= set(there.tags)
        or {**there.metadata, **draft.metadata} != there.metadata
        or draft.title not in ("", there.title)
        or draft.source not in ("", there.source)
        or draft.expires_at not in (None, there.expires_at)
    )

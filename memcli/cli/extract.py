"""`memcli extract`."""

from __future__ import annotations

from typing import Annotated

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.messages import complain, contradiction, excerpt
from memcli.model import Action, Scope
from memcli.services import extract as extracting
from memcli.services.extract import Extracted, How
from memcli.services.extracting import Fact
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)

Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", autocompletion=complete.tags, help="A tag for all of them; repeatable."),
]
Importance = Annotated[
    float, typer.Option("--importance", "-i", help="0 to 1; that of facts that have none.", min=0, max=1)
]
Conversation = Annotated[
    str,
    typer.Option(
        "--conversation",
        "-c",
        metavar="ID",
        autocompletion=complete.conversations,
        help="Which one they are from: metadata.",
    ),
]


@app.command()
@options.scoped
@options.shown
def extract(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The text; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    how: Annotated[How, typer.Option("--from", help="What the facts are in.", case_sensitive=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show them.")] = False,
    importance: Importance = 0.5,
    tag: Tags = None,
    source: Annotated[str, typer.Option(help="Where they come from. [extract]")] = "",
    conversation: Conversation = "",
    conflicts: Annotated[
        options.Conflicts | None,
        typer.Option(help="Whether they are held against what is known. [setting conflicts.check: true]"),
    ] = None,
) -> None:
    """Take facts out of what an LLM wrote, and store each as store does.

    From tags: [REMEMBER: ...]. From facts: lines of "fact | importance", in any list or table, or JSON.
    From messages: an exchange with an LLM, as JSON messages or as "User: ..." text, read by your LLM
    command; without one, only tags and what was said explicitly.
    """
    run = run_of(ctx)
    found = extracting.found(run.engine, words.decoded(words.read(file), _name(file)), how)
    answer: list[Fact] | list[Extracted] = found.facts
    if not dry_run:
        stored = extracting.store(
            run.engine,
            found.facts,
            scope=scope,
            source=source,
            conversation=conversation,
            importance=importance,
            tags=tag or (),
            conflicts=options.checks(conflicts),
        )
        answer = extracting.together(found.facts, stored, importance)
        _say(run, answer)
    render.show(answer, output)
    if found.failure:
        raise found.failure
    if any(isinstance(one, Extracted) and one.action is Action.FAILED for one in answer):
        raise typer.Exit(1)


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _say(run: Run, answers: list[Extracted]) -> None:
    """What gave way, and what could not be stored."""
    for answer in answers:
        if answer.action is Action.REPLACED:
            run.note(
                f"{answer.id} replaced {answer.replaced_id}, {excerpt(answer.replaced_text or '')!r}: "
                f"{answer.reason}; memcli undo takes it back"
            )
        if answer.contradicts_id:
            run.note(contradiction(str(answer.id), answer.contradicts_id))
    failed = [answer for answer in answers if answer.action is Action.FAILED]
    for answer in failed[:20]:
        complain(f"not stored: {excerpt(answer.text)!r}: {answer.reason}")
    if len(failed) > 20:
        complain(f"{counted(len(failed), 'fact')} could not be stored, the first 20 of them above")

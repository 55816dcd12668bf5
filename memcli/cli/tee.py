"""`memcli tee`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from memcli.cli import options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.extract import Conversation, Importance, Tags
from memcli.cli.messages import ReaderGoneError, complain, contradiction, excerpt
from memcli.errors import MemcliError
from memcli.model import Action, Scope, Stored
from memcli.services import extract
from memcli.services.engine import no_progress
from memcli.services.extracting import Fact
from memcli.services.tee import Heard, Listener
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)

DID = {
    Action.STORED: "remembered",
    Action.DUPLICATE: "known already",
    Action.REPLACED: "remembered in the place of another one",
    Action.FAILED: "not stored",
}


@app.command()
@options.scoped_later
def tee(
    ctx: typer.Context,
    scope: Callable[[], Scope],
    importance: Importance = 0.5,
    tag: Tags = None,
    source: Annotated[str, typer.Option(help="Where they come from. [tee]")] = "tee",
    conversation: Conversation = "",
) -> None:
    """Pass standard input through unchanged and at once; store the [REMEMBER: ...] tags in it.

    llm "..." | memcli tee | less
    """
    run = run_of(ctx)

    def store(facts: list[Fact]) -> list[Stored]:
        return extract.store(
            run.engine,
            facts,
            scope=scope(),
            source=source,
            conversation=conversation,
            importance=importance,
            tags=tag or (),
            announce=no_progress,
        )

    listener = Listener(store)
    ended: BaseException | None = None
    try:
        for piece in words.passing():
            listener.hear(piece)  # first: what has come out has been heard, whenever somebody interrupts
            render.pass_on(piece)
    except (KeyboardInterrupt, ReaderGoneError, MemcliError) as error:
        ended = error
    heard = listener.close()
    _say(run, heard)
    if heard.failure or ended:
        raise heard.failure or ended or AssertionError


def _say(run: Run, heard: Heard) -> None:
    """What became of each tag."""
    for fact, stored in heard.first:
        action = stored.action if stored else Action.FAILED
        told = f"{DID[action]}: {excerpt(fact.text)}"
        if action is Action.FAILED:
            complain(told + (f" ({stored.reason})" if stored else ""))
        else:
            run.note(told + (f"  {stored.id}" if stored and stored.id else ""))
        if stored and stored.contradicts_id:
            run.note(contradiction(str(stored.id), stored.contradicts_id))
    if heard.total > len(heard.first):
        rest = ", ".join(f"{number:,} {DID[action]}" for action, number in heard.counts.items())
        run.note(f"{counted(heard.total, 'tag')} in all: {rest}")

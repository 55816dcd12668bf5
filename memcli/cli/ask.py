"""`memcli ask`: one question to the user's LLM, with what is known about it."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from memcli.cli import filters, options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.interrupting import SignalledError, stopped_once
from memcli.cli.messages import ReaderGoneError, complain, contradiction, excerpt
from memcli.errors import MemcliError
from memcli.model import Action, Scope
from memcli.services.ask import Answered, Exchange
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)

New = Annotated[bool, typer.Option("--new", help="Begin a conversation with it.")]
Store = Annotated[
    bool, typer.Option("--store/--no-store", help="Keep the exchange, and the facts in it. [yes]")
]
Budget = Annotated[
    int | None,
    typer.Option(min=1, metavar="TOKENS", help="Most tokens of what is known. [setting ask.budget: 2000]"),
]


@app.command()
@options.looking
@options.shown
def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="What you want to know; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    conversation: options.Conversation = "",
    new: New = False,
    store: Store = True,
    budget: Budget = None,
    min_trust: filters.MIN_TRUST = None,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print what your LLM would be given, and stop.")
    ] = False,
) -> None:
    """Ask your LLM command, with what is known about it: memories, conversation, task, values.

    The answer is printed as it comes. Question and answer are kept in the conversation, and facts in them are
    stored as store does; undo takes all of it back.
    """
    run = run_of(ctx)
    exchange = Exchange(
        run.engine,
        words.text(question),
        scope=scope,
        conversation=conversation,
        new=new,
        stores=store,
        budget=budget,
        min_trust=min_trust or "",
    )
    is_data = output in (options.Format.JSON, options.Format.JSONL)
    if show_prompt:
        prompt = exchange.prompt.rstrip("\n")
        render.show({"prompt": prompt}, output) if is_data else render.write(prompt)
        return
    answered, ended = carried_out(exchange, shows=not is_data)
    if is_data:
        render.show(answered, output)
    say_what_was_stored(run, answered)
    end_with(ended)


def end_with(ended: BaseException | None) -> None:
    """End as *ended* wants to, if anything."""
    if isinstance(ended, SignalledError):
        ended.carry_out()
    if ended is not None:
        raise ended


def carried_out(exchange: Exchange, *, shows: bool) -> tuple[Answered, BaseException | None]:
    """What came of *exchange*, which is printed as it comes if that *shows*, and what ended it too soon.

    What was said until then is kept, however often Ctrl-C is pressed.
    """
    with stopped_once() as hold:
        ended = _passed_on(exchange, shows=shows)
        hold()
        try:
            return exchange.kept(), ended
        except MemcliError:
            if ended is not None:  # the first thing that went wrong is the one to tell
                raise ended from None
            raise


def _passed_on(exchange: Exchange, *, shows: bool) -> BaseException | None:
    """Print the answer as it comes, if it *shows*; what ended it too soon."""
    last = ""
    try:
        for piece in exchange.pieces():
            if shows:
                render.say(piece)
            last = piece or last
        if shows and not last.endswith("\n"):
            render.say("\n")
    except (KeyboardInterrupt, SignalledError, ReaderGoneError, MemcliError) as error:
        if shows and last and not last.endswith("\n") and not isinstance(error, ReaderGoneError):
            with suppress(ReaderGoneError, MemcliError):
                render.say("\n")
        return error
    return None


def say_what_was_stored(run: Run, answered: Answered) -> None:
    """A line on what the LLM was told, and one for each fact that was stored."""
    if not answered.answer:
        return
    told = f"told {counted(len(answered.memories), 'memory')}"
    news = [fact for fact in answered.stored if fact.action is not Action.DUPLICATE]
    new = "new " if answered.begins else ""
    kept = f"{new}conversation {answered.conversation}" if answered.conversation else "nothing kept"
    run.note(f"{told}, {counted(answered.tokens, 'token')}; {kept}")
    for fact in news:
        if fact.action is Action.FAILED:
            complain(f"not stored: {excerpt(fact.text)!r}: {fact.reason}")
            continue
        instead = f" in the place of {fact.replaced_id}" if fact.replaced_id else ""
        run.note(f"remembered {fact.id}{instead}: {excerpt(fact.text)}")
        if fact.contradicts_id:
            run.note(contradiction(str(fact.id), fact.contradicts_id))

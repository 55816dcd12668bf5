"""`memcli conversation`: dialogues, turn by turn."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from memcli.cli import complete, filters, options, render, words
from memcli.cli.context import run_of
from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import conversations, dialects, dialogues, exchange, turns
from memcli.services.select import Filter
from memcli.wording import counted

app = typer.Typer(help="Dialogues, turn by turn.", no_args_is_help=True, rich_markup_mode=None)


class For(StrEnum):
    """Whose API messages are for."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


Last = Annotated[int | None, typer.Option("--last", "-n", min=1, metavar="N", help="Only the last N turns.")]


@app.command()
@options.scoped
@options.shown
def add(
    ctx: typer.Context,
    role: Annotated[
        str,
        typer.Argument(
            metavar="ROLE",
            autocompletion=complete.roles,
            help="user, assistant, system, tool or developer; or -.",
        ),
    ],
    scope: Scope,
    output: options.Format,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What was said; - reads standard input.")
    ] = None,
    conversation: options.Conversation = "",
    new: Annotated[bool, typer.Option("--new", help="Begin a conversation with it.")] = False,
    meta: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="What else is known of it; repeatable.")
    ] = None,
    created_at: Annotated[str | None, typer.Option(metavar="WHEN", help="When it was said. [now]")] = None,
) -> None:
    """Add a turn. `add -` takes messages as JSON or JSON Lines from standard input."""
    run = run_of(ctx)
    if role == "-" and text is None:
        if meta or created_at:
            raise UsageError("--meta and --created-at are for one text; messages bring their own")
        said, skipped = dialogues.messages(words.read("-", most=dialogues.BYTES_MOST), run.engine.now())
        added = turns.add_all(run.engine, said, scope=scope, conversation=conversation, new=new)
        _say_skipped(ctx, skipped)
        render.show(added, output)
        return
    if text is None:
        raise UsageError("what was said is missing", hint='memcli conversation add user "..."')
    one = turns.add(
        run.engine,
        role,
        words.text(text),
        scope=scope,
        conversation=conversation,
        new=new,
        metadata=words.metadata(meta),
        created_at=words.a_time(created_at),
    )
    if one.position == 0:
        run.note(f"conversation {one.conversation} begins")
    render.show(one, output)


def _say_skipped(ctx: typer.Context, skipped: int) -> None:
    if skipped:
        run_of(ctx).note(f"{counted(skipped, 'message')} without text left out")


@app.command()
@options.scoped
@options.shown
def show(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    conversation: options.Conversation = "",
    last: Last = None,
) -> None:
    """Show what was said."""
    render.show(
        turns.all_turns(run_of(ctx).engine, scope=scope, conversation=conversation, last=last), output
    )


@app.command()
@options.looking
@options.shown
@filters.filtered
def search(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for, in any words; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    wanted: Filter,
    conversation: Annotated[
        str,
        typer.Option(
            "--conversation",
            "-c",
            metavar="ID",
            autocompletion=complete.conversations,
            help="Which conversation. [all of the space]",
        ),
    ] = "",
    limit: filters.Limit = None,
    mode: filters.ModeOption = None,
    min_score: filters.MinScore = None,
    all_spaces: filters.AllSpaces = False,
    around: filters.Around = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show what each score is made of.")] = False,
) -> None:
    """Find what was said, by meaning and words."""
    hits = conversations.search(
        run_of(ctx).engine,
        words.text(query),
        scope=filters.in_all_spaces(scope, all_spaces),
        conversation=conversation,
        wanted=wanted,
        limit=limit,
        mode=mode,
        min_score=min_score,
        around=around or 0,
        explain=explain,
    )
    render.show(hits, output)


@app.command()
@options.scoped
@options.shown
def messages(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    conversation: options.Conversation = "",
    for_: Annotated[
        For | None, typer.Option("--for", help="Ready for this API. [role and content, as they are]")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", "-n", min=1, metavar="N", help="The last N turns, and no summary.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens", min=1, metavar="N", help="What all of it may take, however short it gets."
        ),
    ] = None,
) -> None:
    """Print what goes into a prompt. That is a summary of what is older, and the last turns word for word."""
    found = conversations.messages(
        run_of(ctx).engine, scope=scope, conversation=conversation, max_tokens=max_tokens, last=last
    )
    if for_ is For.ANTHROPIC:
        render.show(dialects.for_anthropic(found), _as_data(output))
    else:
        render.show((dialects.for_openai if for_ else dialects.plain)(found), _as_data(output))


def _as_data(output: options.Format) -> options.Format:
    """*output*, for answers that are meant for programs, on a terminal too."""
    form = render.resolved(output)
    return options.Format.JSON if form is options.Format.TABLE else form


@app.command()
@options.scoped
@options.shown
def summarize(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    conversation: options.Conversation = "",
    anew: Annotated[bool, typer.Option("--anew", help="Read what was summarised before once more.")] = False,
) -> None:
    """Say what a conversation came to. Your LLM does, if llm.command is set; or else its own sentences."""
    made = conversations.summarize(run_of(ctx).engine, scope=scope, conversation=conversation, anew=anew)
    render.show(made, output)


@app.command("list")
@options.scoped
@options.shown
def list_conversations(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Most conversations; 0 for all.")] = 20,
    all_spaces: filters.AllSpaces = False,
) -> None:
    """List conversations, latest first."""
    found = conversations.all_conversations(
        run_of(ctx).engine, scope=filters.in_all_spaces(scope, all_spaces), limit=limit or None
    )
    render.show(found, output)


@app.command()
@options.scoped
@options.shown
def export(
    ctx: typer.Context, scope: Scope, output: options.Format, conversation: options.Conversation = ""
) -> None:
    """Print a conversation as JSON that import takes back."""
    document = exchange.export(run_of(ctx).engine, scope=scope, conversation=conversation)
    render.show(document, options.Format.JSONL if output is options.Format.JSONL else options.Format.JSON)


@app.command("import")
@options.scoped
@options.shown
def import_conversation(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What export has written, or messages; or -.")],
    scope: Scope,
    output: options.Format,
    conversation: Annotated[
        str,
        typer.Option(
            "--conversation",
            "-c",
            metavar="ID",
            autocompletion=complete.conversations,
            help="Where they go. [what they name, or a new one]",
        ),
    ] = "",
) -> None:
    """Store conversations from JSON or JSON Lines. Running it again stores only what is missing."""
    raw = words.read(file, most=dialogues.BYTES_MOST)
    taken = exchange.take_in(run_of(ctx).engine, raw, scope=scope, conversation=conversation)
    render.show(taken, output)
    if taken.failed:
        run_of(ctx).note(f"the ids of {counted(taken.failed, 'message')} belong to other memories")
        raise typer.Exit(1)


@app.command()
@options.scoped
@options.shown
def clear(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    conversation: options.Conversation = "",
    yes: options.Yes = False,
) -> None:
    """Forget all turns of a conversation; undo brings them back."""
    engine = run_of(ctx).engine
    name = turns.named(engine, scope, conversation)
    if not yes and words.can_ask():  # elsewhere nothing needs --yes that undo takes back
        there = len(turns.all_turns(engine, scope=scope, conversation=name))
        words.confirmed(f"Forget the {counted(there, 'turn')} of the conversation {name}?", yes=yes)
    render.show(conversations.clear(engine, scope=scope, conversation=name), output)

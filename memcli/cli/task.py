"""`memcli task`: working memory."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from memcli.cli import complete, filters, options, render, words
from memcli.cli.context import run_of
from memcli.cli.messages import harmless
from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import ending, tasks, worktext
from memcli.wording import counted

app = typer.Typer(
    help="Working memory: a goal, subgoals, thoughts, results.", no_args_is_help=True, rich_markup_mode=None
)

NEGATIVE = {"ignore_unknown_options": True}
"""Lets -5 be a value."""

TaskOption = Annotated[
    str,
    typer.Option("--task", metavar="ID", autocompletion=complete.tasks, help="Which one. [the current task]"),
]
Key = Annotated[str, typer.Argument(metavar="KEY")]
Text = Annotated[str, typer.Argument(metavar="TEXT", help="- reads standard input.")]
Kept = Annotated[str, typer.Argument(metavar="VALUE", help="Any text; - reads standard input.")]


@app.command()
@options.working
@options.shown
def start(
    ctx: typer.Context,
    goal: Annotated[
        str, typer.Argument(metavar="GOAL", help="What is to be reached; - reads standard input.")
    ],
    scope: Scope,
    output: options.Format,
    similar: Annotated[
        bool, typer.Option("--similar/--no-similar", help="Show what was done before and is like it.")
    ] = True,
) -> None:
    """Start a task, which is the current one from now on."""
    run = run_of(ctx)
    started = tasks.start(run.engine, words.text(goal), scope=scope, similar=similar)
    render.show(started, output)
    if render.resolved(output) is options.Format.TABLE:
        return
    if started.left:
        run.note(f"the task {started.left} goes on; memcli task switch {started.left} goes back to it")
    if (episode := started.similar) is not None:
        run.note(f"done before: {worktext.on_one_line(episode.goal)}; memcli episodes show {episode.id}")


@app.command()
@options.working
@options.shown
def goal(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="The new goal; - reads standard input.")
    ] = None,
    task: TaskOption = "",
) -> None:
    """Print the goal, or change it to TEXT."""
    engine = run_of(ctx).engine
    if text is not None:
        render.show(tasks.set_goal(engine, words.text(text), scope=scope, task=task), output)
        return
    found = tasks.find(engine, task, scope=scope)
    _show_bare(found, found.goal, output)


@app.command()
@options.working
@options.shown
def push(ctx: typer.Context, text: Text, scope: Scope, output: options.Format, task: TaskOption = "") -> None:
    """Begin a subgoal, inside the innermost one that goes on."""
    render.show(tasks.push(run_of(ctx).engine, words.text(text), scope=scope, task=task), output)


@app.command()
@options.working
@options.shown
def pop(ctx: typer.Context, scope: Scope, output: options.Format, task: TaskOption = "") -> None:
    """Complete the innermost subgoal; the answer says which ones remain."""
    render.show(tasks.pop(run_of(ctx).engine, scope=scope, task=task), output)


@app.command()
@options.working
@options.shown
def note(ctx: typer.Context, text: Text, scope: Scope, output: options.Format, task: TaskOption = "") -> None:
    """Put a thought on the scratchpad."""
    render.show(tasks.note(run_of(ctx).engine, words.text(text), scope=scope, task=task), output)


@app.command(context_settings=NEGATIVE)
@options.working
@options.shown
def result(
    ctx: typer.Context, key: Key, value: Kept, scope: Scope, output: options.Format, task: TaskOption = ""
) -> None:
    """Keep a result under a name."""
    noted = tasks.set_result(run_of(ctx).engine, key, words.text(value), scope=scope, task=task)
    render.show(noted, output)


@app.command("set", context_settings=NEGATIVE)
@options.working
@options.shown
def set_variable(
    ctx: typer.Context, key: Key, value: Kept, scope: Scope, output: options.Format, task: TaskOption = ""
) -> None:
    """Keep a variable under a name."""
    noted = tasks.set_variable(run_of(ctx).engine, key, words.text(value), scope=scope, task=task)
    render.show(noted, output)


@app.command()
@options.working
@options.shown
def get(ctx: typer.Context, key: Key, scope: Scope, output: options.Format, task: TaskOption = "") -> None:
    """Print a variable, or else the result of that name, as it was given."""
    found = tasks.get(run_of(ctx).engine, key, scope=scope, task=task)
    _show_bare(found, found.text, output)


def _show_bare(answer: object, text: str, output: options.Format) -> None:
    """*text* by itself; *answer* where somebody asked for JSON."""
    if output in (options.Format.JSON, options.Format.JSONL):
        render.show(answer, output)
    else:
        is_seen = sys.stdout.isatty() or output is not options.Format.AUTO
        render.write(harmless(text) if is_seen else text)


@app.command()
@options.working
@options.shown
def show(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    name: Annotated[
        str, typer.Argument(metavar="[ID]", autocompletion=complete.tasks, help="[the current task]")
    ] = "",
    task: TaskOption = "",
) -> None:
    """Show a task; with --format plain as the text that a prompt needs."""
    if name and task:
        raise UsageError("a task is named once, by ID or --task ID")
    found = tasks.find(run_of(ctx).engine, name or task, scope=scope)
    if output is options.Format.PLAIN:
        render.write(worktext.context_text(found))
    else:
        render.show(found, output)


@app.command("list")
@options.working
@options.shown
def list_tasks(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    ended: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    all_spaces: filters.AllSpaces = False,
) -> None:
    """List the tasks that go on, the one changed last first."""
    scope = filters.in_all_spaces(scope, all_spaces)
    render.show(tasks.all_tasks(run_of(ctx).engine, scope=scope, ended=ended), output)


@app.command()
@options.working
@options.shown
def switch(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", autocompletion=complete.tasks)],
    scope: Scope,
    output: options.Format,
) -> None:
    """Let another task be the current one."""
    render.show(tasks.switch(run_of(ctx).engine, name, scope=scope), output)


@app.command()
@options.working
@options.shown
def end(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    success: Annotated[bool, typer.Option("--success", help="Its goal was reached. [the default]")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Its goal was not reached.")] = False,
    outcome: Annotated[
        str, typer.Option(metavar="TEXT", help="How it ended, in words; - reads standard input.")
    ] = "",
    task: TaskOption = "",
) -> None:
    """End a task: what was done is a memory from now on, an episode."""
    if success and failed:
        raise UsageError("a task ends either with --success or with --failed")
    run = run_of(ctx)
    ended = ending.end(run.engine, scope=scope, task=task, success=not failed, outcome=words.text(outcome))
    render.show(ended, output)
    if ended.others:
        go = "goes" if ended.others == 1 else "go"
        run.note(f"{counted(ended.others, 'other task')} {go} on: memcli task list")

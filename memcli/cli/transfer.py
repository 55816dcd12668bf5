"""`memcli import` and `memcli export`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from memcli.cli import options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.messages import complain
from memcli.model import Action, Imported, Scope
from memcli.services import transfer

PROBLEMS_SHOWN = 20


app = typer.Typer(rich_markup_mode=None)


@app.command("import")
@options.scoped
@options.shown
def import_memories(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="JSON Lines, one memory each; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    conflicts: Annotated[
        options.Conflicts | None,
        typer.Option(
            help="Hold facts against what is known, or (off) go by ids only. [setting conflicts.check: true]"
        ),
    ] = None,
) -> None:
    """Store many memories from a file; running it again stores only what is missing."""
    run = run_of(ctx)
    counts: Counter[Action] = Counter()
    with closing(words.opened(file)) as lines, _interruptible(run, counts):
        records = _shown(_read(run, lines, file, scope, conflicts), counts)
        if render.resolved(output) is options.Format.JSONL:
            render.stream(records, options.Format.JSONL)
        else:
            for _ in records:
                pass
            render.show(_summary(counts), output)
    if counts[Action.REPLACED]:
        run.note(f"{counts[Action.REPLACED]:,} replaced what was known; memcli undo takes the import back")
    if counts[Action.FAILED]:
        _say_how_many(counts[Action.FAILED])
        raise typer.Exit(1)


@contextmanager
def _interruptible(run: Run, counts: Counter[Action]) -> Iterator[None]:
    """After Ctrl-C, say what is there."""
    try:
        yield
    except KeyboardInterrupt:
        done = counts[Action.STORED] + counts[Action.REPLACED]
        run.note(f"{done:,} stored so far; running it again stores the rest")
        raise


def _summary(counts: Counter[Action]) -> Imported:
    return Imported(
        stored=counts[Action.STORED],
        duplicate=counts[Action.DUPLICATE],
        replaced=counts[Action.REPLACED],
        failed=counts[Action.FAILED],
    )


def _read(
    run: Run, lines: BinaryIO, file: str, scope: Scope, conflicts: options.Conflicts | None
) -> Iterator[transfer.Record]:
    total = 0
    if Path(file).is_file():  # not standard input, not a pipe: those can be read but once
        with Path(file).open("rb") as counted:
            total = sum(1 for line in counted if line.strip())
    with run.progress("Importing", total) as report:
        yield from transfer.import_lines(
            run.engine, lines, scope=scope, conflicts=options.checks(conflicts), progress=report
        )


def _shown(records: Iterable[transfer.Record], counts: Counter[Action]) -> Iterator[object]:
    """The answer of each record; problems go to standard error by line number."""
    for record in records:
        counts[record.stored.action] += 1
        if record.stored.action is Action.FAILED and counts[Action.FAILED] <= PROBLEMS_SHOWN:
            complain(f"line {record.line}: {record.stored.reason}")
        yield replace(record.stored, considered=None)


def _say_how_many(failed: int) -> None:
    more = f", the first {PROBLEMS_SHOWN} of them above" if failed > PROBLEMS_SHOWN else ""
    complain(f"{failed:,} line{'s' if failed > 1 else ''} could not be imported{more}")


@app.command("export")
@options.everybodys
@options.shown
def export_memories(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    forgotten: Annotated[
        bool, typer.Option("--forgotten/--no-forgotten", help="Include what was forgotten but not purged.")
    ] = True,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="With vectors: larger, and imported many times as fast.")
    ] = False,
) -> None:
    """Print everything as JSON Lines that import takes; --space, --user and --agent narrow it down."""
    documents = transfer.export(run_of(ctx).engine, scope=scope, forgotten=forgotten, vectors=vectors)
    form = options.Format.JSON if output is options.Format.JSON else options.Format.JSONL
    if form is options.Format.JSON:
        render.show(list(documents), form)
    else:
        render.stream(documents, form)

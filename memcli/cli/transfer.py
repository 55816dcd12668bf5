"""`memcli import` and `memcli export`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Annotated, BinaryIO, TypedDict

import typer

from memcli.cli import complete, options, render, words
from memcli.cli.context import Run, run_of
from memcli.cli.messages import complain, harmless
from memcli.errors import MemcliError, UsageError
from memcli.model import Action, Imported, Scope, Stored
from memcli.services import exports, transfer
from memcli.services.importers import formats
from memcli.services.importers.reading import Source
from memcli.wording import counted

PROBLEMS_SHOWN = 20
FILES_SHOWN = 3


app = typer.Typer(rich_markup_mode=None)


class Kind(StrEnum):
    """The formats that can be imported."""

    CLAUDE_CODE = "claude-code"
    CODEX = "codex"
    GEMINI = "gemini"
    CHATGPT = "chatgpt"
    CLAUDE_AI = "claude-ai"
    MESSAGES = "messages"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    MCP_MEMORY = "mcp-memory"
    MEM0 = "mem0"
    LLM = "llm"
    MARKDOWN = "markdown"
    MEMCLI = "memcli"


@app.command("import")
@options.scoped
@options.shown
def import_memories(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="A file, or a directory of them; - reads standard input.")],
    scope: Scope,
    output: options.Format,
    kind: Annotated[
        Kind | None, typer.Option("--as", help="What it is in. [told by what is in it]", metavar="FORMAT")
    ] = None,
    conversation: Annotated[
        str,
        typer.Option(
            metavar="ID",
            autocompletion=complete.conversations,
            help="The conversation of messages that do not name theirs.",
        ),
    ] = "",
    conflicts: Annotated[
        options.Conflicts | None,
        typer.Option(
            help="Hold facts against what is known, or (off) go by ids only. [setting conflicts.check: true]"
        ),
    ] = None,
) -> None:
    """Store what is in a file; importing it again stores only what is missing.

    Formats: memcli (JSON Lines, one memory each), claude-code, codex, gemini, chatgpt, claude-ai, messages
    (of OpenAI or Anthropic), llm, mcp-memory, mem0, markdown.
    """
    run = run_of(ctx)
    counts: Counter[Action] = Counter()
    edges: Counter[Action] = Counter()
    passed = transfer.Passed()
    contradictions: list[Stored] = []
    with closing(_Files(file, kind)) as files, _interruptible(run, counts):
        with run.progress("Importing", files.lines) as report:
            records = transfer.import_files(
                run.engine,
                files,
                scope=scope,
                form=kind,
                conversation=conversation,
                conflicts=options.checks(conflicts),
                progress=report,
                passed=passed,
            )
            shown = _shown(records, counts, edges, contradictions)
            if render.resolved(output) is options.Format.JSONL:
                render.stream(shown, options.Format.JSONL)
            else:
                deque(shown, maxlen=0)
        if render.resolved(output) is not options.Format.JSONL:
            render.show(_summary(counts, edges), output)
    _tell(run, passed)
    if counts[Action.REPLACED]:
        run.note(f"{counts[Action.REPLACED]:,} replaced what was known; memcli undo takes the import back")
    if contradictions:
        told = counted(len(contradictions), "contradiction")
        run.note(f"{told} of somebody more trusted: both stay; see memcli conflicts")
    if failed := counts[Action.FAILED] + edges[Action.FAILED]:
        _say_how_many(failed)
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


def _summary(counts: Counter[Action], edges: Counter[Action]) -> Imported:
    return Imported(
        stored=counts[Action.STORED],
        duplicate=counts[Action.DUPLICATE],
        replaced=counts[Action.REPLACED],
        failed=counts[Action.FAILED] + edges[Action.FAILED],
        edges=edges[Action.STORED] if edges else None,
    )


class _Files:
    """The files of an import, each open while it is read.

    Args:
        name: What was said: a file, a directory, or - for standard input.
        kind: The format that was said, if any.

    Raises:
        UsageError: There is nothing in the directory.
    """

    def __init__(self, name: str, kind: Kind | None) -> None:
        self._name, self._inside = name, list[Path]()
        self._file: BinaryIO | None = None
        if name == "-" or not Path(name).is_dir():
            self._file = words.opened(name)
            return
        endings = formats.suffixes(kind)
        self._inside = words.files(name, endings)
        if not self._inside:
            raise UsageError(f"nothing in {name} ends with {', '.join(sorted(endings))}")

    @property
    def lines(self) -> int:
        """How many lines a progress bar has to go through; 0 where nobody knows beforehand."""
        path = Path(self._name)
        if self._inside or not path.is_file():  # a pipe can be read but once
            return 0
        with path.open("rb") as counted:
            return sum(1 for line in counted if line.strip())

    def __iter__(self) -> Iterator[Source]:
        if self._file is not None:
            yield Source(self._file, "" if self._name == "-" else self._name)
        for path in self._inside:
            name = str(path.relative_to(self._name))
            try:
                self._file = words.opened(str(path))
            except MemcliError as error:
                yield Source(BytesIO(), str(path), name, problem=error.sentence)
                continue
            yield Source(self._file, str(path), name)
            self._file.close()

    def close(self) -> None:
        """Close what is open."""
        if self._file is not None:
            self._file.close()


def _shown(
    records: Iterable[transfer.Record],
    counts: Counter[Action],
    edges: Counter[Action],
    contradictions: list[Stored],
) -> Iterator[object]:
    """The answer of each record; problems go to standard error with their places."""
    for record in records:
        (edges if record.is_edge else counts)[record.stored.action] += 1
        failed = counts[Action.FAILED] + edges[Action.FAILED]
        if record.stored.action is Action.FAILED and failed <= PROBLEMS_SHOWN:
            complain(f"{record.where}: {record.stored.reason}")
        contradictions += [record.stored] if record.stored.contradicts_id else []
        yield replace(record.stored, considered=None)


def _tell(run: Run, passed: transfer.Passed) -> None:
    """Say what was passed over."""
    if passed.entries:
        run.note(f"{counted(passed.entries, 'event')} held nothing to remember, such as what tools said")
    if passed.files:
        more = ", ..." if len(passed.files) > FILES_SHOWN else ""
        named = ", ".join(passed.files[:FILES_SHOWN])
        run.note(f"{counted(len(passed.files), 'file')} in no format known here: {named}{more}")


def _say_how_many(failed: int) -> None:
    more = f", the first {PROBLEMS_SHOWN} of them above" if failed > PROBLEMS_SHOWN else ""
    complain(f"{counted(failed, 'line')} could not be imported{more}")


class Shape(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    MARKDOWN = "markdown"
    MESSAGES = "messages"


@app.command("export")
@options.everybodys
@options.shown
def export_memories(
    ctx: typer.Context,
    scope: Scope,
    output: options.Format,
    kind: Annotated[
        Shape, typer.Option("--as", help="For memcli, for people, for programs that talk.")
    ] = Shape.JSONL,
    conversation: Annotated[
        str, typer.Option(metavar="ID", autocompletion=complete.conversations, help="Only this conversation.")
    ] = "",
    forgotten: Annotated[
        bool | None,
        typer.Option(
            "--forgotten/--no-forgotten",
            help="Include what was forgotten but not purged. [with --as jsonl: yes]",
        ),
    ] = None,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="With vectors: larger, and imported many times as fast.")
    ] = False,
) -> None:
    """Print everything, as JSON Lines that import takes; --space, --user and --agent narrow it down.

    markdown is a document with the facts by space and the conversations; messages are those of a conversation
    ({"role", "content"}), or of each, one a line.
    """
    engine = run_of(ctx).engine
    is_whole = kind is Shape.JSONL if forgotten is None else forgotten
    wanted: Wanted = {"scope": scope, "forgotten": is_whole, "conversation": conversation}
    if kind is not Shape.JSONL and vectors:
        raise UsageError(f"--vectors goes with --as jsonl, not with {kind}")
    if kind is Shape.MARKDOWN:
        for line in exports.markdown(engine, **wanted):
            render.write(harmless(line))
    elif kind is Shape.MESSAGES:
        _show_messages(exports.dialogues(engine, **wanted), conversation, output)
    else:
        _show_all(transfer.export(engine, vectors=vectors, **wanted), output)


class Wanted(TypedDict):
    """What an export is about."""

    scope: Scope
    forgotten: bool
    conversation: str


def _show_messages(found: Sequence[exports.Dialogue], conversation: str, output: options.Format) -> None:
    """One conversation as the list of its messages, several as one object each."""
    if conversation and len(found) == 1:
        form = options.Format.JSONL if output is options.Format.JSONL else options.Format.JSON
        render.show(list(found[0].messages), form)
    else:
        _show_all(found, output)


def _show_all(documents: Iterable[object], output: options.Format) -> None:
    if output is options.Format.JSON:
        render.show(list(documents), output)
    else:
        render.stream(documents, options.Format.JSONL)

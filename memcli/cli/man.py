"""`memcli man`: manual pages, made from what `--help` says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from memcli import __version__
from memcli.cli import complete, render
from memcli.cli.app import SECTIONS
from memcli.cli.context import run_of
from memcli.cli.schema import context_of, is_argument, unknown, usage
from memcli.errors import MemcliError
from memcli.wording import counted

app = typer.Typer(rich_markup_mode=None)

EXIT_STATUS = (
    ("0", "Done; a search that finds nothing, too."),
    ("1", "Another failure, such as lines that could not be imported."),
    ("2", "The command line makes no sense."),
    ("3", "What was named is not there."),
    ("4", "Conflict: a name is taken, or an id names several memories."),
    ("5", "The configuration can't be read, or holds nonsense."),
    ("6", "The store can't be opened, read or written."),
    ("7", "The embedding model is missing or fails."),
    ("8", "The LLM command is missing or fails."),
    ("130", "Interrupted."),
)


@app.command()
def man(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND...]",
            autocompletion=complete.commands,
            help="Its name: store, graph connect, ...",
        ),
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIRECTORY", help="Write all pages into DIRECTORY.")
    ] = None,
) -> None:
    """Print a manual page.

    memcli man store | man -l - shows it. --write ~/.local/share/man/man1 puts all pages where man finds them.
    """
    found = dict(pages(ctx.find_root().command))
    if write is not None:
        _write(write.expanduser(), found)
        run_of(ctx).note(f"{counted(len(found), 'page')} in {write}; man memcli shows the first")
        return
    name = " ".join(["memcli", *(command or ())])
    if name not in found:
        raise unknown(" ".join(command or ()), ctx)
    render.write(found[name])


def _write(directory: Path, found: dict[str, str]) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, page in found.items():
            (directory / f"{name.replace(' ', '-')}.1").write_text(page + "\n", encoding="utf-8")
    except OSError as error:
        raise MemcliError(f"can't write to {directory}: {error.strerror}") from error


def pages(root: Any) -> Iterator[tuple[str, str]]:
    """The page of *root*, and of every command and group below it, by name."""
    yield "memcli", "\n".join(_root_page(root))
    yield from _pages(root, "memcli")


def _pages(group: Any, path: str) -> Iterator[tuple[str, str]]:
    for name in group.list_commands(None):
        command, whole = group.get_command(None, name), f"{path} {name}"
        if command.hidden:
            continue
        yield whole, "\n".join(_page(command, whole, path))
        if hasattr(command, "list_commands"):
            yield from _pages(command, whole)


def _root_page(root: Any) -> Iterator[str]:
    yield from _head("memcli", "a memory for LLM agents and the people who drive them from a terminal")
    yield from _section("SYNOPSIS", ["memcli [OPTIONS] COMMAND [ARGS]..."])
    yield from _section("DESCRIPTION", _paragraphs(root.help))
    yield ".SH COMMANDS"
    for title, commands in SECTIONS.items():
        yield f".SS {_safe(title)}"
        yield from _listed((f"memcli-{name}(1)", says) for name, (_, says) in commands.items())
    yield from _options(root, "memcli")
    yield ".SH EXIT STATUS"
    yield from _listed(EXIT_STATUS)


def _page(command: Any, name: str, above: str) -> Iterator[str]:
    paragraphs = _paragraphs(command.help)
    short = paragraphs[0].rstrip(".") if paragraphs else name
    yield from _head(name.replace(" ", "-"), short)
    yield from _section("SYNOPSIS", [usage(name.removeprefix("memcli "), command)])
    yield from _section("DESCRIPTION", paragraphs)
    if hasattr(command, "list_commands"):
        yield ".SH COMMANDS"
        ones = ((one, command.get_command(None, one)) for one in command.list_commands(None))
        yield from _listed((f"{name} {one}", (_paragraphs(it.help) or [""])[0]) for one, it in ones)
    yield from _options(command, name)
    yield from _section("SEE ALSO", [f"{above.replace(' ', '-')}(1)"])


def _head(name: str, short: str) -> Iterator[str]:
    yield f'.TH "{_safe(name.upper())}" "1" "" "memcli {_safe(__version__)}" "memcli"'
    yield from _section("NAME", [f"{name} - {short[:1].lower()}{short[1:]}"])


def _options(command: Any, name: str) -> Iterator[str]:
    """What *command* takes, in the words of its help."""
    ctx = context_of(name, command)
    for title, wanted in (("ARGUMENTS", True), ("OPTIONS", False)):
        records = [one.get_help_record(ctx) for one in command.get_params(ctx) if is_argument(one) is wanted]
        if any(records):
            yield f".SH {title}"
            yield from _listed(record for record in records if record)


def _section(title: str, paragraphs: Sequence[str]) -> Iterator[str]:
    yield f".SH {title}"
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield _safe(paragraph)


def _listed(entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, says in entries:
        yield ".TP"
        yield rf"\fB{_safe(name)}\fP"
        yield _safe(" ".join(says.split())) or r"\&"


def _paragraphs(text: str | None) -> list[str]:
    """The paragraphs of *text*, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text or "") if part.strip()]


def _safe(text: str) -> str:
    r"""*text*, so that roff shows it as it is: backslashes, minus signs, quotes, dots that begin a line."""
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{plain}" if plain[:1] in (".", "'") else plain

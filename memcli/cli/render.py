"""Answers on standard output: JSON, JSON Lines, plain text or, for people, laid out by `views`.

The only place that prints data. JSON keys are the fields of the answer's dataclass.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from memcli.cli.messages import ReaderGoneError, harmless
from memcli.cli.options import Format
from memcli.cli.plain import plain_line
from memcli.errors import MemcliError
from memcli.services.answers import as_json


def resolved(output: Format) -> Format:
    """*output*, or what fits where standard output goes: a table on a terminal, JSON in a pipe."""
    if output is not Format.AUTO:
        return output
    return Format.TABLE if sys.stdout.isatty() else Format.JSON


def show(answer: Any, output: Format, *, noted: bool = False) -> None:
    """Write *answer*, a dataclass or mapping or a sequence of them, to standard output.

    People read that there is nothing where it is an empty sequence, unless that is *noted* by the command.
    """
    form = resolved(output)
    if form is Format.TABLE:
        from memcli.cli import views

        if answer or not noted:
            write(views.laid_out(answer))
    elif form is Format.JSON:
        write(as_json(answer, indent=2))
    else:
        stream(answer if isinstance(answer, list | tuple) else [answer], form)


def stream(answers: Iterable[Any], form: Format) -> None:
    """Write each of *answers* on a line of its own, as it comes."""
    for answer in answers:
        write(as_json(answer) if form is Format.JSONL else plain_line(answer))


def write(text: str) -> None:
    """Write *text* and a line feed to standard output."""
    try:
        sys.stdout.write(text + "\n")
    except BrokenPipeError as error:  # Typer would make exit code 1 of it
        raise ReaderGoneError from error
    except OSError as error:
        raise MemcliError(f"can't write the answer: {error.strerror}") from error


def say(piece: str) -> None:
    """Write *piece* of a text to standard output at once; on a terminal without what would steer it."""
    shown = harmless(piece) if sys.stdout.isatty() else piece
    try:
        sys.stdout.write(shown)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        raise MemcliError(f"can't write the answer: {error.strerror}") from error


@contextmanager
def bytes_out() -> Iterator[BinaryIO]:
    """Standard output for what writes bytes there itself."""
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        if error.filename is not None:  # what could not be read has a name
            raise
        raise MemcliError(f"can't write the answer: {error.strerror or error}") from error


def pass_on(piece: bytes) -> None:
    """Write *piece* to standard output as it is, and at once: nothing of it stays in a buffer."""
    out: Any = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
    left = memoryview(piece)
    try:
        while left:
            written = out.write(left)
            if written is None:  # it may not wait: somebody else has set it so
                select.select([], [out], [])
            left = left[written or 0 :]
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        raise MemcliError(f"can't pass it on: {error.strerror}") from error

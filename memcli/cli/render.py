"""Answers on standard output: JSON, JSON Lines, plain text or, for people, laid out by `views`.

The only place that prints data. JSON keys are the fields of the answer's dataclass.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from memcli.cli.messages import ReaderGoneError
from memcli.cli.options import Format
from memcli.cli.plain import plain_line
from memcli.errors import MemcliError
from memcli.services.answers import as_json


def resolved(output: Format) -> Format:
    """*output*, or what fits where standard output goes: a table on a terminal, JSON in a pipe."""
    if output is not Format.AUTO:
        return output
    return Format.TABLE if sys.stdout.isatty() else Format.JSON


def show(answer: Any, output: Format) -> None:
    """Write *answer*, a dataclass or mapping or a sequence of them, to standard output."""
    form = resolved(output)
    if form is Format.TABLE:
        from memcli.cli import views

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

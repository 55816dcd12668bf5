"""Where errors end: one sentence on standard error and a documented exit code, never a traceback."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import typer

from memcli.cli.messages import complain
from memcli.cli.render import ReaderGoneError
from memcli.errors import MemcliError

ClickError: type[Exception] = typer.BadParameter.__mro__[2]  # Typer exports the subclasses only

INTERRUPTED = 130
READER_GONE = 128 + getattr(signal, "SIGPIPE", 13)


def run(arguments: Sequence[str]) -> int:
    """Run the command line *arguments*; the exit code."""
    _survive_narrow_terminals()
    try:
        code = _run(arguments)
        sys.stdout.flush()  # while a broken pipe can still be answered quietly
    except MemcliError as error:
        complain(error.sentence, error.hint)
        code = error.exit_code
    except ClickError as error:
        code = _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (BrokenPipeError, ReaderGoneError):
        _close_stdout()
        code = READER_GONE
    except OSError as error:  # those of store, model and configuration have been translated: it is the output
        _close_stdout()
        complain(f"can't write the answer: {error.strerror or error}")
        code = 1
    except RecursionError:
        complain("that is nested too deeply")
        code = 2
    if code == INTERRUPTED:  # Typer catches most of them itself
        complain("interrupted")
    return code


def _run(arguments: Sequence[str]) -> int:
    from memcli.cli.app import command

    answer: Any = command().main(list(arguments), prog_name="memcli", standalone_mode=False)
    return answer if isinstance(answer, int) else 0


def _usage(error: Exception) -> int:
    """Show what is wrong with the command line, or its help where nothing was said at all."""
    ctx: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(ctx.get_help(), err=True)
        return 2
    path = ctx.command_path if ctx is not None else "memcli"
    message = str(getattr(error, "format_message", lambda: str(error))()).rstrip(".")
    complain(message[:1].lower() + message[1:], f"{path} --help shows how it is used")
    return 2


def _survive_narrow_terminals() -> None:
    """Write what an ASCII terminal can't show as question marks rather than not at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _close_stdout() -> None:
    """Throw away what is still to be written, so that the interpreter does not complain at its end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

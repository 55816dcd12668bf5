"""Where errors end: one sentence on standard error and a documented exit code, never a traceback."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from memcli.cli.interrupting import noted
from memcli.cli.messages import ReaderGoneError, complain
from memcli.cli.process import Process
from memcli.errors import MemcliError

ClickError: type[Exception] = typer.BadParameter.__mro__[2]  # Typer exports the subclasses only

INTERRUPTED = 130
READER_GONE = 128 + getattr(signal, "SIGPIPE", 13)


def run(arguments: Sequence[str], process: Process | None = None) -> int:
    """Run the command line *arguments* in *process* (one of its own, if None); the exit code."""
    _survive_odd_streams()
    with noted() as is_interrupted:
        try:
            code = _run(arguments, process or Process())
            _flush()
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
        except Exception as error:  # whatever it is: nobody should have to read a traceback
            code = INTERRUPTED if is_interrupted() else _bug(error)
    if code == INTERRUPTED:  # Typer catches most of them itself
        complain("interrupted")
    return code


def _run(arguments: Sequence[str], process: Process) -> int:
    from memcli.cli.app import command

    answer: Any = command().main(list(arguments), prog_name="memcli", standalone_mode=False, obj=process)
    return answer if isinstance(answer, int) else 0


def _usage(error: Exception) -> int:
    """Show what is wrong with the command line, or its help where nothing was said at all."""
    ctx: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(ctx.get_help(), err=True)
        return 2
    path = ctx.command_path if ctx is not None else "memcli"
    message = str(getattr(error, "format_message", lambda: str(error))())
    message = " ".join(message.split()).rstrip(".")
    complain(message[:1].lower() + message[1:], f"{path} --help shows how it is used")
    return 2


def _bug(error: Exception) -> int:
    """Say that something went wrong which should not; MEMCLI_DEBUG shows where."""
    if os.environ.get("MEMCLI_DEBUG"):
        import traceback

        traceback.print_exception(error)
    said = " ".join(str(error).split())[:200]
    complain(f"{type(error).__name__}: {said}", "this should not happen; MEMCLI_DEBUG=1 shows where it did")
    return 1


def _flush() -> None:
    """Write what is still in the buffer, while what goes wrong can still be said."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _close_stdout()
        raise MemcliError(f"can't write the answer: {error.strerror}") from error


def _survive_odd_streams() -> None:
    """Write what a terminal can't show as question marks, and to nowhere where a stream is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _close_stdout() -> None:
    """Throw away what is still to be written, so that the interpreter does not complain at its end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

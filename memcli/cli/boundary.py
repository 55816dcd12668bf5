"""Where errors end: one sentence on standard error and a documented exit code, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import typer

from memcli.cli.messages import complain
from memcli.errors import MemcliError

ClickError: type[Exception] = typer.BadParameter.__mro__[2]  # Typer exports the subclasses only

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run the command line *arguments*; the exit code."""
    from memcli.cli.app import command

    try:
        answer = command().main(list(arguments), prog_name="memcli", standalone_mode=False)
        _flush()
        return answer if isinstance(answer, int) else 0
    except MemcliError as error:
        complain(error.sentence, error.hint)
        return error.exit_code
    except ClickError as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except RecursionError:
        complain("that is nested too deeply")
        return 2


def _usage(error: BaseException) -> int:
    """Show what is wrong with the command line."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "memcli"
    message = str(getattr(error, "format_message", lambda: str(error))()).rstrip(".")
    if not message:  # a group without a subcommand: its help has been asked for, in a way
        typer.echo(ctx.get_help() if ctx is not None else "", err=True)
        return 2
    complain(message[:1].lower() + message[1:], f"{path} --help shows how it is used")
    return 2


def _flush() -> None:
    """Write what is still in buffers while a broken pipe can still be answered quietly."""
    sys.stdout.flush()


def _reader_gone() -> int:
    """The reader of our output has left (`memcli list | head`): leave too, without a word."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 0

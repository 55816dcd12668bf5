"""From the words of a command line to values: times, metadata, texts, files, a yes or no."""

from __future__ import annotations

import json
import select
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import typer

from memcli.errors import MemcliError, NotFoundError, UsageError
from memcli.services import checks
from memcli.times import LONGEST, parse_duration, parse_time

PIECE = 1 << 16
"""Bytes of a stream that are read at once: what a pipe holds."""


def a_time(said: str | None, *, end_of_day: bool = False) -> datetime | None:
    """The time that *said* means; None for None."""
    return None if said is None else parse_time(said, datetime.now(UTC), end_of_day=end_of_day)


def a_duration(said: str | None) -> timedelta | None:
    """The duration that *said* means; None for None."""
    return None if said is None else parse_duration(said)


def expiry(ttl: str | None, expires: str | None, ttl_days: float | None = None) -> datetime | None:
    """When something stored now expires, from `--ttl`, `--ttl-days` or `--expires`."""
    given = {"--ttl": ttl, "--ttl-days": ttl_days, "--expires": expires}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} can't {'both' if len(names) == 2 else 'all'} be given")
    now = datetime.now(UTC)
    if ttl_days is not None:
        return now + days(ttl_days, "--ttl-days")
    at = now + parse_duration(ttl) if ttl is not None else a_time(expires)
    if at is not None and at <= now:
        raise UsageError(f"--expires {expires} has passed already")
    return at


def days(number: float, option: str) -> timedelta:
    """*number* days, what was given for *option*."""
    if not 0 < number <= LONGEST.days or timedelta(days=number) <= timedelta(0):
        raise UsageError(f"{option} takes a number of days above 0, at most {LONGEST.days:,}")
    return timedelta(days=number)


def metadata(pairs: Sequence[str] | None) -> dict[str, Any]:
    """Metadata from `--meta KEY=VALUE` pairs; a value that is JSON is taken as such, else as text."""
    said: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--meta takes KEY=VALUE, not {pair!r}")
        try:
            said[key] = json.loads(value, parse_constant=_no_constant)
        except ValueError:
            said[key] = value
    return said


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def numbers(said: str, option: str) -> list[int]:
    """The whole numbers in *said*, what was given for *option*: `1,5,10`."""
    parts = [part.strip() for part in said.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise UsageError(f"{option} takes whole numbers, such as 1,5,10, not {said!r}")
    return [int(part) for part in parts]


def text(said: str) -> str:
    """*said*, or all of standard input if it is `-`, without the line feed at its end."""
    if said != "-":
        return said
    return decoded(read("-"), "standard input").removesuffix("\n").removesuffix("\r")


def lines(said: str) -> list[str]:
    """*said* by lines, as text files have them: other characters that end a line somewhere don't here."""
    return [line.removesuffix("\r") for line in said.removesuffix("\n").split("\n")]


def decoded(raw: bytes, what: str) -> str:
    """*raw* as text.

    Raises:
        UsageError: It is not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not valid UTF-8 at byte {error.start + 1}") from error


def read(name: str, *, most: int | None = None) -> bytes:
    """All of the file called *name*; of standard input if it is `-`. Raises like `opened`.

    Of what is longer than *most* bytes, if that is given, one byte more: enough to tell. Without
    that, what is longer than anything that is read whole is refused.
    """
    bound = checks.INPUT_BYTES_MOST if most is None else most
    with opened(name) as file:
        try:
            said = file.read(bound + 1)
        except OSError as error:
            raise UsageError(f"can't read {name}: {error.strerror}") from error
    if most is None and len(said) > bound:
        what = "standard input" if name == "-" else name
        raise UsageError(f"{what} is longer than {bound // 1_000_000} MB")
    return said


def opened(name: str) -> BinaryIO:
    """The file called *name*, for reading bytes; standard input if it is `-`.

    Raises:
        NotFoundError: There is no such file.
        UsageError: It can't be read.
    """
    if name == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except (FileNotFoundError, ValueError) as error:  # a name with a NUL, or that no file system can hold
        raise NotFoundError(f"there is no file {name}") from error
    except OSError as error:
        raise UsageError(f"can't read {name}: {error.strerror}") from error


def files(name: str, suffixes: tuple[str, ...]) -> list[Path]:
    """The files in the directory called *name* and below it that end with one of *suffixes*, by name.

    What is hidden, by a dot before its name, is passed over.
    """
    found = sorted(
        path for path in Path(name).rglob("*") if path.suffix.lower() in suffixes and path.is_file()
    )
    return [path for path in found if not any(part[0] == "." for part in path.relative_to(name).parts)]


def passing() -> Iterator[bytes]:
    """Standard input in pieces, each as soon as it is there."""
    with opened("-") as file:
        unbuffered = getattr(file, "raw", None)  # what is buffered could not be told from its end
        read = unbuffered.read if unbuffered else file.read1  # type: ignore[attr-defined]
        while (piece := read(PIECE)) != b"":
            if piece is None:  # it may not wait: somebody else has set it so
                select.select([file], [], [])
            else:
                yield piece


def can_ask() -> bool:
    """Whether there is somebody to be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def confirmed(question: str, *, yes: bool) -> None:
    """Ask *question* on a terminal, unless *yes*.

    Raises:
        UsageError: There is nobody to ask.
        MemcliError: The answer is no.
        typer.Abort: The answer is Ctrl-C.
    """
    if yes:
        return
    if not can_ask():
        raise UsageError("this needs --yes where nobody can be asked", hint=question)
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)  # what follows Ctrl-C begins on a line of its own
        raise
    if not agreed:
        raise MemcliError("nothing was changed")

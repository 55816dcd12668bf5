"""What is around memcli: hooks in harnesses, the warm process, completions of the shell."""

from __future__ import annotations

import json
import shlex
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memcli import spool
from memcli.errors import MemcliError
from memcli.services.health.findings import Checked, Cure, Level, fine, found, told
from memcli.services.hooks.installing import Installed, State, is_ours
from memcli.services.shells import Completion
from memcli.warm.warmth import Warmth
from memcli.wording import counted

RECENT_S = 7 * 86_400
"""Seconds for which an error of a hook is worth a note."""

WAITING_S = 3_600
"""Seconds after which what a hook has captured should have been stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the front door knows and a service does not.

    Attributes:
        hooks: How the hooks of each harness are.
        spool: Where hooks keep what they need.
        which: Where a program is that is called by its name only; None for nowhere.
        warm: How the warm process is; None where there must not be one.
        sockets: The directory of its sockets.
        completions: Puts completions into the user's shell, or, with `dry_run`, says what that would do;
            None for a shell that has none.
    """

    hooks: Sequence[Installed]
    spool: Path
    which: Callable[[str], str | None]
    warm: Warmth | None
    sockets: Path | None
    completions: Callable[..., Completion] | None


def examine(around: Around) -> list[Checked]:
    """Look at all of it."""
    return [*_hooks(around), _warm(around), _completions(around)]


def _hooks(around: Around) -> Iterator[Checked]:
    installed = [one for one in around.hooks if one.state is State.INSTALLED]
    for one in around.hooks:
        again = f"memcli hook install --harness {one.harness} --scope {one.scope}"
        if one.state is State.UNREADABLE:
            yield found("hooks", Level.WARNING, f"can't tell about {one.harness}: {one.problem}")
        elif one.state is State.PARTLY:
            missing = ", ".join(one.missing)
            yield found("hooks", Level.WARNING, f"{one.harness} does not call memcli for {missing}", again)
        for program in _broken(around, one):
            yield found("hooks", Level.WARNING, f"{one.harness} calls {program}, which is not there", again)
    names = ", ".join(dict.fromkeys(one.harness for one in installed))
    yield fine("hooks", f"installed for {names}" if names else "installed for no harness")
    yield from _spool(str(around.spool))


def _broken(around: Around, one: Installed) -> list[str]:
    """Programs that hooks of ours call in the settings of a harness, and that are not there."""
    with suppress(OSError, ValueError):
        commands = {text for text in _texts(json.loads(Path(one.file).read_text())) if is_ours(text)}
        programs = {shlex.split(command)[0] for command in commands}
        return sorted(name for name in programs if not around.which(name))
    return []


def _texts(document: object) -> Iterator[str]:
    """All texts in *document*, however deep."""
    if isinstance(document, str):
        yield document
    inside = list(document.values()) if isinstance(document, dict) else document
    for one in inside if isinstance(inside, list) else ():
        yield from _texts(one)


def _spool(folder: str) -> Iterator[Checked]:
    waiting = spool.waiting(folder)
    ages = []
    for path in waiting:
        with suppress(OSError):
            ages.append(time.time() - Path(path).stat().st_mtime)
    if ages and max(ages) > WAITING_S:
        said = f"{len(waiting):,} captured by hooks and not stored, the oldest {max(ages) / 3600:,.0f} h ago"
        yield found("hooks", Level.WARNING, said, "memcli hook flush")
    last = next(iter(spool.logged(folder, 1)), "")
    moment, _, sentence = last.partition(" ")
    with suppress(ValueError):
        written = time.mktime(time.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S"))
        if time.time() - written < RECENT_S:
            yield found("hooks", Level.NOTE, f"the last error, {moment}: {sentence}", "memcli hook status")


def _warm(around: Around) -> Checked:
    stale = [path for path in _sockets(around.sockets) if not _answers(path)]
    if stale:

        def remove() -> str:
            for path in stale:
                path.unlink(missing_ok=True)
            return f"removed {counted(len(stale), 'socket')} that nobody listens at"

        said = f"{counted(len(stale), 'socket')} in {around.sockets} that nobody listens at"
        return found("warm", Level.NOTE, said, cure=Cure(work=remove))
    if around.warm is None:
        return fine("warm", "switched off")
    if not around.warm.running:
        return fine("warm", "not running; the next command that loads the model starts it")
    return fine("warm", f"process {around.warm.pid}, {counted(around.warm.commands, 'command')}")


def _sockets(folder: Path | None) -> list[Path]:
    with suppress(OSError):
        return sorted(folder.glob("*.sock")) if folder else []
    return []


def _answers(path: Path) -> bool:
    """Whether somebody listens at the socket *path*, or it can't be told."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True


def _completions(around: Around) -> Checked:
    if around.completions is None:
        return fine("completions", "none for this shell")
    try:
        there = around.completions(dry_run=True)
    except MemcliError as error:
        return found("completions", Level.NOTE, told(error))
    if there.action == "unchanged":
        return fine("completions", f"installed for {there.shell}")
    install = f"memcli completions install {there.shell}"
    if not Path(there.file).exists():
        return found("completions", Level.NOTE, f"not installed for {there.shell}", install)
    put = around.completions
    return found(
        "completions",
        Level.NOTE,
        f"{there.file} is of another memcli",
        install,
        Cure(work=lambda: f"brought {put().file} up to date"),
    )

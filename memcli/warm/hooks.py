"""A hook as its harness sees it: always an answer that it takes, in time, and exit code 0.

Standard library only, like all that runs first. What is only to be captured is put into the spool and left to
a process of its own. What is asked for goes to the warm process, or else to a process that may go on when the
time is up: it leaves a warm one behind, so that the next answer is in time.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # typeshed knows `signal` only
import os
import sys

from memcli import spool
from memcli.warm import client, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

ASKING = ("sessionstart", "userpromptsubmit", "beforeagent")
"""Events that are answered with what is known."""

CAPTURING = ("stop", "afteragent", "precompact", "precompress", "postcompact", "sessionend")
"""Events of which is kept what was said."""

IN_BETWEEN = ("stop", "afteragent")
"""Those that come after every turn."""

OWN = ("install", "uninstall", "status", "test", "flush")
"""Words after `hook` that are no events."""

RECURSION = "MEMCLI_LLM"
"""Set for the LLM command that memcli runs: hooks of a harness that it starts do nothing."""

HERE = "--here"
"""Says that the deadline is somebody else's."""

DEADLINE_S = 1.8
"""Seconds from here to an answer; with the start of the interpreter and its end, two."""

INPUT_MOST = 64 * 2**20
"""Bytes that a harness may say: a hundred times the longest turn."""

KEPT = ("MEMCLI_SPACE", "MEMCLI_USER", "MEMCLI_AGENT")
"""Variables that say where a turn belongs."""


def is_event(arguments: Sequence[str]) -> bool:
    """Whether the command line *arguments* is a hook's, not a person's."""
    word, rest = _event(arguments)
    named = any(argument.split("=")[0] == "--harness" for argument in rest)
    is_known = _plain(word) in (*ASKING, *CAPTURING)
    return (
        bool(word) and word not in OWN and HERE not in rest and (is_known or named) and "--help" not in rest
    )


def _event(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The word after `hook`, and what follows it."""
    at = list(arguments).index("hook") + 1
    rest = arguments[at:]
    return (rest[0], rest[1:]) if rest and not rest[0].startswith("-") else ("", rest)


def _plain(word: str) -> str:
    return word.replace("-", "").replace("_", "").lower()


def option(rest: Sequence[str], name: str) -> str:
    """What *rest* says for the option *name*; "" where it says nothing."""
    for at, argument in enumerate(rest):
        if argument == name:
            return rest[at + 1] if at + 1 < len(rest) else ""
        if argument.startswith(name + "="):
            return argument[len(name) + 1 :]
    return ""


class _Hook:
    """One hook on its way to an answer.

    Args:
        arguments: The command line.
    """

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        word, self.rest = _event(arguments)
        self.event = _plain(word)
        self.home = place.home_of(arguments, os.environ)
        self.folder = spool.directory(self.home, os.environ)
        is_claude = option(self.rest, "--harness") in ("", "claude")
        self.empty = b"" if is_claude and self.event not in ASKING else b"{}\n"
        self.out = -1

    def answer(self) -> bytes:
        """What the harness is told."""
        if os.environ.get(RECURSION):
            return self.empty
        self.out = os.dup(1)
        self._set_alarm()
        if self.event in CAPTURING:
            self._capture()
        elif self.event in ASKING:
            return self._asked() or self.empty
        else:
            spool.log(self.folder, f"hook: there is no event {self.event!r} that memcli knows")
        return self.empty

    def _set_alarm(self) -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._too_late)
            signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)

    def _too_late(self, *_: object) -> None:
        spool.log(self.folder, f"{self.event}: no answer in {DEADLINE_S} s")
        self.end(self.empty)

    def end(self, said: bytes) -> NoReturn:
        """Say it, and be gone."""
        try:
            while said:
                said = said[os.write(self.out if self.out >= 0 else 1, said) :]
        except OSError:
            pass
        os._exit(0)

    def _capture(self) -> None:
        said = b""
        while len(said) <= INPUT_MOST and (piece := os.read(0, 1 << 20)):
            said += piece
        if len(said) > INPUT_MOST:
            spool.log(self.folder, f"{self.event}: the harness says more than {INPUT_MOST >> 20} MB")
            return
        about = {
            "event": self.event,
            "harness": option(self.rest, "--harness") or "claude",
            "cwd": os.getcwd(),
            "variables": {name: os.environ[name] for name in KEPT if name in os.environ},
            "options": {name: option(self.rest, f"--{name}") for name in ("space", "user", "agent")},
        }
        spool.put(self.folder, about, said)
        if self.event not in IN_BETWEEN or spool.is_due(self.folder):
            spool.begun(self.folder)
            flush(self.home)

    def _asked(self) -> bytes:
        from_there, to_here = os.pipe()
        os.dup2(to_here, 1)
        code = client.hand_over(self._line(), dies=False)
        os.dup2(self.out, 1)
        os.close(to_here)
        if code is None:
            os.close(from_there)
            return self._asked_here()
        return _read(from_there) if code == 0 else b""

    def _asked_here(self) -> bytes:
        from subprocess import PIPE, Popen

        command = [sys.executable, "-P", "-m", "memcli", *self._line(), HERE]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        running = Popen(command, stdout=PIPE, env=environ, start_new_session=True)  # noqa: S603
        assert running.stdout is not None
        return _read(running.stdout.fileno())

    def _line(self) -> list[str]:
        return ["--quiet", *self.arguments]


def _read(file: int) -> bytes:
    said = b""
    while piece := os.read(file, 1 << 16):
        said += piece
    return said


def flush(home: str) -> None:
    """Begin to do what is waiting, in a process that outlives the harness.

    Without `subprocess`, whose import would be a third of the time that the whole hook takes.
    """
    words = [*(["--home", home] if home else []), "--quiet", "hook", "flush"]
    if not hasattr(os, "fork"):
        client.detached("memcli", *words)
    elif not os.fork():
        try:
            os.setsid()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for at in range(3):
                os.dup2(nowhere, at)
            environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            os.execve(sys.executable, [sys.executable, "-P", "-m", "memcli", *words], environ)  # noqa: S606
        finally:
            os._exit(1)


def serve(arguments: list[str]) -> NoReturn:
    """Answer the hook that *arguments* are, and end this process."""
    hook = _Hook(arguments)
    try:
        said = hook.answer()
    except BaseException as error:  # whatever it is: the prompt goes on
        said = hook.empty
        spool.log(hook.folder, f"{hook.event}: {type(error).__name__}: {error}")
    hook.end(said)

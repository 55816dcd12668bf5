"""Handing a command line over to the warm process. Standard library only: this runs first of all.

The C modules beneath `socket` and `signal` do the work: the two themselves take 4 ms to import, a third of
what the interpreter needs to start.

Over the socket go the length of the request and the request, a Python literal (see `_request`). The process
that is to run it answers with its pid and waits for a byte that says "go", with which come the file
descriptors 0, 1, 2 and that of the current directory. Only then has it begun, so that a command whose client
has given up waiting is never run twice; nor does a process that hangs hold on to a pipe that is not its own.
In the end come a letter and a number: `E` and the exit code, `S` and the signal that ended it, or `N` and 0
if it could not begin.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # typeshed knows `signal` only
import _socket as socket
import os
import sys

from memcli.warm import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen
    from typing import Any, NoReturn

PATIENCE_S = 0.2
"""Seconds that a command waits for the warm process to take it, before it runs on its own."""

ANSWER_S = 5.0
"""Seconds that a question to the warm process may take: somebody wants to know."""

READY_S = 30.0
"""Seconds in which a warm process that was started is expected to be ready: some 2 on a quiet machine."""

PASSED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGWINCH")
    if hasattr(signal, name)  # Windows has but two
)
"""Signals to the client that are meant for the command."""


class GoneError(Exception):
    """There is no warm process that would take the command."""


class KilledError(Exception):
    """Whoever ran the command went without a word: it may be done or not."""


def hand_over(arguments: list[str], *, dies: bool = True) -> int | None:
    """Let the warm process run *arguments*; the exit code, or None where it does not and nothing was done.

    A command that a signal has ended ends this process in the same way, if it *dies* of that.

    Raises:
        KilledError: It can't be told what came of the command.
    """
    if not place.is_wanted(arguments, os.environ) or not _is_ordinary():
        return None
    try:
        line = _connected(place.socket_path(place.home_of(arguments, os.environ), os.environ), PATIENCE_S)
    except GoneError:
        return None
    signals = _Signals()
    try:
        _taken(line, "run", arguments, signals.pass_on_to)
        code = _ended(line, dies=dies)
    except GoneError:
        line.close()
        code = None
    if code is None:
        signals.keep()
    return code


def _is_ordinary() -> bool:
    """Whether another process can stand in for this one.

    Not where a standard stream is closed, nor where names of files are not in UTF-8. Nor in the background
    of a terminal: the system would stop this process if it read what is typed, but not another one.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr) or sys.getfilesystemencoding() != "utf-8":
        return False
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # no terminal, or not ours
        return True


def ask(path: str, question: str) -> Any:
    """What the warm process at *path* answers to *question*, `status` or `stop`.

    Raises:
        GoneError: There is none.
    """
    from ast import literal_eval

    line = _connected(path, ANSWER_S)
    try:
        _taken(line, question, [])
        said = b""
        while piece := line.recv(1 << 16):
            said += piece
        return literal_eval(said.decode())
    except (OSError, ValueError, SyntaxError) as error:
        raise GoneError from error
    finally:
        line.close()


def start(home: str) -> Popen[bytes] | None:
    """Start a warm process for *home* ("" for the user's own) and leave it to itself; None where it can't.

    One too many leaves by itself. It is given none of this process's files, lest it keep open what others
    wait for.
    """
    path = place.socket_path(home, os.environ)
    if not path or not place.made(os.path.dirname(path)):
        return None
    return detached("memcli.servers.warm", home)


def detached(module: str, *arguments: str) -> Popen[bytes] | None:
    """Run *module* of this installation in a process that nobody need wait for; None where it can't."""
    from subprocess import DEVNULL, Popen

    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-m", module, *arguments]
    try:
        return Popen(  # noqa: S603
            command, env=environ, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
        )
    except OSError:
        return None


def _connected(path: str, patience: float) -> socket.socket:
    if not path or not place.is_ours(os.path.dirname(path)):
        raise GoneError
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(patience)
    try:
        line.connect(path)
    except OSError as error:
        line.close()
        raise GoneError from error
    return line


def _taken(
    line: socket.socket, kind: str, arguments: list[str], begins: Callable[[int], None] = lambda _: None
) -> None:
    """Send the request, and "go" once it was taken and *begins* was called with the pid of who runs it."""
    try:
        here = os.open(".", os.O_RDONLY)
        try:
            said = _request(kind, arguments)
            line.sendall(len(said).to_bytes(8, "big") + said)
            answer = line.recv(8)
            pid = int.from_bytes(answer, "big")
            if len(answer) < 8 or not pid:
                raise GoneError  # another version, or too busy
            begins(pid)  # first: as soon as it goes, a signal to this process is meant for the command
            files = b"".join(file.to_bytes(4, sys.byteorder) for file in (0, 1, 2, here))
            line.sendmsg([b"g"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
        finally:
            os.close(here)
    except OSError as error:
        raise GoneError from error


def _request(kind: str, arguments: list[str]) -> bytes:
    """What is to be done, and all that a process has from its parent and a command may look at."""
    mask = os.umask(0o077)
    os.umask(mask)
    ignored = [int(number) for number in PASSED_ON if signal.getsignal(number) == signal.SIG_IGN]
    streams = [(s.encoding, s.errors) if s else None for s in (sys.stdin, sys.stdout, sys.stderr)]
    said = (place.build(), kind, arguments, dict(os.environ), mask, ignored, streams)
    return repr(said).encode("utf-8", "surrogatepass")


class _Signals:
    """What becomes of the signals that this process gets."""

    def __init__(self) -> None:
        self._pid = 0
        found = {number: signal.getsignal(number) for number in (*PASSED_ON, signal.SIGTSTP)}
        self._heard = {number: handler for number, handler in found.items() if handler != signal.SIG_IGN}

    def pass_on_to(self, pid: int) -> None:
        """From now on they go on to the process *pid*."""
        self._pid = pid
        for number in self._heard:
            signal.signal(number, self._pause if number == signal.SIGTSTP else self._pass_on)

    def keep(self) -> None:
        """From now on they are this process's own again."""
        for number, handler in self._heard.items():
            signal.signal(number, handler)

    def _pass_on(self, number: int, _: object = None) -> None:
        try:  # noqa: SIM105  # without contextlib
            os.kill(self._pid, number)
        except OSError:
            pass

    def _pause(self, *_: object) -> None:
        self._pass_on(signal.SIGSTOP)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # comes back when somebody has let us go on
        signal.signal(signal.SIGTSTP, self._pause)
        self._pass_on(signal.SIGCONT)


def _ended(line: socket.socket, *, dies: bool) -> int | None:
    """The exit code that comes over *line*; None if nothing was begun.

    Raises:
        KilledError: None comes.
    """
    line.settimeout(None)
    try:
        answer = line.recv(2)
    except OSError:
        answer = b""
    if len(answer) < 2:
        raise KilledError
    if answer[:1] == b"S":
        _die(answer[1], dies=dies)
    return None if answer[:1] == b"N" else answer[1]


def _die(number: int, *, dies: bool) -> NoReturn:
    """End this process as the signal *number* does, if it *dies* of that.

    Raises:
        KilledError: It does not.
    """
    if not dies:
        raise KilledError
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)

"""Handing a command line over to the warm process. Standard library only: this runs first of all.

Over the socket goes one message with the file descriptors 0, 1, 2 and of the current directory, and the
length of what follows; then the request, a Python literal (see `_request`). The process that is to run it
answers with its pid, waits for a byte that says "go", and runs it; only then has it begun, so that a
command whose client has given up waiting is never run twice. In the end come a letter and a number: `E`
and the exit code, or `S` and the signal that ended it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from memcli.warm import place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

PATIENCE_S = 0.2
"""Seconds that a command waits for the warm process to take it, before it runs on its own."""

READY_S = 30.0
"""Seconds in which a warm process that was started is expected to be ready: some 2 on a quiet machine."""

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH)
"""Signals to the client that are meant for the command."""


class GoneError(Exception):
    """There is no warm process that would take the command."""


def hand_over(arguments: list[str]) -> int | None:
    """Let the warm process run *arguments*; the exit code, or None where it does not and nothing was done.

    A command that a signal has ended ends this process in the same way.
    """
    if not place.is_wanted(arguments, os.environ) or None in (sys.stdin, sys.stdout, sys.stderr):
        return None
    try:
        line = _connected(place.socket_path(place.home_of(arguments, os.environ), os.environ))
    except GoneError:
        return None
    with line:
        try:
            pid = _taken(line, "run", arguments)
        except GoneError:
            return None
        return _ended(line, pid)


def ask(path: str, question: str) -> Any:
    """What the warm process at *path* answers to *question*, `status` or `stop`.

    Raises:
        GoneError: There is none.
    """
    from ast import literal_eval

    with _connected(path) as line:
        _taken(line, question, [])
        line.settimeout(5)
        try:
            with line.makefile("rb") as answer:
                return literal_eval(answer.read().decode())
        except (OSError, ValueError, SyntaxError) as error:
            raise GoneError from error


def start(home: str) -> None:
    """Start a warm process for *home* ("" for the user's own) and leave it to itself.

    Nothing is said where that fails: nobody asked for it. One too many leaves by itself.
    """
    detached("memcli.servers.warm", home)


def detached(module: str, *arguments: str) -> None:
    """Run *module* of this installation in a process of its own that nobody waits for."""
    command = [sys.executable, "-m", module, *arguments]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    nowhere = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in range(3)]
    try:
        os.posix_spawn(sys.executable, command, environ, file_actions=nowhere, setsid=True)
    except (OSError, NotImplementedError):  # a system that can't do it so
        import subprocess

        with suppressed():
            subprocess.Popen(  # noqa: S603
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )


def suppressed() -> Any:
    """What keeps an OSError from going on: imported here, since most commands never need it."""
    from contextlib import suppress

    return suppress(OSError)


def _connected(path: str) -> socket.socket:
    if not path or not place.is_ours(os.path.dirname(path)):
        raise GoneError
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE_S)
    try:
        line.connect(path)
    except OSError as error:
        line.close()
        raise GoneError from error
    return line


def _taken(line: socket.socket, kind: str, arguments: list[str]) -> int:
    """Send the request, and "go" once it was taken; the pid of the process that runs it."""
    try:
        here = os.open(".", os.O_RDONLY)
        try:
            said = _request(kind, arguments)
            socket.send_fds(line, [len(said).to_bytes(8, "big")], [0, 1, 2, here])
        finally:
            os.close(here)
        line.sendall(said)
        answer = line.recv(8)
        pid = int.from_bytes(answer, "big")
        if len(answer) < 8 or not pid:
            raise GoneError  # another version, or too busy
        line.sendall(b"g")
    except OSError as error:
        raise GoneError from error
    return pid


def _request(kind: str, arguments: list[str]) -> bytes:
    """What is to be done, and all that a process has from its parent and a command may look at."""
    mask = os.umask(0o077)
    os.umask(mask)
    ignored = [int(number) for number in PASSED_ON if signal.getsignal(number) is signal.SIG_IGN]
    streams = [(s.encoding, s.errors) if s else None for s in (sys.stdin, sys.stdout, sys.stderr)]
    said = (place.build(), kind, arguments, dict(os.environ), mask, ignored, streams)
    return repr(said).encode("utf-8", "surrogatepass")


def _ended(line: socket.socket, pid: int) -> int:
    """The exit code that comes over *line*; signals go on to the process *pid* meanwhile."""

    def pass_on(number: int, _: object) -> None:
        try:  # noqa: SIM105  # without contextlib
            os.kill(pid, number)
        except OSError:
            pass

    def pause(*_: object) -> None:
        pass_on(signal.SIGSTOP, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        pass_on(signal.SIGCONT, None)  # somebody has let us go on

    for number in PASSED_ON:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    signal.signal(signal.SIGTSTP, pause)
    line.settimeout(None)
    try:
        answer = line.recv(2)
    except OSError:
        answer = b""
    if len(answer) < 2:
        sys.stderr.write("memcli: the warm process was killed; what was asked for may be done or not\n")
        return 1
    if answer[:1] == b"S":
        _die(answer[1])
    return answer[1]


def _die(number: int) -> NoReturn:
    """End this process as the signal *number* does."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)

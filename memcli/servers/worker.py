"""A worker of the warm process: runs one command line after the other, each as in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from memcli.cli.process import Process
from memcli.services import recall
from memcli.warm import place

REQUEST_MOST = 8 * 1024 * 1024
"""Bytes of a request; the system lets arguments and environment be 2 MiB or so."""

GO_S = 5.0
"""Seconds that a worker waits for its request and for "go", and for the client to be gone afterwards."""

MEMORY_MOST_MIB = 290
"""Resident memory with which a worker leaves; a new one begins with some 200, nearly all of it shared."""

COMMANDS_MOST = 500
"""Commands after which a worker leaves, whatever it looks like."""

IDLE, BEGUN = b"i", b"b"
"""What a worker tells the server."""

LEAVE = 1
"""The exit code of a worker that has found the warm process unfit: another version, another model."""

SPENT = 2
"""The exit code of a worker that should not run another command."""

WELL = frozenset({0, 2, 3, 4})
"""Exit codes of commands after which a worker goes on: done, usage, not found, conflict."""


@dataclass(frozen=True)
class Prepared:
    """What workers have from the server.

    Attributes:
        process: What is loaded already.
        home: What `--home` or MEMCLI_HOME says; "" for the user's own.
        environ: What loading has set in the environment: each command needs it, too.
        build: Which memcli this is.
        began: When it was ready, in seconds of the monotonic clock.
    """

    process: Process
    home: str
    environ: Mapping[str, str]
    build: str = field(default_factory=place.build)
    began: float = field(default_factory=time.monotonic)


def prepared(home: str) -> Prepared:
    """Everything that commands need, loaded.

    Raises:
        MemcliError: The settings make no sense, or the model can't be loaded.
    """
    from memcli.servers import preload

    before = dict(os.environ)
    process = Process()
    preload.everything(process, home)
    new = {name: value for name, value in os.environ.items() if before.get(name) != value}
    return Prepared(process, home, new)


class Worker:
    """Serves one connection after the other.

    Args:
        prepared: What it has from the server.
        rope: Where it is given connections, and says that it is idle.
        first: Whether it should look into the store before anybody asks for it.
    """

    def __init__(self, prepared: Prepared, rope: socket.socket, *, first: bool) -> None:
        self._prepared, self._process, self._rope = prepared, prepared.process, rope
        self._first = first
        self._commands, self._interrupted = 0, False

    def serve(self) -> int:
        """Serve until the server lets go, or something is not as it should be; the exit code."""
        self._be_nobody()
        if self._first:
            self._look_around()
            self._rope.sendall(IDLE)
        while True:
            head, files, _, _ = socket.recv_fds(self._rope, 8, 1)
            if not head:
                return 0
            with socket.socket(fileno=files[0]) as line:
                code = self._serve(line, int.from_bytes(head, "big"))
            self._commands += 1
            if self._process.is_behind:
                self._process.catch_up()
            if code:
                return code
            if self._commands >= COMMANDS_MOST or memory_mib(os.getpid()) > MEMORY_MOST_MIB:
                return SPENT
            self._be_nobody()
            self._rope.sendall(IDLE)

    def _look_around(self) -> None:
        """Search once, so that the store's indexes are in memory when somebody asks; tidy what is due."""
        with suppress(Exception):  # whatever is wrong, commands will say it
            engine = self._process.new_run(self._prepared.home or None, quiet=True).engine
            engine.catch_up()
            recall.search(engine, "what is the first thing you remember?", scope=engine.config.scope())

    def _serve(self, line: socket.socket, commands: int) -> int:
        """Do what is asked for over *line*; 0, `SPENT` or `LEAVE`. There were *commands* before."""
        line.settimeout(GO_S)
        try:
            said = _received(line)
            if said[0] != self._prepared.build:
                return LEAVE
            _, kind, arguments, environ, mask, ignored, streams = said
            self._interrupted = False
            signal.signal(signal.SIGINT, self._note)
            line.sendall(os.getpid().to_bytes(8, "big"))
            going, files, _, _ = socket.recv_fds(line, 1, 4)
        except (OSError, ValueError, SyntaxError):
            return 0  # it has given up waiting, or was nobody of ours
        try:
            if not going:
                return 0
            if kind != "run":
                line.sendall(repr(self._status(commands)).encode())
                return LEAVE if kind == "stop" else 0
            self._become(files, environ, mask, ignored, streams)
        except (OSError, ValueError, LookupError):
            with suppress(OSError):
                line.sendall(b"N\0")
            return SPENT
        finally:
            for received in files:
                os.close(received)
        self._rope.sendall(BEGUN)
        return self._run(line, arguments, heeds=signal.SIGINT not in ignored)

    def _note(self, *_: object) -> None:
        """Remember an interrupt that comes before there is anything to interrupt."""
        self._interrupted = True

    def _status(self, commands: int) -> dict[str, Any]:
        """What `memcli warm status` tells."""
        server = os.getppid()
        return {
            "pid": server,
            "commands": commands,
            "up_s": round(time.monotonic() - self._prepared.began, 1),
            "memory_mib": round(memory_mib(server), 1),
        }

    def _become(
        self,
        files: list[int],
        environ: Mapping[str, str],
        mask: int,
        ignored: list[int],
        streams: list[tuple[str, str]],
    ) -> None:
        """Be what a process started by the client would be."""
        for at, received in enumerate(files[:3]):
            os.dup2(received, at)
        os.fchdir(files[3])
        os.umask(mask)
        self._put_on(environ)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
        for at, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            encoding, errors = streams[at]
            buffering = 1 if name == "stderr" or os.isatty(at) else -1
            stream = open(at, mode, buffering, encoding, errors, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def _put_on(self, environ: Mapping[str, str]) -> None:
        """Have the variables *environ* and no others, but for those that loading has set."""
        wanted = {**self._prepared.environ, **environ}
        for name in os.environ.keys() - wanted.keys():
            del os.environ[name]
        for name, value in wanted.items():
            if os.environ.get(name) != value:  # seldom: another thread could be reading it
                os.environ[name] = value
        time.tzset()

    def _be_nobody(self) -> None:
        """Hold on to nothing of any client's: whoever reads its output waits for the last one to let go."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for at in range(3):
            os.dup2(nowhere, at)
        os.close(nowhere)
        os.chdir("/")
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _run(self, line: socket.socket, arguments: list[str], *, heeds: bool) -> int:
        """Run the command line *arguments* and tell its client how it ended; 0, `SPENT` or `LEAVE`."""
        line.settimeout(None)
        ended = Event()
        gone = Thread(target=_end_with, args=(line, ended), daemon=True)
        gone.start()
        sys.argv = ["memcli", *arguments]
        loaded, rich = len(self._process.models), sys.modules["rich"]
        code, well = self._code_of(arguments, heeds=heeds), True
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                well = False  # what is left in it would come out with the next command's
        self._be_nobody()
        ended.set()
        with suppress(OSError):
            line.sendall(b"E" + bytes([code & 0xFF]))
        gone.join(GO_S)  # until the client has gone: its signals are for this command only
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        gone.join()
        sys.modules["rich"] = rich  # see app.command
        if len(self._process.models) != loaded or not self._process.wants_warm:
            return LEAVE
        return 0 if well and code in WELL else SPENT

    def _code_of(self, arguments: list[str], *, heeds: bool) -> int:
        """The exit code of *arguments*, however they end; whether they can be interrupted is *heeds*."""
        from memcli.cli.boundary import INTERRUPTED, run

        try:
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler if heeds else signal.SIG_IGN)
                if self._interrupted and heeds:
                    raise KeyboardInterrupt
                return run(arguments, self._process)
            except SystemExit as ended:  # an answer to a shell that completes
                return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            except Exception:  # such as a standard error that takes no complaint
                return 1
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        except KeyboardInterrupt:  # pressed before its beginning, or after its end
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            return INTERRUPTED


def _end_with(line: socket.socket, ended: Event) -> None:
    """End when the client goes before its command has *ended*, as a command does that is killed."""
    with suppress(OSError):
        line.recv(1)
    if not ended.is_set():
        os.kill(os.getpid(), signal.SIGKILL)


def _received(line: socket.socket) -> tuple[Any, ...]:
    """The request that comes over *line*.

    Raises:
        OSError: It does not come.
        ValueError, SyntaxError: It makes no sense.
    """
    from ast import literal_eval

    length = int.from_bytes(_bytes(line, 8), "big")
    if length > REQUEST_MOST:
        raise ValueError("no request")
    said = literal_eval(_bytes(line, length).decode("utf-8", "surrogatepass"))
    if not isinstance(said, tuple) or not said:
        raise ValueError("no request")
    return said


def _bytes(line: socket.socket, number: int) -> bytes:
    """That *number* of bytes from *line*."""
    said = bytearray()
    while len(said) < number:
        piece = line.recv(min(number - len(said), 1 << 16))
        if not piece:
            raise ValueError("half a request")
        said += piece
    return bytes(said)


def memory_mib(pid: int) -> float:
    """The resident memory of the process *pid* in MiB; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as about:  # noqa: PTH123
            return int(next(line for line in about if line.startswith("VmRSS")).split()[1]) / 1024
    except (OSError, StopIteration):
        return 0

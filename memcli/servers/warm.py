"""The warm process: everything imported and the model loaded, it forks a child for each command line.

It parses nothing and opens no store. Whoever connects gets a child that reads the request, becomes what a
process of the client's own would be (files, directory, environment, umask, signals), runs the command, and
says how it ended. So no command can harm the next one, a hung client keeps nobody waiting, and LanceDB,
whose threads would not survive a fork, only ever starts in a child.

    python -m memcli.servers.warm [HOME]
"""

from __future__ import annotations

import fcntl
import gc
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, NoReturn

from memcli.cli.context import Process
from memcli.errors import MemcliError
from memcli.warm import place

IDLE_S = 600.0
"""Seconds without a command after which it leaves."""

CHILDREN_MOST = 32
"""Commands that run at once; one more runs in its client's own process."""

REQUEST_MOST = 8 * 1024 * 1024
"""Bytes of a request; the system lets arguments and environment be 2 MiB or so."""

GO_S = 5.0
"""Seconds that a child waits for its request and for "go"."""

LEAVE = 1
"""The exit code of a child that has found the warm process unfit: another version, another model."""


@dataclass
class Server:
    """The warm process.

    Attributes:
        listener: The listening socket.
        process: What children have loaded already.
        environ: What loading has set in the environment: each child needs it, too.
        build: Which memcli this is.
        commands: How many children there were.
        began: When it was ready, in seconds of the monotonic clock.
    """

    listener: socket.socket
    process: Process
    environ: Mapping[str, str]
    build: str
    commands: int = 0
    began: float = field(default_factory=time.monotonic)
    _running: dict[int, socket.socket] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _leaving: bool = False

    def serve(self) -> None:
        """Serve until nobody has come for `IDLE_S`, or a child says that it is time to leave."""
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.signal(signal.SIGTERM, self._leave)
        self._selector.register(woken, selectors.EVENT_READ)
        self._selector.register(self.listener, selectors.EVENT_READ)
        while not (self._leaving and not self._running):
            ready = self._selector.select(None if self._running else IDLE_S)
            if not ready and not self._running:
                return
            for key, _ in ready:
                if key.fileobj is self.listener:
                    self._welcome((woken, wake))
                else:
                    woken.recv(4096)
            self._reap()

    def _leave(self, *_: object) -> None:
        """Take no more commands; go when the last one has ended."""
        if not self._leaving:
            self._leaving = True
            self._selector.unregister(self.listener)
            self.listener.close()

    def _welcome(self, ours: tuple[socket.socket, ...]) -> None:
        """Fork a child for whoever has connected."""
        try:
            line, _ = self.listener.accept()
        except OSError:  # gone again
            return
        line.setblocking(True)
        if len(self._running) >= CHILDREN_MOST or _peer(line) != os.getuid():
            line.close()
            return
        self.commands += 1
        pid = os.fork()
        if pid == 0:
            self._become_child(line, ours)
        self._running[pid] = line

    def _become_child(self, line: socket.socket, ours: tuple[socket.socket, ...]) -> NoReturn:
        code = LEAVE
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            self._selector.close()
            for other in (*self._running.values(), *ours, self.listener):
                other.close()
            code = Child(self, line).run()
        finally:
            os._exit(code)

    def _reap(self) -> None:
        """Let go of children that have ended; tell their clients where a signal did it."""
        for pid in list(self._running):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._bury(pid, os.waitstatus_to_exitcode(status))

    def _bury(self, pid: int, code: int) -> None:
        line = self._running.pop(pid)
        if code < 0:
            with suppress(OSError):
                line.send(b"S" + bytes([-code]), socket.MSG_DONTWAIT)
        line.close()
        if code == LEAVE:
            self._leave()

    def status(self) -> dict[str, Any]:
        """What `memcli warm status` tells."""
        return {
            "pid": os.getppid(),
            "commands": self.commands - 1,
            "up_s": round(time.monotonic() - self.began, 1),
            "memory_mib": round(memory_kib(os.getppid()) / 1024, 1),
        }


class Child:
    """One request, in a process of its own.

    Args:
        server: The warm process that it was forked from.
        line: The connection to its client.
    """

    def __init__(self, server: Server, line: socket.socket) -> None:
        self.server, self.line = server, line

    def run(self) -> int:
        """Do what is asked for; 0, or `LEAVE`."""
        self.line.settimeout(GO_S)
        try:
            said, files = _received(self.line)
        except (OSError, ValueError, SyntaxError):
            return 0
        build, kind, arguments, environ, mask, ignored, streams = said
        if build != self.server.build:
            return LEAVE
        self.line.sendall(os.getpid().to_bytes(8, "big"))
        if self.line.recv(1) != b"g":  # it has given up waiting
            return 0
        if kind != "run":
            self.line.sendall(repr(self.server.status()).encode())
            return LEAVE if kind == "stop" else 0
        self.line.settimeout(None)
        Thread(target=self._end_with_client, daemon=True).start()
        self._become(files, environ, mask, ignored, streams)
        return self._command(arguments)

    def _end_with_client(self) -> None:
        """End when the client has gone, as a command does that was killed; only it is told by signals."""
        if not self.line.recv(1):
            os.kill(os.getpid(), signal.SIGKILL)

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
        for received in files:
            os.close(received)
        os.umask(mask)
        os.environ.clear()
        os.environ.update({**self.server.environ, **environ})
        time.tzset()
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        if signal.SIGINT not in ignored:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for at, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            encoding, errors = streams[at]
            buffering = 1 if name == "stderr" or os.isatty(at) else -1
            stream = open(at, mode, buffering, encoding, errors, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def _command(self, arguments: list[str]) -> int:
        """Run the command line *arguments* and tell its client how it ended; 0, or `LEAVE`."""
        from memcli.cli.boundary import run

        sys.argv = ["memcli", *arguments]
        loaded = len(self.server.process.models)
        code = run(arguments, self.server.process)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        self.line.sendall(b"E" + bytes([code & 0xFF]))
        unfit = len(self.server.process.models) != loaded or not self.server.process.wants_warm
        return LEAVE if unfit else 0


def _nothing(*_: object) -> None:
    """Wakes the selector, and that is all."""


def _peer(line: socket.socket) -> int:
    """The user id of whoever is at the other end of *line*; -1 where the system does not tell."""
    if hasattr(socket, "SO_PEERCRED"):
        about = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", about)[1])
    local, credentials = 0, 1  # SOL_LOCAL and LOCAL_PEERCRED of macOS and the BSDs; Python has no names
    try:
        return int(struct.unpack("2I", line.getsockopt(local, credentials, 8))[1])
    except OSError:
        return -1


def _received(line: socket.socket) -> tuple[Any, list[int]]:
    """The request that comes over *line*, and the files that come with it.

    Raises:
        OSError: It does not come.
        ValueError, SyntaxError: It makes no sense.
    """
    from ast import literal_eval

    head, files, _, _ = socket.recv_fds(line, 8, 4)
    length = int.from_bytes(head, "big")
    if len(head) < 8 or len(files) < 4 or length > REQUEST_MOST:
        raise ValueError("no request")
    said = bytearray()
    while len(said) < length:
        piece = line.recv(min(length - len(said), 1 << 16))
        if not piece:
            raise ValueError("half a request")
        said += piece
    return literal_eval(said.decode("utf-8", "surrogatepass")), files


def memory_kib(pid: int) -> int:
    """The resident memory of the process *pid* in KiB; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as about:  # noqa: PTH123
            return int(next(line for line in about if line.startswith("VmRSS")).split()[1])
    except (OSError, StopIteration):
        return 0


# --- starting ---


def listening(path: str) -> socket.socket | None:
    """The socket at *path*; None where another warm process has it.

    The lock beside it belongs to the one that serves, and goes with it however it ends: a socket that
    was left behind is taken over.
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120
    if not place.is_ours(os.path.dirname(path)):  # noqa: PTH120
        return None
    lock = os.open(path.removesuffix(".sock") + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):  # noqa: PTH110
        os.unlink(path)  # noqa: PTH108
    listener.bind(path)
    return listener


def prepared(home: str) -> tuple[Process, dict[str, str]]:
    """Everything that commands need, loaded; and what that has set in the environment."""
    before = dict(os.environ)
    process = Process()
    from memcli.servers import preload

    preload.everything(process, home)
    return process, {name: value for name, value in os.environ.items() if before.get(name) != value}


def main() -> int:
    """Serve, unless somebody does already."""
    home = sys.argv[1] if len(sys.argv) > 1 else ""
    path = place.socket_path(home, os.environ)
    listener = listening(path) if path else None
    if listener is None:
        return 0
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        process, environ = prepared(home)
        gc.collect()
        gc.freeze()  # children share what is there, and need not look through it
        listener.listen(CHILDREN_MOST)
        Server(listener, process, environ, place.build()).serve()
    except MemcliError:  # the model can't be loaded: commands will say so
        return 1
    finally:
        os.unlink(path)  # noqa: PTH108
    return 0


if __name__ == "__main__":
    sys.exit(main())

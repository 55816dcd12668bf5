"""The warm process: everything imported and the model loaded, its workers run command lines for others.

The server itself parses nothing and opens no store. Whoever connects is handed to an idle worker, a fork of
the server (there is a new one where none is idle). The worker reads the request, becomes what a process of
the client's own would be (files, directory, environment, umask, signals), runs the command, and says how it
ended. So a hung client keeps nobody waiting, and LanceDB, whose threads would not survive a fork, is only
ever at work in a worker. A worker that has run a command to its end takes the next one, with the store's
indexes still in memory: that is a third of a search. One whose command was interrupted, or ended as it should
not, leaves; so does one that has grown.

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
from contextlib import suppress
from dataclasses import dataclass, field

from memcli import address, arithmetic
from memcli.errors import MemcliError
from memcli.servers.worker import BEGUN, LEAVE, Prepared, Worker, prepared
from memcli.warm import place

IDLE_S = 600.0
"""Seconds without a command after which it leaves."""

WORKERS_MOST = 32
"""Commands that run at once; one more runs in its client's own process."""

WORKERS_KEPT = 2
"""Idle workers that are kept: an agent and a person, say. Each has some 40 MiB of its own."""


@dataclass
class Hand:
    """A worker, as the server knows it.

    Attributes:
        pid: Its process.
        rope: Over which it is given connections, and says that it is idle.
        line: The connection that it serves; None where there is none.
        is_idle: Whether it waits for one.
    """

    pid: int
    rope: socket.socket
    line: socket.socket | None = None
    is_idle: bool = False


@dataclass
class Server:
    """The warm process.

    Attributes:
        listener: The listening socket.
        lock: The file whose lock says that it is the one that serves.
        prepared: What workers have from it.
        commands: How many commands have begun.
    """

    listener: socket.socket
    lock: int
    prepared: Prepared
    commands: int = 0
    _hands: dict[int, Hand] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _bell: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)
    _leaving: bool = False

    def serve(self) -> None:
        """Serve until nobody has come for `IDLE_S`, or a worker says that it is time to leave."""
        self._selector.register(self.listener, selectors.EVENT_READ)
        self._listen_for_signals()
        self._hire()
        last = time.monotonic()
        while not self._leaving or self._busy():
            if self._leaving:
                self._lock_up()
            ready = self._selector.select(1.0 if self._busy() else IDLE_S)
            if ready:
                last = time.monotonic()
            elif not self._busy() and time.monotonic() - last >= IDLE_S:
                break
            for key, _ in ready:
                if key.fileobj is self.listener:
                    self._welcome()
                elif key.fileobj is self._bell[0]:
                    self._bell[0].recv(64)
                elif key.data in self._hands:
                    self._hear(self._hands[key.data])
        self._lock_up()
        for hand in list(self._hands.values()):
            self._dismiss(hand)

    def _busy(self) -> bool:
        return any(hand.line for hand in self._hands.values())

    def _idle(self) -> list[Hand]:
        return [hand for hand in self._hands.values() if hand.is_idle]

    def _listen_for_signals(self) -> None:
        """Have a signal end the waiting: by itself it would only be noted."""
        for end in self._bell:
            end.setblocking(False)
        signal.set_wakeup_fd(self._bell[1].fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._leave)
        self._selector.register(self._bell[0], selectors.EVENT_READ)

    def _leave(self, *_: object) -> None:
        """Go when the last command has ended."""
        self._leaving = True

    def _lock_up(self) -> None:
        """Take no more commands."""
        if self.listener.fileno() >= 0:
            self._selector.unregister(self.listener)
            self.listener.close()

    def _welcome(self) -> None:
        """Hand whoever has connected to a worker."""
        try:
            line, _ = self.listener.accept()
        except OSError:  # gone again
            return
        if _peer(line) != os.getuid() or len(self._hands) - len(self._idle()) >= WORKERS_MOST:
            line.close()
            return
        hand = next(iter(self._idle()), None) or self._hire(line)
        try:
            socket.send_fds(hand.rope, [self.commands.to_bytes(8, "big")], [line.fileno()])
        except OSError:  # it has just died; the client runs its command itself
            line.close()
            return
        hand.line, hand.is_idle = line, False

    def _hire(self, *more: socket.socket) -> Hand:
        """Fork a worker, which keeps none of the server's connections, nor *more*."""
        rope, its_rope = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            code = LEAVE
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.close(self.lock)
                self._selector.close()
                lines = (hand.line for hand in self._hands.values() if hand.line)
                ropes = (hand.rope for hand in self._hands.values())
                for other in (rope, self.listener, *self._bell, *more, *lines, *ropes):
                    other.close()
                code = Worker(self.prepared, its_rope, first=not self._hands and not more).serve()
            finally:
                os._exit(code)
        its_rope.close()
        self._hands[pid] = Hand(pid, rope)
        self._selector.register(rope, selectors.EVENT_READ, pid)
        return self._hands[pid]

    def _hear(self, hand: Hand) -> None:
        """A worker has begun a command, is idle, or has ended."""
        try:
            said = hand.rope.recv(1)
        except OSError:  # it has ended without reading what it was given
            said = b""
        if said == BEGUN:
            self.commands += 1
            return
        if not said:
            self._dismiss(hand)
            return
        if hand.line is not None:
            hand.line.close()
        hand.line, hand.is_idle = None, True
        if len(self._idle()) > WORKERS_KEPT:
            self._dismiss(hand)

    def _dismiss(self, hand: Hand) -> None:
        """Let *hand* go, or bury it; its client hears if a signal was what ended it."""
        del self._hands[hand.pid]
        self._selector.unregister(hand.rope)
        hand.rope.close()
        if hand.line is None:  # nobody waits for it; it would leave by itself, unless somebody has stopped it
            os.kill(hand.pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(hand.pid, 0)[1])
        if hand.line is not None:
            if code < 0:
                with suppress(OSError):
                    hand.line.send(b"S" + bytes([-code]), socket.MSG_DONTWAIT)
            hand.line.close()
        if code == LEAVE:
            self._leave()


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


# --- starting ---


def listening(path: str) -> tuple[socket.socket, int] | None:
    """The socket at *path* and its lock; None where another warm process has it, or there is no place.

    The lock beside it belongs to the one that serves, and goes with it however it ends: a socket that
    was left behind is taken over.
    """
    if not place.made(os.path.dirname(path)):  # noqa: PTH120
        return None
    lock = os.open(path.removesuffix(".sock") + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):  # noqa: PTH110
        os.unlink(path)  # noqa: PTH108
    listener.bind(path)
    return listener, lock


def main() -> int:
    """Serve, unless somebody does already."""
    home = sys.argv[1] if len(sys.argv) > 1 else ""
    if home:
        home = address.absolute(home)
    path = place.socket_path(home, os.environ)
    found = listening(path) if path else None
    if found is None:
        return 0
    listener, lock = found
    ours = _file(path)
    os.chdir("/")
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.environ.setdefault(arithmetic.VARIABLE, "1")  # commands have their clients' environment, without it
    try:
        everything = prepared(home)
        gc.collect()
        gc.freeze()  # workers share what is there, and need not look through it
        listener.listen(WORKERS_MOST)
        Server(listener, lock, everything).serve()
    except MemcliError:  # the model can't be loaded: commands will say so
        return 1
    finally:
        if _file(path) == ours:  # directories for what runs are emptied behind one's back at times
            os.unlink(path)  # noqa: PTH108
    return 0


def _file(path: str) -> tuple[int, int]:
    """What tells the file at *path* from another one."""
    try:
        about = os.stat(path)  # noqa: PTH116
    except OSError:
        return 0, 0
    return about.st_dev, about.st_ino


if __name__ == "__main__":
    sys.exit(main())

"""Work that is stopped by the first signal, and then finishes what must not be lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""What a terminal, a closed window or another program sends to stop a command, where the system has it."""


class SignalledError(Exception):
    """Somebody wants this process to end, by the signal *number*."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    def carry_out(self) -> None:
        """End as the signal would have ended this process."""
        signal.signal(self.number, signal.SIG_DFL)
        os.kill(os.getpid(), self.number)


@contextmanager
def noted() -> Iterator[Callable[[], bool]]:
    """Within, Ctrl-C raises KeyboardInterrupt as ever; what this gives tells whether it was pressed.

    Libraries catch what is raised within them: Arrow takes an interrupted import for a missing module.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def stopped_once() -> Iterator[Callable[[], None]]:
    """Within, the first Ctrl-C raises KeyboardInterrupt, the first other signal `SignalledError`.

    Whatever is sent after that is ignored until the end, as it is after what this gives has been called: then
    comes what must not be lost. Signals that are ignored stay so.
    """
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def hold() -> None:
        for number in heard:
            signal.signal(number, signal.SIG_IGN)

    def stop(number: int, _: FrameType | None) -> None:
        hold()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SignalledError(number)

    for number in heard:
        signal.signal(number, stop)
    try:
        yield hold
    finally:
        for number in heard:
            signal.signal(number, before[number])

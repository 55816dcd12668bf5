"""Calls of services beside the screen, which never waits: one thread that reads, and one that writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from memcli.servers.desk import Desk
from memcli.services.engine import Engine

Answer = TypeVar("Answer")


class Calls:
    """Carries out calls in order, without anybody waiting; what nobody waits for any more is not begun.

    A write may have to wait for another memcli for a minute, and reading goes on meanwhile.

    Args:
        desk: Where the engines are.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # no daemons: a process that ends while a model is being loaded is aborted by the runtime
        self._reading = ThreadPoolExecutor(1, "memcli-reading")
        self._writing = ThreadPoolExecutor(1, "memcli-writing")
        self._writes: list[Future[Any]] = []

    async def read(self, call: Callable[[Engine], Answer]) -> Answer:
        """What *call* finds."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._with_engine, call)

    async def write(self, call: Callable[[Engine], Answer]) -> Answer:
        """What *call*, which changes something, comes to; begun, it is done even if nobody waits any more."""
        future = self._writing.submit(self._with_engine, call)
        self._writes = [write for write in self._writes if not write.done()] + [future]
        return await asyncio.shield(asyncio.wrap_future(future))

    @property
    def is_writing(self) -> bool:
        """Whether something is still being written."""
        return any(not write.done() for write in self._writes)

    def _with_engine(self, call: Callable[[Engine], Answer]) -> Answer:
        with self._desk.engine() as engine:
            return call(engine)

    def close(self) -> None:
        """Come back when what was begun is done; nothing of it is lost."""
        self._reading.shutdown(cancel_futures=True)
        self._writing.shutdown()

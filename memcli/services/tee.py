"""Listening to a stream that passes by: its tags are stored beside it, in a thread, and never hold it up.

Nothing that goes wrong here is the stream's concern. It is kept until the end, with what could not be stored.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Queue
from threading import Event, Thread

from memcli.model import Action, Stored
from memcli.services.extracting import Fact
from memcli.services.extracting.tags import TagReader

HOLD_S = 5.0
"""Seconds that a tag may wait for others: an answer takes about that long, and is then one change to undo."""

BATCH = 200
"""Tags that are stored at once."""

WAITING_MOST = 10_000
"""Tags that wait. Only where a stream has as many ahead of what storing them takes does it wait for that."""

SHOWN_MOST = 20
"""Tags of which is kept what came of them: an endless stream has endlessly many."""

Store = Callable[[list[Fact]], list[Stored]]
"""Stores facts; what it needs, it opens when it is called."""


@dataclass
class Heard:
    """What was heard.

    Attributes:
        counts: How many tags came to what.
        first: The first of them, and what they came to; None where that went wrong.
        failure: The first thing that went wrong.
    """

    counts: Counter[Action] = field(default_factory=Counter)
    first: list[tuple[Fact, Stored | None]] = field(default_factory=list)
    failure: Exception | None = None

    @property
    def total(self) -> int:
        """How many tags there were."""
        return self.counts.total()


class Listener:
    """Hears a stream in pieces, and stores its tags.

    Args:
        store: Stores facts; it is called in a thread of its own.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._heard = store, Heard()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._reader = TagReader()
        self._waiting: Queue[Fact | None] = Queue(WAITING_MOST)
        self._ending = Event()
        self._thread: Thread | None = None

    def hear(self, piece: bytes) -> None:
        """Take in the next *piece* of the stream."""
        self._keep(self._reader.feed(self._decoder.decode(piece)))

    def close(self) -> Heard:
        """The stream is at its end: what was heard, once all of it is stored."""
        self._keep(self._reader.feed(self._decoder.decode(b"", final=True)))
        self._keep(self._reader.close())
        self._ending.set()
        if self._thread:
            self._waiting.put(None)
            self._thread.join()
        return self._heard

    def _keep(self, facts: list[Fact]) -> None:
        for fact in facts:
            if self._thread is None:
                self._thread = Thread(target=self._work, daemon=True)
                self._thread.start()
            self._waiting.put(fact)

    def _work(self) -> None:
        """Store what waits, some at a time, until the stream has ended and nothing is left."""
        while fact := self._waiting.get():
            if self._waiting.qsize() < BATCH:
                self._ending.wait(HOLD_S)
            batch, is_last = [fact], False
            while len(batch) < BATCH and not is_last and not self._waiting.empty():
                following = self._waiting.get()
                is_last = following is None
                batch += [following] if following else []
            self._note(batch, self._stored(batch))
            if is_last:
                return

    def _stored(self, batch: list[Fact]) -> list[Stored] | None:
        try:
            return self._store(batch)
        except Exception as error:  # whatever it is, it is told at the end
            self._heard.failure = self._heard.failure or error
            return None

    def _note(self, batch: list[Fact], stored: list[Stored] | None) -> None:
        answers: Sequence[Stored | None] = stored or [None] * len(batch)
        for fact, answer in zip(batch, answers, strict=True):
            self._heard.counts[answer.action if answer else Action.FAILED] += 1
            if len(self._heard.first) < SHOWN_MOST:
                self._heard.first.append((fact, answer))

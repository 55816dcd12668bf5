"""Where calls of agents meet the services: engines for several at once, and what each call may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, LifoQueue
from threading import BoundedSemaphore, Thread

from memcli.errors import MemcliError, UsageError
from memcli.model import Scope
from memcli.servers.alone import load_numpy
from memcli.services import scopes
from memcli.services.engine import Engine

AT_ONCE = 4
"""Calls that are at work at once, each with an engine of its own; the next ones wait."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What agents may see.

    Attributes:
        scope: Where memories are stored and looked for, unless a call names another space.
        only: Whether no call may name another space, nor ids lead out of this one.
        shared: With an agent: the user's own memories, too.
        include_team: What the user's teams can see, too; None for the setting.
        with_global: The space `global`, too; None for the setting.
    """

    scope: Scope
    only: bool = False
    shared: bool = False
    include_team: bool | None = None
    with_global: bool | None = None

    def _named(self, space: str) -> Scope:
        if space and not self.shows(space):
            raise UsageError(
                f"only the space {self.scope.space} is to be seen from here",
                hint="it was named by --space where this server is set up",
            )
        return replace(self.scope, space=space) if space else self.scope

    def shows(self, space: str) -> bool:
        """Whether the space called *space* may be seen."""
        return not self.only or space == self.scope.space

    def writing(self, engine: Engine, space: str) -> Scope:
        """Where a memory goes: to *space*, or to the one in force if that is empty."""
        return scopes.entered(engine, self._named(space))

    def looking(self, engine: Engine, space: str) -> Scope:
        """Where memories are looked for."""
        return scopes.entered(
            engine,
            self._named(space),
            shared=self.shared,
            include_team=self.include_team,
            with_global=self.with_global,
        )

    def own(self, engine: Engine) -> Scope:
        """Where ids are looked for: everything of the user's, unless there is only one space."""
        scope = self.scope if self.only else replace(self.scope, space=None)
        scope = scope if scope.agent else replace(scope, agent=None)
        return scopes.entered(engine, scope, shared=self.shared)


@dataclass
class Desk:
    """Takes calls from any number of threads.

    Args:
        make: Makes an engine; all of them share the models.
        bounds: What calls may see.
    """

    make: Callable[[], Engine]
    bounds: Bounds
    _idle: LifoQueue[Engine] = field(default_factory=LifoQueue)
    _places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))
    _loading: Thread | None = None

    def load(self) -> None:
        """Load what the first call needs, beside whoever asks for it; calls wait until that is done."""
        # no daemon: a process that ends while a model is being loaded is aborted by the runtime's own threads
        self._loading = Thread(target=self._load, name="memcli-load")
        self._loading.start()

    def _load(self) -> None:
        load_numpy()
        from memcli.services import settle  # noqa: F401  # behind the door: arrays and the store
        from memcli.services.finding import searcher  # noqa: F401

        engine = self.make()
        with suppress(MemcliError):  # whoever needs it will hear
            engine.load_model().embed_queries(["what is the first thing you remember?"])
        self._idle.put(engine)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """An engine for one call, on what the store holds now; one that fails is not used again."""
        if self._loading is not None:
            self._loading.join()
        with self._places:
            try:
                engine = self._idle.get_nowait()
            except Empty:
                engine = self.make()
            engine.db.forget_what_was_read()
            yield engine
            if engine.is_behind:
                Thread(target=engine.catch_up, name="memcli-upkeep").start()
                engine.db.is_behind = False
            self._idle.put(engine)

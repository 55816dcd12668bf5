"""What the command lines that one process runs share. Light: the root's help needs nothing behind it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcli.cli.context import Run
    from memcli.services.engine import Models


class Process:
    """What the command lines that one process runs share.

    Attributes:
        last: The run of the last command line; None before there is one.
    """

    def __init__(self) -> None:
        self.last: Run | None = None

    @cached_property
    def models(self) -> Models:
        """The models that are loaded."""
        from memcli.services.engine import Models

        return Models()

    @property
    def has_models(self) -> bool:
        """Whether any model is loaded."""
        return "models" in vars(self) and len(self.models) > 0

    def new_run(self, home: str | None, *, quiet: bool, store: str = "") -> Run:
        """A run of a command line with `--home` *home* (None: not said), `--quiet` and `--store`."""
        from memcli.cli.context import Run

        self.last = Run(home, quiet, self.models, store)
        return self.last

    @property
    def is_behind(self) -> bool:
        """Whether the last run has left upkeep of the store that nobody needs to wait for."""
        return self.last is not None and "engine" in vars(self.last) and self.last.engine.is_behind

    def catch_up(self) -> None:
        """Do that upkeep."""
        assert self.last is not None
        self.last.engine.catch_up()

    @property
    def wants_warm(self) -> bool:
        """Whether the settings of the last run, as far as it has read them, let a warm process run."""
        return self.last is None or "loaded" not in vars(self.last) or self.last.loaded.config.warm.enabled

"""What the state machines share: a store of their own, a clock that moves, and an engine on both."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from memcli.config import Config
from memcli.errors import MemcliError
from memcli.home import Home
from memcli.services.engine import Engine
from memcli.settings import BackupSettings, ConflictSettings
from tests.conftest import Clock
from tests.fuzz import rounds
from tests.wordhash import WordHashEmbedder

STEPS = st.sampled_from([0.0, 1.0, 60.0, 3_600.0, 90_000.0, 200_000.0, -1.0, -7_200.0])
"""Seconds by which the clock moves; people and machines set it back, too."""

CONFIG = Config(conflicts=ConflictSettings(check=False), backup=BackupSettings(every=""))


class Machine(RuleBasedStateMachine):
    """A store in a directory of its own, an engine on it, and a model of both in the subclass."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(
            tempfile.mkdtemp(prefix="memcli-fuzz-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
        )
        self.clock, self.embedder, self._made = Clock(), WordHashEmbedder(), 0
        self.engine = self.engine_at("home")

    def engine_at(self, name: str) -> Engine:
        """An engine on the store of that *name*, which need not be there yet."""
        place = self.folder / name
        home = Home(config_file=place / "config.toml", data=place)
        return Engine(CONFIG, home, embedder=self.embedder, now=self.clock, new_id=self._new_id)

    def _new_id(self) -> str:
        self._made += 1
        return f"m{self._made:05}"

    def move_clock(self, seconds: float) -> None:
        """Let the clock jump."""
        self.clock.time += timedelta(seconds=seconds)

    def reopen(self) -> None:
        """Go on with an engine that has read nothing yet, as the next command does."""
        self.engine = self.engine_at("home")

    def teardown(self) -> None:
        """See hypothesis."""
        shutil.rmtree(self.folder, ignore_errors=True)


def refused(what: Callable[[], Any], *kinds: type[MemcliError]) -> None:
    """Do *what*, which must be refused with an error of one of *kinds*."""
    try:
        answer = what()
    except kinds:
        return
    raise AssertionError(f"it should have been refused, and gave {answer!r}")


def runs(machine: type[Machine], few: int, steps: int = 15) -> None:
    """Run *machine*."""
    run_state_machine_as_test(machine, settings=rounds.of(few, steps))

"""Exactly once: several real processes store what says the same, or what replaces each other."""

import itertools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcli.config import Config
from memcli.home import Home
from memcli.model import Memory, Scope
from memcli.services import memories, remember
from memcli.services.engine import Engine
from memcli.services.history import history
from memcli.services.select import Filter
from tests.faults.killing import FORKED
from tests.wordhash import WordHashEmbedder

SCOPE = Scope("work", "me")
PROCESSES = 5

FACTS = [f"Fact {i} is about the {('lamp', 'pump', 'door', 'desk', 'fan')[i % 5]}" for i in range(25)]
"""Facts that are much alike, and none of which says what another one says."""


def engine_at(home: Path) -> Engine:
    """An engine that decides, with the word-hash embedder, on the store in *home*."""
    return Engine(Config(), Home(config_file=home / "config.toml", data=home), embedder=WordHashEmbedder())


def store_the_same(home: Path) -> None:
    """All facts, the same in every process."""
    engine = engine_at(home)
    for fact in FACTS:
        remember.store(engine, fact, scope=SCOPE)


def store_floors(home: Path, who: int, times: int) -> None:
    """One fact over and over, with another value each time."""
    engine = engine_at(home)
    for i in range(times):
        remember.store(engine, f"The API listens on port {100 * who + i}", scope=SCOPE)


def together(target: Callable[..., Any], *arguments: tuple[Any, ...]) -> None:
    """Run *target* in a process for each of *arguments*, all at once."""
    processes = [FORKED.Process(target=target, args=args) for args in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        assert process.exitcode == 0


def all_of(engine: Engine) -> list[Memory]:
    """Everything there is, replaced or not."""
    return memories.newest(engine, scope=SCOPE, wanted=Filter(replaced=True))


def assert_one_chain(engine: Engine) -> None:
    """All memories are one chain, of which only the last is current."""
    there = all_of(engine)
    current = memories.newest(engine, scope=SCOPE)
    assert len(current) == 1
    chain = history(engine, current[0].id)
    assert {version.id for version in chain} == {memory.id for memory in there}
    for older, newer in itertools.pairwise(chain):
        assert (older.replaced_by, newer.replaces) == (newer.id, older.id)


def test_the_same_facts_of_many_processes_are_stored_once(tmp_path: Path) -> None:
    """As many memories as there are facts, all of them current."""
    together(store_the_same, *[(tmp_path,)] * PROCESSES)
    engine = engine_at(tmp_path)
    assert len(all_of(engine)) == len(memories.newest(engine, scope=SCOPE)) == len(FACTS)


def test_facts_that_replace_each_other_make_one_chain(tmp_path: Path) -> None:
    """Whoever comes later replaces what is current then: no fork, none lost."""
    together(store_floors, *[(tmp_path, who, 5) for who in range(1, PROCESSES + 1)])
    engine = engine_at(tmp_path)
    assert_one_chain(engine)
    assert len(all_of(engine)) == 5 * PROCESSES


@pytest.mark.parametrize("after", [0.3, 0.7])
def test_killed_processes_leave_one_chain(tmp_path: Path, after: float) -> None:
    """`kill -9` in the middle of a write: a memory and what it replaces are there together or not at all."""
    store_floors(tmp_path, 9, 1)
    processes = [FORKED.Process(target=store_floors, args=(tmp_path, who, 10_000)) for who in (1, 2, 3)]
    for process in processes:
        process.start()
    deadline = time.monotonic() + 60
    while len(all_of(engine_at(tmp_path))) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(after)
    for process in processes:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    assert_one_chain(engine_at(tmp_path))
    store_floors(tmp_path, 8, 2)  # no lock was left behind
    assert_one_chain(engine_at(tmp_path))

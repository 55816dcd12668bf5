"""Processes that are killed at a random moment, one after the other, in one and the same store."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from memcli.services import backup
from tests.faults import acting
from tests.faults.acting import KINDS, backup_of, engine_at
from tests.faults.promises import Promised, counted, everything

FORKED = multiprocessing.get_context("forkserver")
"""Everything is imported once; each process is a fork of one that has not touched LanceDB."""

FORKED.set_forkserver_preload(["tests.faults.acting", "memcli.storage.database", "pytest"])

MOMENT_S = 0.9
"""A process is killed within so many seconds of its first note."""

MOST = 600
"""Memories from which on the store is begun anew."""


@dataclass
class Killed:
    """What came of it.

    Attributes:
        kills: How many, by what was killed.
        pending: How many of them in the middle of something, by what that was.
        acknowledged: How many acts were acknowledged.
        wrong: What was not as it should be.
    """

    kills: Counter[str] = field(default_factory=Counter)
    pending: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)


def kill(
    place: Path,
    kinds: Sequence[str] = tuple(KINDS),
    *,
    kills: int,
    seed: int = 0,
    until: float = 0.0,
    looks: int = 8,
    told: Callable[[str], object] = lambda _: None,
) -> Killed:
    """Kill processes that do each of *kinds* in turn, and hold the store against what it has promised.

    Args:
        place: An empty directory.
        kinds: What they do.
        kills: How many.
        seed: What all choices follow from.
        until: When to stop at the latest, by the monotonic clock; 0 for never.
        looks: How many memories are searched for after each kill.
        told: Hears of each kill.
    """
    choices, came = random.Random(seed), Killed()
    home, promised = place / "home", Promised()
    for number in range(kills):
        if until and time.monotonic() > until:
            break
        if len(promised.now) > MOST or not number:
            promised = begun(place, choices.getrandbits(32))
        kind, notes = kinds[number % len(kinds)], place / f"notes-{number}"
        process = FORKED.Process(target=acting.act, args=(kind, home, notes, choices.getrandbits(32)))
        process.start()
        while not notes.exists() and process.is_alive():
            time.sleep(0.002)
        process.join(choices.uniform(0, MOMENT_S))
        ended = process.exitcode
        process.kill()
        process.join()
        promised.read(notes)
        what = str(promised.pending.get("begin", "nothing"))
        came.kills[kind] += 1
        came.pending[what] += 1
        try:
            assert ended is None, f"ended by itself with {ended}"
            promised.hold_against(home, looks, choices)
        except Exception as error:
            came.wrong.append(f"{kind} {number}, in {what}: {type(error).__name__}: {error}")
            shutil.copytree(home, place / f"wrong-{number}", dirs_exist_ok=True)
            promised.now = {}  # begun anew
        told(f"{number + 1}. {kind}, in {what}: {len(promised.now)} memories")
        came.acknowledged += promised.acts.total()
        promised.acts.clear()
        for aside in home.glob("db.before-restore-*"):
            shutil.rmtree(aside)
        if not promised.now:
            promised = begun(place, choices.getrandbits(32))
    return came


def begun(place: Path, seed: int) -> Promised:
    """A store with fifty memories, a backup of it, and what it has promised."""
    home, notes = place / "home", place / f"notes-begun-{seed}"
    shutil.rmtree(home, ignore_errors=True)
    process = FORKED.Process(target=begin, args=(home, notes, seed))
    process.start()
    process.join()
    promised = Promised()
    promised.read(notes)
    engine = engine_at(home)
    promised.now = everything(engine)
    promised.kept = dict(promised.now), counted(engine)
    return promised


def begin(home: Path, notes: Path, seed: int) -> None:
    """Store some memories, and make a backup."""
    acting.prepare()
    actor = acting.Actor(home, notes, seed)
    for _ in range(3):
        actor.take_in()
    actor.value()
    backup.save(actor.engine, backup_of(home))

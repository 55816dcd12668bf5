"""Writers and readers, as many processes at once, for as long as one likes: no errors, nothing lost."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from memcli.errors import NotFoundError
from memcli.model import Mode
from memcli.services import memories, recall
from tests.faults import acting
from tests.faults.acting import SCOPE, Actor
from tests.faults.killing import FORKED
from tests.faults.promises import Promised

WRITERS = READERS = 8


@dataclass
class Crowded:
    """What came of it.

    Attributes:
        acts: How many of each.
        memories: How many there are in the end.
        wrong: What was not as it should be.
    """

    acts: Counter[str] = field(default_factory=Counter)
    memories: int = 0
    wrong: list[str] = field(default_factory=list)


def together(place: Path, *, seconds: float, seed: int = 0) -> Crowded:
    """Let everybody work on a new store in *place* for so long, and hold it against what it has promised."""
    home, came, until = place / "home", Crowded(), time.time() + seconds
    acting.Actor(home, place / "first", seed).store()
    first = Promised()
    first.read(place / "first")
    jobs = [(write, number) for number in range(WRITERS)] + [(read, 100 + n) for n in range(READERS)]
    processes = [
        FORKED.Process(target=job, args=(home, place / f"notes-{number}", number + seed, until))
        for job, number in jobs
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(seconds + 120)
        if process.exitcode != 0:
            came.wrong.append(f"a process ended with {process.exitcode}")
            process.kill()
    for _, number in jobs:
        one = Promised()
        one.read(place / f"notes-{number}")
        first.now |= one.now
        came.acts += one.acts
        came.wrong += one.errors
    try:
        first.hold_against(home, 50, random.Random(seed))
    except AssertionError as error:
        came.wrong.append(str(error))
    came.memories = len(first.now)
    return came


def turns(until: float) -> Iterator[None]:
    """Turns until the time is over, one at least: on a busy machine it may be before a process has begun."""
    yield
    while time.time() < until:
        yield


def write(home: Path, notes: Path, seed: int, until: float) -> None:
    """Store, change and forget what is one's own, until the time is over."""
    acting.prepare()
    actor = Actor(home, notes, seed)
    own: list[str] = []
    actor.some = lambda number, **_: actor.choices.sample(own, min(number, len(own)))  # type: ignore[method-assign]
    for _ in turns(until):
        acts = (Actor.store, Actor.update, Actor.forget)
        act = actor.choices.choices(acts, (6, 2, 1))[0] if own else Actor.store
        try:
            act(actor)
        except Exception as error:
            actor.note(done="error", said=f"{act.__name__}: {type(error).__name__}: {error}")
        own = [name for name in (*own, actor.last) if name and name not in actor.gone]


def read(home: Path, notes: Path, seed: int, until: float) -> None:
    """Search, list and get, until the time is over."""
    acting.prepare()
    actor = Actor(home, notes, seed)
    for _ in turns(until):
        what = actor.choices.choice(("search", "text", "list", "get"))
        actor.engine = acting.engine_at(home)  # as a command does
        try:
            if what == "list":
                memories.newest(actor.engine, scope=SCOPE, limit=20)
            elif what == "get":
                for name in actor.some(1):
                    memories.find(actor.engine, name)
            else:
                mode = Mode.TEXT if what == "text" else Mode.HYBRID
                assert recall.search(actor.engine, "amber birch cedar tree", scope=SCOPE, mode=mode, limit=5)
            actor.note(done=what)
        except NotFoundError:
            if what != "get":  # where it was forgotten meanwhile
                raise
        except Exception as error:
            actor.note(done="error", said=f"{what}: {type(error).__name__}: {error}")

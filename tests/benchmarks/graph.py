"""A graph of 100,000 edges: how long following it takes, in this process.

The goal is a traversal to depth 3, from a memory of ordinary degree, within 50 ms.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np

from memcli.model import Memory
from memcli.services import graph
from memcli.services.edges import Direction
from memcli.services.engine import Engine
from memcli.structure import Edge
from tests.benchmarks.stores import SPACE, USER, directory, engine, scope
from tests.wordhash import WordHashEmbedder

GOAL_MS = 50.0
TYPES = ("context_for", "requires", "about", "contradicts")


def _fill(opened: Engine, memories: int, edges: int) -> list[str]:
    """Memories and edges at random; the ids."""
    chance = random.Random(7)
    ids = [f"m{number:06}" for number in range(memories)]
    now = datetime.now(UTC)
    with opened.db.writing(opened.embedder.model) as db:
        assert db.current is not None
        for start in range(0, memories, 10_000):
            some = ids[start : start + 10_000]
            vectors = np.random.default_rng(start).normal(size=(len(some), 32)).astype(np.float32)
            db.memories.add([_memory(name, now) for name in some], vectors)
        made: dict[tuple[str, str, str], Edge] = {}
        while len(made) < edges:
            a, b = chance.sample(ids, 2)
            kind, weight = chance.choice(TYPES), chance.random()
            made[a, b, kind] = Edge(from_=a, to=b, type=kind, weight=weight, created_at=now, updated_at=now)
        db.edges.put(list(made.values()), USER)
    opened.db.catch_up(always=True)
    return ids


def _memory(name: str, now: datetime) -> Memory:
    text = f"This is what the memory {name} says, in a sentence of ordinary length"
    return Memory(id=name, text=text, title=name, space=SPACE, user=USER, created_at=now, updated_at=now)


def _timed(
    opened: Engine, ids: list[str], rounds: int, direction: Direction
) -> tuple[list[float], list[int]]:
    times, sizes = [], []
    for name in random.Random(3).sample(ids, rounds):
        started = time.perf_counter()
        walk = graph.traverse(opened, name, scope=scope(), depth=3, direction=direction, limit=10_000)
        times.append((time.perf_counter() - started) * 1000)
        sizes.append(len(walk.nodes))
    return times, sizes


def main() -> int:
    """Measure, print, and say by the exit code whether the goal was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=100_000)
    parser.add_argument("--degree", type=float, default=4.0, help="edges that lead away from a memory")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--home", type=Path, help="keep the store here")
    asked = parser.parse_args()
    with directory(asked.home) as place:
        opened = engine(place, WordHashEmbedder())
        memories = int(asked.edges / asked.degree)
        if opened.db.model:
            ids = [f"m{number:06}" for number in range(memories)]
        else:
            ids = _fill(opened, memories, asked.edges)
        print(f"{memories:,} memories, {asked.edges:,} edges, {asked.degree:g} lead away from each")
        medians = {}
        for direction in Direction:
            _timed(opened, ids, 5, direction)
            times, sizes = _timed(opened, ids, asked.rounds, direction)
            medians[direction] = median(times)
            print(
                f"depth 3, {direction:<4}  {median(times):6.1f} ms, "
                f"95 % within {np.quantile(times, 0.95):6.1f} ms, {median(sizes):.0f} memories"
            )
        started = time.perf_counter()
        way = graph.path(opened, ids[0], ids[-1], scope=scope())
        print(f"path of {len(way.nodes) - 1} steps  {(time.perf_counter() - started) * 1000:6.0f} ms")
    return medians[Direction.OUT] > GOAL_MS


if __name__ == "__main__":
    raise SystemExit(main())

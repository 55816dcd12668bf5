"""What a store is like after many single writes, beside one that was imported at once.

    python -m tests.benchmarks.upkeep
    python -m tests.benchmarks.upkeep --count 200 --processes      each write a process of its own

One store gets its memories one by one (through `remember.store` in this process with the model
loaded, or through `memcli store`), the other the same made-up texts in one import. Compared are the
number of files and their size, and the seconds that the same questions take, in turns: in process
with everything open, and as whole commands; ratios are medians over questions or rounds. A write's
milliseconds are shown over time: a median for the first and the last hundred, and the slowest.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from memcli.model import Embedder
from memcli.services import measures, recall, remember
from memcli.services.engine import Engine
from tests.benchmarks import processes, stores, tables, texts
from tests.benchmarks.processes import Command
from tests.benchmarks.tables import Goal

FILES_GOAL = 59
SEARCH_GOAL = 1.3
QUESTIONS = 60
END = 100
"""Writes at the beginning and at the end whose medians are compared."""


def store_each(engine: Engine, made: Sequence[str]) -> list[float]:
    """Store the texts *made* one by one; the seconds each took."""
    return [_seconds(lambda text=text: remember.store(engine, text, scope=stores.scope())) for text in made]  # type: ignore[misc]


def run_each(memcli: Path, home: Path, made: Sequence[str]) -> list[float]:
    """Store the texts *made* with one process each; the seconds each took."""
    line = [str(memcli), "store", "--space", stores.SPACE]
    return [processes.run(Command("store", [*line, text]), home)[0] for text in made]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def size(home: Path) -> tuple[int, float]:
    """How many files the store of *home* has, and their MB."""
    files = [path for path in (home / "db").rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files) / 1e6


def search_within(homes: Sequence[Path], embedder: Embedder) -> list[list[float]]:
    """Seconds of each of `QUESTIONS` searches in each of *homes*, by turns, after one that does not count."""
    engines = [stores.engine(home, embedder) for home in homes]
    taken: list[list[float]] = [[] for _ in homes]
    for number, question in enumerate(texts.questions(QUESTIONS + 1)):
        for engine, seconds in zip(engines, taken, strict=True):
            needed = _seconds(lambda e=engine, q=question: recall.search(e, q, scope=stores.scope()))  # type: ignore[misc]
            if number:
                seconds.append(needed)
    return taken


def search_whole(memcli: Path, homes: Sequence[Path], rounds: int) -> list[list[float]]:
    """Seconds of `memcli search` in each of *homes*, by turns."""
    line = [str(memcli), "search", texts.questions(1)[0], "--space", stores.SPACE]
    commands = [
        Command(home.name, line, environment={"MEMCLI_HOME": str(home)}, says="score") for home in homes
    ]
    runs = processes.measure(commands, homes[0], rounds)
    return [runs[home.name].seconds for home in homes]


def show_writes(seconds: Sequence[float]) -> None:
    """Print the latency of writes over time, in milliseconds."""
    first, last = median(seconds[:END]), median(seconds[-END:])
    slow, slowest = measures.percentile(seconds, 95), max(seconds)
    tables.show(
        f"one write, ms, {len(seconds)} writes",
        ["", f"first {END}", f"last {END}", "ratio", "p95", "slowest"],
        [["", 1e3 * first, 1e3 * last, last / first, 1e3 * slow, 1e3 * slowest]],
    )


def show_searches(taken: dict[str, list[list[float]]]) -> dict[str, float]:
    """Print the searches' milliseconds; the ratios, by what was timed."""
    ratios = {name: median(a / b for a, b in zip(*both, strict=True)) for name, both in taken.items()}
    tables.show(
        "one search, ms",
        ["", "single writes", "imported", "ratio"],
        [[name, *(1e3 * median(one) for one in both), ratios[name]] for name, both in taken.items()],
    )
    return ratios


def main() -> int:
    """Write, count, search, print."""
    parser = argparse.ArgumentParser(description="A store after many single writes.")
    parser.add_argument("--count", type=int, default=1000, help="how many writes (default: 1000)")
    parser.add_argument("--processes", action="store_true", help="write with `memcli store`")
    parser.add_argument("--rounds", type=int, default=11, help="whole searches in each store (default: 11)")
    parser.add_argument("--memcli", type=Path, default=processes.memcli(), help="the program to time")
    given = parser.parse_args()
    made = texts.memories(given.count)
    with stores.directory() as place:
        single, imported = place / "single", place / "imported"
        embedder = stores.engine(imported).load_model()
        stores.fill(stores.engine(imported, embedder), ({"text": text} for text in made))
        if given.processes:
            writes = run_each(given.memcli, single, made)
        else:
            writes = store_each(stores.engine(single, embedder), made)
        show_writes(writes)
        sizes = {home.name: size(home) for home in (single, imported)}
        tables.show("size", ["", "files", "MB"], [[name, *both] for name, both in sizes.items()])
        ratios = show_searches(
            {
                "in process": search_within([single, imported], embedder),
                "whole command": search_whole(given.memcli, [single, imported], given.rounds),
            }
        )
    return tables.show_goals(
        [
            Goal(f"files after {given.count} writes", sizes["single"][0], most=FILES_GOAL),
            *(Goal(f"search {name}, single / imported", r, most=SEARCH_GOAL) for name, r in ratios.items()),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

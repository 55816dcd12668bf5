"""What searching and storing cost as a store grows, and what the store takes.

    python -m tests.benchmarks.sizes                        1,000 to 100,000 memories, some 2 minutes
    python -m tests.benchmarks.sizes --sizes 1000000        the largest, some 5 minutes and 3 GiB of disk

The memories are made up: 16 words of a vocabulary of 30,000 with the frequencies of a language (Zipf), in
50 spaces, and vectors around clusters of some 200, with a cosine of about 0.56 between two of one cluster.
They are added to the tables directly; embedding them would take hours. Questions are five words of some
memory, with a vector of its cluster. Everything runs in this process:

- *hybrid*: `recall.search` in all spaces; *in a space*: the same in one of the 50; medians, with the time
  that the bundled model takes for the question. *text only* and *vector only* are what they say.
- *recall@10*: how many of the ten nearest by exact comparison of all vectors a search by vector finds.
- *store*: the median of `remember.store`, held against what is known.
- *add*, *index*: seconds to write the memories, and to merge and index them.
- *bytes*: of disk, per memory of 100 characters. *peak*: the most memory of this process so far.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from memcli.model import Embedder, Memory, Mode, Scope
from memcli.services import recall, remember
from memcli.services.engine import Engine
from memcli.storage.rows import FINGERPRINT, VECTOR, WORDS, to_table, vector_array
from tests.benchmarks import stores, tables, texts
from tests.benchmarks.tables import Goal

SIZES = (1_000, 10_000, 100_000)
SPACES = 50
VOCABULARY = 30_000
WORDS_EACH = 16
CLUSTER = 200
SPREAD = 0.045
"""Of each number of a vector around its cluster's centre, which has length 1."""

AT_ONCE = 50_000
QUESTIONS, COMPARED = 40, 100
"""Questions that are timed, and those whose nearest are looked for exactly, too: with 40 of these, recall was
between 0.978 and 0.995 among a million."""

STORES = 30

RECALL_GOAL, BYTES_GOAL, STORE_GOAL, SEARCH_GOAL_MS = 0.98, 2_200.0, 1.2, 25.0


@dataclass(frozen=True)
class Made:
    """Made-up memories: the words there are, and the centres of the clusters, shape (clusters, dimension)."""

    vocabulary: list[str]
    shares: NDArray[np.float64]
    centres: NDArray[np.float32]

    @classmethod
    def of(cls, size: int, dimension: int) -> Made:
        """For *size* memories; the same on every run."""
        source = np.random.default_rng(7)
        syllables = [a + b for a in "bcdfglmnprstv" for b in "aeiou"]
        words = ["".join(source.choice(syllables, source.integers(2, 5))) for _ in range(VOCABULARY)]
        shares = 1 / (np.arange(VOCABULARY) + 10)
        centres = source.standard_normal((max(size // CLUSTER, 8), dimension), dtype=np.float32)
        return cls(words, shares / shares.sum(), centres / np.linalg.norm(centres, axis=1, keepdims=True))

    def vectors(self, count: int, source: np.random.Generator) -> NDArray[np.float32]:
        """*count* vectors of length 1 around centres, shape (count, dimension)."""
        near = self.centres[source.integers(0, len(self.centres), count)]
        found = near + SPREAD * source.standard_normal(near.shape, dtype=np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    def text(self, words: int, count: int, source: np.random.Generator) -> list[str]:
        """*count* texts of so many *words*."""
        chosen = source.choice(VOCABULARY, (count, words), p=self.shares)
        return [" ".join(self.vocabulary[i] for i in row) for row in chosen]


def fill(engine: Engine, made: Made, size: int) -> None:
    """Write *size* memories into the store of *engine*."""
    source, now = np.random.default_rng(11), datetime.now(UTC)
    pattern = Memory(
        id="x", text="", title="", space="", user=stores.USER, agent="", created_at=now, updated_at=now
    )
    one = to_table([pattern], np.zeros((1, made.centres.shape[1]), dtype=np.float32))
    with engine.db.writing(engine.embedder.model) as db:
        for start in range(0, size, AT_ONCE):
            count = min(AT_ONCE, size - start)
            said = made.text(WORDS_EACH, count, source)
            columns: dict[str, Any] = {
                "id": [f"{start + i:010x}" for i in range(count)],
                "text": said,
                "title": [text[:60] for text in said],
                "space": [f"space{i}" for i in source.integers(0, SPACES, count)],
                WORDS: said,
                FINGERPRINT: [f"{start + i:032x}" for i in range(count)],
                VECTOR: vector_array(made.vectors(count, source)),
            }
            rows = one.take(pa.array(np.zeros(count, dtype=np.int64)))
            for name, values in columns.items():
                at = rows.schema.get_field_index(name)
                column = values if isinstance(values, pa.Array) else pa.array(values)
                rows = rows.set_column(at, rows.schema.field(name), column)
            db.memories.table.add(rows)


class Asking:
    """An embedder whose questions are where the made-up memories are; it takes the real one's time."""

    def __init__(self, real: Embedder, made: Made) -> None:
        self.real, self.made, self.model = real, made, real.model
        self.source = np.random.default_rng(5)
        self.embed_documents, self.passages = real.embed_documents, real.passages

    def embed_queries(self, queries: Any) -> NDArray[np.float32]:
        """Vectors near clusters."""
        self.real.embed_queries(queries)
        return self.made.vectors(len(queries), self.source)


def milliseconds(work: Callable[[Any], object], each: list[Any]) -> float:
    """The median time that *work* takes for one of *each*, after three that do not count."""
    taken = []
    for number, one in enumerate([*each[:3], *each]):
        began = time.perf_counter()
        work(one)
        if number >= 3:
            taken.append(1e3 * (time.perf_counter() - began))
    return median(taken)


def found_again(engine: Engine, made: Made) -> float:
    """The share of the ten nearest that a search by vector finds."""
    memories, source = engine.db.memories, np.random.default_rng(13)
    shares = []
    for vector in made.vectors(COMPARED, source):
        exact = memories.table.read(
            lambda table, v=vector: (  # type: ignore[misc]
                table.search(v, vector_column_name=VECTOR)
                .distance_type("cosine")
                .bypass_vector_index()
                .select(["id"])
                .limit(10)
                .to_arrow()
            ),
            None,
        )
        near = memories.found(vector, [], "", nearest=100, holding=0)
        best = {near.ids[i] for i in np.argsort(-near.cosine)[:10]}
        shares.append(len(best & set(exact["id"].to_pylist())) / 10)
    return float(np.mean(shares))


def bytes_of(home: Path) -> int:
    """How much of the disk the store of *home* takes."""
    return sum(path.stat().st_size for path in (home / "db").rglob("*") if path.is_file())


def measured(place: Path, size: int, embedder: Embedder) -> dict[str, float]:
    """All figures of a store of *size* memories, made in *place*."""
    made = Made.of(size, embedder.model.dimension)
    engine = stores.engine(place, embedder)
    began = time.perf_counter()
    fill(engine, made, size)
    added = time.perf_counter() - began
    engine.catch_up()
    engine.db.catch_up(always=True)
    indexed = time.perf_counter() - began - added
    figures = {"add s": added, "index s": indexed, "bytes": bytes_of(place) / size}
    figures["peak MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["recall@10"] = found_again(engine, made)
    asking = stores.engine(place, Asking(embedder, made))
    questions = made.text(5, QUESTIONS, np.random.default_rng(3))
    everywhere, somewhere = Scope(space=None, user=stores.USER), Scope(space="space7", user=stores.USER)
    for name, scope, mode in (
        ("hybrid ms", everywhere, Mode.HYBRID),
        ("in a space ms", somewhere, Mode.HYBRID),
        ("text ms", everywhere, Mode.TEXT),
        ("vector ms", everywhere, Mode.VECTOR),
    ):
        figures[name] = milliseconds(
            lambda question, s=scope, m=mode: recall.search(asking, question, scope=s, mode=m),  # type: ignore[misc]
            questions,
        )
    writing = stores.engine(place, embedder)
    said = texts.memories(STORES + 3, seed=size)
    figures["store ms"] = milliseconds(
        lambda text: remember.store(writing, text, scope=somewhere), said[:STORES]
    )
    return figures


BARS = "▁▂▃▄▅▆▇█"


def plotted(all_figures: dict[int, dict[str, float]], names: list[str]) -> Iterator[str]:
    """A line for each of *names*: its figure at each size, as bars from 0 to the highest."""
    for name in names:
        values = [figures[name] for figures in all_figures.values()]
        bars = "".join(2 * BARS[round((len(BARS) - 1) * v / max(values))] + " " for v in values)
        yield f"  {name:>14}  {bars} {' → '.join(f'{v:,.0f}' for v in values)}"


def goals(all_figures: dict[int, dict[str, float]]) -> list[Goal]:
    """What must hold at every size, and between the smallest and the largest."""
    first, largest = min(all_figures), max(all_figures)
    wanted = []
    for size, figures in all_figures.items():
        wanted.append(Goal(f"recall@10 at {size:,}", figures["recall@10"], least=RECALL_GOAL))
        if size >= 100_000:
            wanted.append(Goal(f"bytes per memory at {size:,}", figures["bytes"], most=BYTES_GOAL))
        if size >= 1_000_000:
            wanted += [
                Goal(f"{name} at {size:,}", figures[name], most=SEARCH_GOAL_MS)
                for name in ("hybrid ms", "in a space ms")
            ]
    if first != largest:
        ratio = all_figures[largest]["store ms"] / all_figures[first]["store ms"]
        wanted.append(Goal(f"store at {largest:,} / at {first:,}", ratio, most=STORE_GOAL))
    return wanted


def main() -> int:
    """Make stores, measure them, print a table, a plot and the goals."""
    parser = argparse.ArgumentParser(description="Searching and storing in stores of many sizes.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="how many memories")
    given = parser.parse_args()
    all_figures: dict[int, dict[str, float]] = {}
    with stores.directory() as place:
        embedder = stores.engine(place).load_model()
        for size in sorted(given.sizes):
            all_figures[size] = measured(place / str(size), size, embedder)
    names = list(next(iter(all_figures.values())))
    tables.show(
        "by size",
        ["", *(f"{size:,}" for size in all_figures)],
        [[name, *(figures[name] for figures in all_figures.values())] for name in names],
    )
    print("\n".join(plotted(all_figures, [name for name in names if name.endswith(" ms")])))
    return tables.show_goals(goals(all_figures))


if __name__ == "__main__":
    sys.exit(main())

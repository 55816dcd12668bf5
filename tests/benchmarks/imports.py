"""How many texts a second are imported, against what fastembed embeds with its defaults.

    python -m tests.benchmarks.imports locomo.json
    python -m tests.benchmarks.imports locomo.json --texts 600 --rounds 1     a quick look

The texts are the turns of a LoCoMo file. Compared, in turns, are

- whole commands: `memcli import` into an empty home, and a script that only embeds the same texts
  with `fastembed.TextEmbedding(...).embed(texts)` (`plain.py`);
- in process: the import with the model loaded, and that `embed` with its model loaded.

Figures are texts per second of wall time, higher is better; a ratio is the median of the rounds'.
The importer also embeds each turn's speaker, checks, compares and writes; plain fastembed only embeds.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from memcli.embedding.catalog import bundled_path
from tests.benchmarks import locomo, plain, processes, stores, tables
from tests.benchmarks.processes import Command
from tests.benchmarks.tables import Goal

GOAL = 2.0


def whole(memcli: Path, documents: Sequence[stores.Document], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round of `memcli import`, and of plain fastembed, as whole processes."""
    with stores.directory() as place:
        file = place / "turns.jsonl"
        file.write_bytes(b"".join(stores.lines(documents)))
        script = str(Path(__file__).with_name("plain.py"))
        ours = Command("import", [str(memcli), "import", str(file)])
        theirs = Command("plain", [sys.executable, script, str(file), str(bundled_path())], says="vectors")
        taken: tuple[list[float], list[float]] = ([], [])
        for turn in range(rounds):
            home = place / f"home-{turn}"  # a new one each time: what is there already is not embedded again
            taken[0].append(processes.run(ours, home)[0])
            taken[1].append(processes.run(theirs, home)[0])
            shutil.rmtree(home)
    return taken


def within(documents: Sequence[stores.Document], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round of an import, and of plain fastembed, in this process with models loaded."""
    fastembed = plain.model(str(bundled_path()))
    taken: tuple[list[float], list[float]] = ([], [])
    with stores.directory() as place:
        embedder = stores.engine(place).load_model()
        for turn in range(rounds):
            engine = stores.engine(place / f"home-{turn}", embedder)
            taken[0].append(_seconds(lambda engine=engine: stores.fill(engine, documents)))  # type: ignore[misc]
            taken[1].append(_seconds(lambda: plain.embed(fastembed, [one["text"] for one in documents])))
    return taken


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _times(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as fast as the others we are: the median over the rounds."""
    return median(b / a for a, b in zip(ours, theirs, strict=True))


def main() -> int:
    """Import and embed in turns, print texts a second."""
    parser = argparse.ArgumentParser(description="Texts imported per second, against plain fastembed.")
    parser.add_argument("file", type=Path, help="a LoCoMo file")
    parser.add_argument("--texts", type=int, help="only so many of its turns; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run (default: 3)")
    parser.add_argument("--memcli", type=Path, default=processes.memcli(), help="the program to time")
    given = parser.parse_args()
    turns = [one for talk in locomo.read(given.file) for one in talk.documents()][: given.texts]
    taken = {
        "whole command": whole(given.memcli, turns, given.rounds),  # first, while this process is small
        "in process": within(turns, given.rounds),
    }
    ratios = {name: _times(*both) for name, both in taken.items()}
    tables.show(
        f"texts per second, {len(turns)} turns, {given.rounds} rounds",
        ["", "memcli", "plain fastembed", "ratio"],
        [
            [name, *(f"{len(turns) / median(seconds):.0f}" for seconds in both), ratios[name]]
            for name, both in taken.items()
        ],
    )
    return tables.show_goals([Goal(f"{name}: import / plain", ratios[name], least=GOAL) for name in taken])


if __name__ == "__main__":
    sys.exit(main())

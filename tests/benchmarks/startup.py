"""How long whole commands take, cold and handed over to the warm process, and how much memory.

    python -m tests.benchmarks.startup
    python -m tests.benchmarks.startup --rounds 21 --naive /path/to/another/naive.py

All commands run in turn on stores of 10,000 memories (made-up texts, imported), after one round that
fills the system's file cache. `x pass` is the seconds against `python -c pass`, `x naive` against a
script that does the same with typer, lancedb and fastembed and nothing clever (`naive.py`, or another
with its command line), both medians of the rounds' ratios. Peak memory is the worst round's;
what is below this process's own some 20 MiB shows as that; of a command that was handed over it is
the client's, and that of the warm process itself is printed besides.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from memcli.embedding.catalog import bundled_path
from tests.benchmarks import processes, stores, tables, texts
from tests.benchmarks.processes import Command, Runs
from tests.benchmarks.tables import Goal

PASS = "python -c pass"
NAIVE_SCRIPT = Path(__file__).with_name("naive.py")
NAIVE = {
    "search": "naive search",
    "search again": "naive search",
    "store": "naive store",
    "context": "naive search",
}
"""What a command is compared with, where the naive script has something like it."""

WARM = {"MEMCLI_WARM": "1", "CI": ""}

LIGHT = ("--help", "--version", "config get", "completion")
"""Commands that need neither store nor model."""

LIGHT_GOAL = 10.0
SEARCH_GOAL = 0.4
WARM_GOALS = {"warm search": 6.0, "warm search, table": 6.0, "warm store": 8.0, "warm completion": 5.0}
WARM_MEMORY_GOAL_MIB = 300.0

QUERY = "who keeps the spare printer in the cellar?"


def new_text(turn: int) -> str:
    """What is stored in round *turn*: another text each time, or it would be a duplicate."""
    return f"In round {turn} the neighbours returned the ladder"


def commands(memcli: Path, script: Path, homes: Path) -> list[Command]:
    """What is timed. Commands that write have stores of their own, so that the others' stay as they are.

    `search` asks something else each time; `search again` what was asked before, which needs no model.
    """
    program, python, model = str(memcli), sys.executable, {"MODEL": str(bundled_path())}
    writing = {"MEMCLI_HOME": str(homes / "written")}
    completing = {"_MEMCLI_COMPLETE": "complete_bash", "_MEMCLI_LINE": "memcli get "}
    theirs = [python, str(script), str(homes / "naive")]

    def store(turn: int) -> list[str]:
        return [program, "store", new_text(turn)]

    def search(turn: int) -> list[str]:
        return [program, "search", f"{QUERY} {turn}"]

    def naive_store(turn: int) -> list[str]:
        return [python, str(script), str(homes / "naive-written"), "add", new_text(turn)]

    return [
        Command(PASS, [python, "-c", "pass"]),
        Command("import typer", [python, "-c", "import typer"]),
        Command("--version", [program, "--version"], says="memcli"),
        Command("--help", [program, "--help"], says="search"),
        Command("config get", [program, "config", "get", "search.limit"], says="10"),
        Command("completion", [program], environment=completing, says="\n"),
        Command("list", [program, "list"], says="created_at"),
        Command("search", search, says="score"),
        Command("search again", [program, "search", QUERY], says="score"),
        Command("context", [program, "context", QUERY, "--min-score", "0"], says="## "),
        Command("store", store, environment=writing, says="stored"),
        *_handed_over(program, completing, writing),
        Command("naive search", [*theirs, "search", QUERY], environment=model, says="printer"),
        Command("naive store", naive_store, environment=model),
    ]


def _handed_over(program: str, completing: Mapping[str, str], writing: Mapping[str, str]) -> list[Command]:
    """The same commands, for the warm process, each with another query or text every round."""

    def search(turn: int) -> list[str]:
        return [program, "search", f"{QUERY} {turn}", "--format", "json"]

    def table(turn: int) -> list[str]:
        return [program, "search", f"{QUERY} {turn}?", "--format", "table"]

    def store(turn: int) -> list[str]:
        return [program, "store", f"In round {turn} the gardeners aired the warm cellar"]

    return [
        Command("warm --version", [program, "--version"], environment=WARM, says="memcli"),
        Command("warm search", search, environment=WARM, says="score"),
        Command("warm search, table", table, environment=WARM, says="printer"),
        Command("warm store", store, environment={**writing, **WARM}, says="stored"),
        Command("warm completion", [program], environment={**completing, **WARM}, says="\n"),
    ]


def warm(memcli: Path, home: Path, what: str) -> dict[str, object]:
    """What `memcli warm` *what* (start, stop, status) answers for *home*."""
    done = subprocess.run(
        [str(memcli), "warm", what, "--json"],
        env={**processes.environment(home), **WARM},
        check=True,
        capture_output=True,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def fill(memcli: Path, script: Path, homes: Path, memories: int) -> None:
    """Make the stores through the command lines: this process must stay small (see `processes`)."""
    made = texts.memories(memories)
    listed, lines = homes / "texts.json", homes / "texts.jsonl"
    listed.write_text(json.dumps(made))
    lines.write_bytes(b"".join(stores.lines({"text": text} for text in made)))
    processes.run(Command("import", [str(memcli), "import", str(lines)]), homes / "read")
    load = [sys.executable, str(script), str(homes / "naive"), "load", str(listed)]
    processes.run(Command("naive load", load, environment={"MODEL": str(bundled_path())}), homes / "read")
    shutil.copytree(homes / "read", homes / "written")
    shutil.copytree(homes / "naive", homes / "naive-written")


def goals(runs: dict[str, Runs]) -> list[Goal]:
    """What start-up must not exceed."""
    light = [Goal(f"{name} / {PASS}", runs[name].over(runs[PASS]), most=LIGHT_GOAL) for name in LIGHT]
    search = Goal("search / naive search", runs["search"].over(runs["naive search"]), most=SEARCH_GOAL)
    handed_over = [
        Goal(f"{name} / {PASS}", runs[name].over(runs[PASS]), most=most) for name, most in WARM_GOALS.items()
    ]
    return [search, *light, *handed_over]


def _row(name: str, runs: dict[str, Runs]) -> list[object]:
    mine = runs[name]
    naive = mine.over(runs[NAIVE[name]]) if name in NAIVE else None
    return [name, mine.median, min(mine.seconds), mine.over(runs[PASS]), naive, round(mine.peak)]


def main() -> int:
    """Fill the stores, time the commands, print what they took."""
    parser = argparse.ArgumentParser(description="Whole commands, cold.")
    parser.add_argument("--rounds", type=int, default=11, help="how often each is run (default: 11)")
    parser.add_argument("--memories", type=int, default=10_000, help="size of the stores (default: 10000)")
    parser.add_argument("--memcli", type=Path, default=processes.memcli(), help="the program to time")
    parser.add_argument("--naive", type=Path, default=NAIVE_SCRIPT, help="the yardstick")
    given = parser.parse_args()
    with stores.directory() as homes:
        fill(given.memcli, given.naive, homes, given.memories)
        timed = commands(given.memcli, given.naive, homes)
        for home in (homes / "read", homes / "written"):
            warm(given.memcli, home, "start")
        runs = processes.measure(timed, homes / "read", given.rounds)
        memory = float(str(warm(given.memcli, homes / "read", "status")["memory_mib"]))
        for home in (homes / "read", homes / "written"):
            warm(given.memcli, home, "stop")
    tables.show(
        f"whole processes, {given.memories} memories, {given.rounds} rounds",
        ["", "median s", "best s", "x pass", "x naive", "peak MiB"],
        [_row(name, runs) for name in runs],
    )
    resident = Goal("warm process, MiB", memory, most=WARM_MEMORY_GOAL_MIB)
    return tables.show_goals([*goals(runs), resident])


if __name__ == "__main__":
    sys.exit(main())

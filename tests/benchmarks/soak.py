"""Whether the warm process stays what it is under a long and rude load.

    python -m tests.benchmarks.soak
    python -m tests.benchmarks.soak --minutes 10 --clients 4

A warm process with the bundled model serves clients that each run one command after the other, as real
processes: most of them `store`, `search` and `list`, some `get`, `update`, `forget` and what a shell asks
when Tab is pressed. One in ten is interrupted (SIGINT) or killed (SIGKILL) after a random moment. In the end
everything that `store` acknowledged must be there, every exit code must have been one to be expected, and
the process must still answer. How many commands it did not take is counted: they ran in their own process, or
were killed before they began.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import processes, stores, tables, texts
from tests.benchmarks.tables import Goal

MEMORY_GOAL_MIB = 300
RUDE = 0.1
"""The share of commands that are interrupted or killed."""

MIX = {"store": 30, "search": 30, "list": 10, "get": 10, "update": 8, "forget": 4, "complete": 8}
"""How often each command is run, in a hundred."""

ENDS = {
    None: frozenset({0}),
    signal.SIGINT: frozenset({0, 130, -signal.SIGINT}),
    signal.SIGKILL: frozenset({0, -signal.SIGKILL}),
}
"""The exit codes to be expected, by what was sent."""

NOT_THERE = frozenset({3, 4})
"""What `get`, `update` and `forget` may say of a memory that was forgotten or replaced meanwhile."""


@dataclass
class Soaked:
    """What the clients saw.

    Attributes:
        runs: How many of each command were run.
        odd: Exit codes that were not to be expected, each with its command and what was said.
        stored: The ids that `store` acknowledged.
        seconds: What commands took that nobody disturbed.
    """

    runs: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Client(threading.Thread):
    """Runs commands until the time is over.

    Args:
        memcli: The program.
        environ: Its environment.
        until: When the time is over, by the monotonic clock.
        number: Its number, from which its choices follow.
    """

    def __init__(self, memcli: Path, environ: Mapping[str, str], until: float, number: int) -> None:
        super().__init__()
        self.saw = Soaked()
        self._memcli, self._environ, self._until = memcli, environ, until
        self._number, self._choices = number, random.Random(number)

    def run(self) -> None:
        """See the class."""
        while time.monotonic() < self._until:
            kind = self._choices.choices(list(MIX), list(MIX.values()))[0]
            if kind in ("get", "update", "forget") and not self.saw.stored:
                kind = "store"
            self._run(kind)

    def _run(self, kind: str) -> None:
        """Run a command of that *kind*, and note what came of it."""
        self.saw.runs[kind] += 1
        variables = {}
        if kind == "complete":
            variables = {"_MEMCLI_COMPLETE": "complete_bash", "_MEMCLI_LINE": "memcli get "}
        rude = (
            self._choices.choice([signal.SIGINT, signal.SIGKILL]) if self._choices.random() < RUDE else None
        )
        began = time.perf_counter()
        process = subprocess.Popen(
            [self._memcli, *self._arguments(kind)],
            env={**self._environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if rude:
            time.sleep(self._choices.uniform(0, 0.2))
            process.send_signal(rude)
        out, err = process.communicate()
        expected = ENDS[rude] | (NOT_THERE if kind in ("get", "update", "forget") else frozenset())
        early = rude == signal.SIGINT and "KeyboardInterrupt" in err  # before the interpreter has begun
        if not early and (process.returncode not in expected or "Traceback" in err):
            self.saw.odd.append(f"{kind}, sent {rude}: {process.returncode} {err[-300:]}")
        elif not rude:
            self.saw.seconds.append(time.perf_counter() - began)
        if kind == "store" and process.returncode == 0 and not rude:
            self.saw.stored.append(json.loads(out)["id"])

    def _arguments(self, kind: str) -> list[str]:
        """The command line of a command of that *kind*."""
        number = f"{self._number}.{self.saw.runs.total()}"
        known = self._choices.choice(self.saw.stored) if self.saw.stored else ""
        return {
            "store": ["store", f"note {number}: {self._choices.choice(SAID)}", "--json"],
            "search": ["search", self._choices.choice(ASKED), "-n", "5"],
            "list": ["list", "-f", "table"],
            "get": ["get", known],
            "update": ["update", known, f"note {number} again: {self._choices.choice(SAID)}"],
            "forget": ["forget", known],
            "complete": [],
        }[kind]


SAID, ASKED = texts.memories(500), texts.questions(100)


def resident(pid: int) -> tuple[float, float]:
    """The resident memory of the warm process *pid*, and of its workers together, in MiB."""
    told = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    ).stdout
    rows = [tuple(map(int, line.split())) for line in told.splitlines()]
    own = sum(rss for one, _, rss in rows if one == pid)
    return own / 1024, sum(rss for _, parent, rss in rows if parent == pid) / 1024


def answer(memcli: Path, environ: Mapping[str, str], *arguments: str) -> Any:
    """What *memcli* answers, as JSON."""
    done = subprocess.run(
        [memcli, *arguments, "--json"], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


def exported(memcli: Path, environ: Mapping[str, str]) -> set[str]:
    """The ids of all memories, forgotten and replaced ones too."""
    done = subprocess.run([memcli, "export"], env=environ, capture_output=True, text=True, check=True)
    return {json.loads(line)["id"] for line in done.stdout.splitlines()}


def soak(memcli: Path, environ: Mapping[str, str], minutes: float, clients: int) -> Soaked:
    """Let that many *clients* run for so many *minutes*; what they saw."""
    until = time.monotonic() + 60 * minutes
    started = [Client(memcli, environ, until, number) for number in range(clients)]
    for client in started:
        client.start()
    saw = Soaked()
    for client in started:
        client.join()
        saw.runs += client.saw.runs
        saw.odd += client.saw.odd
        saw.stored += client.saw.stored
        saw.seconds += client.saw.seconds
    return saw


def main() -> int:
    """Start, soak, count, print."""
    parser = argparse.ArgumentParser(description="A warm process under a long and rude load.")
    parser.add_argument("--minutes", type=float, default=10, help="for how long (default: 10)")
    parser.add_argument("--clients", type=int, default=4, help="commands at once (default: 4)")
    parser.add_argument("--memcli", type=Path, default=processes.memcli(), help="the program")
    given = parser.parse_args()
    with stores.directory() as place:
        (place / "run").mkdir(mode=0o700)
        environ = {
            **{
                n: v
                for n, v in processes.environment(place / "home").items()
                if n not in ("CI", "MEMCLI_WARM")
            },
            "XDG_RUNTIME_DIR": str(place / "run"),
        }
        status = answer(given.memcli, environ, "warm", "start")
        try:
            before = resident(status["pid"])
            saw = soak(given.memcli, environ, given.minutes, given.clients)
            after = answer(given.memcli, environ, "warm", "status")
            memory = resident(status["pid"])
            known = exported(given.memcli, environ)
        finally:
            answer(given.memcli, environ, "warm", "stop")
    lost = set(saw.stored) - known
    cold = saw.runs.total() - after["commands"]
    tables.show("commands", ["", *MIX, "all"], [["", *(saw.runs[kind] for kind in MIX), saw.runs.total()]])
    tables.show("resident, MiB", ["", "server", "workers"], [["before", *before], ["after", *memory]])
    ordered = sorted(saw.seconds)
    tables.show(
        "a command, ms",
        ["", "median", "p95", "slowest", "not served"],
        [
            [
                "",
                1e3 * ordered[len(ordered) // 2],
                1e3 * ordered[len(ordered) * 95 // 100],
                1e3 * ordered[-1],
                cold,
            ]
        ],
    )
    for one in saw.odd[:20]:
        print(one, file=sys.stderr)
    return tables.show_goals(
        [
            Goal("server, MiB", memory[0], most=MEMORY_GOAL_MIB),
            Goal("memories lost", len(lost), most=0),
            Goal("unexpected ends", len(saw.odd), most=0),
            Goal("left or replaced", int(after.get("pid") != status["pid"]), most=0),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

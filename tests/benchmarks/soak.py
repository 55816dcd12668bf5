"""Whether the warm process stays what it is under a long and rude load.

    python -m tests.benchmarks.soak
    python -m tests.benchmarks.soak --minutes 10 --clients 4 --rude 0.1 --csv soak.csv --plot soak.svg
    python -m tests.benchmarks.soak --minutes 60 --clients 3 --agents 3 --think 0     the work of a day
    python -m tests.benchmarks.soak --memories 6000         a store whose vectors have an index from the start

A warm process with the bundled model serves clients that each run one command after the other, as real
processes, of every kind: most of them `store`, `search`, `list` and `context`, some that change memories,
edges, values, tasks and conversations, and what a shell asks when Tab is pressed. One in ten is interrupted
(SIGINT) or killed (SIGKILL) after a random moment. Beside them MCP sessions, each a process of its own, make
one call after the other on the same store; of the first of them memory and open files are looked at. In the
end everything that `store` acknowledged must be there, every exit code must have been one to be expected, the
process must still answer, and memory, open files and what commands take must be in the last quarter of the
run what they were in the second. How many commands it did not take is counted: they ran in their own process,
or were killed before they began. Ctrl-C ends it before its time; it tells what there was until then.
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
from threading import Event
from typing import Any

from tests.benchmarks import processes, stores, tables, texts
from tests.benchmarks.course import Course, Sample, drawn, growth, resident, written
from tests.benchmarks.tables import Goal

MEMORY_GOAL_MIB = 300
RUDE = 0.1
"""The share of commands that are interrupted or killed."""

MIX = {
    "store": 20,
    "search": 18,
    "context": 6,
    "list": 6,
    "get": 8,
    "update": 5,
    "forget": 3,
    "complete": 4,
    "connect": 4,
    "edges": 3,
    "traverse": 1,
    "set": 4,
    "incr": 4,
    "value": 3,
    "push": 2,
    "note": 2,
    "task": 1,
    "say": 3,
    "show": 1,
    "spaces": 1,
    "history": 1,
}
"""How often each command is run, in a hundred."""

ENDS = {
    None: frozenset({0}),
    signal.SIGINT: frozenset({0, 130, -signal.SIGINT}),
    signal.SIGKILL: frozenset({0, -signal.SIGKILL}),
}
"""The exit codes to be expected, by what was sent."""

NOT_THERE = frozenset({3, 4})
"""What may be said of a memory that was forgotten or replaced meanwhile."""

NAMES_ONE = ("get", "update", "forget", "connect", "edges", "traverse", "history")
"""Commands that name a memory."""

ODDS = {"connect": {2}, "push": {3}, "note": {3}, "show": {3}}
"""What else may be said: of two memories that are one by now, and where nothing was begun yet."""

BEFORE_IT_BEGINS = ("KeyboardInterrupt", "Python runtime state: core initialized")
"""What Python says by itself if it is interrupted before it runs any line of the program: the second where
it has not even opened the standard streams."""

TOLD_EACH_S = 60
"""Seconds between two lines that tell how far it is."""

GROWTH_MOST = 1.3
"""How much more a figure may be in the last quarter of a run than in the second: a leak adds as much."""


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
        over: Set when the time is over.
        number: Its number, from which its choices follow.
        rude: The share of commands that it interrupts or kills.
    """

    def __init__(
        self, memcli: Path, environ: Mapping[str, str], over: Event, number: int, rude: float
    ) -> None:
        super().__init__()
        self.saw = Soaked()
        self._memcli, self._environ, self._over, self._rude = memcli, environ, over, rude
        self._number, self._choices = number, random.Random(number)

    def run(self) -> None:
        """See the class."""
        while not self._over.is_set():
            kind = self._choices.choices(list(MIX), list(MIX.values()))[0]
            if kind in NAMES_ONE and not self.saw.stored:
                kind = "store"
            self._run(kind)

    def _run(self, kind: str) -> None:
        """Run a command of that *kind*, and note what came of it."""
        self.saw.runs[kind] += 1
        variables = {}
        if kind == "complete":
            variables = {"_MEMCLI_COMPLETE": "complete_bash", "_MEMCLI_LINE": "memcli get "}
        rude = (
            self._choices.choice([signal.SIGINT, signal.SIGKILL])
            if self._choices.random() < self._rude
            else None
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
        expected = ENDS[rude] | (NOT_THERE if kind in NAMES_ONE else frozenset()) | ODDS.get(kind, set())
        early = rude == signal.SIGINT and any(said in err for said in BEFORE_IT_BEGINS)
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
        other = self._choices.choice(self.saw.stored) if self.saw.stored else ""
        key = f"key {self._choices.randrange(50)}"
        return {
            "context": ["context", self._choices.choice(ASKED)],
            "connect": ["graph", "connect", known, other],
            "edges": ["graph", "edges", known],
            "traverse": ["graph", "traverse", known, "--limit", "20"],
            "set": ["value", "set", key, f'{{"number": "{number}"}}'],
            "incr": ["value", "incr", f"count {self._number}"],
            "value": ["value", "list"],
            "push": ["task", "push", f"step {number}"],
            "note": ["task", "note", f"thought {number}"],
            "task": ["task", "start", f"goal {number}"],
            "say": ["conversation", "add", "user", f"{number}: {self._choices.choice(SAID)}"],
            "show": ["conversation", "show", "--last", "5"],
            "spaces": ["spaces", "list"],
            "history": ["history", known],
            "store": ["store", f"note {number}: {self._choices.choice(SAID)}", "--json"],
            "search": ["search", self._choices.choice(ASKED), "-n", "5"],
            "list": ["list", "-f", "table"],
            "get": ["get", known],
            "update": ["update", known, f"note {number} again: {self._choices.choice(SAID)}"],
            "forget": ["forget", known],
            "complete": [],
        }[kind]


SAID, ASKED = texts.memories(500), texts.questions(100)


class Agent(threading.Thread):
    """An MCP session that makes one call after the other.

    Args:
        memcli: The program.
        environ: Its environment.
        over: Set when the time is over.
        number: Its number, from which its choices follow.
        think: Seconds that it thinks between two calls.
    """

    def __init__(
        self, memcli: Path, environ: Mapping[str, str], over: Event, number: int, think: float
    ) -> None:
        super().__init__()
        self.saw, self._over, self._number, self._think = Soaked(), over, number, think
        self._choices = random.Random(f"agent {number}")
        self.process = subprocess.Popen(
            [memcli, "mcp"], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self) -> None:
        """See the class."""
        about = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "soak", "version": "1"},
        }
        self._asked("initialize", about)
        self._said({"jsonrpc": "2.0", "method": "notifications/initialized"})
        while not self._over.is_set():
            name, arguments = self._call()
            self.saw.runs["mcp"] += 1
            began = time.perf_counter()
            answer = self._asked("tools/call", {"name": name, "arguments": arguments})
            self.saw.seconds.append(time.perf_counter() - began)
            told = answer.get("result", {})
            text = told["content"][0]["text"] if "content" in told else json.dumps(answer)
            if told.get("isError") and "there is no memory" not in text and "forgotten" not in text:
                self.saw.odd.append(f"{name}: {text[:300]}")
            elif name == "memory_store" and "structuredContent" in told:
                self.saw.stored.append(told["structuredContent"]["id"])
            time.sleep(self._think)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)

    def _call(self) -> tuple[str, dict[str, Any]]:
        """One call: half of them find, the others store, look, list."""
        kind, asked = self._choices.randrange(10), self._choices.choice(ASKED)
        if kind < 2:
            number = self.saw.runs["mcp"]
            return "memory_store", {
                "text": f"agent's note {self._number}.{number}: {self._choices.choice(SAID)}"
            }
        if kind < 4 and self.saw.stored:
            return "memory_get", {"id": self._choices.choice(self.saw.stored)}
        if kind == 4:
            return "memory_list", {"limit": 5}
        return ("memory_context" if kind % 2 else "memory_search"), {"query": asked}

    def _asked(self, method: str, params: dict[str, Any]) -> Any:
        """What is answered."""
        number = self.saw.runs["mcp"]
        self._said({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == number:
                return answer
        raise SystemExit("the MCP server has left")

    def _said(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


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


def soak(
    memcli: Path, environ: Mapping[str, str], server: int, given: argparse.Namespace
) -> tuple[Soaked, list[Sample]]:
    """Let clients and agents run for the time *given*, or until a signal; what they saw, and the samples."""
    over = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    started: list[Client | Agent] = [
        Client(memcli, environ, over, number, given.rude) for number in range(given.clients)
    ]
    agents = [Agent(memcli, environ, over, number, given.think) for number in range(given.agents)]
    started += agents
    counted = [0] * len(started)

    def took() -> list[float]:
        """The milliseconds of what has ended since."""
        fresh = []
        for number, client in enumerate(started):
            some = client.saw.seconds[counted[number] :]
            counted[number] += len(some)
            fresh += [1e3 * seconds for seconds in some]
        return fresh

    store = Path(environ["MEMCLI_HOME"])
    looking = Course(given.every, store, took, lambda: {"server": server, "mcp": agents[0].process.pid})
    for client in (*started, looking):
        client.start()
    began = time.monotonic()
    while (left := began + 60 * given.minutes - time.monotonic()) > 0 and not over.wait(
        min(left, TOLD_EACH_S)
    ):
        runs = sum(client.saw.runs.total() for client in started)
        odd = sum(len(client.saw.odd) for client in started)
        print(
            f"{(time.monotonic() - began) / 60:.0f} min: {runs:,} commands, {odd} unexpected", file=sys.stderr
        )
    over.set()
    saw = Soaked()
    for client in started:
        client.join()
        saw.runs += client.saw.runs
        saw.odd += client.saw.odd
        saw.stored += client.saw.stored
        saw.seconds += client.saw.seconds
    looking.stop()
    return saw, looking.samples


def main() -> int:
    """Start, soak, count, print."""
    parser = argparse.ArgumentParser(description="A warm process under a long and rude load.")
    parser.add_argument("--minutes", type=float, default=10, help="for how long (default: 10)")
    parser.add_argument("--clients", type=int, default=4, help="commands at once (default: 4)")
    parser.add_argument("--agents", type=int, default=1, help="MCP sessions beside them, at least 1 (1)")
    parser.add_argument("--think", type=float, default=0.05, help="seconds between two calls of one (0.05)")
    parser.add_argument("--rude", type=float, default=RUDE, help=f"share interrupted or killed ({RUDE})")
    parser.add_argument("--every", type=float, default=5, help="seconds between two samples (default: 5)")
    parser.add_argument("--memories", type=int, default=0, help="there before it begins (default: 0)")
    parser.add_argument("--csv", type=Path, help="where the samples go")
    parser.add_argument("--plot", type=Path, help="where their drawing goes, as SVG")
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
        if given.memories:
            lines = place / "there.jsonl"
            lines.write_bytes(
                b"".join(stores.lines({"text": text} for text in texts.memories(given.memories)))
            )
            answer(given.memcli, environ, "import", str(lines), "--conflicts", "off")
        status = answer(given.memcli, environ, "warm", "start")
        try:
            before = resident(status["pid"])
            saw, samples = soak(given.memcli, environ, status["pid"], given)
            after = answer(given.memcli, environ, "warm", "status")
            memory = resident(status["pid"])
            known = exported(given.memcli, environ)
        finally:
            answer(given.memcli, environ, "warm", "stop")
    lost = set(saw.stored) - known
    cold = saw.runs.total() - saw.runs["mcp"] - after["commands"]
    if given.csv:
        written(samples, given.csv)
    if given.plot:
        title = (
            f"{saw.runs.total():,} commands, {given.minutes:g} minutes, {given.clients} clients,"
            f" {given.agents} agents"
        )
        drawn(samples, given.plot, title)
    flat = ("median_ms", "p95_ms", "server_mib", "workers_mib", "mcp_mib", "descriptors", "files")
    tables.show("commands", ["", "runs"], [*saw.runs.most_common(), ("all", saw.runs.total())])
    tables.show("resident, MiB", ["", "server"], [["before", before], ["after", memory]])
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
            Goal("server, MiB", memory, most=MEMORY_GOAL_MIB),
            *(Goal(f"{name}, late to early", growth(samples, name), most=GROWTH_MOST) for name in flat),
            Goal("memories lost", len(lost), most=0),
            Goal("unexpected ends", len(saw.odd), most=0),
            Goal("left or replaced", int(after.get("pid") != status["pid"]), most=0),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

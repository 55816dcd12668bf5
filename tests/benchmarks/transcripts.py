"""How many turns a second are read from a transcript, before any is embedded.

    python -m tests.benchmarks.transcripts
    python -m tests.benchmarks.transcripts --turns 20000 --keep /tmp/session.jsonl

The transcript is made up, in the way of Claude Code: for every turn that somebody said there is an event of
a tool, with some 2 kB of output, and now and then thinking, a side chain, or a reminder inside the turn.
Figures are turns per second of wall time, higher is better: of reading the file and making drafts, and of
that with all checks that come before embedding.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from memcli.model import Scope
from memcli.services import remember
from memcli.services.importers import formats
from memcli.services.importers.found import About, Found
from memcli.services.importers.reading import Source
from tests.benchmarks import stores, tables
from tests.benchmarks.tables import Goal
from tests.wordhash import WordHashEmbedder

GOAL = 20_000
BEGAN = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
WORDS = "deploy test branch merge login page error fix review config cache token query index".split()  # noqa: SIM905


def events(turns: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """The events of a session with so many *turns*."""
    chance = random.Random(seed)
    session = str(UUID(int=chance.getrandbits(128)))
    for number in range(turns):
        common = {
            "parentUuid": str(UUID(int=chance.getrandbits(128))),
            "isSidechain": False,
            "userType": "external",
            "cwd": "/home/ana/shop",
            "sessionId": session,
            "version": "2.0.61",
            "gitBranch": "main",
        }
        said = " ".join(chance.choices(WORDS, k=chance.randint(5, 120)))
        parts: list[dict[str, Any]] = [{"type": "text", "text": said}]
        if number % 10 == 0:
            parts[0]["text"] += "\n<system-reminder>Keep your list of tasks up to date.</system-reminder>"
        if number % 5 == 4:
            parts.insert(0, {"type": "thinking", "thinking": said, "signature": "c2ln" * 40})
        role = ("user", "assistant")[number % 2]
        content: Any = said if role == "user" and number % 10 else parts
        output = {"type": "tool_result", "tool_use_id": "toolu_01", "content": "x = 1\n" * 350}
        for kind, what in ((role, content), ("user", [output])):
            yield {
                **common,
                "type": kind,
                "uuid": str(UUID(int=chance.getrandbits(128))),
                "timestamp": (BEGAN + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
                "message": {"role": kind, "content": what},
            }
        if number % 20 == 0:
            yield {
                **common,
                "type": "user",
                "isSidechain": True,
                "message": {"role": "user", "content": said},
            }


def seconds(file: Path, *, check: bool) -> tuple[float, int]:
    """How long reading *file* takes, with all checks if *check*; and how many turns are in it."""
    with stores.directory() as place, file.open("rb") as opened:
        engine = stores.engine(place, WordHashEmbedder())
        about = About(Scope(stores.SPACE, stores.USER), engine.now)
        began = time.perf_counter()
        number = 0
        for found in formats.read(Source(opened, str(file)), "claude-code", about):
            if isinstance(found, Found) and found.draft:
                number += 1
                if check:
                    remember.check(engine, found.draft)
        return time.perf_counter() - began, number


def main() -> int:
    """Make a transcript, read it in turns, print turns a second."""
    parser = argparse.ArgumentParser(description="Turns read from a transcript per second, before embedding.")
    parser.add_argument("--turns", type=int, default=100_000, help="how many (default: 100,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is read (default: 3)")
    parser.add_argument("--keep", type=Path, help="write the transcript here, and leave it")
    given = parser.parse_args()
    with stores.directory() as place:
        file = given.keep or place / "session.jsonl"
        with file.open("w") as out:
            out.writelines(json.dumps(event) + "\n" for event in events(given.turns))
        size = file.stat().st_size / 2**20
        speeds = {}
        for name, check in (("read", False), ("read and checked", True)):
            taken = [seconds(file, check=check) for _ in range(given.rounds)]
            assert {number for _, number in taken} == {given.turns}
            speeds[name] = given.turns / median(one for one, _ in taken)
    tables.show(
        f"turns per second, {given.turns:,} turns in {size:.0f} MB, {given.rounds} rounds",
        ["", "turns/s"],
        [[name, f"{speed:,.0f}"] for name, speed in speeds.items()],
    )
    return tables.show_goals([Goal(name, speed, least=GOAL) for name, speed in speeds.items()])


if __name__ == "__main__":
    sys.exit(main())

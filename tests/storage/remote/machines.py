"""Machines that share a store in a bucket: each has its own directories, as a process or as an engine.

`python -m tests.storage.remote.machines URL WORK ...` is one of them: it waits for a line on standard input,
does what is asked, and prints what came of it as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from memcli.home import find_home
from memcli.model import Scope
from memcli.services import recall, remember, upkeep
from memcli.services.engine import Engine
from memcli.storage.remote import lease
from tests.wordhash import UNCHECKED, WordHashEmbedder

SCOPE = Scope(space="work", user="me")


def engine_at(url: str, directory: Path, **about: Any) -> Engine:
    """An engine of the machine that has *directory* to itself, with the store at *url*."""
    home = find_home(url, {"XDG_DATA_HOME": str(directory)})
    return Engine(about.pop("config", UNCHECKED), home, **{"embedder": WordHashEmbedder(), **about})


class Machine:
    """A process that is a machine; *arguments* are what it is to do: see `main`."""

    def __init__(self, url: str, directory: Path, environ: Mapping[str, str], *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.storage.remote.machines", url, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environ, "XDG_DATA_HOME": str(directory)},
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def said(self) -> Any:
        """What it says in the end, or in between."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


def main(url: str, work: str, arguments: Sequence[str]) -> None:
    """Do *work*: `store TEXT ...`, `read TIMES`, `tidy TIMES`, or `hold SECONDS`, until it is killed."""
    engine = engine_at(url, Path(os.environ["XDG_DATA_HOME"]))
    print("ready", flush=True)
    sys.stdin.readline()
    if work == "store":
        print(json.dumps([remember.store(engine, text, scope=SCOPE).action for text in arguments]))
    elif work == "read":
        found = []
        for _ in range(int(arguments[0])):
            engine = engine_at(url, Path(os.environ["XDG_DATA_HOME"]))
            found.append(len(recall.search(engine, "number", scope=SCOPE, limit=200)))
        print(json.dumps(found))
    elif work == "tidy":
        for _ in range(int(arguments[0])):
            upkeep.optimize(engine)
        print(json.dumps(True))
    else:
        lease.HELD_S = float(arguments[0])
        with engine.db.writing():
            print(json.dumps("held"), flush=True)
            time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])

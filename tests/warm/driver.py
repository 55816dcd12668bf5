"""The warm process and its clients, as processes that tests start: with the word-hash embedder.

    python tests/warm/driver.py serve HOME [IDLE_S]     the warm process
    python tests/warm/driver.py run ARGUMENTS           a command for it; exit code 99 where it was not taken
    python tests/warm/driver.py here ARGUMENTS          a command in its own process
    python tests/warm/driver.py main ARGUMENTS          what `memcli` does; nothing is started afterwards

The variables that begin with DRIVER_ are for a command, or for the process, as it says below.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]

NOT_TAKEN = 99


def wait() -> None:
    """Say that work has come so far, and who does it; wait until the test says go on."""
    if "DRIVER_WAITS" in os.environ:
        sign = Path(os.environ["DRIVER_WAITS"])
        sign.with_suffix(".new").write_text(str(os.getpid()))
        sign.with_suffix(".new").rename(sign)
        end = time.monotonic() + 300
        while not Path(os.environ["DRIVER_GOES_ON"]).exists() and time.monotonic() < end:
            time.sleep(0.01)


def with_word_hash() -> None:
    """Let every engine have the word-hash embedder.

    Where DRIVER_COUNTS_MODELS is, it is loaded as another model would be. Elsewhere nothing counts as loaded:
    the warm process would leave with the first home that has settings of its own.
    """
    sys.path.insert(0, str(ROOT))
    from memcli.services.engine import Engine, Models
    from tests.wordhash import WordHashEmbedder

    class Waiting(WordHashEmbedder):
        """Waits before it embeds, if its command wants it to."""

        def embed_queries(self, queries):  # type: ignore[no-untyped-def]
            wait()
            return super().embed_queries(queries)

        def embed_documents(self, texts, progress=None):  # type: ignore[no-untyped-def]
            wait()
            return super().embed_documents(texts, progress)

    counts = "DRIVER_COUNTS_MODELS" in os.environ
    one = Waiting()

    def load(self: Engine, name: str | None = None) -> Waiting:
        return self._models.get(self.config.model.name, lambda: one) if counts else one

    if not counts:
        Models.__len__ = lambda self: 0  # type: ignore[method-assign]
    Engine.load_model = load  # type: ignore[method-assign]


def serve() -> int:
    """Be the warm process."""
    with_word_hash()
    from memcli.servers import warm, worker

    if len(sys.argv) > 2:
        warm.IDLE_S = float(sys.argv.pop())
    if "DRIVER_LOOKS_AROUND_S" in os.environ:  # how long its first worker does
        seconds = float(os.environ["DRIVER_LOOKS_AROUND_S"])
        worker.Worker._look_around = lambda self: time.sleep(seconds)  # type: ignore[method-assign]
    if "DRIVER_PEER" in os.environ:  # the process believes to be talked to by this user
        warm._peer = lambda line: int(os.environ["DRIVER_PEER"])
    return warm.main()


def run() -> None:
    """Be a client that insists, and has time: the machine may be busy."""
    from memcli import __main__
    from memcli.warm import client, place

    client.PATIENCE_S = 30.0
    if "DRIVER_BUILD" in os.environ:  # the client is of this build
        place.build = lambda: os.environ["DRIVER_BUILD"]
    __main__._run_here = lambda arguments: NOT_TAKEN
    __main__.main()


def here() -> int:
    """Be a command on its own."""
    with_word_hash()
    from memcli.cli.boundary import run

    return run(sys.argv[1:])


def main() -> None:
    """Be `memcli`; what would have been started is noted in the file DRIVER_STARTS."""
    from memcli import __main__
    from memcli.warm import client

    runs_here = __main__._run_here

    def run_here(arguments: list[str]) -> int:
        with_word_hash()  # which takes longer than to hand a command over
        return runs_here(arguments)

    __main__._run_here = run_here

    def start(home: str) -> None:
        if "DRIVER_STARTS" in os.environ:
            Path(os.environ["DRIVER_STARTS"]).write_text(home)

    client.start = start
    __main__.main()


if __name__ == "__main__":
    sys.exit({"serve": serve, "run": run, "here": here, "main": main}[sys.argv.pop(1)]())

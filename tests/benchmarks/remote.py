"""What a store in a bucket costs: requests and bytes of a search and of a store, and how long they take.

`python -m tests.benchmarks.remote --sizes 1000 10000 --delay 0.03` starts a server of moto, which answers
each request that many seconds later than it could, as a service does that is far away. "First" is a process
of its own, "again" one that goes on, as the warm process does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from memcli.config import Config
from memcli.model import Draft, Scope
from memcli.services import recall, remember, upkeep
from memcli.services.engine import Engine
from memcli.settings import ConflictSettings, StoreSettings
from memcli.storage import lance
from tests import bucket_server
from tests.storage.remote.machines import engine_at
from tests.wordhash import WordHashEmbedder

SCOPE = Scope(space="work", user="me")
WORDS = [f"word{n}" for n in range(3000)]


def text(n: int) -> str:
    """A text of a dozen words, the same for the same *n*."""
    return f"number {n} " + " ".join(WORDS[(n * 7919 + k * k * 31) % len(WORDS)] for k in range(10))


def forget_connections() -> None:
    """Be like a process that has just begun."""
    lance.connected_to.cache_clear()


def measured(server: bucket_server.Server, what: str, work: Callable[[], object]) -> None:
    """Print what *work* asks of *server*, and how long it takes."""
    server.count()
    began = time.perf_counter()
    work()
    took, said = time.perf_counter() - began, server.count()
    asked = " ".join(f"{said.get(kind, 0):5}" for kind in ("GET", "HEAD", "LIST", "PUT", "POST", "DELETE"))
    sizes = f"{said.get('bytes out', 0) / 1e3:9.0f} {said.get('bytes in', 0) / 1e3:8.0f}"
    print(f"{what:28} {asked} {sizes} {took * 1000:8.0f}", flush=True)


def run(size: int, server: bucket_server.Server, directory: Path, mirror_mb: int) -> None:
    """Measure with *size* memories, of which *mirror_mb* are copied to this machine at most."""
    embedder = WordHashEmbedder(dimension=384)
    config = Config(conflicts=ConflictSettings(check=False), store=StoreSettings(mirror_mb=mirror_mb))
    url = f"s3://bucket/size-{size}-{mirror_mb}"

    def engine() -> Engine:
        return engine_at(url, directory, config=config, embedder=embedder)

    numbers = iter(range(size, 10**9))

    def store() -> object:
        return remember.store(engine(), text(next(numbers)), scope=SCOPE)

    def twenty() -> None:
        for _ in range(20):
            store()

    def search(n: int) -> Callable[[], object]:
        return lambda: recall.search(engine(), text(n), scope=SCOPE)

    drafts = [Draft(text=text(n), scope=SCOPE) for n in range(size)]
    remember.store_all(engine(), drafts)
    upkeep.optimize(engine())
    files, held = engine().place.size()
    print(f"{size:,} memories in {files} files, {held / 1e6:.1f} MB, {mirror_mb} MB copied at most")
    print(" " * 28 + "   GET  HEAD  LIST   PUT  POST DELETE   kB from   kB to       ms")
    for what, first in (("search, first", True), ("search, again", False), ("search, another", False)):
        if first:
            forget_connections()
        measured(server, what, search(3 if what != "search, another" else 5))
    forget_connections()
    measured(server, "store, first", store)
    for _ in range(3):
        measured(server, "store, again", store)
    measured(server, "search, after that", search(11))
    measured(server, "20 stores", twenty)
    measured(server, "optimize", lambda: upkeep.optimize(engine()))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before the server answers")
    parser.add_argument("--mirror", type=int, nargs="+", default=[0, 256], help="MB that are copied")
    given = parser.parse_args()
    os.environ["BUCKET_SERVER_DELAY"] = str(given.delay)
    with bucket_server.running() as server, tempfile.TemporaryDirectory() as directory:
        os.environ.update(server.environ)
        server.make("bucket")
        for size in given.sizes:
            for mirror_mb in given.mirror:
                run(size, server, Path(directory), mirror_mb)


if __name__ == "__main__":
    main()

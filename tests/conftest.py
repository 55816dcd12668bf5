"""What all tests share: a home nobody lives in, a small embedder, a command line in this process."""

from __future__ import annotations

import importlib
import io
import json
import os
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from memcli.config import Config
from memcli.home import Home
from memcli.model import Scope
from memcli.services.blocks import NOTICE
from memcli.services.engine import Engine
from tests import bucket_server
from tests.warm.running import WarmProcess, runtime_directory
from tests.wordhash import UNCHECKED, WordHashEmbedder

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

settings.register_profile(
    "memcli", deadline=None, max_examples=40
)  # how long one example takes says what else the machine does; other ones are tried in each run
settings.register_profile(
    "long", deadline=None, max_examples=10_000
)  # `--hypothesis-profile=long`; tests/fuzz/rounds.py says what it means for machines and command lines
settings.load_profile("memcli")

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Whatever the environment says: each worker would rewrite all assertions anew, which is 10 s of a processor,
and each of a thousand processes would compile memcli."""

IN_MEMORY = Path("/dev/shm")  # a name of its own in there is pytest's business
ROOM = 4 << 30
"""Bytes that must be free there; what is kept at one time is a few hundred MB."""


def pytest_configure() -> None:
    """Let stores of tests be in memory where there is room: that takes a third of the time off the suite."""
    if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each worker rewrite the assertions of its share of the tests, which the others find done.

    Where nothing is compiled yet, as in CI, all of them would do all of it: they go through the tests at the
    same pace.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and session.config.args == session.config.getini("testpaths"):
        tests = sorted(Path(__file__).parent.rglob("test_*.py"))
        for file in tests[int(worker[2:]) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
            importlib.import_module(".".join(file.relative_to(session.config.rootpath).with_suffix("").parts))


def pytest_xdist_auto_num_workers() -> int:
    """On few processors more workers than these: tests of processes wait for much of their time."""
    return max(os.cpu_count() or 1, 4)


@pytest.fixture(autouse=True)
def _nobody_lives_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it impossible for a test to touch the real home, or to be swayed by the real environment."""
    for name in list(os.environ):
        if name.startswith(("MEMCLI_", "XDG_", "HF_", "AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(name)
    home = tmp_path / "nobody"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MEMCLI_HOME", str(home / "memcli"))
    monkeypatch.setenv("MEMCLI_USER", "me")
    monkeypatch.setenv("MEMCLI_CONFLICTS_CHECK", "false")
    monkeypatch.setenv("MEMCLI_WARM", "0")  # see tests/warm/running.py for those who want one
    monkeypatch.setenv("MEMCLI_PROJECT", "false")  # tests run inside a git repository: ours
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Clock:
    """A clock that a test moves."""

    time: datetime = NOW

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        """Let time pass, e.g. `days=3`."""
        self.time += timedelta(**by)


MARK = "bcdfghjk"
"""What the fences of all blocks are marked with."""


def inside(block: str) -> str:
    """What stands in the fence of *block*."""
    head, _, rest = block.partition("\n")
    told, _, foot = rest.rpartition("\n")
    assert (head, foot) in (
        (f"[memcli {MARK}: {NOTICE}]", f"[memcli {MARK}: end]"),
        (f'<memcli-{MARK} note="{NOTICE}">', f"</memcli-{MARK}>"),
    )
    return told


@pytest.fixture
def clock() -> Clock:
    """The engine's clock."""
    return Clock()


@pytest.fixture
def embedder() -> WordHashEmbedder:
    """The engine's embedder."""
    return WordHashEmbedder()


@pytest.fixture
def make_engine(tmp_path: Path, clock: Clock, embedder: WordHashEmbedder) -> Callable[..., Engine]:
    """Makes engines on one and the same store; ids count up: m000000001, ..."""
    counter = iter(range(1, 10**6))

    def make(config: Config | None = None, **about: Any) -> Engine:
        home = Home(config_file=tmp_path / "home" / "config.toml", data=tmp_path / "home")
        defaults: dict[str, Any] = {
            "embedder": embedder,
            "now": clock,
            "new_id": lambda: f"m{next(counter):09}",
            "new_mark": lambda: MARK,
        }
        return Engine(config or UNCHECKED, home, **{**defaults, **about})

    return make


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """An engine on an empty store."""
    return make_engine()


@pytest.fixture
def scope() -> Scope:
    """Where tests store, if they don't care."""
    return Scope(space="work", user="me")


@dataclass(frozen=True)
class Ran:
    """What a command wrote and how it ended."""

    out: str
    err: str
    code: int

    @property
    def json(self) -> Any:
        """What it wrote, as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What it wrote, as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class _Input(io.BytesIO):
    """Standard input, of which a test wants to know whether it was read."""

    def __init__(self, said: bytes | None) -> None:
        super().__init__(said or b"")
        self.buffer = self
        self.allowed = said is not None

    def read(self, size: int | None = -1, /) -> bytes:
        assert self.allowed, "standard input was read without being asked for"
        return super().read(size)

    def isatty(self) -> bool:
        return False


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], embedder: WordHashEmbedder
) -> Callable[..., Ran]:
    """Runs the command line in this process, with the word-hash embedder; insists on the exit code."""
    from memcli.cli.boundary import run

    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: embedder)

    def call(*arguments: str, stdin: str | bytes | None = None, code: int = 0) -> Ran:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", _Input(given))
        capsys.readouterr()
        ended = run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert ended == code, f"{arguments} -> {ended}, not {code}: {err}"
        return Ran(out, err, ended)

    return call


@pytest.fixture
def memcli(in_process: Callable[..., Ran]) -> Callable[..., Ran]:
    """The command line; the tests in tests/cli see it through a warm process, too."""
    return in_process


@pytest.fixture(scope="session")
def s3_server() -> Iterator[bucket_server.Server]:
    """An S3 server for all tests; it is started when the first one asks."""
    with bucket_server.running() as server:
        server.make("bucket")
        yield server


@pytest.fixture
def bucket(s3_server: bucket_server.Server, monkeypatch: pytest.MonkeyPatch) -> bucket_server.Server:
    """The server, with the bucket `bucket`; this process finds it."""
    for name, value in s3_server.environ.items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture
def url(bucket: bucket_server.Server, tmp_path: Path) -> str:
    """Where a test has a store of its own in a bucket."""
    return f"s3://bucket/{zlib.crc32(str(tmp_path).encode()):08x}/memories"


@pytest.fixture(scope="session")
def warm_session() -> Iterator[WarmProcess]:
    """A warm process for all tests that leave it as it was; it is started when the first one asks."""
    with runtime_directory() as folder:
        one = WarmProcess(folder, str(folder / "nobody"), idle_s=300)  # should the tests be killed
        yield one
        one.end()


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A runtime directory of a test's own."""
    with runtime_directory() as folder:
        yield folder


@pytest.fixture
def warm_process(runtime: Path) -> Iterator[Callable[..., WarmProcess]]:
    """Starts warm processes; none outlives the test."""
    started: list[WarmProcess] = []

    def start(home: str = "", **about: Any) -> WarmProcess:
        started.append(WarmProcess(runtime, home or os.environ["MEMCLI_HOME"], **about))
        return started[-1]

    yield start
    for one in started:
        one.end()

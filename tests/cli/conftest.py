"""What tests of the command line share: the home they run in, and real processes where only these will do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from memcli.warm import place
from tests.conftest import Ran
from tests.warm.running import WarmProcess, driver, environment

MemCLI = Callable[..., Ran]
"""The fixture `memcli`."""

Furnish = Callable[[str, Callable[[], Any]], None]
"""The fixture `furnish`."""

Offered = Callable[..., list[str]]
"""The fixture `offered`: what the shell is told, its first line being `names` or `files`."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses the command line twice: in this process, and through a warm one."""
    if "memcli" in metafunc.fixturenames:
        here_only = metafunc.definition.get_closest_marker("here_only")
        metafunc.parametrize("memcli", ["here"] if here_only else ["here", "warm"], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of many cases that say the same about the warm process, let only those be run that were picked."""
    seen: set[tuple[object, ...]] = set()
    left_out = []
    for item in items:
        picked, case = item.get_closest_marker("warm_sample"), getattr(item, "callspec", None)
        if picked is None or case is None or case.params.get("memcli") != "warm":
            continue
        if picked.args:
            is_one = bool(set(picked.args) & set(case.id.split("-")))
        else:
            values = (str(case.params[name]) for name in picked.kwargs.get("by", ()))
            kind = (item.nodeid.partition("[")[0], *values)
            is_one = kind not in seen
            seen.add(kind)
        if not is_one:
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


@pytest.fixture
def memcli(request: pytest.FixtureRequest, in_process: MemCLI) -> MemCLI:
    """The command line: in this process, or through a warm one that insists on running it."""
    if request.param == "here":
        return in_process
    warm = request.getfixturevalue("warm_session").ready()
    assert warm.process.poll() is None, "it has left, so that all that follows would fail, too"

    def call(*arguments: str, stdin: str | bytes | None = None, code: int = 0) -> Ran:
        environ = environment(warm.environ["XDG_RUNTIME_DIR"])
        if not place.is_wanted(list(arguments), environ):
            return in_process(*arguments, stdin=stdin, code=code)
        warm.serves(list(arguments), environ)
        given = stdin.encode() if isinstance(stdin, str) else stdin
        ran = through(driver("run", *arguments), environ, given)
        assert "Traceback" not in ran.err
        assert ran.code == code, f"{arguments} -> {ran.code}, not {code}: {ran.err}"
        return ran

    return call


def through(line: Sequence[str], environ: Mapping[str, str], stdin: bytes | None = None) -> Ran:
    """What the process *line* wrote and how it ended; without *stdin*, whoever reads that waits for ever."""
    unheard, said = os.pipe()
    about: dict[str, Any] = {"stdin": unheard} if stdin is None else {"input": stdin}
    try:
        done = subprocess.run(line, env=environ, capture_output=True, timeout=60, check=False, **about)
    finally:
        os.close(unheard)
        os.close(said)
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return Ran(out, err, done.returncode)


STEERING = "".join(map(chr, (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)))) + (
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Characters that a terminal may act on, but for line feeds and tabs."""

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home that commands run in."""
    return tmp_path / "nobody" / "memcli"


@pytest.fixture(scope="session")
def furnished_homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where homes are kept that many tests begin with."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture
def furnish(home: Path, furnished_homes: Path) -> Furnish:
    """Makes the home what a function makes of it; the second time that a name is given it is a copy."""

    def call(name: str, make: Callable[[], Any]) -> None:
        kept = furnished_homes / name
        if kept.exists():
            shutil.copytree(kept, home)
        else:
            make()
            shutil.copytree(home, kept)

    return call


@pytest.fixture
def real() -> Callable[..., Ran]:
    """Runs the installed script in a process of its own, with the bundled model."""
    script = Path(sys.executable).parent / "memcli"
    command = [str(script)] if script.exists() else [sys.executable, "-m", "memcli"]

    def call(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            [*command, *arguments],
            input=stdin,
            capture_output=True,
            timeout=60,
            env={**os.environ, **(env or {})},
            check=False,
        )
        return Ran(done.stdout.decode(), done.stderr.decode(), done.returncode)

    return call


DRIVER = """
import json, os, sys, time
from pathlib import Path
from memcli.cli.boundary import run
from memcli.services import transfer
from memcli.services.engine import Engine
from tests.wordhash import WordHashEmbedder

class Waiting(WordHashEmbedder):
    calls = queries = 0

    def embed_documents(self, texts, progress=None):
        Waiting.calls += 1
        if Waiting.calls == int(os.environ["DRIVER_WAITS_AT"]):
            wait()
        return super().embed_documents(texts, progress)

    def embed_queries(self, queries):
        Waiting.queries += 1
        if Waiting.queries == int(os.environ.get("DRIVER_WAITS_AT_QUERY", 0)):
            wait()
        return super().embed_queries(queries)

def wait():
    Path(os.environ["DRIVER_WAITS"]).touch()
    while not Path(os.environ["DRIVER_GOES_ON"]).exists():
        time.sleep(0.01)

transfer.CHUNK = 10
Engine.load_model = lambda self, name=None, embedder=Waiting(): embedder
sys.exit(run(sys.argv[1:]))
"""


class Waiting:
    """A real process with the word-hash embedder that stops in the middle of its work.

    Args:
        arguments: The command line.
        place: A directory for its signs.
        name: What tells it from others there.
        at: Which call of the embedder for texts it waits in, from 1; 0 for none.
        query: Which call of the embedder for queries, likewise.
    """

    def __init__(
        self, arguments: Sequence[str], place: Path, name: str = "one", at: int = 1, query: int = 0
    ) -> None:
        self.waits = place / f"{name}-waits"
        about = {
            "DRIVER_WAITS_AT": str(at),
            "DRIVER_WAITS_AT_QUERY": str(query),
            "DRIVER_WAITS": str(self.waits),
            "DRIVER_GOES_ON": str(place / "go-on"),
            "PYTHONPATH": str(ROOT),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **about},
            text=True,
        )

    def until_it_waits(self) -> None:
        """Come back when it has reached the place, or has ended."""
        while not self.waits.exists() and self.process.poll() is None:
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue

    def ended(self) -> Ran:
        """What it wrote and how it ended."""
        out, err = self.process.communicate(timeout=60)
        return Ran(out, err, self.process.returncode)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Callable[..., Waiting]]:
    """Starts processes that wait in the middle of their work; none outlives the test."""
    started: list[Waiting] = []

    def start(*arguments: str, **about: Any) -> Waiting:
        started.append(Waiting(arguments, tmp_path, **about))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def json_lines(*records: Mapping[str, Any]) -> str:
    """*records* as an import takes them."""
    return "".join(json.dumps(record) + "\n" for record in records)


def is_one_sentence(err: str) -> bool:
    """Whether *err* is what is said of an error: one line of what happened, at most one of what to do."""
    lines = err.splitlines()
    return (
        len(lines) in (1, 2)
        and lines[0].startswith("memcli: ")
        and all(line.startswith("        ") for line in lines[1:])
    )


THIRD, FOURTH, FIFTH = (f"The office is on floor {number}" for number in (3, 4, 5))
JANUARY, FEBRUARY = "2020-01-10T12:00:00+00:00", "2020-02-10T12:00:00+00:00"


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """New facts are held against what is known, as they are where nobody says otherwise."""
    monkeypatch.delenv("MEMCLI_CONFLICTS_CHECK")


@pytest.fixture
def moved(memcli: MemCLI, checked: None) -> MemCLI:
    """A command line with a fact that has been replaced: id1 by id2, a month later."""
    for name, text, time in (("id1", THIRD, JANUARY), ("id2", FOURTH, FEBRUARY)):
        memcli("import", "-", stdin=json_lines({"id": name, "text": text, "created_at": time}))
    return memcli


def texts(memcli: MemCLI, *options: str) -> list[str]:
    """What `list` with *options* lists, in order of the words."""
    return sorted(memory["text"] for memory in memcli("list", *options).json)


Starts = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(params=["here", "warm"])
def starts(request: pytest.FixtureRequest, runtime: Path, warm_process: Callable[..., WarmProcess]) -> Starts:
    """Starts memcli with pipes: in a process of its own, or through a warm one."""
    how, environ = "here", dict(os.environ)
    if request.param == "warm":
        how = "run"
        environ = environment(warm_process().ready().environ["XDG_RUNTIME_DIR"])
    pipe = subprocess.PIPE

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            driver(how, *arguments), stdin=pipe, stdout=pipe, stderr=pipe, env=environ, bufsize=0
        )

    return start


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Offered:
    """What the shell is told when Tab is pressed at the end of a line."""

    from memcli.cli.boundary import run

    def call(line: str, shell: str = "bash") -> list[str]:
        capsys.readouterr()
        with monkeypatch.context() as environ:
            environ.setenv("_MEMCLI_COMPLETE", f"complete_{shell}")
            environ.setenv("_MEMCLI_LINE", line)
            with pytest.raises(SystemExit) as ended:
                run([])
        out, err = capsys.readouterr()
        assert (ended.value.code, err) == (0, "")
        return out.splitlines()

    return call

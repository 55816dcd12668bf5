"""Full disks, directories that can't be written or vanish, too few files, too little memory."""

import json
import resource
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from memcli.services import memories, remember
from tests.cli.conftest import is_one_sentence
from tests.conftest import Ran
from tests.faults import commands
from tests.faults.acting import SCOPE, engine_at
from tests.faults.commands import NO_NAMESPACE, Fault, command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts are the system's")

DOCUMENTED = {0, 1, 6}
"""Exit codes that a fault of the machine may have."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with three memories."""
    engine = engine_at(tmp_path / "home")
    for text in ("amber tree", "birch tree", "cedar tree"):
        remember.store(engine, text, scope=SCOPE)
    return tmp_path / "home"


def texts(home: Path) -> list[str]:
    """What is stored, in order of the words."""
    return sorted(memory.text for memory in memories.newest(engine_at(home), scope=SCOPE))


def assert_told(ran: Ran) -> None:
    """It failed with one sentence and a documented exit code, or did what it was to do."""
    if ran.code == NO_NAMESPACE:
        pytest.skip("this machine lets nobody have mounts of their own")
    assert "Traceback" not in ran.err, ran.err
    assert "panicked" not in ran.err, ran.err
    assert ran.code in DOCUMENTED, (ran.code, ran.err)
    assert ran.code == 0 or is_one_sentence(ran.err), ran.err


@pytest.mark.parametrize(
    "arguments",
    [["store", "another"], ["optimize"], ["update", "PREFIX", "other text"], ["backup", "HOME/x.tar.zst"]],
    ids=lambda arguments: str(arguments[0]),
)
def test_what_writes_to_a_read_only_directory_says_so(home: Path, arguments: list[str]) -> None:
    """Exit code 6; nothing is changed."""
    first = memories.newest(engine_at(home), scope=SCOPE)[0].id
    said = [a.replace("HOME", str(home)).replace("PREFIX", first) for a in arguments]
    ran = command(home, *said, fault=Fault(commands.read_only))
    assert_told(ran)
    assert ran.code == 6
    assert "ead-only" in ran.err
    assert texts(home) == ["amber tree", "birch tree", "cedar tree"]


@pytest.mark.parametrize("arguments", [["list"], ["search", "amber"], ["export"], ["doctor"]], ids=str)
def test_what_reads_a_read_only_directory_works(home: Path, arguments: list[str]) -> None:
    """A copy on a CD is as good as any."""
    ran = command(home, *arguments, fault=Fault(commands.read_only))
    assert_told(ran)
    assert ran.code == 0, ran.err
    assert arguments == ["doctor"] or "amber tree" in ran.out


def fill(home: Path, report: Path) -> None:
    """On a disk of 3 MB: store until nothing goes, then see what is there; make room, and store again."""
    commands.small_disk(home, 3_000_000)
    from memcli.errors import MemcliError, StorageError

    engine, kept, failures = engine_at(home), [], []
    with (home / "ballast").open("wb") as file:
        file.write(bytes(1_000_000))
    for number in range(2_000):
        try:
            kept.append(str(remember.store(engine, f"note number {number} " + "x" * 8_000, scope=SCOPE).id))
        except MemcliError as error:
            failures.append(f"{type(error).__name__}: {error.sentence}")
            if len(failures) == 3:
                break
    there = {memory.id for memory in memories.newest(engine_at(home), scope=SCOPE)}
    (home / "ballast").unlink()
    again = str(remember.store(engine_at(home), "there is room again", scope=SCOPE).action)
    report.write_text(
        json.dumps(
            {
                "stored": len(kept),
                "lost": len(set(kept) - there),
                "surplus": len(there) - len(kept),
                "failures": failures,
                "storage": all(text.startswith(StorageError.__name__) for text in failures),
                "again": again,
            }
        )
    )


def test_a_full_disk_loses_nothing_and_is_named(tmp_path: Path) -> None:
    """What was acknowledged is there, what failed is not, and with room again all goes on."""
    disk, report = str(tmp_path / "disk"), str(tmp_path / "report")
    code = "from pathlib import Path\nfrom tests.faults.test_limits import fill\n"
    code += f"fill(Path({disk!r}), Path({report!r}))"
    ran = commands.in_namespace(code, tmp_path / "disk")
    if ran.code == NO_NAMESPACE:
        pytest.skip("this machine lets nobody have mounts of their own")
    assert ran.code == 0, ran.err
    said = json.loads((tmp_path / "report").read_text())
    assert said["stored"] > 10
    assert (said["lost"], said["surplus"], said["again"]) == (0, 0, "stored")
    assert said["storage"]
    assert all("disk is full" in sentence for sentence in said["failures"]), said["failures"]


@pytest.mark.parametrize("most", [16, 40])
@pytest.mark.parametrize("arguments", [["list"], ["search", "amber"], ["store", "another"]], ids=str)
def test_too_few_files_are_a_sentence(home: Path, arguments: list[str], most: int) -> None:
    """Or enough, which depends on the libraries; what was stored stays."""
    ran = command(home, *arguments, fault=Fault(commands.limited, (resource.RLIMIT_NOFILE, most)))
    lines = ran.err.splitlines()
    said = next((place for place, line in enumerate(lines) if line.startswith("memcli: ")), 0)
    assert_told(replace(ran, err="\n".join(lines[said:])))  # what LanceDB writes when it panics comes before
    assert "Traceback" not in ran.err
    assert set(texts(home)) >= {"amber tree", "birch tree", "cedar tree"}


@pytest.mark.parametrize("more", [30_000_000, 150_000_000])
def test_too_little_memory_costs_the_command_and_nothing_else(home: Path, more: int) -> None:
    """LanceDB may abort the process, or wait for a thread that could not start: what was stored stays.

    And the next command works.
    """
    ran = command(home, "store", "another", fault=Fault(commands.little_memory, (more,)))
    ends = {-signal.SIGABRT, -signal.SIGSEGV, commands.TIMED_OUT}
    assert ran.code in DOCUMENTED | ends, ran.err
    assert "Traceback" not in ran.err
    assert set(texts(home)) >= {"amber tree", "birch tree", "cedar tree"}
    assert remember.store(engine_at(home), "one more", scope=SCOPE).id


@pytest.mark.parametrize("after", [0.05, 0.3])
def test_a_directory_that_vanishes_meanwhile_is_a_sentence(home: Path, after: float) -> None:
    """Whatever the command was doing; the next one begins a new store, or finds none."""
    lines = home.parent / "lines.jsonl"
    lines.write_text("".join(json.dumps({"text": f"note number {n}"}) + "\n" for n in range(300)))
    process = commands.start(home, "import", str(lines))
    time.sleep(after)
    shutil.rmtree(home, ignore_errors=True)
    assert_told(commands.ended(process, home))
    assert_told(command(home, "list"))
    shutil.rmtree(home, ignore_errors=True)
    assert command(home, "store", "anew").code == 0


def test_a_file_size_limit_is_a_sentence(home: Path) -> None:
    """What a quota does."""
    big = "long words " * 5_000
    ran = command(home, "store", big, fault=Fault(commands.limited, (resource.RLIMIT_FSIZE, 4_000)))
    assert ran.code in DOCUMENTED | {-signal.SIGXFSZ}, ran.err
    assert texts(home) == ["amber tree", "birch tree", "cedar tree"]

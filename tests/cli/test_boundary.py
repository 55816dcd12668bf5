"""What can go wrong around a command: the store, the disk, the streams. A sentence and an exit code each."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from memcli import __version__
from tests.cli.conftest import MemCLI, Waiting, is_one_sentence, json_lines
from tests.conftest import Ran
from tests.wordhash import WordHashEmbedder

READING = [["list"], ["search", "x"], ["context", "x"], ["get", "x"], ["export"], ["spaces", "list"]]
READING += [["graph", "export"], ["graph", "traverse", "x"], ["value", "get", "x"], ["value", "list"]]
WRITING = [["store", "x"], ["import", "-"], ["spaces", "create", "x"], ["optimize"]]
WRITING += [["graph", "connect", "x", "y"], ["value", "set", "x", "1"], ["value", "incr", "x"]]


def test_help_and_version_are_answers(memcli: MemCLI) -> None:
    """On standard output, for every command; -h is short for --help."""
    assert memcli("--version").out == f"memcli {__version__}\n"
    out = memcli("--help").out
    for name in (
        *("store", "search", "context", "get", "list", "update", "forget", "restore", "purge"),
        *("graph", "value"),
        *("spaces", "import", "export", "config", "model", "optimize", "completions", "demo"),
    ):
        assert f"\n  {name} " in out
        assert memcli(name, "--help").out == memcli(name, "-h").out != ""


def test_an_interrupt_that_a_library_catches_is_one(
    monkeypatch: pytest.MonkeyPatch, in_process: MemCLI
) -> None:
    """Whatever the library makes of it; without one it is a fault."""

    def fail(*_: object, pressed: bool = True, **__: object) -> None:
        try:
            if pressed:
                os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            pass
        raise ValueError("zoneinfo must be installed")

    monkeypatch.setattr("memcli.services.memories.newest", fail)
    assert in_process("list", code=130).err == "memcli: interrupted\n"
    monkeypatch.setattr("memcli.services.memories.newest", partial(fail, pressed=False))
    assert in_process("list", code=1).err.startswith("memcli: ValueError: zoneinfo must be installed\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_command_and_no_such_command_are_usage_errors(memcli: MemCLI) -> None:
    """Help for the first, a sentence for the second, nothing on standard output."""
    for arguments in ([], ["spaces"], ["config"], ["model"], ["completions"]):
        ran = memcli(*arguments, code=2)
        assert ran.out == ""
        assert "Usage: " in ran.err
        assert "memcli: " not in ran.err
    for arguments in (["sotre"], ["spaces", "nosuch"], ["--nosuch"]):
        assert is_one_sentence(memcli(*arguments, code=2).err)


@pytest.mark.warm_sample("list", "store x")
@pytest.mark.parametrize("command", [*READING, *WRITING], ids=" ".join)
def test_a_directory_that_is_not_a_store_is_refused(memcli: MemCLI, home: Path, command: list[str]) -> None:
    """Exit code 6, and it stays as it was."""
    (home / "db").mkdir(parents=True)
    (home / "db" / "thesis.txt").write_text("precious")
    ran = memcli(*command, stdin=b'{"text": "x"}', code=6)
    assert is_one_sentence(ran.err)
    assert "not a memcli store" in ran.err
    assert [path.name for path in (home / "db").iterdir()] == ["thesis.txt"]


@pytest.mark.warm_sample("list", "store x")
@pytest.mark.parametrize("command", [*READING, *WRITING], ids=" ".join)
def test_a_file_in_place_of_the_store_is_refused(memcli: MemCLI, home: Path, command: list[str]) -> None:
    """Exit code 6."""
    home.mkdir()
    (home / "db").write_text("precious")
    ran = memcli(*command, stdin=b'{"text": "x"}', code=6)
    assert is_one_sentence(ran.err)
    assert (home / "db").read_text() == "precious"


@pytest.mark.warm_sample("list", "store x")
@pytest.mark.parametrize("command", [*READING, *WRITING], ids=" ".join)
def test_a_store_of_a_newer_memcli_is_refused(memcli: MemCLI, home: Path, command: list[str]) -> None:
    """Exit code 6, with what to do, and it stays as it was."""
    memcli("store", "kept")
    said(home, lambda about: about | {"format": 99, "model": {"unheard": "of"}})
    ran = memcli(*command, stdin=b'{"text": "x"}', code=6)
    assert is_one_sentence(ran.err)
    assert "newer memcli" in ran.err
    assert ran.out == ""
    said(home, lambda about: about | {"format": 1, "model": first(about)})
    assert [memory["text"] for memory in memcli("list").json] == ["kept"]


def first(about: object) -> dict[str, object]:
    """The model of the word-hash embedder, as the store notes it."""
    from dataclasses import asdict

    return asdict(WordHashEmbedder().model)


def said(home: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change what the store at *home* says of itself."""
    import lancedb

    table = lancedb.connect(str(home / "db")).open_table("meta")
    [row] = table.search().where("key = 'store'").to_list()
    value = change(json.loads(row["value"]))
    table.update(
        where="key = 'store'", values={"value": value if isinstance(value, str) else json.dumps(value)}
    )


@pytest.mark.parametrize(
    "junk", ["{", "[]", "{}", '{"format": "1"}', '{"format": 1, "generation": 1, "model": {}}']
)
def test_a_store_that_says_nonsense_of_itself_is_refused(memcli: MemCLI, home: Path, junk: str) -> None:
    """Exit code 6 and no traceback."""
    memcli("store", "kept")
    said(home, lambda about: junk)
    for command in (["list"], ["store", "x"]):
        assert is_one_sentence(memcli(*command, code=6).err)


def test_a_store_with_missing_files_is_refused(memcli: MemCLI, home: Path) -> None:
    """Somebody tidied up by hand."""
    memcli("store", "kept")
    for file in (home / "db").glob("memories_1.lance/data/*"):
        file.unlink()
    for command in (["list"], ["search", "kept"]):
        ran = memcli(*command, code=6)
        assert is_one_sentence(ran.err), ran.err
        assert len(ran.err) < 500


@pytest.mark.parametrize("command", WRITING[:3], ids=" ".join)
def test_a_place_that_can_not_be_written_is_refused(memcli: MemCLI, command: list[str]) -> None:
    """Exit code 6; reading there finds nothing."""
    ran = memcli("--home", "/proc/nope", *command, stdin=b'{"text": "x"}', code=6)
    assert is_one_sentence(ran.err), ran.err
    assert "/proc/nope" in ran.err
    assert memcli("--home", "/proc/nope", "list").json == []


@pytest.mark.here_only  # a model of the test's own
def test_another_models_vectors_are_not_mixed_with(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 7 with what to do; what needs no model still works."""
    from memcli.services.engine import Engine

    memcli("store", "kept word")
    other = WordHashEmbedder("other", 16)
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: other)
    for command in (
        ["search", "word"],
        ["context", "word"],
        ["store", "new"],
        ["search", "word", "--mode", "vector"],
    ):
        ran = memcli(*command, code=7)
        assert is_one_sentence(ran.err)
        assert "memcli model use" in ran.err
    assert [memory["text"] for memory in memcli("list").json] == ["kept word"]
    assert [hit["text"] for hit in memcli("search", "word", "--mode", "text").json] == ["kept word"]


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("form", ["plain", "json", "table"])
def test_a_reader_that_leaves_ends_a_list_quietly(memcli: MemCLI, form: str) -> None:
    """`memcli list | head -1` with more than a pipe holds; 141 is what other programs end with then."""
    memcli("import", "-", stdin=json_lines(*({"text": f"{i} " + "x" * 1000} for i in range(300))))
    script = (
        f'"{Path(sys.executable).parent}/memcli" list -n 0 -f {form} | head -1; echo "${{PIPESTATUS[0]}}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    *shown, status = done.stdout.splitlines()
    assert len(shown) == 1
    assert status in ("141", "0")  # 0 where the system has taken all of it before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["config show", "backup -"])
def test_a_full_disk_behind_standard_output_is_said_in_a_sentence(
    real: Callable[..., Ran], command: str
) -> None:
    """Exit code 1, no traceback."""
    real("value", "set", "k", "1")
    script = [sys.executable, "-m", "memcli", *command.split()]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(script, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert is_one_sentence(done.stderr), done.stderr
    assert "can't write the answer: No space left" in done.stderr


@pytest.mark.here_only  # in a process of its own either way
def test_a_terminal_that_knows_few_letters_shows_what_it_can(
    memcli: MemCLI, real: Callable[..., Ran]
) -> None:
    """A letter that its encoding lacks is no reason to fail."""
    memcli("store", "käse 敏捷")
    for form in ("plain", "table", "json"):
        ran = real("list", "-f", form, env={"PYTHONIOENCODING": "ascii"})
        assert (ran.code, ran.err) == (0, "")
        assert "se" in ran.out


def test_closed_streams_are_survived() -> None:
    """`memcli store - <&-` has nothing to read."""
    command = f'"{sys.executable}" -m memcli store - <&-'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr), done.stderr


@pytest.mark.here_only  # in a process of its own either way
def test_an_interrupted_import_has_stored_what_it_reported(
    memcli: MemCLI, waiting: Callable[..., Waiting], tmp_path: Path
) -> None:
    """Ctrl-C ends with 130; running it again finishes the job without doubles."""
    import signal

    file = tmp_path / "memories.jsonl"
    file.write_text(json_lines(*({"text": f"memory number {i}"} for i in range(35))))
    process = waiting("import", str(file), "-f", "jsonl", at=3)
    process.until_it_waits()
    process.process.send_signal(signal.SIGINT)
    ran = process.ended()
    assert ran.code == 130
    reported = {answer["id"] for answer in ran.lines}
    assert ran.err == (
        f"{len(reported)} stored so far; running it again stores the rest\nmemcli: interrupted\n"
    )
    there = {memory["id"] for memory in memcli("list", "--limit", "0").json}
    assert reported <= there  # the second ten may just have been written
    assert len(there) in (10, 20)
    rest = {"stored": 35 - len(there), "duplicate": len(there), "replaced": 0, "failed": 0}
    assert memcli("import", str(file)).json == rest
    assert len({memory["text"] for memory in memcli("list", "--limit", "0").json}) == 35


def test_a_killed_writer_leaves_nothing_locked(memcli: MemCLI, waiting: Callable[..., Waiting]) -> None:
    """The next one writes at once."""
    memcli("store", "first")
    process = waiting("store", "second")
    process.until_it_waits()
    process.process.kill()
    process.ended()
    assert memcli("store", "third").json["action"] == "stored"
    assert len(memcli("list").json) == 2


@pytest.mark.here_only  # in a process of its own either way
def test_two_processes_that_store_the_same_at_once_leave_one_memory(
    memcli: MemCLI, waiting: Callable[..., Waiting], tmp_path: Path
) -> None:
    """Both have embedded it before either writes; into a store that neither has seen."""
    both = [waiting("store", "The same  thing", name="one"), waiting("store", "the same thing", name="two")]
    for process in both:
        process.until_it_waits()
    (tmp_path / "go-on").touch()
    answers = [process.ended() for process in both]
    assert [answer.code for answer in answers] == [0, 0], answers
    assert sorted(answer.json["action"] for answer in answers) == ["duplicate", "stored"]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(memcli("list").json) == 1


def test_the_installed_script_works_end_to_end(real: Callable[..., Ran], home: Path) -> None:
    """With the bundled model and without any network: stored, and found by meaning."""
    env = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    stored = real(
        "store",
        "-",
        "--lines",
        stdin=b"Ana drinks her coffee black\nDeploys are on Tuesdays\n",
        env=env,
    )
    assert (stored.code, stored.err) == (0, "")
    found = real("search", "what beverage does she like", "-n", "1", "--format", "plain", env=env)
    assert (found.code, found.err) == (0, "")
    assert found.out.endswith("\tAna drinks her coffee black\n")
    assert (home / "db").is_dir()


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_names_none(in_process: MemCLI, name: str) -> None:
    """A shell can't say such a thing, but programs can."""
    told = in_process("eval", name, code=3)
    assert told.err.startswith("memcli: there is no file ")

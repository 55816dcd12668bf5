"""Faults that were found once and must not come back: odd arguments, odd homes, odd streams."""

import os
import pty
import shlex
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcli.cli.boundary import run
from memcli.services import memories
from tests.cli.conftest import MemCLI, is_one_sentence, json_lines
from tests.conftest import Ran

MEMCLI = [sys.executable, "-m", "memcli"]
BUG = "the cable is\nunplugged"


@pytest.mark.warm_sample
@pytest.mark.parametrize("number", ["4000000000", "99999999999999999999999", "-1"])
@pytest.mark.parametrize(
    "command",
    [
        ["list", "--limit"],
        ["list", "--offset"],
        ["search", "x", "--limit"],
        ["context", "x", "--top-n"],
        ["context", "x", "--budget"],
    ],
    ids=" ".join,
)
def test_a_number_beyond_what_the_store_takes_is_a_usage_error(
    memcli: MemCLI, command: list[str], number: str
) -> None:
    """Not an error of LanceDB's, nor a traceback."""
    memcli("store", "x")
    ran = memcli(*command, number, code=2)
    assert ran.out == ""
    assert is_one_sentence(ran.err)


@pytest.mark.parametrize("command", ["list", "search", "context"])
def test_the_largest_number_is_taken(memcli: MemCLI, command: str) -> None:
    """It means all there is."""
    memcli("store", "amber tree")
    option = "--top-n" if command == "context" else "--limit"
    query = [] if command == "list" else ["amber tree"]
    assert "amber tree" in memcli(command, *query, option, str(2**31 - 1)).out


@pytest.mark.warm_sample(by=["by"])
@pytest.mark.parametrize("command", [["list"], ["store", "x"], ["config", "path"]], ids=" ".join)
@pytest.mark.parametrize("place", ["~nosuch-user/x", "ftp://"])
@pytest.mark.parametrize("by", ["variable", "option"])
def test_a_home_that_is_no_directory_is_refused(
    memcli: MemCLI,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: list[str],
    place: str,
    by: str,
) -> None:
    """Exit code 5, and no directory called `~nosuch-user` or `ftp:` appears."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    option = ["--home", place] if by == "option" else []
    if by == "variable":
        monkeypatch.setenv("MEMCLI_HOME", place)
    ran = memcli(*option, *command, code=5)
    assert is_one_sentence(ran.err)
    assert place in ran.err
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    "command", [["list"], ["config", "show"], ["config", "set", "space", "x"]], ids=" ".join
)
def test_a_setting_with_thousands_of_digits_is_said_to_be_too_large(
    memcli: MemCLI, home: Path, command: list[str]
) -> None:
    """Exit code 5, with the file's name and without the digits; the file stays as it was."""
    home.mkdir()
    said = "[search]\nlimit = " + "9" * 5000 + "\n"
    (home / "config.toml").write_text(said)
    ran = memcli(*command, code=5)
    assert is_one_sentence(ran.err)
    assert str(home / "config.toml") in ran.err
    assert len(ran.err) < 500
    assert (home / "config.toml").read_text() == said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("about", [{}, {"_MEMCLI_LINE": ""}, {"_MEMCLI_LINE": "memcli get '"}], ids=str)
def test_a_request_for_completions_without_its_variables_is_no_traceback(
    real: Callable[..., Ran], shell: str, about: dict[str, str]
) -> None:
    """Somebody tried it by hand, or a shell's script is broken."""
    ran = real(env={"_MEMCLI_COMPLETE": f"complete_{shell}", **about})
    assert "Traceback" not in ran.out + ran.err


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["list", "--version", "get nosuch"])
def test_closed_streams_are_no_traceback(memcli: MemCLI, streams: str, command: str) -> None:
    """A daemon's children have none; the exit code is what it would be otherwise."""
    memcli("store", "kept")
    line = f"{shlex.join(MEMCLI)} {command} {streams}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == (3 if command.startswith("get") else 0)


def fail(*_: Any, **__: Any) -> None:
    """What should never happen."""
    raise RuntimeError(BUG)


@pytest.mark.here_only  # a service that fails
def test_an_exception_nobody_expected_is_one_line(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1; what it was, and how to see where."""
    monkeypatch.setattr(memories, "newest", fail)
    ran = memcli("list", code=1)
    assert ran.out == ""
    assert is_one_sentence(ran.err)
    assert ran.err.startswith("memcli: RuntimeError: the cable is unplugged\n")
    assert "MEMCLI_DEBUG=1" in ran.err


def test_an_exception_nobody_expected_is_shown_whole_to_who_asks(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """MEMCLI_DEBUG=1 shows where it came from."""
    monkeypatch.setattr(memories, "newest", fail)
    monkeypatch.setenv("MEMCLI_DEBUG", "1")
    assert run(["list"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Traceback (most recent call last):\n")
    assert "in fail\n" in err
    assert "\nmemcli: RuntimeError: the cable is unplugged\n" in err


@pytest.mark.parametrize("command", [["set", "space", "work"], ["unset", "user"]], ids=" ".join)
def test_a_linked_configuration_file_stays_a_link_and_private(
    memcli: MemCLI, home: Path, tmp_path: Path, command: list[str]
) -> None:
    """People keep their dotfiles elsewhere."""
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "memcli.toml").write_text('user = "ana"\n')
    (dotfiles / "memcli.toml").chmod(0o600)
    home.mkdir()
    (home / "config.toml").symlink_to("../../dotfiles/memcli.toml")
    memcli("config", *command)
    assert (home / "config.toml").is_symlink()
    assert (dotfiles / "memcli.toml").stat().st_mode & 0o777 == 0o600
    assert ("work" in (dotfiles / "memcli.toml").read_text()) == (command[0] == "set")
    assert [path.name for path in dotfiles.iterdir()] == ["memcli.toml"]


NAMES = ["हिन्दी", "Café", "tiếng Việt", "ไทย", "q̃"]


@pytest.mark.parametrize("name", NAMES)
def test_a_space_may_have_a_name_with_marks(memcli: MemCLI, name: str) -> None:
    """Hindi can't be written without, and some letters have no composed form."""
    memcli("store", "x", "--space", name)
    assert [memory["text"] for memory in memcli("list", "--space", name).json] == ["x"]
    [space] = memcli("spaces", "list").json
    assert space["name"] == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")], ids="-".join)
@pytest.mark.parametrize("name", ["Café", "tiếng Việt"])
def test_both_unicode_forms_of_a_name_are_one_space(
    memcli: MemCLI, name: str, forms: tuple[str, str]
) -> None:
    """What looks the same is the same, for storing, finding and listing."""
    one, other = (unicodedata.normalize(form, name) for form in forms)  # type: ignore[arg-type]
    assert one != other
    memcli("store", "amber", "--space", one)
    memcli("import", "-", stdin=json_lines({"text": "birch", "space": other}))
    for form in (one, other):
        assert {memory["text"] for memory in memcli("list", "--space", form).json} == {"amber", "birch"}
        assert memcli("search", "amber", "--space", form).json[0]["text"] == "amber"
        assert len(memcli("export", "--space", form).out.splitlines()) == 2
    assert len(memcli("spaces", "list").json) == 1


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")], ids="-".join)
def test_spaces_are_managed_under_both_unicode_forms(memcli: MemCLI, forms: tuple[str, str]) -> None:
    """create, show, rename and delete mean the same space, too."""
    one, other = (unicodedata.normalize(form, "Café") for form in forms)  # type: ignore[arg-type]
    memcli("spaces", "create", one, "--description", "d")
    memcli("spaces", "create", other, code=4)
    memcli("store", "amber", "--space", one)
    assert len(memcli("spaces", "list").json) == 1
    shown = memcli("spaces", "show", other).json
    assert (shown["memories"], shown["description"]) == (1, "d")
    memcli("spaces", "rename", other, other + "2")
    assert memcli("spaces", "show", one + "2").json["memories"] == 1
    memcli("spaces", "delete", one + "2", "--yes")
    assert memcli("spaces", "list").json == []


@pytest.mark.warm_sample(by=["command"])
@pytest.mark.parametrize("command", [["list"], ["search", "x"], ["store", "x"], ["optimize"]], ids=" ".join)
@pytest.mark.parametrize("tables", [["docs"], ["docs", "memories"], ["memories_1", "docs"]], ids=" ".join)
def test_a_database_of_somebody_else_is_refused(
    memcli: MemCLI, home: Path, command: list[str], tables: list[str]
) -> None:
    """LanceDB could open it; it is not ours to write into. Exit code 6."""
    import lancedb

    for table in tables:
        lancedb.connect(str(home / "db")).create_table(table, [{"page": 1}])
    before = sorted(str(path) for path in home.rglob("*"))
    ran = memcli(*command, code=6)
    assert is_one_sentence(ran.err)
    assert "not a memcli store" in ran.err
    assert sorted(str(path) for path in home.rglob("*")) == before


@pytest.mark.parametrize("command", [["list"], ["search", "x"], ["store", "x"]], ids=" ".join)
def test_a_table_that_was_deleted_by_hand_is_missed(memcli: MemCLI, home: Path, command: list[str]) -> None:
    """Exit code 6, and nothing is made in its place."""
    memcli("store", "kept")
    shutil.rmtree(home / "db" / "memories_1.lance")
    before = sorted(path.name for path in (home / "db").iterdir())
    ran = memcli(*command, code=6)
    assert is_one_sentence(ran.err)
    assert "damaged" in ran.err
    assert "missing" in ran.err
    assert sorted(path.name for path in (home / "db").iterdir()) == before


def test_the_names_for_the_shell_are_the_owners_alone(memcli: MemCLI, home: Path) -> None:
    """Titles are private, also in a file that a killed process has left."""
    memcli("store", "x")
    assert (home / "names.json").stat().st_mode & 0o777 == 0o600
    (home / "names.json").chmod(0o644)
    memcli("spaces", "create", "made")
    assert (home / "names.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "command", [["get"], ["update", "--title", "t"], ["forget"], ["restore"]], ids=" ".join
)
def test_a_memory_of_somebody_else_is_not_there_unless_they_are_named(
    memcli: MemCLI, command: list[str]
) -> None:
    """Exit code 3, for whole ids and for beginnings."""
    memcli("import", "-", "--user", "ana", stdin=json_lines({"text": "hers", "id": "abc123"}))
    name, *options = command
    for given in ("abc123", "abc"):
        ran = memcli(name, given, *options, code=3)
        assert "hers" not in ran.out + ran.err
    assert "hers" in memcli(name, "abc", *options, "--user", "ana").out


def test_what_somebody_else_has_forgotten_is_not_purged_by_its_id(memcli: MemCLI) -> None:
    """Exit code 3 unless they are named."""
    memcli("import", "-", "--user", "ana", stdin=json_lines({"text": "hers", "id": "abc123"}))
    memcli("forget", "abc123", "--user", "ana")
    memcli("purge", "abc123", "--yes", code=3)
    assert memcli("get", "abc123", "--user", "ana").json["text"] == "hers"
    memcli("purge", "abc123", "--yes", "--user", "ana")
    memcli("get", "abc123", "--user", "ana", code=3)


def on_a_terminal(typed: bytes, *arguments: str) -> tuple[int, str]:
    """How a command ends where somebody has *typed* something, and what they read."""
    controller, terminal = pty.openpty()
    try:
        os.write(controller, typed)
        process = subprocess.Popen(
            [*MEMCLI, *arguments], stdin=terminal, stdout=subprocess.DEVNULL, stderr=terminal
        )
        code = process.wait(60)
        os.write(terminal, b"that is all")
        said = b""
        while b"that is all" not in said:
            said += os.read(controller, 100_000)
    finally:
        os.close(controller)
        os.close(terminal)
    return code, said.decode()


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize(
    ("answer", "code", "left"), [(b"n\n", 1, 1), (b"\n", 1, 1), (b"y\n", 0, 0)], ids=["no", "nothing", "yes"]
)
def test_a_purge_asks_on_a_terminal(memcli: MemCLI, answer: bytes, code: int, left: int) -> None:
    """No, and no answer, change nothing."""
    memcli("import", "-", stdin=json_lines({"text": "one", "id": "a"}))
    memcli("forget", "a")
    done, said = on_a_terminal(answer, "purge")
    assert done == code
    assert "Remove 1 memory for good?" in said
    assert "Traceback" not in said
    assert ("nothing was changed" in said) == bool(code)
    assert len(memcli("list", "--forgotten").json) == left

"""`memcli doctor`: what it looks at, what it says, what it mends."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import STEERING, MemCLI

pytestmark = pytest.mark.here_only  # a command that always runs in its own process

Found = dict[str, dict[str, object]]


def by_check(memcli: MemCLI, *options: str, code: int = 0) -> Found:
    """What it finds, the worst of each check."""
    levels = ["ok", "note", "warning", "error"]
    found = memcli("doctor", *options, code=code).json
    return {one["check"]: one for one in sorted(found, key=lambda one: levels.index(one["level"]))}


@pytest.fixture(autouse=True)
def _shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell of one's own, and nobody's sockets."""
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_all_is_well_with_and_without_a_store(memcli: MemCLI) -> None:
    """Exit code 0; every check says something."""
    assert all(one["ok"] for one in memcli("doctor").json)
    memcli("store", "x")
    found = by_check(memcli)
    assert found.keys() == {
        *("settings", "store", "files", "indexes", "tidiness", "clock", "model", "backups", "privacy"),
        *("disk", "processor", "versions", "hooks", "warm", "completions"),
    }
    assert all(one["ok"] for one in found.values())
    shown = memcli("doctor", "--deep", "-f", "table").out
    assert "✓" in shown
    assert shown.splitlines()[-1] == "all is well" or "note" in shown.splitlines()[-1]
    assert not set(STEERING) & set(shown)


def test_others_who_can_read_the_store_are_a_warning(memcli: MemCLI, home: Path) -> None:
    """Exit code 0 all the same. A directory above that keeps others out is protection enough."""
    memcli("store", "x")
    home.chmod(0o777)
    home.parent.chmod(0o700)
    assert by_check(memcli)["privacy"]["level"] == "ok"
    for directory in home.parents:
        if directory.stat().st_uid == os.getuid() and not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o055)
    privacy = by_check(memcli)["privacy"]
    assert (privacy["ok"], privacy["level"], privacy["command"]) == (False, "warning", "memcli doctor --fix")
    assert "read and change" in str(privacy["message"])
    home.chmod(0o750)
    assert "its group" in str(by_check(memcli)["privacy"]["message"])
    mended = [one for one in memcli("doctor", "--fix").json if one["mended"]]
    assert [one["check"] for one in mended] == ["privacy"]
    assert by_check(memcli)["privacy"]["ok"]
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("broken", ["settings", "store"])
def test_what_is_broken_is_an_error(memcli: MemCLI, home: Path, broken: str) -> None:
    """Exit code 1."""
    memcli("store", "x")
    if broken == "settings":
        (home / "config.toml").write_text("space = [")
    else:
        for table in (home / "db").glob("memories_*.lance"):
            table.rename(home / "away")
    found = memcli("doctor", code=1).json
    assert [one["check"] for one in found if one["level"] == "error"] == [broken]


def test_what_loses_something_is_not_done_where_nobody_can_be_asked(memcli: MemCLI, home: Path) -> None:
    """--yes does it; a copy stays beside the store."""
    for text in ("amber tree", "birch tree"):
        memcli("store", text)
    file = max(
        (home / "db" / "memories_1.lance" / "data").iterdir(), key=lambda path: path.stat().st_mtime_ns
    )
    file.write_bytes(b"")
    error = by_check(memcli, code=1)["files"]
    assert file.name in str(error["message"])
    assert error["command"] == "memcli doctor --fix"
    assert not any(one["mended"] for one in memcli("doctor", "--fix", code=1).json)
    found = memcli("doctor", "--fix", "--yes").json
    assert [one["check"] for one in found if one["mended"]] == ["files"]
    assert [memory["text"] for memory in memcli("list").json] == ["amber tree"]
    assert by_check(memcli)["kept"]["level"] == "note"


def test_hooks_that_call_what_is_not_there_are_a_warning(memcli: MemCLI, tmp_path: Path) -> None:
    """With the command that installs them anew."""
    memcli("hook", "install", "--harness", "claude")
    assert "claude" in str(by_check(memcli)["hooks"]["message"])
    settings = tmp_path / "nobody" / ".claude" / "settings.json"
    text = settings.read_text()
    program = text.split(" hook ")[0].rsplit('"', 1)[1].split()[0]
    settings.write_text(text.replace(program, "/nowhere/memcli"))
    hooks = by_check(memcli)["hooks"]
    assert hooks["level"] == "warning"
    assert "/nowhere/memcli" in str(hooks["message"])
    assert hooks["command"] == "memcli hook install --harness claude --scope user"


def test_a_socket_of_a_process_that_is_gone_is_removed(memcli: MemCLI, tmp_path: Path) -> None:
    """One that somebody listens at stays."""
    folder = tmp_path / f"memcli-{os.getuid()}"
    folder.mkdir(mode=0o700)
    heard, stale = folder / "b.sock", folder / "a.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(stale))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(heard))
        listening.listen()
        assert by_check(memcli)["warm"]["level"] == "note"
        memcli("doctor", "--fix")
        assert sorted(folder.iterdir()) == [heard]


def test_completions_of_another_memcli_are_renewed(memcli: MemCLI, tmp_path: Path) -> None:
    """And the shell's start-up file stays as it is."""
    assert by_check(memcli)["completions"]["command"] == "memcli completions install bash"
    script = tmp_path / "nobody" / ".bash_completions" / "memcli.sh"
    script.parent.mkdir()
    script.write_text("of old")
    assert by_check(memcli)["completions"]["level"] == "note"
    memcli("doctor", "--fix")
    assert by_check(memcli)["completions"]["level"] == "ok"
    assert "memcli" in script.read_text()


def test_what_killed_processes_have_left_is_removed(memcli: MemCLI, home: Path) -> None:
    """Unfinished backups go; stores that were kept on purpose stay."""
    memcli("store", "x")
    for name in (".backup", ".restore", "db.before-restore-20260101T000000Z"):
        shutil.copytree(home / "db", home / name)
    assert "2 unfinished backups" in str(by_check(memcli)["tidiness"]["message"])
    memcli("doctor", "--fix")
    assert by_check(memcli)["tidiness"]["level"] == "ok"
    assert {path.name for path in home.iterdir() if path.is_dir()} == {
        "db",
        "db.before-restore-20260101T000000Z",
    }

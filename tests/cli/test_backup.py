"""`memcli backup` and `memcli restore-backup`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence, texts
from tests.services.keepsakes import everything


@pytest.fixture
def stored(memcli: MemCLI) -> MemCLI:
    """A command line with two memories."""
    memcli("store", "amber tree")
    memcli("store", "secret garden")
    return memcli


def test_a_backup_from_its_making_to_its_return(stored: MemCLI, home: Path, tmp_path: Path) -> None:
    """backup, --verify, restore-backup into another home, and over what is there."""
    file = str(tmp_path / "one.tar.zst")
    made = stored("backup", file).json
    assert (made["file"], made["memories"], made["tables"]["memories_1"]) == (file, 2, 2)
    assert made["size"] == Path(file).stat().st_size
    checked = stored("backup", "--verify", file).json
    assert {k: v for k, v in checked.items() if k != "made_at"} == {
        k: v for k, v in made.items() if k != "made_at"
    }
    other = str(tmp_path / "other")
    back = stored("--home", other, "restore-backup", file).json
    assert (back["memories"], back["kept"], back["store"]) == (2, None, str(tmp_path / "other" / "db"))
    assert everything(Path(other, "db")) == everything(home / "db")
    stored("store", "a third")
    refused = stored("restore-backup", file, code=2)
    assert is_one_sentence(refused.err)
    assert len(texts(stored)) == 3
    kept = stored("restore-backup", file, "--yes")
    assert texts(stored) == ["amber tree", "secret garden"]
    assert len(everything(Path(kept.json["kept"]))["memories_1"]) == 3


@pytest.mark.here_only  # in a process of its own either way
def test_a_file_is_written_over_only_when_asked(stored: MemCLI, tmp_path: Path) -> None:
    """It could be the last good one."""
    file = tmp_path / "one.tar.zst"
    file.write_text("precious")
    assert is_one_sentence(stored("backup", str(file), code=2).err)
    assert file.read_text() == "precious"
    stored("backup", str(file), "--yes")
    assert stored("backup", "--verify", str(file), "-f", "plain").out.startswith(f"{file}\t2\t")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["backup", "absent/one.tar.zst"], 3),
        (["backup", "."], 2),
        (["backup", "--verify", "absent"], 3),
        (["backup", "--verify", "."], 2),
        (["restore-backup", "absent", "--yes"], 3),
        (["backup"], 2),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(stored: MemCLI, arguments: list[str], code: int) -> None:
    """With the exit code that is documented."""
    ran = stored(*arguments, code=code)
    assert ran.out == ""
    assert is_one_sentence(ran.err)


def test_a_foreign_file_is_refused(stored: MemCLI, tmp_path: Path) -> None:
    """From a file as from a pipe: exit code 6, and nothing is changed."""
    file = tmp_path / "letter.txt"
    file.write_text("dear all")
    for ran in (
        stored("backup", "--verify", str(file), code=6),
        stored("restore-backup", str(file), "--yes", code=6),
        stored("restore-backup", "-", "--yes", stdin="dear all", code=6),
    ):
        assert is_one_sentence(ran.err)
    assert len(texts(stored)) == 2


@pytest.mark.here_only  # in a process of its own either way
def test_an_empty_home_has_nothing_to_save(memcli: MemCLI, tmp_path: Path, home: Path) -> None:
    """And looking for it makes nothing."""
    assert is_one_sentence(memcli("backup", str(tmp_path / "one.tar.zst"), code=3).err)
    assert not (tmp_path / "one.tar.zst").exists()
    assert not home.exists()


@pytest.mark.here_only  # in a process of its own either way
def test_a_backup_goes_through_pipes(stored: MemCLI, tmp_path: Path, home: Path) -> None:
    """Out of one process and into another; what people read goes to standard error."""
    command = [sys.executable, "-m", "memcli"]
    sent = subprocess.run([*command, "backup", "-"], capture_output=True, check=True, timeout=60)
    assert b"2 memories in the backup" in sent.stderr
    other = {**os.environ, "MEMCLI_HOME": str(tmp_path / "other")}
    subprocess.run(
        [*command, "restore-backup", "-"],
        input=sent.stdout,
        env=other,
        check=True,
        timeout=60,
        capture_output=True,
    )
    assert everything(tmp_path / "other" / "db") == everything(home / "db")


@pytest.mark.here_only  # in a process of its own either way
def test_people_see_what_is_in_it(stored: MemCLI, tmp_path: Path) -> None:
    """In words, within 80 columns."""
    shown = stored("backup", str(tmp_path / "one.tar.zst"), "-f", "table").out
    assert "2 memories" in shown
    assert "word-hash" in shown

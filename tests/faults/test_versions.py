"""Two memclis on one store: another version, one of a newer format, and both at once."""

import time
from pathlib import Path

from memcli.services import remember
from memcli.storage import database
from tests.cli.conftest import is_one_sentence
from tests.faults import acting, commands
from tests.faults.acting import SCOPE, engine_at
from tests.faults.commands import Fault, command
from tests.faults.killing import FORKED
from tests.faults.promises import Promised, everything


def test_another_version_with_the_same_format_shares_the_store(tmp_path: Path) -> None:
    """Each reads what the other one has written."""
    home, other = tmp_path / "home", Fault(commands.other_version, ("9.9.9", 0))
    for number in range(2):
        assert command(home, "store", f"of this one {number}").code == 0
        assert command(home, "store", f"of the other one {number}", fault=other).code == 0
    assert len(command(home, "list").json) == len(command(home, "list", fault=other).json) == 4


def test_a_store_of_a_newer_memcli_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Exit code 6, and what to do; the newer one goes on."""
    home, newer = tmp_path / "home", Fault(commands.other_version, ("9.9.9", 1))
    remember.store(engine_at(home), "amber tree", scope=SCOPE)
    assert command(home, "store", "birch tree", fault=newer).code == 0
    for arguments in (["list"], ["store", "x"], ["optimize"], ["search", "amber"]):
        ran = command(home, *arguments)
        assert ran.code == 6
        assert "newer memcli" in ran.err
        assert is_one_sentence(ran.err)
    assert len(command(home, "list", fault=newer).json) == 2
    assert list((home / "backups").glob(f"before-format-{database.FORMAT + 1}*"))


def test_a_writer_that_the_store_has_outgrown_meanwhile_stops(tmp_path: Path) -> None:
    """What it was promised until then is there; nothing is written in a format that is no more."""
    home, notes = tmp_path / "home", tmp_path / "notes"
    writer = FORKED.Process(target=acting.act, args=("store", home, notes, 1))
    writer.start()
    while not notes.exists() or notes.read_text().count("done") < 3:
        time.sleep(0.01)
    newer = Fault(commands.other_version, ("9.9.9", 1))
    assert command(home, "list", fault=newer).code == 0
    writer.join(30)
    assert writer.exitcode == 1
    promised = Promised()
    promised.read(notes)
    database.FORMAT += 1
    try:
        assert everything(engine_at(home)).keys() == promised.now.keys()
    finally:
        database.FORMAT -= 1

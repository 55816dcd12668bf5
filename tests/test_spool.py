"""What hooks leave to be done later."""

import os
import time
from pathlib import Path

import pytest

from memcli import spool


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A directory that is not there yet."""
    return str(tmp_path / "a" / "hooks")


def test_what_was_put_is_read_in_order(folder: str) -> None:
    """Letter by letter, by nobody else, until it is done."""
    for said in (b"one\n\xff\0", b"", b"x" * 5_000_000):
        spool.put(folder, {"cwd": "/\udcff", "n": 1}, said)
    found = spool.waiting(folder)
    assert [spool.read(path) for path in found] == [
        ({"cwd": "/\udcff", "n": 1}, said) for said in (b"one\n\xff\0", b"", b"x" * 5_000_000)
    ]
    assert {Path(path).stat().st_mode & 0o777 for path in found} == {0o600}
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    spool.done(found[0])
    spool.done(found[0])
    assert spool.waiting(folder) == found[1:]


@pytest.mark.parametrize("text", [b"", b"\n", b"{", b"[1]\n", b"__import__('os')\n", b"(" * 9999, b"\xff\n"])
def test_what_was_not_put_is_not_read(folder: str, text: bytes) -> None:
    """And nothing in it is run."""
    path = Path(spool.made(folder), "x")
    path.write_bytes(text)
    with pytest.raises(ValueError, match=r".*"):
        spool.read(str(path))


def test_what_is_not_whole_is_not_waiting(folder: str) -> None:
    """A hook that was killed while it wrote has not put anything."""
    Path(spool.made(folder), "0001-1").write_bytes(b"{'cwd'")
    assert spool.waiting(folder) == []
    assert spool.waiting("/nowhere") == []


def test_old_things_are_taken_away(folder: str) -> None:
    """What hooks that were killed have left, and what sessions were given."""
    old = time.time() - spool.STALE_S - 1
    Path(spool.made(folder), "sessions").mkdir()
    for name in ("0001-1", "sessions/x", "2.failed"):
        Path(folder, name).write_text("")
        os.utime(Path(folder, name), (old, old))
    Path(folder, "sessions", "y").write_text("")
    spool.prune(folder)
    assert [path.name for path in Path(folder).iterdir()] == ["sessions"]
    assert [path.name for path in Path(folder, "sessions").iterdir()] == ["y"]


def test_a_flush_is_due_once_in_a_while(folder: str) -> None:
    """Whoever asks first begins it."""
    assert spool.is_due(folder)
    assert not spool.is_due(folder)
    past = time.time() - spool.DUE_S - 1
    os.utime(Path(folder, spool.STAMP), (past, past))
    assert spool.is_due(folder)
    future = time.time() + 9_999  # the clock was wrong
    os.utime(Path(folder, spool.STAMP), (future, future))
    assert spool.is_due(folder)


def test_the_log_stays_small(folder: str) -> None:
    """One line each, whatever is said; what was there before is kept once."""
    for number in range(400):
        spool.log(folder, f"{number}\n\ud800 " + "x" * 2000)
    sizes = {path.name: path.stat().st_size for path in Path(folder).iterdir()}
    assert sizes.keys() == {spool.LOG, f"{spool.LOG}.1"}
    assert max(sizes.values()) < spool.LOG_MOST + 2000
    assert spool.logged(folder, 2)[1].split(" ")[1] == "399"
    assert len(spool.logged(folder, 10)) == 10


def test_a_log_that_can_not_be_written_stops_nobody(tmp_path: Path) -> None:
    """A file is where its directory would be."""
    (tmp_path / "x").write_text("")
    spool.log(str(tmp_path / "x" / "y"), "hello")
    assert spool.logged(str(tmp_path / "x" / "y"), 5) == []


@pytest.mark.parametrize(
    ("home", "environ", "expected"),
    [
        ("/srv/m", {}, "/srv/m/hooks"),
        ("", {"XDG_STATE_HOME": "/srv/state"}, "/srv/state/memcli/hooks"),
    ],
)
def test_where_it_is(home: str, environ: dict[str, str], expected: str) -> None:
    """In the home that is named, or where the system keeps what programs remember."""
    assert spool.directory(home, environ) == expected

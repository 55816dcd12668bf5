"""`memcli tee`: in this process, through a warm one, and as a process in a pipe."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import MemCLI, Starts, texts
from tests.warm.running import PATIENCE_S

TAGGED = b"Hello [REMEMBER: The cat is called Miso]\n```\n[REMEMBER: not this]\n```\nbye [REMEMBER: a\nb]"


def test_its_tags_are_stored(memcli: MemCLI) -> None:
    """Those that count, with what is said of them; it is told on standard error."""
    ran = memcli("tee", "--tag", "t", "--importance", "0.9", "--conversation", "c1", stdin=TAGGED)
    assert texts(memcli) == ["The cat is called Miso", "a b"]
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["remembered", "remembered"]
    memory = memcli("list").json[0]
    assert (memory["source"], memory["tags"], memory["importance"]) == ("tee", ["t"], 0.9)
    assert memory["metadata"] == {"conversation": "c1"}
    assert "known already: The cat" in memcli("tee", stdin=TAGGED).err
    memcli("undo")
    assert texts(memcli) == []


def test_many_tags_are_told_in_short(memcli: MemCLI) -> None:
    """The first twenty, and how many there were."""
    ran = memcli("tee", stdin="".join(f"[REMEMBER: fact {n}]\n" for n in range(250)))
    assert len(ran.err.splitlines()) == 21
    assert "250 tags in all: 250 remembered" in ran.err
    assert len(texts(memcli, "--limit", "0")) == 250


@pytest.mark.parametrize(
    ("options", "code"), [(["--agent", "nobody"], 3), (["--space", "../x"], 2), (["--team", "none"], 3)]
)
def test_a_failure_to_store_never_breaks_the_stream(memcli: MemCLI, options: list[str], code: int) -> None:
    """The exit code says so, and what was not stored is told."""
    ran = memcli("tee", *options, stdin=TAGGED, code=code)
    assert ran.out.encode() == TAGGED
    assert "not stored: The cat is called Miso" in ran.err
    assert memcli("tee", *options, stdin="no tags").out == "no tags"


def test_settings_that_can_not_be_read_do_not_break_it(memcli: MemCLI, home: Path) -> None:
    """Nor do they without a tag to store."""
    home.mkdir(parents=True)
    (home / "config.toml").write_text("no = toml =")
    assert memcli("tee", stdin=TAGGED, code=5).out.encode() == TAGGED


# --- as a process ---


def ended(process: "subprocess.Popen[bytes]") -> tuple[str, int]:
    """What it said on standard error, and its exit code."""
    assert process.stderr
    said = process.stderr.read().decode()
    return said, process.wait(PATIENCE_S)


STREAMS = {
    "empty": b"",
    "line feed": b"\n",
    "no line feed at the end": TAGGED,
    "bytes": b"\0\xff\xfe\r\n" + bytes(range(256)) * 999,
    "one long line": b"x" * 300_000,
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_passes_through_unchanged(starts: Starts, name: str) -> None:
    """Whatever it is made of, with or without a last line feed."""
    out, err = starts("tee").communicate(STREAMS[name], timeout=PATIENCE_S)
    assert out == STREAMS[name]
    assert (b"Miso" in err) == (b"Miso" in STREAMS[name])


def test_each_piece_passes_as_it_comes(starts: Starts, in_process: MemCLI) -> None:
    """Whole lines and parts of them: nothing waits for what comes next, nor for a tag to be stored."""
    process = starts("tee")
    assert process.stdin
    assert process.stdout
    for piece in (b"one\n", b"tw", b"o [REMEMBER: x y]", b"\n", b"three"):
        process.stdin.write(piece)
        assert process.stdout.read(len(piece)) == piece
    process.stdin.close()
    said, code = ended(process)
    assert ("remembered: x y" in said, code) == (True, 0)
    assert texts(in_process) == ["x y"]


def test_a_reader_that_leaves_does_not_lose_what_was_seen(starts: Starts, in_process: MemCLI) -> None:
    """As `head` does."""
    process = starts("tee")
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"[REMEMBER: x y]\n")
    assert process.stdout.read(4) == b"[REM"
    process.stdout.close()
    process.stdin.write(b"more\n")
    said, code = ended(process)
    assert ("remembered: x y" in said, code) == (True, 141)
    assert "Broken" not in said
    assert texts(in_process) == ["x y"]


def test_an_interrupt_does_not_lose_what_was_seen(starts: Starts, in_process: MemCLI) -> None:
    """It ends the stream; what was seen is stored."""
    process = starts("tee")
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"[REMEMBER: x y]\nmore\n")
    assert process.stdout.read(21) == b"[REMEMBER: x y]\nmore\n"
    process.send_signal(signal.SIGINT)
    said, code = ended(process)
    assert (code, "remembered: x y" in said) == (130, True), said
    assert texts(in_process) == ["x y"]

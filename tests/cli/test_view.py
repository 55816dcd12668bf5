"""`memcli view`: where the page goes, and what is said of it."""

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence, json_lines
from tests.conftest import Ran


@pytest.fixture
def three(memcli: MemCLI) -> MemCLI:
    """A store with three memories in two spaces."""
    memcli("import", "-", stdin=json_lines(*({"id": f"id{n}", "text": f"fact {n}"} for n in range(2))))
    memcli("store", "elsewhere", "--space", "work")
    return memcli


def test_without_a_name_it_is_kept_beside_the_store(three: MemCLI, home: Path) -> None:
    """The answer says where and how much is on it; the next one takes its place."""
    for options, memories in (([], 2), (["--all-spaces"], 3), (["--space", "none"], 0)):
        answer = three("view", *options).json
        assert (answer["file"], answer["memories"]) == (str(home / "view.html"), memories)
        assert answer["size"] == (home / "view.html").stat().st_size
    assert stat.S_IMODE((home / "view.html").stat().st_mode) == 0o600
    assert "view.html" in three("view", "--format", "table").out.replace("\n", "")


def test_it_goes_where_one_wants_it(three: MemCLI, tmp_path: Path) -> None:
    """To a file, over a page that is there, but not over anything else unasked; to standard output."""
    file = tmp_path / "page.html"
    for _ in range(2):
        assert three("view", "-o", str(file)).json["file"] == str(file)
    piped = three("view", "-o", "-").out
    assert piped.startswith("<!DOCTYPE html>\n")
    assert len(piped) == len(file.read_text())
    other = tmp_path / "mine.txt"
    other.write_text("mine")
    ran = three("view", "-o", str(other), code=2)
    assert is_one_sentence(ran.err)
    assert other.read_text() == "mine"
    three("view", "-o", str(other), "--yes")
    assert is_one_sentence(three("view", "-o", str(tmp_path), "--yes", code=2).err)
    assert is_one_sentence(three("view", "-o", str(tmp_path / "none" / "x"), code=3).err)


def test_what_is_not_on_it_is_said(three: MemCLI) -> None:
    """By the answer, on standard error, and on the page."""
    ran = three("view", "--limit", "1")
    assert (ran.json["memories"], ran.json["total"]) == (1, 2)
    assert "1 of 2 memories" in ran.err
    assert '"total":2' in three("view", "--limit", "1", "-o", "-").out


@pytest.mark.here_only  # a browser that is a function
@pytest.mark.parametrize(
    ("options", "is_terminal", "opens"),
    [([], True, True), ([], False, False), (["--open"], False, True), (["--no-open"], True, False)],
)
def test_it_is_opened_where_somebody_looks(
    three: MemCLI,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    is_terminal: bool,
    opens: bool,
) -> None:
    """On a terminal, or when asked to; where there is no screen, the place is said instead."""
    opened: list[str] = []

    def show(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", show)
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    monkeypatch.setenv("DISPLAY", ":0")
    ran: Ran = three("view", "--json", *options)
    assert opened == [Path(json.loads(ran.out)["file"]).as_uri()][: int(opens)]
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    ran = three("view", "--json", *options)
    assert len(opened) == int(opens)
    assert ("no browser" in ran.err) == opens

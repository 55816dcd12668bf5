"""Manual pages: one for each command and group, with all that its help says, as it is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from memcli.cli.app import SECTIONS, command
from memcli.cli.man import pages
from memcli.cli.schema import commands
from tests.cli.conftest import MemCLI, is_one_sentence


def words(roff: str) -> str:
    """What a page says, without what roff is told."""
    lines = (re.sub(r"^\.\w+ ?", "", line) for line in roff.splitlines())
    said = "\n".join(lines).replace(r"\-", "-").replace(r"\(dq", '"').replace(r"\&", "").replace(r"\e", "\\")
    return " ".join(re.sub(r"\\f[BP]", "", said).split())


def test_there_is_a_page_for_everything(memcli: MemCLI, tmp_path: Path) -> None:
    """For the root, for groups and for their commands; all of them are written where one says."""
    names = {name for name, _ in pages(command())}
    groups = {name.rpartition(" ")[0] for name in commands(command()) if " " in name}
    assert names == {"memcli"} | {f"memcli {name}" for name in {*commands(command()), *groups}}
    ran = memcli("man", "--write", str(tmp_path / "man1"))
    assert ran.out == ""
    written = {path.stem: path.read_text() for path in (tmp_path / "man1").iterdir()}
    assert written.keys() == {name.replace(" ", "-") for name in names}
    assert written["memcli-store"] == memcli("man", "store").out
    assert written["memcli-graph-connect"] == memcli("man", "graph", "connect").out
    assert written["memcli"] == memcli("man").out


def test_a_page_says_what_the_help_says(memcli: MemCLI) -> None:
    """Every option with its words; the first page has the sections and the exit codes."""
    for name in ("store", "graph connect", "graph", "search", "mcp"):
        page = words(memcli("man", *name.split()).out)
        help_ = memcli(*name.split(), "--help").out
        flags = {word.strip(".,;:)") for word in help_.split() if word.startswith("--") and len(word) > 2}
        assert all(flag in page for flag in flags), name
        first = " ".join(help_.split("\n\n")[1].split())
        assert first in page
    root = words(memcli("man").out)
    assert all(title in root for title in SECTIONS)
    assert all(f"memcli-{name.split()[0]}(1)" in root for name in commands(command()))
    assert "130 Interrupted." in root


def test_help_is_as_it_was_after_pages_were_made(memcli: MemCLI) -> None:
    """A process that has made pages, or schemas, runs other commands, too."""
    memcli("man")
    memcli("schema", "--all")
    assert memcli("search", "-h").out == memcli("search", "--help").out
    assert "-h, --help" in memcli("man", "search").out.replace(r"\-", "-")


def test_a_page_that_is_not_there_is_refused(memcli: MemCLI, tmp_path: Path) -> None:
    """And so is a place that can't be written to."""
    ran = memcli("man", "stor", code=3)
    assert is_one_sentence(ran.err)
    assert "'store'" in ran.err
    (tmp_path / "file").touch()
    assert is_one_sentence(memcli("man", "--write", str(tmp_path / "file" / "man1"), code=1).err)


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff to show them")
def test_roff_has_nothing_to_complain_of() -> None:
    """Of any page, and shows flags and quotes as they are typed."""
    whole = "\n".join(page for _, page in pages(command()))
    line = ["groff", "-man", "-Tascii", "-P-c", "-ww", "-Wbreak"]
    ran = subprocess.run(line, input=whole, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    shown = re.sub("(.)\b(.)", r"\2", ran.stdout)
    assert "--with-global / --no-with-global" in shown
    assert 'memcli context "set up a new API project" | llm "..."' in shown

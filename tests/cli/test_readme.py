"""What the README shows of sessions is what the program says today, with the bundled model."""

import itertools
import re
import shlex
import string
import sys
from pathlib import Path

import pytest

from memcli.cli.app import command
from memcli.cli.boundary import run
from memcli.cli.schema import commands
from memcli.services import engine

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

SESSIONS = [
    block
    for block in re.findall(r"^```console\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    if "memcli ask" not in block  # what it shows is an LLM's; see test_ask.py
]

GRAPH = """
{"id": "3ae6pz7stc", "text": "Works at Stripe on payment systems"}
{"id": "x7k2m1c9qd", "text": "Building a payment reconciliation service"}
{"id": "b04tqnv8re", "text": "Needs idempotency in payment retries"}
"""
"""What is there already where the README shows edges."""

A_NAME = re.compile(r"\b(?=[a-z0-9]*\d)[a-z0-9]{10}\b")
A_MARK = re.compile(r"\[memcli [a-z0-9]{8}:")
A_DATE = re.compile(r"\b\d{4}-\d\d-\d\d( \d\d:\d\d)?\b")


def told(text: str, names: dict[str, str]) -> list[str]:
    """The lines of *text* without what differs from day to day; ids are numbered as they come up."""
    text = A_MARK.sub("[memcli <mark>:", text)
    text = A_NAME.sub(lambda found: names.setdefault(found[0], f"<{len(names)}>"), text)
    return [line.rstrip() for line in A_DATE.sub("<date>", text).strip().splitlines()]


def steps(session: str) -> list[tuple[str, str]]:
    """The command lines of *session*, each with what the README shows of it."""
    found = re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]
    return [(line, shown) for line, _, shown in (step.partition("\n") for step in found)]


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session.splitlines()[0][2:40])
def test_sessions_go_as_shown(
    session: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Line by line; where nothing is shown of a command, whatever it says is fine."""
    monkeypatch.setenv("MEMCLI_FORMAT", "table")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stderr", sys.stdout)  # in the order that a terminal shows
    monkeypatch.delenv("MEMCLI_CONFLICTS_CHECK")
    monkeypatch.setattr(engine, "ID_LETTERS", string.digits)  # one in fifty has none, and looks like a word
    (tmp_path / "graph.jsonl").write_text(GRAPH.strip())
    if "graph" in session:
        edge = ["graph", "connect", "x7k2", "b04t", "--type", "requires", "--weight", "0.5"]
        assert [run(["import", str(tmp_path / "graph.jsonl")]), run(edge)] == [0, 0]
    here: dict[str, str] = {}
    shown: dict[str, str] = {}
    for line, wanted in steps(session):
        capsys.readouterr()
        for part in line.split(" | ")[0].split(" && "):
            name, *arguments = (of_today(word, shown, here) for word in shlex.split(part))
            assert (name, run(arguments)) == ("memcli", 0)
        said = capsys.readouterr().out
        if wanted.strip():
            assert told(said, here) == told(wanted, shown), line


def of_today(word: str, shown: dict[str, str], here: dict[str, str]) -> str:
    """*word* of a command line, with the id that is meant by the beginning of one that the README shows."""
    meant = [number for name, number in shown.items() if len(word) >= 4 and name.startswith(word)]
    return next((name for name, number in here.items() if [number] == meant), word)


def test_there_are_sessions() -> None:
    """The first one is what the README begins with."""
    assert len(SESSIONS) >= 4
    assert README.index(SESSIONS[0]) < README.index("## Set up")


def shown_in_blocks() -> set[str]:
    """Each line of the README's blocks for a shell from the word `memcli` on, up to what the shell takes."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"(?:^    (?!\[).*\n)+", README, re.MULTILINE)
    lines = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    starts = r"(?:^|\| ?|&& |; |\$\(|xargs |while read \w+; do )memcli (.*)"
    return {found for line in lines for found in re.findall(starts, line)}


OF_ROOT = {"--home": 2, "--store": 2, "-q": 1}
"""Options that stand before the command, and how many words each is."""


def meant(line: str) -> list[str]:
    """The words of *line* that memcli is given."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words = list(itertools.takewhile(lambda word: not set(word) <= set("|&;<>()"), lexer))
    while words[0] in OF_ROOT:
        words = words[OF_ROOT[words[0]] :]
    return words


@pytest.mark.parametrize("line", sorted(shown_in_blocks()))
def test_commands_and_options_shown_are_there(line: str) -> None:
    """Whatever the README says to type, the program knows."""
    there, words = commands(command()), meant(line)
    name = next((name for name in (" ".join(words[:2]), words[0]) if name in there), None)
    assert name or words[0] in ("--help", "COMMAND"), line
    if name:
        known = {option for one in there[name].params for option in (*one.opts, *one.secondary_opts)}
        options = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert options <= known | {"--help", "-h"}


def test_every_command_is_in_the_table() -> None:
    """By its name, or that of its group."""
    table = "".join(re.findall(r"^\| `.*\|$", README, re.MULTILINE))
    there = {name.split()[0] for name in commands(command())}
    assert {name for name in there if not re.search(rf"`{name}[` ]", table)} == set()

"""What the README shows of sessions is what the program says today, with the bundled model."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from memcli.cli.boundary import run

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
    (tmp_path / "graph.jsonl").write_text(GRAPH.strip())
    if "graph" in session:
        edge = ["graph", "connect", "x7k2", "b04t", "--type", "requires", "--weight", "0.5"]
        assert [run(["import", str(tmp_path / "graph.jsonl")]), run(edge)] == [0, 0]
    here: dict[str, str] = {}
    shown: dict[str, str] = {}
    for line, wanted in steps(session):
        capsys.readouterr()
        for command in line.split(" | ")[0].split(" && "):
            name, *arguments = (of_today(word, shown, here) for word in shlex.split(command))
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

"""The command line, called with whatever comes to mind: it answers, or says in a sentence why not."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from pathlib import Path

import pytest

from memcli.cli.boundary import run
from memcli.services.engine import Engine
from tests.conftest import Ran, _Input
from tests.fuzz import rounds
from tests.fuzz.commands import Line, Lines
from tests.standin_llm import command
from tests.wordhash import WordHashEmbedder

CODES = frozenset({*range(9), 130})

LINES = 1_000 if rounds.LONG else 120
"""Command lines in one home."""

OTHERWISE = {"-h", "--help", "--version", "--as", "-"}
"""What asks for another form than JSON, or, by `backup -`, for a file's bytes."""

MACHINERY = re.compile(
    r"Traceback|this should not happen| object at 0x|<class '|NoneType|\bTypeError|\bValueError"
)
"""What only programmers should see."""


def ran(line: Line) -> Ran:
    """What the command line *line* wrote and how it ended."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    before, sys.stdin = sys.stdin, _Input(line.stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(line.arguments)
    finally:
        sys.stdin = before
    for stream in (out, err):
        stream.flush()
    said, told = (stream.buffer.getvalue().decode("utf-8", "surrogateescape") for stream in (out, err))
    return Ran(said, told, code)


def complaint(line: Line, seen: Ran) -> str:
    """What is wrong with what was *seen* of *line*; empty if nothing is."""
    if seen.code not in CODES:
        return f"the exit code {seen.code}"
    if found := MACHINERY.search(seen.err):
        return f"{found[0]!r} on standard error"
    told = [text for text in seen.err.splitlines() if text.startswith("memcli: ")]
    if seen.code and not seen.out and len(told) != 1:
        return f"{len(told)} sentences on standard error"
    if seen.code == 0 and told:
        return "a complaint without a failure"
    if line.wants_json and seen.code == 0 and not OTHERWISE & set(line.arguments):
        try:
            json.loads(seen.out)
        except ValueError:
            return "standard output is not JSON"
    return ""


@pytest.fixture
def lived_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: WordHashEmbedder) -> None:
    """A home and a directory with something in them."""
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: embedder)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "facts.jsonl").write_text('{"id": "i1", "text": "imported"}\n{"text": 1}\nnothing\n')
    (folder / "chat.json").write_text(json.dumps([{"role": "user", "content": "I like tea"}]))
    (folder / "notes.md").write_text("# Notes\n- one\n- two\n")
    (folder / "queries.txt").write_text("one\ntwo\n")
    (folder / "questions.jsonl").write_text('{"query": "Anna", "relevant": ["m1"]}\n')
    (folder / "bytes").write_bytes(bytes(range(256)))
    facts = [{"id": f"m{n}", "text": text} for n, text in enumerate(["Anna is 30", "port 80", "tea"], 1)]
    (folder / "first.jsonl").write_text("\n".join(map(json.dumps, facts)))
    for words in (
        ["import", "first.jsonl"],
        ["store", "Anna lives in Rome", "--space", "work", "--meta", "a=1", "--tag", "a"],
        ["store", "the port is 80", "--space", "home"],
        ["agents", "create", "bot"],
        ["teams", "create", "Ours", "--slug", "ours"],
        ["graph", "connect", "m1", "m2"],
        ["task", "start", "first"],
        ["task", "end"],
        ["value", "set", "k1", "1"],
        ["value", "set", "a.b", "[1]"],
        ["task", "start", "ship it"],
        ["conversation", "add", "user", "hello", "--conversation", "c1"],
        ["config", "set", "llm.command", json.dumps(command(say="Anna lives in Oslo."))],
        ["backup", "saved"],
    ):
        seen = ran(Line(words[0], tuple(words), b""))
        assert seen.code == 0, seen


@pytest.mark.parametrize("seed", range(rounds.SESSIONS))
def test_any_command_line_is_answered(seed: int, lived_in: None) -> None:
    """No traceback, a documented exit code, one sentence on standard error, nothing but JSON with --json."""
    described = json.loads(ran(Line("schema", ("schema", "--all"), None)).out)
    lines = Lines(described, seed)
    for _ in range(LINES):
        line = lines.one()
        seen = ran(line)
        wrong = complaint(line, seen)
        assert not wrong, f"{wrong}: {line} -> {seen}"

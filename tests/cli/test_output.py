"""What reaches the terminal: all of the text, nothing that steers, colours only where they are wanted."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import STEERING, Furnish, MemCLI, json_lines

NASTY = (
    "\x1b[31mred\x1b[0m \x9b2J \u202egnidaer\u202c [red]x[/red] [/] \x07\x08\r:smile: \x7f\u2066\u200f end"
)
"""Escape sequences, changes of direction, markup, a bell: what a text can hold to fool a reader."""

FORMATS = ["table", "json", "jsonl", "plain"]


def joined(text: str) -> str:
    """*text* without white space and control sequences: as if lines had never been wrapped."""
    return re.sub(r"\s+", "", re.sub(r"\x1b\[[0-9;]*m", "", text))


@pytest.fixture
def nasty(memcli: MemCLI, furnish: Furnish) -> MemCLI:
    """A command line with a memory whose every text is nasty, as far as it may be."""
    own = "[red]x[/red] \u202egnidaer\u202c\u2066[/]"
    line = {
        "id": "[red]id[/red]\u202e",
        "text": NASTY,
        "title": own,
        "tags": [own, "[b]"],
        "source": own,
        "speaker": own,
        "conversation": own,
        "position": 1,
        "user": "me",
        "metadata": {NASTY: NASTY},
    }

    def make() -> None:
        memcli("import", "-", stdin=json_lines(line))
        memcli("spaces", "create", "described", "--description", own)

    furnish("nasty", make)
    return memcli


COMMANDS = [
    ["list"],
    ["get", "[red]"],
    ["search", "red", "--explain"],
    ["context", "red", "--min-score", "0"],
    ["context", "red", "--min-score", "0", "--style", "xml"],
    ["context", "red", "--min-score", "0", "--style", "plain"],
    ["export"],
    ["spaces", "list"],
    ["spaces", "show", "described"],
    ["update", "[red]", "--importance", "0.6"],
    ["forget", "[red]"],
    ["store", NASTY],
    ["search", "--batch", "/dev/null"],
    ["conversation", "show"],
    ["conversation", "list"],
    ["conversation", "messages", "--for", "anthropic"],
    ["conversation", "summarize"],
    ["conversation", "search", "red"],
    ["conversation", "export"],
    ["conversation", "clear"],
]


@pytest.mark.warm_sample(by=["command"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command)[:30].strip("\x1b"))
def test_nothing_that_steers_a_terminal_gets_through(nasty: MemCLI, command: list[str], form: str) -> None:
    """In no format of no command; neither on standard output nor on standard error."""
    ran = nasty(*command, "--format", form)
    assert not set(STEERING) & set(ran.out + ran.err)


def test_nothing_that_steers_gets_through_in_messages(nasty: MemCLI) -> None:
    """What is wrong is named, and may be anything."""
    for command in (
        ["get", NASTY.replace(" ", "")],
        ["spaces", "show", NASTY],
        ["list", "--where", NASTY],
        ["list", "--since", NASTY],
        ["config", "get", NASTY],
        ["import", f"/no/{NASTY}"],
        ["eval", f"/no/{NASTY}"],
        ["eval", "/dev/null", "--at", NASTY],
        ["search", "x", f"--{NASTY}"],
        [NASTY],
    ):
        from memcli.cli.boundary import run

        assert run(command) in (2, 3)
    ran = nasty("import", "-", stdin=json.dumps({"text": "x", "id": NASTY}), code=1)
    assert not set(STEERING) & set(ran.err)


def test_markup_in_texts_is_text(nasty: MemCLI) -> None:
    """It is shown as it was written."""
    for form in FORMATS:
        for command in (["list"], ["search", "red"], ["get", "[red]"]):
            assert "[red]x[/red]" in nasty(*command, "-f", form).out.replace("\n", " ")
    table = nasty("get", "[red]", "-f", "table").out
    assert ":smile:" in table
    assert "#[b]" in table


def test_json_says_exactly_what_was_stored(nasty: MemCLI) -> None:
    """Escaped, not replaced."""
    assert nasty("get", "[red]", "--json").json["text"] == NASTY
    assert nasty("export").lines[0]["metadata"] == {NASTY: NASTY}


WORDS = "The quick brown fox jumps over the lazy dog and " * 12
LONG: list[str] = [
    WORDS,
    "x" * 1000,
    "быстрая лиса " * 40,
    "敏捷的棕色狐狸跳过了懒狗" * 30,
    "first\n\n    indented\n\ttabbed\n" * 5 + "last",
    "👩‍👩‍👧‍👦🇩🇪" * 60,
]


@pytest.mark.warm_sample(by=["columns"])
@pytest.mark.parametrize("columns", ["80", "40"])
@pytest.mark.parametrize("text", LONG, ids=["words", "one word", "cyrillic", "chinese", "lines", "emoji"])
def test_tables_show_the_whole_text_at_every_width(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch, text: str, columns: str
) -> None:
    """Wrapped, never cut."""
    monkeypatch.setenv("COLUMNS", columns)
    line = {"id": "i" * 60, "text": text, "source": "s" * 300, "tags": ["t" * 90, "u" * 90]}
    memcli("import", "-", stdin=json_lines(line))
    for command in (["list"], ["search", text[:200]], ["get", "i"]):
        out = memcli(*command, "-f", "table").out
        for said in (text, line["id"], line["source"], *line["tags"]):
            assert joined(str(said)) in joined(out), command
        if text.isascii():
            assert max(map(len, out.splitlines())) <= int(columns)


def test_what_is_not_about_memories_is_not_cut_either(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spaces with long names and descriptions."""
    monkeypatch.setenv("COLUMNS", "80")
    name, description = "n" * 100, "all that was said about it " * 20
    memcli("spaces", "create", name, "--description", description)
    out = memcli("spaces", "list", "-f", "table").out
    assert max(map(len, out.splitlines())) <= 80
    letters = sorted(joined(out))
    for wanted in set(joined(name + description)):
        assert letters.count(wanted) >= joined(name + description).count(wanted)


@pytest.mark.parametrize(
    ("variables", "colored"),
    [
        ({}, False),
        ({"NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
    ids=["pipe", "no", "force", "both"],
)
def test_colours_are_for_those_who_want_them(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colored: bool
) -> None:
    """In tables and in messages."""
    memcli("store", "x")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TERM", "xterm-256color")
    has_color = re.compile(r"\x1b\[[0-9;]*3[0-9]")
    assert bool(has_color.search(memcli("list", "-f", "table").out)) is colored
    assert bool(has_color.search(memcli("get", "zzzz", code=3).err)) is colored


@pytest.mark.here_only  # terminals that are none
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_terminal_gets_a_table_and_colours(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    """Each stream by itself; a dumb terminal gets no colours."""
    import sys

    memcli("store", "x y z")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda self: self is getattr(sys, stream))
    out, err = memcli("list").out, memcli("get", "zzzz", code=3).err
    assert ("\x1b[" in out, "\x1b[" in err) == (stream == "stdout", stream == "stderr")
    assert out.startswith("[") is (stream == "stderr")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in memcli("list").out + memcli("get", "zzzz", code=3).err


def test_messages_are_never_on_standard_output(memcli: MemCLI) -> None:
    """And --quiet silences notes, not errors."""
    memcli("store", "-", "--lines", stdin="".join(f"t{i}\n" for i in range(51)))
    ran = memcli("list")
    assert len(ran.json) == 50
    assert ran.err.strip() == "1 to 50 of 51; --limit 0 shows all"
    assert memcli("-q", "list").err == ""
    assert memcli("-q", "get", "zzzz", code=3).err != ""


def answers(memcli: MemCLI, tmp_path: Path) -> dict[str, list[str]]:
    """A call of every command that gives an answer."""
    memcli("import", "-", stdin=json_lines({"text": "one two", "id": "a"}, {"text": "three", "id": "b"}))
    memcli("forget", "b")
    file = tmp_path / "more.jsonl"
    file.write_text(json_lines({"text": "four"}))
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json_lines({"query": "one", "relevant": ["a"]}))
    return {
        "store": ["store", "five"],
        "search": ["search", "one"],
        "context": ["context", "one two", "--min-score", "0"],
        "get": ["get", "a"],
        "list": ["list"],
        "update": ["update", "a", "--title", "t"],
        "restore": ["restore", "b"],
        "forget": ["forget", "b"],
        "purge": ["purge", "--yes"],
        "create": ["spaces", "create", "s"],
        "spaces": ["spaces", "list"],
        "show": ["spaces", "show", "default"],
        "import": ["import", str(file)],
        "export": ["export"],
        "config show": ["config", "show"],
        "config get": ["config", "get", "space"],
        "model show": ["model", "show"],
        "eval": ["eval", str(questions)],
        "optimize": ["optimize"],
    }


@pytest.mark.parametrize("form", FORMATS)
def test_every_command_answers_in_every_format(memcli: MemCLI, tmp_path: Path, form: str) -> None:
    """JSON that can be read, lines where lines are promised, something for people."""
    for name, command in answers(memcli, tmp_path).items():
        out = memcli(*command, "--format", form).out
        assert out.endswith("\n"), name
        if form == "json":
            json.loads(out)
        elif form == "jsonl":
            parsed: list[Any] = [json.loads(line) for line in out.splitlines()]
            assert all(isinstance(one, dict) for one in parsed), name
        else:
            assert out.strip(), name


CONTRACT = {
    "store": {"action", "id", "replaced_id", "similarity", "space"},
    "search": {
        "id",
        "text",
        "score",
        "similarity",
        "decay",
        "importance",
        "space",
        "tags",
        "metadata",
        "created_at",
    },
    "context": {"context", "tokens", "memories"},
    "get": {"id", "text", "importance", "space", "tags", "metadata", "created_at"},
    "list": {"id", "text", "importance", "space", "tags", "metadata", "created_at"},
    "update": {"id", "text"},
    "forget": {"id", "text"},
    "restore": {"id", "text"},
    "purge": {"id", "text"},
    "spaces": {"name", "memories"},
    "import": {"stored", "duplicate", "failed"},
    "config get": {"key", "value", "default", "origin"},
    "model show": {"name", "dimension", "licence", "state"},
    "eval": {"mode", "questions", "recall", "mrr", "ndcg", "latency_ms"},
    "optimize": {"files_before", "files_after", "bytes_before", "bytes_after"},
}


def test_json_answers_have_the_keys_of_the_contract(memcli: MemCLI, tmp_path: Path) -> None:
    """Scripts go by them."""
    for name, command in answers(memcli, tmp_path).items():
        answer = memcli(*command, "--json").json
        one = answer[0] if isinstance(answer, list) else answer
        assert CONTRACT.get(name, set()) <= set(one), name

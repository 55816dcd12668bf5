"""`memcli extract` and `memcli config llm`."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import standin_llm
from tests.cli.conftest import MemCLI, is_one_sentence, texts

TAGGED = "Sure. [REMEMBER: User prefers Celsius]\n```\n[REMEMBER: not this]\n```\n"
TALK = '[{"role": "user", "content": "I moved to Graz"}, {"role": "assistant", "content": "Nice"}]'


def use(memcli: MemCLI, **script: Any) -> None:
    """Let a stand-in that does as *script* says be the LLM command."""
    memcli("config", "set", "llm.command", json.dumps(standin_llm.command(**script)))


def test_a_dry_run_shows_and_stores_nothing(memcli: MemCLI) -> None:
    """An importance that the text does not say is null."""
    ran = memcli("extract", "-", "--from", "tags", "--dry-run", stdin=TAGGED)
    assert ran.json == [{"text": "User prefers Celsius", "importance": None}]
    lines = memcli("extract", "-", "--from", "facts", "--dry-run", stdin="- a b | 0.8\nc | 1.7\n")
    assert lines.json == [{"text": "a b", "importance": 0.8}, {"text": "c", "importance": 1.0}]
    plain = memcli("extract", "-", "--from", "facts", "--dry-run", "-f", "plain", stdin="a b | 0.8")
    assert plain.out == "0.8\ta b\n"
    assert texts(memcli) == []


def test_facts_are_stored_from_a_file(memcli: MemCLI, tmp_path: Path) -> None:
    """Each answer says what happened; source, tags and conversation are kept."""
    file = tmp_path / "reply.md"
    file.write_text(TAGGED + "[REMEMBER: user prefers  Celsius]")
    options = ("--tag", "t", "--conversation", "c1", "--importance", "0.9")
    first, second = memcli("extract", str(file), "--from", "tags", *options).json
    assert (first["text"], first["importance"], first["action"]) == ("User prefers Celsius", 0.9, "stored")
    assert (second["action"], second["id"], first["replaced_id"]) == ("duplicate", first["id"], None)
    memory = memcli("get", first["id"]).json
    assert (memory["source"], memory["tags"]) == ("extract", ["t"])
    assert (memory["metadata"], memory["conversation"]) == ({"conversation": "c1"}, "")
    table = memcli("extract", str(file), "--from", "tags", "-f", "table").out
    assert "duplicate" in table


def test_what_gives_way_is_told(memcli: MemCLI, checked: None) -> None:
    """Every fact goes through the usual decision."""
    memcli("extract", "-", "--from", "facts", stdin="The office is on floor 3 | 0.6")
    ran = memcli("extract", "-", "--from", "facts", stdin="The office is on floor 4 | 0.6")
    assert ran.json[0]["action"] == "replaced"
    assert "memcli undo takes it back" in ran.err


def test_what_the_user_has_said_stays(memcli: MemCLI, checked: None) -> None:
    """What is extracted is an agent's; both stay, and the user is told."""
    mine = memcli("store", "The office is on floor 3").json["id"]
    ran = memcli("extract", "-", "--from", "facts", stdin="The office is on floor 4 | 0.6")
    assert (ran.json[0]["action"], ran.json[0]["contradicts_id"]) == ("stored", mine)
    assert mine in ran.err


def test_an_llm_reads_messages(memcli: MemCLI) -> None:
    """What it finds is stored, with the turn that says so."""
    use(memcli, say='[{"fact": "User lives in Graz", "importance": 0.7, "turn": 0}]')
    (fact,) = memcli("extract", "-", "--from", "messages", stdin=TALK).json
    assert (fact["text"], fact["turn"], fact["action"]) == ("User lives in Graz", 0, "stored")
    assert memcli("get", fact["id"]).json["metadata"] == {"turn": 0}


def test_without_an_llm_it_says_so(memcli: MemCLI) -> None:
    """On standard error; what was said explicitly is taken."""
    ran = memcli("extract", "-", "--from", "messages", "--dry-run", stdin="User: my name is Ann.\nAI: hi")
    assert ran.json == [{"text": "My name is Ann", "importance": None, "turn": 0}]
    assert "no LLM command" in ran.err


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"say": "no idea"}, "makes no sense: 'no idea'"),
        ({"code": 3, "words": "\x1b[31mno key\n"}, "ended with 3"),
        ({"floods": True}, "more than 4 MB"),
        ({"say": "[", "hangs": "pids"}, "has not answered in 1 s"),
    ],
)
def test_an_llm_that_fails_ends_with_8(
    memcli: MemCLI, tmp_path: Path, script: dict[str, Any], said: str
) -> None:
    """In a sentence; nothing of what it says steers a terminal."""
    if "hangs" in script:
        script = {**script, "hangs": str(tmp_path / "pids")}
        memcli("config", "set", "llm.timeout_s", "1")
    use(memcli, **script)
    ran = memcli("extract", "-", "--from", "messages", stdin=TALK, code=8)
    assert ran.out == ""
    assert said in ran.err
    assert "\x1b" not in ran.err
    assert is_one_sentence(ran.err)


def test_an_llm_command_that_is_missing_ends_with_8(memcli: MemCLI) -> None:
    """And says how to set one."""
    memcli("config", "set", "llm.command", '["no-such-llm"]')
    ran = memcli("extract", "-", "--from", "messages", stdin=TALK, code=8)
    assert is_one_sentence(ran.err)
    assert "memcli config llm" in ran.err


@pytest.mark.parametrize(
    ("stdin", "how"),
    [
        (TALK[:-9], "messages"),
        (TALK.replace("assistant", "wizard"), "messages"),
        (b"[REMEMBER: caf\xe9]", "tags"),
        (TAGGED.encode("utf-16"), "tags"),
        (TAGGED, "thin air"),
    ],
    ids=["cut off", "wizard", "latin-1", "utf-16", "thin air"],
)
def test_bad_input_is_a_usage_error(memcli: MemCLI, stdin: str | bytes, how: str) -> None:
    """In a sentence, and nothing is stored."""
    ran = memcli("extract", "-", "--from", how, stdin=stdin, code=2)
    assert ran.out == ""
    assert is_one_sentence(ran.err)


def test_a_file_that_is_not_there_is_not_found(memcli: MemCLI) -> None:
    """As everywhere."""
    assert is_one_sentence(memcli("extract", "absent", "--from", "tags", code=3).err)


def test_what_can_not_be_stored_is_told_and_ends_with_1(memcli: MemCLI) -> None:
    """The others are stored."""
    ran = memcli("extract", "-", "--from", "tags", stdin="[REMEMBER: a\0b] [REMEMBER: c d]", code=1)
    assert [fact["action"] for fact in ran.json] == ["failed", "stored"]
    assert "not stored" in ran.err
    assert "NUL" in ran.err


def test_the_known_llm_programs_are_shown(memcli: MemCLI) -> None:
    """With the line that sets each, whole, so that it can be copied."""
    known = {one["program"]: one for one in memcli("config", "llm", "--json").json}
    assert known.keys() == {"llm", "claude", "codex", "gemini", "ollama", "aichat"}
    shown = memcli("config", "llm", "-f", "table").out.splitlines()
    assert all(any(line.strip() == one["set"] for line in shown) for one in known.values())


def test_the_llm_command_gets_variables(memcli: MemCLI) -> None:
    """A table of texts in the settings; nothing else is one."""
    memcli("config", "set", "llm.environment", '{"ANSWER": "[\\"a b\\"]"}')
    assert memcli("config", "get", "llm.environment", "--json").json["value"] == {"ANSWER": '["a b"]'}
    code = "import os, sys; sys.stdin.read(); print(os.environ['ANSWER'])"
    memcli("config", "set", "llm.command", json.dumps([sys.executable, "-c", code]))
    assert memcli("extract", "-", "--from", "messages", "--dry-run", stdin=TALK).json[0]["text"] == "a b"
    for bad in ('{"A": 1}', '{"A=B": "x"}', '{"": "x"}', '["A"]', "A=x"):
        assert is_one_sentence(memcli("config", "set", "llm.environment", bad, code=5).err)

"""`memcli ask` and `memcli chat`, with a stand-in for the LLM."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests import standin_llm
from tests.cli.conftest import MemCLI, Starts
from tests.warm.running import PATIENCE_S, driver


def set_llm(memcli: MemCLI, **script: Any) -> None:
    """Let the LLM command be a stand-in that does as *script* says."""
    memcli("config", "set", "llm.command", json.dumps(standin_llm.command(**script)))


def test_the_answer_is_printed_and_the_exchange_kept(memcli: MemCLI) -> None:
    """Text on standard output, in a pipe too; what was stored is told on standard error."""
    set_llm(memcli, rules=[["about tea.", "Tea! [REMEMBER: User likes tea]"]])
    ran = memcli("ask", "-", stdin="Tell me about tea.\n")
    assert ran.out == "Tea! [REMEMBER: User likes tea]\n"
    assert "remembered" in ran.err
    assert [turn["role"] for turn in memcli("conversation", "show").json] == ["user", "assistant"]
    assert "User likes tea" in memcli("list").out
    memcli("undo")
    assert memcli("list").json == []


def test_as_json_it_is_one_answer(memcli: MemCLI) -> None:
    """With what the LLM was told, and what was stored."""
    set_llm(memcli, say="Tea! [REMEMBER: User likes tea]")
    memcli("store", "Green tea is in the cupboard")
    answer = memcli("ask", "Where is the tea?", "--json", "--conversation", "c1").json
    assert set(answer) == {"answer", "conversation", "tokens", "memories", "stored", "whole", "begins"}
    assert (answer["conversation"], answer["whole"]) == ("c1", True)
    assert [fact["text"] for fact in answer["stored"]] == ["User likes tea"]


def test_the_prompt_can_be_seen_without_an_llm(memcli: MemCLI) -> None:
    """Asking without one ends with exit code 8 and says what to do; so does chat, before a line is typed."""
    assert "Where is it?" in memcli("ask", "Where is it?", "--show-prompt").out
    ran = memcli("ask", "Where is it?", code=8)
    assert ran.err.startswith("memcli: no LLM command is set")
    assert ran.out == ""
    assert memcli("chat", stdin="hello\n", code=8).err.startswith("memcli: no LLM command is set")


def test_nothing_is_kept_that_should_not_be(memcli: MemCLI) -> None:
    """With --no-store, and for a question that can't be one."""
    set_llm(memcli, say="Yes [REMEMBER: x y z]")
    memcli("ask", "Is it?", "--no-store")
    memcli("ask", " ", code=2)
    assert memcli("list").json == []


def test_a_failure_in_the_middle_keeps_what_was_said(memcli: MemCLI) -> None:
    """Exit code 8, and the half answer in the conversation."""
    set_llm(memcli, say="Half an", code=1, words="no credit")
    ran = memcli("ask", "Is it?", code=8)
    assert ran.out == "Half an\n"
    assert "no credit" in ran.err
    assert memcli("conversation", "messages").json[-1]["content"] == "Half an"


def test_a_chat_goes_on_over_what_goes_wrong(memcli: MemCLI) -> None:
    """Lines are questions, those with a slash commands; a wrong one ends nothing."""
    set_llm(memcli, rules=[["says:\n\nthe second", "Two."], ["", "One. [REMEMBER: The first is one]"]])
    lines = [
        "the first?",
        "",
        "/nope",
        "/etc/hosts is what?",
        "/recalled",
        "/remember Tea is green",
        "/forget zzz",
        "/search tea",
    ]
    lines += ["/help", "/correct", "/task", "/new", "the second?", "/undo", "/quit", "never asked"]
    ran = memcli("chat", stdin="\n".join(lines), code=2)
    assert "One." in ran.out
    assert "Two." in ran.out
    assert "Tea is green" in ran.out
    assert "there is no command /nope" in ran.err
    assert "there is no memory with the id 'zzz'" in ran.err
    (talk,) = memcli("conversation", "list").json
    assert talk["turns"] == 4, "the last exchange was undone"


def test_an_interrupt_keeps_what_was_already_said(starts: Starts, in_process: MemCLI, tmp_path: Path) -> None:
    """Each piece is printed as it comes; Ctrl-C stops the LLM, and the half answer is kept."""
    set_llm(in_process, say=["One. ", "Two. "], waits=tmp_path / "never")
    process = starts("ask", "Count")
    assert process.stdout
    assert process.stderr
    assert process.stdout.read(5) == b"One. "
    for _ in range(3):  # as an impatient finger does
        process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    assert b"interrupted" in process.stderr.read()
    last = in_process("conversation", "show").json[-1]
    assert (last["content"], last["metadata"]) == ("One.", {"interrupted": True})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_another_signal_keeps_it_too_and_leaves_no_llm_behind(
    starts: Starts, in_process: MemCLI, tmp_path: Path, number: signal.Signals
) -> None:
    """`timeout`, or a window that is closed; the process is seen to be ended by it."""
    set_llm(in_process, say=["One. ", "Two. "], waits=tmp_path / "never")
    process = starts("ask", "Count")
    assert process.stdout
    assert process.stdout.read(5) == b"One. "
    process.send_signal(number)
    assert process.wait(PATIENCE_S) == -number
    assert in_process("conversation", "show").json[-1]["content"] == "One."


def test_a_chat_on_a_terminal_can_be_typed_and_left(in_process: MemCLI, runtime: Path) -> None:
    """With a sign to type behind, Ctrl-C at a line, and Ctrl-D at the end; nobody else reads the history."""
    set_llm(in_process, say="Yes indeed.")
    line = driver("here", "chat")
    child = pexpect.spawn(line[0], line[1:], encoding="utf-8", timeout=PATIENCE_S, dimensions=(24, 80))
    child.expect("›")
    child.send("not this\x03")
    child.expect("›")
    child.send("is it raining?\r")
    child.expect("Yes indeed.")
    child.expect("told 0 memories")
    child.expect("›")
    child.send("/quit\r")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert in_process("conversation", "show").json[0]["content"] == "is it raining?"
    (history,) = Path(os.environ["MEMCLI_HOME"]).rglob("chat.history")
    assert history.stat().st_mode & 0o777 == 0o600

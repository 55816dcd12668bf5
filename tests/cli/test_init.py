"""`memcli init`: by flags, and question by question on a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.conftest import ROOT, MemCLI, is_one_sentence

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with bash, Claude Code's settings, and the program llm."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "llm").write_text("#!/bin/sh\n")
    (folder / "llm").chmod(0o755)
    (Path.home() / ".claude").mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("SHELL", "/bin/bash")
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


def steps(answer: Any) -> list[tuple[str, str, str]]:
    """What was done."""
    return [(step["what"], step["value"], step["action"]) for step in answer["steps"]]


SUGGESTED = [
    ("model", "all-MiniLM-L6-v2-int8", "as before"),
    ("space", "default", "as before"),
    ("completions", "bash", "installed"),
    ("hooks", "Claude Code", "installed"),
    ("llm", "llm", "set"),
]


def files(home: Path) -> dict[Path, str]:
    """All files and what is in them."""
    return {path: path.read_text() for path in home.parent.rglob("*") if path.is_file()}


def test_yes_takes_what_is_suggested_and_the_second_time_changes_nothing(
    in_process: MemCLI, home: Path
) -> None:
    """What is in force is suggested then."""
    assert steps(in_process("init", "--yes").json) == SUGGESTED
    before = files(home)
    assert {action for _, _, action in steps(in_process("init", "--yes").json)} == {"as before"}
    assert files(home) == before
    assert in_process("config", "get", "llm.command").out == '["llm"]\n'
    assert in_process("hook", "status", "--harness", "claude").json["hooks"][0]["state"] == "installed"


def test_a_dry_run_says_so_and_writes_nothing(in_process: MemCLI, home: Path) -> None:
    """Not even a directory of ours."""
    said = steps(in_process("init", "--dry-run").json)
    assert [action for _, _, action in said][2:] == ["would install", "would install", "would set"]
    assert files(home) == {}


def test_without_a_terminal_only_what_is_said_is_done(in_process: MemCLI, home: Path) -> None:
    """And where nothing is said it does not wait for an answer, but says what there is to say."""
    ran = in_process("init", code=2)
    assert is_one_sentence(ran.err)
    assert "--yes" in ran.err
    assert files(home) == {}
    assert steps(in_process("init", "--space", "notes", "--hooks", "none").json) == [
        ("space", "notes", "set")
    ]
    assert steps(in_process("init", "--hooks", "codex", "--hooks", "gemini").json) == [
        ("hooks", "Codex", "installed"),
        ("hooks", "Gemini CLI", "installed"),
    ]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (["--space", "../x"], 2),
        (["--model", "no-such-model"], 3),
        (["--llm", "no-such-program"], 2),
        (["--completions", "tcsh"], 2),
        (["--hooks", "emacs"], 2),
    ],
    ids=lambda said: said[0] if isinstance(said, list) else "",
)
def test_an_answer_that_can_not_be_is_one_sentence(in_process: MemCLI, said: list[str], code: int) -> None:
    """With the exit code of whoever refuses it."""
    assert in_process("init", *said, code=code).err.startswith("memcli: ")


def test_settings_of_a_harness_that_are_broken_stay_as_they_are(in_process: MemCLI) -> None:
    """What was settled before is, and is said."""
    broken = Path.home() / ".claude" / "settings.json"
    broken.write_text("{nonsense")
    ran = in_process("init", "--yes", code=5)
    assert "settled: model, space, completions;" in ran.err
    assert str(broken) in ran.err
    assert broken.read_text() == "{nonsense"


@pytest.fixture
def asked(machine: Path) -> Any:
    """It on a terminal."""
    child = pexpect.spawn(
        sys.executable, ["-m", "memcli", "init"], encoding="utf-8", timeout=PATIENCE_S, dimensions=(24, 80),
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1"},
    )  # fmt: skip
    yield child
    child.close(force=True)


def test_on_a_terminal_it_asks_one_by_one(asked: Any, in_process: MemCLI) -> None:
    """A wrong answer is asked for again; each is done at once; no line is wider than the terminal."""
    answers = (
        ("Model", ""),
        ("Space", "a/../b"),
        ("begins with a letter", "notes"),
        ("Completions", "none"),
        ("Hooks", "claude, codex"),
        ("LLM", ""),
    )
    said = ""
    for expected, answer in answers:
        asked.expect_exact(expected)
        said += asked.before + expected
        asked.expect(r"\]: ")
        said += asked.before
        asked.sendline(answer)
    asked.expect(pexpect.EOF)
    said += asked.before
    asked.close()
    assert asked.exitstatus == 0
    assert max(len(line) for line in said.splitlines() if not line.startswith("        ")) <= 80
    assert "Try next" in said
    assert in_process("config", "get", "space").out == "notes\n"
    assert (Path.home() / ".codex" / "hooks.json").exists()
    assert not (Path.home() / ".bashrc").exists()


def test_ctrl_c_keeps_what_was_answered_and_says_so(asked: Any, in_process: MemCLI) -> None:
    """The rest is as it was."""
    for answer in ("", "notes"):
        asked.expect(r"\]: ")
        asked.sendline(answer)
    asked.expect_exact("Completions")
    asked.expect(r"\]: ")
    asked.sendintr()
    asked.expect_exact("settled: model, space;")
    asked.expect_exact("interrupted")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 130
    assert in_process("config", "get", "space").out == "notes\n"
    assert not (Path.home() / ".bash_completions").exists()

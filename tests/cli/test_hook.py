"""`memcli hook`, mostly as a harness sees it: real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from memcli.services.hooks.harnesses import HARNESSES
from memcli.warm import hooks
from tests.cli.conftest import ROOT, STEERING, MemCLI, is_one_sentence
from tests.services.hooks.made import SAID, is_taken, said
from tests.services.importers.made import FILES
from tests.warm.running import until

EVENTS = [(name, event) for name, harness in HARNESSES.items() for event in harness.events]
ASKING = [(name, event) for name, event in EVENTS if event.lower() in hooks.ASKING]


def command(*words: str) -> list[str]:
    """The command line of a real process."""
    return [sys.executable, "-m", "memcli", *words]


def called(*words: str, said: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    """What a hook comes to that is called as a harness does."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        command("hook", *words), input=said, env=environ, capture_output=True, timeout=60, check=False
    )


def folder() -> Path:
    """Where hooks keep what they need."""
    return Path(os.environ["MEMCLI_HOME"]) / "hooks"


def log() -> str:
    """What went wrong."""
    file = folder() / "hook.log"
    return file.read_text() if file.exists() else ""


@pytest.mark.parametrize(("harness", "event"), EVENTS)
def test_every_event_gets_an_answer_that_its_harness_takes(memcli: MemCLI, harness: str, event: str) -> None:
    """In a store that knows something."""
    memcli("store", "which database does the shop use? PostgreSQL", "--tag", "pinned")
    ran = memcli("hook", event, "--harness", harness, stdin=said(harness, event))
    assert is_taken(harness, event, ran.out)
    assert ran.err == ""
    assert ("PostgreSQL" in ran.out) == ((harness, event) in ASKING)
    assert log() == ""


@pytest.mark.warm_sample(by=["event"])
@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[]", b"\xff\xfe", b"{}", b'{"prompt": {"deep": 1}}'])
@pytest.mark.parametrize(("harness", "event"), ASKING)
def test_bad_input_gets_an_empty_answer(memcli: MemCLI, harness: str, event: str, raw: bytes) -> None:
    """With exit code 0; the log says why."""
    ran = memcli("hook", event, "--harness", harness, stdin=raw)
    assert (ran.out, ran.err) == ("{}\n", "")
    assert bool(log()) is (not raw.startswith(b"{"))


def test_a_session_is_told_once(memcli: MemCLI) -> None:
    """Also from process to process."""
    memcli("store", "the shop uses PostgreSQL")
    asks = ("hook", "UserPromptSubmit", "--harness", "claude")
    heard = said("claude", "UserPromptSubmit", prompt="what is it that the shop uses?")
    assert "PostgreSQL" in memcli(*asks, stdin=heard).json["hookSpecificOutput"]["additionalContext"]
    assert memcli(*asks, stdin=heard).json == {}


def test_what_goes_wrong_is_logged(memcli: MemCLI) -> None:
    """An agent that nobody knows, say."""
    asks = ("hook", "SessionStart", "--harness", "claude", "--agent", "nobody")
    assert memcli(*asks, stdin=said("claude", "SessionStart")).json == {}
    assert "nobody" in log()


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["SessionStart", "--harness", "claude"], b"{}\n"),
        (["NoSuchEvent", "--harness", "claude"], b""),
        (["NoSuchEvent", "--harness", "gemini"], b"{}\n"),
        (["UserPromptSubmit", "--harness", "harness-of-tomorrow"], b"{}\n"),
        (["UserPromptSubmit"], b"{}\n"),
        (["UserPromptSubmit", "--harness"], b"{}\n"),
        (["UserPromptSubmit", "--no-such-option", "--harness=claude"], b"{}\n"),
        (["Stop", "--harness", "claude"], b""),
        (["Stop", "--harness", "codex"], b"{}\n"),
    ],
    ids=lambda said: " ".join(said) if isinstance(said, list) else "",
)
def test_whatever_is_called_ends_well(words: list[str], out: bytes) -> None:
    """Exit code 2 would erase the user's prompt."""
    ran = called(*words, said=b"nonsense")
    assert (ran.returncode, ran.stdout) == (0, out)


def test_a_broken_store_gets_an_empty_answer(home: Path) -> None:
    """And so do settings that can't be read."""
    home.mkdir(parents=True)
    (home / "config.toml").write_text("= nonsense")
    ran = called("SessionStart", "--harness", "codex", said=said("codex", "SessionStart"))
    assert (ran.returncode, ran.stdout) == (0, b"{}\n")
    assert "config.toml" in log()


def test_hooks_do_nothing_inside_of_memcli() -> None:
    """The LLM command may be a harness, which calls memcli, which calls the LLM command."""
    for event in ("SessionStart", "Stop"):
        ran = called(event, "--harness", "gemini", said=said("gemini", "SessionStart"), MEMCLI_LLM="1")
        assert (ran.returncode, ran.stdout) == (0, b"{}\n")
    assert not folder().exists()


@pytest.mark.parametrize("event", ["SessionStart", "Stop"])
def test_a_harness_that_says_nothing_is_not_waited_for(event: str) -> None:
    """The answer comes when the time is up, whatever the input does."""
    with subprocess.Popen(
        command("hook", event, "--harness", "codex"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as running:
        assert running.stdout is not None
        assert running.stdout.read() == b"{}\n"
        assert running.wait(60) == 0
    assert "no answer in" in log()


def test_nothing_is_lost_when_the_harness_kills_its_hooks(memcli: MemCLI, tmp_path: Path) -> None:
    """From the moment on that the file is there: it is stored by the next flush."""
    file = tmp_path / "one.jsonl"
    file.write_bytes(FILES["claude-code"])
    spool = folder()
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, "hook", "SessionEnd", "--harness", "claude"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as running:
        running.communicate(said("claude", "SessionEnd", transcript_path=str(file), cwd=str(tmp_path)))
    assert running.returncode == -signal.SIGKILL
    assert len(list(spool.glob("*.hook"))) == 1
    assert memcli("hook", "status").json["waiting"] == 1
    assert memcli("hook", "flush").json == {"sessions": 1, "stored": 3, "left": 0}
    assert [turn["text"] for turn in memcli("list").json][-1] == "Always celsius, please."


KILLED = """
import os, signal, sys
from memcli import spool
from memcli.warm import hooks
put = spool.put
def killed(*about):
    put(*about)
    os.kill(os.getpid(), signal.SIGKILL)
spool.put = killed
hooks.serve(sys.argv[1:])
"""


def test_what_is_captured_is_stored_by_a_process_that_nobody_waits_for(tmp_path: Path) -> None:
    """It outlives the hook, and its harness."""
    file = tmp_path / "one.jsonl"
    file.write_bytes(b"")  # nothing to embed: no model is needed
    heard = said("claude", "SessionEnd", transcript_path=str(file), cwd=str(tmp_path))
    ran = called("SessionEnd", "--harness", "claude", said=heard)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    until(lambda: not list(folder().glob("*.hook")))


def test_capturing_imports_next_to_nothing() -> None:
    """The harness gives all hooks together a second and a half."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *command("hook", "Stop", "--harness", "claude")[1:]],
        input=said("claude", "Stop"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    imported = {line.rpartition(b"|")[2].strip().decode() for line in ran.stderr.splitlines()}
    ours = {name for name in imported if name.split(".")[0] == "memcli"}
    assert ours <= {
        "memcli",
        "memcli.address",
        "memcli.spool",
        "memcli.warm",
        "memcli.warm.client",
        "memcli.warm.hooks",
        "memcli.warm.place",
    }
    assert not imported & {"subprocess", "json", "typer", "pathlib", "socket", "asyncio"} - {"pathlib"}


# --- setting up ---


@pytest.mark.parametrize("harness", HARNESSES)
def test_hooks_are_installed_looked_at_and_taken_away(memcli: MemCLI, harness: str) -> None:
    """In the user's own settings."""
    whose = HARNESSES[harness]
    file = Path.home() / whose.folder / whose.files["user"]
    changed = memcli("hook", "install", "--harness", harness).json
    assert (changed["action"], changed["file"]) == ("installed", str(file))
    lines = [
        entry["command"]
        for groups in json.loads(file.read_text())["hooks"].values()
        for group in groups
        for entry in group["hooks"]
    ]
    assert [line.split(" hook ")[1] for line in lines] == [
        f"{name} --harness {harness}" for name in whose.events
    ]
    status: dict[str, Any] = memcli("hook", "status", "--harness", harness).json
    assert status["hooks"][0]["state"] == "installed"
    assert memcli("hook", "install", "--harness", harness).json["action"] == "unchanged"
    assert memcli("hook", "uninstall", "--harness", harness).json["action"] == "uninstalled"
    assert memcli("hook", "status", "--harness", harness).json["hooks"][0]["state"] == "absent"


def test_what_is_installed_runs(memcli: MemCLI) -> None:
    """By a shell, as the harness does it."""
    memcli("hook", "install", "--harness", "codex")
    hooks_of = json.loads((Path.home() / ".codex" / "hooks.json").read_text())["hooks"]
    line = hooks_of["UserPromptSubmit"][0]["hooks"][0]["command"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        line,
        shell=True,
        input=said("codex", "UserPromptSubmit"),
        env=environ,
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, b"{}\n")


def test_a_dry_run_writes_nothing(memcli: MemCLI) -> None:
    """It shows the difference."""
    ran = memcli("hook", "install", "--harness", "gemini", "--dry-run", "-f", "table")
    assert "+++" in ran.out
    assert "BeforeAgent" in ran.out
    assert not (Path.home() / ".gemini").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["install"], 2),
        (["install", "--harness", "emacs"], 2),
        (["install", "--harness", "codex", "--scope", "local"], 2),
        (["install", "--harness", "claude", "--scope", "user"], 5),
        (["uninstall", "--harness", "claude"], 5),
        (["status", "--harness", "x"], 2),
        (["test"], 2),
        (["--nonsense"], 2),
    ],
    ids=lambda said: " ".join(said) if isinstance(said, list) else str(said),
)
def test_people_are_told_what_is_wrong(memcli: MemCLI, words: list[str], code: int) -> None:
    """In one sentence, with a documented exit code."""
    broken = Path.home() / ".claude" / "settings.json"
    broken.parent.mkdir()
    broken.write_text('{"a": 1,}')
    ran = memcli("hook", *words, code=code)
    assert is_one_sentence(ran.err), ran.err
    assert broken.read_text() == '{"a": 1,}'


def test_a_try_shows_what_a_harness_would_get(memcli: MemCLI) -> None:
    """And keeps nothing: not what was said, nor that anybody was told."""
    memcli("store", "what do you know about this project? [red]everything[/red]")
    for _ in range(2):
        tried = memcli("hook", "test", "--harness", "claude").json
        assert [one["event"] for one in tried] == list(HARNESSES["claude"].events)
        assert [len(one["memories"]) for one in tried[:2]] == [1, 1]
        assert all(is_taken("claude", one["event"], one["output"]) for one in tried)
    assert "[red]everything[/red]" in memcli("hook", "test", "--harness", "codex", "-f", "table").out
    assert not folder().exists()


@pytest.mark.parametrize("form", ["table", "plain", "json"])
def test_nothing_that_steers_a_terminal_gets_through(memcli: MemCLI, form: str) -> None:
    """Neither from memories nor from names nor from the log."""
    memcli("store", "what do you know about \x9b2J this project? \u202e")
    memcli("hook", "Stop\x9b", "--harness", "claude", stdin=b"")
    for words in (["test", "--harness", "claude"], ["status"]):
        assert not set(STEERING) & set(memcli("hook", *words, "-f", form).out)


def test_each_event_is_recorded() -> None:
    """Otherwise the first test would pass it over."""
    assert set(EVENTS) == SAID.keys()

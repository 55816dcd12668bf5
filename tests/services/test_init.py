"""Setting up: what answers come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from memcli import config
from memcli.errors import NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import init, remember
from memcli.services.engine import Engine
from memcli.services.init import AS_BEFORE, Beginning


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with the programs llm and ollama only."""
    for name in ("llm", "ollama"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("llm", ("llm",)),
        ("llm -m 'a model'", ("llm", "-m", "a model")),
        ("ollama qwen3", ("ollama", "run", "qwen3")),
        ("ollama run qwen3 --hidethinking", ("ollama", "run", "qwen3", "--hidethinking")),
    ],
)
def test_an_llm_command_may_be_a_name(programs: Path, said: str, command: tuple[str, ...]) -> None:
    """Or a name and a model, or all of it."""
    assert init.llm_command(said) == command


@pytest.mark.parametrize("said", ["", "  ", "'", "ollama", "no-such-program -x"])
def test_what_could_not_be_run_is_refused(programs: Path, said: str) -> None:
    """Before it stands in the settings."""
    with pytest.raises(UsageError):
        init.llm_command(said)


def test_what_is_in_force_is_suggested_or_else_what_is_ready(programs: Path) -> None:
    """Ollama needs a model's name, and nothing at all is suggested where there is nothing."""
    assert init.suggested_llm(("my llm", "-x")) == "'my llm' -x"
    assert init.suggested_llm(()) == "llm"
    (programs / "llm").unlink()
    assert init.suggested_llm(()) == ""


def test_an_answer_is_written_once(engine: Engine, programs: Path) -> None:
    """The second time it is as before, and the file stays as it is."""
    one = Beginning(engine)
    for action in ("set", AS_BEFORE):
        steps = [one.use_space("notes"), one.use_llm("ollama qwen3"), one.use_model("all-MiniLM-L6-v2-int8")]
        assert [step.action for step in steps] == [action, action, AS_BEFORE]
    said = config.load(one.file, {}).config
    assert (said.space, said.llm.command) == ("notes", ("ollama", "run", "qwen3"))


def test_a_dry_run_writes_nothing(engine: Engine, programs: Path) -> None:
    """Not even the file."""
    one = Beginning(engine, dry_run=True)
    assert [one.use_space("notes").action, one.use_llm("llm").action] == ["would set", "would set"]
    assert not one.file.exists()


def test_a_space_or_model_that_can_not_be_is_refused(engine: Engine) -> None:
    """By the rules that hold everywhere."""
    with pytest.raises(UsageError):
        Beginning(engine).use_space("a/../b")
    with pytest.raises(NotFoundError):
        Beginning(engine, dry_run=True).use_model("no-such-model")


def test_another_model_embeds_what_is_stored(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is `memcli model use` that is called."""
    from tests.wordhash import WordHashEmbedder

    remember.store(engine, "hello there", scope=scope)
    other = WordHashEmbedder(str(tmp_path))
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: other)
    assert Beginning(engine).use_model(str(tmp_path)).value == str(tmp_path)
    assert other.embedded == ["hello there"]


def test_what_to_try_next_depends_on_what_there_is(engine: Engine, programs: Path) -> None:
    """An LLM, and a program that speaks MCP."""
    one = Beginning(engine)
    assert "memcli ask" not in " ".join(init.begun([], "codex").next)
    tried = init.begun([one.use_llm("llm")], "codex").next
    assert any(line.startswith("memcli ask") for line in tried)
    assert tried[-1] == "memcli mcp --print-config codex"

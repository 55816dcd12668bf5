"""What a harness would get: an input of each event, as it says it, run through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memcli.model import Scope
from memcli.services.engine import Engine
from memcli.services.hooks import harnesses
from memcli.services.hooks.answering import answer
from memcli.services.hooks.events import ASKING, Kind
from memcli.services.hooks.harnesses import Harness
from memcli.services.hooks.sessions import Given

SESSION = "00000000-0000-4000-8000-000000000000"

COMMON = {"session_id": SESSION, "transcript_path": "/nowhere/session.jsonl"}
CLAUDE, CODEX = {"permission_mode": "default"}, {"permission_mode": "default", "model": "gpt", "turn_id": "1"}
GEMINI = {"timestamp": "2026-01-01T12:00:00.000Z"}

DETAILS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "claude": {
        "SessionStart": {**CLAUDE, "source": "startup", "model": "claude"},
        "UserPromptSubmit": CLAUDE,
        "Stop": {**CLAUDE, "stop_hook_active": False, "last_assistant_message": "Done."},
        "PreCompact": {**CLAUDE, "trigger": "auto", "custom_instructions": ""},
        "PostCompact": {**CLAUDE, "trigger": "auto", "compact_summary": "What was said so far."},
        "SessionEnd": {**CLAUDE, "reason": "prompt_input_exit"},
    },
    "codex": {
        "SessionStart": {**CODEX, "source": "startup"},
        "UserPromptSubmit": CODEX,
        "Stop": {**CODEX, "stop_hook_active": False, "last_assistant_message": "Done."},
        "PreCompact": {**CODEX, "trigger": "auto"},
    },
    "gemini": {
        "SessionStart": {**GEMINI, "source": "startup"},
        "BeforeAgent": GEMINI,
        "AfterAgent": {**GEMINI, "prompt_response": "Done.", "stop_hook_active": False},
        "PreCompress": {**GEMINI, "trigger": "auto"},
        "SessionEnd": {**GEMINI, "reason": "exit"},
    },
}
"""What each harness says besides, as its documentation has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one event came to.

    Attributes:
        harness: Which harness.
        event: Its event.
        output: What it would get, letter by letter.
        memories: The ids of the memories in that.
        captures: Whether what was said would be kept.
    """

    harness: str
    event: str
    output: str
    memories: tuple[str, ...]
    captures: bool


def said(harness: Harness, event: str, *, prompt: str, cwd: str) -> bytes:
    """What *harness* says when *event* happens."""
    document = {**COMMON, "cwd": cwd, "hook_event_name": event, **DETAILS[harness.name][event]}
    if harness.events[event] is Kind.PROMPT or event == "AfterAgent":
        document["prompt"] = prompt
    return json.dumps(document).encode()


def attempts(engine: Engine, harness: Harness, *, scope: Scope, prompt: str, cwd: str) -> Iterator[Tried]:
    """Run an input of each event through; nothing is kept of it, nor is it noted as given."""
    nobody = Given(None, "")
    for name, kind in harness.events.items():
        event = harnesses.read(harness, name, said(harness, name, prompt=prompt, cwd=cwd))
        told = answer(engine, event, scope=scope, given=nobody)
        yield Tried(
            harness=harness.name,
            event=name,
            output=harnesses.written(harness, name, told.context),
            memories=tuple(memory.id for memory in told.memories),
            captures=kind not in ASKING,
        )

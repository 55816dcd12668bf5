"""What each harness says, of our own making: what its documentation has, and fields that nobody knows yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SESSION = "5f0c1c1e-1b0a-4c54-9a51-0a53f4a1d001"

ALL: Mapping[str, Any] = {
    "session_id": SESSION,
    "transcript_path": "/home/ana/sessions/one.jsonl",
    "cwd": "/home/ana/shop",
    "a_field_of_tomorrow": {"deep": [1, None, {"er": "é"}]},
}

CLAUDE = {"permission_mode": "default", "effort": {"level": "high"}}
CODEX = {"permission_mode": "default", "model": "gpt-6", "turn_id": "019c-7"}
GEMINI = {"timestamp": "2026-05-01T12:00:00.000Z"}

SAID: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("claude", "SessionStart"): {**CLAUDE, "source": "startup", "agent_type": "main"},
    ("claude", "UserPromptSubmit"): {**CLAUDE, "prompt": "which database does the shop use?"},
    ("claude", "Stop"): {**CLAUDE, "stop_hook_active": False, "last_assistant_message": "Done."},
    ("claude", "PreCompact"): {**CLAUDE, "trigger": "manual", "custom_instructions": "keep the plan"},
    ("claude", "PostCompact"): {**CLAUDE, "trigger": "auto", "compact_summary": "The shop moved to Oslo."},
    ("claude", "SessionEnd"): {**CLAUDE, "reason": "prompt_input_exit"},
    ("codex", "SessionStart"): {**CODEX, "source": "resume"},
    ("codex", "UserPromptSubmit"): {**CODEX, "prompt": "which database does the shop use?"},
    ("codex", "Stop"): {**CODEX, "stop_hook_active": False, "last_assistant_message": None},
    ("codex", "PreCompact"): {**CODEX, "trigger": "auto"},
    ("gemini", "SessionStart"): {**GEMINI, "source": "startup"},
    ("gemini", "BeforeAgent"): {**GEMINI, "prompt": "which database does the shop use?"},
    ("gemini", "AfterAgent"): {
        **GEMINI,
        "prompt": "which database?",
        "prompt_response": "PostgreSQL.",
        "stop_hook_active": False,
    },
    ("gemini", "PreCompress"): {**GEMINI, "trigger": "auto"},
    ("gemini", "SessionEnd"): {**GEMINI, "reason": "exit"},
}


def document(harness: str, event: str, **more: Any) -> dict[str, Any]:
    """What *harness* says when *event* happens; *more* over it, without what is None there."""
    said = {**ALL, "hook_event_name": event, **SAID[harness, event], **more}
    return {name: value for name, value in said.items() if name not in more or value is not None}


def said(harness: str, event: str, **more: Any) -> bytes:
    """The same as it comes on standard input."""
    return json.dumps(document(harness, event, **more), ensure_ascii=False).encode()


CLOSED = {
    "continue",
    "decision",
    "hookSpecificOutput",
    "reason",
    "stopReason",
    "suppressOutput",
    "systemMessage",
}
"""All that Codex takes in an answer, which is the strictest of them."""


def is_taken(harness: str, event: str, answer: str) -> bool:
    """Whether the harness takes *answer*."""
    if not answer.strip():
        return harness == "claude"
    found = json.loads(answer)
    inside = found.get("hookSpecificOutput", {"hookEventName": event})
    return (
        found.keys() <= CLOSED
        and inside.keys() <= {"hookEventName", "additionalContext"}
        and inside["hookEventName"] == event
        and isinstance(inside.get("additionalContext", ""), str)
    )

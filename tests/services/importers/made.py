"""Files in each format, of our own making, and what tests of parsers share."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from memcli.model import Draft, Scope
from memcli.services.importers.found import About, Found
from memcli.services.importers.reading import Broken, Entry, Source
from tests.conftest import NOW

SCOPE = Scope("default", "me")
ABOUT = About(SCOPE, lambda: NOW)

SESSION = "5f0c1c1e-1b0a-4c54-9a51-0a53f4a1d001"


def event(number: int, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    """An event of Claude Code's."""
    return {
        "parentUuid": None,
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/ana/shop",
        "sessionId": SESSION,
        "version": "2.0.61",
        "gitBranch": "main",
        "type": kind,
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "timestamp": f"2026-04-01T09:{number:02}:00.000Z",
        "message": {"role": kind, "content": content},
    } | more


CLAUDE_CODE: list[dict[str, Any]] = [
    {"type": "summary", "summary": "Temperatures in the shop", "leafUuid": "leaf"},
    {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}, "isSnapshotUpdate": False},
    event(1, "user", "Always celsius, please.<system-reminder>Be brief.</system-reminder>"),
    event(
        2, "assistant", [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Celsius it is."}]
    ),
    event(3, "assistant", [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}]),
    event(4, "user", [{"type": "tool_result", "tool_use_id": "t", "content": "a\nb"}]),
    event(5, "user", "said to an agent", isSidechain=True),
    event(6, "user", "Caveat", isMeta=True),
    event(7, "user", "<command-name>/clear</command-name>\n<command-args></command-args>"),
    event(8, "assistant", "Done.", timestamp=None),
]


def line(kind: str, payload: Any, second: int = 0) -> dict[str, Any]:
    """An event of Codex's."""
    return {"timestamp": f"2026-04-02T10:00:{second:02}.000Z", "type": kind, "payload": payload}


def model_message(role: str, text: str) -> dict[str, Any]:
    """A message as Codex sends or gets it."""
    part = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": part, "text": text}]}


CODEX: list[dict[str, Any]] = [
    line("session_meta", {"id": "rollout-1", "cwd": "/home/ana/api", "git": {"branch": "dev"}}),
    line("response_item", model_message("developer", "You are a helper")),
    line("response_item", model_message("user", "<environment_context>\n/\n</environment_context>")),
    line("response_item", model_message("user", "What is 2+2?"), 1),
    line("event_msg", {"type": "user_message", "message": "What is 2+2?", "kind": "plain"}, 1),
    line("turn_context", {"cwd": "/home/ana/api", "model": "m"}, 1),
    line("event_msg", {"type": "agent_reasoning", "text": "adding"}, 2),
    line("response_item", {"type": "reasoning", "summary": [], "encrypted_content": "xx"}, 2),
    line("response_item", {"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"}, 2),
    line("response_item", {"type": "function_call_output", "call_id": "c", "output": "4"}, 2),
    line("event_msg", {"type": "agent_message", "message": "It is 4."}, 3),
    line("response_item", model_message("assistant", "It is 4."), 3),
    line("event_msg", {"type": "token_count", "info": None}, 3),
]


def node(name: str, parent: str | None, message: Any) -> dict[str, Any]:
    """A node of a conversation of ChatGPT's."""
    return {"id": name, "parent": parent, "children": [], "message": message}


def chat_message(
    name: str, role: str, content: Any, time: float | None = None, **more: Any
) -> dict[str, Any]:
    """A message of ChatGPT's."""
    if isinstance(content, str):
        content = {"content_type": "text", "parts": [content]}
    return {"id": name, "author": {"role": role}, "create_time": time, "content": content, **more}


CHATGPT: list[dict[str, Any]] = [
    {
        "title": "A trip",
        "create_time": 1_750_000_000.5,
        "conversation_id": "trip-1",
        "current_node": "a2",
        "mapping": {
            "root": node("root", None, None),
            "s": node("s", "root", chat_message("s", "system", "", None)),
            "u1": node("u1", "s", chat_message("u1", "user", "Plan a trip to Riga")),
            "x": node("x", "u1", chat_message("x", "assistant", "A branch that was left", 1_750_000_020)),
            "a1": node(
                "a1",
                "u1",
                chat_message("a1", "assistant", {"content_type": "code", "text": "f()"}, recipient="web"),
            ),
            "t": node("t", "a1", chat_message("t", "tool", "results", 1_750_000_030)),
            "u2": node(
                "u2",
                "t",
                chat_message(
                    "u2",
                    "user",
                    {
                        "content_type": "multimodal_text",
                        "parts": [{"asset_pointer": "file"}, "By train", None],
                    },
                    1_750_000_040,
                ),
            ),
            "a2": node("a2", "u2", chat_message("a2", "assistant", "Take the night train\ue200cite\ue201.")),
        },
    }
]

CLAUDE_AI: list[dict[str, Any]] = [
    {
        "uuid": "11111111-aaaa-4000-8000-000000000001",
        "name": "Bread",
        "created_at": "2026-03-01T10:00:00.000000Z",
        "chat_messages": [
            {
                "uuid": "b1",
                "sender": "human",
                "text": "How long to bake rye?",
                "content": [],
                "created_at": None,
            },
            {
                "uuid": "b2",
                "sender": "assistant",
                "text": "This block is not supported",
                "content": [{"type": "tool_use", "name": "x"}, {"type": "text", "text": "An hour."}],
                "created_at": "2026-03-01T10:00:05+00:00",
                "attachments": [],
            },
            None,
        ],
    }
]

MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be kind"},
    {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image", "source": {}}]},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]},
    {"role": "tool", "tool_call_id": "c", "content": "42"},
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "Hi"}]},
]

LLM: list[dict[str, Any]] = [
    {
        "id": "01h9tcvvqxgfvnwdx12143g659",
        "model": "m",
        "prompt": f"question {number}",
        "system": None,
        "response": f"answer {number}",
        "conversation_id": "01h9tcvvq3p58g7fsxgfdv9vqr",
        "conversation_name": "Questions",
        "datetime_utc": f"2026-02-0{number}T12:39:27.158398",
    }
    | {"id": f"01h9tcvvqxgfvnwdx12143g65{number}"}
    for number in (1, 2)
]

MEM0: dict[str, Any] = {
    "results": [
        {
            "id": "9f0d4b6e-0000-4000-8000-000000000001",
            "memory": "Prefers tea over coffee",
            "user_id": "ana",
            "categories": ["food", None],
            "metadata": {"project": "home"},
            "created_at": "2026-01-02T03:04:05-07:00",
            "updated_at": None,
        }
    ]
}

MCP_MEMORY: list[dict[str, Any]] = [
    {"type": "relation", "from": "Ana", "to": "Shop", "relationType": "works_at"},
    {"type": "entity", "name": "Ana", "entityType": "person", "observations": ["Speaks Latvian", 5, ""]},
    {"type": "entity", "name": "Shop", "entityType": "project", "observations": []},
]

GEMINI: list[dict[str, Any]] = [
    {"sessionId": SESSION, "projectHash": "ab12", "startTime": "2026-04-03T08:00:00.000Z", "kind": "main"},
    {
        "id": "g1",
        "timestamp": "2026-04-03T08:00:01.000Z",
        "type": "user",
        "content": [{"text": "Tabs?"}],
    },
    {"id": "g2", "timestamp": "2026-04-03T08:00:02.000Z", "type": "gemini", "content": "", "thoughts": []},
    {"id": "g2", "timestamp": "2026-04-03T08:00:02.000Z", "type": "gemini", "content": "Four.", "model": "g"},
    {"$set": {"lastUpdated": "2026-04-03T08:00:03.000Z"}},
    {"id": "g3", "timestamp": "2026-04-03T08:00:04.000Z", "type": "info", "content": "Update available"},
    {"id": "g4", "timestamp": "2026-04-03T08:00:05.000Z", "type": "user", "content": "No, two."},
    {"id": "g5", "timestamp": "2026-04-03T08:00:06.000Z", "type": "gemini", "content": "Two it is."},
]

MARKDOWN = """# Shop

Guidance for agents.

## Testing
- Use pytest, not unittest
- Commands:
  - `make test` runs everything
  - `make lint`
    checks style

```sh
- no fact
```

## Style
* Tabs are four wide
  in every file
"""


def json_lines(entries: Iterable[Any]) -> bytes:
    """*entries*, one a line."""
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


FILES: dict[str, bytes] = {
    "claude-code": json_lines(CLAUDE_CODE),
    "codex": json_lines(CODEX),
    "gemini": json_lines(GEMINI),
    "chatgpt": json.dumps(CHATGPT).encode(),
    "claude-ai": json.dumps(CLAUDE_AI, indent=2).encode(),
    "messages": json.dumps(MESSAGES).encode(),
    "llm": json.dumps(LLM, indent=2).encode(),
    "mem0": json.dumps(MEM0, indent=2).encode(),
    "mcp-memory": json_lines(MCP_MEMORY),
    "markdown": MARKDOWN.encode(),
    "memcli": json_lines([{"text": "A fact of our own"}]),
}
"""A file in each format."""

Parse = Callable[[Iterable[Entry], About], Iterator[Found | None]]


def source(content: bytes, path: str = "", name: str = "") -> Source:
    """A file that holds *content*."""
    return Source(io.BytesIO(content), path, name)


def numbered(entries: Iterable[Mapping[str, Any] | Broken]) -> list[Entry]:
    """*entries* as parsers take them."""
    return list(enumerate(entries, start=1))


def drafts(parse: Parse, entries: Sequence[Mapping[str, Any]], about: About = ABOUT) -> list[Draft]:
    """The drafts that *parse* makes of *entries*; anything that is wrong with them is an error."""
    found = [one for one in parse(numbered(entries), about) if one]
    assert [one.problem for one in found if one.problem] == []
    return [one.draft for one in found if one.draft]


def told(some: Sequence[Draft]) -> list[tuple[int | None, str, str]]:
    """Place, speaker and text of each of *some* turns."""
    return [(draft.position, draft.speaker, draft.text) for draft in some]


def problems(parse: Parse, entries: Sequence[Mapping[str, Any] | Broken]) -> list[str]:
    """What *parse* says is wrong with *entries*."""
    return [one.problem for one in parse(numbered(entries), ABOUT) if one and one.problem]

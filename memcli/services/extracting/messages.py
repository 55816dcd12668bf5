"""Messages of an exchange with an LLM: as JSON, JSON Lines, or plain text in which each says who speaks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from memcli.errors import UsageError

USER, ASSISTANT, SYSTEM, TOOL = "user", "assistant", "system", "tool"
ROLES = {
    **dict.fromkeys(("user", "human", "you", "me"), USER),
    **dict.fromkeys(("assistant", "ai", "model", "bot", "chatgpt", "claude", "gemini", "copilot"), ASSISTANT),
    **dict.fromkeys(("system", "developer"), SYSTEM),
    **dict.fromkeys(("tool", "function"), TOOL),
}
"""What roles are called, in APIs, exports and copied text."""

LABELS = frozenset({"model", "system", "developer", "tool", "function"})
"""Those that label a line of a description as well: Model: Toyota Yaris."""

NAMED = ("user", "assistant", "system", "developer", "tool")
IS_JSON = re.compile(r'\s*(?:\[\s*(?:\{\s*["}]|\])|\{\s*["}])')
SPEAKS = re.compile(
    r"[ \t]*(?:[#>*_-]{1,6}[ \t]{0,4})?(?:\[(?P<time>[^\]\n]{4,40})\][ \t]*)?"
    rf"[*_]{{0,3}}(?P<role>{'|'.join(ROLES)})[*_]{{0,3}}[ \t]*"
    r"(?:\((?P<later>[^)\n]{4,40})\))?[ \t]*[:：][*_]{0,3}[ \t]*",
    re.IGNORECASE,
)
TIMES = ("timestamp", "created_at", "create_time", "time", "date")
TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
LATEST = 4e9
"""Seconds since 1970 up to which a number is taken for such: the year 2096; a greater one is milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Attributes:
        role: `user`, `assistant`, `system` or `tool`.
        text: What it says.
        turn: Its place, counted from 0.
        time: When it was said; None where nobody knows.
    """

    role: str
    text: str
    turn: int
    time: datetime | None = None


def from_text(text: str) -> list[Message]:
    """The messages in *text*; a text in which nobody is named is one message of the user's.

    Raises:
        UsageError: It begins as JSON does, and is none, or none of messages.
    """
    if not text.strip():
        return []
    return list(_from_json(text)) if IS_JSON.match(text) else _from_plain(text)


# --- JSON ---


def _from_json(text: str) -> Iterator[Message]:
    for turn, (what, document) in enumerate(_documents(_values(text))):
        said = _message(document, what, turn)
        if said.text.strip():
            yield said


def _values(text: str) -> Iterator[tuple[str, Any]]:
    """The JSON value that *text* is, or those that its lines are, each with its place."""
    try:
        yield "the input", json.loads(text)
        return
    except RecursionError as error:
        raise UsageError("the input is JSON nested too deep") from error
    except ValueError as error:
        lines = [(at, line) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not _is_whole(lines[0][1]):
            raise UsageError(
                f"the input is not valid JSON: {_why(error)}", hint="is it cut off? nothing was taken from it"
            ) from error
    for at, line in lines:
        try:
            yield f"line {at}", json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"line {at} is not valid JSON: {_why(error)}") from error


def _is_whole(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "beyond what can be read"


def _documents(values: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects that are messages in *values*, each with its place.

    A log's lines of another `type` are passed over, unless there is nothing else.
    """
    passed, found = "", False
    for what, value in values:
        if isinstance(value, dict) and isinstance(value.get("messages"), list):
            value = value["messages"]  # noqa: PLW2901
        for place, one in enumerate(value if isinstance(value, list) else [value]):
            named = f"message {place + 1}" if isinstance(value, list) else what
            if isinstance(one, dict) and isinstance(one.get("message"), dict):  # a log's line around it
                times = {key: one[key] for key in TIMES if key in one}
                one = {**times, **one["message"]}  # noqa: PLW2901
            elif isinstance(one, dict) and "type" in one and not {"role", "message"} & one.keys():
                passed = passed or named
                continue
            if not isinstance(one, dict) or "role" not in one:
                raise _no_message(named)
            found = True
            yield named, one
    if passed and not found:
        raise _no_message(passed)


def _no_message(named: str) -> UsageError:
    return UsageError(
        f"{named} is no message: it has no role", hint='a message is {"role": ..., "content": ...}'
    )


def _message(document: dict[str, Any], what: str, turn: int) -> Message:
    role = ROLES.get(str(document["role"]).strip().lower())
    if role is None:
        raise UsageError(
            f"{what} has a role that nobody knows: {str(document['role'])[:40]!r}",
            hint=f"roles are {', '.join(NAMED[:-1])} and {NAMED[-1]}",
        )
    time = next((found for key in TIMES if (found := _time(document.get(key)))), None)
    return Message(role=role, text="\n".join(_texts(document.get("content"))), turn=turn, time=time)


def _texts(content: Any) -> Iterator[str]:
    """The texts in *content*: what tools did, thoughts and pictures are none."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict) and part.get("type", "text") in TEXT_PARTS:
                yield from _texts(part.get("text"))


def _time(said: Any) -> datetime | None:
    """The time that *said* is: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said if said < LATEST else said / 1000, UTC)
        if isinstance(said, str) and len(said) >= len("2026-05-01"):
            return datetime.fromisoformat(said.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


# --- plain text ---


def _from_plain(text: str) -> list[Message]:
    """The messages of a text in which lines begin with who speaks."""
    said: list[tuple[str, datetime | None, list[str]]] = []
    lines = text.replace("\r\n", "\n").split("\n")
    names = _speakers({found["role"].lower() for line in lines if (found := SPEAKS.match(line))})
    for line in lines:
        speaks = SPEAKS.match(line)
        if speaks and speaks["role"].lower() in names:
            time = _time(speaks["time"] or speaks["later"])
            said.append((ROLES[speaks["role"].lower()], time, [line[speaks.end() :]]))
        elif said:
            said[-1][2].append(line)
        elif line.strip():
            said.append((USER, None, [line]))
    return [
        Message(role=role, text="\n".join(lines).strip(), turn=turn, time=time)
        for turn, (role, time, lines) in enumerate(said)
        if "".join(lines).strip()
    ]


def _speakers(found: set[str]) -> set[str]:
    """Which of the words that are *found* before a colon name speakers.

    One that can be a label does only where another one names somebody, and `model` only where the assistant
    has no other name. A line `Tool:` or `System:` in an exchange does not count as the user's even where it
    may be: nobody is to be quoted with what a tool said.
    """
    names = found - LABELS
    if names and not any(ROLES[name] == ASSISTANT for name in names):
        return found
    return names and found - {"model"}


def spoken(messages: Sequence[Message]) -> list[Message]:
    """Those of *messages* that somebody has said: no instructions, nothing that tools did."""
    return [message for message in messages if message.role in (USER, ASSISTANT)]

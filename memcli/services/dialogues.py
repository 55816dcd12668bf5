"""Conversations as JSON: a list of messages as LLM APIs have it, lines of them, or what was exported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from memcli.dialogue import NO_SUMMARY, ROLES, Said, Summary, Turn
from memcli.errors import UsageError
from memcli.services import checks, jsonlines
from memcli.times import parse_time

BYTES_MOST = 100_000_000
"""The longest JSON that is read at once: a conversation of a million turns."""

BLANK = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A conversation that was written down.

    Attributes:
        id: What it is called by; empty if it does not say.
        title: What it was given; empty for nothing.
        summary: What its first messages came to.
        said: Its messages.
        skipped: How many messages had no text, such as calls of tools.
    """

    id: str = ""
    title: str = ""
    summary: Summary = NO_SUMMARY
    said: tuple[Said, ...]
    skipped: int = 0


def role(value: Any) -> str:
    """*value*, one of the roles that messages have."""
    known = value.strip().lower() if isinstance(value, str) else ""
    if known not in ROLES:
        raise UsageError(f"there is no role {value!r}", hint=f"roles are {', '.join(ROLES)}")
    return known


def read(raw: bytes, now: datetime) -> list[Dialogue]:
    """The conversations in the JSON or JSON Lines *raw*; messages by themselves are one without an id.

    Raises:
        UsageError: It is neither, or a message in it makes no sense; the sentence says which.
    """
    if len(raw) > BYTES_MOST:
        raise UsageError(f"that is more than {BYTES_MOST // 1_000_000} MB of JSON")
    found = _documents(raw)
    if any("messages" in one for one in found):
        return [_dialogue(one, now) for one in found]
    return [_dialogue({"messages": found}, now)]


def messages(raw: bytes, now: datetime) -> tuple[list[Said], int]:
    """The messages in the JSON or JSON Lines *raw*, without ids and places, and how many had no text.

    Raises:
        UsageError: It makes no sense, or there are none.
    """
    found = read(raw, now)
    said = [replace(message, id="", position=None) for one in found for message in one.said]
    if not said:
        raise UsageError("there are no messages with text")
    return said, sum(one.skipped for one in found)


def _documents(raw: bytes) -> list[dict[str, Any]]:
    """The objects in *raw*: one, a list of them, or one a line."""
    body = raw.removeprefix(b"\xef\xbb\xbf").strip(BLANK)
    if not body:
        raise UsageError("there are no messages", hint='a message is {"role": "user", "content": "..."}')
    lines = [line for line in body.split(b"\n") if line.strip(BLANK)]
    if len(lines) > 1 and body.startswith(b"{") and _is_whole(lines[0]):
        return [_line(number, line) for number, line in enumerate(lines, start=1)]
    value = jsonlines.value(body)
    some = value if isinstance(value, list) else [value]
    for number, one in enumerate(some, start=1):
        if not isinstance(one, dict):
            raise UsageError(f"message {number}: not a JSON object")
    return some


def _is_whole(line: bytes) -> bool:
    """Whether *line* is JSON by itself, so that its neighbours are, too."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _line(number: int, line: bytes) -> dict[str, Any]:
    try:
        return jsonlines.document(line)
    except UsageError as error:
        raise UsageError(f"line {number}: {error.sentence}") from error


def _dialogue(document: Mapping[str, Any], now: datetime) -> Dialogue:
    messages = document.get("messages")
    if not isinstance(messages, list):
        raise UsageError("messages must be a list", hint='{"messages": [{"role": "user", "content": "..."}]}')
    said = [_said(number, message, now) for number, message in enumerate(messages, start=1)]
    ids = [one.id for one in said if one and one.id]
    if len(ids) != len(set(ids)):
        raise UsageError(f"two messages have the id {next(i for i in ids if ids.count(i) > 1)!r}")
    return Dialogue(
        id=checks.line(document.get("id") or "", "the conversation's id", checks.ID_LENGTH_MOST),
        title=checks.line(document.get("title") or "", "the title").strip(),
        summary=_summary(document.get("summary")),
        said=tuple(one for one in said if one),
        skipped=said.count(None),
    )


def _summary(value: Any) -> Summary:
    if value is None:
        return NO_SUMMARY
    if not isinstance(value, Mapping):
        raise UsageError("the summary must be an object")
    return Summary(
        text=checks.text(value.get("text"), "the summary"),
        by=checks.line(value.get("by"), "what made the summary"),
        until=checks.within(value.get("until"), 0, checks.MOST, "where the summary ends"),
    )


def _said(number: int, message: Any, now: datetime) -> Said | None:
    """What *message* says; None if it has no text."""
    try:
        if not isinstance(message, dict):
            raise UsageError("not a JSON object")
        text = _text(message.get("content"))
        spoken = _speaker(message)
        if not text.strip() and not isinstance(message.get("content"), str):
            return None
        return Said(
            role=spoken,
            content=checks.text(text, "the content"),
            created_at=_time(message.get("created_at"), now),
            metadata=checks.metadata(message.get("metadata") or {}),
            id=checks.own_id(message["id"]) if message.get("id") else "",
            position=checks.position(message.get("position")),
        )
    except UsageError as error:
        raise UsageError(f"message {number}: {error.sentence}", hint=error.hint) from error


def _speaker(message: Mapping[str, Any]) -> str:
    """The role, or the name of a user who has one."""
    known = role(message.get("role"))
    name = message.get("name")
    if known != "user" or not isinstance(name, str) or not name.strip():
        return known
    return checks.line(name, "the name", checks.NAME_LENGTH_MOST)


def _text(content: Any) -> str:
    """The text of *content*: a string, or the text parts of a list; pictures and calls are left out."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if not isinstance(content, list):
        raise UsageError("the content must be a string or a list of parts")
    texts = [part if isinstance(part, str) else _part(part) for part in content]
    return "\n".join(text for text in texts if text.strip())


def _part(part: Any) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type", "text") == "text" else None
    return text if isinstance(text, str) else ""


def _time(value: Any, now: datetime) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise UsageError("created_at is beyond all times") from error
    if not isinstance(value, str):
        raise UsageError(f"created_at must be an ISO date, not {value!r}")
    return parse_time(value, now)


def document(name: str, title: str, summary: Summary, turns: Sequence[Turn]) -> dict[str, Any]:
    """A conversation as `read` takes it back."""
    told = {"text": summary.text, "by": summary.by, "until": summary.until} if summary.text else None
    return {"id": name, "title": title, "summary": told, "messages": [_message(turn) for turn in turns]}


def _message(turn: Turn) -> dict[str, Any]:
    named = {} if turn.role in ROLES else {"name": turn.role}
    return {
        "role": turn.role if turn.role in ROLES else "user",
        **named,
        "content": turn.content,
        "id": turn.id,
        "position": turn.position,
        "created_at": turn.created_at,
        "metadata": turn.metadata,
    }

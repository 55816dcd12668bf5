"""Gemini CLI's sessions: `~/.gemini/tmp/PROJECT/chats/session-*`, one JSON object, or one event a line.

In the older form a session holds its messages. In the newer one the first line tells of the session, and the
others are messages, of which a later one with the same id is the whole of it; what was rewound is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memcli.services.importers.found import About, Found, Turns, legal_id, moment, named, words_of
from memcli.services.importers.reading import Broken, Entry

SPEAKERS = {"user": "user", "gemini": "assistant"}
REWIND = "$rewindTo"


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return "sessionId" in entry and "projectHash" in entry


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*."""
    turns = Turns(about, "gemini")
    session = ""
    messages: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        if knows(entry):
            yield from _turns(messages, session, turns, about)
            session, messages = legal_id(entry["sessionId"]), {}
            listed = entry.get("messages")
            for message in listed if isinstance(listed, list) else []:
                _take(messages, at, message)
        elif REWIND in entry:
            _rewind(messages, entry[REWIND])
        elif "type" in entry:
            _take(messages, at, entry)
        else:
            yield None
    yield from _turns(messages, session, turns, about)


def _take(messages: dict[str, tuple[int, Mapping[str, Any]]], at: int, message: Any) -> None:
    if isinstance(message, Mapping):
        messages[legal_id(message.get("id")) or f"#{len(messages)}"] = at, message


def _rewind(messages: dict[str, tuple[int, Mapping[str, Any]]], to: Any) -> None:
    """Forget the message *to* and what came after it."""
    name = legal_id(to)
    if name in messages:
        names = list(messages)
        for later in names[names.index(name) :]:
            del messages[later]


def _turns(
    messages: Mapping[str, tuple[int, Mapping[str, Any]]], session: str, turns: Turns, about: About
) -> Iterator[Found | None]:
    for name, (at, message) in messages.items():
        kind = message.get("type")
        who = SPEAKERS.get(kind) if isinstance(kind, str) else None
        text = words_of(message.get("content")) if who else ""
        if not who or not text:
            yield None
            continue
        draft = turns.draft(
            text,
            conversation=session or legal_id(about.name) or "gemini",
            speaker=who,
            own_id="" if name.startswith("#") else name,
            created_at=moment(message.get("timestamp")),
            metadata=named(model=message.get("model") if who == "assistant" else None),
        )
        yield Found(at, draft) if draft else None

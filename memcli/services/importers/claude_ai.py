"""Claude.ai's export: `conversations.json`, a list of conversations with their messages in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memcli.services.importers.found import (
    About,
    Found,
    Turns,
    legal_id,
    moment,
    named,
    short_hash,
    speaker,
    text_in,
    words_of,
)
from memcli.services.importers.reading import Broken, Entry


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return "chat_messages" in entry


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*."""
    turns = Turns(about, "claude-ai")
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        messages = entry.get("chat_messages")
        if not isinstance(messages, list):
            yield Found(at, problem="a conversation without messages (chat_messages)")
            continue
        began = moment(entry.get("created_at"))
        title, name = text_in(entry, "name"), legal_id(entry.get("uuid"))
        name = name or short_hash("claude-ai", title, entry.get("created_at"))
        for message in messages:
            if not isinstance(message, Mapping):
                yield None
                continue
            draft = turns.draft(
                words_of(message.get("content")) or text_in(message, "text"),
                conversation=name,
                speaker=speaker(message.get("sender")),
                own_id=legal_id(message.get("uuid")),
                created_at=moment(message.get("created_at")) or began,
                metadata=named(conversation_title=title),
            )
            began = None if draft else began  # from then on the previous turn's
            yield Found(at, draft) if draft else None

"""ChatGPT's export: `conversations.json`, a list of conversations, each a tree of messages.

An answer that was asked for again is another branch of the tree; told is the branch that ends with
`current_node`.
"""

from __future__ import annotations

import re
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

SAID = ("text", "multimodal_text", "")
"""Types of content that somebody has said; others are code for tools, what these gave, thoughts, settings."""

CITATION = re.compile("\ue200[^\ue201]*\ue201")
"""References to sources, which mean nothing outside."""


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return "mapping" in entry


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*."""
    turns = Turns(about, "chatgpt")
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        mapping = entry.get("mapping")
        if not isinstance(mapping, Mapping):
            yield Found(at, problem="a conversation without messages (mapping)")
            continue
        began = moment(entry.get("create_time"))
        about_it = named(conversation_title=entry.get("title"))
        branch = _branch(mapping, entry.get("current_node"))
        name = legal_id(entry.get("conversation_id")) or legal_id(entry.get("id")) or _name(entry, branch)
        for node, message in branch:
            draft = turns.draft(
                CITATION.sub("", _text(message)),
                conversation=name,
                speaker=_speaker(message),
                own_id=legal_id(message.get("id")) or legal_id(node),
                created_at=moment(message.get("create_time")) or began,
                metadata=about_it,
            )
            began = None if draft else began  # from then on the previous turn's
            yield Found(at, draft) if draft else None


def _name(entry: Mapping[str, Any], branch: list[tuple[str, Mapping[str, Any]]]) -> str:
    first = branch[0][0] if branch else ""
    return short_hash("chatgpt", entry.get("title"), entry.get("create_time"), first)


def _branch(mapping: Mapping[str, Any], current: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """The messages that lead to the node *current*, or to the latest one, from the first on."""
    name: Any = current if isinstance(current, str) and current in mapping else _latest(mapping)
    told, seen = list[tuple[str, Mapping[str, Any]]](), set[str]()
    while isinstance(name, str) and name not in seen:
        seen.add(name)
        node = mapping.get(name)
        if not isinstance(node, Mapping):
            break
        if isinstance(node.get("message"), Mapping):
            told.append((name, node["message"]))
        name = node.get("parent")
    return told[::-1]


def _latest(mapping: Mapping[str, Any]) -> str:
    """The node whose message is the latest; the last one where no times are known."""
    times = []
    for number, (name, node) in enumerate(mapping.items()):
        message = node.get("message") if isinstance(node, Mapping) else None
        time = moment(message.get("create_time")) if isinstance(message, Mapping) else None
        if isinstance(message, Mapping):
            times.append((time.timestamp() if time else 0.0, number, name))
    return max(times)[2] if times else ""


def _speaker(message: Mapping[str, Any]) -> str:
    author = message.get("author")
    return speaker(author.get("role") if isinstance(author, Mapping) else None)


def _text(message: Mapping[str, Any]) -> str:
    """What was said in *message*; "" for what tools were told or said, and for what is hidden."""
    content, about = message.get("content"), message.get("metadata")
    is_hidden = isinstance(about, Mapping) and about.get("is_visually_hidden_from_conversation")
    if is_hidden or (message.get("recipient") or "all") != "all" or _speaker(message) == "tool":
        return ""
    if isinstance(content, Mapping) and text_in(content, "content_type") not in SAID:
        return ""
    return words_of(content)

"""What is remembered, for people and for other programs: as Markdown, and as messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from memcli.errors import NotFoundError
from memcli.model import Memory, Scope
from memcli.services import transfer
from memcli.services.engine import Engine
from memcli.services.importers.markdown import OURS
from memcli.services.inert import LINE_ENDS, visible
from memcli.times import format_date, format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A conversation as other programs take it.

    Attributes:
        conversation: Its id.
        messages: What was said, in order: `role` and `content` of each.
    """

    conversation: str
    messages: tuple[Mapping[str, str], ...]


def dialogues(
    engine: Engine, *, scope: Scope, forgotten: bool = False, conversation: str = ""
) -> list[Dialogue]:
    """The conversations in *scope*, the one that began first foremost.

    Raises:
        NotFoundError: There is no conversation called *conversation*.
    """
    said = _conversations(_all(engine, scope, forgotten, conversation))
    if conversation and not said:
        raise NotFoundError(f"there is no conversation {conversation!r}")
    return [
        Dialogue(
            conversation=turns[0].conversation,
            messages=tuple({"role": turn.speaker or "user", "content": turn.text} for turn in turns),
        )
        for turns in said
    ]


def markdown(
    engine: Engine, *, scope: Scope, forgotten: bool = False, conversation: str = ""
) -> Iterator[str]:
    """What is remembered in *scope* as a document, line by line: facts by space, then conversations.

    An import of it brings the facts back; conversations are there to be read.

    Raises:
        NotFoundError: There is no conversation called *conversation*.
    """
    memories = _all(engine, scope, forgotten, conversation)
    said = _conversations(memories)
    if conversation and not said:
        raise NotFoundError(f"there is no conversation {conversation!r}")
    yield OURS
    yield "# What memcli remembers"
    facts = sorted((memory for memory in memories if not memory.is_turn), key=lambda memory: memory.space)
    for space, some in groupby(facts, key=lambda memory: memory.space):
        yield from ("", f"## Space {space}", "")
        for fact in some:
            yield from _bullet(fact.text)
    for turns in said:
        yield from _told(turns)


def _all(engine: Engine, scope: Scope, forgotten: bool, conversation: str) -> list[Memory]:
    some = transfer.exported(engine, scope=scope, forgotten=forgotten, conversation=conversation)
    return [memory for batch in some for memory in batch]


def _conversations(memories: Sequence[Memory]) -> list[list[Memory]]:
    """The turns among *memories* by conversation, each in order."""
    found: dict[tuple[str, ...], list[Memory]] = {}
    for memory in memories:
        if memory.is_turn:
            key = (memory.space, memory.user, memory.agent, memory.team, memory.conversation)
            found.setdefault(key, []).append(memory)
    return [sorted(turns, key=_place) for turns in found.values()]


def _place(turn: Memory) -> tuple[int, datetime, str]:
    return turn.position or 0, turn.created_at, turn.id


def _lines(text: str) -> list[str]:
    return visible(LINE_ENDS.sub("\n", text.strip())).split("\n")


def _bullet(text: str) -> Iterator[str]:
    first, *rest = _lines(text)
    yield f"- {first}"
    yield from (f"  {line}".rstrip() for line in rest)


def _told(turns: Sequence[Memory]) -> Iterator[str]:
    """A conversation as people read it: who spoke when, and what was said as a quotation."""
    first = turns[0]
    title = first.metadata.get("conversation_title")
    named = " ".join(_lines(title)) if isinstance(title, str) and title.strip() else first.conversation
    yield from ("", f"## Conversation: {named}", "")
    yield f"{format_date(first.created_at)} in the space {first.space}, {first.conversation}"
    for turn in turns:
        yield from ("", f"**{turn.speaker or 'user'}** ({format_time(turn.created_at)})", "")
        yield from (f"> {line}".rstrip() for line in _lines(turn.text))

"""Messages as OpenAI's and Anthropic's interfaces take them: a role and a content each.

One list, one message a line, or `{"messages": [...]}`, alone or one a line. A conversation that has no id is
called after a hash of its beginning, up to the first thing that the user says: so it is the same
conversation when the list has grown. A message's id that is a number counts within its list only, and is
passed over: the next list has the same one.
"""

from __future__ import annotations

from collections import Counter
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

OPENING_MOST = 20
"""Messages that are waited for until the user says something."""

TOOLS = ("tool", "function", "tool_result", "tool_call")
IDS = ("conversation", "conversation_id", "thread_id", "session_id", "id")
TIMES = ("created_at", "timestamp", "create_time", "created", "time")


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    is_message = "role" in entry and ("content" in entry or "text" in entry)
    return is_message or isinstance(entry.get("messages"), list)


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*."""
    names = _Names(about)
    turns = Turns(about, "messages")
    loose = _Loose(names, turns)
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        messages = entry.get("messages")
        if isinstance(messages, list):
            some = [one for one in messages if isinstance(one, Mapping)]
            name = names.of(entry, some)
            title = text_in(entry, "title")
            for message in some:
                yield _found(at, message, name, turns, title)
        elif "role" in entry:
            yield from loose.add(at, entry)
        else:
            yield Found(at, problem="neither a message nor a list of messages")
    yield from loose.flush()


class _Names:
    """What conversations are called."""

    def __init__(self, about: About) -> None:
        self._about, self._seen = about, Counter[str]()

    def of(self, entry: Mapping[str, Any], opening: list[Mapping[str, Any]]) -> str:
        """The id of the conversation in *entry* that begins with *opening*: its own, or one said, or made."""
        ids = (legal_id(entry.get(key)) for key in IDS)
        own = next(filter(None, ids), "")
        if own and not self._about.conversation:
            return own
        name = self._about.conversation or self._made(opening)
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name[:190]}-{self._seen[name]}"

    @staticmethod
    def _made(opening: list[Mapping[str, Any]]) -> str:
        said = []
        for message in opening[:OPENING_MOST]:
            said += [speaker(message.get("role")), _text(message)]
            if said[-2] == "user" and said[-1]:
                break
        return short_hash("messages", *said)


class _Loose:
    """Messages that stand by themselves: all of one file are one conversation."""

    def __init__(self, names: _Names, turns: Turns) -> None:
        self._names, self._turns = names, turns
        self._waiting: list[tuple[int, Mapping[str, Any]]] = []
        self._name = ""

    def add(self, at: int, message: Mapping[str, Any]) -> Iterator[Found | None]:
        """Take *message*; what can be told by now."""
        if self._name:
            yield _found(at, message, self._name, self._turns)
            return
        self._waiting.append((at, message))
        if speaker(message.get("role")) == "user" or len(self._waiting) >= OPENING_MOST:
            yield from self.flush()

    def flush(self) -> Iterator[Found | None]:
        """What has been waiting."""
        if self._waiting:
            self._name = self._names.of({}, [message for _, message in self._waiting])
        for at, message in self._waiting:
            yield _found(at, message, self._name, self._turns)
        self._waiting = []


def _text(message: Mapping[str, Any]) -> str:
    return words_of(message.get("content")) or text_in(message, "text")


def _found(at: int, message: Mapping[str, Any], name: str, turns: Turns, title: str = "") -> Found | None:
    role = speaker(message.get("role"))
    if role in TOOLS:
        return None
    times = (moment(message.get(key)) for key in TIMES)
    own_id = legal_id(message.get("id"))
    draft = turns.draft(
        _text(message),
        conversation=name,
        speaker=role,
        own_id="" if own_id.isdecimal() else own_id,
        created_at=next(filter(None, times), None),
        metadata=named(conversation_title=title),
    )
    return Found(at, draft) if draft else None

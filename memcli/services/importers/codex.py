"""Codex's rollouts: `~/.codex/sessions/YEAR/MONTH/DAY/rollout-*.jsonl`, one event a line.

The same words stand there twice in most: as what the model was sent or gave (`response_item`), and as what
the terminal showed (`event_msg`). Older ones have the first only, without a wrapper.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from memcli.services.importers.cleaning import said, said_to_codex
from memcli.services.importers.found import (
    About,
    Found,
    Turns,
    legal_id,
    moment,
    named,
    short_hash,
    sound,
    text_in,
    words_of,
)
from memcli.services.importers.reading import Broken, Entry

EVENTS = ("session_meta", "response_item", "event_msg", "turn_context", "compacted")
SHOWN = {"user_message": "user", "agent_message": "assistant"}
UNPAIRED_MOST = 50
"""Messages whose twin may still come; it comes within a few lines."""


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    if isinstance(entry.get("payload"), Mapping):
        return entry.get("type") in EVENTS
    is_message = entry.get("type") == "message" and "role" in entry
    return is_message or {"id", "timestamp", "instructions"} <= entry.keys()


@dataclass
class _Session:
    """What is known of the session that is read.

    Attributes:
        id: Its id; empty until it was said.
        origin: The session that it is a continuation of, whose beginning is repeated in it.
        about: Where it ran.
        unpaired: What was said, by whom and in which form, whose other form has not come.
    """

    id: str = ""
    origin: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    unpaired: deque[tuple[bool, str, str]] = field(default_factory=lambda: deque(maxlen=UNPAIRED_MOST))

    def meta(self, said: Mapping[str, Any]) -> None:
        """Take what the session says of itself."""
        name = legal_id(said.get("id"))
        if not name or name == self.origin:
            return
        git = said.get("git")
        branch = git.get("branch") if isinstance(git, Mapping) else None
        self.id, self.origin = name, legal_id(said.get("forked_from_id"))
        self.about = named(cwd=said.get("cwd"), git_branch=branch)

    def is_twin(self, is_shown: bool, role: str, text: str) -> bool:
        """Whether *text* of *role* has come in its other form already."""
        words = " ".join(text.split())
        twin = (not is_shown, role, words)
        if twin in self.unpaired:
            self.unpaired.remove(twin)
            return True
        self.unpaired.append((is_shown, role, words))
        return False


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*."""
    turns, session = Turns(about, "codex"), _Session()
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        payload = entry.get("payload", entry)
        message = _message(entry, payload, session) if isinstance(payload, Mapping) else None
        if message is None:
            yield None
            continue
        is_shown, role, text = message
        text = said_to_codex(sound(text)) if role == "user" else said(sound(text))
        if not text or session.is_twin(is_shown, role, text):
            yield None
            continue
        session.id = session.id or legal_id(about.name) or short_hash("codex", text)
        draft = turns.draft(
            text,
            conversation=session.id,
            speaker=role,
            own_id=legal_id(payload.get("id")),
            created_at=moment(entry.get("timestamp")),
            metadata=session.about,
        )
        yield Found(at, draft) if draft else None


def _message(
    entry: Mapping[str, Any], payload: Mapping[str, Any], session: _Session
) -> tuple[bool, str, str] | None:
    """Whether it was shown, who said it, and what was said in *entry*; None if it is no message."""
    kind, inside = text_in(entry, "type"), text_in(payload, "type")
    if kind == "event_msg" and inside in SHOWN:
        return True, SHOWN[inside], text_in(payload, "message")
    if kind in ("response_item", "message") and inside == "message":
        role = text_in(payload, "role")
        return (False, role, words_of(payload.get("content"))) if role in SHOWN.values() else None
    if kind == "session_meta" or (not kind and "instructions" in entry):
        session.meta(payload)
    return None

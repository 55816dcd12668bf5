"""Claude Code's sessions: `~/.claude/projects/FOLDER/SESSION.jsonl`, one event a line.

Said is what events of the types user and assistant hold as text. Tool calls and their results, thinking,
side chains (what agents of the agent said), events marked as meta, and summaries that were put in place of
what had been said are not. A message that was typed while the agent worked is an attachment and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memcli.services.importers.found import About, Found, Turns, legal_id, moment, named, speaker, words_of
from memcli.services.importers.reading import Broken, Entry

NOT_SAID = ("isSidechain", "isMeta", "isCompactSummary", "isVisibleInTranscriptOnly", "isApiErrorMessage")
TITLES = {"summary": "summary", "custom-title": "customTitle", "ai-title": "aiTitle"}
EVENTS = (*TITLES, "user", "assistant", "system", "file-history-snapshot", "queue-operation", "attachment")
TRACES = ("sessionId", "parentUuid", "leafUuid", "messageId")


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return entry.get("type") in EVENTS and not entry.keys().isdisjoint(TRACES)


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*."""
    turns = Turns(about, "claude-code")
    title = ""
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        kind = entry.get("type")
        if kind == "attachment" and (queued := _queued(entry)):
            kind, entry = "user", queued  # noqa: PLW2901
        if kind == "user" or kind == "assistant":  # noqa: PLR1714  # a list can't be looked up
            draft = _draft(entry, turns, title, about) if _is_said(entry) else None
            yield Found(at, draft) if draft else None
            continue
        if isinstance(kind, str) and kind in TITLES and isinstance(entry.get(TITLES[kind]), str):
            title = entry[TITLES[kind]]
        yield None


def _queued(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What *entry* would be if the user's words in it had not had to wait; None if there are none."""
    attached = entry.get("attachment")
    if not isinstance(attached, Mapping) or attached.get("type") != "queued_command":
        return None
    origin = attached.get("origin")
    by = origin.get("kind") if isinstance(origin, Mapping) else None
    if (
        attached.get("commandMode") not in (None, "prompt")
        or by not in (None, "human")
        or attached.get("isMeta")
    ):
        return None
    return {**entry, "type": "user", "message": {"role": "user", "content": attached.get("prompt")}}


def _is_said(entry: Mapping[str, Any]) -> bool:
    message = entry.get("message")
    if not isinstance(message, dict) or message.get("model") == "<synthetic>":
        return False
    for name in NOT_SAID:  # noqa: SIM110  # five times as fast as any()
        if entry.get(name):
            return False
    return True


def _draft(entry: Mapping[str, Any], turns: Turns, title: str, about: About) -> Any:
    message = entry["message"]
    text = words_of(message.get("content"))
    if not text:
        return None
    return turns.draft(
        text,
        conversation=legal_id(entry.get("sessionId")) or legal_id(about.name) or "claude-code",
        speaker=speaker(message.get("role") or entry["type"]),
        own_id=legal_id(entry.get("uuid")),
        created_at=moment(entry.get("timestamp")),
        metadata=named(cwd=entry.get("cwd"), git_branch=entry.get("gitBranch"), conversation_title=title),
    )

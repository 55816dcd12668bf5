"""What mem0 remembers, as its `get_all` and its exports give it: a list, or `{"results": [...]}`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memcli.errors import UsageError
from memcli.model import Draft
from memcli.services import checks
from memcli.services.importers.found import About, Found, legal_id, moment, named, sound, text_in, word
from memcli.services.importers.reading import Broken, Entry

LISTS = ("results", "memories")


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return isinstance(entry.get("memory"), str) or any(_holds(entry.get(name)) for name in LISTS)


def _holds(some: Any) -> bool:
    """Whether *some* is a list of memories."""
    return isinstance(some, list) and bool(some) and isinstance(some[0], Mapping) and "memory" in some[0]


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The facts in *entries*."""
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        lists = (entry.get(name) for name in LISTS)
        for one in next((some for some in lists if isinstance(some, list)), [entry]):
            yield _fact(at, one, about)


def _fact(at: int, memory: Any, about: About) -> Found:
    text = sound(text_in(memory, "memory", "text", "content")).strip() if isinstance(memory, Mapping) else ""
    if not text:
        return Found(at, problem="there is no memory")
    categories = memory.get("categories")
    tags = [word(tag, checks.NAME_LENGTH_MOST) for tag in categories] if isinstance(categories, list) else []
    draft = Draft(
        text=text,
        scope=about.scope,
        id=legal_id(memory.get("id")) or about.hashed("mem0", text),
        source="mem0",
        tags=tuple(dict.fromkeys(filter(None, tags))),
        metadata=_metadata(memory),
        created_at=moment(memory.get("created_at")),
        updated_at=moment(memory.get("updated_at")),
        expires_at=moment(memory.get("expiration_date")),
    )
    return Found(at, draft)


def _metadata(memory: Mapping[str, Any]) -> Mapping[str, Any]:
    """What *memory* says besides, as far as it can be kept."""
    own = memory.get("metadata")
    whose = named(**{name: memory.get(name) for name in ("user_id", "agent_id", "run_id")})
    try:
        return {**checks.metadata(own), **whose} if isinstance(own, Mapping) else whose
    except UsageError:
        return whose

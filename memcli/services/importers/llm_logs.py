"""What `llm logs --json -n 0` prints: a list of prompts with their responses, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memcli.services.importers.found import About, Found, Turns, legal_id, moment, named, short_hash, text_in
from memcli.services.importers.reading import Broken, Entry

SAID = {"prompt": "user", "response": "assistant"}


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return {"prompt", "response"} <= entry.keys()


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The turns in *entries*, two of each."""
    turns = Turns(about, "llm")
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        name = legal_id(entry.get("id"))
        conversation = legal_id(entry.get("conversation_id")) or name
        for part, who in SAID.items():
            draft = turns.draft(
                text_in(entry, part),
                conversation=conversation or short_hash("llm", text_in(entry, "prompt")),
                speaker=who,
                own_id=legal_id(f"{name}:{part}") if name else "",
                created_at=moment(entry.get("datetime_utc")),
                metadata=named(
                    conversation_title=entry.get("conversation_name"),
                    model=entry.get("model") if who == "assistant" else None,
                ),
            )
            yield Found(at, draft) if draft else None

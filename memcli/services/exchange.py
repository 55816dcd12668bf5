"""Conversations in and out: as JSON that is taken back, any number of times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from memcli.dialogue import NO_SUMMARY, Said
from memcli.errors import UsageError
from memcli.model import Action, Scope, Trust
from memcli.services import conversations, dialogues, turns
from memcli.services.engine import Engine
from memcli.services.journal import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What an import of conversations came to.

    Attributes:
        conversations: Which ones.
        stored: How many messages are new.
        duplicate: How many were there already.
        failed: How many could not be stored, since their ids belong to other memories.
        skipped: How many had no text, such as calls of tools.
    """

    conversations: tuple[str, ...]
    stored: int
    duplicate: int
    failed: int
    skipped: int


def take_in(engine: Engine, raw: bytes, *, scope: Scope, conversation: str = "") -> TakenIn:
    """Store the conversations in the JSON *raw*, as `dialogues.read` takes it; again, it changes nothing.

    Args:
        engine: What to work with.
        raw: What was exported, or messages.
        scope: Where; its space must be named.
        conversation: Where the messages go, if they are those of one conversation; empty for the one they
            name, or, if they name none, one that is made for them.

    Raises:
        UsageError: It makes no sense; nothing is stored.
    """
    found = dialogues.read(raw, engine.now())
    if conversation and len(found) != 1:
        raise UsageError(f"there are {len(found)} conversations, which can't all be {conversation!r}")
    change, added = Running("conversation import"), []
    for one in found:
        name = (
            conversation or one.id or _digest(scope, *(f"{said.role}\0{said.content}" for said in one.said))
        )
        said = _with_ids(scope, name, one)
        added += turns.add_all(
            engine, said, scope=scope, conversation=name, title=one.title, change=change, trust=Trust.IMPORTED
        )
        if one.summary.text and name == one.id:
            conversations.keep_summary(engine, scope, name, one.summary)
    counts = {action: sum(one.action is action for one in added) for action in Action}
    return TakenIn(
        conversations=tuple(dict.fromkeys(one.conversation for one in added)),
        stored=counts[Action.STORED],
        duplicate=counts[Action.DUPLICATE],
        failed=counts[Action.FAILED],
        skipped=sum(one.skipped for one in found),
    )


def _with_ids(scope: Scope, name: str, one: dialogues.Dialogue) -> list[Said]:
    """The messages of *one*, each with an id: its own, if they go where they came from."""
    return [
        said
        if said.id and name == one.id
        else replace(said, id=_digest(scope, name, str(place), said.role, said.content))
        for place, said in enumerate(one.said)
    ]


def _digest(scope: Scope, *parts: str) -> str:
    """An id that is the same whenever the same is imported."""
    said = "\0".join([str(scope.space), scope.owner, scope.agent or "", *parts])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def export(engine: Engine, *, scope: Scope, conversation: str = "") -> dict[str, Any]:
    """A conversation with all that is known of it, as `take_in` takes it back.

    Raises:
        NotFoundError: There is no such conversation.
    """
    name = turns.named(engine, scope, conversation)
    row = engine.db.conversations.get(turns.owner_of(scope), name)
    return dialogues.document(
        name,
        row.title if row else "",
        row.summary if row else NO_SUMMARY,
        turns.all_turns(engine, scope=scope, conversation=name),
    )

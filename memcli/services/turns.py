"""Turns of conversations: memories in an order, which is settled under the writer's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from memcli.dialogue import Said, Turn
from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Action, Draft, Memory, Scope, Trust
from memcli.services import checks, dialogues, journal, names, remember
from memcli.services.engine import Engine
from memcli.services.journal import Running
from memcli.services.select import Filter, predicate
from memcli.services.vectors import Embedded, embed, joined, refuse_other_model
from memcli.storage.predicates import all_of, equals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memcli.storage.conversations import Owner
    from memcli.storage.database import Database

AT_ONCE = 512
"""Messages that are embedded and written together, as an import does."""

SOURCE = "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What adding a message came to.

    Attributes:
        action: `stored`; `duplicate` if its id is there and says the same, `failed` if something else.
        id: The memory that holds it; None if it failed.
        conversation: The conversation that it is in.
        position: Its place there; None if it failed.
        role: Who said it.
        space: Where it is.
        reason: Why, in words.
    """

    action: Action
    id: str | None
    conversation: str
    position: int | None
    role: str
    space: str
    reason: str = ""


def add(
    engine: Engine,
    role: str,
    text: str,
    *,
    scope: Scope,
    conversation: str = "",
    new: bool = False,
    **about: Any,
) -> Added:
    """Add what *role* said to the end of a conversation.

    Args:
        engine: What to work with.
        role: One of `memcli.dialogue.ROLES`.
        text: What was said.
        scope: Where; its space must be named.
        conversation: The conversation, which need not be there yet; the current one, if empty.
        new: Whether it begins with this.
        about: `created_at` and `metadata`.

    Raises:
        UsageError: There is no such role, or the text can't be stored.
        ConflictError: It is to begin, and is there already.
    """
    said = Said(role=dialogues.role(role), content=text, **about)
    return add_all(engine, [said], scope=scope, conversation=conversation, new=new)[0]


def add_all(
    engine: Engine,
    said: Sequence[Said],
    *,
    scope: Scope,
    conversation: str = "",
    new: bool = False,
    title: str = "",
    change: Running | None = None,
    trust: str = "",
) -> list[Added]:
    """Add messages to the end of a conversation, in order; `undo` takes all of them back at once.

    Args:
        engine: What to work with.
        said: The messages. One whose position is free there gets it.
        scope: Where; its space must be named.
        conversation: The conversation, which need not be there yet; the current one, if empty.
        new: Whether it begins with these.
        title: What the conversation is called from now on; empty for no change.
        change: The change that this is a part of; one of its own, if None.
        trust: Who put them there; empty for an agent what it said or was told, and for the user the others.

    Raises:
        UsageError: One of them can't be stored; none is.
        ConflictError: It is to begin, and is there already.
    """
    change = change or Running("conversation add")
    name = _checked_name(conversation)
    drafts = [_draft(one, scope, trust) for one in said]
    for draft in drafts:
        remember.check(engine, draft)
    added: list[Added] = []
    for start in range(0, len(drafts), AT_ONCE):
        ready = remember.prepared(engine, drafts[start : start + AT_ONCE], compare=False)
        with engine.db.writing(engine.embedder.model) as db:
            refuse_other_model(engine.embedder, db.model)
            there = db.memories.with_ids([draft.id for draft in ready.drafts if draft.id])
            if not name or any(memory.id not in there for memory in ready.memories):
                name = _taken_up(engine, db, scope, name, new=new, title=title)
            added += _added(engine, db, ready, there, name, change)
        new = False
    return added


def _checked_name(conversation: str) -> str:
    name = checks.line(conversation, "the conversation", checks.ID_LENGTH_MOST)
    if name and not name.strip():
        raise UsageError("the conversation's id is blank")
    return name


BY_AGENTS = frozenset({"assistant", "tool"})
"""Roles whose words are no user's."""


def _draft(said: Said, scope: Scope, trust: str) -> Draft:
    """*said* as a draft of what will be a turn: the conversation is not known yet."""
    return Draft(
        text=said.content,
        scope=scope,
        id=said.id,
        metadata=said.metadata,
        source=SOURCE,
        position=said.position,
        speaker=said.role,
        created_at=said.created_at,
        trust=trust or (Trust.AGENT if said.role in BY_AGENTS else ""),
    )


def owner_of(scope: Scope) -> Owner:
    """Where a conversation in *scope* is, and whose."""
    from memcli.storage.conversations import Owner  # behind the store's door

    return Owner(space=checks.space_name(scope.space), user=scope.owner, agent=scope.agent or "")


def _turns_of(owner: Owner, name: str) -> str:
    """The predicate for the turns of a conversation, forgotten ones too."""
    of = (
        equals(column, value)
        for column, value in zip(("space", "user", "agent"), _values(owner), strict=True)
    )
    return all_of(*of, equals("conversation", name) if name else "")


def _values(owner: Owner) -> tuple[str, str, str]:
    return owner.space, owner.user, owner.agent


def _taken_up(engine: Engine, db: Database, scope: Scope, name: str, *, new: bool, title: str) -> str:
    """The conversation that is meant, which from now on is the current one. Needs the writer's lock.

    Going on with the current one writes nothing: a turn is as quickly stored as any memory.
    """
    from memcli.storage.conversations import Row

    owner, now = owner_of(scope), engine.now()
    last = db.conversations.taken_up(owner)
    if new and name and _is_there(db, owner, name):
        raise ConflictError(
            f"there is already a conversation {name!r}", hint="leave --new out to go on with it"
        )
    if not name:
        name = "" if new else _latest(db, owner, last)
    name = name or engine.new_id()
    if last and last[0] == name and not title:
        return name
    at = max(now, last[1] + timedelta(microseconds=1)) if last else now
    row = db.conversations.get(owner, name) or Row(owner=owner, id=name, created_at=now, updated_at=now)
    db.conversations.put([replace(row, title=title or row.title, updated_at=now, taken_up_at=at)])
    return name


def _latest(db: Database, owner: Owner, last: tuple[str, datetime] | None) -> str:
    """The conversation that was taken up last, or else the one with the latest turn; empty for none."""
    from memcli.storage import turns

    return last[0] if last else turns.last_spoken(db.memories.table, _turns_of(owner, "")) or ""


def _is_there(db: Database, owner: Owner, name: str) -> bool:
    there = db.conversations.get(owner, name) is not None
    return there or db.memories.table.count(_turns_of(owner, name)) > 0


def _added(
    engine: Engine,
    db: Database,
    ready: remember.Prepared,
    there: Mapping[str, Memory],
    name: str,
    change: Running,
) -> list[Added]:
    """Store what is *ready*, but for what is *there*, as turns of the conversation *name*.

    Needs the writer's lock.
    """
    fresh = [memory for memory in ready.memories if memory.id not in there]
    placed = _placed(db, fresh, name)
    embedded = ready.embedded.only(set(placed))
    if missing := [memory for memory in fresh if memory.id not in {m.id for m in embedded.memories}]:
        embedded = joined(embedded, embed(engine.embedder, missing))  # it was there when we looked first
    new = [placed[memory.id] for memory in embedded.memories]
    journal.note(engine, db, change, added=new)
    assert db.current is not None
    Embedded(new, embedded.vectors, embedded.passages, embedded.passage_vectors).add_to(db.current)
    names.note(engine.home.names, new)
    return [
        _stored(placed[memory.id]) if memory.id in placed else _known(there[memory.id], memory, name)
        for memory in ready.memories
    ]


def _placed(db: Database, memories: Sequence[Memory], name: str) -> dict[str, Memory]:
    """*memories* with their places in the conversation *name*: as asked for, if free, or else at its end."""
    from memcli.storage import turns
    from memcli.storage.conversations import Owner

    if not memories:
        return {}
    one = memories[0]
    where = _turns_of(Owner(space=one.space, user=one.user, agent=one.agent), name)
    taken = turns.positions(db.memories.table, where)
    following = max(taken, default=-1) + 1
    placed = {}
    for memory in memories:
        position = memory.position
        if position is None or position in taken:
            position = following
        taken.add(position)
        following = max(following, position + 1)
        placed[memory.id] = replace(memory, conversation=name, position=position)
    return placed


def _stored(turn: Memory) -> Added:
    return Added(
        action=Action.STORED,
        id=turn.id,
        conversation=turn.conversation,
        position=turn.position,
        role=turn.speaker,
        space=turn.space,
    )


def _known(there: Memory, memory: Memory, name: str) -> Added:
    """The answer for *memory*, whose id belongs to the memory that is *there*."""
    same = (there.space, there.user, there.agent, there.conversation, there.text)
    if same != (memory.space, memory.user, memory.agent, name, memory.text):
        reason = f"the id {memory.id} belongs to another memory in the space {there.space}"
        return replace(
            _stored(memory), action=Action.FAILED, id=None, conversation=name, position=None, reason=reason
        )
    gone = f", forgotten; memcli restore {there.id} brings it back" if there.forgotten_at else ""
    return replace(_stored(there), action=Action.DUPLICATE, reason=f"same id and text{gone}")


# --- looking ---


def current(engine: Engine, scope: Scope) -> str | None:
    """The conversation of *scope* that goes on where none is named; None if there is none.

    It is the one that was written to last, or, if all came by an import, the one with the latest turn.
    """
    db, owner = engine.db, owner_of(scope)
    return _latest(db, owner, db.conversations.taken_up(owner)) or None


def named(engine: Engine, scope: Scope, conversation: str = "") -> str:
    """The conversation called *conversation*, or the current one if that is empty.

    Raises:
        NotFoundError: There is no such conversation, or none at all.
    """
    name = _checked_name(conversation) or current(engine, scope)
    if not name:
        raise NotFoundError(
            "there is no conversation yet", hint='memcli conversation add user "..." begins one'
        )
    has_row = scope.space is not None and engine.db.conversations.get(owner_of(scope), name)
    where = predicate(scope, Filter(turns=True, conversation=name), engine.now())
    if not has_row and not engine.db.memories.table.count(where):
        raise NotFoundError(
            f"there is no conversation {name!r}", hint="memcli conversation list shows what there is"
        )
    return name


def all_turns(engine: Engine, *, scope: Scope, conversation: str = "", last: int | None = None) -> list[Turn]:
    """The turns of a conversation in order, only the *last* ones, if given.

    Raises:
        NotFoundError: There is no such conversation.
    """
    from memcli.storage import turns as stored

    name = named(engine, scope, conversation)
    if last is not None:
        checks.positive(last, "the number of turns")
    where = predicate(scope, Filter(turns=True, conversation=name), engine.now())
    places = stored.places(engine.db.memories.table, where)[-last if last else None :]
    return with_ids(engine, [place.id for place in places])


def with_ids(engine: Engine, ids: Sequence[str]) -> list[Turn]:
    """The turns called *ids*, in that order."""
    found = engine.db.memories.with_ids(ids)
    return [turn_of(found[i]) for i in ids if i in found]


def with_vectors(engine: Engine, ids: Sequence[str]) -> tuple[list[Turn], NDArray[np.float32]]:
    """The turns called *ids*, in order, and their vectors, shape (n, dimension)."""
    found, vectors = engine.db.memories.with_vectors(ids, "")
    place = {memory.id: row for row, memory in enumerate(found)}
    rows = [place[i] for i in ids if i in place]
    return [turn_of(found[row]) for row in rows], vectors[rows]


def turn_of(memory: Memory) -> Turn:
    """*memory*, which is a turn, as one."""
    return Turn(
        id=memory.id,
        conversation=memory.conversation,
        position=memory.position or 0,
        role=memory.speaker,
        content=memory.text,
        created_at=memory.created_at,
        space=memory.space,
        metadata=memory.metadata,
    )

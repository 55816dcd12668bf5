"""What the store already holds of memories that are about to be stored."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from memcli.kinds import outranks
from memcli.model import Action, Memory, Stored
from memcli.services.engine import Engine
from memcli.services.select import current, is_alive, is_current


class Known:
    """What the store already holds of some memories: the same words, or the same ids.

    Only current memories make a duplicate by their words, and only of current ones: what is forgotten,
    has expired or was replaced on one side says nothing about the other.

    Args:
        engine: What to work with.
        memories: What is about to be stored.
        compare: Whether words count; if not, only ids do.
        ids: The ids to look up; those of *memories*, if None.
        weighed: Ids of *memories* that are still decided on where only somebody less trusted says the same.

    Attributes:
        version: What the store looked like: equal as long as nobody has written memories.
    """

    def __init__(
        self,
        engine: Engine,
        memories: Sequence[Memory],
        *,
        compare: bool = True,
        ids: Sequence[str] | None = None,
        weighed: Container[str] = (),
    ) -> None:
        from memcli.storage.rows import fingerprint

        self._fingerprint, self._compare, self._now = fingerprint, compare, engine.now()
        self._weighed = weighed
        prints = [fingerprint(memory) for memory in memories if self._counts(memory)]
        looked_up = [memory.id for memory in memories] if ids is None else ids
        self.version = engine.db.version
        self._ids, self._said = engine.db.memories.known(looked_up, prints, current(self._now))

    def _key(self, memory: Memory) -> tuple[str, ...]:
        return memory.space, memory.user, memory.agent, memory.team, self._fingerprint(memory)

    def _counts(self, memory: Memory) -> bool:
        return self._compare and is_current(memory, self._now)

    def answer(self, memory: Memory) -> Stored | None:
        """The answer for *memory* if it needs no storing."""
        there = self._ids.get(memory.id)
        if there is not None and not self._is_same(there, memory):
            reason = f"the id {memory.id} belongs to another memory in the space {there.space}"
            return Stored(action=Action.FAILED, id=None, space=memory.space, reason=reason)
        if there is not None:
            gone = (
                "" if is_alive(there, self._now) else f", forgotten; memcli restore {there.id} brings it back"
            )
            return _duplicate(memory, memory.id, "same id and text" + gone)
        same, trust = self._said.get(self._key(memory), ("", "")) if self._counts(memory) else ("", "")
        if not same or (memory.id in self._weighed and outranks(memory.trust, trust)):
            return None
        return _duplicate(memory, same, "same text")

    def _is_same(self, there: Memory, memory: Memory) -> bool:
        """Whether both say the same in one scope; where in a conversation does not matter, given one id.

        A session that was taken up again repeats its beginning under another name.
        """
        if there.is_turn and memory.is_turn:
            there = replace(there, conversation=memory.conversation, position=memory.position)
        return self._key(there) == self._key(memory)

    def gave_way(self, memory: Memory) -> None:
        """*memory* has been replaced: its words may be said anew."""
        if self._said.get(self._key(memory), ("", ""))[0] == memory.id:
            del self._said[self._key(memory)]

    def doubles(self, memory: Memory, same: str) -> None:
        """*memory*, which was taken, says what the memory *same* says, in other words, and is not stored."""
        self._ids.pop(memory.id, None)
        if self._counts(memory):
            self._said[self._key(memory)] = same, memory.trust

    def take(self, memory: Memory) -> Stored:
        """The answer for *memory*, which from now on is known."""
        answer = self.answer(memory)
        if answer is not None:
            return answer
        self._ids[memory.id] = memory
        if self._counts(memory):
            self._said[self._key(memory)] = memory.id, memory.trust
        return stored(memory)


def _duplicate(memory: Memory, same: str, reason: str) -> Stored:
    return Stored(action=Action.DUPLICATE, id=same, similarity=1.0, space=memory.space, reason=reason)


def stored(memory: Memory) -> Stored:
    """The answer for *memory*, which is new."""
    return Stored(action=Action.STORED, id=memory.id, space=memory.space)

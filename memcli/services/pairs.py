"""Which of the remembered facts double or contradict each other: imported ones, most of all.

Imported where the store has been opened: it works with arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from memcli.model import Action, Conflict, Memory, Progress, Scope
from memcli.services.select import current, in_scope
from memcli.services.settle import FLOOR, NEAREST, decided, worth_a_look
from memcli.storage import rivals
from memcli.storage.predicates import all_of
from memcli.storage.rivals import FACTS, Rival
from memcli.storage.rows import ids_of, vectors_of

if TYPE_CHECKING:
    from memcli.services.engine import Engine

AT_ONCE = 1_000
"""Facts that are held against all others at once: so often hears whoever waits."""


def conflicting(engine: Engine, scope: Scope, progress: Progress) -> list[Conflict]:
    """The pairs of current facts of *scope* of which one would not be stored beside the other.

    Each fact is held against its nearest, as if the later had just been stored. Oldest first.

    Args:
        engine: What to work with.
        scope: Where to look.
        progress: Hears how many facts are done.
    """
    found = {}
    for one, rival in _near(engine, scope, progress):
        old, new = sorted((one, rival.memory), key=lambda memory: (memory.created_at, memory.id))
        if (old.id, new.id) in found:
            continue
        decision = decided(Rival(old, rival.cosine), new, new.created_at)
        found[old.id, new.id] = Conflict(
            action=decision.action,
            old=old,
            new=new,
            similarity=round(rival.cosine, 6),
            confidence=round(decision.confidence, 4),
            reason=decision.reason,
        )
    conflicts = [conflict for conflict in found.values() if conflict.action is not Action.STORED]
    return sorted(conflicts, key=lambda conflict: (conflict.new.created_at, conflict.new.id, conflict.old.id))


def _near(engine: Engine, scope: Scope, progress: Progress) -> Iterator[tuple[Memory, Rival]]:
    """Each fact of *scope* with each of those near it; a pair may come twice, once each way."""
    memories = engine.db.memories
    now = current(engine.now())
    for batch in memories.batches_of(all_of(in_scope(scope), FACTS, now), AT_ONCE):
        there = memories.with_ids(ids_of(batch))
        rows = [row for row, memory in enumerate(ids_of(batch)) if memory in there]  # else purged meanwhile
        ones = [there[memory] for memory in ids_of(batch.take(rows))]
        vectors = vectors_of(batch.take(rows))
        near = rivals.of_many(memories, ones, vectors, now, nearest=NEAREST + 1, floor=FLOOR)
        for one, some in zip(ones, near, strict=True):
            others = [rival for rival in some if rival.memory.id != one.id]
            yield from ((one, rival) for rival in worth_a_look(one, others))
        progress(len(ones))

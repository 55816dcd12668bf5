"""Which of the remembered facts double or contradict each other: imported ones, most of all.

Imported where the store has been opened: it works with arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from memcli.kinds import KEEP
from memcli.model import Action, Conflict, Memory, Progress, Scope
from memcli.services.conflicts import says_more
from memcli.services.precedence import in_view_of_trust
from memcli.services.select import current, in_scope
from memcli.services.settle import FLOOR, NEAREST, decided, worth_a_look
from memcli.storage import rivals
from memcli.storage.predicates import all_of
from memcli.storage.rivals import FACTS, Rival
from memcli.storage.table import chunks

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
    found: dict[tuple[str, str], Conflict] = {}
    keeps = engine.config.conflicts.trust == KEEP
    for one, rival in _near(engine, scope, progress):
        old, new = sorted((one, rival.memory), key=lambda memory: (memory.created_at, memory.id))
        if (old.id, new.id) in found:
            continue
        decision = decided(Rival(old, rival.cosine), new, new.created_at)
        conflict = Conflict(
            action=decision.action,
            old=old,
            new=new,
            similarity=round(rival.cosine, 6),
            confidence=round(decision.confidence, 4),
            reason=decision.reason,
        )
        if conflict.action is Action.DUPLICATE and says_more(old.text, new.text):
            conflict = replace(conflict, old=new, new=old)  # the fuller one stays
        found[old.id, new.id] = in_view_of_trust(conflict) if keeps else conflict
    conflicts = [conflict for conflict in found.values() if conflict.action is not Action.STORED]
    whole = _whole(engine, conflicts)
    return sorted(whole, key=lambda conflict: (conflict.new.created_at, conflict.new.id, conflict.old.id))


def _whole(engine: Engine, conflicts: Sequence[Conflict]) -> list[Conflict]:
    """*conflicts* with all that is known about both memories, without those that one has been changed of."""
    ids = {memory.id for conflict in conflicts for memory in (conflict.old, conflict.new)}
    there = engine.db.memories.with_ids(sorted(ids), current(engine.now()))
    return [
        replace(conflict, old=there[conflict.old.id], new=there[conflict.new.id])
        for conflict in conflicts
        if all(m.id in there and there[m.id].text == m.text for m in (conflict.old, conflict.new))
    ]


def _near(engine: Engine, scope: Scope, progress: Progress) -> Iterator[tuple[Memory, Rival]]:
    """Each fact of *scope* with each of those near it; a pair may come twice, once each way."""
    memories = engine.db.memories
    now = current(engine.now())
    for some in chunks(memories.ids(all_of(in_scope(scope), FACTS, now)), AT_ONCE):
        ones, vectors = memories.with_vectors(some, now)  # without what is gone by now
        near = rivals.of_many(memories, ones, vectors, now, nearest=NEAREST + 1, floor=FLOOR)
        for one, its in zip(ones, near, strict=True):
            others = [rival for rival in its if rival.memory.id != one.id]
            yield from ((one, rival) for rival in worth_a_look(one, others))
        progress(len(some))

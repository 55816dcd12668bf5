"""What becomes of new facts in view of those that are remembered: which are doubles, which replace which.

The decision on two statements is made in `memcli.services.conflicts`. Here is which pairs are looked at,
and what several decisions come to. Imported behind the store's door: it works with arrays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from memcli.kinds import CONTRADICTS, KEEP
from memcli.model import Action, Considered, Memory, Stored
from memcli.services import precedence
from memcli.services.conflicts import Decision, Statement, decide
from memcli.services.history import given_way
from memcli.services.select import current, is_current, is_fact
from memcli.storage import rivals
from memcli.storage.rivals import Key, Rival, key_of
from memcli.storage.rows import units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.services.engine import Engine
    from memcli.services.judge import Verdicts

NEAREST = 5
"""Nearest facts that a new one is held against. Each costs about a millisecond to decide on."""

HOLDING = 2
"""Facts with its numbers and identifiers that are held against it besides, the best by BM25."""

FLOOR = 0.3
"""The least cosine of two facts that may have to do with each other: of the development pairs that are
doubles or replacements, 1 % have less."""

SURE = 0.8
"""A double or a replacement that is this sure is not held against what is less near. Where many facts are
nearly the same, that halves the decisions of an import."""

SURELY, ALIKE = 2, 0.6
"""The nearest two are looked at in any case; others need a word in common, or this cosine. In a store of
550 facts that leaves half of the pairs. The development pairs below it without a common word are as often
decided wrongly as rightly."""

STEM = 4
"""Letters that two words share to be held for the same one here."""

LITTLE = 3
"""Letters of a word that says little: "the", "and"; figures count whatever their length."""

MANY = 8
"""New facts from which on one product of all vectors is quicker than a search for each."""


def looked_up(engine: Engine, new: Sequence[Memory], vectors: NDArray[np.float32]) -> dict[str, list[Rival]]:
    """The rivals of the facts *new* in the store, by id; their *vectors* have shape (n, dimension)."""
    if len(new) < MANY:
        return {m.id: _rivals_of(engine, m, unit) for m, unit in zip(new, units(vectors), strict=True)}
    where = current(engine.now())
    found = rivals.of_many(engine.db.memories, new, vectors, where, nearest=NEAREST, floor=FLOOR)
    return {memory.id: some for memory, some in zip(new, found, strict=True)}


def _rivals_of(engine: Engine, new: Memory, unit: NDArray[np.float32]) -> list[Rival]:
    return rivals.of_one(
        engine.db.memories,
        new,
        unit,
        current(engine.now()),
        is_fact,
        nearest=NEAREST,
        holding=HOLDING,
        floor=FLOOR,
    )


@dataclass(frozen=True)
class Settled:
    """What a new fact came to.

    Attributes:
        answer: For whoever stored it.
        gave_way: The memories that give way to it, as they will be, the one that it replaces first.
    """

    answer: Stored
    gave_way: Sequence[Memory] = ()


@dataclass
class Settler:
    """Settles new facts one after the other; those that came before count as remembered.

    Needs the writer's lock, so that nobody stores in between.

    Attributes:
        engine: What to work with.
        said: When each new memory was said, by id, where that is known.
        verdicts: What a judge thought of pairs, if one was asked.
        found: The rivals of new facts, by id, as far as they have been looked up.
        replaced: The memories of the store that gave way, as they will be, by id, as far as they are known.
        added: The new memories so far, as they will be, by id.
        heirs: Those of them that say the words of a memory that gave way, each with the id of that one.
    """

    engine: Engine
    said: Mapping[str, datetime]
    verdicts: Verdicts | None = None
    found: Mapping[str, Sequence[Rival]] = field(default_factory=dict)
    replaced: dict[str, Memory] = field(default_factory=dict)
    added: dict[str, Memory] = field(default_factory=dict)
    heirs: dict[str, str] = field(default_factory=dict)
    _vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    _by_scope: dict[Key, list[str]] = field(default_factory=dict)

    def settle(self, new: Memory, vector: NDArray[np.float32]) -> Settled:
        """What the fact *new* does to those that are remembered; from now on it is one of them."""
        mine = units(vector.reshape(1, -1))[0]
        considered = self._considered(new, mine)
        comes = precedence.outcome(new, considered, keeps=self._keeps)
        told = tuple(_considered(rival, decision) for rival, decision in considered)
        against = comes.contradicted.id if comes.contradicted else None
        if comes.best is None:
            self.add(new, mine)
            return Settled(replace(_answer(Action.STORED, new), considered=told))
        rival, decision = comes.best
        answer = replace(
            _answer(decision.action, new),
            similarity=round(rival.cosine, 6),
            reason=decision.reason,
            confidence=round(decision.confidence, 4),
            considered=told,
            contradicts_id=against,
        )
        if decision.action is Action.DUPLICATE:
            return Settled(replace(answer, id=rival.memory.id))
        if against:
            new = replace(new, metadata={**new.metadata, CONTRADICTS: against})
        if decision.action is Action.STORED:
            self.add(new, mine)
            return Settled(answer)
        if comes.heir_of:
            self.heirs[new.id] = comes.heir_of.id
        also = [self._put_aside(one, new, why) for one, why in comes.gives_way]
        gone = self.give_way(rival, new, decision, mine)
        return Settled(replace(answer, replaced_id=gone.id, replaced_text=gone.text), (gone, *also))

    @property
    def _keeps(self) -> bool:
        """Whether nothing gives way to what is less trusted."""
        return self.engine.config.conflicts.trust == KEEP

    def _considered(self, new: Memory, mine: NDArray[np.float32]) -> list[tuple[Rival, Decision]]:
        """The decisions in view of each of the rivals of *new*, up to the first one that is sure.

        It is not the last as long as words of somebody else are left: these stay, or go, too.
        """
        considered = []
        near = self._rivals(new, mine)
        for place, rival in enumerate(near):
            decision = self._decision(rival, new)
            considered.append((rival, decision))
            whose = {other.memory.trust for other in near[place:]}
            if is_final(decision) and not (self._keeps and whose - {new.trust}):
                break
        return considered

    def add(self, new: Memory, vector: NDArray[np.float32]) -> None:
        """Let *new* be remembered."""
        self.added[new.id], self._vectors[new.id] = new, vector
        if is_fact(new) and is_current(new, self.engine.now()):
            self._by_scope.setdefault(key_of(new), []).append(new.id)

    def give_way(self, rival: Rival, new: Memory, decision: Decision, vector: NDArray[np.float32]) -> Memory:
        """Let *rival* give way to *new*; what it will be."""
        gone = self._put_aside(rival, new, decision)
        self.add(replace(new, replaces=gone.id), vector)
        return gone

    def _put_aside(self, rival: Rival, new: Memory, decision: Decision) -> Memory:
        """Let *rival* be replaced by *new*; what it will be."""
        since = self._since(rival.memory, new)
        gone = given_way(rival.memory, new, decision, since, self.engine.now())
        (self.added if gone.id in self.added else self.replaced)[gone.id] = gone
        return gone

    def _since(self, old: Memory, new: Memory) -> datetime:
        """Since when *new* holds and *old* does not."""
        said = self.said.get(new.id)
        return said if said and said >= old.created_at else max(self.engine.now(), old.created_at)

    def rivals(self, new: Memory, vector: NDArray[np.float32]) -> list[Rival]:
        """What the fact *new* would be held against, nearest first."""
        return self._rivals(new, units(vector.reshape(1, -1))[0])

    def _rivals(self, new: Memory, mine: NDArray[np.float32]) -> list[Rival]:
        """What *new* is held against, nearest first: from the store, and from what is new itself."""
        there = self.found[new.id] if new.id in self.found else _rivals_of(self.engine, new, mine)
        fresh = [rival for rival in there if rival.memory.id not in self.replaced]
        near = sorted([*fresh, *self._earlier(new, mine)], key=lambda rival: -rival.cosine)
        return worth_a_look(new, near)

    def _earlier(self, new: Memory, mine: NDArray[np.float32]) -> list[Rival]:
        """The nearest of those new ones that came before *new*."""
        now = self.engine.now()
        there = [self.added[i] for i in self._by_scope.get(key_of(new), ())]
        there = [memory for memory in there if is_current(memory, now)]
        if not there:
            return []
        cosines = np.stack([self._vectors[memory.id] for memory in there]) @ mine
        best = [int(i) for i in np.argsort(-cosines)[:NEAREST] if cosines[i] >= FLOOR]
        return [Rival(there[i], float(cosines[i])) for i in best]

    def _decision(self, rival: Rival, new: Memory) -> Decision:
        if self.verdicts and (verdict := self.verdicts.of(rival.memory, new)):
            return verdict
        return decided(rival, new, self.said.get(new.id))


def worth_a_look(new: Memory, near: Sequence[Rival]) -> list[Rival]:
    """Those of *near*, nearest first, that are decided on in view of *new*."""
    words = _words(new.text)
    further = [rival for rival in near[SURELY:] if rival.cosine >= ALIKE or words & _words(rival.memory.text)]
    return [*near[:SURELY], *further][:NEAREST]


def _words(text: str) -> set[str]:
    """The beginnings of the words in *text* that say something."""
    words = re.findall(r"\w+", text.casefold())
    return {word[:STEM] for word in words if len(word) > LITTLE or not word.isascii() or word.isdigit()}


def is_final(decision: Decision) -> bool:
    """Whether nothing less near than what *decision* is about is looked at any more."""
    return decision.action is not Action.STORED and decision.confidence >= SURE


def decided(rival: Rival, new: Memory, said: datetime | None) -> Decision:
    """The decision on *new*, *said* then, in view of *rival*."""
    old = statement(rival.memory, rival.memory.created_at)
    return decide(old, statement(new, said), rival.cosine)


def statement(memory: Memory, said: datetime | None) -> Statement:
    """What *memory* states."""
    return Statement(memory.text, frozenset(memory.tags), memory.metadata, said)


def _answer(action: Action, memory: Memory) -> Stored:
    return Stored(action=action, id=memory.id, space=memory.space)


def _considered(rival: Rival, decision: Decision) -> Considered:
    return Considered(
        id=rival.memory.id,
        text=rival.memory.text,
        similarity=round(rival.cosine, 6),
        action=decision.action,
        confidence=round(decision.confidence, 4),
        reason=decision.reason,
    )

"""One write of new memories: settled under the writer's lock, noted in the journal, written at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from memcli.errors import ConflictError, UsageError
from memcli.kinds import KEEP
from memcli.model import Action, Memory, Scope, Stored, Trust
from memcli.services import journal, judge, names
from memcli.services.conflicts import Decision
from memcli.services.engine import Engine
from memcli.services.journal import Running
from memcli.services.known import Known, stored
from memcli.services.memories import find
from memcli.services.precedence import WHOSE, outranks, with_all_of
from memcli.services.select import is_alive, is_current, is_fact
from memcli.services.settle import Settled, Settler, looked_up
from memcli.services.vectors import Embedded, embed, joined
from memcli.storage.rivals import Rival, key_of
from memcli.storage.rows import units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.storage.database import Database

SAID_SO = Decision(Action.REPLACED, 1.0, "you said so")
"""The decision where the user names what is replaced."""


@dataclass
class Writing:
    """A write of new memories.

    Attributes:
        engine: What to work with.
        change: The change that it is noted as.
        decides: Whether facts are held against what is known.
        said: When memories were said, by id, where that is known.
        as_it_was: Ids of memories that come from a store, where it was decided on them.
        has_looked: Whether what memories are held against has been looked up.
    """

    engine: Engine
    change: Running
    decides: bool
    said: Mapping[str, datetime]
    as_it_was: frozenset[str] = frozenset()
    has_looked: bool = field(default=False, init=False)
    _verdicts: judge.Verdicts | None = field(default=None, init=False)
    _found: Mapping[str, Sequence[Rival]] = field(default_factory=dict, init=False)

    def ask_judge(self, embedded: Embedded) -> None:
        """Let the judge, if there is one, think about unsure pairs: before the lock, it takes its time."""
        if self.decides and self.engine.config.conflicts.judge == judge.LLM and self.engine.db.model:
            wanted, vectors = self._decided(embedded)
            self._verdicts = judge.asked(self.engine, wanted, vectors, self.said)

    @contextmanager
    def looking_up(self, embedded: Embedded) -> Iterator[None]:
        """Look up what *embedded* is held against, beside whatever is done meanwhile: it takes half as long.

        What comes of it holds as long as nobody else writes memories.
        """
        self.has_looked = True
        wanted, vectors = self._decided(embedded)
        if not wanted:
            yield
            return
        with ThreadPoolExecutor(max_workers=1) as beside:
            found = beside.submit(looked_up, self.engine, wanted, vectors)
            yield
        self._found = found.result()

    def write(
        self, db: Database, known: Known, memories: Sequence[Memory], embedded: Embedded
    ) -> list[Stored]:
        """Store those of *memories* that are new, in order; the answers. Needs the writer's lock.

        Args:
            db: The store, locked.
            known: What it holds of them.
            memories: What is to be stored.
            embedded: Those that were new before the lock, with their vectors.
        """
        there = {memory.id for memory in embedded.memories}
        fresh = {m.id: m for m in reversed(memories) if not known.answer(m) and m.id not in there}
        if fresh:  # known when we looked first, and gone since
            embedded = joined(embedded, embed(self.engine.embedder, list(fresh.values())[::-1]))
        settler = Settler(self.engine, self.said, self._verdicts, self._found)
        vector_of = {m.id: v for m, v in zip(embedded.memories, embedded.vectors, strict=True)}
        answers = []
        for memory in memories:
            answer = known.take(memory)
            if answer.action is Action.STORED and answer.id == memory.id:
                if memory.id not in vector_of:  # said what another one says that has given way just now
                    embedded = joined(embedded, embed(self.engine.embedder, [memory]))
                    vector_of[memory.id] = embedded.vectors[-1]
                answer = self._settled(settler, known, memory, vector_of[memory.id]).answer
            answers.append(answer)
        self._put(db, settler, embedded)
        return answers

    def _decided(self, embedded: Embedded) -> tuple[list[Memory], NDArray[np.float32]]:
        """Those of *embedded* that are held against what is known, with their vectors."""
        rows = [row for row, memory in enumerate(embedded.memories) if self._is_decided(memory)]
        return [embedded.memories[row] for row in rows], embedded.vectors[rows]

    def _settled(
        self, settler: Settler, known: Known, memory: Memory, vector: NDArray[np.float32]
    ) -> Settled:
        if not self._is_decided(memory):
            settler.add(memory, units(vector.reshape(1, -1))[0])
            return Settled(stored(memory))
        settled = settler.settle(memory, vector)
        if settled.answer.action is Action.DUPLICATE:
            known.doubles(memory, str(settled.answer.id))
        for gone in settled.gave_way:
            known.gave_way(gone)
        return settled

    def _is_decided(self, memory: Memory) -> bool:
        """Whether *memory* is held against what is known: a fact, current, and new to any store."""
        is_one = is_fact(memory) and is_current(memory, self.engine.now())
        return self.decides and is_one and memory.id not in self.as_it_was

    def _put(self, db: Database, settler: Settler, embedded: Embedded) -> None:
        """Write what *settler* has come to. The journal first, then everything else at once."""
        were = db.memories.with_ids(list(settler.replaced))
        new = [
            _heir(settler.added[m.id], were.get(settler.heirs.get(m.id, "")))
            for m in embedded.memories
            if m.id in settler.added
        ]
        gone = [_replaced(memory, settler.replaced[memory.id]) for memory in were.values()]
        before = list(zip(were.values(), gone, strict=True))
        journal.note(self.engine, db, self.change, added=new, before=before)
        assert db.current is not None
        ready = replace(embedded.only({memory.id for memory in new}), memories=new)
        vectors = db.memories.vectors([memory.id for memory in gone]) if gone else embedded.vectors[:0]
        ready.add_to_with(db.current, gone, vectors)
        names.note(self.engine.home.names, new)

    def replace(self, db: Database, known: Known, new: Memory, embedded: Embedded, name: str) -> Stored:
        """Store *new* in the place of the memory called *name*: the user's word. Needs the writer's lock.

        Raises:
            NotFoundError: There is no memory *name*.
            ConflictError: It is not current, of somebody more trusted, or another one says what *new* says.
        """
        old = find(self.engine, name, scope=Scope(None, new.user, None))
        self._refuse_to_replace(old, new)
        answer = known.take(new)
        if answer.action is not Action.STORED:
            if answer.id == old.id or answer.action is Action.FAILED:
                return answer
            raise ConflictError(
                f"the memory {answer.id} already says the same", hint=f"memcli forget {old.id}"
            )
        if new.id not in {memory.id for memory in embedded.memories}:
            embedded = embed(self.engine.embedder, [new])
        settler = Settler(self.engine, self.said)
        vector = db.memories.vectors([old.id])[0]
        settler.give_way(Rival(old, 1.0), new, SAID_SO, units(embedded.vectors[:1])[0])
        self._put(db, settler, embedded)
        cosine = float(units(vector.reshape(1, -1))[0] @ units(embedded.vectors[:1])[0])
        return replace(
            answer,
            action=Action.REPLACED,
            replaced_id=old.id,
            replaced_text=old.text,
            similarity=round(cosine, 6),
            reason=SAID_SO.reason,
            confidence=SAID_SO.confidence,
        )

    def _refuse_to_replace(self, old: Memory, new: Memory) -> None:
        now = self.engine.now()
        if old.replaced_by and old.replaced_at:
            raise ConflictError(
                f"the memory {old.id} was replaced already", hint=f"memcli history {old.id} shows by which"
            )
        if not is_alive(old, now):
            raise ConflictError(f"the memory {old.id} is forgotten", hint=f"memcli restore {old.id}")
        if self.engine.config.conflicts.trust == KEEP and outranks(old, new):
            raise ConflictError(
                f"the memory {old.id} is {WHOSE[Trust(old.trust)]}, and stays",
                hint=f"memcli forget {old.id} or memcli update {old.id}, if it is wrong",
            )
        if key_of(old) != key_of(new):
            raise UsageError(
                f"the memory {old.id} is in the space {old.space}"
                + (f", of the agent {old.agent}" if old.agent else "")
                + (f", of the team {old.team}" if old.team else ""),
                hint=f"memcli store ... --space {old.space} --replaces {old.id}"
                + (f" --team {old.team}" if old.team else ""),
            )


def _heir(memory: Memory, of: Memory | None) -> Memory:
    """*memory* with what was known of the memory *of*, if any, which said the same."""
    return with_all_of(memory, of) if of else memory


def _replaced(memory: Memory, gone: Memory) -> Memory:
    """*memory* whole, replaced as *gone* says."""
    return replace(
        memory,
        replaced_at=gone.replaced_at,
        replaced_by=gone.replaced_by,
        replaced_reason=gone.replaced_reason,
        replaced_confidence=gone.replaced_confidence,
        updated_at=gone.updated_at,
    )

"""Memories against a dictionary: stored, changed, forgotten, brought back, undone, purged, moved."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import EVERYWHERE, Action, Memory, Scope, default_title
from memcli.services import backup, forgetting, history, memories, recall, remember, spaces, transfer
from memcli.services.select import Filter
from memcli.services.undo import undo
from tests.fuzz.machines import STEPS, Machine, refused, runs

TEXTS = (
    "Anna lives in Oslo",
    "Anna lives in Rome now",
    "the API listens on port 8080",
    "the API listens on port 9090",
    "tea is better than coffee",
    "日本語の記憶",
    "a b c",
)
SPACES = ("work", "home", "far/away")
TAGS = st.lists(st.sampled_from(["x", "y", "it's"]), unique=True, max_size=2).map(tuple)
METADATA = st.dictionaries(
    st.sampled_from(["a", "b"]), st.sampled_from([1, "one", [1, {"c": None}]]), max_size=2
)
IMPORTANCE = st.sampled_from([0.0, 0.25, 0.5, 1.0])
TTL = st.sampled_from([None, None, None, 30.0, 5_000.0, 100_000.0])


@dataclass
class Known:
    """What the model knows: memories by id, and how all of it was before each change.

    Attributes:
        there: The memories, but for when they were changed last and how often they were used.
        before: How they were before each change that can be taken back, oldest first.
        purged: Ids that are gone for good.
    """

    there: dict[str, Memory] = field(default_factory=dict)
    before: list[dict[str, Memory]] = field(default_factory=list)
    purged: set[str] = field(default_factory=set)

    def change(self) -> None:
        """Something is about to change in a way that can be taken back."""
        self.before.append(copy.copy(self.there))

    def put(self, memory: Memory, **values: Any) -> None:
        """Let *memory* be there, with other *values*."""
        memory = replace(memory, **values)
        self.there[memory.id] = memory

    def take_back(self, now: datetime) -> None:
        """Take the last change back: what was new is forgotten, all else is as it was."""
        before = self.before.pop()
        for name, memory in self.there.items():
            as_it_was = before.get(name)
            self.there[name] = as_it_was or replace(
                memory,
                forgotten_at=memory.forgotten_at or now,
                replaces="",
                replaced_at=None,
                replaced_by="",
                replaced_reason="",
                replaced_confidence=None,
            )


def alive(memory: Memory, at: datetime) -> bool:
    """Neither forgotten nor expired."""
    return memory.forgotten_at is None and (memory.expires_at is None or memory.expires_at > at)


def current(memory: Memory, at: datetime) -> bool:
    """Alive, and not replaced."""
    return memory.replaced_at is None and alive(memory, at)


def unlink(state: dict[str, Memory], gone: AbstractSet[str]) -> None:
    """Take the memories *gone* out of *state*; the chains that they were part of go on without them."""

    def beyond(memory: Memory, link: str) -> str:
        name: str = getattr(memory, link)
        while name in gone:
            name = getattr(state[name], link)
        return name

    led = [name for name, memory in state.items() if memory.replaced_by in gone]
    for memory in [state[name] for name in gone]:
        before, after = beyond(memory, "replaces"), beyond(memory, "replaced_by")
        if before in state and after and memory.replaces == before:
            state[before] = replace(state[before], replaced_by=after)
        if after in state and memory.replaced_by == after:
            state[after] = replace(state[after], replaces=before)
    for name in led:
        state[name] = replace(state[name], replaced_reason="")
    for name in gone:
        del state[name]


NOT_COMPARED = {"updated_at", "uses", "used_at"}
FIELDS = [f.name for f in fields(Memory) if f.name not in NOT_COMPARED]


def said(memory: Memory) -> dict[str, Any]:
    """What is compared of *memory*."""
    return {name: getattr(memory, name) for name in FIELDS}


class Memories(Machine):
    """One user's memories in three spaces."""

    def __init__(self) -> None:
        super().__init__()
        self.known = Known()

    # --- what the model says ---

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock()

    def those(self, fits: Callable[[Memory], bool]) -> dict[str, Memory]:
        """The memories that fit."""
        return {name: memory for name, memory in self.known.there.items() if fits(memory)}

    def same(self, text: str, space: str, but: str = "") -> list[str]:
        """The current memories that say *text* in *space*."""
        there = self.those(lambda m: current(m, self.now) and m.space == space and m.text == text)
        return [name for name in there if name != but]

    def scope(self, space: str | None = None) -> Scope:
        """The user's, in *space*."""
        return Scope(space, "me", None if space is None else "")

    def pick(self, data: st.DataObject, fits: Callable[[Memory], bool] = lambda m: True) -> Memory | None:
        """Any memory that fits."""
        names = sorted(self.those(fits))
        return self.known.there[data.draw(st.sampled_from(names))] if names else None

    # --- what happens ---

    @initialize()
    def begin(self) -> None:
        """A memory that was there before."""
        self.store(TEXTS[0], SPACES[0], 0.5, (), {}, None, False)

    @rule(
        text=st.sampled_from(TEXTS),
        space=st.sampled_from(SPACES),
        importance=IMPORTANCE,
        tags=TAGS,
        metadata=METADATA,
        ttl=TTL,
        checked=st.booleans(),
    )
    def store(
        self,
        text: str,
        space: str,
        importance: float,
        tags: tuple[str, ...],
        metadata: dict[str, Any],
        ttl: float | None,
        checked: bool,
    ) -> None:
        """Store a text; which one gives way is the decision's own business, and its answer is believed."""
        expires = None if ttl is None else self.now + timedelta(seconds=ttl)
        about: dict[str, Any] = {
            "importance": importance,
            "tags": tags,
            "metadata": metadata,
            "expires_at": expires,
        }
        same = self.same(text, space)
        told = remember.store(self.engine, text, scope=self.scope(space), conflicts=checked, **about)
        if same:
            assert (told.action, told.id) == (Action.DUPLICATE, same[0])
            return
        if told.action is Action.DUPLICATE:
            assert checked
            assert told.id is not None
            assert current(self.known.there[told.id], self.now)
            return
        self.known.change()
        self._add(told.id, text, space, **about)
        if told.action is Action.REPLACED:
            assert checked
            self._give_way(str(told.replaced_id), str(told.id), told.reason, told.confidence)
        else:
            assert told.action is Action.STORED

    def _add(self, name: str | None, text: str, space: str, **about: Any) -> None:
        assert name is not None
        assert name not in self.known.there
        when = {"created_at": self.now, "updated_at": self.now}
        self.known.put(
            Memory(id=name, text=text, title=default_title(text), space=space, user="me", **{**when, **about})
        )

    def _give_way(self, old: str, new: str, reason: str, confidence: float | None) -> None:
        gone = self.known.there[old]
        assert current(gone, self.now)
        self.known.put(self.known.there[new], replaces=old)
        self.known.put(
            gone,
            replaced_at=max(self.now, gone.created_at),
            replaced_by=new,
            replaced_reason=reason,
            replaced_confidence=confidence,
        )

    @rule(data=st.data(), text=st.sampled_from(TEXTS))
    def store_instead(self, data: st.DataObject, text: str) -> None:
        """Store a text that replaces a memory which is named."""
        old = self.pick(data)
        if old is None:
            return

        def does() -> Any:
            return remember.store(self.engine, text, scope=self.scope(old.space), replaces=old.id)

        if not current(old, self.now):
            refused(does, ConflictError)
        elif others := self.same(text, old.space, but=old.id):
            if old.text == text:
                raise AssertionError(f"{others} say the same as {old.id}")
            refused(does, ConflictError)
        elif old.text == text:
            assert does().action is Action.DUPLICATE
        else:
            told = does()
            assert told.action is Action.REPLACED
            self.known.change()
            self._add(told.id, text, old.space)
            self._give_way(old.id, str(told.id), told.reason, told.confidence)

    @rule(data=st.data(), text=st.none() | st.sampled_from(TEXTS), importance=st.none() | IMPORTANCE, ttl=TTL)
    def update(
        self, data: st.DataObject, text: str | None, importance: float | None, ttl: float | None
    ) -> None:
        """Change what is said, how important it is, and until when."""
        old = self.pick(data)
        if old is None:
            return
        expires = None if ttl is None else self.now + timedelta(seconds=ttl)
        changes: dict[str, Any] = {"text": text, "importance": importance, "expires_at": expires}
        given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}

        def does() -> Memory:
            return memories.update(self.engine, old.id, scope=self.scope(), **changes)

        after = replace(old, **given, title=default_title(text or old.text))
        if not given:
            refused(does, UsageError)
        elif text and current(after, self.now) and self.same(text, old.space, but=old.id):
            refused(does, ConflictError)
        else:
            assert said(does()) == said(after)
            self.known.change()
            self.known.put(after)

    @rule(data=st.data(), number=st.integers(1, 3))
    def forget(self, data: st.DataObject, number: int) -> None:
        """Forget some, of which some may be forgotten already."""
        some = [m for m in (self.pick(data) for _ in range(number)) if m]
        forgetting.forget(self.engine, [m.id for m in some], scope=self.scope())
        fresh = {m.id: m for m in some if m.forgotten_at is None}
        if fresh:
            self.known.change()
        for memory in fresh.values():
            self.known.put(memory, forgotten_at=self.now)

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Bring back what is forgotten or replaced, unless it is said again or has expired."""
        old = self.pick(data)
        if old is None:
            return

        def does() -> Any:
            return forgetting.restore(self.engine, [old.id], scope=self.scope())

        if not (old.forgotten_at or old.replaced_at):
            assert [said(m) for m in does()] == [said(old)]
            return
        none: dict[str, Any] = {"replaced_reason": "", "replaced_confidence": None, "forgotten_at": None}
        back = replace(old, **none, replaced_at=None, replaced_by="")
        if not alive(back, self.now) or self.same(old.text, old.space):
            refused(does, ConflictError)
            return
        does()
        self.known.change()
        self.known.put(back)
        if other := self.known.there.get(old.replaced_by):
            self.known.put(other, replaces="")

    @rule(number=st.integers(1, 4))
    def take_back(self, number: int) -> None:
        """Take the last changes back."""
        told = undo(self.engine, scope=self.scope(), last=number)
        assert len(told) == min(number, len(self.known.before))
        for _ in told:
            self.known.take_back(self.now)

    @rule(days=st.sampled_from([0, 1]))
    def purge(self, days: int) -> None:
        """Remove what was forgotten or has expired; not even undo brings it back."""
        cut = timedelta(days=days)

        def since(memory: Memory) -> datetime:
            return min(t for t in (memory.forgotten_at, memory.expires_at, self.now) if t is not None)

        gone = set(self.those(lambda m: not alive(m, self.now) and since(m) <= self.now - cut))
        found = forgetting.purgeable(self.engine, scope=self.scope(), older_than=cut)
        assert {m.id for m in forgetting.purge(self.engine, found)} == gone
        for state in (self.known.there, *self.known.before):
            unlink(state, gone & state.keys())
        self.known.purged |= gone
        self._forget_empty_changes()

    def _forget_empty_changes(self) -> None:
        """A change of nothing but what was purged is none that could be taken back."""
        kept, after = [], self.known.there
        for state in reversed(self.known.before):
            if {n: said(m) for n, m in state.items()} != {n: said(m) for n, m in after.items()}:
                kept.append(state)
            after = state
        self.known.before = kept[::-1]

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        """Let the clock move."""
        self.move_clock(seconds)

    @rule()
    def go_on(self) -> None:
        """Open the store anew."""
        self.reopen()

    # --- spaces ---

    @rule(name=st.sampled_from(SPACES), to=st.sampled_from([*SPACES, "new"]))
    def rename(self, name: str, to: str) -> None:
        """Let a space be called otherwise."""

        def does() -> Any:
            return spaces.rename(self.engine, name, to, user="me")

        if not self._shown(name):
            refused(does, NotFoundError)
        elif self._shown(to):
            refused(does, ConflictError)
        else:
            does()
            self.known.change()
            for memory in self.those(lambda m: m.space == name).values():
                self.known.put(memory, space=to)

    def _shown(self, space: str) -> bool:
        """Whether the space is there: while something current is in it, as nobody made it on purpose."""
        return bool(self.those(lambda m: current(m, self.now) and m.space == space))

    @rule(name=st.sampled_from(SPACES), to=st.sampled_from([*SPACES, "new"]))
    def copy(self, name: str, to: str) -> None:
        """Copy what a space holds now."""
        there = self.those(lambda m: current(m, self.now) and m.space == name)
        made = self._made
        if not there or self._shown(to):
            refused(lambda: spaces.copy(self.engine, name, to, user="me"), NotFoundError, ConflictError)
            return
        assert spaces.copy(self.engine, name, to, user="me").memories == len(there)
        self.known.change()
        ids = [f"m{number:05}" for number in range(made + 1, self._made + 1)]
        new = memories.newest(self.engine, scope=self.scope(to))
        assert {m.id for m in new} == set(ids)
        by_text = {m.text: m for m in there.values()}
        for memory in new:
            old = by_text.pop(memory.text)
            self.known.put(old, id=memory.id, space=to, replaces="")

    @rule(name=st.sampled_from(SPACES), into=st.sampled_from(SPACES))
    def merge(self, name: str, into: str) -> None:
        """Let everything in a space go into another one."""

        def does() -> Any:
            return spaces.merge(self.engine, name, into, user="me")

        if not self._shown(name) or not self._shown(into):
            refused(does, NotFoundError)
        elif name == into:
            refused(does, UsageError)
        else:
            does()
            there = {m.text for m in self.those(lambda m: current(m, self.now) and m.space == into).values()}
            self.known.change()
            for memory in self.those(lambda m: m.space == name).values():
                doubles = current(memory, self.now) and memory.text in there
                self.known.put(memory, space=into, forgotten_at=self.now if doubles else memory.forgotten_at)

    @rule(name=st.sampled_from(SPACES))
    def delete(self, name: str) -> None:
        """Forget everything in a space."""
        if not self._shown(name):
            refused(lambda: spaces.delete(self.engine, name, user="me"), NotFoundError)
            return
        spaces.delete(self.engine, name, user="me")
        self.known.change()
        for memory in self.those(lambda m: alive(m, self.now) and m.space == name).values():
            self.known.put(memory, forgotten_at=self.now)

    # --- carried over ---

    @precondition(lambda self: self.known.there)
    @rule(vectors=st.booleans())
    def carry_over(self, vectors: bool) -> None:
        """What an export says is the same in another store, and again in an export of that."""
        lines = [json.dumps(one) for one in transfer.export(self.engine, scope=EVERYWHERE, vectors=vectors)]
        other = self.engine_at(f"other{self._made}-{len(self.known.before)}-{self.now.timestamp()}")
        for record in transfer.import_lines(other, lines, scope=self.scope("work"), conflicts=False):
            assert record.stored.action in (Action.STORED, Action.DUPLICATE), record
        there = memories.newest(other, scope=EVERYWHERE, wanted=Filter(replaced=True))
        assert {m.id: said(m) for m in there} == {
            name: said(m) for name, m in self.known.there.items() if alive(m, self.now)
        }

    @precondition(lambda self: self.known.there)
    @rule()
    def save_and_bring_back(self) -> None:
        """A backup holds all of it, and putting it in the place of the store changes nothing."""
        saved = self.folder / "saved"
        backup.save(self.engine, saved)
        with saved.open("rb") as file:
            backup.bring_back(self.engine, file, "saved", over=True)

    # --- what must hold ---

    @invariant()
    def lists_are_right(self) -> None:
        """Each list holds what it should, each memory as it should be, and latest first."""
        for wanted, fits in (
            (Filter(), lambda m: current(m, self.now)),
            (Filter(forgotten=True), lambda m: m.forgotten_at is not None),
            (Filter(replaced=True), lambda m: alive(m, self.now)),
            (Filter(tags=("it's",)), lambda m: current(m, self.now) and "it's" in m.tags),
        ):
            found = memories.newest(self.engine, scope=EVERYWHERE, wanted=wanted)
            expected = self.those(fits)
            assert {m.id: said(m) for m in found} == {name: said(m) for name, m in expected.items()}
            assert [m.created_at for m in found] == sorted((m.created_at for m in found), reverse=True)

    @rule(data=st.data(), space=st.sampled_from(SPACES), hours=st.sampled_from([0, 1, 30, -1]))
    def look_back(self, data: st.DataObject, space: str, hours: int) -> None:
        """What was true at a time is what was known then, and had not been replaced yet."""
        at = self.now - timedelta(hours=hours)

        def held(m: Memory) -> bool:
            was = m.created_at <= at and (m.replaced_at is None or m.replaced_at > at)
            return was and m.space == space and alive(m, at)

        found = memories.newest(self.engine, scope=self.scope(space), wanted=Filter(at=at))
        assert {m.id for m in found} == set(self.those(held))
        hits = recall.search(self.engine, TEXTS[0], scope=self.scope(space), wanted=Filter(at=at), limit=100)
        assert {hit.id for hit in hits} <= set(self.those(held))

    @rule(text=st.sampled_from(TEXTS), space=st.none() | st.sampled_from(SPACES))
    def find(self, text: str, space: str | None) -> None:
        """A search by the very words finds what says them, and nothing that is not current."""
        hits = recall.search(self.engine, text, scope=self.scope(space), limit=100)
        there = self.those(lambda m: current(m, self.now) and space in (None, m.space))
        assert {hit.id for hit in hits} <= set(there)
        assert {name for name, m in there.items() if m.text == text} <= {hit.id for hit in hits}
        assert all(said(hit) == said(there[hit.id]) for hit in hits)

    @rule(data=st.data())
    def follow(self, data: st.DataObject) -> None:
        """The history of a memory is the chain of what replaced what."""
        memory = self.pick(data)
        if memory is None:
            return
        chain = [memory]
        while (before := self.known.there.get(chain[0].replaces)) and before not in chain:
            chain.insert(0, before)
        while (after := self.known.there.get(chain[-1].replaced_by)) and after not in chain:
            chain.append(after)
        found = history.history(self.engine, memory.id, scope=self.scope())
        assert [m.id for m in found] == [m.id for m in chain]
        assert [m.current for m in found] == [current(m, self.now) for m in chain]

    @rule()
    def count(self) -> None:
        """Spaces hold as many as they should; what was purged is nowhere."""
        counted = {
            one.name: one.memories for one in spaces.all_spaces(self.engine, user="me") if one.memories
        }
        now = [m.space for m in self.those(lambda m: current(m, self.now)).values()]
        assert counted == {name: now.count(name) for name in set(now)}
        for name in self.known.purged:
            refused(partial(memories.find, self.engine, name), NotFoundError)


def test_memories_are_what_a_dictionary_says() -> None:
    """After any sequence of changes, each list, search, history and count says what the model says."""
    runs(Memories, few=4)

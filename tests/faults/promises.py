"""What a store has promised, and whether it keeps it: nothing lost, nothing twice, every index right."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memcli.errors import NotFoundError
from memcli.model import Mode
from memcli.services import recall, values
from memcli.services.engine import Engine
from tests.faults.acting import SCOPE, WINDOW, engine_at


@dataclass(frozen=True)
class Is:
    """How a memory is: what it says, and whether it is forgotten."""

    text: str
    forgotten: bool = False


State = dict[str, Is]


def everything(engine: Engine) -> State:
    """All memories, as a full scan finds them.

    Raises:
        AssertionError: An id is there twice.
    """
    rows = engine.db.memories.where("")
    found = {memory.id: Is(memory.text, memory.forgotten_at is not None) for memory in rows}
    assert len(found) == len(rows), f"ids that are there twice: {doubles(memory.id for memory in rows)}"
    return found


def doubles(names: Iterable[str]) -> list[str]:
    """Those of *names* that are there more than once."""
    return [name for name, number in Counter(names).items() if number > 1]


@dataclass
class Promised:
    """What has been promised so far.

    Attributes:
        now: Every memory.
        counter: The value that is counted up.
        kept: What the backup holds, and its counter.
        pending: What was begun and not done, as it was noted; empty for nothing.
        purged: Words of what was removed for good.
        acts: How often each was acknowledged.
        errors: What acts failed with.
    """

    now: State = field(default_factory=dict)
    counter: int = 0
    kept: tuple[State, int] = field(default_factory=lambda: ({}, 0))
    pending: Mapping[str, Any] = field(default_factory=dict)
    purged: set[str] = field(default_factory=set)
    acts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def read(self, notes: Path) -> None:
        """Take over what is in *notes*."""
        for line in notes.read_text().splitlines() if notes.exists() else ():
            said = json.loads(line)
            if "begin" in said:
                self.pending = said
            else:
                self.acts[said["done"]] += 1
                self._done(said["done"], said)
                if said["done"] != "stored" or len(self.pending.get("texts", "?")) == 1:
                    self.pending = {}

    def _done(self, what: str, said: Mapping[str, Any]) -> None:
        if what in ("stored", "update"):
            self.now[said["id"]] = Is(said["text"])
        elif what == "forget":
            self.now |= {name: Is(self.now[name].text, forgotten=True) for name in said["ids"]}
        elif what == "purge":
            self.purged |= {self.now.pop(name).text.split()[0] for name in said["ids"]}
        elif what == "error":
            self.errors.append(said["said"])
        elif what == "value":
            self.counter = said["number"]
        elif what == "restore":
            self.now, self.counter, self.purged = dict(self.kept[0]), self.kept[1], set()

    def hold_against(self, home: Path, looks: int, choices: random.Random) -> None:
        """See whether the store in *home* keeps what was promised, and take it for what is promised next.

        Args:
            home: Where it is.
            looks: How many memories are searched for in every way.
            choices: Which these are.

        Raises:
            AssertionError: It does not.
        """
        engine = engine_at(home)
        found, counter = everything(engine), counted(engine)
        if self.pending.get("begin") == "restore" and found != self.now:
            assert (found, counter) == self.kept, "neither what was there nor what the backup holds"
            self.purged = set()
        else:
            self._compare(found)
            one_more = self.pending.get("begin") == "value"
            assert self.counter <= counter <= self.counter + one_more, f"counted to {counter}"
        alive = [is_.text for is_ in found.values() if not is_.forgotten]
        assert len(set(alive)) == len(alive), f"there twice: {doubles(alive)}"
        new = [name for name in found if name not in self.now] + list(found)[-2:]
        some = choices.sample(sorted(found), min(looks, len(found))) + new[:looks]
        for name in some:
            look_up(engine, name, found[name])
        assert engine.db.memories.table.count() == len(found)
        self._see_that_purged_is_gone(home)
        self.now, self.counter, self.pending = found, counter, {}

    def _compare(self, found: State) -> None:
        may = self.pending
        lost = self.now.keys() - found.keys() - set(may.get("ids", ()) if may.get("begin") == "purge" else ())
        assert not lost, f"{len(lost)} acknowledged and lost: {sorted(lost)[:3]}"
        came = {found[name].text for name in found.keys() - self.now.keys()}
        assert came <= set(may.get("texts", ())), f"nobody stored {came}"
        for name in found.keys() & self.now.keys():
            allowed = {self.now[name]}
            if may.get("begin") == "update" and may["id"] == name:
                allowed.add(Is(may["text"]))
            if may.get("begin") == "forget" and name in may["ids"]:
                allowed.add(Is(self.now[name].text, forgotten=True))
            assert found[name] in allowed, f"{name} is {found[name]}, not {self.now[name]}"

    def _see_that_purged_is_gone(self, home: Path) -> None:
        """What was removed for good can be read nowhere in the store, unless another purge was broken off."""
        words = [word.encode() for word in self.purged]
        for path in (home / "db").rglob("*") if words else ():
            said = path.read_bytes() if path.is_file() else b""
            there = [word for word in words if word in said]
            assert not there, f"{there[0]!r} was removed for good and is in {path}"


def counted(engine: Engine) -> int:
    """How far the value has been counted up."""
    try:
        return int(str(values.get(engine, "counter", scope=SCOPE).data))
    except NotFoundError:
        return 0


def look_up(engine: Engine, name: str, is_: Is) -> None:
    """Find the memory *name* by id, words and vectors, as a full scan has found it.

    Raises:
        AssertionError: One of them finds something else.
    """
    assert {memory.text for memory in engine.db.memories.with_ids([name]).values()} == {is_.text}
    own = is_.text.split()[0]
    by_words = engine.db.memories.found(None, [own], "", nearest=0, holding=5).ids
    assert name in by_words, f"the words of {name} find {by_words}"
    for mode, query in ((Mode.TEXT, own), (Mode.VECTOR, is_.text[:WINDOW])):
        ids = [hit.id for hit in recall.search(engine, query, scope=SCOPE, mode=mode, limit=3)]
        assert (name in ids) is not is_.forgotten, f"{mode} finds {ids} for {name}"

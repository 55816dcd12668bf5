"""Values against a dictionary, under a clock that moves and is set back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import backup, remember, spaces, values
from tests.fuzz.machines import STEPS, Machine, refused, runs

SPACES = ("work", "home")
KEYS = st.sampled_from(["k", "k2", "a.b", "it's", "ключ", "k%", "k_"])
DATA = st.sampled_from(["1", '"x"', "[1]", '{"a": {"b": [1, 2]}}', "null", "-0.50", "[]", '"\\u00e9"'])
TTL = st.sampled_from([None, None, 30.0, 5_000.0, 100_000.0])

There = tuple[str, int, datetime | None]
"""What the model knows of a value: its text, its version, and until when it is there."""


class Values(Machine):
    """Keys in two spaces."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[str, str], There] = {}
        for space in SPACES:  # a space is there as long as it holds memories
            remember.store(self.engine, "something", scope=self.scope(space))

    def scope(self, space: str | None) -> Scope:
        """The user's, in *space*."""
        return Scope(space, "me")

    def get(self, space: str, key: str) -> There | None:
        """What is there now."""
        found = self.known.get((space, key))
        return found if found and (found[2] is None or found[2] > self.clock()) else None

    def put(self, space: str, key: str, data: str, until: datetime | None) -> int:
        """Write; a write takes out whatever has expired."""
        there = self.get(space, key)
        version = there[1] + 1 if there else 1
        self.known[space, key] = (data, version, until)
        self.sweep()
        return version

    def sweep(self) -> None:
        """What has expired is gone, even if the clock is set back."""
        self.known = {at: one for at, one in self.known.items() if self.get(*at)}

    @rule(space=st.sampled_from(SPACES), key=KEYS, data=DATA, ttl=TTL, absent=st.booleans())
    def set(self, space: str, key: str, data: str, ttl: float | None, absent: bool) -> None:
        """Keep a value, perhaps only where there is none."""
        until = None if ttl is None else self.clock() + timedelta(seconds=ttl)
        about: dict[str, Any] = {"scope": self.scope(space), "expires_at": until, "if_absent": absent}

        def does() -> Any:
            return values.put(self.engine, key, data, **about)

        if absent and self.get(space, key):
            refused(does, ConflictError)
        else:
            assert does().version == self.put(space, key, data, until)

    @rule(space=st.sampled_from(SPACES), key=KEYS, data=DATA, version=st.integers(1, 3))
    def set_that_version(self, space: str, key: str, data: str, version: int) -> None:
        """Keep a value where nobody else has written since."""
        there = self.get(space, key)

        def does() -> Any:
            return values.put(self.engine, key, data, scope=self.scope(space), if_version=version)

        if there is None or there[1] != version:
            refused(does, ConflictError)
        else:
            assert does().version == self.put(space, key, data, None)

    @rule(space=st.sampled_from(SPACES), key=KEYS, by=st.sampled_from(["1", "-2", "0.1", "1e3"]))
    def increase(self, space: str, key: str, by: str) -> None:
        """Add to what is a number."""
        there = self.get(space, key)
        number = json.loads(there[0]) if there else 0

        def does() -> Any:
            return values.increase(self.engine, key, scope=self.scope(space), by=by)

        if isinstance(number, bool) or not isinstance(number, int | float):
            refused(does, UsageError)
            return
        told = does()
        text = there[0] if there else "0"
        assert Decimal(told.data) == Decimal(text) + Decimal(by)
        assert told.version == self.put(space, key, str(told.data), there[2] if there else None)

    @rule(space=st.sampled_from(SPACES), key=KEYS, data=DATA)
    def append(self, space: str, key: str, data: str) -> None:
        """Add to what is a list."""
        there = self.get(space, key)
        some = json.loads(there[0]) if there else []

        def does() -> Any:
            return values.append(self.engine, key, data, scope=self.scope(space))

        if not isinstance(some, list):
            refused(does, UsageError)
            return
        told = does()
        now = values.get(self.engine, key, scope=self.scope(space)).data
        assert json.loads(now) == [*some, json.loads(data)]
        assert told.version == self.put(space, key, str(now), there[2] if there else None)

    @rule(space=st.sampled_from(SPACES), keys=st.lists(KEYS, min_size=1, max_size=3))
    def delete(self, space: str, keys: list[str]) -> None:
        """Take some out: all or none."""

        def does() -> Any:
            return values.delete(self.engine, keys, scope=self.scope(space))

        if any(self.get(space, key) is None for key in keys):
            refused(does, NotFoundError)
            return
        does()
        for key in set(keys):
            del self.known[space, key]
        self.sweep()

    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        """Let one space go into the other; what is there already stays. Then there are two again."""
        name, into = data.draw(st.permutations(SPACES))
        spaces.merge(self.engine, name, into, user="me")
        remember.store(self.engine, "something", scope=self.scope(name))
        for (space, key), one in list(self.known.items()):
            if space == name and (into, key) not in self.known:
                self.known[into, key] = self.known.pop((name, key))
                assert self.known[into, key] == one

    @rule()
    def save_and_bring_back(self) -> None:
        """A backup holds all of it."""
        backup.save(self.engine, self.folder / "saved")
        with (self.folder / "saved").open("rb") as file:
            backup.bring_back(self.engine, file, "saved", over=True)

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        """The clock moves."""
        self.move_clock(seconds)

    @rule()
    def go_on(self) -> None:
        """The store is opened anew."""
        self.reopen()

    @rule(space=st.sampled_from(SPACES), key=KEYS)
    def look(self, space: str, key: str) -> None:
        """One value is what it should be, or is not there."""
        there = self.get(space, key)
        does: Callable[[], Any] = lambda: values.get(self.engine, key, scope=self.scope(space))  # noqa: E731
        if there is None:
            refused(does, NotFoundError)
        else:
            found = does()
            assert (found.data, found.version, found.expires_at) == there

    @rule(space=st.none() | st.sampled_from(SPACES), prefix=st.sampled_from(["k", "k%", "k_", "a.", "it'"]))
    def list_some(self, space: str | None, prefix: str) -> None:
        """Signs that mean something to a database mean themselves in a prefix."""
        found = values.all_values(self.engine, scope=self.scope(space), prefix=prefix)
        there = {
            at for at in self.known if self.get(*at) and at[1].startswith(prefix) and space in (None, at[0])
        }
        assert {(one.space, one.key) for one in found} == there

    @invariant()
    def all_is_there(self) -> None:
        """All values are what they should be."""
        found = values.all_values(self.engine, scope=self.scope(None))
        there = {at: one for at, one in self.known.items() if self.get(*at)}
        assert {(one.space, one.key): (one.data, one.version, one.expires_at) for one in found} == there


def test_values_are_what_a_dictionary_says() -> None:
    """After any sequence of changes and whatever the clock does."""
    runs(Values, few=4)

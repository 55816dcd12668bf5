"""Memories counted by what they are, in columns, so that there may be many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from memcli.model import Memory, Scope
from memcli.services.finding import decay
from memcli.services.select import in_scope
from memcli.storage.census import Census

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.services.engine import Engine

EACH_MONTH = 12


@dataclass(frozen=True)
class Tally:
    """The memories of a scope, and what can be said of them in figures.

    Attributes:
        engine: What to work with.
        census: The memories.
        now: The time they are counted at.
    """

    engine: Engine
    census: Census
    now: datetime

    @classmethod
    def of(cls, engine: Engine, scope: Scope) -> Tally:
        """The memories of *scope*, with the uses that are noted but not in their rows yet."""
        census = Census.taken(engine.db.memories, in_scope(scope))
        pending = engine.db.uses.pending()
        places = census.places_of(list(pending))
        uses, used_at = census.uses.copy(), census.times["used_at"].copy()
        for place, use in zip(places, pending.values(), strict=True):
            if place >= 0:
                uses[place] += use.count
                used_at[place] = np.fmax(used_at[place], _moment(use.last))
        return cls(
            engine, replace(census, uses=uses, times={**census.times, "used_at": used_at}), engine.now()
        )

    # --- in what state they are: what `select` says as predicates, of columns ---

    @cached_property
    def forgotten(self) -> NDArray[np.bool_]:
        """Which are forgotten."""
        return ~np.isnat(self.census.times["forgotten_at"])

    @cached_property
    def expired(self) -> NDArray[np.bool_]:
        """Which are not forgotten, and their time is over."""
        expires = self.census.times["expires_at"]
        return ~self.forgotten & ~np.isnat(expires) & (expires <= _moment(self.now))

    @cached_property
    def replaced(self) -> NDArray[np.bool_]:
        """Which are neither forgotten nor expired, and gave way to another one."""
        return ~self.forgotten & ~self.expired & ~np.isnat(self.census.times["replaced_at"])

    @cached_property
    def current(self) -> NDArray[np.bool_]:
        """Which are none of these."""
        return ~self.forgotten & ~self.expired & ~self.replaced

    # --- figures ---

    def counts(self) -> dict[str, int]:
        """How many there are in each state, and what of."""
        turns = self.current & self.census.is_turn
        figures = {
            "memories": self.current,
            "facts": self.current & ~self.census.is_turn,
            "turns": turns,
            "replaced": self.replaced,
            "forgotten": self.forgotten,
            "expired": self.expired,
        }
        return {
            **{name: int(some.sum()) for name, some in figures.items()},
            "conversations": len(np.unique(self.census.conversation[turns])),
            "spaces": len(np.unique(self.census.space[self.current])),
        }

    def besides(self, scope: Scope) -> dict[str, int]:
        """How much there is besides memories."""
        db = self.engine.db
        if not db.place.is_there:
            return {}
        return {
            "edges": self.census.edges_between(db.edges, self.current | self.replaced),
            "values": db.values.number(scope.space, scope.user, self.now),
            "tasks": db.tasks.number(scope.space, scope.user, scope.agent),
        }

    def growth(self, days: int, months: int) -> dict[str, Any]:
        """When they were made: in each of the last *days* or *months*, whichever names more periods."""
        made = self.census.times["created_at"]
        candidates = [
            ("day", _days(self.now, days)),
            ("month", _months(self.now, months)),
        ]
        best: dict[str, Any] = {}
        most = -1
        for every, starts in candidates:
            place = np.searchsorted(np.array([_moment(start) for start in starts]), made, side="right")
            number = np.bincount(place, minlength=len(starts) + 1)
            if (filled := int((number[1:] > 0).sum())) > most:
                most = filled
                figures = tuple(int(one) for one in number[1:])
                best = {"every": every, "since": starts[0], "made": figures, "before": int(number[0])}
        return best

    def retention(self, bins: int) -> tuple[int, ...]:
        """How many of the current ones have which retention, from 0 to 1 in *bins* steps."""
        times = self.census.times
        fresh = np.fmax(times["created_at"], times["used_at"])[self.current]
        age = (_moment(self.now) - fresh).astype(np.float64) / decay.DAY_US
        left = decay.retention(age, self.census.importance[self.current], self.engine.config.decay)
        return tuple(int(one) for one in np.histogram(left, bins=bins, range=(0.0, 1.0))[0])

    def spaces(self) -> Iterator[dict[str, Any]]:
        """The spaces with current memories, the largest first."""
        census, size = self.census, len(self.census.spaces)
        memories = np.bincount(census.space[self.current], minlength=size)
        turns = np.bincount(census.space[self.current & census.is_turn], minlength=size)
        latest = np.full(size, np.datetime64(0, "us"))
        np.maximum.at(latest, census.space[self.current], census.times["created_at"][self.current])
        for place in np.lexsort((np.array(census.spaces, dtype=object).astype(str), -memories)):
            if memories[place]:
                yield {
                    "name": census.spaces[place],
                    "memories": int(memories[place]),
                    "turns": int(turns[place]),
                    "made": latest[place].item().replace(tzinfo=UTC),
                }

    def most_used(self, most: int) -> list[Memory]:
        """The current memories that were used most, at most *most* of them, with their uses."""
        uses = np.where(self.current, self.census.uses, 0)
        places = np.argsort(-uses, kind="stable")[:most]
        places = places[uses[places] > 0]
        ids = self.census.ids_at(places)
        there = self.engine.db.memories.with_ids(ids)
        used_at = self.census.times["used_at"]
        return [
            replace(there[name], uses=int(uses[place]), used_at=used_at[place].item().replace(tzinfo=UTC))
            for name, place in zip(ids, places, strict=True)
            if name in there
        ]


def _moment(time_: datetime) -> np.datetime64:
    """*time_* as columns have it."""
    return np.datetime64(time_.astimezone(UTC).replace(tzinfo=None), "us")


def _days(now: datetime, number: int) -> list[datetime]:
    """When each of the last *number* days began, in local time; today is the last."""
    today = now.astimezone().date().toordinal()
    days = [datetime.fromordinal(today - back).date() for back in reversed(range(number))]
    return [datetime.combine(day, time()).astimezone() for day in days]


def _months(now: datetime, number: int) -> list[datetime]:
    """When each of the last *number* months began, in local time; this one is the last."""
    here = now.astimezone()
    this = here.year * EACH_MONTH + here.month - 1
    months = [divmod(this - back, EACH_MONTH) for back in reversed(range(number))]
    return [datetime(year, month + 1, 1).astimezone() for year, month in months]

"""Turns of conversations among the memories: where they are, how many, and which came last.

Only the columns that say so are read: neither texts nor vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.predicates import IS_TURN, all_of
from memcli.storage.rows import FINGERPRINT

if TYPE_CHECKING:
    from memcli.storage.table import Table

PLACE = ("space", "user", "agent", "conversation")
"""The columns that together tell conversations apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """A turn, without its text: *print* is another one as soon as it says something else."""

    id: str
    position: int
    speaker: str
    print: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, as its turns tell; *opening* is the first one by the user, or the first."""

    space: str
    user: str
    agent: str
    id: str
    turns: int
    first_at: datetime
    last_at: datetime
    opening: str

    @property
    def place(self) -> tuple[str, ...]:
        """What tells it from other conversations."""
        return self.space, self.user, self.agent, self.id


def positions(table: Table, where: str) -> set[int]:
    """The positions of the turns that fulfil *where*."""
    found: list[int] = table.rows(all_of(IS_TURN, where), ["position"])["position"].to_pylist()
    return set(found)


def places(table: Table, where: str) -> list[Place]:
    """The turns that fulfil *where*, in the order they were said."""
    rows = table.rows(all_of(IS_TURN, where), ["id", "position", "speaker", FINGERPRINT])
    columns = (rows[name].to_pylist() for name in ("id", "position", "speaker", FINGERPRINT))
    found = [Place(*row) for row in zip(*columns, strict=True)]
    return sorted(found, key=lambda place: (place.position, place.id))


def last_spoken(table: Table, where: str) -> str | None:
    """The conversation of the latest turn that fulfils *where*; None if there is no turn."""
    rows = table.rows(all_of(IS_TURN, where), ["conversation", "created_at"])
    if not len(rows):
        return None
    latest = pc.index(rows["created_at"], pc.max(rows["created_at"])).as_py()
    return str(rows["conversation"][latest].as_py())


def talks(table: Table, where: str, limit: int | None) -> list[Talk]:
    """The conversations that turns which fulfil *where* are in, the one with the latest turn first."""
    rows = table.rows(all_of(IS_TURN, where), [*PLACE, "id", "position", "speaker", "created_at"])
    groups = rows.group_by(list(PLACE)).aggregate(
        [([], "count_all"), ("created_at", "min"), ("created_at", "max")]
    )
    order = pc.sort_indices(
        groups, sort_keys=[("created_at_max", "descending"), ("conversation", "ascending")]
    )
    best = groups.take(order.slice(0, limit)).to_pylist()
    openings = _openings(
        rows.filter(pc.is_in(rows["conversation"], pa.array([g["conversation"] for g in best], pa.utf8())))
    )
    return [_talk(group, openings) for group in best]


def _talk(group: dict[str, Any], openings: dict[tuple[str, ...], str]) -> Talk:
    space, user, agent, name = place = tuple(group[column] for column in PLACE)
    return Talk(
        space=space,
        user=user,
        agent=agent,
        id=name,
        turns=group["count_all"],
        first_at=group["created_at_min"].astimezone(UTC),
        last_at=group["created_at_max"].astimezone(UTC),
        opening=openings[place],
    )


def _openings(rows: pa.Table) -> dict[tuple[str, ...], str]:
    """The id of the first turn by the user, or else of the first turn, by conversation."""
    others = pc.not_equal(rows["speaker"], "user").cast(pa.int8())
    ranked = rows.append_column("others", others)
    keys = [("others", "descending"), ("position", "descending"), ("id", "descending")]
    last_wins = ranked.take(pc.sort_indices(ranked, sort_keys=keys))
    columns = [last_wins[name].to_pylist() for name in (*PLACE, "id")]
    return {tuple(place): id_ for *place, id_ in zip(*columns, strict=True)}

"""What there is, how it has grown and faded, and what it takes: in figures. Reading them changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from memcli.model import Scope, default_title
from memcli.services import rotation
from memcli.services.engine import Engine
from memcli.storage.health import Health, Size, health, sizes

if TYPE_CHECKING:
    from memcli.services.tally import Tally

DAYS, MONTHS = 30, 12
"""How far back growth is shown: each more than what came before would say little of what is in use now."""

BINS = 10
"""Steps of retention, 0.1 each."""

MOST_USED = 5
"""Memories that are named: what fits below the rest on one screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much there is.

    Attributes:
        memories: Memories that are current: neither forgotten nor expired nor replaced. Turns among them.
        facts: Those of them that are no turns.
        turns: Those of them that are turns of conversations.
        replaced: Memories that gave way to another one.
        forgotten: Memories that were forgotten, and not purged yet.
        expired: Memories whose time is over.
        conversations: Conversations with current turns.
        edges: Edges between memories that are neither forgotten nor expired.
        values: Values under keys.
        tasks: Tasks that are not ended.
        spaces: Spaces with current memories.
    """

    memories: int = 0
    facts: int = 0
    turns: int = 0
    replaced: int = 0
    forgotten: int = 0
    expired: int = 0
    conversations: int = 0
    edges: int = 0
    values: int = 0
    tasks: int = 0
    spaces: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """When memories were made, whatever became of them.

    Attributes:
        every: What a period is: `day` or `month`, whichever has more to say.
        since: When the first one begins, in local time.
        made: How many memories were made in each period; the last one is not over yet.
        before: How many were made before the first.
    """

    every: str
    since: datetime
    made: tuple[int, ...]
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceStats:
    """A space in figures.

    Attributes:
        name: What it is called.
        memories: Current memories.
        turns: Those of them that are turns.
        made: When the latest of them was made.
    """

    name: str
    memories: int
    turns: int
    made: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MostUsed:
    """A memory that is used much.

    Attributes:
        id: The memory.
        title: What it is about.
        space: Where it is.
        uses: How often it was looked at on purpose.
        used_at: When that last was.
    """

    id: str
    title: str
    space: str
    uses: int
    used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """A memory in figures.

    Attributes:
        store: The directory of the store.
        model: What makes its vectors; empty where nothing is stored yet.
        counts: How much there is of what was asked for.
        growth: When it was made.
        retention: How many current memories are left with a retention from 0 to 0.1, to 0.2, and so on.
        spaces: The spaces with current memories, the largest first.
        most_used: What was looked at most.
        disk: What the whole store takes, and its automatic backups.
        tables: How the tables of the store are.
    """

    store: str
    model: str
    counts: Counts
    growth: Growth
    retention: tuple[int, ...]
    spaces: tuple[SpaceStats, ...]
    most_used: tuple[MostUsed, ...]
    disk: tuple[Size, ...]
    tables: tuple[Health, ...]


def gather(engine: Engine, *, scope: Scope) -> Stats:
    """What is in *scope*, in figures; disk and tables are those of the whole store."""
    from memcli.services.tally import Tally  # behind the store's door: arrays

    tally, model = Tally.of(engine, scope), engine.db.model
    return Stats(
        store=str(engine.home.store),
        model=model.name if model else "",
        counts=Counts(**tally.counts(), **tally.besides(scope)),
        growth=Growth(**tally.growth(DAYS, MONTHS)),
        retention=tally.retention(BINS),
        spaces=tuple(SpaceStats(**about) for about in tally.spaces()),
        most_used=tuple(_used(tally, MOST_USED)),
        disk=(*sizes(engine.home.store), _backups(engine)),
        tables=tuple(health(engine.db)),
    )


def _used(tally: Tally, most: int) -> Iterator[MostUsed]:
    for memory in tally.most_used(most):
        assert memory.used_at is not None
        title = memory.title or default_title(memory.text)
        yield MostUsed(
            id=memory.id, title=title, space=memory.space, uses=memory.uses, used_at=memory.used_at
        )


def _backups(engine: Engine) -> Size:
    files = [path for _, path in rotation.made(rotation.folder(engine.home, engine.config.backup))]
    size = 0
    for path in files:
        with suppress(OSError):  # another memcli makes room
            size += path.stat().st_size
    return Size(what="backups", files=len(files), bytes=size)

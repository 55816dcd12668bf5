"""A space as one page for a browser: search, filters, timeline, graph, and a map of meanings."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcli.errors import NotFoundError, StorageError, UsageError
from memcli.model import Memory, Scope, default_title
from memcli.services import memories, pages
from memcli.services.edges import EdgesNow
from memcli.services.engine import Engine, no_progress
from memcli.services.inert import visible
from memcli.services.select import NO_FILTER, Filter, is_episode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memcli.structure import Edge

LIMIT = 10_000
"""The page then takes 5 MB, a second to open, and each letter of a search less than 50 ms."""

LONG = 1_000
"""From so many on, placing them takes a second or more: people want to see how far it is."""

SIMILAR = 6
"""Memories that are shown with one because they are near in meaning."""

MARK = '<meta name="generator" content="memcli view">'
"""By which a page of ours is known."""

BEGINNING = 1_000
"""Characters of a file, among which the mark is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """A page that was made.

    Attributes:
        file: Where it is; `-` for standard output.
        size: Its bytes.
        memories: How many memories are on it.
        total: How many there are; more than on the page if the limit was reached.
        edges: How many edges between them.
        groups: How many groups the map has.
    """

    file: str
    size: int
    memories: int
    total: int
    edges: int
    groups: int


@dataclass(frozen=True, slots=True)
class Map:
    """A map of memories: by row the place, group and nearest others, and the words of each group."""

    points: Sequence[Sequence[float]] = ()
    groups: Sequence[int] = ()
    words: Sequence[Sequence[str]] = ()
    near: Sequence[Sequence[tuple[int, float]]] = ()


def made(
    engine: Engine, *, scope: Scope, wanted: Filter = NO_FILTER, limit: int = LIMIT, file: str = "-"
) -> tuple[Viewed, str]:
    """The page of the latest *limit* memories of *scope* that fulfil *wanted*, and what is on it.

    Args:
        engine: What to work with.
        scope: Which memories; an edge to one outside is left out.
        wanted: What they must fulfil.
        limit: The most.
        file: Where the page will be.
    """
    latest = memories.newest(engine, scope=scope, wanted=wanted, limit=limit)
    total = memories.count(engine, scope=scope, wanted=wanted) if len(latest) == limit else len(latest)
    shown, there = _mapped(engine, latest) if latest else (latest, Map())
    edges = _edges(engine, scope, shown) if shown else []
    data = {
        "space": "all spaces" if scope.space is None else scope.space,
        "made_at": _time(engine.now()),
        "total": total,
        "memories": [_said(memory, row, there) for row, memory in enumerate(shown)],
        "edges": [{"from": e.from_, "to": e.to, "type": visible(e.type), "weight": e.weight} for e in edges],
        "groups": [[visible(word) for word in words] for words in there.words],
    }
    page = pages.page("view.html", data)
    about = Viewed(
        file=file,
        size=len(page.encode()) + 1,  # and the line feed at its end
        memories=len(shown),
        total=total,
        edges=len(edges),
        groups=len(there.words),
    )
    return about, page


def save(
    engine: Engine, path: Path, *, scope: Scope, wanted: Filter = NO_FILTER, limit: int = LIMIT
) -> Viewed:
    """Make a page in the file at *path*, over one that is there; only its owner can read it.

    Raises:
        NotFoundError: There is no such directory.
        UsageError: It is no file.
        StorageError: It can't be written.
    """
    from memcli.storage.archive import new_file

    _require_file(path)
    about, page = made(engine, scope=scope, wanted=wanted, limit=limit, file=str(path))
    try:
        with new_file(path) as out:
            out.write(page.encode() + b"\n")
    except OSError as error:
        raise StorageError(f"can't write {path}: {error.strerror}") from error
    return about


def save_at_home(engine: Engine, **about: Any) -> Viewed:
    """Make a page where the next one goes, too, and where a purge removes it; see `save`."""
    try:
        engine.home.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"can't make {engine.home.data}: {error.strerror}") from error
    return save(engine, engine.home.page, **about)


def is_foreign(path: Path) -> bool:
    """Whether there is something at *path* that is no page of ours."""
    try:
        with path.open("rb") as file:
            return MARK.encode() not in file.read(BEGINNING)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _require_file(path: Path) -> None:
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no directory {path.parent}")
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a directory", hint=f"memcli view -o {path / 'memory.html'}")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is no file", hint="memcli view -o - writes to standard output")


def _mapped(engine: Engine, latest: Sequence[Memory]) -> tuple[list[Memory], Map]:
    """Those of the memories *latest* that nobody has removed meanwhile, and a map of them."""
    import numpy as np

    from memcli.services import meanings
    from memcli.storage.lexical import STOP_WORDS

    shown, vectors = _with_vectors(engine, latest)
    if len(shown) < 2:
        return shown, Map([[0.0, 0.0]], [0], [], [[]])
    rows, cosines = meanings.neighbours(vectors)
    announce = engine.progress if len(shown) >= LONG else no_progress
    with announce("Drawing the map", meanings.EPOCHS) as report:
        points = meanings.projected(vectors, rows, cosines, report)
    groups = meanings.grouped(points)
    words = meanings.typical([memory.text for memory in shown], groups, meanings.EMPTY | {*STOP_WORDS})
    near = [
        [(row, round(cosine, 2)) for row, cosine in zip(*pair, strict=True)]
        for pair in zip(rows[:, :SIMILAR].tolist(), cosines[:, :SIMILAR].tolist(), strict=True)
    ]
    return shown, Map(np.round(points, 4).tolist(), groups.tolist(), words, near)


def _with_vectors(engine: Engine, latest: Sequence[Memory]) -> tuple[list[Memory], NDArray[Any]]:
    """Those of the memories *latest* that are still there, and their vectors, of length 1."""
    import numpy as np

    found, vectors = engine.db.memories.with_vectors([memory.id for memory in latest], "")
    place = {memory.id: row for row, memory in enumerate(found)}
    shown = [memory for memory in latest if memory.id in place]
    vectors = vectors[[place[memory.id] for memory in shown]].astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return shown, vectors / np.where(lengths > 0, lengths, 1)


def _edges(engine: Engine, scope: Scope, shown: Sequence[Memory]) -> list[Edge]:
    there = {memory.id for memory in shown}
    return [edge for edge in EdgesNow(engine, scope).all() if edge.from_ in there and edge.to in there]


def _said(memory: Memory, row: int, there: Map) -> Mapping[str, Any]:
    """What the page knows of *memory*; what is as it mostly is, is left out."""
    kind = "turn" if memory.is_turn else "episode" if is_episode(memory) else "fact"
    title = memory.title if memory.title != default_title(memory.text) else ""
    about = {
        "id": memory.id,
        "text": visible(memory.text),
        "title": visible(title),
        "space": memory.space,
        "kind": kind,
        "tags": [visible(tag) for tag in memory.tags],
        "importance": round(memory.importance, 3),
        "created_at": _time(memory.created_at),
        "conversation": visible(memory.conversation),
        "position": memory.position,
        "speaker": visible(memory.speaker),
        "source": visible(memory.source),
        "agent": visible(memory.agent),
        "team": memory.team,
        "near": there.near[row],
        "at": there.points[row],
        "group": there.groups[row],
    }
    return {name: value for name, value in about.items() if value not in ("", None, [])}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

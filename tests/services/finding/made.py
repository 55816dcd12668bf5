"""Candidates as a test wants them: one short line for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from hypothesis import strategies as st

from memcli.model import Mode
from memcli.services.finding.ranking import Question, Ranked, ranked
from memcli.settings import DecaySettings
from memcli.storage.candidates import NO_POSITION, Candidates, Vectors
from tests.conftest import NOW

SETTINGS = DecaySettings()


def moment(time: datetime | None) -> np.datetime64:
    """*time* as arrays have it; NaT for None."""
    return np.datetime64("NaT") if time is None else np.datetime64(time.replace(tzinfo=None), "us")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A candidate that stands alone."""

    id: str = ""
    cosine: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    importance: float = 0.5
    created_at: datetime = NOW
    used_at: datetime | None = None
    conversation: str = ""
    position: int = NO_POSITION
    speaker: str = ""
    asks: bool = False
    space: str = "work"
    unit: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Turn(Fact):
    """A candidate that is a turn."""

    conversation: str = "c"
    position: int = 0


def candidates(*rows: Fact, terms: Sequence[str] = ()) -> Candidates:
    """*rows* as candidates; *terms* are the query's, those that rows hold if none are given."""
    words = tuple(terms) or tuple(dict.fromkeys(term for row in rows for term in row.scores))
    scores = [[row.scores.get(term, 0.0) for row in rows] for term in words]
    places = [place for place, row in enumerate(rows) if row.unit]
    units = np.array([rows[place].unit for place in places], dtype=np.float32)
    return Candidates(
        ids=tuple(row.id or f"m{place:03}" for place, row in enumerate(rows)),
        space=np.array([row.space for row in rows], dtype=object),
        conversation=np.array([row.conversation for row in rows], dtype=object),
        position=np.array([row.position for row in rows], dtype=np.int64),
        speaker=np.array([row.speaker for row in rows], dtype=object),
        asks=np.array([row.asks for row in rows], dtype=np.bool_),
        importance=np.array([row.importance for row in rows], dtype=np.float64),
        created_at=np.array([moment(row.created_at) for row in rows], dtype="datetime64[us]"),
        used_at=np.array([moment(row.used_at) for row in rows], dtype="datetime64[us]"),
        cosine=np.array([row.cosine for row in rows], dtype=np.float64),
        terms=words,
        term_scores=np.array(scores, dtype=np.float64).reshape(len(words), len(rows)),
        vectors=Vectors(np.array(places, dtype=np.int64), units),
    )


def question(**about: object) -> Question:
    """A question to a store of a hundred memories, now."""
    return Question(**{"memories": 100, "now": moment(NOW), **about})  # type: ignore[arg-type]


def order(found: Candidates, asked: Question | None = None, mode: Mode = Mode.HYBRID) -> list[str]:
    """The ids of *found*, best first."""
    return [found.ids[place] for place in best(found, asked, mode).order]


def best(found: Candidates, asked: Question | None = None, mode: Mode = Mode.HYBRID) -> Ranked:
    """*found*, ranked with the settings that nobody has changed."""
    return ranked(found, asked or question(), mode, SETTINGS)


COSINES = st.floats(-1, 1) | st.just(float("nan"))
SHARES = st.floats(0, 1)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001  # arrays know UTC only
SCORES = st.dictionaries(st.sampled_from(["tea", "ana", "floor"]), st.floats(0.01, 30))
COMMON = {
    "cosine": COSINES,
    "scores": SCORES,
    "importance": SHARES,
    "created_at": TIMES,
    "used_at": TIMES | st.none(),
    "asks": st.booleans(),
    "space": st.sampled_from(["work", "home"]),
}
FACTS = st.builds(Fact, conversation=st.sampled_from(["", "a"]), **COMMON)
TURNS = st.builds(
    Turn,
    conversation=st.sampled_from(["a", "b"]),
    position=st.integers(0, 6),
    speaker=st.sampled_from(["", "Ana", "Ben", "user"]),
    **COMMON,
)
ROWS = st.lists(FACTS | TURNS, min_size=1, max_size=12)
"""A few candidates of every kind."""

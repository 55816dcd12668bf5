"""Episodes: what was done and how it ended, each a memory, so that whatever can be done with those works."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from memcli.errors import ConflictError, NotFoundError
from memcli.model import Action, Draft, Hit, Memory, Scope
from memcli.services import memories, recall, remember, worktext
from memcli.services.engine import Engine
from memcli.services.journal import Running
from memcli.services.select import Filter, is_episode, predicate
from memcli.storage.predicates import EPISODE, All, Among, Not, equals
from memcli.times import LONGEST
from memcli.work import Episode, Task

LIKE = 0.2
"""The least relevance of what is like a goal. 18 of 22 goals get the episode that is like theirs, none of 20
others gets one (tests/services/test_episodes.py). With 0.105, as in a context, four of these would."""


def seconds(task: Task) -> float:
    """How long *task*, which has ended, took."""
    return round(((task.ended_at or task.updated_at) - task.created_at).total_seconds(), 3)


def store(engine: Engine, task: Task) -> str:
    """Make a memory of *task*, which has ended; its id, which is the task's, so that there is only ever one.

    It is no fact: nothing gives way to it, and it gives way to nothing.

    Raises:
        ConflictError: Its id belongs to another memory, which is no episode of it.
    """
    settings = engine.config.episodes
    draft = Draft(
        text=worktext.episode_text(task),
        scope=Scope(task.space, task.user, task.agent),
        id=task.id,
        title=worktext.on_one_line(task.goal, 60),
        importance=settings.importance_success if task.success else settings.importance_failure,
        metadata={
            "type": "episode",
            "task": task.id,
            "goal": worktext.on_one_line(task.goal),
            "outcome": worktext.on_one_line(task.outcome),
            "success": bool(task.success),
            "seconds": seconds(task),
            "steps": list(worktext.steps(task)),
        },
        source="task",
        created_at=task.ended_at,
    )
    answer = remember.store_all(engine, [draft], compare=False, conflicts=False, change=Running("task end"))[
        0
    ]
    if answer.action is Action.FAILED and not is_stored(engine, task):
        raise ConflictError(answer.reason)
    return task.id


def is_stored(engine: Engine, task: Task) -> bool:
    """Whether there is an episode of *task*, whatever it has been made to say since."""
    there = engine.db.memories.where(equals("id", task.id))
    return any(is_episode(memory) and memory.metadata["task"] == task.id for memory in there)


def all_episodes(
    engine: Engine, *, scope: Scope, success: bool | None = None, limit: int | None = None
) -> list[Episode]:
    """The episodes of *scope*, latest first; only those that succeeded, or failed, if *success* says so."""
    found = memories.newest(engine, scope=scope, wanted=_wanted(success), limit=limit)
    return [_episode(memory) for memory in found]


def search(
    engine: Engine,
    query: str,
    *,
    scope: Scope,
    success: bool | None = None,
    limit: int | None = None,
    min_score: float | None = None,
) -> list[Episode]:
    """The episodes of *scope* that match *query*, best first.

    Raises:
        UsageError: The query is empty.
    """
    hits = recall.search(
        engine, query, scope=scope, limit=limit, min_score=min_score, wanted=_wanted(success)
    )
    return [_episode(hit) for hit in hits]


def show(engine: Engine, name: str, *, scope: Scope) -> Episode:
    """The episode with the id *name*, or a unique beginning of it.

    Raises:
        NotFoundError: There is no such memory, or it is no episode.
        ConflictError: There are several.
    """
    memory = memories.find(engine, name, scope=scope)
    if not is_episode(memory):
        raise NotFoundError(f"the memory {memory.id} is no episode", hint=f"memcli get {memory.id}")
    return _episode(memory)


def similar(engine: Engine, goal: str, *, scope: Scope, limit: int = 1) -> list[Episode]:
    """The episodes of *scope* that are like *goal*, best first; the model is only loaded if there are any.

    What is less relevant than `LIKE`, or than what goes into a context (`context.min_score`), is not offered.
    """
    wanted = _wanted(None)
    if not engine.db.memories.table.count(predicate(scope, wanted, engine.now())):
        return []
    about = worktext.on_one_line(goal)
    hits = recall.search(engine, about, scope=scope, limit=limit, min_score=0.0, wanted=wanted)
    least = max(LIKE, engine.config.context.min_score)
    return [_episode(hit) for hit in hits if hit.relevance >= least]


def _wanted(success: bool | None) -> Filter:
    if success is None:
        return Filter(where=EPISODE)
    succeeded = Among(("success",), (True,))
    return Filter(where=All((EPISODE, succeeded if success else Not(succeeded))))


def _episode(memory: Memory) -> Episode:
    """What *memory* tells; whatever somebody has made of its metadata since."""
    said = memory.metadata
    took = _seconds(said)
    steps = said.get("steps")
    return Episode(
        id=memory.id,
        goal=str(said.get("goal") or memory.title),
        outcome=str(said.get("outcome") or ""),
        success=said.get("success") is True,
        steps=tuple(map(str, steps)) if isinstance(steps, list) else (),
        started_at=_before(memory.created_at, took),
        ended_at=memory.created_at,
        seconds=took,
        text=memory.text,
        importance=memory.importance,
        space=memory.space,
        agent=memory.agent,
        score=memory.score if isinstance(memory, Hit) else None,
    )


def _before(time: datetime, took: float) -> datetime:
    try:
        return time - timedelta(seconds=took)
    except OverflowError:  # an import may say that it was in the year 1
        return time


def _seconds(said: Mapping[str, Any]) -> float:
    took = said.get("seconds")
    fine = isinstance(took, int | float) and 0 <= took <= LONGEST.total_seconds()
    return float(took) if fine else 0.0  # type: ignore[arg-type]

"""Ending a task: what was done becomes a memory, an episode."""

from __future__ import annotations

from dataclasses import dataclass, replace

from memcli.model import Scope
from memcli.services import checks, episodes, names, redaction
from memcli.services.engine import Engine
from memcli.services.tasks import find, refuse_over
from memcli.work import Status, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A task that was ended.

    Attributes:
        action: `ended`.
        id: The task.
        goal: What it was about.
        success: Whether its goal was reached.
        outcome: How it ended, in words.
        seconds: How long it took.
        episode: The memory that tells of it.
        space: Where it is.
        others: How many others go on there.
    """

    action: str
    id: str
    goal: str
    success: bool
    outcome: str
    seconds: float
    episode: str
    space: str
    others: int


def end(engine: Engine, *, scope: Scope, task: str = "", success: bool = True, outcome: str = "") -> Ended:
    """End a task: what was done is a memory from now on, an episode.

    The task is claimed before the episode is stored, so that nobody changes it meanwhile, and given back
    if that fails. If memcli is killed or interrupted then, ending it again finishes what was begun, with what
    was said then.

    Raises:
        ConflictError: It has ended already.
        EmbeddingError: There is no model to embed the episode with. The task goes on.
    """
    outcome = checks.text(outcome, "the outcome", checks.WORK_BYTES_MOST, may_be_blank=True).strip()
    outcome = redaction.clean(engine, outcome, "the outcome")
    name = find(engine, task, scope=scope).id
    _ = engine.embedder  # if it can't be loaded, nothing has happened yet
    claimed = _claimed(engine, name, scope, success, outcome)
    try:
        episode = episodes.store(engine, claimed)
    except BaseException:
        _give_back(engine, name, scope)
        raise
    with engine.db.writing() as db:
        ended = replace(claimed, status=Status.ENDED, is_current=False, episode=episode)
        db.tasks.put([ended])
        names.note_task(engine.home.names, name, "", gone=True)
        others = len(db.tasks.of(ended.space, ended.user, ended.agent))
    return Ended(
        action="ended",
        id=name,
        goal=ended.goal,
        success=bool(ended.success),
        outcome=ended.outcome,
        seconds=episodes.seconds(ended),
        episode=episode,
        space=ended.space,
        others=others,
    )


def _claimed(engine: Engine, name: str, scope: Scope, success: bool, outcome: str) -> Task:
    """The task *name*, which nobody else may change from now on."""
    with engine.db.writing() as db:
        task = find(engine, name, scope=scope)
        if task.status is Status.ENDING:
            return task
        refuse_over(task)
        now = engine.now()
        claimed = replace(
            task, status=Status.ENDING, success=success, outcome=outcome, ended_at=now, updated_at=now
        )
        db.tasks.put([claimed])
    return claimed


def _give_back(engine: Engine, name: str, scope: Scope) -> None:
    """Let the task *name* go on; once there is an episode of it, all that is left is to finish its end."""
    with engine.db.writing() as db:
        task = find(engine, name, scope=scope)
        if task.status is Status.ENDING and not episodes.is_stored(engine, task):
            db.tasks.put([replace(task, status=Status.OPEN, success=None, outcome="", ended_at=None)])

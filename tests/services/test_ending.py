"""The end of a task: one memory of it, whatever comes in between."""

from typing import Any

import pytest

from memcli.errors import ConflictError, EmbeddingError, StorageError
from memcli.model import Draft, Scope
from memcli.services import ending, episodes, forgetting, memories, remember, tasks
from memcli.services.engine import Engine
from memcli.services.undo import undo
from memcli.work import Status
from tests.conftest import Clock
from tests.services.test_tasks import now_at


def test_an_ended_task_is_an_episode(engine: Engine, scope: Scope, clock: Clock) -> None:
    """With its goal, outcome, steps and duration; as important as success is."""
    started = tasks.start(engine, "Migrate", scope=scope)
    tasks.push(engine, "read", scope=scope)
    clock.advance(minutes=2)
    ended = ending.end(engine, scope=scope, outcome=" all moved ")
    assert (ended.id, ended.episode, ended.success, ended.seconds) == (started.id, started.id, True, 120.0)
    memory = memories.find(engine, ended.episode)
    assert (memory.source, memory.importance, memory.title, memory.created_at) == (
        "task",
        0.7,
        "Migrate",
        clock(),
    )
    assert memory.metadata == {
        "type": "episode",
        "task": started.id,
        "goal": "Migrate",
        "outcome": "all moved",
        "success": True,
        "seconds": 120.0,
        "steps": ["read (not completed)"],
    }
    assert memory.text.startswith("Migrate\nSucceeded: all moved\n")
    assert tasks.current(engine, scope) is None
    assert tasks.all_tasks(engine, scope=scope) == []
    task = tasks.find(engine, started.id, scope=scope)
    assert (task.status, task.success, task.outcome, task.ended_at) == (
        Status.ENDED,
        True,
        "all moved",
        clock(),
    )
    for act in (ending.end, tasks.pop, lambda *a, **k: tasks.switch(engine, started.id, scope=scope)):
        with pytest.raises(ConflictError, match="has ended"):
            act(engine, scope=scope, task=started.id)


def test_a_failure_matters_less_and_an_agent_keeps_its_own(engine: Engine) -> None:
    """The episode is where the task was."""
    place = Scope("lab", "me", "bot")
    tasks.start(engine, "Migrate", scope=place)
    ended = ending.end(engine, scope=place, success=False)
    memory = memories.find(engine, ended.episode)
    assert (memory.space, memory.user, memory.agent, memory.importance) == ("lab", "me", "bot", 0.4)
    assert memory.text == "Migrate\nFailed."


def test_an_end_without_a_model_changes_nothing(no_model: Engine, scope: Scope) -> None:
    """The task goes on."""
    tasks.start(no_model, "x", scope=scope)
    before = now_at(no_model, scope)
    with pytest.raises(EmbeddingError):
        ending.end(no_model, scope=scope)
    assert now_at(no_model, scope) == before


@pytest.mark.parametrize(
    "error", [StorageError("the disk is full"), KeyboardInterrupt()], ids=["full", "ctrl-c"]
)
def test_an_episode_that_can_not_be_stored_gives_the_task_back(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """It goes on as it was, and can be ended later."""

    def fail(*_: Any, **__: Any) -> Any:
        raise error

    tasks.start(engine, "x", scope=scope)
    tasks.note(engine, "kept", scope=scope)
    with monkeypatch.context() as broken:
        broken.setattr(remember, "store_all", fail)
        with pytest.raises(type(error)):
            ending.end(engine, scope=scope, outcome="no")
    task = now_at(engine, scope)
    assert (task.status, task.success, task.outcome, task.ended_at) == (Status.OPEN, None, "", None)
    tasks.note(engine, "more", scope=scope)
    ending.end(engine, scope=scope)
    assert "Noted: more" in memories.newest(engine, scope=scope)[0].text


def test_an_end_that_was_killed_is_finished_by_the_next(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Before the episode was stored or after it: there is one, with what was said first."""
    for stored in (False, True):
        started = tasks.start(engine, f"goal {stored}", scope=scope)
        claimed = ending._claimed(engine, started.id, scope, False, "first")
        if stored:
            episodes.store(engine, claimed)
        with pytest.raises(ConflictError, match="being ended"):
            tasks.push(engine, "late", scope=scope)
        clock.advance(hours=1)
        ended = ending.end(engine, scope=scope, success=True, outcome="second")
        assert (ended.success, ended.outcome, ended.seconds) == (False, "first", 0.0)
        found = episodes.all_episodes(engine, scope=scope)
        assert [one.goal for one in found].count(f"goal {stored}") == 1


def test_an_end_that_is_interrupted_after_the_episode_is_finished_by_the_next(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task is not given back: it would go on beside its episode, and could not be ended any more."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    started = tasks.start(engine, "x", scope=scope)
    with monkeypatch.context() as broken:
        broken.setattr("memcli.services.writing.names.note", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ending.end(engine, scope=scope, outcome="done")
    with pytest.raises(ConflictError, match="being ended"):
        tasks.note(engine, "late", scope=scope)
    memories.update(engine, started.id, scope=scope, text="told otherwise")
    ended = ending.end(engine, scope=scope, outcome="really done")
    assert (ended.episode, ended.outcome) == (started.id, "done")
    assert [one.outcome for one in episodes.all_episodes(engine, scope=scope)] == ["done"]


def test_a_task_whose_id_is_another_memorys_goes_on(engine: Engine, scope: Scope) -> None:
    """What is no episode of it does not end it."""
    started = tasks.start(engine, "x", scope=scope)
    remember.store_all(engine, [Draft(text="mine", scope=scope, id=started.id)])
    with pytest.raises(ConflictError, match="belongs to another memory"):
        ending.end(engine, scope=scope)
    assert now_at(engine, scope).status is Status.OPEN


def test_undo_forgets_the_episode_and_does_not_reopen_the_task(engine: Engine, scope: Scope) -> None:
    """One step; restore brings the episode back."""
    tasks.start(engine, "x", scope=scope)
    ended = ending.end(engine, scope=scope)
    assert [(one.command, one.forgotten) for one in undo(engine, scope=scope)] == [("task end", 1)]
    assert episodes.all_episodes(engine, scope=scope) == []
    assert tasks.find(engine, ended.id, scope=scope).status is Status.ENDED
    forgetting.restore(engine, [ended.episode])
    assert [one.id for one in episodes.all_episodes(engine, scope=scope)] == [ended.id]

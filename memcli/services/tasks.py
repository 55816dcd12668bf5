"""Tasks: the working memory of what one is at, with its subgoals, thoughts, results and variables.

They need no model, but for ending one, which makes a memory of it, and for what is offered when one is
started. `search` does not find them, nor does `undo` take them back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from memcli.errors import ConflictError, MemcliError, NotFoundError, UsageError
from memcli.model import Scope, default_title
from memcli.services import checks, episodes, names, redaction
from memcli.services.engine import Engine
from memcli.work import Episode, Note, Status, Subgoal, Task

AMBIGUOUS_SHOWN = 5

HINT_START = "memcli task start GOAL starts one, memcli task list shows those that go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A task that was started.

    Attributes:
        action: `started`.
        id: The task.
        goal: What is to be reached.
        space: Where it is.
        left: The task that was current before, and goes on; None without one.
        similar: What was done before that is like it; None if there is nothing.
    """

    action: str
    id: str
    goal: str
    space: str
    left: str | None = None
    similar: Episode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What a change to a task came to.

    Attributes:
        action: `goal`, `pushed`, `popped`, `noted`, `result`, `set` or `switched`.
        id: The task.
        goal: What it is about.
        text: What was said, or the subgoal that was completed.
        key: The name of a result or variable; None for all else.
        path: The subgoals that are not completed, the innermost last.
        space: Where it is.
    """

    action: str
    id: str
    goal: str
    text: str
    key: str | None = None
    path: tuple[str, ...]
    space: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What a task keeps under a name.

    Attributes:
        key: The name.
        text: What is kept.
        id: The task.
    """

    key: str
    text: str
    id: str


# --- finding tasks ---


def current(engine: Engine, scope: Scope) -> Task | None:
    """The current task of *scope*; None where there is none."""
    return engine.db.tasks.current(_space(scope), scope.owner, scope.agent or "")


def find(engine: Engine, name: str = "", *, scope: Scope) -> Task:
    """The task with the id *name*, or a unique beginning of it, in any space; without one, the current task.

    Raises:
        NotFoundError: There is none.
        ConflictError: There are several.
    """
    if not name:
        if (task := current(engine, scope)) is None:
            raise NotFoundError(f"there is no current task in the space {scope.space}", hint=HINT_START)
        return task
    found = engine.db.tasks.called(checks.own_id(name), scope.owner, AMBIGUOUS_SHOWN)
    if not found:
        raise NotFoundError(f"there is no task with the id {name!r}", hint="memcli task list --all")
    if len(found) > 1:
        ids = ", ".join(sorted(task.id for task in found))
        raise ConflictError(f"the id {name!r} is ambiguous", hint=f"it could be {ids}")
    return found[0]


def all_tasks(engine: Engine, *, scope: Scope, ended: bool = False) -> list[Task]:
    """The tasks of *scope* that go on, or all of them with *ended*; the one changed last first."""
    space = None if scope.space is None else _space(scope)
    return engine.db.tasks.of(space, scope.owner, scope.agent, ended=ended)


def get(engine: Engine, key: str, *, scope: Scope, task: str = "") -> Variable:
    """The variable *key*, or else the result of that name.

    Raises:
        NotFoundError: There is neither.
    """
    found, key = find(engine, task, scope=scope), _key(key)
    kept = {**found.results, **found.variables}
    if key not in kept:
        raise NotFoundError(
            f"the task {found.id} has neither a variable nor a result {key!r}", hint="memcli task show"
        )
    return Variable(key=key, text=kept[key], id=found.id)


# --- changing them ---


def start(engine: Engine, goal: str, *, scope: Scope, similar: bool = True) -> Started:
    """Start a task, which is the current one from now on; what was current before goes on.

    Args:
        engine: What to work with.
        goal: What is to be reached.
        scope: Where, and whose.
        similar: Whether to look for what was done before and is like it, if anything was ever done.

    Raises:
        UsageError: The goal can't be kept.
    """
    goal, now = _text(engine, goal, "the goal"), engine.now()
    task = Task(
        id=engine.new_id(),
        goal=goal,
        is_current=True,
        space=_space(scope),
        user=checks.line(scope.owner, "the user's name", checks.NAME_LENGTH_MOST),
        agent=checks.line(scope.agent or "", "the agent's name", checks.NAME_LENGTH_MOST),
        created_at=now,
        updated_at=now,
    )
    with engine.db.writing() as db:
        before = current(engine, scope)
        db.tasks.put([task, replace(before, is_current=False)] if before else [task])
        names.note_task(engine.home.names, task.id, default_title(goal))
    return Started(
        action="started",
        id=task.id,
        goal=goal,
        space=task.space,
        left=before.id if before else None,
        similar=_similar(engine, goal, scope) if similar else None,
    )


def _similar(engine: Engine, goal: str, scope: Scope) -> Episode | None:
    """What was done before that is like *goal*; none of what may go wrong stops whoever starts a task."""
    try:
        found = episodes.similar(engine, goal, scope=scope)
    except MemcliError as error:
        engine.warn(f"what is like it was not looked for: {error.sentence}")
        return None
    return found[0] if found else None


def set_goal(engine: Engine, text: str, *, scope: Scope, task: str = "") -> Noted:
    """Let *text* be the goal of the task."""
    goal = _text(engine, text, "the goal")
    changed = _changed(engine, task, scope, lambda there: replace(there, goal=goal))
    return _noted("goal", changed, goal)


def push(engine: Engine, text: str, *, scope: Scope, task: str = "") -> Noted:
    """Begin the subgoal *text*, inside the innermost one that is not completed."""
    text, now = _text(engine, text, "the subgoal"), engine.now()

    def change(there: Task) -> Task:
        step = Subgoal(text=text, depth=len(there.path), started_at=now)
        return replace(there, subgoals=(*there.subgoals, step))

    return _noted("pushed", _changed(engine, task, scope, change), text)


def pop(engine: Engine, *, scope: Scope, task: str = "") -> Noted:
    """Complete the innermost subgoal that is not completed.

    Raises:
        ConflictError: There is none.
    """
    done: list[Subgoal] = []

    def change(there: Task) -> Task:
        going_on = [place for place, step in enumerate(there.subgoals) if step.done_at is None]
        if not going_on:
            raise ConflictError(
                f"the task {there.id} has no subgoal to complete", hint="memcli task push TEXT begins one"
            )
        steps, last = list(there.subgoals), going_on[-1]
        steps[last] = replace(steps[last], done_at=engine.now())
        done.append(steps[last])
        return replace(there, subgoals=tuple(steps))

    changed = _changed(engine, task, scope, change)
    return _noted("popped", changed, done[-1].text)


def note(engine: Engine, text: str, *, scope: Scope, task: str = "") -> Noted:
    """Put the thought *text* on the scratchpad."""
    thought = Note(text=_text(engine, text, "the note"), at=engine.now())
    changed = _changed(engine, task, scope, lambda there: replace(there, notes=(*there.notes, thought)))
    return _noted("noted", changed, text)


def set_result(engine: Engine, key: str, value: str, *, scope: Scope, task: str = "") -> Noted:
    """Keep *value* as the result called *key*, over what is there."""
    key, value = _key(key), _value(engine, key, value)

    def change(there: Task) -> Task:
        return replace(there, results={**there.results, key: value})

    return _noted("result", _changed(engine, task, scope, change), value, key)


def set_variable(engine: Engine, key: str, value: str, *, scope: Scope, task: str = "") -> Noted:
    """Keep *value* as the variable called *key*, over what is there."""
    key, value = _key(key), _value(engine, key, value)

    def change(there: Task) -> Task:
        return replace(there, variables={**there.variables, key: value})

    return _noted("set", _changed(engine, task, scope, change), value, key)


def switch(engine: Engine, name: str, *, scope: Scope) -> Noted:
    """Let the task *name* be the current one where it is; what was current there goes on.

    Raises:
        ConflictError: It has ended.
    """
    with engine.db.writing() as db:
        task = find(engine, name, scope=scope)
        refuse_over(task)
        before = db.tasks.current(task.space, task.user, task.agent)
        others = [replace(before, is_current=False)] if before and before.id != task.id else []
        db.tasks.put([*others, replace(task, is_current=True)])
        names.note_task(engine.home.names, task.id, default_title(task.goal))
    return _noted("switched", task, task.goal)


Change = Callable[[Task], Task]
"""From the task that is there to what it is to be."""


def _changed(engine: Engine, name: str, scope: Scope, change: Change) -> Task:
    """The task *name* after *change*. Read, decided and written under the writer's lock."""
    with engine.db.writing() as db:
        task = find(engine, name, scope=scope)
        refuse_over(task)
        changed = replace(change(task), updated_at=engine.now())
        _refuse_large(changed)
        db.tasks.put([changed])
    return changed


def refuse_over(task: Task) -> None:
    """Raise if *task* has ended, or is just being ended."""
    if task.status is Status.ENDED:
        raise ConflictError(f"the task {task.id} has ended", hint=f"memcli episodes show {task.episode}")
    if task.status is Status.ENDING:
        raise ConflictError(
            f"the task {task.id} is just being ended",
            hint=f"memcli task end --task {task.id} finishes it, should that have been interrupted",
        )


def _refuse_large(task: Task) -> None:
    said = [task.goal, *(step.text for step in task.subgoals), *(note.text for note in task.notes)]
    for kept in (task.results, task.variables):
        said += [*kept, *kept.values()]
    if sum(len(text.encode()) for text in said) > checks.TEXT_BYTES_MOST:
        raise UsageError(
            f"the task {task.id} would hold more than {checks.TEXT_BYTES_MOST // 1_000_000} MB",
            hint="end it, and start another one",
        )


def _noted(action: str, task: Task, text: str, key: str | None = None) -> Noted:
    return Noted(
        action=action, id=task.id, goal=task.goal, text=text, key=key, path=task.path, space=task.space
    )


# --- what may be said ---


def _space(scope: Scope) -> str:
    if scope.space is None:
        raise UsageError("a task is in one space, which must be named")
    return checks.space_name(scope.space)


def _text(engine: Engine, value: str, what: str) -> str:
    return str(redaction.clean(engine, checks.text(value, what, checks.WORK_BYTES_MOST), what))


def _value(engine: Engine, key: str, value: str) -> str:
    checks.text(value, "the value", checks.WORK_BYTES_MOST, may_be_blank=True)
    return str(redaction.named(engine, key, value, "the value"))


def _key(name: str) -> str:
    """*name* as a key: any words on one line, at most 200 characters."""
    key = unicodedata.normalize("NFC", checks.line(name, "the key", checks.TASK_KEY_LENGTH_MOST)).strip()
    if not key:
        raise UsageError("the key is empty")
    return key

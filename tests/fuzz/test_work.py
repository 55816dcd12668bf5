"""Tasks and conversations against lists: pushed, popped, noted, ended, said, cleared, carried over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from memcli.errors import ConflictError, NotFoundError
from memcli.model import Scope
from memcli.services import conversations, ending, episodes, tasks, turns
from memcli.services.undo import undo
from tests.fuzz.machines import STEPS, Machine, refused, runs

SPACES = ("work", "home")
SPACE = st.sampled_from(SPACES)
WORDS = st.sampled_from(["one thing", "another thing", "日本", "a\nb", "'; --"])
TALKS = ("c1", "it's")


@dataclass
class Doing:
    """What is known of a task."""

    space: str
    goal: str
    steps: list[tuple[str, bool]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    results: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    success: bool | None = None


class Work(Machine):
    """One user's tasks and conversations in two spaces."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, Doing] = {}
        self.current: dict[str, str] = {}
        self.said: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.talk: dict[str, str] = {}

    def scope(self, space: str | None) -> Scope:
        """The user's, in *space*."""
        return Scope(space, "me")

    # --- tasks ---

    @rule(space=SPACE, goal=WORDS)
    def start(self, space: str, goal: str) -> None:
        """Start a task; the one before goes on."""
        told = tasks.start(self.engine, goal, scope=self.scope(space))
        assert told.left == self.current.get(space)
        self.tasks[told.id] = Doing(space, goal)
        self.current[space] = told.id

    def _changes(self, space: str, does: Any) -> Doing | None:
        """*does*, where there is a current task; that task."""
        if space not in self.current:
            refused(does, NotFoundError)
            return None
        does()
        return self.tasks[self.current[space]]

    @rule(space=SPACE, text=WORDS)
    def push(self, space: str, text: str) -> None:
        """Begin a subgoal."""
        if task := self._changes(space, lambda: tasks.push(self.engine, text, scope=self.scope(space))):
            task.steps.append((text, False))

    @rule(space=SPACE)
    def pop(self, space: str) -> None:
        """Complete the innermost one."""
        task = self.tasks.get(self.current.get(space, ""))
        going_on = [at for at, (_, done) in enumerate(task.steps) if not done] if task else []

        def does() -> Any:
            return tasks.pop(self.engine, scope=self.scope(space))

        if task is None or not going_on:
            refused(does, NotFoundError if task is None else ConflictError)
            return
        assert does().text == task.steps[going_on[-1]][0]
        task.steps[going_on[-1]] = (task.steps[going_on[-1]][0], True)

    @rule(space=SPACE, text=WORDS)
    def note(self, space: str, text: str) -> None:
        """Note a thought."""
        if task := self._changes(space, lambda: tasks.note(self.engine, text, scope=self.scope(space))):
            task.notes.append(text)

    @rule(space=SPACE, key=st.sampled_from(["k", "ключ"]), text=WORDS, is_result=st.booleans())
    def keep(self, space: str, key: str, text: str, is_result: bool) -> None:
        """Keep a result or a variable."""
        keep = tasks.set_result if is_result else tasks.set_variable
        if task := self._changes(space, lambda: keep(self.engine, key, text, scope=self.scope(space))):
            (task.results if is_result else task.variables)[key] = text

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        """Go on with another task."""
        name = data.draw(st.sampled_from(sorted(self.tasks)))
        task = self.tasks[name]

        def does() -> Any:
            return tasks.switch(self.engine, name, scope=self.scope(None))

        if task.success is not None:
            refused(does, ConflictError)
        else:
            does()
            self.current[task.space] = name

    @rule(space=SPACE, success=st.booleans(), outcome=st.sampled_from(["", "it went well"]))
    def end(self, space: str, success: bool, outcome: str) -> None:
        """End the current task: a memory tells of it from now on."""

        def does() -> Any:
            return ending.end(self.engine, scope=self.scope(space), success=success, outcome=outcome)

        if task := self._changes(space, does):
            task.success = success
            del self.current[space]

    @invariant()
    def tasks_are_right(self) -> None:
        """Each task says what was said; one is current where one should be."""
        found = {task.id: task for task in tasks.all_tasks(self.engine, scope=self.scope(None), ended=True)}
        assert found.keys() == self.tasks.keys()
        for name, known in self.tasks.items():
            task = found[name]
            assert (task.goal, task.space, task.success) == (known.goal, known.space, known.success)
            assert [(step.text, step.done_at is not None) for step in task.subgoals] == known.steps
            assert [note.text for note in task.notes] == known.notes
            assert (dict(task.results), dict(task.variables)) == (known.results, known.variables)
            assert task.is_current == (self.current.get(known.space) == name)

    @rule(success=st.none() | st.booleans())
    def look_back(self, success: bool | None) -> None:
        """What was done is told of, once each."""
        ended = {n for n, t in self.tasks.items() if t.success is not None and success in (None, t.success)}
        found = episodes.all_episodes(self.engine, scope=self.scope(None), success=success)
        assert {one.id for one in found} == ended

    # --- conversations ---

    @rule(
        space=SPACE,
        name=st.sampled_from(["", *TALKS]),
        role=st.sampled_from(["user", "assistant"]),
        text=WORDS,
    )
    def say(self, space: str, name: str, role: str, text: str) -> None:
        """Say something, also twice the same, where named or where one is."""
        told = turns.add(self.engine, role, text, scope=self.scope(space), conversation=name)
        expected = name or self.talk.get(space)
        assert expected in (None, told.conversation)
        self.talk[space] = told.conversation
        self.said.setdefault((space, told.conversation), []).append((role, text))

    @rule(space=SPACE, name=st.sampled_from(TALKS), back=st.booleans())
    def clear(self, space: str, name: str, back: bool) -> None:
        """Forget all of a conversation, and perhaps take that back at once."""

        def does() -> Any:
            return conversations.clear(self.engine, scope=self.scope(space), conversation=name)

        if (space, name) not in self.said:
            refused(does, NotFoundError)
            return
        there = self.said[space, name]
        assert does().turns == len(there)
        if back and there:
            undo(self.engine, scope=self.scope(space))
        else:
            self.said[space, name] = []

    @rule(space=SPACE, name=st.sampled_from(TALKS), last=st.none() | st.integers(1, 3))
    def show(self, space: str, name: str, last: int | None) -> None:
        """What was said comes back in order, word for word."""

        def does() -> Any:
            return turns.all_turns(self.engine, scope=self.scope(space), conversation=name, last=last)

        if (space, name) not in self.said:
            refused(does, NotFoundError)
            return
        there = self.said[space, name]
        assert [(turn.role, turn.content) for turn in does()] == (there[-last:] if last else there)

    @invariant()
    def conversations_are_right(self) -> None:
        """All are listed that hold anything, with as many turns as were said."""
        for space in SPACES:
            found = conversations.all_conversations(self.engine, scope=self.scope(space))
            there = {name: len(said) for (at, name), said in self.said.items() if at == space and said}
            assert {one.id: one.turns for one in found} == there
            assert {one.id for one in found if one.current} <= {self.talk.get(space)}

    # --- both ---

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        """The clock moves."""
        self.move_clock(seconds)

    @rule()
    def go_on(self) -> None:
        """The store is opened anew."""
        self.reopen()


def test_tasks_and_conversations_are_what_lists_say() -> None:
    """After any sequence of changes, in both spaces, with the clock set back now and then."""
    runs(Work, few=4)

"""Tasks: one current one, a stack of subgoals, nothing lost when many write, an end that leaves a memory."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import ConflictError, EmbeddingError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import ending, episodes, remember, spaces, tasks
from memcli.services.engine import Engine
from memcli.services.undo import undo
from memcli.work import Status, Task
from tests.conftest import Clock
from tests.fuzz import rounds


def now_at(engine: Engine, scope: Scope) -> Task:
    """The current task."""
    task = tasks.current(engine, scope)
    assert task is not None
    return task


def test_a_task_grows_without_a_model(no_model: Engine, scope: Scope, clock: Clock) -> None:
    """Goal, subgoals, thoughts, results, variables; all of it is there for another process."""
    started = tasks.start(no_model, "Migrate", scope=scope)
    assert (started.left, started.similar) == (None, None)
    tasks.push(no_model, "read", scope=scope)
    clock.advance(minutes=5)
    assert tasks.push(no_model, "deeper", scope=scope).path == ("read", "deeper")
    popped = tasks.pop(no_model, scope=scope)
    assert (popped.action, popped.text, popped.path) == ("popped", "deeper", ("read",))
    tasks.note(no_model, "uses sessions", scope=scope)
    tasks.set_result(no_model, "endpoints", "13", scope=scope)
    tasks.set_result(no_model, "endpoints", "14", scope=scope)
    tasks.set_variable(no_model, "branch", "", scope=scope)
    assert tasks.set_goal(no_model, "Migrate all", scope=scope).goal == "Migrate all"
    no_model.db.forget_what_was_read()
    task = now_at(no_model, scope)
    assert (task.goal, task.id, task.status) == ("Migrate all", started.id, Status.OPEN)
    assert [(s.text, s.depth, s.done_at) for s in task.subgoals] == [
        ("read", 0, None),
        ("deeper", 1, clock()),
    ]
    assert [note.text for note in task.notes] == ["uses sessions"]
    assert (task.results, task.variables) == ({"endpoints": "14"}, {"branch": ""})
    assert task.updated_at == clock()
    assert no_model.db.model is None


def test_a_variable_comes_before_a_result_of_its_name(no_model: Engine, scope: Scope) -> None:
    """Both can be read; what is not there is not found."""
    tasks.start(no_model, "x", scope=scope)
    tasks.set_result(no_model, "k", "result", scope=scope)
    assert tasks.get(no_model, "k", scope=scope).text == "result"
    tasks.set_variable(no_model, "k", "variable", scope=scope)
    assert tasks.get(no_model, " k ", scope=scope).text == "variable"
    with pytest.raises(NotFoundError):
        tasks.get(no_model, "K", scope=scope)


def test_one_task_is_current_in_each_space_for_each_user_and_agent(no_model: Engine) -> None:
    """The former one goes on, can be named, and be the current one again."""
    here, there = Scope("a", "me"), Scope("b", "me")
    bot, other = Scope("a", "me", "bot"), Scope("a", "you")
    first = tasks.start(no_model, "first", scope=here)
    for place in (there, bot, other):
        assert tasks.start(no_model, "elsewhere", scope=place).left is None
    second = tasks.start(no_model, "second", scope=here)
    assert second.left == first.id
    assert [(t.goal, t.is_current) for t in tasks.all_tasks(no_model, scope=here)] == [
        ("second", True),
        ("first", False),
    ]
    assert len(tasks.all_tasks(no_model, scope=replace(here, space=None, agent=None))) == 4
    tasks.note(no_model, "to the first", scope=there, task=first.id)
    tasks.switch(no_model, first.id, scope=there)
    assert now_at(no_model, here).notes[0].text == "to the first"
    assert now_at(no_model, there).goal == "elsewhere"
    tasks.switch(no_model, first.id, scope=here)
    assert [t.is_current for t in tasks.all_tasks(no_model, scope=here)].count(True) == 1
    with pytest.raises(NotFoundError):
        tasks.switch(no_model, first.id, scope=other)


def test_ids_may_be_shortened(no_model: Engine, scope: Scope) -> None:
    """To what no other task of the user begins with."""
    first = tasks.start(no_model, "first", scope=scope)
    assert tasks.find(no_model, first.id[:2], scope=scope).id == first.id
    tasks.start(no_model, "second", scope=scope)
    with pytest.raises(ConflictError, match="ambiguous"):
        tasks.find(no_model, first.id[:2], scope=scope)
    for name in ("%", "nothing", "'"):
        with pytest.raises(NotFoundError):
            tasks.find(no_model, name, scope=scope)


BAD = ["", "  \n", "\x00", "\ud800", "x" * 1_000_001, "ü" * 500_001]


@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text[:5]))
def test_texts_that_are_none_change_nothing(no_model: Engine, scope: Scope, text: str) -> None:
    """Empty, no text, or larger than a megabyte."""
    with pytest.raises(UsageError):
        tasks.start(no_model, text, scope=scope)
    assert not no_model.home.store.exists()
    tasks.start(no_model, "x", scope=scope)
    before = now_at(no_model, scope)
    for say in (tasks.push, tasks.note, tasks.set_goal):
        with pytest.raises(UsageError):
            say(no_model, text, scope=scope)
    if text.strip():
        with pytest.raises(UsageError):
            tasks.set_variable(no_model, "k", text, scope=scope)
        with pytest.raises(UsageError):
            ending.end(no_model, scope=scope, outcome=text)
    assert now_at(no_model, scope) == before


@pytest.mark.parametrize("key", ["", " ", "a\nb", "k" * 201, "\x00", "a\x1b[m", "\udcff", "a\u2028b"])
def test_keys_that_are_none_are_refused(no_model: Engine, scope: Scope, key: str) -> None:
    """Empty, of several lines, too long, no text."""
    tasks.start(no_model, "x", scope=scope)
    for say in (tasks.set_result, tasks.set_variable):
        with pytest.raises(UsageError):
            say(no_model, key, "v", scope=scope)
    with pytest.raises(UsageError):
        tasks.get(no_model, key, scope=scope)


@pytest.mark.parametrize("key", ["a.b", 'it\'s "q" %_\\', "работа", "-5", "[0]", "k" * 200, "\U0001f469"])
def test_keys_are_free(no_model: Engine, scope: Scope, key: str) -> None:
    """Any words on one line."""
    tasks.start(no_model, "x", scope=scope)
    tasks.set_variable(no_model, key, key, scope=scope)
    assert tasks.get(no_model, key, scope=scope).text == key


def test_texts_of_100_kilobytes_are_fine_until_the_task_is_full(
    no_model: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be too much is refused; what is there stays."""
    monkeypatch.setattr("memcli.services.checks.TEXT_BYTES_MOST", 250_000)
    tasks.start(no_model, "x", scope=scope)
    text = "ü" * 50_000
    for _ in range(2):
        tasks.note(no_model, text, scope=scope)
    with pytest.raises(UsageError, match="more than"):
        tasks.set_result(no_model, "k", text, scope=scope)
    assert [note.text for note in now_at(no_model, scope).notes] == [text, text]


def test_what_can_not_be_done(no_model: Engine, scope: Scope) -> None:
    """Nothing to pop, nothing to end, no task at all, no space."""
    for act in (tasks.pop, ending.end, tasks.find):
        with pytest.raises(NotFoundError):
            act(no_model, scope=scope)
    tasks.start(no_model, "x", scope=scope)
    with pytest.raises(ConflictError, match="no subgoal"):
        tasks.pop(no_model, scope=scope)
    with pytest.raises(UsageError):
        tasks.start(no_model, "x", scope=Scope(None, "me"))


@rounds.of(4)
@given(st.lists(st.sampled_from(["push", "push", "pop", "note"]), max_size=12))
def test_subgoals_are_a_stack(no_model: Engine, scope: Scope, acts: list[str]) -> None:
    """Whatever is pushed and popped: the path is what a list would hold, and every step is kept."""
    tasks.start(no_model, "x", scope=scope, similar=False)
    stack, pushed = list[str](), list[tuple[str, int]]()
    for number, act in enumerate(acts):
        if act == "push":
            pushed.append((str(number), len(stack)))
            stack.append(str(number))
            assert tasks.push(no_model, str(number), scope=scope).path == tuple(stack)
        elif act == "note":
            assert tasks.note(no_model, str(number), scope=scope).path == tuple(stack)
        elif stack:
            assert tasks.pop(no_model, scope=scope).text == stack.pop()
        else:
            with pytest.raises(ConflictError):
                tasks.pop(no_model, scope=scope)
    task = now_at(no_model, scope)
    assert task.path == tuple(stack)
    assert [(step.text, step.depth) for step in task.subgoals] == pushed


WRITER = """
import sys
from pathlib import Path
from memcli.config import Config
from memcli.home import Home
from memcli.model import Scope
from memcli.services import tasks
from memcli.services.engine import Engine

home, rounds, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
scope = Scope("work", "me")
for number in range(rounds):
    engine = Engine(Config(), Home(home / "config.toml", home))
    tasks.push(engine, f"{name}-{number}", scope=scope)
    tasks.note(engine, f"{name}-{number}", scope=scope)
    tasks.set_variable(engine, f"{name}-{number}", "v", scope=scope)
"""


def test_writers_at_once_lose_nothing(no_model: Engine, scope: Scope) -> None:
    """Every subgoal, thought and variable is there, each subgoal one deeper than the last."""
    tasks.start(no_model, "x", scope=scope)
    home, rounds, number = str(no_model.home.data), 3, 4
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, home, str(rounds), str(n)], stderr=subprocess.PIPE)
        for n in range(number)
    ]
    for writer in writers:
        _, err = writer.communicate(timeout=300)
        assert writer.returncode == 0, err.decode()
    no_model.db.forget_what_was_read()
    task = now_at(no_model, scope)
    said = {f"{n}-{r}" for n in range(number) for r in range(rounds)}
    assert (
        {step.text for step in task.subgoals}
        == {note.text for note in task.notes}
        == set(task.variables)
        == said
    )
    assert [step.depth for step in task.subgoals] == list(range(number * rounds))


def test_two_who_start_at_once_leave_one_current(no_model: Engine, make_engine: Any, scope: Scope) -> None:
    """Another look at the same store sees what was started, and leaves it."""
    other = make_engine(embedder=None)
    assert tasks.current(other, scope) is None
    first = tasks.start(no_model, "first", scope=scope)
    assert tasks.start(other, "second", scope=scope).left == first.id


def test_tasks_move_along_with_their_space(engine: Engine, scope: Scope) -> None:
    """Renamed, merged, and back."""
    remember.store(engine, "something", scope=scope)
    tasks.start(engine, "x", scope=scope)
    spaces.rename(engine, "work", "play", user="me")
    play = replace(scope, space="play")
    assert tasks.current(engine, scope) is None
    assert now_at(engine, play).goal == "x"
    undo(engine, scope=Scope(None, "me"))
    assert now_at(engine, scope).goal == "x"


def test_starting_offers_what_was_done_before(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless nobody wants it, it was elsewhere, or looking for it fails."""
    tasks.start(engine, "Migrate the auth service", scope=scope)
    first = ending.end(engine, scope=scope)
    again = tasks.start(engine, "Migrate the auth service", scope=scope)
    assert again.similar is not None
    assert (again.similar.id, again.similar.goal) == (first.episode, "Migrate the auth service")
    assert tasks.start(engine, "Migrate the auth service", scope=scope, similar=False).similar is None
    assert tasks.start(engine, "Migrate the auth service", scope=replace(scope, space="b")).similar is None
    warned: list[str] = []
    engine._warned = warned.append

    def fail(*_: Any, **__: Any) -> Any:
        raise EmbeddingError("there is no model")

    monkeypatch.setattr(episodes, "similar", fail)
    assert tasks.start(engine, "Migrate the auth service", scope=scope).similar is None
    assert warned == ["what is like it was not looked for: there is no model"]

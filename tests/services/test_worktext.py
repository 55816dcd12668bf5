"""Tasks as text for prompts and memories."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from memcli.services.inert import LINE_ENDS
from memcli.services.worktext import context_text, episode_text, on_one_line, steps
from memcli.work import Note, Status, Subgoal, Task
from tests.conftest import NOW

TASK = Task(id="t1", goal="Migrate", space="work", user="me", created_at=NOW, updated_at=NOW)


def step(text: str, depth: int = 0, done: bool = False) -> Subgoal:
    """A subgoal."""
    return Subgoal(text=text, depth=depth, started_at=NOW, done_at=NOW if done else None)


def test_the_whole_context() -> None:
    """Goal, path, results and variables cut, the last five thoughts."""
    task = replace(
        TASK,
        subgoals=(step("read", done=True), step("move"), step("web", 1), step("old", 2, done=True)),
        results={"endpoints": "14", "long": "x" * 500},
        variables={"branch": "main", "a b": "1"},
        notes=tuple(Note(text=f"thought {n}", at=NOW) for n in range(7)),
    )
    assert context_text(task).split("\n") == [
        "Task: t1 (open)",
        "Goal: Migrate",
        "Subgoals: move > web",
        "Results:",
        "- endpoints: 14",
        "- long: " + "x" * 199 + "…",
        "Variables:",
        "- branch: main",
        '- "a b": 1',
        "Thoughts:",
        *(f"- thought {n}" for n in range(2, 7)),
    ]


def test_an_empty_task_is_short() -> None:
    """No title without what it would be over."""
    assert context_text(TASK) == "Task: t1 (open)\nGoal: Migrate"


@given(st.text(), st.text())
def test_nothing_leaves_its_line(text: str, key: str) -> None:
    """Whatever is said: the number of lines is that of the entries, and none of them can be steered."""
    task = replace(
        TASK,
        goal=text,
        subgoals=(step(text), step(text, 1)),
        results={key: text},
        variables={key: text},
        notes=(Note(text=text, at=NOW),),
        outcome="x" + text,
        success=True,
        status=Status.ENDED,
        ended_at=NOW + timedelta(seconds=1),
    )
    for told, number in ((context_text(task), 10), (episode_text(task), 5)):
        lines = LINE_ENDS.split(told)
        assert len(lines) == number
        assert "\x1b" not in told
        assert "\u202e" not in told


def test_an_episode_says_first_what_it_was_about() -> None:
    """Goal, how it ended, what was done, what was thought, what came out."""
    task = replace(
        TASK,
        subgoals=(step("read\nall", done=True), step("move")),
        notes=(Note(text="uses sessions", at=NOW),),
        results={"endpoints": "14"},
        outcome="all moved",
        success=True,
    )
    assert episode_text(task).split("\n") == [
        "Migrate",
        "Succeeded: all moved",
        "Steps: read all; move (not completed)",
        "Noted: uses sessions",
        "Result: endpoints: 14",
    ]
    assert episode_text(replace(TASK, success=False)) == "Migrate\nFailed."


def test_long_tasks_are_cut() -> None:
    """An episode tells the last hundred steps, each in 200 characters."""
    task = replace(TASK, subgoals=tuple(step(f"{n} " + "x" * 300, done=True) for n in range(150)))
    told = steps(task)
    assert (len(told), told[0][:3], max(map(len, told))) == (100, "50 ", 200)
    assert on_one_line("a " * 100_000, 7) == "a a a…"

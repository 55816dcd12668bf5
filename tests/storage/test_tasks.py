"""The table of tasks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from memcli.errors import StorageError
from memcli.storage.database import Database
from memcli.storage.tasks import Tasks
from memcli.work import Note, Status, Subgoal, Task
from tests.conftest import NOW

TASK = Task(
    id="t1",
    goal="a 'goal'; -- \u2028 of\nseveral lines \U0001f469",
    is_current=True,
    space="work",
    user="me",
    agent="bot",
    subgoals=(
        Subgoal(text="one", depth=0, started_at=NOW, done_at=NOW + timedelta(microseconds=1)),
        Subgoal(text='"two"', depth=1, started_at=NOW),
    ),
    notes=(Note(text="a\tthought\x1b", at=NOW), Note(text="x" * 100_000, at=NOW)),
    results={"z": "", "a": "1"},
    variables={"odd % _ key": "v", "k": " "},
    created_at=NOW,
    updated_at=NOW + timedelta(seconds=1),
)


@pytest.fixture
def tasks(tmp_path: Path) -> Callable[..., Tasks]:
    """The table in a store on disk, opened anew with every call, which writes what it is given."""

    def opened(*some: Task) -> Tasks:
        with Database(tmp_path / "db").writing() as db:
            if some:
                db.tasks.put(some)
        return Database(tmp_path / "db").tasks

    return opened


def test_a_task_comes_back_as_it_was_written(tasks: Callable[..., Tasks]) -> None:
    """With all that is in it, in order; ended ones with how they ended."""
    ended = replace(
        TASK,
        id="t2",
        status=Status.ENDED,
        is_current=False,
        ended_at=NOW,
        success=False,
        outcome="no",
        episode="e",
    )
    there = tasks(TASK, ended)
    assert there.called("t1", "me", 5) == [TASK]
    assert there.called("t2", "me", 5) == [ended]
    assert list(there.called("t1", "me", 5)[0].results) == ["z", "a"]
    assert there.current("work", "me", "bot") == TASK


def test_scopes_have_their_own(tasks: Callable[..., Tasks]) -> None:
    """Space, user and agent tell tasks apart; a prefix finds only the user's own."""
    others = [
        replace(TASK, id="t2", space="b"),
        replace(TASK, id="t3", user="you"),
        replace(TASK, id="t4", agent=""),
    ]
    there = tasks(TASK, *others, replace(TASK, id="t5", status=Status.ENDED, is_current=False))
    assert [t.id for t in there.of("work", "me", "bot")] == ["t1"]
    assert {t.id for t in there.of(None, "me", None)} == {"t1", "t2", "t4"}
    assert {t.id for t in there.of(None, "me", None, ended=True)} == {"t1", "t2", "t4", "t5"}
    assert {t.id for t in there.called("t", "me", 9)} == {"t1", "t2", "t4", "t5"}
    assert [t.id for t in there.called("t", "you", 9)] == ["t3"]
    assert there.called("%", "me", 9) == []
    assert there.current("work", "me", "none") is None


def test_moving_keeps_one_current(tasks: Callable[..., Tasks], tmp_path: Path) -> None:
    """The one that was current in the other space stays it."""
    tasks(TASK, replace(TASK, id="t2", space="b"), replace(TASK, id="t3", agent="", space="b"))
    with Database(tmp_path / "db").writing() as db:
        db.tasks.move("b", "me", "work")
        db.tasks.move("nothing", "me", "work")
    there = tasks()
    assert {t.id: (t.space, t.is_current) for t in there.of(None, "me", None)} == {
        "t1": ("work", True),
        "t2": ("work", False),
        "t3": ("work", True),
    }


def test_only_some_tasks_move(tasks: Callable[..., Tasks], tmp_path: Path) -> None:
    """Those that are named."""
    tasks(TASK, replace(TASK, id="t2", is_current=False))
    with Database(tmp_path / "db").writing() as db:
        db.tasks.move("work", "me", "job", ["t2", "t9"])
    assert (tasks().names_in("work", "me"), tasks().names_in("job", "me")) == (["t1"], ["t2"])


def test_a_store_that_does_not_exist_has_no_tasks(tmp_path: Path) -> None:
    """Reading makes nothing."""
    there = Database(tmp_path / "db").tasks
    assert (there.current("a", "b", "c"), there.of(None, None, None), there.called("x", "b", 5)) == (
        None,
        [],
        [],
    )
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize("state", ["", "[]", "{}", '{"subgoals": 5}', '{"subgoals": [[1]], "notes": []}'])
def test_a_state_that_makes_no_sense_is_said(tasks: Callable[..., Tasks], state: str) -> None:
    """As an error of the store, in one sentence that names the task."""
    there: Any = tasks(TASK)
    there.table.write(lambda table: table.update(values={"state": state}))
    with pytest.raises(StorageError, match="t1"):
        there.called("t1", "me", 5)


def test_erasing_takes_the_words_off_the_disk(tasks: Callable[..., Tasks], tmp_path: Path) -> None:
    """Those of the task that became the memory, and no others."""
    secret = replace(TASK, id="t2", goal="xyzzy-plugh", status=Status.ENDED, episode="t2")
    tasks(TASK, secret)
    with Database(tmp_path / "db").writing() as db:
        db.tasks.erase(["t1", "t2", "other"])
    assert [t.id for t in tasks().of(None, None, None, ended=True)] == ["t1"]
    files = [file for file in (tmp_path / "db").rglob("*") if file.is_file()]
    assert files
    assert not any(b"xyzzy-plugh" in file.read_bytes() for file in files)

"""Uses: noted cheaply by anybody, folded into the rows by whoever writes, never counted twice."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from memcli.model import Scope
from memcli.services import memories, remember, uses
from memcli.services.engine import Engine
from memcli.storage.uses import FOLDED_FROM_BYTES, Use, UseLog
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def log(tmp_path: Path) -> UseLog:
    """A log that nobody has written to yet."""
    return UseLog(tmp_path / "uses.log")


def test_uses_are_counted_by_memory_with_the_last_time(log: UseLog) -> None:
    """In whatever order they were noted."""
    log.note(["a", "b"], LATER)
    log.note(["a"], NOW)
    assert log.pending() == {"a": Use(2, LATER), "b": Use(1, LATER)}


def test_lines_that_make_no_sense_are_passed_over(log: UseLog) -> None:
    """A torn line, bytes that are no text, and no line at all."""
    log.note(["a"], NOW)
    log.path.write_bytes(log.path.read_bytes() + b"b\tyester\n\xff\xfe\n\nc")
    assert log.pending() == {"a": Use(1, NOW)}


def test_what_is_noted_while_folding_waits_for_the_next_time(log: UseLog) -> None:
    """And what was taken still counts until it is in the rows."""
    log.note(["a"], NOW)
    assert log.take() == {"a": Use(1, NOW)}
    log.note(["a"], LATER)
    assert log.pending() == {"a": Use(2, LATER)}
    assert log.take() == {"a": Use(1, NOW)}  # the first folding was broken off
    log.folded()
    assert log.pending() == {"a": Use(1, LATER)}


def test_it_is_due_when_much_has_been_noted_or_folding_was_broken_off(log: UseLog) -> None:
    """An empty one never is."""
    assert not log.is_due
    log.note(["a"], NOW)
    assert not log.is_due
    log.take()
    assert log.is_due
    log.folded()
    log.note(["a" * 40] * (FOLDED_FROM_BYTES // 40), NOW)
    assert log.is_due


def test_where_nothing_can_be_written_nothing_is_noted(tmp_path: Path) -> None:
    """And nobody is bothered."""
    nowhere = UseLog(tmp_path / "nowhere" / "uses.log")
    nowhere.note(["a"], NOW)
    a_directory = UseLog(tmp_path)
    a_directory.note(["a"], NOW)
    assert nowhere.pending() == a_directory.pending() == {}


def test_a_clean_up_puts_uses_into_the_rows(engine: Engine, scope: Scope) -> None:
    """Once; those of memories that are gone are forgotten."""
    name = str(remember.store(engine, "the ferry stops at nine", scope=scope).id)
    engine.db.uses.note([name, name, "gone"], NOW)
    for _ in range(2):
        with engine.db.writing() as db:
            db.fold_uses()
        memory = memories.find(engine, name)
        assert (memory.uses, memory.used_at, memory.text) == (2, NOW, "the ferry stops at nine")
        assert engine.db.uses.pending() == {}


def test_many_uses_are_folded_by_the_next_write(engine: Engine, scope: Scope) -> None:
    """Whatever is written."""
    name = str(remember.store(engine, "one", scope=scope).id)
    engine.db.uses.note([name] * 500, NOW)
    remember.store(engine, "two", scope=scope)
    assert memories.find(engine, name).uses == 500
    assert not engine.db.uses.path.exists()


def test_a_change_of_a_memory_keeps_its_uses_and_does_not_count_them_again(
    engine: Engine, scope: Scope
) -> None:
    """Those in the row and those noted."""
    name = str(remember.store(engine, "one", scope=scope).id)
    uses.look_at(engine, name)
    memories.update(engine, name, importance=0.9)
    with engine.db.writing() as db:
        db.fold_uses()
    assert uses.look_at(engine, name, is_use=False).uses == 1


def last_used(engine: Engine, name: str) -> datetime | None:
    """When the memory *name* was last used."""
    return uses.look_at(engine, name, is_use=False).used_at


def test_a_look_counts_unless_told_otherwise(engine: Engine, scope: Scope) -> None:
    """And is seen at once, before anything is folded."""
    name = str(remember.store(engine, "one", scope=scope).id)
    assert last_used(engine, name) is None
    assert uses.look_at(engine, name).uses == 1
    assert last_used(engine, name) == engine.now()

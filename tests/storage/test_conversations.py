"""The tables behind conversations: rows of their own, and turns among the memories."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from memcli.dialogue import NO_SUMMARY, Summary
from memcli.model import EmbeddingModel, Memory
from memcli.storage import turns
from memcli.storage.conversations import Owner, Row
from memcli.storage.database import Database
from tests.conftest import NOW

MINE = Owner(space="work", user="me", agent="")
SUMMARY = Summary(text="They met.", by="extractive", until=4, of="x")


@pytest.fixture
def db(tmp_path: Path) -> Database:
    """A store with nothing in it."""
    database = Database(tmp_path / "db")
    with database.writing(EmbeddingModel(name="m", dimension=2)):
        pass
    return database


def row(name: str, owner: Owner = MINE, taken_up: int | None = None) -> Row:
    """A conversation that was taken up so many minutes ago."""
    at = None if taken_up is None else NOW - timedelta(minutes=taken_up)
    return Row(
        owner=owner,
        id=name,
        title=name.upper(),
        summary=SUMMARY,
        created_at=NOW,
        updated_at=NOW,
        taken_up_at=at,
    )


def test_rows_come_back_as_they_were_written(db: Database) -> None:
    """Each under its owner and name; the latest write counts."""
    with db.writing():
        db.conversations.put([row("a"), row("b", taken_up=1)])
        db.conversations.put([row("a", taken_up=5)])
    assert db.conversations.get(MINE, "a") == row("a", taken_up=5)
    assert db.conversations.get(MINE, "c") is None
    assert db.conversations.get(Owner(space="work", user="you", agent=""), "a") is None
    assert db.conversations.titles()["work", "me", "", "a"] == "A"


def test_the_one_taken_up_last_is_known(db: Database) -> None:
    """Of its owner; a row that was never taken up does not count."""
    bots = Owner(space="work", user="me", agent="bot")
    assert db.conversations.taken_up(MINE) is None
    with db.writing():
        db.conversations.put([row("a", taken_up=5), row("b", taken_up=3), row("c"), row("d", bots, 1)])
    assert db.conversations.taken_up(MINE) == ("b", NOW - timedelta(minutes=3))


def test_an_absent_store_has_none(tmp_path: Path) -> None:
    """And asking makes none."""
    db = Database(tmp_path / "db")
    assert db.conversations.taken_up(MINE) is None
    assert db.conversations.get(MINE, "a") is None
    assert db.conversations.titles() == {}
    assert not (tmp_path / "db").exists()


def test_rows_move_with_their_space(db: Database) -> None:
    """Where the name is taken there, that one stays; others' rows are left alone."""
    other = Owner(space="job", user="me", agent="")
    yours = Owner(space="work", user="you", agent="")
    with db.writing():
        db.conversations.put([row("a", taken_up=5), row("b"), row("a", other, 9), row("a", yours)])
        db.conversations.move("work", "me", "job")
    assert db.conversations.get(other, "a") == row("a", other, 9)
    assert db.conversations.get(other, "b") == row("b", other)
    assert db.conversations.get(MINE, "a") is None
    assert db.conversations.get(yours, "a") == row("a", yours)


def test_only_some_rows_move(db: Database) -> None:
    """Those that are named as the table names them; an agent's of the same id is another one."""
    bots = Owner(space="work", user="me", agent="bot")
    with db.writing():
        db.conversations.put([row("a"), row("a", bots)])
        one, other = db.conversations.names_in("work", "me")
        db.conversations.move("work", "me", "job", [one])
    assert db.conversations.names_in("work", "me") == [other]
    assert db.conversations.names_in("job", "me") == [one]


def test_summaries_are_erased_from_every_file(db: Database) -> None:
    """Those that were written over, too; the conversation itself stays."""
    with db.writing():
        db.conversations.put([row("a")])
        db.conversations.put([row("b")])
        db.conversations.erase([(MINE, "a"), (MINE, "b")])
    kept = db.conversations.get(MINE, "a")
    assert kept
    assert (kept.title, kept.summary) == ("A", NO_SUMMARY)
    files = [path for path in db.place.own.rglob("*") if path.is_file()]
    assert not [path for path in files if b"They met." in path.read_bytes()]


def turn(name: str, conversation: str, position: int | None, speaker: str, minutes: int) -> Memory:
    """A turn."""
    at = NOW + timedelta(minutes=minutes)
    return Memory(
        id=name,
        text=f"text of {name}",
        title="",
        space="work",
        user="me",
        conversation=conversation,
        position=position,
        speaker=speaker,
        created_at=at,
        updated_at=at,
    )


@pytest.fixture
def spoken(db: Database) -> Callable[[], Database]:
    """Two conversations, and memories that are no turns."""
    some = [
        turn("m4", "a", 7, "user", 4),
        turn("m1", "a", 0, "assistant", 1),
        turn("m2", "a", 3, "user", 2),
        turn("n1", "b", 0, "Ana", 3),
        turn("f1", "", 5, "user", 9),
        turn("f2", "a", None, "user", 9),
    ]
    with db.writing():
        db.memories.add(some, np.ones((len(some), 2), np.float32))
    return lambda: db


def test_turns_are_found_in_order(spoken: Callable[[], Database]) -> None:
    """Memories without a conversation or a place are none."""
    table = spoken().memories.table
    assert [place.id for place in turns.places(table, "conversation = 'a'")] == ["m1", "m2", "m4"]
    assert turns.positions(table, "conversation = 'a'") == {0, 3, 7}
    assert turns.last_spoken(table, "") == "a"
    assert turns.last_spoken(table, "speaker = 'Ana'") == "b"
    assert turns.last_spoken(table, "speaker = 'nobody'") is None


def test_conversations_are_told_by_their_turns(spoken: Callable[[], Database]) -> None:
    """How many, from when to when, and what they begin with."""
    table = spoken().memories.table
    first, second = turns.talks(table, "", None)
    assert (first.id, first.turns, first.opening) == ("a", 3, "m2")
    assert (first.first_at, first.last_at) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=4))
    assert (second.id, second.turns, second.opening) == ("b", 1, "n1")
    assert turns.talks(table, "", 1) == [first]
    assert turns.talks(table, "space = 'other'", None) == []

"""The table of values: how those of a space move."""

from pathlib import Path

import pytest

from memcli.storage.database import Database
from memcli.structure import JSONText, Value
from tests.conftest import NOW
from tests.services.test_faults import KilledError, kill_at_write

SPACE, USER, KEY = "it's \U0001f469 \\", 'o"\u2028ne', "k'%_\U0001f469\""


@pytest.fixture
def db(tmp_path: Path) -> Database:
    """A store in which a space has two values, and another space one of the same key."""
    with Database(tmp_path / "db").writing() as database:
        for space, key in ((SPACE, KEY), (SPACE, "both"), ("job", "both")):
            about = {"version": 1, "created_at": NOW, "updated_at": NOW, "expires_at": None}
            said = Value(key=key, data=JSONText(f'"{key} in {space}"'), space=space, **about)  # type: ignore[arg-type]
            database.values.put(said, USER)
    return Database(tmp_path / "db")


def test_values_move_whatever_signs_their_names_have(db: Database) -> None:
    """They are found and written over under the new space; one whose key is taken there stays."""
    with db.writing():
        db.values.move(SPACE, USER, "job")
    assert db.values.names_in(SPACE, USER) == ["both"]
    found = db.values.get("job", USER, KEY, NOW)
    assert found
    assert (found.space, found.data) == ("job", f'"{KEY} in {SPACE}"')
    with db.writing():
        db.values.put(found, USER)
    assert db.values.names_in("job", USER) == ["both", KEY]


def test_only_some_values_move(db: Database) -> None:
    """Those that are named."""
    with db.writing():
        db.values.move(SPACE, USER, "new", ["both", "none"])
    assert (db.values.names_in("new", USER), db.values.names_in(SPACE, USER)) == (["both"], [KEY])


def test_no_value_is_in_two_spaces_when_moving_is_killed(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They move in one write."""
    keys = db.values.names_in(SPACE, USER)
    with monkeypatch.context() as patch:
        kill_at_write(2, patch)
        with db.writing():
            db.values.move(SPACE, USER, "new")
            with pytest.raises(KilledError):
                db.values.move("new", USER, SPACE)
    assert (db.values.names_in("new", USER), db.values.names_in(SPACE, USER)) == (keys, [])

"""Stores from before teams, and the tables of people: upgraded, tidied, ours."""

import json

from memcli.model import Scope
from memcli.services import agents, memories, remember, spaces, teams
from memcli.services.engine import Engine
from memcli.services.undo import undo
from memcli.storage.database import FORMAT, Database
from memcli.storage.directory import OUR_TABLE


def test_memories_of_format_3_become_private(engine: Engine) -> None:
    """They have neither a team nor a visibility then, and their journal neither rows nor renames."""
    remember.store(engine, "from before", scope=Scope("work", "me"), id="old")
    db = Database(engine.home.store)
    assert db.current
    table = db.current.memories.table._table
    assert table is not None
    table.drop_columns(["team", "visibility"])
    with db.writing():
        db._put({**db._said(), "format": 3})
    engine.db.forget_what_was_read()
    old = memories.find(engine, "old", scope=Scope(None, "me", None))
    assert (old.team, old.visibility) == ("", "private")
    assert remember.store(engine, "From before", scope=Scope("work", "me")).id == "old"
    teams.create(engine, "Crew", user="me")
    assert memories.update(engine, "old", scope=Scope(None, "me", None), team="crew").team == "crew"
    assert Database(engine.home.store)._said()["format"] == FORMAT


def test_a_journal_from_before_can_be_taken_back(engine: Engine) -> None:
    """Its rows say less."""
    remember.store(engine, "a", scope=Scope("work", "me"))
    with engine.db.writing() as db:
        table = db.journal.table
        [row] = table.rows().to_pylist()
        said = json.loads(row["details"])
        del said["removed"], said["renamed"]
        assert table._table is not None
        table._table.update(values={"details": json.dumps(said)})
    assert [done.forgotten for done in undo(engine, scope=Scope(None, "me", None))] == [1]


def test_the_tables_are_ours_and_are_tidied(engine: Engine) -> None:
    """A store with all of them is a store, and none of them grows without end."""
    spaces.create(engine, "work", user="me")
    agents.create(engine, "bot", user="me")
    teams.create(engine, "Crew", user="me")
    for number in range(20):
        teams.add(engine, "crew", f"user{number}", user="me")
    names = {path.name for path in engine.home.store.glob("*.lance")}
    assert {"agents.lance", "teams.lance", "members.lance"} <= names
    assert all(OUR_TABLE.fullmatch(name) for name in names)
    members = Database(engine.home.store).people.members.table
    assert members.count() == 21
    assert members._table is not None
    assert members._table.stats()["fragment_stats"]["num_fragments"] < 15

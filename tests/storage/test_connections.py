"""Connections: one is kept as long as it is good, and no longer than its indexes' files may stay open."""

import shutil
from pathlib import Path

import pytest

from memcli.model import Scope
from memcli.services import remember
from memcli.services.engine import Engine
from memcli.storage import lance


def removed_but_open(place: Path) -> int:
    """How many files below *place* this process has open that are gone."""
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(entry.readlink()))
        except OSError:  # that of the listing itself
            continue
    return sum(link.startswith(str(place)) and link.endswith("(deleted)") for link in links)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not tell")
def test_replaced_indexes_do_not_stay_open(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a process goes on, it holds on to the files of a few replaced indexes at most."""
    monkeypatch.setattr(lance, "RENEWED_AFTER", 2)
    counted = []
    for number in range(12):
        remember.store(engine, f"The lamp in room {number} is red", scope=scope)
        with engine.db.writing() as db:
            db.memories.table.tidy()
        engine.db.forget_what_was_read()
        counted.append(removed_but_open(engine.place.own))
    assert max(counted[6:]) <= max(counted[:6])


def test_a_connection_is_kept_until_it_is_worn(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two commands nothing is read anew."""
    for name in ("Ann", "Bo"):
        remember.store(engine, f"{name} likes tea", scope=scope)
    first = lance.connected(engine.place.own)
    assert lance.connected(engine.place.own) is first
    monkeypatch.setattr(lance, "RENEWED_AFTER", 0)
    with engine.db.writing() as db:
        db.memories.table.tidy()
    assert lance.connected(engine.place.own) is not first


def test_a_connection_gives_way_when_the_tables_are_others(engine: Engine, scope: Scope) -> None:
    """By whatever means; what lies beside the tables changes all the time, and does not count."""
    store = engine.place.own
    remember.store(engine, "Ann likes tea", scope=scope)
    first = lance.connected(store)
    engine.db.uses.note(["m000000001"], engine.now())
    assert lance.connected(store) is first
    copy = store.with_name("copy")
    shutil.copytree(store, copy)
    store.rename(store.with_name("before"))
    copy.rename(store)
    assert lance.is_past(first)
    assert lance.connected(store) is not first
    assert not lance.is_past(lance.connected(store))

"""Which tables a store has: one that vanishes is missed by whoever needs it, and by doctor."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memcli.errors import DamagedError
from memcli.model import Scope
from memcli.services import remember, values
from memcli.services.engine import Engine
from memcli.services.health import stores
from memcli.storage import inventory
from memcli.structure import JSONText


def put(engine: Engine, scope: Scope, key: str) -> None:
    """Keep a value under *key*."""
    values.put(engine, key, JSONText("1"), scope=scope)


@pytest.fixture
def store(engine: Engine, scope: Scope) -> Path:
    """A store with a memory and a value, of which the latter's table is gone."""
    remember.store(engine, "a boat", scope=scope)
    put(engine, scope, "one")
    assert inventory.named(engine.home.store) >= {"meta", "memories_1", "changes", "values"}
    shutil.rmtree(engine.home.store / "values.lance")
    return engine.home.store


def test_a_table_that_is_gone_is_named_and_not_taken_for_empty(
    make_engine: Callable[..., Engine], store: Path, scope: Scope
) -> None:
    """By whoever reads it or writes to it; nothing makes it anew, and what needs it not goes on."""
    for does in (lambda one: put(one, scope, "two"), lambda one: values.all_values(one, scope=scope)):
        with pytest.raises(DamagedError, match="its table values is missing"):
            does(make_engine())
    remember.store(make_engine(), "a house", scope=scope)
    assert "values" in inventory.named(store)
    assert not (store / "values.lance").exists()


def test_doctor_names_it_and_begins_it_anew_on_demand(
    make_engine: Callable[..., Engine], store: Path, scope: Scope
) -> None:
    """After it has said that what was in it is lost."""
    found = [one for one in stores.examine(make_engine(), deep=False) if one.cure]
    (one,) = found
    assert one.finding.message == "values is missing"
    assert one.cure
    assert "lost" in one.cure.loses
    assert one.cure.work() == "values begins anew"
    put(make_engine(), scope, "two")
    assert inventory.missing(store) == []


def test_passages_that_are_gone_are_missed_as_long_as_their_memories_are_there(
    make_engine: Callable[..., Engine], engine: Engine, scope: Scope
) -> None:
    """They are made anew; those of another model's vectors have gone with these."""
    remember.store(engine, " ".join(f"word{n}" for n in range(900)), scope=scope)
    store = engine.home.store
    shutil.rmtree(store / "passages_1.lance")
    assert inventory.missing(store) == ["passages_1"]
    (one,) = [one for one in stores.examine(make_engine(), deep=False) if one.cure]
    assert one.cure
    one.cure.work()
    assert inventory.missing(store) == []
    shutil.rmtree(store / "memories_1.lance")
    shutil.rmtree(store / "passages_1.lance")
    assert inventory.missing(store) == []


def test_a_store_without_the_file_has_one_from_its_next_write_on(
    make_engine: Callable[..., Engine], engine: Engine, scope: Scope
) -> None:
    """Such as an older one, or one that came back from a backup: until then what is there is all there is."""
    put(engine, scope, "one")
    (engine.home.store / inventory.NAME).unlink()
    shutil.rmtree(engine.home.store / "values.lance")
    put(make_engine(), scope, "two")
    assert "values" in inventory.named(engine.home.store)

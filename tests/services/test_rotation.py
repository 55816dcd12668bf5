"""Backups that nobody asks for: made when they are due, kept while they are new, in nobody's way."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memcli.config import Config
from memcli.errors import ConfigError
from memcli.model import Scope
from memcli.services import backup, doctor, remember, rotation, upkeep
from memcli.services.engine import Engine
from memcli.settings import BackupSettings
from tests.conftest import Clock
from tests.wordhash import UNCHECKED

MakeEngine = Callable[..., Engine]

DAILY = replace(UNCHECKED, backup=BackupSettings(every="1d", keep=3))


@pytest.fixture
def daily(make_engine: MakeEngine) -> Engine:
    """An engine that makes a backup a day."""
    return make_engine(DAILY)


def made(engine: Engine) -> list[str]:
    """The names of the automatic backups of *engine*, oldest first."""
    folder = engine.home.data / "backups"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def touched(engine: Engine) -> None:
    """Have the tables of *engine* been written since: tests take no time, backups do."""
    later = engine.place.written_at() + 10
    for versions in engine.home.store.glob("*.lance/_versions"):
        os.utime(versions, (later, later))


def test_a_write_leaves_the_backup_that_is_due(daily: Engine, scope: Scope, clock: Clock) -> None:
    """One a day; the write itself waits for none."""
    assert not daily.is_behind
    remember.store(daily, "one", scope=scope)
    assert daily.is_behind
    assert made(daily) == []
    daily.catch_up()
    assert made(daily) == ["memcli-20260501T120000Z.tar.zst"]
    assert not daily.is_behind
    clock.advance(hours=23)
    remember.store(daily, "two", scope=scope)
    assert not daily.is_behind
    clock.advance(hours=2)
    touched(daily)
    assert daily.is_behind
    with (daily.home.data / "backups" / made(daily)[0]).open("rb") as file:
        assert backup.verify(daily, file, "it").memories == 1


def test_who_only_reads_makes_none(daily: Engine, scope: Scope, make_engine: MakeEngine) -> None:
    """Reading does not even look."""
    remember.store(daily, "one", scope=scope)
    reader = make_engine(DAILY)
    assert reader.db.model
    assert not reader.is_behind


def test_what_has_not_changed_is_not_saved_again(daily: Engine, scope: Scope, clock: Clock) -> None:
    """Copies of the same would drive out older ones that are not."""
    remember.store(daily, "one", scope=scope)
    daily.catch_up()
    clock.advance(days=30)
    daily.catch_up()
    assert len(made(daily)) == 1


def test_what_is_written_while_one_is_packed_makes_another_one_due(
    daily: Engine, scope: Scope, clock: Clock, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packing a large store takes a while, and what comes then is not in it."""
    remember.store(daily, "one", scope=scope)
    packed = backup._packed

    def slowly(*about: Any) -> Any:
        time.sleep(0.02)  # file systems tell times in steps of some milliseconds
        remember.store(make_engine(), "two", scope=scope)
        return packed(*about)

    with monkeypatch.context() as patch:
        patch.setattr(backup, "_packed", slowly)
        daily.catch_up()
    clock.advance(days=3)
    assert rotation.is_due(daily)
    daily.catch_up()
    first, second = (daily.home.data / "backups" / name for name in made(daily))
    for path, number in ((first, 1), (second, 2)):
        with path.open("rb") as file:
            assert backup.verify(daily, file, "it").memories == number
    clock.advance(days=3)
    assert not rotation.is_due(daily)


def test_only_the_newest_are_kept_and_nothing_else_is_touched(
    daily: Engine, scope: Scope, clock: Clock
) -> None:
    """Neither what has another name, nor what only looks like a backup."""
    remember.store(daily, "one", scope=scope)
    others = ["mine.tar.zst", "memcli-20260501T120000Z.tar.zst.old", "before-format-4.tar.zst"]
    (daily.home.data / "backups").mkdir()
    for name in others:
        (daily.home.data / "backups" / name).write_text("mine")
    for _ in range(5):
        touched(daily)
        daily.catch_up()
        clock.advance(days=1)
    assert made(daily) == sorted([*others, *(f"memcli-2026050{day}T120000Z.tar.zst" for day in (3, 4, 5))])


def test_a_clock_that_was_set_back_stops_nothing(daily: Engine, scope: Scope, clock: Clock) -> None:
    """A backup from the future is not a reason to make none for a year."""
    clock.advance(days=365)
    remember.store(daily, "one", scope=scope)
    daily.catch_up()
    clock.advance(days=-365)
    touched(daily)
    daily.catch_up()
    assert len(made(daily)) == 2


def test_without_the_setting_there_is_none(engine: Engine, scope: Scope) -> None:
    """Nobody's disk is filled unasked."""
    remember.store(engine, "one", scope=scope)
    engine.catch_up()
    upkeep.optimize(engine)
    assert made(engine) == []


def test_optimize_makes_the_one_that_is_due(daily: Engine, scope: Scope) -> None:
    """Where no warm process runs, a write leaves its upkeep to that command."""
    remember.store(daily, "one", scope=scope)
    upkeep.optimize(daily)
    assert len(made(daily)) == 1


def test_they_go_to_the_directory_that_was_named(
    make_engine: MakeEngine, scope: Scope, tmp_path: Path
) -> None:
    """Another disk, say."""
    elsewhere = make_engine(
        replace(UNCHECKED, backup=BackupSettings(every="1d", directory=str(tmp_path / "disk")))
    )
    remember.store(elsewhere, "one", scope=scope)
    elsewhere.catch_up()
    assert [path.suffixes for path in (tmp_path / "disk").iterdir()] == [[".tar", ".zst"]]


def test_a_failure_stops_nobody_is_told_by_doctor_and_tried_again_later(
    daily: Engine, scope: Scope, make_engine: MakeEngine, clock: Clock
) -> None:
    """Not with every write."""
    remember.store(daily, "one", scope=scope)
    (daily.home.data / "backups").write_text("not a directory")
    daily.catch_up()
    failed = daily.home.data / rotation.FAILED
    os.utime(failed, (clock().timestamp(), clock().timestamp()))
    assert not daily.is_behind
    said = doctor._backups(daily.home, daily.config.backup).finding
    assert not said.ok
    assert "the last try failed" in said.message
    (daily.home.data / "backups").unlink()
    clock.advance(hours=2)
    assert daily.is_behind
    daily.catch_up()
    assert doctor._backups(daily.home, daily.config.backup).finding.ok
    assert len(made(daily)) == 1


@pytest.mark.parametrize("every", ["1s", "59m", "often", "-1d", "0"])
def test_an_age_that_makes_no_sense_is_refused(every: str) -> None:
    """A backup a second would be in everybody's way."""
    from memcli.config import parse_value

    with pytest.raises(ConfigError):
        parse_value("backup.every", every)
    assert parse_value("backup.every", "12h") == "12h"
    assert Config().backup.every == ""

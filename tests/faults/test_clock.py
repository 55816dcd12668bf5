"""A clock that is set back: a new battery, a snapshot of a machine, somebody who travels."""

from collections.abc import Callable

from memcli.config import Config
from memcli.model import Mode, Scope
from memcli.services import forgetting, memories, recall, remember, rotation, upkeep, values
from memcli.services.engine import Engine
from memcli.settings import BackupSettings, ConflictSettings
from tests.conftest import Clock

MakeEngine = Callable[..., Engine]


def test_everything_works_on_with_a_clock_that_was_set_back(
    make_engine: MakeEngine, scope: Scope, clock: Clock
) -> None:
    """What is stored then sorts by what the clock said; nothing is lost, expired or worth more than all."""
    before = remember.store(make_engine(), "amber tree", scope=scope)
    clock.advance(days=-400)
    after = remember.store(make_engine(), "birch tree", scope=scope)
    assert before.id != after.id
    assert [memory.text for memory in memories.newest(make_engine(), scope=scope)] == [
        "amber tree",
        "birch tree",
    ]
    for mode in Mode:
        hits = recall.search(make_engine(), "tree", scope=scope, mode=mode)
        assert {hit.text for hit in hits} == {"amber tree", "birch tree"}
        assert all(0 <= hit.score <= 1 for hit in hits)
        assert all(0 <= hit.decay <= 1 for hit in hits)
    memories.update(make_engine(), str(before.id), text="amber house")
    values.put(make_engine(), "key", "1", scope=scope)
    forgetting.forget(make_engine(), [str(before.id)])
    assert len(forgetting.purgeable(make_engine(), scope=scope)) == 1
    forgetting.restore(make_engine(), [str(before.id)])
    upkeep.optimize(make_engine())
    assert len(memories.newest(make_engine(), scope=scope)) == 2


def test_doctor_says_that_the_clock_is_behind(make_engine: MakeEngine, scope: Scope, clock: Clock) -> None:
    """A minute is nothing: two machines differ by more."""
    from memcli.services.health import stores
    from memcli.services.health.machine import clock as looked_at

    engine = make_engine()
    remember.store(engine, "amber tree", scope=scope)
    clock.advance(minutes=-1)
    assert looked_at(clock(), stores.newest(engine)).finding.ok
    clock.advance(hours=-1)
    finding = looked_at(clock(), stores.newest(engine)).finding
    assert finding.level == "warning"
    assert "2026-05-01" in finding.message


def test_backups_go_on_with_a_clock_that_was_set_back(
    make_engine: MakeEngine, scope: Scope, clock: Clock
) -> None:
    """One from the future keeps none from being made."""
    daily = Config(conflicts=ConflictSettings(check=False), backup=BackupSettings(every="1d", keep=3))
    engine = make_engine(daily)
    remember.store(engine, "amber tree", scope=scope)
    first = rotation.make_if_due(engine)
    clock.advance(days=-30)
    remember.store(make_engine(daily), "birch tree", scope=scope)
    second = rotation.make_if_due(make_engine(daily))
    assert first is not None
    assert second is not None
    assert first.exists()
    assert second.exists()

"""Leases of writers on several machines, at a real S3 server."""

from __future__ import annotations

import json
from typing import Any

import obstore
import pytest
from obstore.store import ObjectStore, from_url

from memcli.errors import StorageError
from memcli.storage.remote import lease
from memcli.storage.remote.lease import Lease, LostError


@pytest.fixture
def store(url: str) -> ObjectStore:
    """A place in a bucket."""
    found: ObjectStore = from_url(url, client_options={"allow_http": True})
    return found


class Time:
    """A clock that goes on whenever somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The clock of leases in this process; nobody really waits."""
    one = Time()
    monkeypatch.setattr(lease, "elapsed", one)
    monkeypatch.setattr("time.sleep", one.sleep)
    return one


def said(store: ObjectStore) -> Any:
    """What the lease says."""
    return json.loads(bytes(obstore.get(store, "it").bytes()))


def test_only_one_has_it_at_a_time(store: ObjectStore) -> None:
    """The second waits in vain until the first has given it back."""
    one, other = Lease(store, "it"), Lease(store, "it")
    assert one.acquire(0)
    assert not other.acquire(0)
    one.release()
    assert other.acquire(0)
    other.release()
    assert said(store)["token"] == ""


def test_a_holder_that_has_gone_is_followed_after_its_time(store: ObjectStore, time: Time) -> None:
    """Whoever waits sees with its own clock that nobody has renewed it."""
    assert Lease(store, "it", seconds=30).acquire(0)
    began = time.now
    assert Lease(store, "it").acquire(60)
    assert 32 < time.now - began < 34


def test_a_lease_of_yesterday_is_taken_at_once(
    store: ObjectStore, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server says how old it is: nobody need watch it for that."""
    assert Lease(store, "it", seconds=-5).acquire(0)  # has run out 5 s before it was written
    began = time.now
    monkeypatch.setattr(lease, "GRACE_S", 0.5)
    monkeypatch.setattr("time.time", lambda: 4e9)  # this machine's clock is wrong, and asks therefore
    assert Lease(store, "it").acquire(60)
    assert time.now == began


def test_a_wrong_clock_takes_nothing_from_anybody(
    store: ObjectStore, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is years ahead asks the server, and waits like the others."""
    assert Lease(store, "it", seconds=100).acquire(0)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert not Lease(store, "it").acquire(60)


def test_who_was_away_too_long_does_not_commit(store: ObjectStore, time: Time) -> None:
    """The lease is another's by now, and giving it back does not take it from that one."""
    slow, other = Lease(store, "it", seconds=10), Lease(store, "it", seconds=100)
    assert slow.acquire(0)
    assert other.acquire(60)
    with pytest.raises(LostError, match="another machine writes by now"):
        slow.assure()
    with pytest.raises(LostError, match="before this one was done"):
        slow.release()
    other.assure()
    assert said(store)["token"] == other._token


def test_who_was_away_and_not_missed_goes_on(store: ObjectStore, time: Time) -> None:
    """Nobody has taken the lease: it is renewed on the spot."""
    one = Lease(store, "it", seconds=10)
    assert one.acquire(0)
    time.sleep(1000)
    one.assure()
    before = said(store)["written"]
    one.assure()
    assert said(store)["written"] == before  # fresh, so that nobody asks


def test_an_answer_that_was_lost_on_the_way_is_no_refusal(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A put that is sent again finds its own first attempt."""
    put = obstore.put

    def twice(*args: Any, **about: Any) -> Any:
        put(*args, **about)
        return put(*args, **about)

    monkeypatch.setattr(obstore, "put", twice)
    one = Lease(store, "it")
    assert one.acquire(0)
    one.assure()
    one.release()
    assert said(store)["token"] == ""


def test_it_is_renewed_while_somebody_works(store: ObjectStore) -> None:
    """Without anybody asking: the work may be long."""
    one = Lease(store, "it", seconds=0.4)
    assert one.acquire(0)
    first = said(store)["written"]
    one._done.wait(0.3)
    assert said(store)["written"] != first
    one.release()


def test_a_lease_that_makes_no_sense_is_named(store: ObjectStore) -> None:
    """Somebody else's object is not written over."""
    obstore.put(store, "it", b"[]")
    with pytest.raises(StorageError, match="it in the bucket makes no sense"):
        Lease(store, "it").acquire(0)

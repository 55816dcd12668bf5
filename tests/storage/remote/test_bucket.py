"""A store in a bucket, that several machines share, at a real S3 server."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import obstore
import pytest
from obstore.store import ObjectStore, from_url

from memcli.config import Config
from memcli.errors import ConfigError, ConflictError, StorageError
from memcli.services import backup, forgetting, memories, recall, remember, undo, upkeep, uses, values
from memcli.services.engine import Engine
from memcli.settings import StoreSettings
from memcli.storage import locks
from memcli.storage.remote import bucket as buckets
from memcli.storage.remote import lease
from memcli.storage.remote.lease import LostError
from tests.bucket_server import Server
from tests.services import keepsakes
from tests.storage.remote.machines import SCOPE, Machine, engine_at


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Callable[[str], Engine]:
    """Makes engines: a machine for each name, all with the same store."""

    def make(name: str) -> Engine:
        return engine_at(url, tmp_path / name)

    return make


@pytest.fixture
def objects(url: str) -> ObjectStore:
    """What is below the store's URL."""
    found: ObjectStore = from_url(url, client_options={"allow_http": True})
    return found


def names(objects: ObjectStore) -> set[str]:
    """The objects and folders directly below the store's URL."""
    found = obstore.list_with_delimiter(objects)
    return {one["path"] for one in found["objects"]} | {path.rstrip("/") for path in found["common_prefixes"]}


def texts(engine: Engine) -> list[str]:
    """What can be found, in order."""
    return sorted(hit.text for hit in recall.search(engine, "number", scope=SCOPE, limit=500))


def test_a_store_that_is_not_there_finds_nothing_and_makes_nothing(
    machine: Callable[[str], Engine], objects: ObjectStore, tmp_path: Path
) -> None:
    """Looking leaves the bucket as it was, and this machine too."""
    assert texts(machine("here")) == []
    assert names(objects) == set()
    assert not (tmp_path / "here").exists()


def test_what_one_machine_stores_another_one_finds(
    machine: Callable[[str], Engine], url: str, tmp_path: Path
) -> None:
    """At once; and what either has noted of its own stays on that machine, for nobody else to see."""
    remember.store(machine("here"), "number one", scope=SCOPE)
    there = machine("there")
    assert texts(there) == ["number one"]
    remember.store(there, "number two", scope=SCOPE)
    uses.look_at(there, str(memories.newest(there, scope=SCOPE)[0].id), scope=SCOPE)
    assert texts(machine("here")) == ["number one", "number two"]
    assert list(tmp_path.glob("there/memcli/remote/*/db/uses.log"))
    assert not list(tmp_path.glob("here/memcli/remote/*/db/uses.log"))
    made = list((tmp_path / "there").rglob("*"))
    assert made
    assert not [path for path in made if path.stat().st_mode & 0o077 and path.name != "memcli"]


def test_all_that_a_store_can_hold_goes_into_a_bucket_and_back_byte_for_byte(
    machine: Callable[[str], Engine], make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    """By backups: all columns of all tables, vectors, history and uses that are not counted yet."""
    local, there = make_engine(), machine("there")
    keepsakes.fill(local)
    before = keepsakes.everything(local.home.store)
    assert {"memories_1", "passages_1", "edges", "values", "changes", "tasks"} <= before.keys()
    backup.send(local, saved := io.BytesIO())
    saved.seek(0)
    assert backup.bring_back(there, saved, "it").kept is None
    backup.send(machine("there"), back := io.BytesIO())
    back.seek(0)
    backup.bring_back(local, back, "it", over=True)
    assert keepsakes.everything(local.home.store) == before
    assert (local.home.store / "uses.log").read_bytes() == (there.place.own / "uses.log").read_bytes()


def test_a_backup_that_is_brought_back_takes_the_place_of_what_is_there(
    machine: Callable[[str], Engine], objects: ObjectStore, url: str
) -> None:
    """For all machines at once, also for those that had it open; what was there before is kept."""
    here, there = machine("here"), machine("there")
    remember.store(here, "number one", scope=SCOPE)
    backup.send(here, saved := io.BytesIO())
    remember.store(there, "number two", scope=SCOPE)
    assert len(texts(there)) == 2
    saved.seek(0)
    with pytest.raises(ConflictError, match=f"there is something in the store at {url} already"):
        backup.bring_back(here, saved, "it")
    came = backup.bring_back(here, saved, "it", over=True)
    assert texts(here) == ["number one"]
    assert texts(machine("there")) == ["number one"]
    assert came.kept is not None
    assert came.kept.startswith(f"{url}/db-")
    remember.store(there, "number three", scope=SCOPE)  # which still had the other one open
    assert texts(machine("here")) == ["number one", "number three"]
    upkeep.optimize(here)
    assert came.kept.rpartition("/")[2] in names(objects)


def test_what_a_killed_restore_has_left_goes_with_the_next_optimize(
    machine: Callable[[str], Engine], objects: ObjectStore
) -> None:
    """A folder that the head does not name is nobody's."""
    here = machine("here")
    remember.store(here, "number one", scope=SCOPE)
    obstore.put(objects, "db-0123456789ab/memories_1.lance/data/x.lance", b"half")
    assert "db-0123456789ab" in names(objects)
    upkeep.optimize(here)
    assert "db-0123456789ab" not in names(objects)
    assert texts(here) == ["number one"]


def test_all_that_is_done_to_a_memory_is_done_in_a_bucket(machine: Callable[[str], Engine]) -> None:
    """Forgotten, undone, purged, tidied: as in a directory."""
    here = machine("here")
    ids = [str(remember.store(here, f"number {n}", scope=SCOPE).id) for n in range(12)]
    forgetting.forget(here, ids[:3], scope=SCOPE)
    assert len(texts(here)) == 9
    undo.undo(here, scope=SCOPE)
    assert len(texts(here)) == 12
    forgetting.forget(here, ids[:2], scope=SCOPE)
    forgetting.purge(here, forgetting.purgeable(here, ids[:2], scope=SCOPE))
    values.put(here, "k", "1", scope=SCOPE)
    files = upkeep.optimize(here)
    assert files.files_after <= files.files_before
    assert len(texts(machine("there"))) == 10
    here.place.taken(copy := here.home.beside / "copy")
    held = b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())
    assert ids[0].encode() not in held
    assert ids[5].encode() in held


def test_two_machines_store_at_once_and_nothing_is_lost_or_doubled(
    bucket: Server, url: str, tmp_path: Path, machine: Callable[[str], Engine]
) -> None:
    """Twenty-five each, ten of them the same, while a third one reads and a fourth one tidies."""
    remember.store(machine("here"), "number none", scope=SCOPE)
    same = [f"number {n} of both" for n in range(10)]
    work = [
        ("store", *same, *(f"number {n} of mine" for n in range(15))),
        ("store", *(f"number {n} of yours" for n in range(15)), *same[::-1]),
        ("read", "6"),
        ("tidy", "1"),
    ]
    machines = [Machine(url, tmp_path / str(n), bucket.environ, *what) for n, what in enumerate(work)]
    for one in machines:
        one.go()
    mine, yours, read, _ = [one.said() for one in machines]
    assert all(one.process.wait() == 0 for one in machines)
    assert sorted(mine + yours) == ["duplicate"] * 10 + ["stored"] * 40
    assert texts(machine("here")) == sorted(
        ["number none", *same, *(f"number {n} of {whose}" for n in range(15) for whose in ("mine", "yours"))]
    )
    assert read == sorted(read)  # never a version that is older than the one before


def test_a_killed_writer_keeps_others_waiting_for_its_lease_only(
    bucket: Server,
    url: str,
    tmp_path: Path,
    machine: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lease runs out, and the next one writes."""
    monkeypatch.setattr(lease, "GRACE_S", 0.2)
    remember.store(machine("here"), "number one", scope=SCOPE)
    holder = Machine(url, tmp_path / "there", bucket.environ, "hold", "0.8")
    holder.go()
    assert holder.said() == "held"
    holder.process.kill()
    holder.process.wait()
    remember.store(machine("here"), "number two", scope=SCOPE)
    assert texts(machine("here")) == ["number one", "number two"]


def test_others_wait_for_a_writer_that_lives(
    bucket: Server,
    url: str,
    tmp_path: Path,
    machine: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It renews its lease; whoever does not get it within its time says so, and has written nothing."""
    monkeypatch.setattr(locks, "TIMEOUT_S", 2.0)
    monkeypatch.setattr(lease, "GRACE_S", 0.5)
    holder = Machine(url, tmp_path / "there", bucket.environ, "hold", "0.5")
    holder.go()
    assert holder.said() == "held"
    with pytest.raises(StorageError, match=f"another memcli has been writing to {url} for over 2 s"):
        remember.store(machine("here"), "number two", scope=SCOPE)
    holder.process.kill()
    holder.process.wait()
    assert texts(machine("here")) == []


def test_a_writer_that_was_stopped_for_too_long_commits_nothing(
    machine: Callable[[str], Engine], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Another machine has the lease by now: what was about to be written is not."""
    here = machine("here")
    remember.store(here, "number one", scope=SCOPE)
    now = iter(range(0, 10**6, 5))  # each look at the clock is five seconds later
    monkeypatch.setattr(lease, "elapsed", lambda: float(next(now)))
    other = lease.Lease(from_url(url, client_options={"allow_http": True}), buckets.WRITE_LEASE)

    def write() -> None:
        with here.db.writing() as db:
            assert other.acquire(1000)  # this one is stopped meanwhile
            db.memories.table.delete("true")

    with pytest.raises(LostError, match="another machine writes by now"):
        write()
    assert texts(machine("there")) == ["number one"]


@pytest.mark.parametrize(
    ("variables", "sentence", "hint"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "it can't be reached", "AWS_ENDPOINT_URL"),
        ({"AWS_ACCESS_KEY_ID": "wrong"}, "it does not accept the credentials", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_is_wrong_with_a_service_is_said_in_a_sentence(
    machine: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    variables: dict[str, str],
    sentence: str,
    hint: str,
) -> None:
    """For those who look and for those who write, and nothing of what is secret."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for do in (lambda: texts(machine("here")), lambda: remember.store(machine("here"), "a", scope=SCOPE)):
        with pytest.raises(StorageError) as failed:
            do()
        assert failed.value.sentence == f"can't open the store at {url}: {sentence}"
        assert hint in failed.value.hint
        assert "quite-a-secret" not in str(failed.value)


def test_a_service_that_goes_away_is_said_in_a_sentence(
    machine: Callable[[str], Engine], bucket: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the work, when LanceDB is at it; neither waits for minutes."""
    monkeypatch.setattr(buckets, "ABOUT_CLIENT", {**buckets.ABOUT_CLIENT, "timeout": "500ms"})
    monkeypatch.setattr(buckets, "ABOUT_LANCE", {"client_max_retries": "1", "client_retry_timeout": "1"})
    here = machine("here")
    remember.store(here, "number one", scope=SCOPE)
    memory = here.db.memories.table
    bucket.pause()
    try:
        with pytest.raises(StorageError, match="can't be reached"):
            memory.rows()
    finally:
        bucket.pause(on=False)
    assert texts(here) == ["number one"]


def test_a_bucket_that_is_not_there_is_named(bucket: Server, tmp_path: Path) -> None:
    """memcli makes no buckets."""
    with pytest.raises(StorageError, match="can't open the store at s3://nobodys/x: there is no such bucket"):
        texts(engine_at("s3://nobodys/x", tmp_path))


def test_somebody_elses_objects_are_left_alone(
    machine: Callable[[str], Engine], objects: ObjectStore, url: str
) -> None:
    """A place with anything else in it is no store, and becomes none."""
    obstore.put(objects, "holiday.jpg", b"jpg")
    for do in (lambda: texts(machine("here")), lambda: remember.store(machine("here"), "a", scope=SCOPE)):
        with pytest.raises(StorageError, match=f"{url} is not a memcli store"):
            do()
    assert names(objects) == {"holiday.jpg"}


@pytest.mark.parametrize(
    "said", ["{}", "no JSON", '{"folder": "../../x", "kept": []}', '{"folder": "db-1", "kept": [1]}']
)
def test_a_head_that_makes_no_sense_is_named(
    machine: Callable[[str], Engine], objects: ObjectStore, said: str
) -> None:
    """Nothing is made in its place, nor does it lead anywhere else."""
    obstore.put(objects, "memcli.json", said.encode())
    with pytest.raises(StorageError, match=r"is damaged: memcli\.json makes no sense"):
        texts(machine("here"))


def test_the_settings_can_say_where_the_store_is(bucket: Server, url: str, tmp_path: Path) -> None:
    """With storage options for what is not in the environment; one that nobody knows is named."""
    options = {"aws_endpoint": bucket.endpoint, "region": "us-east-1"}

    def engine(**more: str) -> Engine:
        config = Config(store=StoreSettings(uri=url + "/", options={**options, **more}))
        return engine_at("", tmp_path, config=config)

    made = engine()
    assert made.home.uri == url
    remember.store(made, "number one", scope=SCOPE)
    assert texts(engine()) == ["number one"]
    with pytest.raises(ConfigError, match="'nonsense' is no storage option for s3://"):
        texts(engine(nonsense="x"))


def test_lancedb_cloud_is_asked_for_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be seen of it without an account: a sentence, and what to set."""
    monkeypatch.delenv("LANCEDB_API_KEY", raising=False)
    with pytest.raises(StorageError, match="can't open the store at db://ours") as failed:
        texts(engine_at("db://ours", tmp_path))
    assert "LANCEDB_API_KEY" in failed.value.hint


def copied(engine: Engine) -> dict[str, bytes]:
    """The files of the copy on the machine of *engine*."""
    (root,) = (engine.place.own / "mirror").glob("db-*")
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_what_was_read_once_is_not_fetched_again(machine: Callable[[str], Engine], bucket: Server) -> None:
    """Two questions: which store it is, and what there is; what is new is fetched, and nothing else."""
    for n in range(3):
        remember.store(machine("here"), f"number {n}", scope=SCOPE)
    assert len(texts(machine("there"))) == 3
    bucket.count()
    assert len(texts(machine("there"))) == 3
    asked = bucket.count()
    assert {kind: number for kind, number in asked.items() if "bytes" not in kind} == {"GET": 1, "LIST": 1}
    remember.store(machine("here"), "number 3", scope=SCOPE)
    bucket.count()
    assert len(texts(machine("there"))) == 4
    assert bucket.count()["GET"] < 10


def test_what_is_purged_elsewhere_leaves_the_copy_with_the_next_look(
    machine: Callable[[str], Engine],
) -> None:
    """Nothing stays that is gone from the bucket."""
    here, there = machine("here"), machine("there")
    first = str(remember.store(here, "number one, a xylophone", scope=SCOPE).id)
    remember.store(here, "number two", scope=SCOPE)
    assert len(texts(there)) == 2
    assert any(b"xylophone" in said for said in copied(there).values())
    forgetting.forget(here, [first], scope=SCOPE)
    forgetting.purge(here, forgetting.purgeable(here, [first], scope=SCOPE))
    assert texts(machine("there")) == ["number two"]
    assert not any(b"xylophone" in said for said in copied(there).values())


def test_a_copy_that_was_broken_off_or_cut_short_is_completed(machine: Callable[[str], Engine]) -> None:
    """Whatever a killed process has left: the bucket says what there is, and how large."""
    remember.store(machine("here"), "number one", scope=SCOPE)
    there = machine("there")
    assert texts(there) == ["number one"]
    (root,) = (there.place.own / "mirror").glob("db-*")
    before = copied(there)
    (root / "memories_1.lance" / "data" / "x.lance.part").write_bytes(b"half")
    for name in list(before)[::2]:
        (root / name).write_bytes(b"")
    for name in list(before)[1::4]:
        (root / name).unlink()
    assert texts(machine("there")) == ["number one"]
    assert copied(there) == before


@pytest.mark.parametrize("most", [0, 20_000])
def test_a_store_that_is_too_large_is_read_where_it_is(
    machine: Callable[[str], Engine], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """And what was copied before goes; nobody has to have a copy."""
    for n in range(3):
        remember.store(machine("here"), f"number {n}", scope=SCOPE)
    there = machine("there")
    assert len(texts(there)) == 3
    assert copied(there)
    again = machine("there")
    monkeypatch.setattr(again.place, "_mirrored", most)
    assert len(texts(again)) == 3
    assert not (again.place.own / "mirror").exists()


def test_names_in_a_bucket_lead_nowhere_else(machine: Callable[[str], Engine], objects: ObjectStore) -> None:
    """Whoever may write to it writes nothing else on the machines of others."""
    remember.store(machine("here"), "number one", scope=SCOPE)
    (folder,) = (name for name in names(objects) if name.startswith("db-"))
    for name in (
        "memories_1.lance/data/.hidden",
        "memories_1.lance/a b",
        "other/x",
        "memories_1.lance/%2e%2e/x",
    ):
        obstore.put(objects, f"{folder}/{name}", b"x")
    there = machine("there")
    assert texts(there) == ["number one"]
    assert not [name for name, said in copied(there).items() if said == b"x"]

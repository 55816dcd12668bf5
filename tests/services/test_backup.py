"""Backups: everything in one file and back again, byte for byte, whatever happens meanwhile."""

import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from memcli.errors import ConfigError, ConflictError, NotFoundError, StorageError
from memcli.home import Home
from memcli.model import Scope
from memcli.services import backup, memories, recall, remember, upkeep, values
from memcli.services.engine import Engine
from memcli.storage import backups, database, snapshot
from memcli.storage.database import Database
from tests.services import keepsakes
from tests.services.keepsakes import everything
from tests.wordhash import UNCHECKED, WordHashEmbedder

MakeEngine = Callable[..., Engine]

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def full(engine: Engine, filled: Callable[..., Engine]) -> Engine:
    """An engine on a store with something in every table."""
    filled(keepsakes.fill)
    engine.home.config_file.write_text("space = 'work'\n")
    return engine


@pytest.fixture
def saved(full: Engine, tmp_path: Path) -> Path:
    """A backup of it."""
    backup.save(full, tmp_path / "one.tar.zst")
    return tmp_path / "one.tar.zst"


@pytest.fixture
def other(tmp_path: Path, embedder: WordHashEmbedder) -> Engine:
    """An engine on another home, which is not there yet."""
    return Engine(UNCHECKED, Home(tmp_path / "other" / "config.toml", tmp_path / "other"), embedder=embedder)


def back(engine: Engine, path: Path, **how: Any) -> backup.BroughtBack:
    """Bring the backup at *path* back."""
    with path.open("rb") as file:
        return backup.bring_back(engine, file, str(path), **how)


def left_over(home: Path) -> list[str]:
    """What is in *home* that is there only while somebody works."""
    return [path.name for path in home.iterdir() if path.name.startswith(".")]


def test_everything_comes_back_in_every_column(full: Engine, saved: Path, other: Engine) -> None:
    """Vectors, passages, edges, values, tasks, people, conversations, the journal, uses: all tables."""
    before = everything(full.home.store)
    assert set(before) == {
        *("agents", "changes", "conversations", "edges", "members", "memories_1", "meta", "passages_1"),
        *("spaces", "tasks", "teams", "values"),
    }
    assert all(before.values())
    brought = back(other, saved)
    assert everything(other.home.store) == before
    log = "uses.log"
    assert (other.home.store / log).read_bytes() == (full.home.store / log).read_bytes()
    assert (brought.memories, brought.kept, brought.tables) == (
        7,
        None,
        {name: len(rows) for name, rows in before.items()},
    )
    assert not other.home.config_file.exists()
    assert left_over(other.home.data) == left_over(full.home.data) == []
    assert recall.search(other, "amber", scope=keepsakes.SCOPE)[0].text == "amber tree"
    remember.store(other, "life goes on", scope=keepsakes.SCOPE)
    upkeep.optimize(other)
    assert len(memories.newest(other, scope=keepsakes.SCOPE)) > 0


def test_a_backup_is_read_and_described_without_being_unpacked(full: Engine, saved: Path) -> None:
    """What was said when it was made is said when it is verified."""
    with saved.open("rb") as file:
        said = backup.verify(full, file, str(saved))
    again = backup.save(full, saved)
    assert (said.memories, said.tables, said.unpacked) == (again.memories, again.tables, again.unpacked)
    assert said.size == again.size == saved.stat().st_size


def test_settings_come_back_only_when_asked_for(
    full: Engine, saved: Path, other: Engine, tmp_path: Path
) -> None:
    """They can name a command that is run; those that were in force stay beside them."""
    other.home.data.mkdir()
    other.home.config_file.write_text("space = 'mine'\n")
    back(other, saved)
    assert other.home.config_file.read_text() == "space = 'mine'\n"
    back(other, saved, over=True, settings=True)
    assert other.home.config_file.read_text() == "space = 'work'\n"
    kept = list(other.home.data.glob("config.toml.before-restore-*"))
    assert [path.read_text() for path in kept] == ["space = 'mine'\n"]
    assert not backup.save(full, tmp_path / "without.tar.zst", settings=False).config


def test_settings_that_make_no_sense_stop_it_before_anything_is_changed(
    full: Engine, other: Engine, tmp_path: Path
) -> None:
    """The store is not brought back either."""
    full.home.config_file.write_text("space = 7\n")
    path = tmp_path / "odd.tar.zst"
    backup.save(full, path)
    with pytest.raises(ConfigError):
        back(other, path, settings=True)
    assert not backup.is_there(other)


def test_a_store_with_something_in_it_is_not_replaced_unless_allowed(saved: Path, other: Engine) -> None:
    """And then it stays beside the new one, whole, and can be put back by renaming it."""
    values.put(other, "k", "1", scope=keepsakes.SCOPE)
    before = everything(other.home.store)
    with pytest.raises(ConflictError):
        back(other, saved)
    assert everything(other.home.store) == before
    brought = back(other, saved, over=True)
    assert brought.kept
    assert everything(Path(brought.kept)) == before
    assert recall.search(other, "amber", scope=keepsakes.SCOPE)
    assert not values.all_values(other, scope=keepsakes.SCOPE) or "k" not in everything(other.home.store)


def test_a_store_without_memories_is_saved_too(other: Engine, full: Engine, tmp_path: Path) -> None:
    """Values need no model, and no table meta."""
    values.put(other, "k", "1", scope=keepsakes.SCOPE)
    said = backup.save(other, tmp_path / "values.tar.zst")
    assert (said.model, said.memories, said.tables) == (None, 0, {"values": 1})
    back(full, tmp_path / "values.tar.zst", over=True)
    assert everything(full.home.store) == everything(other.home.store)


def test_there_must_be_something_to_save_and_a_place_for_it(
    other: Engine, full: Engine, tmp_path: Path
) -> None:
    """Each in one sentence; nothing is made."""
    with pytest.raises(NotFoundError, match="nothing is stored yet"):
        backup.save(other, tmp_path / "one.tar.zst")
    assert not other.home.data.exists()
    with pytest.raises(NotFoundError, match="no directory"):
        backup.save(full, tmp_path / "absent" / "one.tar.zst")


def test_what_is_made_is_for_its_owner_only(saved: Path, other: Engine) -> None:
    """0600 and 0700, whatever the umask."""
    before = os.umask(0)
    try:
        back(other, saved)
        backup.save(other, saved)
    finally:
        os.umask(before)
    made = [saved, other.home.data, *(other.home.data / "db").rglob("*")]
    assert [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


# --- what is not whole ---


def changed_archives(raw: bytes) -> dict[str, bytes]:
    """Archives that are not what they were, by what is wrong with them."""
    middle = len(raw) // 2
    return {
        "empty": b"",
        "text": b"to whom it may concern\n" * 100,
        "beginning": raw[:10],
        "half": raw[:middle],
        "end": raw[:-200],
        "bit": raw[:middle] + bytes(byte ^ 1 for byte in raw[middle : middle + 1]) + raw[middle + 1 :],
        "hole": raw[:middle] + raw[middle + 1000 :],
    }


@pytest.mark.parametrize("what", changed_archives(b""))
def test_a_damaged_archive_is_refused_and_nothing_is_changed(
    saved: Path, other: Engine, tmp_path: Path, what: str
) -> None:
    """By --verify as by bringing it back, in one sentence."""
    path = tmp_path / "torn.tar.zst"
    path.write_bytes(changed_archives(saved.read_bytes())[what])
    values.put(other, "k", "1", scope=keepsakes.SCOPE)
    before = everything(other.home.store)
    with pytest.raises(StorageError) as caught, path.open("rb") as file:
        backup.verify(other, file, str(path))
    assert "\n" not in caught.value.sentence
    with pytest.raises(StorageError):
        back(other, path, over=True)
    assert everything(other.home.store) == before
    assert left_over(other.home.data) == []


def test_a_disk_without_room_for_it_is_said_beforehand(
    saved: Path, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not halfway."""
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match="are free"):
        back(other, saved)
    assert not backup.is_there(other)


def test_a_full_disk_leaves_the_backup_of_before(
    full: Engine, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup takes its place when it is whole."""
    before = saved.read_bytes()

    def refuse(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="No space left"):
        backup.save(full, saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.glob(f".{saved.name}*")) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from memcli.config import Config
from memcli.home import Home
from memcli.services import backup
from memcli.services.engine import Engine
from memcli.storage import archive, snapshot

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

when, exchange = sys.argv[1], snapshot._exchanged
if when == "unpacking":
    reads = iter(range(40))
    archive.Archive._read = lambda self, read: read() if next(reads, None) is not None else die()
elif when == "before":
    snapshot._exchanged = die
elif when == "after":
    snapshot._exchanged = lambda *two: (exchange(*two), die())
home = Home(Path(sys.argv[2], "config.toml"), Path(sys.argv[2]))
with open(sys.argv[3], "rb") as file:
    backup.bring_back(Engine(Config(), home), file, "it", over=True)
"""


@pytest.mark.parametrize(("when", "is_new"), [("unpacking", False), ("before", False), ("after", True)])
def test_a_kill_leaves_the_store_of_before_or_the_new_one(
    saved: Path, full: Engine, other: Engine, when: str, is_new: bool
) -> None:
    """Never half of each; the next one tidies up, and nothing that was remembered is lost."""
    if not snapshot._exchange():
        pytest.skip("this system can't exchange directories")
    values.put(other, "k", "1", scope=keepsakes.SCOPE)
    before = everything(other.home.store)
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, when, str(other.home.data), str(saved)], check=False, timeout=60
    )
    assert ran.returncode == -signal.SIGKILL
    assert everything(other.home.store) == (everything(full.home.store) if is_new else before)
    if is_new:
        aside = next(other.home.data.glob("db.before-restore-*"))
        assert everything(aside) == before
    back(other, saved, over=True)
    assert everything(other.home.store) == everything(full.home.store)
    assert left_over(other.home.data) == []


def test_a_system_that_can_not_exchange_directories_takes_two_steps(
    saved: Path, full: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there before is aside all the same."""
    monkeypatch.setattr(snapshot, "_exchange", lambda: None)
    values.put(other, "k", "1", scope=keepsakes.SCOPE)
    before = everything(other.home.store)
    kept = back(other, saved, over=True).kept
    assert everything(other.home.store) == everything(full.home.store)
    assert kept
    assert everything(Path(kept)) == before


def test_a_file_system_without_hard_links_gets_copies(
    full: Engine, other: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer, that is all."""

    def refuse(*_: Any) -> Any:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    backup.save(full, tmp_path / "one.tar.zst")
    back(other, tmp_path / "one.tar.zst")
    assert everything(other.home.store) == everything(full.home.store)


# --- while others work ---


def test_it_is_of_one_moment_while_others_write(
    make_engine: MakeEngine, scope: Scope, other: Engine, tmp_path: Path
) -> None:
    """All that was stored before it began is in it, and the journal knows exactly the memories that are."""
    writer, stop = make_engine(), Event()
    stored = [str(remember.store(writer, f"fact {number}", scope=scope).id) for number in range(3)]

    def write() -> None:
        number = 3
        while not stop.is_set():
            stored.append(str(remember.store(writer, f"fact {number}", scope=scope).id))
            writer.catch_up()
            number += 1

    thread = Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            known = set(stored)
            path = tmp_path / f"{number}.tar.zst"
            backup.save(make_engine(), path)
            back(other, path, over=number > 0)
            there = {row["id"] for row in everything(other.home.store)["memories_1"]}
            noted = [row for row in everything(other.home.store)["changes"] if row["command"] == "store"]
            assert known <= there
            assert len(noted) == len(there)
    finally:
        stop.set()
        thread.join()
    assert len(stored) > 5


def test_whoever_waits_for_the_lock_writes_to_the_new_store(
    full: Engine, saved: Path, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock goes along: it is not one for the old store and another for the new one."""
    begun, put = Event(), snapshot.put_in_place
    waiting = Thread(target=lambda: remember.store(make_engine(), "late", scope=keepsakes.SCOPE))

    def slowly(*where: Path) -> None:
        waiting.start()
        begun.wait(0.3)
        put(*where)

    monkeypatch.setattr(snapshot, "put_in_place", slowly)
    kept = back(full, saved, over=True).kept
    waiting.join()
    assert kept
    assert "late" in {memory.text for memory in memories.newest(make_engine(), scope=keepsakes.SCOPE)}
    assert "late" not in {row["text"] for row in everything(Path(kept))["memories_1"]}


def test_an_engine_that_is_open_sees_the_new_store(
    full: Engine, saved: Path, make_engine: MakeEngine
) -> None:
    """Nothing that was read before is taken for what is there now."""
    reader = make_engine()
    remember.store(full, "after the backup", scope=keepsakes.SCOPE)
    assert "after the backup" in {m.text for m in memories.newest(reader, scope=keepsakes.SCOPE)}
    back(full, saved, over=True)
    assert "after the backup" not in {m.text for m in memories.newest(make_engine(), scope=keepsakes.SCOPE)}
    assert "after the backup" not in {m.text for m in memories.newest(full, scope=keepsakes.SCOPE)}


# --- other versions ---


@pytest.mark.parametrize("path", sorted(DATA.glob("format-*.tar.zst")), ids=lambda path: path.name)
def test_a_backup_of_an_older_memcli_comes_back(path: Path, other: Engine) -> None:
    """There is one of every format, made by the memcli of its time: see keepsakes.py."""
    engine = Engine(UNCHECKED, other.home, embedder=WordHashEmbedder(dimension=16))
    brought = back(engine, path, settings=True)
    assert brought.memories == 7
    assert engine.db.model
    found = {memory.text for memory in engine.db.memories.where("")}
    assert found >= keepsakes.TEXTS
    assert {one.text for one in engine.db.memories.where("") if one.trust != "user"} == {"on floor 4"}
    assert recall.search(engine, "amber tree", scope=keepsakes.SCOPE)[0].metadata == {
        "n": 1,
        "deep": {"a": [1, 2]},
    }
    assert (
        values.get(engine, "prefs", scope=keepsakes.SCOPE).data == '{"n": 12345678901234567890,  "f": 1.10}'
    )
    assert engine.home.config_file.read_text() == "space = 'work'\n"
    with path.open("rb") as file:
        assert backup.verify(engine, file, path.name).memcli == brought.memcli


def made_older(engine: Engine) -> None:
    """Let the store of *engine* say that it is of format 1."""
    [row] = engine.db._meta.rows().to_pylist()
    said = {**json.loads(row["value"]), "format": 1}
    with engine.db.writing():
        engine.db._meta.write(lambda table: table.update(values={"value": json.dumps(said)}))


def test_a_store_is_saved_before_it_is_upgraded(full: Engine, other: Engine) -> None:
    """The backup is of the older format, and brought back it is upgraded like any other."""
    made_older(full)
    before = everything(full.home.store)
    Database(full.home.store).memories.newest("", 1, 0)
    [made] = backups.automatic(full.home.data).iterdir()
    assert made.name == f"before-format-{database.FORMAT}.tar.zst"
    assert left_over(full.home.data) == []
    with made.open("rb") as file:
        backup.bring_back(other, file, made.name)
    older = everything(Path(other.home.store))
    assert older["memories_1"] == before["memories_1"]
    assert json.loads(older["meta"][0]["value"])["format"] == database.FORMAT


def test_a_store_that_can_not_be_saved_is_not_upgraded(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is better left as it is; the sentence says why."""
    made_older(full)
    (full.home.data / "backups").write_text("not a directory")
    before = everything(full.home.store)
    with pytest.raises(StorageError, match="backup before the store is upgraded"):
        Database(full.home.store).memories.newest("", 1, 0)
    assert everything(full.home.store) == before


def test_a_backup_of_a_newer_memcli_is_refused_kindly(
    saved: Path, other: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its archive is newer, or only the store in it."""
    monkeypatch.setattr(database, "FORMAT", database.FORMAT - 1)
    with pytest.raises(StorageError, match="newer memcli") as caught:
        back(other, saved)
    assert "upgrade" in caught.value.hint
    monkeypatch.setattr("memcli.storage.archive.FORMAT", 0)
    with pytest.raises(StorageError, match="newer memcli"), saved.open("rb") as file:
        backup.verify(other, file, "it")
    assert not backup.is_there(other)


def test_a_store_of_a_newer_memcli_is_not_saved(
    full: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can't read it can't say what is in it."""
    monkeypatch.setattr(database, "FORMAT", database.FORMAT - 1)
    full.db.forget_what_was_read()
    with pytest.raises(StorageError, match="newer memcli"):
        backup.save(full, tmp_path / "one.tar.zst")


def test_a_backup_goes_through_a_pipe(full: Engine, other: Engine) -> None:
    """Nobody needs a file."""
    pipe = io.BytesIO()
    assert backup.send(full, pipe).size is None
    pipe.seek(0)
    backup.bring_back(other, pipe, "-")
    assert everything(other.home.store) == everything(full.home.store)

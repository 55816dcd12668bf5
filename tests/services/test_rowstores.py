"""Whatever a store of many memories does, its row stores keep up with it and go with it."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from memcli.errors import StorageError
from memcli.model import Draft, Hit, Mode, Scope
from memcli.services import backup, forgetting, recall, remember, stats, undo
from memcli.services.engine import Engine
from memcli.services.select import Filter
from memcli.storage import lookup
from memcli.storage.archive import Archive
from memcli.storage.place import Folder
from memcli.storage.predicates import is_in
from memcli.storage.rowstore import making
from memcli.storage.rowstore.table import RowStoredTable

MakeEngine = Callable[..., Engine]

COUNT = 120
WORDS = ("otter", "kelp", "urchin", "reef", "tide")


@pytest.fixture
def filled(make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine on a store of memories in two spaces, which has row stores."""
    monkeypatch.setattr(making, "WORTH", 50)
    monkeypatch.setattr(making, "TIME_SHARE", 1e9)
    engine = make_engine()
    drafts = [
        Draft(
            text=f"{WORDS[n % 5]} {WORDS[n % 3]} number{n}",
            scope=scope if n % 4 else replace(scope, space="play"),
            tags=(WORDS[n % 5],),
        )
        for n in range(COUNT)
    ]
    remember.store_all(engine, drafts, conflicts=False)
    engine.db.catch_up(always=True)
    assert engine.db.memories.table.at_hand is not None
    return engine


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("space", [None, "work", "play", "nowhere"])
def test_a_search_finds_what_it_finds_without(
    filled: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, mode: Mode, space: str | None
) -> None:
    """In every mode, everywhere and in one space, with and without filters: hit by hit, figure by figure."""
    scope = Scope(space=space, user="me")

    def hits(engine: Engine) -> list[list[Hit]]:
        return [
            recall.search(engine, query, scope=scope, mode=mode, wanted=wanted)
            for query in ("otter kelp", "number17", "reef of the tide", "urchin")
            for wanted in (Filter(), Filter(tags=("kelp",)), Filter(min_importance=0.4))
        ]

    with_them = hits(filled)
    monkeypatch.setattr(RowStoredTable, "at_hand", None)
    assert with_them == hits(make_engine())
    assert any(with_them) is (space != "nowhere")


@pytest.mark.parametrize("can_be_read", [True, False])
def test_what_is_purged_is_in_no_file(
    filled: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    can_be_read: bool,
) -> None:
    """Not in a row store either, at once; nor in one that another system made, which this can't read."""
    [gone] = remember.store_all(filled, [Draft(text="xylophone zeppelin", scope=scope)], conflicts=False)
    filled.db.catch_up(always=True)
    folder = filled.home.store
    assert any(b"zeppelin" in path.read_bytes() for path in folder.glob("*.rows/*/*"))
    name = gone.id or ""
    if not can_be_read:
        monkeypatch.delattr(os, "preadv")
        filled = make_engine()
        assert filled.db.memories.table.at_hand is None
        assert not filled.db.memories.table.lacks_row_stores
    forgetting.forget(filled, [name])
    forgetting.purge(filled, forgetting.purgeable(filled, [name], scope=scope))
    assert not [path for path in folder.rglob("*") if path.is_file() and b"zeppelin" in path.read_bytes()]
    assert recall.search(make_engine(), "otter kelp", scope=scope)


@pytest.mark.parametrize(("number", "is_told"), [(errno.EACCES, True), (errno.ENOTEMPTY, False)])
def test_a_purge_tells_of_a_row_store_that_stays(
    filled: Engine,
    make_engine: MakeEngine,
    scope: Scope,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    is_told: bool,
) -> None:
    """It is somebody else's and quotes what is purged. On NFS, what a reader has open goes when he ends."""
    name = recall.search(filled, "number16", scope=replace(scope, space="play"))[0].id
    forgetting.forget(filled, [name])

    def refused(path: Path) -> None:
        raise OSError(number, os.strerror(number), path)

    gone = forgetting.purgeable(filled, [name], scope=scope)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refused)
        with (
            pytest.raises(StorageError, match=r"row stores in .*memories_1.rows.*permission denied")
            if is_told
            else nullcontext()
        ):
            forgetting.purge(filled, gone)
    other = make_engine()
    assert recall.search(other, "number17", scope=scope)[0].text.endswith("number17")
    assert not other.db.memories.with_ids([name])
    other.db.catch_up(always=True)
    assert not [path for path in filled.home.store.glob("*.rows/*/*") if b"number16" in path.read_bytes()]


def test_row_stores_of_somebody_else_are_not_made_again(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What root's upkeep has made is not to be looked into, nor is there anything to be done about it."""
    table = filled.db.memories.table
    folder = table.row_folder
    assert folder is not None
    for path in folder.glob("*-*"):
        shutil.rmtree(path)
    assert table.lacks_row_stores
    access, exists = os.access, Path.exists

    def denied(path: Path) -> bool:
        if path.parent == folder:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return exists(path)

    monkeypatch.setattr(Path, "exists", denied)
    monkeypatch.setattr(os, "access", lambda path, mode: path != folder and access(path, mode))
    assert not table.lacks_row_stores


@pytest.mark.parametrize("mode", [Mode.VECTOR, Mode.HYBRID])
@pytest.mark.parametrize("how", ["forgotten", "purged"])
def test_a_version_that_is_taken_away_takes_what_is_known_of_it_along(
    filled: Engine,
    scope: Scope,
    make_engine: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    mode: Mode,
    how: str,
) -> None:
    """A search that has to look at the next version does so with the row stores of that one."""
    play = replace(scope, space="play")
    name = recall.search(make_engine(), "number16", scope=play, mode=mode)[0].id
    other, reader = make_engine(), make_engine()
    real, roughly, steps = lookup.looked_up, RowStoredTable.roughly, ["begun"]

    def meanwhile(table: RowStoredTable, what: str, read: Callable[[], float]) -> float:
        """Somebody else changes the store when half of what a search must know has been read."""
        if steps == ["begun"] and table is reader.db.memories.table:
            steps.append("changed")
            forgetting.forget(other, [name])
            if how == "purged":
                forgetting.purge(other, forgetting.purgeable(other, [name], scope=scope))
            other.db.memories.table.tidy()
        return roughly(table, what, read)

    async def gone_once(*arguments: Any, **named: Any) -> Any:
        if steps == ["begun", "changed"]:
            steps.append("tried again")
            raise OSError("Not found: what a clean-up took away")  # as LanceDB says it
        return await real(*arguments, **named)

    monkeypatch.setattr(RowStoredTable, "roughly", meanwhile)
    monkeypatch.setattr(lookup, "looked_up", gone_once)
    found = [hit.id for hit in recall.search(reader, "number16", scope=play, mode=mode)]
    assert steps == ["begun", "changed", "tried again"]
    assert found == [hit.id for hit in recall.search(make_engine(), "number16", scope=play, mode=mode)]
    assert found
    assert name not in found


def test_upkeep_that_had_to_wait_looks_again(
    filled: Engine, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had the lock before may have made others of what is there now."""
    other = make_engine()
    assert other.db.memories.table.row_folder is not None
    shutil.rmtree(other.db.memories.table.row_folder)
    assert other.db.memories.table.lacks_row_stores
    upkeep = Folder.upkeep

    @contextmanager
    def waited(place: Folder, *, wait: bool) -> Iterator[bool]:
        monkeypatch.setattr(Folder, "upkeep", upkeep)
        with filled.db.writing() as db:
            db.memories.move(is_in("space", ["work"]), "elsewhere", filled.now())
        filled.db.catch_up(always=True)
        with upkeep(place, wait=wait) as is_ours:
            yield is_ours

    versions: list[int] = []
    make = RowStoredTable.make_row_stores

    def noted(table: RowStoredTable) -> None:
        versions.append(table.version)
        make(table)

    monkeypatch.setattr(Folder, "upkeep", waited)
    monkeypatch.setattr(RowStoredTable, "make_row_stores", noted)
    other.db._make_row_stores(wait=True)
    now = make_engine().db.memories.table
    assert versions == [now.version, now.version]  # the one that was in the way, and the one that waited
    assert now.at_hand is not None
    assert now.at_hand.is_whole


def test_a_backup_is_without_them(filled: Engine) -> None:
    """They are made again."""
    out = BytesIO()
    backup.send(filled, out)
    names = {file.path for file in Archive(BytesIO(out.getvalue()), "-").manifest.files}
    assert any("memories_1.lance" in name for name in names)
    assert not [name for name in names if ".rows" in name]


def test_those_of_another_model_go_with_its_tables(filled: Engine) -> None:
    """Whatever was being made."""
    orphan = filled.home.store / "memories_7.rows"
    orphan.mkdir()
    with filled.db.writing() as db:
        db.drop_leftovers()
    assert not orphan.exists()
    assert filled.db.memories.table.at_hand is not None


def test_what_is_forgotten_or_brought_back_is_found_as_it_is(
    filled: Engine, scope: Scope, make_engine: MakeEngine
) -> None:
    """Though the row store says what was before."""

    def first() -> str:
        return recall.search(make_engine(), "number17", scope=scope)[0].id

    name = first()
    forgetting.forget(filled, [name])
    assert first() != name
    undo.undo(make_engine(), scope=scope)
    assert first() == name
    filled.db.catch_up(always=True)
    assert first() == name


def test_they_count_as_what_the_store_takes(filled: Engine) -> None:
    """Nobody is left in the dark about the disk."""
    files = sum(path.stat().st_size for path in filled.home.store.glob("*.rows/*/*"))
    assert filled.place.size()[1] > files > 0
    assert stats.gather(filled, scope=Scope(space=None, user="me"))

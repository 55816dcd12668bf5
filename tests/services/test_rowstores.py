"""Whatever a store of many memories does, its row stores keep up with it and go with it."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest

from memcli.model import Draft, Hit, Mode, Scope
from memcli.services import backup, forgetting, recall, remember, stats, undo
from memcli.services.engine import Engine
from memcli.services.select import Filter
from memcli.storage.archive import Archive
from memcli.storage.rowstore import beside
from memcli.storage.rowstore.table import RowStoredTable

MakeEngine = Callable[..., Engine]

COUNT = 120
WORDS = ("otter", "kelp", "urchin", "reef", "tide")


@pytest.fixture
def filled(make_engine: MakeEngine, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine on a store of memories in two spaces, which has row stores."""
    monkeypatch.setattr(beside, "WORTH", 50)
    monkeypatch.setattr(beside, "TIME_SHARE", 1e9)
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
    assert engine.db.memories.table.row_stores is not None
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
    monkeypatch.setattr(RowStoredTable, "row_stores", None)
    assert with_them == hits(make_engine())
    assert any(with_them) is (space != "nowhere")


def test_what_is_purged_is_in_no_file(filled: Engine, scope: Scope, make_engine: MakeEngine) -> None:
    """Not in a row store either, at once."""
    [gone] = remember.store_all(filled, [Draft(text="xylophone zeppelin", scope=scope)], conflicts=False)
    filled.db.catch_up(always=True)
    folder = filled.home.store
    assert any(b"zeppelin" in path.read_bytes() for path in folder.glob("*.rows/*/*"))
    name = gone.id or ""
    forgetting.forget(filled, [name])
    forgetting.purge(filled, forgetting.purgeable(filled, [name], scope=scope))
    assert not [path for path in folder.rglob("*") if path.is_file() and b"zeppelin" in path.read_bytes()]
    assert recall.search(make_engine(), "otter kelp", scope=scope)


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
    assert filled.db.memories.table.row_stores is not None


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

"""Stores copied by halves, and files that are gone, cut short or spoilt: named, and brought back."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memcli.errors import StorageError
from memcli.model import Draft, Mode
from memcli.services import doctor, memories, recall, remember, values
from memcli.services.engine import Engine
from memcli.services.health import stores
from memcli.services.health.findings import Finding, Level
from memcli.storage import torn, versions, whole
from memcli.storage.rowstore.table import RowStoredTable
from memcli.storage.whole import Part
from tests.faults.acting import SCOPE, engine_at
from tests.faults.promises import everything
from tests.wordhash import UNCHECKED

TEXTS = [f"note number {word} tree" for word in ("amber", "birch", "cedar", "elder", "fern", "hazel")]


def gone(path: Path) -> None:
    """Remove it."""
    path.unlink()


def cut(path: Path) -> None:
    """Leave the first half of it."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    """Leave as many zeros."""
    path.write_bytes(bytes(path.stat().st_size))


SPOILT = pytest.mark.parametrize("spoil", [gone, cut, zeroed])
Spoil = Callable[[Path], None]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with six memories, one of them forgotten, in several pieces; made once."""
    home = tmp_path_factory.mktemp("torn") / "home"
    engine = engine_at(home)
    first = remember.store_all(engine, [Draft(text=text, scope=SCOPE) for text in TEXTS[:3]])
    for text in TEXTS[3:]:
        remember.store(engine, text, scope=SCOPE)
    engine.db.memories.set_forgotten([str(first[0].id)], engine.now(), engine.now())
    values.put(engine, "key", "1", scope=SCOPE)
    return home


LONG = "filler words here " * 40 + "zebrafinch aviary " * 12


@pytest.fixture
def home(one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it."""
    monkeypatch.setattr(Engine, "load_model", lambda self, name=None: engine_at(one).embedder)
    return Path(shutil.copytree(one, tmp_path / "home"))


def table(home: Path, name: str = "memories_1") -> Path:
    """The directory of a table."""
    return home / "db" / f"{name}.lance"


def newest(home: Path, name: str = "memories_1") -> versions.Version:
    """Its newest version."""
    return versions.read(versions.manifests(table(home, name))[0])


def patient(home: Path) -> doctor.Patient:
    """Who a doctor looks at: the home, with the small embedder."""

    def engine_of(_: object) -> Engine:
        place = engine_at(home.parent / "nowhere").home
        return Engine(UNCHECKED, type(place)(config_file=home / "config.toml", data=home))

    from memcli import config

    there = engine_of(None).home
    return doctor.Patient(home=there, read=lambda: config.load(there.config_file, {}), engine_of=engine_of)


def errors(home: Path, *, deep: bool = False) -> list[str]:
    """What is broken, in words."""
    return [one.message for one in doctor.examine(patient(home), deep=deep) if one.level is Level.ERROR]


def mended(home: Path, *, deep: bool = False, yes: bool = True) -> list[Finding]:
    """What was mended."""
    return [one for one in doctor.mend(patient(home), deep=deep, may=lambda _: yes) if one.mended]


def texts(home: Path) -> list[str]:
    """What is stored, in order of the words."""
    return sorted(memory.text for memory in memories.newest(engine_at(home), scope=SCOPE))


def found(home: Path, query: str) -> set[str]:
    """What a search by words and meaning finds."""
    return {
        hit.text
        for mode in Mode
        for hit in recall.search(engine_at(home), query, scope=SCOPE, mode=mode, limit=1)
    }


def test_a_store_that_is_whole_is_whole(home: Path) -> None:
    """At a glance and when all of it is read; every file that the newest versions name is there."""
    assert torn.look(home / "db", deep=True) == []
    assert errors(home, deep=True) == []
    assert newest(home).rows == len(TEXTS)
    for fragment in newest(home).fragments:
        for file in fragment.files:
            assert (table(home) / file.path).stat().st_size == file.size
        assert fragment.deletions is None or (table(home) / fragment.deletions.path).exists()


@SPOILT
def test_rows_that_are_torn_are_named_and_the_others_kept(home: Path, spoil: Spoil) -> None:
    """Every command says which file it is; `doctor --fix` keeps all other rows, and a copy of it all."""
    fragment = newest(home).fragments[0]
    spoil(table(home) / fragment.files[0].path)
    for act in (lambda: texts(home), lambda: remember.store(engine_at(home), "x", scope=SCOPE)):
        with pytest.raises(StorageError, match=fragment.files[0].path) as caught:
            act()
        assert "memcli doctor" in caught.value.hint
    assert [fragment.files[0].path in sentence for sentence in errors(home)].count(True) == 1
    assert mended(home, yes=False) == []
    assert len(mended(home)) == 1
    assert errors(home, deep=True) == []
    left = texts(home)
    assert len(left) == len(TEXTS) - 1 - fragment.rows
    assert set(left) < set(TEXTS)
    assert found(home, left[0]) == {left[0]}
    assert remember.store(engine_at(home), "one more", scope=SCOPE).id
    assert list(home.glob("db.torn-*/memories_1.lance/_versions/*.manifest"))


@SPOILT
def test_a_torn_newest_version_gives_way_to_the_last_good_one(home: Path, spoil: Spoil) -> None:
    """What the last write did is lost, and nothing else."""
    remember.store(engine_at(home), "the last", scope=SCOPE)
    spoil(newest(home).path)
    if spoil is not gone:  # LanceDB takes the one before, and only a note beside it tells
        with pytest.raises(StorageError, match="manifest is not whole"):
            texts(home)
        with pytest.raises(StorageError, match="manifest is not whole"):
            recall.search(engine_at(home), "note", scope=SCOPE)
    assert len(errors(home)) in (1, 2)
    assert mended(home)
    assert errors(home, deep=True) == []
    assert texts(home) == TEXTS[1:]


@SPOILT
def test_a_torn_index_is_made_anew_without_asking(
    home: Path, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds nothing that the rows do not, and few rows are found without it."""
    for path in (table(home) / "_indices").rglob("*.lance"):
        spoil(path)
    assert texts(home) == TEXTS[1:]
    assert found(home, TEXTS[2]) == {TEXTS[2]}
    with monkeypatch.context() as patched:
        patched.setattr(RowStoredTable, "at_hand", None)
        with pytest.raises(StorageError, match="_indices/"):
            recall.search(engine_at(home), "note", scope=SCOPE, mode=Mode.TEXT)
    assert len(mended(home, yes=False)) == 1
    assert errors(home, deep=True) == []
    assert found(home, TEXTS[2]) == {TEXTS[2]}


@SPOILT
def test_torn_deletions_bring_back_what_was_deleted(home: Path, spoil: Spoil) -> None:
    """Rather that than less: no row is lost, none is there twice, what was forgotten stays so."""
    fragment = next(one for one in newest(home).fragments if one.deletions)
    assert fragment.deletions is not None
    spoil(table(home) / fragment.deletions.path)
    with pytest.raises(StorageError, match="_deletions/"):
        texts(home)
    assert mended(home)
    assert errors(home, deep=True) == []
    assert texts(home) == TEXTS[1:]
    assert len(everything(engine_at(home))) == len(TEXTS)


@SPOILT
@pytest.mark.parametrize("name", ["meta", "values", "changes"])
def test_a_small_table_that_nothing_brings_back_does_not_cost_the_others(
    home: Path, name: str, spoil: Spoil
) -> None:
    """Its manifests are all torn: meta is said anew, others begin anew, and what is left is kept aside."""
    for path in versions.manifests(table(home, name)):
        spoil(path)
    (table(home, name) / "_versions" / versions.HINT).unlink(missing_ok=True)
    assert errors(home)
    assert mended(home, yes=False) == []
    assert mended(home)
    assert errors(home, deep=True) == []
    assert texts(home) == TEXTS[1:]
    assert remember.store(engine_at(home), "one more", scope=SCOPE).id
    assert list(home.glob(f"db.torn-*/{name}.lance/data/*"))


def test_memories_without_meta_are_no_empty_store(home: Path) -> None:
    """A new store would be made over them."""
    shutil.rmtree(table(home, "meta"))
    for act in (lambda: texts(home), lambda: remember.store(engine_at(home), "x", scope=SCOPE)):
        with pytest.raises(StorageError, match="meta is missing"):
            act()
    assert len(mended(home)) == 1
    assert texts(home) == TEXTS[1:]


def test_memories_that_are_gone_are_named_and_a_backup_is_advised(home: Path) -> None:
    """Nothing brings them back, and nothing is made in their place."""
    shutil.rmtree(table(home))
    found = doctor.mend(patient(home), may=lambda _: True)
    assert not any(one.mended for one in found)
    broken = [one for one in found if one.level is Level.ERROR]
    assert ["memories_1 is missing" in one.message for one in broken] == [True]
    assert "backup" in broken[0].message + broken[0].command


def test_bytes_that_were_changed_are_found_when_all_is_read(home: Path) -> None:
    """The file has its size and its end: at a glance all is well."""
    files = [table(home) / one.files[0].path for one in newest(home).fragments]
    file = next(path for path in files if b"hazel" in path.read_bytes())
    file.write_bytes(file.read_bytes().replace(b"hazel", b"hazol"))
    assert errors(home) == []
    assert len(errors(home, deep=True)) == 1
    assert mended(home, deep=True)
    assert errors(home, deep=True) == []
    assert texts(home) == TEXTS[1:-1]


@pytest.mark.parametrize("how", ["torn", "gone"])
def test_passages_are_made_anew(home: Path, how: str) -> None:
    """Nothing is lost with them; that their table is gone is only found when everything is read."""
    remember.store(engine_at(home), LONG, scope=SCOPE)
    assert found(home, "zebrafinch aviary") == {LONG}
    if how == "gone":
        shutil.rmtree(table(home, "passages_1"))
    else:
        cut(table(home, "passages_1") / newest(home, "passages_1").fragments[0].files[0].path)
    assert len(errors(home, deep=True)) == 1
    assert len(mended(home, deep=True, yes=False)) == 1
    assert errors(home, deep=True) == []
    assert found(home, "zebrafinch aviary") == {LONG}


def test_torn_uses_are_passed_over(home: Path) -> None:
    """They weigh little; what can be read of them counts."""
    (home / "db" / "uses.log").write_bytes(b"\xff\xfe\0\0half a li")
    assert texts(home) == TEXTS[1:]
    assert errors(home) == []


def test_the_store_is_looked_at_whatever_is_torn(home: Path) -> None:
    """No finding is an exception."""
    for path in sorted((home / "db").rglob("*.*")):
        if path.is_file():
            cut(path)
    assert errors(home)
    parts = {one.part for one in torn.look(home / "db")}
    assert parts == {Part.MANIFEST}
    assert whole.told(str(home / "db"), "memories_1")
    assert stores.examine(engine_at(home.parent / "nowhere"), deep=False)[0].finding.ok

"""Row stores say what the table says, of the version that is read, and are missed by nobody."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memcli.model import Memory, Trust
from memcli.storage import roaring
from memcli.storage.lance import ROW, connected
from memcli.storage.lexical import as_terms
from memcli.storage.meaning import meaning_of
from memcli.storage.memories import Memories
from memcli.storage.predicates import (
    IS_FACT,
    IS_TURN,
    after,
    all_of,
    any_of,
    at_least,
    before,
    differs,
    equals,
    has_tag,
    is_empty,
    is_filled,
    is_in,
    since,
)
from memcli.storage.rows import MEMORY_FIELDS, vectors_of
from memcli.storage.rowstore import at_hand, layout, making, reading, writing
from memcli.storage.rowstore.at_hand import AtHand
from memcli.storage.rowstore.postings import LENGTHS, POSTINGS, VOCABULARY
from memcli.storage.rowstore.table import RowStoredTable
from memcli.storage.seeking import Seeker
from tests.storage.mixture import AT_HAND, DIMENSION, MADE, memory, mixed, store, vectors, with_row_stores

COUNT = 240


def varied() -> list[Memory]:
    """Memories with everything that a memory can have, with nothing, turns, and in every state."""
    later = [MADE + timedelta(microseconds=n) for n in range(4)]
    full = memory(
        "f" * 40,
        "Größe 🦦 \x00 \u2028 'quoted' \"twice\"\n" + "long " * 5000,
        title="A title of its own",
        space="späce",
        agent="bot",
        team="reef",
        visibility="team",
        importance=0.125,
        tags=("rare", "with \x1f, comma", "日本"),
        metadata={"deep": {"list": [1, None, "ü"]}},
        source="notes.md",
        conversation="talk",
        position=7,
        speaker="Maria",
        expires_at=later[1],
        forgotten_at=later[2],
        uses=12,
        used_at=later[3],
        replaces="m00001",
        replaced_at=later[2],
        replaced_by="m00002",
        replaced_reason="because",
        replaced_confidence=0.75,
        trust=Trust.IMPORTED,
    )
    turns = [
        memory(f"t{n:03}", f"turn {n}?", conversation="talk", position=n, speaker=f"S{n % 3}")
        for n in range(20)
    ]
    return [*mixed(COUNT, seed=3), full, *turns]


@pytest.fixture(scope="module", params=AT_HAND)
def some(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Memories:
    """A table with all kinds of memories, one of which is deleted already, all of them at hand."""
    memories = store(tmp_path_factory.mktemp("some") / "store")
    made = varied()
    memories.add([*made, memory("gone")], vectors(len(made) + 1))
    memories.table.delete_keys(["gone"])
    request.param(memories)
    return memories


def everything(memories: Memories) -> pa.Table:
    """All rows, with all columns that a row store knows, as LanceDB has them."""
    return memories.table.rows("", [*layout.KEPT, ROW])


def stores_of(memories: Memories) -> AtHand:
    """The row stores, of which there are some."""
    assert memories.table.at_hand is not None
    return memories.table.at_hand


def as_lists(rows: pa.Table) -> dict[str, list[Any]]:
    """The columns of *rows*, in the order of the ids; nothing and an empty text or list are one."""
    found = rows.sort_by("id")
    return {name: [value or None for value in found[name].to_pylist()] for name in rows.column_names}


def test_rows_are_those_of_the_table(some: Memories) -> None:
    """Every column of every row, to the last microsecond and character."""
    every = everything(some)
    numbers = every[ROW].to_numpy()
    found = stores_of(some).rows(numbers, "", layout.KEPT)
    assert found is not None
    assert len(found.missing) == 0
    assert as_lists(found.rows.select(layout.KEPT)) == as_lists(every.select(layout.KEPT))
    types = {name: found.rows.schema.field(name).type for name in layout.KEPT}
    assert types == {name: every.schema.field(name).type for name in layout.KEPT}
    assert np.array_equal(vectors_of(found.rows.sort_by(ROW)), vectors_of(every.sort_by(ROW)))


def test_memories_are_those_of_the_table(some: Memories) -> None:
    """Whoever is looked up by name gets the same, be its place known or not."""
    names = [m.id for m in varied()]
    plain = some.with_ids(names)
    some.table.note_places(everything(some))
    found = some.table.memories(names)
    assert found is not None
    assert {m.id: m for m in found} == plain
    assert some.table.memories([*names, "nosuch"]) is None


def test_some_rows_in_any_order_and_none(some: Memories) -> None:
    """A row that is not there is missing: of another fragment, deleted before, behind the last."""
    numbers = everything(some)[ROW].to_numpy()
    chosen = np.concatenate((numbers[::-7], [np.uint64(1 << 60), numbers.max() + np.uint64(9)]))
    found = stores_of(some).rows(chosen, "", ["id"])
    assert found is not None
    assert found.missing.tolist() == chosen[-2:].tolist()
    assert set(found.rows[ROW].to_pylist()) == set(chosen[:-2].tolist())
    nothing = stores_of(some).rows(np.empty(0, np.uint64), "", [*COLUMNS])
    assert nothing is not None
    assert (len(nothing.rows), nothing.rows.column_names) == (0, [*COLUMNS, ROW])


COLUMNS = ("id", "space", "tags", "created_at", "importance", "asks", "vector")

MOMENTS = [MADE, MADE + timedelta(hours=1), MADE - timedelta(days=400), datetime(2100, 1, 1, tzinfo=UTC)]
TEXTS = ["", "large", "small", "me", "you", "talk", "späce", "it's"]

tested = st.one_of(
    st.builds(equals, st.sampled_from(["space", "user", "conversation", "team"]), st.sampled_from(TEXTS)),
    st.builds(differs, st.sampled_from(["space", "conversation", "speaker"]), st.sampled_from(TEXTS)),
    st.builds(is_in, st.sampled_from(["space", "user"]), st.lists(st.sampled_from(TEXTS), max_size=3)),
    st.builds(is_in, st.just("position"), st.lists(st.integers(0, 20), max_size=3)),
    st.builds(equals, st.just("asks"), st.booleans()),
    st.builds(is_empty, st.sampled_from(["position", "forgotten_at", "replaced_by", "replaced_confidence"])),
    st.builds(is_filled, st.sampled_from(["expires_at", "used_at", "replaced_at", "text"])),
    *(
        st.builds(test, st.sampled_from(["created_at", "expires_at", "used_at"]), st.sampled_from(MOMENTS))
        for test in (before, after, since)
    ),
    st.builds(at_least, st.sampled_from(["importance", "replaced_confidence"]), st.floats(0, 1)),
    st.sampled_from([IS_TURN, IS_FACT]),
)
conditions = st.recursive(
    tested,
    lambda parts: st.one_of(
        st.builds(all_of, parts, parts),
        st.builds(any_of, parts, parts),
        st.builds(all_of, parts, parts, parts),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=conditions)
def test_a_condition_means_what_lancedb_makes_of_it(some: Memories, where: str) -> None:
    """Of what is nothing, too: neither equal nor unequal to anything."""
    assert meaning_of(where) is not None
    numbers = everything(some)[ROW].to_numpy()
    found = stores_of(some).rows(numbers, where, ["id"])
    assert found is not None
    assert set(found.rows["id"].to_pylist()) == set(some.ids(where))


def test_what_only_lancedb_can_tell_is_left_to_it(some: Memories) -> None:
    """Conditions on tags, in SQL of one's own, on columns that are not kept; and such columns."""
    numbers, stores = everything(some)[ROW].to_numpy(), stores_of(some)
    for where in (has_tag("tags", "rare"), "space = 'large'", equals("fingerprint", "x"), "facets IS NULL"):
        assert stores.rows(numbers, where, ["id"]) is None
        assert stores.rows(numbers, all_of(equals("user", "me"), where), ["id"]) is None
        assert stores.share(where) is None
    assert stores.rows(numbers, "", ["id", "words"]) is None
    assert stores.share(equals("conversation", "talk")) is None


def test_places_are_known(some: Memories) -> None:
    """How much is there, and which rows are."""
    stores, every = stores_of(some), everything(some)
    texts = some.table.rows("", ["words"])["words"].to_pylist()
    terms = sorted({term for of_text in as_terms(texts) for term in of_text})
    for place in (
        equals("space", "small"),
        all_of(equals("space", "large"), equals("user", "me")),
        any_of(equals("user", "you"), is_in("team", ["reef"])),
        equals("space", "nowhere"),
    ):
        inside = set(some.table.rows(place, ["id", ROW])[ROW].to_pylist())
        assert stores.share(place) == pytest.approx(len(inside) / len(every))
        held = stores.held({at: [term] for at, term in enumerate(terms)}, place, len(every))
        assert held is not None
        assert {number for rows, _ in held.values() for number in rows.tolist()} == inside


def test_the_nearest_in_a_place_are_the_nearest_of_all(some: Memories) -> None:
    """With their cosines; fewer where there are not so many."""
    stores, place = stores_of(some), equals("space", "small")
    inside = some.table.rows(place, ["id", "vector", ROW])
    for seed in range(5):
        vector = vectors(1, seed=seed)[0]
        exact = dict(zip(inside[ROW].to_pylist(), (vectors_of(inside) @ vector).tolist(), strict=True))
        for wanted in (3, 10_000):
            found = stores.nearest(vector, place, wanted)
            assert found is not None
            best = sorted(exact, key=lambda number: -exact[number])[:wanted]
            assert found[0].tolist() == best
            assert found[1] == pytest.approx([exact[number] for number in best], abs=1e-5)


@pytest.mark.parametrize(("in_two", "answers"), [(10_000, True), (1, False)])
def test_only_many_vectors_take_another_thread(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch, in_two: int, answers: bool
) -> None:
    """A place may be in thousands of pieces. Where a thread can't be had, LanceDB is asked."""

    def refused(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refused)
    monkeypatch.setattr(reading, "IN_TWO", in_two)
    found = stores_of(fresh).nearest(vectors(1, seed=3)[0], equals("space", "small"), 3)
    assert (found is not None) == answers


def test_vectors_of_another_length_than_1_are_left_to_lancedb(tmp_path: Path) -> None:
    """A product is no cosine then."""
    memories = store(tmp_path / "store")
    memories.add(mixed(50, seed=1), 3.0 * vectors(50))
    with_row_stores(memories)
    vector = vectors(1, seed=8)[0]
    assert stores_of(memories).nearest(vector, equals("space", "large"), 5) is None
    found = memories.found(vector, [], equals("space", "large"), nearest=5, holding=0)
    assert len(found) == 5


# --- what is written later ---


@pytest.fixture
def fresh(tmp_path: Path) -> Memories:
    """A table of 300 memories with a row store, for a test of its own."""
    memories = store(tmp_path / "store")
    memories.add(mixed(300, seed=9), vectors(300, seed=9))
    memories.table.tidy()
    with_row_stores(memories)
    return memories


def nearest(memories: Memories, vector: Any, place: str = "") -> str:
    """The memory that is nearest to *vector*."""
    found = memories.found(vector, ["otter"], place, nearest=3, holding=20, place=place)
    return found.ids[int(np.nanargmax(found.cosine))]


@pytest.mark.parametrize("count", [1, 120])
def test_what_is_deleted_is_not_found(fresh: Memories, count: int) -> None:
    """Few or many, by its vector, its words and its name, in a place or anywhere."""
    gone = [f"m{n:05}" for n in range(count)]
    place = equals("space", "large")
    fresh.table.note_places(everything(fresh))
    fresh.table.delete_keys(gone)
    for vector in vectors(300, seed=9)[:count:17]:
        for where in ("", place):
            found = fresh.found(vector, ["otter"], where, nearest=20, holding=300, place=where)
            assert not set(gone).intersection(found.ids)
            assert len(found) >= 20
    assert fresh.with_ids(gone) == {}


def test_a_store_made_after_a_deletion_is_not_all_of_the_version_before(fresh: Memories) -> None:
    """Whoever still reads that one, or goes back to it, finds what was deleted since."""
    assert fresh.table.row_folder is not None
    other = Memories.open(connected(fresh.table.row_folder.parent), "memories_1", DIMENSION)
    assert other.table.version == fresh.table.version
    for path in kept(fresh):
        shutil.rmtree(path)
    fresh.table.delete_keys(["m00005"])
    with_row_stores(fresh)
    assert stores_of(fresh).is_whole
    assert not stores_of(other).is_whole
    vector = vectors(300, seed=9)[5]
    place = equals("space", other.with_ids(["m00005"])["m00005"].space)
    assert nearest(other, vector, place) == "m00005"
    assert nearest(fresh, vector, place) != "m00005"
    before = fresh.table.version - 1
    fresh.table.write(lambda table: table.restore(before))
    fresh.table.refresh()
    assert nearest(fresh, vector, place) == "m00005"


def test_many_deletions_are_in_a_bitmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says holds; if it can't be read, LanceDB is asked."""
    memories, count = store(tmp_path / "store"), 12_000
    memories.add([memory(f"m{n:05}", f"otter {n}") for n in range(count)], vectors(count))
    memories.table.tidy()
    with_row_stores(memories)
    memories.table.delete("id < 'm09000'")
    version = memories.table._manifest
    assert version is not None
    assert [Path(f.deletions.path).suffix for f in version.fragments if f.deletions] == [".bin"]
    assert stores_of(memories).is_whole
    place = equals("space", "large")

    def found() -> list[tuple[str, ...]]:
        some = vectors(count)[:9_000:1_500]
        every = [memories.found(vector, ["otter"], "", nearest=50, holding=50) for vector in some]
        inside = [memories.found(vector, [], place, nearest=50, holding=0, place=place) for vector in some]
        return [one.ids for one in (*every, *inside)]

    with_bitmap = found()
    assert min(map(min, with_bitmap)) >= "m09000"
    (memories.table.row_folder or Path()).joinpath("another look").mkdir()
    monkeypatch.setattr(roaring, "numbers", lambda _: np.empty(0, np.int64))
    assert not stores_of(memories).is_whole
    assert min(map(min, found())) >= "m09000"


def test_what_is_changed_or_new_is_found_as_it_is(fresh: Memories) -> None:
    """It is in another fragment, which has no row store, until somebody makes one."""
    was = fresh.with_ids(["m00005"])["m00005"]
    vector = vectors(300, seed=9)[5]
    fresh.put([replace(was, text="quagmire", space="small")], vector[None])
    fresh.add([memory("new", "quagmire")], vectors(1, seed=77))
    assert stores_of(fresh).is_whole
    found = fresh.found(vector, ["quagmire"], "", nearest=5, holding=5)
    assert {"m00005", "new"} <= set(found.ids)
    assert found.space[found.index["m00005"]] == "small"
    assert nearest(fresh, vector, equals("space", "small")) == "m00005"
    assert nearest(fresh, vectors(1, seed=77)[0], equals("space", "large")) == "new"
    assert fresh.with_ids(found.ids)["m00005"].text == "quagmire"
    fresh.table.tidy()
    with_row_stores(fresh)
    assert stores_of(fresh).is_whole
    assert fresh.with_ids(fresh.found(None, ["quagmire"], "", nearest=0, holding=5).ids).keys() == {
        "m00005",
        "new",
    }


def test_a_search_begun_before_a_write_is_begun_again(fresh: Memories) -> None:
    """Numbers of rows hold for one version."""
    begun = fresh.begun(["otter"], "", holding=300, place="")
    assert begun is not None
    name = fresh.found(None, ["otter"], "", nearest=0, holding=300).ids[0]
    fresh.table.delete_keys([name])
    fresh.table.refresh()
    found = fresh.found(None, ["otter"], "", nearest=0, holding=300, begun=begun)
    plain = fresh.found(None, ["otter"], "", nearest=0, holding=300)
    assert set(found.ids) == set(plain.ids)
    assert name not in found.ids


def test_a_search_begun_before_a_write_of_its_own_is_begun_again(fresh: Memories) -> None:
    """The table stays the same, the version does not."""
    begun = fresh.begun(["otter"], "", holding=300, place="")
    assert begun is not None
    assert begun.answers.result()
    name = fresh.found(None, ["otter"], "", nearest=0, holding=300).ids[0]
    fresh.table.delete_keys([name])
    assert name not in fresh.found(None, ["otter"], "", nearest=0, holding=300, begun=begun).ids


@pytest.mark.parametrize("inside", ["", "small"])
def test_terms_are_looked_for_once(fresh: Memories, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    """What was begun is what is used."""
    asked: list[str] = []
    holding, held = Seeker._words, AtHand.held

    def noting(seeker: Any, question: Any) -> Any:
        asked.append(question.text)
        return holding(seeker, question)

    def noting_all(stores: Any, terms: Any, place: str, wanted: int) -> Any:
        asked.extend(term for some in terms.values() for term in some)
        return held(stores, terms, place, wanted)

    monkeypatch.setattr(Seeker, "_words", noting)
    monkeypatch.setattr(AtHand, "held", noting_all)
    place = equals("space", inside) if inside else ""
    begun = fresh.begun(["otter", "kelp"], place, holding=20, place=place)
    found = fresh.found(None, ["otter", "kelp"], place, nearest=0, holding=20, place=place, begun=begun)
    assert sorted(asked) == ["kelp", "otter"]
    assert found.ids == fresh.found(None, ["otter", "kelp"], place, nearest=0, holding=20).ids


# --- made, removed, damaged ---


def folder(memories: Memories) -> Path:
    """Where the row stores are."""
    assert memories.table.row_folder is not None
    return memories.table.row_folder


def kept(memories: Memories) -> Iterator[Path]:
    """The directories of the row stores."""
    return (path for path in folder(memories).iterdir() if path.is_dir())


def moved(memories: Memories) -> None:
    """Write everything anew."""
    memories.move(is_filled("id"), "elsewhere", MADE)


def test_only_the_owner_can_read_them(fresh: Memories) -> None:
    """They hold what the table holds."""
    for path in (folder(fresh), *kept(fresh)):
        assert path.stat().st_mode & 0o077 == 0


def test_those_of_gone_fragments_go(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what a killed maker has left, which nobody takes for one."""
    monkeypatch.setattr(at_hand, "REST_MOST", 0)
    [one] = kept(fresh)
    (folder(fresh) / f"{making.MAKING}-{one.name}").mkdir()
    moved(fresh)
    fresh.table.tidy(leftovers=True)
    assert list(kept(fresh)) == []
    assert fresh.table.at_hand is None
    with_row_stores(fresh)
    [other] = kept(fresh)
    assert other.name != one.name


def test_they_are_made_where_they_pay_and_not_all_the_time(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large fragments only; a twentieth of the time at most goes into them."""
    moved(fresh)
    fresh.table.tidy()
    fresh.table.make_row_stores()
    assert list(kept(fresh)) == []
    monkeypatch.setattr(making, "WORTH", 300)
    (folder(fresh) / making.TOOK).write_text("0.0")
    assert fresh.table.lacks_row_stores
    (folder(fresh) / making.TOOK).write_text("60.0")
    assert not fresh.table.lacks_row_stores
    fresh.table.make_row_stores()
    assert list(kept(fresh)) == []
    (folder(fresh) / making.TOOK).write_text("no number")
    assert fresh.table.lacks_row_stores
    fresh.table.make_row_stores()
    assert len(list(kept(fresh))) == 1
    assert not fresh.table.lacks_row_stores
    assert float((folder(fresh) / making.TOOK).read_text()) > 0


def test_a_disk_that_is_nearly_full_is_not_filled(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """A purge and a backup need room."""
    moved(fresh)
    fresh.table.tidy(leftovers=True)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=300 * 1_000))
    monkeypatch.setattr(making, "WORTH", 1)
    (folder(fresh) / making.TOOK).unlink()
    fresh.table.make_row_stores()
    assert list(kept(fresh)) == []
    assert not fresh.table.lacks_row_stores  # it is not asked all the time


def test_where_they_cannot_be_they_are_never_due(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file at their place, or a directory of somebody else."""
    shutil.rmtree(folder(fresh))
    monkeypatch.setattr(at_hand, "REST_MOST", 0)
    monkeypatch.setattr(making, "WORTH", 1)
    assert fresh.table.lacks_row_stores
    folder(fresh).write_text("not a directory")
    assert not fresh.table.lacks_row_stores
    fresh.table.make_row_stores()
    assert fresh.table.at_hand is None
    folder(fresh).unlink()
    monkeypatch.setattr("os.access", lambda *_: False)
    assert not fresh.table.lacks_row_stores


def test_a_number_that_is_none_is_for_lancedb(tmp_path: Path) -> None:
    """It takes it for larger than all others, and nothing for unknown: a row store can't tell them apart."""
    memories = store(tmp_path / "store")
    memories.add([memory(f"m{n}", importance=float("nan")) for n in range(9)], vectors(9))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(making, "WORTH", 1)
        memories.table.make_row_stores()
        assert not memories.table.lacks_row_stores  # not all the time
    assert memories.table.at_hand is None


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), MemoryError(), KeyboardInterrupt()], ids=repr
)
def test_a_maker_that_fails_leaves_nothing(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """But when it was, so that it is not tried all the time. Want of room is no reason to fail; Ctrl-C is."""
    moved(fresh)
    fresh.table.tidy(leftovers=True)
    (folder(fresh) / making.TOOK).unlink()

    def failing(folder: Path) -> None:
        raise error

    monkeypatch.setattr(writing, "_assure", failing)
    monkeypatch.setattr(making, "WORTH", 1)
    if isinstance(error, Exception):
        fresh.table.make_row_stores()
    else:
        with pytest.raises(KeyboardInterrupt):
            fresh.table.make_row_stores()
    assert [path.name for path in folder(fresh).iterdir()] == [making.TOOK]
    assert not fresh.table.lacks_row_stores
    assert len(fresh.found(None, ["otter"], "", nearest=0, holding=20)) >= 20


FILES = (layout.ROWS, layout.HEAP, layout.POSITIONS, layout.OFFSETS, POSTINGS, LENGTHS, VOCABULARY)


@pytest.mark.parametrize("name", [layout.ABOUT, *FILES])
@pytest.mark.parametrize("how", ["gone", "short", "nonsense"])
@pytest.mark.parametrize("is_large", [True, False])
def test_one_that_is_damaged_is_as_none(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch, name: str, how: str, *, is_large: bool
) -> None:
    """Nobody notices: LanceDB is asked, or all of it is read, if that is little."""
    monkeypatch.setattr(at_hand, "REST_MOST", 0 if is_large else 500)
    [one] = kept(fresh)
    vector, place = vectors(300, seed=9)[7], equals("space", "large")
    expected = nearest(fresh, vector)
    path = one / name
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] if how == "short" else b"{}")
    fresh.table.refresh()
    fresh.table.write(lambda table: table.delete("id = 'nosuch'"))
    (folder(fresh) / "touched").mkdir()  # another look
    assert nearest(fresh, vector) == expected
    assert nearest(fresh, vector, place) in {expected, nearest(fresh, vector, place)}
    assert (fresh.table.at_hand is None) is is_large


def test_one_that_is_damaged_while_it_is_open_is_as_none(fresh: Memories) -> None:
    """It was cut short since."""
    [one] = kept(fresh)
    vector, place = vectors(300, seed=9)[7], equals("space", "large")
    expected = [nearest(fresh, vector), nearest(fresh, vector, place)]
    for name in FILES:
        (one / name).write_bytes(b"")
    assert [nearest(fresh, vector), nearest(fresh, vector, place)] == expected
    found = fresh.found(vector, ["otter"], "", nearest=9, holding=9)
    assert fresh.with_ids(found.ids).keys() == set(found.ids)


def test_about_says_nothing_that_the_disk_does_not_hold(fresh: Memories) -> None:
    """Sizes are looked at when it is opened."""
    [one] = kept(fresh)
    said = json.loads((one / layout.ABOUT).read_text())
    assert said["sizes"] == {
        path.name: path.stat().st_size for path in one.iterdir() if path.name != layout.ABOUT
    }
    assert (said["rows"], said["records"]) == (300, 300)


def test_a_table_that_is_not_there_has_none() -> None:
    """Nor needs any."""
    absent = Memories.absent()
    assert isinstance(absent.table, RowStoredTable)
    assert absent.table.at_hand is None
    absent.table.make_row_stores()
    assert absent.table.memories(["x"]) is None
    assert absent.begun(["otter"], "", holding=5, place="") is None


def test_ids_of_many_lengths_and_none_that_is_short(tmp_path: Path) -> None:
    """Long ones are kept elsewhere; what comes out is the same."""
    memories = store(tmp_path / "store")
    some = [memory("x" * (1 + n * 7), f"otter {n}") for n in range(30)]
    memories.add(some, vectors(30))
    with_row_stores(memories)
    memories.table.note_places(everything(memories))
    found = memories.table.memories([m.id for m in some])
    assert found is not None
    assert {m.id: m.text for m in found} == {m.id: m.text for m in some}
    assert sorted(MEMORY_FIELDS) == sorted(f for f in MEMORY_FIELDS if hasattr(found[0], f))

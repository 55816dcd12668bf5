"""The terms of a row store say of each row what LanceDB's index of words says of it."""

import secrets
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcli.storage import native
from memcli.storage.indexes import TEXT_INDEX, make_text
from memcli.storage.lance import ROW
from memcli.storage.lexical import TOKENIZER, as_terms
from memcli.storage.memories import Memories
from memcli.storage.predicates import all_of, equals
from memcli.storage.rows import WORDS
from memcli.storage.rowstore import beside, cutting, layout, making
from memcli.storage.rowstore.beside import RowStores
from memcli.storage.rowstore.table import RowStoredTable
from memcli.storage.rowstore.terms import Terms
from memcli.storage.seeking import Seeker
from tests.storage.mixture import memory, store, vectors, with_row_stores

TEXTS = (
    "The production database is PostgreSQL 16, databases are backed up at 02:30",
    "Wir gießen die Blumen; größere Töpfe stehen draußen",
    "データベースは東京にあります。バックアップは毎晩です",
    "我们的数据库在上海，每晚备份",
    "ฐานข้อมูลอยู่ที่กรุงเทพ",
    "camelCaseName snake_case_name kebab-case-name HTTP2Server v1.2.3 a@b.example https://x.example/y?z=1",
    "don't can't o'clock naïve café résumé e\u0301te\u0301",
    "🦦🦦 otter 👩‍👩‍👧 family",
    "x" * 200 + " after something long",
    "the of and",
    "",
    "tabs\tand\nlines\r\nand\fforms\vand\u00a0spaces\u3000of\u2028many\u202fkinds",
    "again again again otter again",
)

SPACE = equals("space", "large")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Memories:
    """A table of texts in many scripts, all in one space of two, with an index of words and a row store."""
    memories = store(tmp_path_factory.mktemp("told") / "store")
    here = [memory(f"m{n:02}", text, title=text[:40]) for n, text in enumerate(TEXTS)]
    there = [memory(f"t{n:02}", f"{text} otter", space="small") for n, text in enumerate(TEXTS)]
    memories.add([*here, *there], vectors(2 * len(TEXTS)))
    memories.table.write(make_text)
    memories.table.refresh()
    with_row_stores(memories)
    return memories


def row_stores(memories: Memories) -> RowStores:
    """The row stores, of which there are some."""
    assert memories.table.row_stores is not None
    return memories.table.row_stores


def scores(memories: Memories, term: str) -> dict[int, float]:
    """The scores that the index of words gives, by the number of the row."""

    def ask(table: Any) -> pa.Table:
        query = table.search(term, query_type="fts", fts_columns=WORDS).select(["_score"])
        return query.with_row_id(True).limit(1_000).to_arrow()

    rows = memories.table.read(ask, None)
    return dict(zip(rows[ROW].to_pylist(), rows["_score"].to_pylist(), strict=True))


def test_a_score_is_that_of_the_index(told: Memories) -> None:
    """For every term of every text, to the last digits that 32 bits have; and the same rows have one."""
    found = told.table.rows("", ["id", "words", "space", ROW]).to_pylist()
    inside = {row[ROW] for row in found if row["space"] == "large"}
    terms = sorted({term for row in found for term in native.tokenized(row["words"], TOKENIZER)})
    assert len(terms) > 60
    held = row_stores(told).held(terms, SPACE)
    assert held is not None
    compared = 0
    for place, term in enumerate(terms):
        stem_is_itself = native.tokenized(term, TOKENIZER) == [term]
        if not stem_is_itself:  # or the index would be asked for another one
            continue
        expected = {row: score for row, score in scores(told, term).items() if row in inside}
        numbers, values = (some.tolist() for some in held.best(place, 1_000))
        assert dict(zip(numbers, values, strict=True)) == pytest.approx(expected, rel=1e-5)
        assert values == sorted(values, reverse=True)
        compared += 1
    assert compared > 50


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1], ()])
def test_many_texts_are_cut_as_each_by_itself(texts: tuple[str, ...]) -> None:
    """Nothing of one gets into the next."""
    assert as_terms(texts) == [native.tokenized(text, TOKENIZER) for text in texts]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["M", "Cf"])), max_size=6))
@settings(deadline=None, max_examples=150)
def test_whatever_is_written_is_cut_as_by_itself(texts: list[str]) -> None:
    """And so are its words, where it is parted at white space. Marks belong to what is before them."""
    whole = [native.tokenized(text, TOKENIZER) for text in texts]
    assert as_terms(texts) == whole
    for text, terms in zip(texts, whole, strict=True):
        words = [word for line in text.splitlines() for word in line.replace("\t", " ").split(" ")]
        assert list(chain.from_iterable(as_terms(words))) == terms


def test_texts_that_can_not_be_told_apart_are_cut_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """If somebody wrote the very word that parts them."""
    monkeypatch.setattr(secrets, "choice", lambda _: "q")
    texts = ["otter", f"kelp {'q' * 32} reef", "tide"]
    assert as_terms(texts) == [["otter"], ["kelp", "q" * 32, "reef"], ["tide"]]


@pytest.mark.parametrize("at_once", [1, 3, 1_000])
def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Neither those that are read nor those that are written; a record may have none of a text's words."""
    monkeypatch.setattr(cutting, "WRITTEN_AT_ONCE", at_once)
    monkeypatch.setattr(cutting, "CUT_AT_ONCE", at_once)
    order = np.random.default_rng(5).permutation(len(TEXTS))
    batches = [
        (np.arange(at, min(at + 4, len(TEXTS)))[::-1], pa.array(TEXTS[at : at + 4][::-1]))
        for at in range(0, len(TEXTS), 4)
    ]
    kind, with_terms = cutting.write(iter(batches), order, tmp_path)
    terms, plain = Terms(tmp_path, kind), as_terms(TEXTS)
    assert with_terms == sum(map(bool, plain))
    assert terms.length == sum(map(len, plain))
    every = sorted({term for some in plain for term in some})
    known = [terms.known(term) for term in every]
    assert [holders for _, holders in known] == [sum(term in some for some in plain) for term in every]
    assert terms.known("nosuchword") == (-1, 0)
    numbers = [number for number, _ in known]
    for start, end in ((0, len(TEXTS)), (2, 7), (len(TEXTS) - 1, len(TEXTS)), (3, 3)):
        counts = terms.counts([*numbers, -1], terms.bounds(start, end))
        rows = [plain[row] for row in order[start:end]]
        assert counts.tolist() == [[some.count(term) for some in rows] for term in [*every, "nosuchword"]]


# --- beside what has no row store ---


def names(memories: Memories, term: str, where: str = SPACE, *, place: str | None = None) -> list[str]:
    """What holds *term* in a place, which *where* is unless it is told, the best first."""
    place = where if place is None else place
    found = memories.found(None, [term], where, nearest=0, holding=50, place=place)
    order = sorted(range(len(found)), key=lambda place: -found.term_scores[0][place])
    return [found.ids[place] for place in order]


@pytest.fixture
def fresh(tmp_path: Path) -> Memories:
    """Forty memories with a row store, in two spaces."""
    memories = store(tmp_path / "store")
    spaces = ["large", "small"] * 20
    memories.add([memory(f"m{n:02}", f"kelp {n}", space=s) for n, s in enumerate(spaces)], vectors(40))
    memories.table.tidy()
    with_row_stores(memories)
    return memories


def test_what_is_new_is_found_beside_it(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its place only, among others by its score, until it is deleted; no index is asked for it."""
    monkeypatch.setattr(Seeker, "_words", None)
    assert names(fresh, "quagmire") == []
    new = [memory("n1", "quagmire kelp"), memory("n2", "kelp kelp kelp"), memory("n3", "kelp", space="small")]
    fresh.add(new, vectors(3, seed=4))
    assert names(fresh, "quagmire") == ["n1"]
    assert names(fresh, "kelp")[0] == "n2"
    assert set(names(fresh, "kelp")) == {"n1", "n2", *(f"m{n:02}" for n in range(0, 40, 2))}
    assert names(fresh, "kelp", equals("space", "small"))[0] == "n3"
    fresh.table.delete_keys(["n2", "m04"])
    assert not {"n2", "m04"} & set(names(fresh, "kelp"))
    nearest = fresh.found(vectors(3, seed=4)[1], [], SPACE, nearest=50, holding=0, place=SPACE)
    assert {"n1", "m02"} <= set(nearest.ids)
    assert not {"n2", "n3", "m04"} & set(nearest.ids)


@pytest.mark.parametrize("where", ["", "importance >= 0.5", all_of(SPACE, "importance >= 0.5")])
def test_what_no_index_knows_is_read_once(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever is asked for, and the index of words is asked for what it knows: the same is found."""
    new = [
        memory("n1", "quagmire kelp", importance=0.9),
        memory("n2", "kelp kelp kelp", importance=0.9),
        memory("n3", "kelp quagmire", space="small", importance=0.9),
        memory("n4", "kelp", importance=0.1),
    ]
    fresh.add(new, vectors(4, seed=4))
    fresh.table.delete_keys(["n2"])
    assert row_stores(fresh).unknown_to(TEXT_INDEX).tolist() == row_stores(fresh).rest.tolist()
    asked: list[bool] = []
    words = Seeker._words

    def noting(seeker: Seeker, question: Any, indexed_only: bool) -> Any:
        asked.append(indexed_only)
        return words(seeker, question, indexed_only)

    monkeypatch.setattr(Seeker, "_words", noting)
    terms = ("kelp", "quagmire", "quagmire kelp")  # the last is two, which are asked for as ever
    found = [sorted(names(fresh, term, where, place="")) for term in terms]
    assert set(asked[:2]) == {True}
    with monkeypatch.context() as patched:
        patched.setattr(RowStoredTable, "row_stores", None)
        plain = [
            sorted(names(fresh, term, where, place="")) for term in ("kelp", "quagmire", "quagmire kelp")
        ]
    assert found == plain
    assert "n1" in found[1]
    assert set(asked[-3:]) == {False}


def test_an_index_that_knows_little_is_told(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then LanceDB goes through what the index does not know."""
    assert not len(row_stores(fresh).unknown_to(TEXT_INDEX))
    assert not len(row_stores(fresh).unknown_to("nosuch_idx"))
    fresh.add([memory("n1", "reef"), memory("n2", "reef")], vectors(2, seed=4))
    assert len(row_stores(fresh).unknown_to(TEXT_INDEX)) == 2
    monkeypatch.setattr(beside, "REST_MOST", 1)
    assert not len(row_stores(fresh).unknown_to(TEXT_INDEX))
    assert names(fresh, "reef", "", place="") == ["n1", "n2"]


def test_what_is_much_is_left_to_lancedb(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are new, rows in a place, and terms of these."""
    asked: list[Any] = []
    words = Seeker._words

    def noting(seeker: Seeker, question: Any, indexed_only: bool) -> Any:
        asked.append(question.text)
        return words(seeker, question, indexed_only)

    monkeypatch.setattr(Seeker, "_words", noting)
    expected = set(names(fresh, "kelp"))
    assert not asked
    for name, value in (("EXACT", 19), ("TERMS_MOST", 39), ("REST_MOST", -1)):
        with monkeypatch.context() as patched:
            patched.setattr(beside, name, value)
            fresh.table.write(lambda table: table.delete("id = 'nosuch'"))
            (fresh.table.row_folder or Path()).joinpath(f"another look {name}").mkdir()
            assert set(names(fresh, "kelp")) == expected
            assert set(asked) == {"kelp"}
        asked.clear()


def test_small_pieces_of_a_large_table_get_their_own(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From as many rows on as are left to be read beside them; those of a small table do not."""
    monkeypatch.setattr(making, "TIME_SHARE", 1e9)
    monkeypatch.setattr(making, "REST_MOST", 5)
    fresh.add([memory(f"n{n}", f"reef {n}") for n in range(5)], vectors(5, seed=6))
    assert not fresh.table.lacks_row_stores
    monkeypatch.setattr(making, "WORTH", 45)
    assert fresh.table.lacks_row_stores
    fresh.table.make_row_stores()
    assert not len(row_stores(fresh).rest)
    assert sum(store.about.records for store in row_stores(fresh)._stores) == 45
    assert names(fresh, "reef")
    fresh.add([memory("o1", "reef")], vectors(1, seed=8))
    assert not fresh.table.lacks_row_stores


def test_layouts_are_told_apart(told: Memories) -> None:
    """A row store without terms is none."""
    version = told.table._manifest
    assert version is not None
    assert layout.key(version.fragments[0]).startswith(f"{layout.LAYOUT}-")
    assert layout.LAYOUT > 1

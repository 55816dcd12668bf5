"""The inverted index of a row store says what LanceDB's index of words says."""

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
from memcli.storage.rowstore import at_hand, cutting, layout, making, postings
from memcli.storage.rowstore.at_hand import AtHand
from memcli.storage.rowstore.postings import UNHEARD, Postings
from memcli.storage.rowstore.table import RowStoredTable
from memcli.storage.scored import highest
from memcli.storage.seeking import Seeker
from tests.storage.mixture import AT_HAND, memory, store, vectors, with_row_stores

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


@pytest.fixture(scope="module", params=AT_HAND)
def told(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Memories:
    """A table of texts in many scripts, in two spaces, with an index of words, and all of it at hand."""
    memories = store(tmp_path_factory.mktemp("told") / "store")
    here = [memory(f"m{n:02}", text, title=text[:40]) for n, text in enumerate(TEXTS)]
    there = [memory(f"t{n:02}", f"{text} otter", space="small") for n, text in enumerate(TEXTS)]
    memories.add([*here, *there], vectors(2 * len(TEXTS)))
    memories.table.write(make_text)
    memories.table.refresh()
    request.param(memories)
    return memories


def row_stores(memories: Memories) -> AtHand:
    """The row stores, of which there are some."""
    assert memories.table.at_hand is not None
    return memories.table.at_hand


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
    held = row_stores(told).held({at: [term] for at, term in enumerate(terms)}, SPACE, 1_000)
    assert held is not None
    compared = 0
    for place, term in enumerate(terms):
        stem_is_itself = native.tokenized(term, TOKENIZER) == [term]
        if not stem_is_itself:  # or the index would be asked for another one
            continue
        expected = {row: score for row, score in scores(told, term).items() if row in inside}
        numbers, values = (some.tolist() for some in held[place])
        assert dict(zip(numbers, values, strict=True)) == pytest.approx(expected, rel=1e-5)
        assert values == sorted(values, reverse=True)
        compared += 1
    assert compared > 50


def test_a_score_for_several_terms_is_that_of_the_index(told: Memories) -> None:
    """The sum of those for each, of all rows that hold any."""
    inside = set(told.table.rows(SPACE, ["id", ROW])[ROW].to_pylist())
    questions = (["otter", "kelp"], ["again", "otter"], ["otter", "nosuchword"], ["nosuchword", "norany"])
    held = row_stores(told).held(dict(enumerate(questions)), SPACE, 1_000)
    assert held is not None
    for at, terms in enumerate(questions):
        expected = {row: score for row, score in scores(told, " ".join(terms)).items() if row in inside}
        numbers, values = (some.tolist() for some in held[at])
        assert dict(zip(numbers, values, strict=True)) == pytest.approx(expected, rel=1e-5)
        assert values == sorted(values, reverse=True)
    assert [len(some) > 0 for some, _ in held.values()] == [True, True, True, False]


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


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the files in *folder*."""
    return {path.name: path.stat().st_size for path in folder.iterdir()}


@pytest.mark.parametrize("at_once", [1, 3, 1_000])
def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Neither those that are read nor those that are written; a record may have none of a text's words."""
    monkeypatch.setattr(cutting, "PUT_AT_ONCE", at_once)
    monkeypatch.setattr(cutting, "CUT_AT_ONCE", at_once)
    order = np.random.default_rng(5).permutation(len(TEXTS))
    batches = [
        (np.arange(at, min(at + 4, len(TEXTS)))[::-1], pa.array(TEXTS[at : at + 4][::-1]))
        for at in range(0, len(TEXTS), 4)
    ]
    kind, with_terms = cutting.write(iter(batches), order, tmp_path)
    index, plain = Postings(tmp_path, sizes(tmp_path), kind), as_terms(TEXTS)
    assert with_terms == sum(map(bool, plain))
    assert index.length == sum(map(len, plain))
    assert index.lengths.tolist() == [len(plain[row]) for row in order]
    for term in sorted({term for some in plain for term in some}):
        known = index.known(term)
        assert known.holders == sum(term in some for some in plain)
        for ranges in (
            [(0, len(TEXTS))],
            [(2, 7)],
            [(1, 3), (5, 9)],
            [(len(TEXTS) - 1, len(TEXTS))],
            [],
        ):
            records, counts = index.holding(known, ranges)
            here = [record for start, end in ranges for record in range(start, end)]
            expected = {at: count for at in here if (count := plain[order[at]].count(term))}
            assert dict(zip(records.tolist(), counts.tolist(), strict=True)) == expected
    assert index.known("nosuchword") == UNHEARD
    assert [len(some) for some in index.holding(UNHEARD, [(0, len(TEXTS))])] == [0, 0]


@pytest.mark.parametrize("slack", [postings.SLACK, 0])
def test_a_term_is_known_however_its_hash_falls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slack: int
) -> None:
    """Near to where it is expected or far from it, first and last; and so is what nobody wrote."""
    terms = [f"word{n}" for n in range(3_000)]
    texts = [" ".join(terms[at : at + 100]) for at in range(0, len(terms), 100)]
    order = np.arange(len(texts))
    kind, _ = cutting.write(iter([(order, pa.array(texts))]), order, tmp_path)
    monkeypatch.setattr(postings, "SLACK", slack)
    index = Postings(tmp_path, sizes(tmp_path), kind)
    every, ranges = [index.known(term) for term in terms], [(0, len(texts))]
    assert {one.holders for one in every} == {1}
    assert sorted(one.start for one in every) == list(range(len(terms)))
    assert [index.holding(one, ranges)[0].tolist() for one in every] == [[n // 100] for n in range(3_000)]
    assert {index.known(f"otter{n}") for n in range(1_000)} == {UNHEARD}


@pytest.mark.parametrize("texts", [["the of"], ["otter"], []])
def test_there_may_be_next_to_nothing(tmp_path: Path, texts: list[str]) -> None:
    """No row, none with a term, one term."""
    kind, with_terms = cutting.write(
        iter([(np.arange(len(texts)), pa.array(texts, pa.utf8()))]), np.arange(len(texts)), tmp_path
    )
    holds = "otter" in texts
    assert with_terms == holds
    index = Postings(tmp_path, sizes(tmp_path), kind)
    assert index.known("otter").holders == holds
    assert index.known("kelp") == UNHEARD
    assert index.lengths.tolist() == [int(holds)] * len(texts)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, -np.inf]), max_size=20), st.integers(0, 25))
def test_the_highest_are_the_first_of_all_in_order(scores: list[float], wanted: int) -> None:
    """Of equals the first; as many as there are, if these are fewer."""
    expected = sorted(range(len(scores)), key=lambda place: -scores[place])[:wanted]
    assert highest(np.array(scores, dtype=np.float64), wanted).tolist() == expected


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
def test_no_index_is_asked_for_words_that_row_stores_know(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """In no place, too; where LanceDB alone knows a condition, it is asked, and finds the same."""
    new = [
        memory("n1", "quagmire kelp", importance=0.9),
        memory("n2", "kelp kelp kelp", importance=0.9),
        memory("n3", "kelp quagmire", space="small", importance=0.9),
        memory("n4", "kelp", importance=0.1),
    ]
    fresh.add(new, vectors(4, seed=4))
    fresh.table.delete_keys(["n2"])
    asked: list[str] = []
    words = Seeker._words

    def noting(seeker: Seeker, question: Any) -> Any:
        asked.append(question.text)
        return words(seeker, question)

    monkeypatch.setattr(Seeker, "_words", noting)
    terms = ("kelp", "quagmire", "quagmire kelp", "the", "kelp kelp")  # none, and one twice, are LanceDB's
    found = [sorted(names(fresh, term, where, place="")) for term in terms]
    assert asked == ["the", "kelp kelp"]
    assert sorted(names(fresh, "kelp", where)) == found[0]
    assert asked[2:] == ["kelp"] * bool(where)
    with monkeypatch.context() as patched:
        patched.setattr(RowStoredTable, "at_hand", None)
        plain = [sorted(names(fresh, term, where, place="")) for term in terms]
    assert found == plain
    assert "n1" in found[1]


def test_an_index_that_knows_little_is_told(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then LanceDB goes through what the index does not know."""
    assert not len(row_stores(fresh).unknown_to(TEXT_INDEX))
    assert not len(row_stores(fresh).unknown_to("nosuch_idx"))
    fresh.add([memory("n1", "reef"), memory("n2", "reef")], vectors(2, seed=4))
    assert len(row_stores(fresh).unknown_to(TEXT_INDEX)) == 2
    monkeypatch.setattr(at_hand, "REST_MOST", 1)
    assert not len(row_stores(fresh).unknown_to(TEXT_INDEX))
    (fresh.table.row_folder or Path()).joinpath("another look").mkdir()
    assert names(fresh, "reef", "", place="") == ["n1", "n2"]


def test_what_is_much_is_left_to_lancedb(fresh: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are new, and rows in a place that are to be compared."""
    asked: list[str] = []

    def noting(name: str) -> None:
        ask = getattr(Seeker, name)

        def noted(*arguments: Any, **named: Any) -> Any:
            asked.append(name)
            return ask(*arguments, **named)

        monkeypatch.setattr(Seeker, name, noted)

    fresh.add([memory("n1", "kelp")], vectors(1, seed=4))
    noting("_words")
    noting("_near")

    def found() -> set[str]:
        vector = vectors(1, seed=4)[0]
        return set(fresh.found(vector, ["kelp"], SPACE, nearest=50, holding=50, place=SPACE).ids)

    expected = found()
    assert not asked
    for name, value, otherwise in (("EXACT", 19, {"_near"}), ("REST_MOST", -1, {"_near", "_words"})):
        with monkeypatch.context() as patched:
            patched.setattr(at_hand, name, value)
            (fresh.table.row_folder or Path()).joinpath(f"another look {name}").mkdir()
            assert found() == expected
            assert set(asked) == otherwise
        asked.clear()


def test_small_pieces_of_a_large_table_get_their_own(
    fresh: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest of them, until what is left is little; those of a small table do not."""
    monkeypatch.setattr(making, "TIME_SHARE", 1e9)
    monkeypatch.setattr(making, "REST_MOST", 5)
    for at, count in enumerate((2, 4, 3)):
        some = [memory(f"n{at}{n}", f"reef {n}") for n in range(count)]
        fresh.add(some, vectors(count, seed=at))
    assert not fresh.table.lacks_row_stores
    monkeypatch.setattr(making, "WORTH", 49)
    assert fresh.table.lacks_row_stores
    fresh.table.make_row_stores()
    assert [store.count for store in row_stores(fresh)._segments] == [40, 4, 5]  # the last in memory
    assert len(names(fresh, "reef")) == 9
    assert not fresh.table.lacks_row_stores
    fresh.add([memory("o1", "reef")], vectors(1, seed=8))
    assert fresh.table.lacks_row_stores


def test_layouts_are_told_apart(told: Memories) -> None:
    """A row store without terms is none."""
    version = told.table._manifest
    assert version is not None
    assert layout.key(version.fragments[0]).startswith(f"{layout.LAYOUT}-")
    assert layout.LAYOUT > 1

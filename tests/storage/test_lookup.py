"""What a search finds is what a reckoning with all rows finds, whatever is asked and however it is stored."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from lancedb.index import IvfRq
from numpy.typing import NDArray

from memcli.model import Memory
from memcli.storage import lookup, seeking
from memcli.storage.candidates import Candidates
from memcli.storage.indexes import INDEXED_FROM, TEXT_INDEX, VECTOR_INDEX, make_text
from memcli.storage.lance import connected
from memcli.storage.memories import Memories
from memcli.storage.predicates import after, all_of, any_of, equals, has_tag, is_empty, is_in
from memcli.storage.rows import VECTOR, memory_schema, to_table, units
from memcli.storage.rowstore import at_hand
from memcli.storage.seeking import Holding, Near, Seeker
from tests.storage.mixture import (
    CENTRES,
    DIMENSION,
    MADE,
    WORDS,
    around,
    memory,
    mixed,
    store,
    vectors,
    with_row_stores,
)

NOBODY_HOLDS = "zebrafinch"

Test = Callable[[Memory], bool]

ALIVE = all_of(is_empty("forgotten_at"), any_of(is_empty("expires_at"), after("expires_at", MADE)))
CONDITIONS: Mapping[str, tuple[str, Test]] = {
    "all": ("", lambda _: True),
    "alive": (
        ALIVE,
        lambda m: m.forgotten_at is None and (m.expires_at is None or m.expires_at > MADE),
    ),
    "forgotten": ("forgotten_at IS NOT NULL", lambda m: m.forgotten_at is not None),
    "not replaced": ("replaced_at IS NULL", lambda m: m.replaced_at is None),
    "rare tag": (has_tag("tags", "rare"), lambda m: "rare" in m.tags),
    "important": ("importance >= 0.5", lambda m: m.importance >= 0.5),
    "nothing": (has_tag("tags", "never"), lambda _: False),
}
PLACES: Mapping[str, tuple[str, Test]] = {
    "everywhere": ("", lambda _: True),
    "large": (equals("space", "large"), lambda m: m.space == "large"),
    "small": (equals("space", "small"), lambda m: m.space == "small"),
    "mine in small": (
        all_of(equals("space", "small"), equals("user", "me")),
        lambda m: (m.space, m.user) == ("small", "me"),
    ),
    "nowhere": (equals("space", "nowhere"), lambda _: False),
}


@dataclass
class Known:
    """A table, and what was written there.

    How rare a term is, is said of all that has a row store where these are asked: scores differ by a little
    where that is not all.
    """

    memories: Memories
    rows: dict[str, Memory]
    vectors: dict[str, NDArray[np.float32]]
    tolerance: float = 1e-6
    _scores: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, memories: Sequence[Memory], rows: NDArray[np.float32]) -> None:
        """Write *memories* with the vectors *rows*."""
        self.memories.add(memories, rows)
        self.rows |= {memory.id: memory for memory in memories}
        self.vectors |= dict(zip((m.id for m in memories), _as_stored(rows), strict=True))
        self._scores.clear()

    def cosines(self, vector: NDArray[np.float32], among: Iterable[str]) -> dict[str, float]:
        """The cosine of each memory *among* those there are."""
        names = list(among)
        rows = np.array([self.vectors[name] for name in names]).reshape(-1, DIMENSION)
        return dict(zip(names, (rows @ vector).tolist(), strict=True))

    def scores(self, term: str) -> dict[str, float]:
        """The BM25 score of each memory that holds *term*, whatever its state."""
        if term not in self._scores:
            found = self.memories.found(None, [term], "", nearest=0, holding=len(self.rows))
            self._scores[term] = dict(zip(found.ids, found.term_scores[0].tolist(), strict=True))
        scores = self._scores[term]
        assert scores.keys() == {name for name, m in self.rows.items() if term in m.text.split()}
        return scores


def _as_stored(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return units(rows.astype(np.float16).astype(np.float32))


HOW = pytest.mark.parametrize("how", ["columns", "at hand"])


WAYS = ("columns", "row stores", "row stores and a few", "row stores and many")


@pytest.fixture(scope="module", params=WAYS)
def known(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Known]:
    """A store of 900 memories, too small for an index of vectors, written in three pieces.

    With or without row stores, or with such of two pieces, beside which the third is read or is too large.
    """
    some, rows = mixed(900, seed=7), vectors(900, seed=7)
    known = Known(store(tmp_path_factory.mktemp("small") / "store"), {}, {})
    beside_them = " and " in request.param
    for at in range(0, 900, 300):
        if at == 600 and beside_them:
            known.memories.table.tidy()
            with_row_stores(known.memories)
        known.add(some[at : at + 300], rows[at : at + 300])
    if beside_them:
        known.memories.table.write(make_text)  # what is indexed has one score, whatever is asked for
        known.memories.table.refresh()
    else:
        known.memories.table.tidy()
    if request.param == "row stores":
        with_row_stores(known.memories)
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "row stores and a few":
            known.tolerance = 0.1
        if request.param == "row stores and many":
            patched.setattr(at_hand, "REST_MOST", 299)
        stores = known.memories.table.at_hand
        assert (stores is not None) is (request.param != "columns")
        assert stores is None or stores.is_whole is (request.param != "row stores and many")
        yield known


def best(values: Mapping[str, float], wanted: int, fulfilling: set[str]) -> dict[str, float]:
    """The *wanted* best of *values* that are *fulfilling*, and what is as good as the last of them."""
    some = {name: value for name, value in values.items() if name in fulfilling}
    least = sorted(some.values(), reverse=True)[:wanted][-1:]
    return {name: value for name, value in some.items() if least and value >= least[0]}


def by_id(found: Candidates, values: NDArray[np.float64]) -> dict[str, float]:
    """*values*, shape (n,), by memory."""
    return dict(zip(found.ids, values.tolist(), strict=True))


def in_small(memories: Iterable[Memory]) -> set[str]:
    """The ids of those that are in the small space."""
    return {one.id for one in memories if one.space == "small"}


def check(
    known: Known,
    found: Candidates,
    vector: NDArray[np.float32] | None,
    terms: Sequence[str],
    fulfilling: set[str],
    *,
    wanted: int,
    also: Sequence[str] = (),
) -> None:
    """*found* is what a reckoning with all rows gives: the best of each question, and *also*, and no more."""
    named, allowed = set(found.ids), fulfilling.intersection(also)
    assert len(named) == len(found.ids)
    assert named <= fulfilling
    assert named >= allowed
    cosines = known.cosines(vector, fulfilling) if vector is not None else {}
    for name, place in found.index.items():
        given = found.cosine[place]
        assert np.isnan(given) if vector is None else given == pytest.approx(cosines[name], abs=1e-5)
    asked = [(cosines, by_id(found, found.cosine))] if vector is not None else []
    asked += [
        (known.scores(term), {name: score for name, score in by_id(found, row).items() if score})
        for term, row in zip(found.terms, found.term_scores, strict=True)
    ]
    assert found.terms == tuple(terms)
    for values, given in asked:
        top = best(values, wanted, fulfilling)
        strong = sorted((given.get(name, 0.0) for name in top), reverse=True)
        count = min(wanted, len(fulfilling & values.keys()))
        expected = sorted(top.values(), reverse=True)[:count]
        assert strong[:count] == pytest.approx(expected, abs=1e-5, rel=known.tolerance)
        allowed |= top.keys()
    for row, term in zip(found.term_scores, found.terms, strict=True):
        truth = known.scores(term)
        for name, score in zip(found.ids, row.tolist(), strict=True):
            assert score == 0.0 or score == pytest.approx(truth[name], rel=known.tolerance)
    assert named <= allowed


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_found_is_what_a_reckoning_with_all_rows_finds(
    known: Known, place: str, condition: str
) -> None:
    """A small space in a large store, a condition that few fulfil, more asked for than there is, nothing."""
    chance = random.Random(f"{place} {condition}")
    (inside, is_inside), (state, fulfils) = PLACES[place], CONDITIONS[condition]
    fulfilling = {name for name, m in known.rows.items() if is_inside(m) and fulfils(m)}
    for turn in range(8):
        vector = vectors(1, seed=turn)[0] if turn % 4 else None
        terms = chance.sample([*WORDS, NOBODY_HOLDS], chance.randint(0, 4))
        also = [*chance.sample(sorted(known.rows), chance.choice([0, 3])), "nosuch"]
        wanted = chance.choice([1, 4, 30, 2000])
        found = known.memories.found(
            vector,
            terms,
            all_of(inside, state),
            nearest=wanted,
            holding=wanted,
            place=inside,
            also=also,
        )
        check(known, found, vector, terms, fulfilling, wanted=wanted, also=also)


def test_the_same_is_found_if_no_place_is_told(known: Known) -> None:
    """It only says where to begin."""
    vector, where = vectors(1, seed=3)[0], all_of(equals("space", "small"), ALIVE)
    told, untold = (
        known.memories.found(vector, ["kelp"], where, nearest=20, holding=20, place=place)
        for place in (equals("space", "small"), "")
    )
    assert set(told.ids) == set(untold.ids)
    assert len(told) >= 20


def test_nothing_is_asked_and_nothing_found(known: Known, tmp_path: Path) -> None:
    """No term and no vector; a term that nobody holds; a table without rows, and one that is not there."""
    assert len(known.memories.found(None, [], "", nearest=5, holding=5)) == 0
    found = known.memories.found(None, [], "", nearest=5, holding=5, also=["m00001", "nosuch"])
    assert found.ids == ("m00001",)
    nobody = known.memories.found(None, [NOBODY_HOLDS], "", nearest=5, holding=5)
    assert (len(nobody), nobody.terms, nobody.term_scores.shape) == (0, (NOBODY_HOLDS,), (1, 0))
    for empty in (store(tmp_path / "store"), Memories.absent()):
        found = empty.found(vectors(1)[0], ["otter"], ALIVE, nearest=5, holding=5, also=["m00001"])
        assert (len(found), found.term_scores.shape) == (0, (1, 0))
        assert len(found.vectors.places) == 0


def test_a_term_whose_best_are_all_forgotten_is_asked_for_again(tmp_path: Path) -> None:
    """Though enough is found of all others: each question gets as much as it asked for."""
    known = Known(store(tmp_path / "store"), {}, {})
    gone = [memory(f"g{i:03}", "kelp", forgotten_at=MADE) for i in range(60)]
    long = [memory(f"l{i:03}", "kelp and many other words around it") for i in range(30)]
    rest = [memory(f"r{i:03}", f"otter reef tide {i}") for i in range(400)]
    known.add([*gone, *long, *rest], vectors(490))
    known.memories.table.tidy()  # what is indexed has one score, whatever is asked for
    alive = {m.id for m in (*long, *rest)}
    terms = ["kelp", "otter", "reef", "tide"]
    vector = vectors(1, seed=5)[0]
    found = known.memories.found(vector, terms, ALIVE, nearest=20, holding=20)
    check(known, found, vector, terms, alive, wanted=20)
    assert sum(name.startswith("l") for name in found.ids) >= 20


def test_what_is_picked_is_read_and_what_was_named_besides(known: Known) -> None:
    """By its cosine, not known of what was found by words alone, and by its scores; best first by neither."""
    seen: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []

    def pick(cosine: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.int64]:
        seen.append((cosine, scores))
        return np.argsort(-scores[0], kind="stable")[:3].astype(np.int64)

    vector = vectors(1, seed=2)[0]
    found = known.memories.found(
        vector, ["gull", "crab"], "", nearest=10, holding=40, also=["m00001", "m00002"], pick=pick
    )
    [(cosine, scores)] = seen
    assert scores.shape == (2, len(cosine))
    assert np.isfinite(cosine).sum() == 13  # a quarter more than was asked for
    assert ((scores == 0).all(axis=0) & np.isnan(cosine)).sum() <= 2  # what was named
    assert {"m00001", "m00002"} < set(found.ids)
    assert len(found) <= 5
    top = sorted(known.scores("gull").values(), reverse=True)[:3]
    assert sorted(found.term_scores[0].tolist(), reverse=True)[:3] == pytest.approx(top)


def test_the_condition_holds_for_what_is_picked(known: Known) -> None:
    """It is asked again of those that fulfil it, if what was picked does not."""
    test = CONDITIONS["rare tag"][1]
    rare = {name for name, m in known.rows.items() if test(m)}
    vector = vectors(1, seed=2)[0]
    found = known.memories.found(
        vector,
        list(WORDS),
        CONDITIONS["rare tag"][0],
        nearest=30,
        holding=30,
        pick=lambda cosine, _: np.arange(min(60, len(cosine))),
    )
    assert set(found.ids) == rare


def spied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The conditions under which questions are asked, from now on."""
    asked: list[str] = []
    rows = Seeker.rows

    async def noting(
        seeker: Any, questions: Sequence[Near | Holding], where: str, spare: float
    ) -> list[pa.Table]:
        asked.append(where)
        return await rows(seeker, questions, where, spare)

    monkeypatch.setattr(Seeker, "rows", noting)
    return asked


@pytest.mark.parametrize(
    ("inside", "state", "under"),
    [
        ("", "", [""]),
        ("large", "", [""]),
        ("large", ALIVE, [""]),
        ("small", "", ["small"]),
        ("small", ALIVE, ["small"]),
        ("large", has_tag("tags", "rare"), ["", "all of it"]),
        ("small", has_tag("tags", "rare"), ["small", "all of it"]),
    ],
)
def test_conditions_are_checked_where_that_is_cheap(
    known: Known, monkeypatch: pytest.MonkeyPatch, inside: str, state: str, under: Sequence[str]
) -> None:
    """Nowhere at first if most is in the place, else by the place; for all of it if that is not enough."""
    place = equals("space", inside) if inside else ""
    where = all_of(place, state)
    says = {"": "", "small": equals("space", "small"), "all of it": where}
    monkeypatch.setattr(lookup, "SPARE", 2.5)  # more than half of these are alive
    asked = spied(monkeypatch)
    known.memories.found(vectors(1)[0], [], where, nearest=5, holding=5, place=place)
    assert asked == ([place] if place and place == where else [says[name] for name in under])


# --- with an index of vectors ---

MANY = INDEXED_FROM + 1_000
EXTRA = 40


@pytest.fixture(scope="module", params=["columns", "at hand"])
def indexed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Known:
    """A store with an index, and rows behind it that the index does not know."""
    known = Known(store(tmp_path_factory.mktemp("large") / "store"), {}, {})
    known.add([replace(m, id=f"i{m.id}") for m in mixed(MANY, seed=1)], vectors(MANY, seed=1))
    known.memories.table.tidy()
    assert known.memories.table.indexed(VECTOR_INDEX) == MANY
    if request.param == "row stores":
        with_row_stores(known.memories)
    known.add([memory(f"new{i:02}", f"fresh {i}") for i in range(EXTRA)], vectors(EXTRA, seed=55))
    return known


def names(memories: Memories) -> set[str]:
    """The names of the indexes that there are."""
    assert memories.table._table is not None
    return {index.name for index in memories.table._table.list_indices()}


def recall_at_10(known: Known, fulfilling: set[str], where: str, place: str) -> float:
    """The share of the nearest ten that is found, and that their cosines are exact."""
    shares = []
    for vector in vectors(40, seed=77):
        found = known.memories.found(vector, [], where, nearest=10, holding=0, place=place)
        exact = known.cosines(vector, fulfilling)
        nearest = sorted(exact, key=lambda name: -exact[name])[:10]
        assert set(found.ids) <= fulfilling
        assert len(found) == min(10, len(fulfilling))
        for name, place_of in found.index.items():
            assert found.cosine[place_of] == pytest.approx(exact[name], abs=1e-5)
        shares.append(len(set(nearest) & set(found.ids)) / max(len(nearest), 1))
    return float(np.mean(shares))


@pytest.mark.parametrize("place", ["everywhere", "large", "small"])
@pytest.mark.parametrize("condition", ["all", "alive", "rare tag"])
def test_an_index_finds_nearly_all_of_the_nearest(indexed: Known, place: str, condition: str) -> None:
    """With exact cosines, and nothing that does not fulfil the condition."""
    (inside, is_inside), (state, fulfils) = PLACES[place], CONDITIONS[condition]
    fulfilling = {name for name, m in indexed.rows.items() if is_inside(m) and fulfils(m)}
    assert recall_at_10(indexed, fulfilling, all_of(inside, state), inside) >= 0.98


def test_many_partitions_are_looked_into(indexed: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """LanceDB looks into 20 at most unless it is told otherwise, and refuses to look into more."""
    monkeypatch.setattr(seeking, "PARTITION", MANY // 100)
    vector = vectors(1, seed=79)[0]
    found = indexed.memories.found(vector, [], "", nearest=10, holding=0)
    assert max(found.cosine) == pytest.approx(
        max(indexed.cosines(vector, set(indexed.rows)).values()), abs=1e-5
    )


def test_what_an_index_does_not_know_is_found_at_once(indexed: Known) -> None:
    """By its vector, its words and its name."""
    memories = indexed.memories
    assert memories.table.indexed(VECTOR_INDEX) == MANY < memories.table.count()
    for i in range(EXTRA):
        name = f"new{i:02}"
        found = memories.found(indexed.vectors[name], [], ALIVE, nearest=1, holding=0)
        assert found.ids == (name,)
        assert found.cosine[0] == pytest.approx(1.0, abs=1e-5)
    fresh = memories.found(None, ["fresh"], equals("space", "large"), nearest=0, holding=EXTRA)
    assert set(fresh.ids) == {f"new{i:02}" for i in range(EXTRA)}
    assert memories.with_ids(["new07"]).keys() == {"new07"}


def test_a_search_with_an_index_agrees_with_one_without(indexed: Known, tmp_path: Path) -> None:
    """On the best hit, whichever question brought it up."""
    bare = Known(store(tmp_path / "store"), {}, {})
    names_of = list(indexed.rows)
    bare.add(list(indexed.rows.values()), np.array([indexed.vectors[name] for name in names_of]))
    assert names(bare.memories) == {TEXT_INDEX}
    for vector in vectors(40, seed=78):
        where, place = all_of(equals("space", "large"), ALIVE), equals("space", "large")
        with_index, without = (
            known.memories.found(vector, ["squid", "crab"], where, nearest=100, holding=100, place=place)
            for known in (indexed, bare)
        )
        first, other = (found.ids[int(np.argmax(found.cosine))] for found in (with_index, without))
        assert first == other


def test_indexes_of_values_and_vectors_come_with_size(tmp_path: Path) -> None:
    """From the very row on; a store that is small has words alone to look up. Who makes them uses them."""
    memories = store(tmp_path / "store")
    memories.add([memory(f"m{i:05}") for i in range(INDEXED_FROM - 1)], vectors(INDEXED_FROM - 1))
    memories.table.tidy()
    assert names(memories) == {TEXT_INDEX}
    assert memories.table.indexed(VECTOR_INDEX) == 0
    memories.add([memory("last")], vectors(1, seed=9))
    memories.table.tidy()
    columns = ("id", "fingerprint", "conversation", "replaced_by", "space", "user")
    assert names(memories) == {TEXT_INDEX, VECTOR_INDEX, *(f"{column}_idx" for column in columns)}
    assert memories.table.indexed(VECTOR_INDEX) == INDEXED_FROM


def test_all_that_is_asked_of_a_large_store_is_answered_as_of_a_small_one(indexed: Known) -> None:
    """By name, by its place, changed and changed back: indexes of values answer what rows answered."""
    memories, everyone = indexed.memories, indexed.rows
    some = [name for name in everyone if name.endswith("7")][:700]
    assert memories.with_ids(some).keys() == set(some)
    assert set(memories.ids(equals("space", "small"))) == {
        n for n, m in everyone.items() if m.space == "small"
    }
    assert memories.table.count(equals("user", "you")) == sum(m.user == "you" for m in everyone.values())
    assert {m.id for m in memories.with_prefix("new1", "", 50)} == {f"new1{i}" for i in range(10)}
    where = any_of(is_in("id", some[:3]), equals("space", "nowhere"))
    memories.move(where, "elsewhere", MADE)
    assert set(memories.ids(equals("space", "elsewhere"))) == set(some[:3])
    for name in some[:3]:
        found = memories.found(indexed.vectors[name], [], equals("space", "elsewhere"), nearest=3, holding=0)
        assert set(found.ids) == set(some[:3])
    for name in some[:3]:
        memories.move(equals("id", name), everyone[name].space, MADE)
    assert set(memories.ids(equals("space", "small"))) == {
        n for n, m in everyone.items() if m.space == "small"
    }


def test_a_space_far_from_what_is_asked_is_searched_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though an index of vectors looks for it elsewhere: in partitions that hold nothing of this space."""
    known, count = Known(store(tmp_path / "store"), {}, {}), INDEXED_FROM
    centres = CENTRES[:16]
    rows = around(centres[np.arange(count) % 16], 0.1, seed=6)
    places = ["small" if i % 32 == 3 else "large" for i in range(count)]
    known.add([memory(f"m{i:05}", space=space) for i, space in enumerate(places)], rows)
    parts = IvfRq(distance_type="cosine", num_partitions=16)
    known.memories.table.write(lambda table: table.create_index(VECTOR, config=parts, name=VECTOR_INDEX))
    known.memories.table.refresh()
    monkeypatch.setattr(seeking, "PARTITION", known.memories.table.indexed(VECTOR_INDEX) // 16)
    monkeypatch.setattr(seeking, "PROBED", 0.05)
    monkeypatch.setattr(seeking, "PROBED_LEAST", 1)
    small = {name for name, one in known.rows.items() if one.space == "small"}
    where = equals("space", "small")
    for vector in centres:
        found = known.memories.found(vector, [], where, nearest=10, holding=0, place=where)
        exact = known.cosines(vector, small)
        nearest = sorted(exact, key=lambda name: -exact[name])[:10]
        assert (set(found.ids) <= small, len(found)) == (True, 10)
        assert len(set(found.ids).intersection(nearest)) >= 8


@HOW
def test_what_is_erased_is_in_no_index(tmp_path: Path, how: str) -> None:
    """Nor in a row store: neither its words, nor its name, nor where it was said."""
    directory = tmp_path / "store"
    memories = store(directory)
    some = [memory(f"m{i:05}", conversation=f"talk{i % 50}", position=i) for i in range(INDEXED_FROM)]
    secrets = [
        memory(
            f"quagmire{i}",
            "xylophone",
            conversation="zeppelin",
            position=i,
            user="wolpertinger",
            space="jabberwock",
        )
        for i in range(3)
    ]
    every = vectors(INDEXED_FROM + 3)
    memories.add([*some, *secrets], every)
    memories.table.tidy()
    if how == "row stores":
        with_row_stores(memories)
    memories.erase([m.id for m in secrets])
    told = ("quagmire", "xylophon", "zeppelin", "wolperting", "jabberwock")
    for path in directory.rglob("*"):
        written = path.read_bytes() if path.is_file() else b""
        assert not [word for word in told if word.encode() in written], path
        assert every[-1].astype(np.float16).tobytes()[:16] not in written, path
    assert memories.table.indexed(VECTOR_INDEX) == INDEXED_FROM
    found = memories.found(every[-1], ["xylophone"], "", nearest=5, holding=5)
    assert len(found) == 5
    assert found.cosine.max() < 0.999


# --- a store from before ---


@HOW
def test_a_store_with_vectors_of_32_bits_is_used_as_it_is(tmp_path: Path, how: str) -> None:
    """Searched, stored into, changed, indexed; with the same answers."""
    connection = connected(tmp_path / "store")
    fields = [
        pa.field(VECTOR, pa.list_(pa.float32(), DIMENSION)) if field.name == VECTOR else field
        for field in memory_schema(DIMENSION)
    ]
    table = connection.create_table("memories_1", schema=pa.schema(fields))
    table.set_unenforced_primary_key("id")
    some, rows = mixed(600, seed=4), vectors(600, seed=4)
    old = to_table(some[:500], rows[:500])
    full = pa.FixedSizeListArray.from_arrays(pa.array(rows[:500].reshape(-1)), DIMENSION)
    place = old.schema.get_field_index(VECTOR)
    table.add(old.set_column(place, fields[place], full))
    known = Known(Memories.open(connection, "memories_1", DIMENSION), {}, {})
    known.memories.table.tidy()
    known.memories.upgrade(4)
    known.rows = {m.id: m for m in some[:500]}
    known.vectors = dict(zip(known.rows, units(rows[:500]), strict=True))
    known.add(some[500:], rows[500:])
    known.memories.put([replace(some[0], text="quagmire")], rows[:1])
    known.rows[some[0].id] = replace(some[0], text="quagmire")
    known.vectors[some[0].id] = _as_stored(rows[:1])[0]
    known.memories.rewrite([some[1], some[501]])
    known.memories.table.tidy()
    if how == "row stores":
        with_row_stores(known.memories)
        known.tolerance = 0.01  # the index still counts what was written anew twice
    assert known.memories.vectors([some[2].id])[0].tolist() == rows[2].tolist()
    alive = {m.id for m in known.rows.values() if CONDITIONS["alive"][1](m)}
    for seed in range(10):
        vector = vectors(1, seed=seed)[0]
        found = known.memories.found(vector, ["kelp", "quagmire"], ALIVE, nearest=30, holding=30)
        check(known, found, vector, ["kelp", "quagmire"], alive, wanted=30)
    known.add([replace(m, id=f"n{m.id}") for m in mixed(INDEXED_FROM, seed=6)], vectors(INDEXED_FROM, seed=6))
    known.memories.table.tidy()
    assert known.memories.table.indexed(VECTOR_INDEX) == INDEXED_FROM + 600
    alive = {m.id for m in known.rows.values() if CONDITIONS["alive"][1](m)}
    assert recall_at_10(known, alive, ALIVE, "") >= 0.98

"""What predicates and conditions find in a real LanceDB table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any as Anything

import lancedb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.storage import predicates
from memcli.storage.predicates import (
    MAX_DEPTH,
    All,
    Among,
    Any,
    Condition,
    Contains,
    Literal,
    Not,
    Order,
    Ordered,
    all_of,
    any_of,
    compiled,
)
from tests.fuzz import rounds

START = datetime(2026, 1, 1, tzinfo=UTC)
JSON = pa.json_(pa.utf8())
NAMES = itertools.count()
ORDERS: dict[Order, Callable[[Anything, Anything], bool]] = {
    Order.LESS: lambda a, b: a < b,
    Order.AT_MOST: lambda a, b: a <= b,
    Order.GREATER: lambda a, b: a > b,
    Order.AT_LEAST: lambda a, b: a >= b,
}

# Few keys and values, so that conditions and metadata often meet; all that is awkward in SQL, JSON or paths.
KEYS = st.sampled_from(["n", "k e y", 'q"x', "a.b", "0", "é", "it's", "back\\slash", "$", "名前", "?(@)"])
PATHS = st.tuples(KEYS) | st.tuples(st.just("n"), KEYS)
TEXTS = st.text("abnu01\"\\'\n\t/é😀[],{}: %_$.*\x01\x7f\u2028", max_size=4)
SMALL_NUMBERS = st.sampled_from([0, 1, 1.0, 2, -1, 10, 2.5, -0.0, 0.1, 1e300, -1e300, 5e-324, 123456.789])
LARGE_NUMBERS = st.sampled_from(
    [1e16, 10**16 + 1, 2**53, 2**53 + 1, 2.0**53, 2**63 - 1, 2**63, 2.0**63, -(2**63), 2**64 - 1, 1e22]
)
NUMBERS = SMALL_NUMBERS | LARGE_NUMBERS
LITERALS = TEXTS | NUMBERS | st.booleans() | st.none()
IN_LISTS = TEXTS | SMALL_NUMBERS | st.booleans() | st.none()  # large numbers compare as doubles there
VALUES = LITERALS | st.lists(LITERALS | st.lists(LITERALS, max_size=2), max_size=3)
METADATA = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=2), max_size=4)
LEAVES = (
    st.builds(Among, PATHS, st.lists(LITERALS, min_size=1, max_size=4).map(tuple))
    | st.builds(Ordered, PATHS, st.sampled_from(Order), TEXTS | NUMBERS)
    | st.builds(Contains, PATHS, IN_LISTS)
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Any, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def table_of(folder: Path, metadata: Sequence[dict[str, Anything] | None]) -> lancedb.table.Table:
    """A table with one row for each of *metadata*, whose column `row` counts them."""
    texts = [None if each is None else json.dumps(each, ensure_ascii=False) for each in metadata]
    facets = pa.ExtensionArray.from_storage(JSON, pa.array(texts, pa.utf8()))
    schema = pa.schema([("row", pa.int64()), ("facets", JSON)])
    rows = pa.table({"row": list(range(len(texts))), "facets": facets}, schema=schema)
    return lancedb.connect(folder).create_table(f"t{next(NAMES)}", rows)


def found(table: lancedb.table.Table, predicate: str) -> list[int]:
    """The rows of *table* that *predicate* finds."""
    return sorted(table.search().where(predicate).select(["row"]).limit(10_000).to_arrow()["row"].to_pylist())


def values_found(folder: Path, values: Sequence[Anything], condition: Condition) -> list[Anything]:
    """Which of *values*, each under the key `n`, satisfy *condition*."""
    rows = found(table_of(folder, [{"n": value} for value in values]), compiled(condition))
    return [values[row] for row in rows]


def holds(condition: Condition, metadata: dict[str, Anything] | None) -> bool:
    """What *condition* means, in plain Python."""
    match condition:
        case Not(part):
            return not holds(part, metadata)
        case All(parts):
            return all(holds(part, metadata) for part in parts)
        case Any(parts):
            return any(holds(part, metadata) for part in parts)
        case Among(path, values):
            return any(same(looked_up(metadata, path), value) for value in values)
        case Ordered(path, order, bound):
            value = looked_up(metadata, path)
            if is_number(value) and is_number(bound):
                return ORDERS[order](float(value), float(bound))
            return isinstance(value, str) and isinstance(bound, str) and ORDERS[order](value, bound)
        case Contains(path, part):
            value = looked_up(metadata, path)
            if isinstance(value, str):
                return isinstance(part, str) and part in value
            return isinstance(value, list) and any(
                same(element, part)
                for inner in value
                for element in (inner if isinstance(inner, list) else [inner])
            )


def looked_up(metadata: Anything, path: Sequence[str]) -> Anything:
    """The value at *path*, None if there is none."""
    for key in path:
        metadata = metadata.get(key) if isinstance(metadata, dict) else None
    return metadata


def same(one: Anything, other: Literal) -> bool:
    """Equality of JSON values, where true is not 1."""
    if is_number(one) and is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def is_number(value: Anything) -> bool:
    """Whether *value* is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@rounds.of(15)
@given(st.lists(st.none() | METADATA, min_size=8, max_size=25), st.lists(CONDITIONS, min_size=6, max_size=12))
def test_conditions_find_what_python_finds(
    tmp_path: Path, metadata: list[dict[str, Anything] | None], conditions: list[Condition]
) -> None:
    """Several hundred generated conditions over generated metadata."""
    table = table_of(tmp_path, metadata)
    for condition in conditions:
        expected = [row for row, each in enumerate(metadata) if holds(condition, each)]
        assert found(table, compiled(condition)) == expected, compiled(condition)


def test_a_list_in_a_list_counts_as_its_elements(tmp_path: Path) -> None:
    """All of them, whatever comes first."""
    table = table_of(tmp_path, [{"n": value} for value in ([["", None]], [["b", "a", 5]], ["c", [True]])])
    for part, rows in ((None, [0]), ("a", [1]), (5, [1]), (True, [2]), ("c", [2]), ("d", [])):
        assert found(table, compiled(Contains(("n",), part))) == rows


@rounds.of(5)
@given(st.lists(TEXTS | st.text(max_size=5), min_size=60, max_size=80, unique=True), st.data())
def test_texts_of_any_characters_compare_like_python_texts(
    tmp_path: Path, texts: list[str], data: st.DataObject
) -> None:
    """Equality, all orders and substrings, with texts against each other."""
    table = table_of(tmp_path, [{"n": text} for text in texts])
    for text in data.draw(st.lists(st.sampled_from(texts), min_size=4, max_size=4)):
        assert found(table, compiled(Among(("n",), (text,)))) == [texts.index(text)]
        part = text[:2]
        assert found(table, compiled(Contains(("n",), part))) == [i for i, t in enumerate(texts) if part in t]
        for order, compare in ORDERS.items():
            expected = [i for i, t in enumerate(texts) if compare(t, text)]
            assert found(table, compiled(Ordered(("n",), order, text))) == expected


@rounds.of(4)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=30, max_size=40, unique=True))
def test_numbers_survive_the_way_through_json_and_sql(tmp_path: Path, numbers: list[float]) -> None:
    """Doubles of all sizes are found by value, alone and in lists."""
    table = table_of(tmp_path, [{"n": number, "l": [number]} for number in numbers])
    for row, number in enumerate(numbers[:10]):
        assert found(table, compiled(Among(("n",), (number,)))) == [row]
        if abs(number) < 2**53:
            assert found(table, compiled(Contains(("l",), number))) == [row]


def test_large_integers_are_told_apart(tmp_path: Path) -> None:
    """Neighbours that are the same double stay different, and equal the double if they are it."""
    values = [2**53, 2**53 + 1, float(2**53), 2**63 - 1, 2**63, float(2**63)]
    assert values_found(tmp_path, values, Among(("n",), (2**53 + 1,))) == [2**53 + 1]
    assert values_found(tmp_path, values, Among(("n",), (2**53,))) == [2**53, float(2**53)]
    assert values_found(tmp_path, values, Among(("n",), (2**63 - 1,))) == [2**63 - 1]
    assert values_found(tmp_path, values, Among(("n",), (float(2**63),))) == [2**63, float(2**63)]


def test_an_absent_key_fails_every_test_and_passes_its_negation(tmp_path: Path) -> None:
    """Two-valued logic, also where there is no metadata at all."""
    table = table_of(tmp_path, [{}, None, {"n": None}])
    for test in (Among(("n",), (1,)), Ordered(("n",), Order.LESS, "x"), Contains(("n",), "x")):
        assert found(table, compiled(test)) == []
        assert found(table, compiled(Not(test))) == [0, 1, 2]
    assert found(table, compiled(Among(("n",), (None,)))) == [0, 1, 2]


def test_an_escaped_character_holds_no_letter(tmp_path: Path) -> None:
    r"""The JSON text of a newline is \n, which holds no n."""
    values = ["\n", "n", "\\n", "\x01", "u0001", '"']
    assert values_found(tmp_path, values, Contains(("n",), "n")) == ["n", "\\n"]
    assert values_found(tmp_path, values, Contains(("n",), "\n")) == ["\n"]
    assert values_found(tmp_path, values, Contains(("n",), "1")) == ["u0001"]
    assert values_found(tmp_path, values, Contains(("n",), "\\")) == ["\\n"]


def test_attempts_to_break_out_are_compared_as_text(tmp_path: Path) -> None:
    """Quotes of SQL, JSON and JSON paths in names and values."""
    evil = "x' OR '1'='1", 'x"} || true || {"', '" ? (1 == 1) ? (@ == "', "x\\' OR 1=1 --"
    table = table_of(tmp_path, [{"n": 1}, *({"n": text, text: [text]} for text in evil)])
    for row, text in enumerate(evil, start=1):
        assert found(table, compiled(Among(("n",), (text,)))) == [row]
        assert found(table, compiled(Contains((text,), text))) == [row]
        assert found(table, compiled(Ordered((text,), Order.AT_LEAST, text))) == []


def test_the_deepest_condition_is_still_understood(tmp_path: Path) -> None:
    """`MAX_DEPTH` nested alternatives of the most nested test, inside three more conjunctions."""
    leaf: Condition = Contains(("n",), "x")
    condition = leaf
    for depth in range(MAX_DEPTH):
        condition = (All, Any)[depth % 2]((Not(leaf), condition) if depth % 2 else (leaf, Not(condition)))
    predicate = all_of("true", all_of("true", all_of("true", compiled(condition))))
    assert found(table_of(tmp_path, [{"n": "x"}]), predicate) == [0] * holds(condition, {"n": "x"})


def test_long_conditions_are_understood(tmp_path: Path) -> None:
    """As many alternatives as ten thousand characters can hold."""
    values = range(2000)
    wide = Any(tuple(Among(("n",), (value,)) for value in values))
    assert values_found(tmp_path, [5, 5000], wide) == [5]
    assert values_found(tmp_path, [5, 5000, 2**60], Among(("n",), (*values, *range(2**60, 2**60 + 500)))) == [
        5,
        2**60,
    ]


def test_conditions_delete_and_count_too(tmp_path: Path) -> None:
    """The same predicate serves all that takes one."""
    table = table_of(tmp_path, [{"n": 1}, {"n": "1"}, {"n": [1]}])
    predicate = compiled(Any((Among(("n",), (1,)), Contains(("n",), 1))))
    assert table.count_rows(predicate) == 2
    table.delete(predicate)
    assert found(table, "true") == [1]


def test_an_empty_key_is_refused() -> None:
    """JSON paths can't express it."""
    with pytest.raises(UsageError, match="empty"):
        compiled(Among(("a", ""), (1,)))


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\udfff"])
def test_what_the_store_cannot_take_is_refused(text: str) -> None:
    """NUL and halves of surrogate pairs."""
    with pytest.raises(UsageError):
        predicates.quote(text)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> lancedb.table.Table:
    """A table with ordinary columns: five rows, one day apart, the last one with nothing in it."""
    names = ["ana", "it's", "an%", "ANA", None]
    rows = pa.table(
        {
            "row": pa.array(range(5)),
            "name": pa.array(names, pa.utf8()),
            "tags": pa.array([["a", "b"], ["it's"], [], ["A"], None], pa.list_(pa.utf8())),
            "at": pa.array(
                [*(START + timedelta(days=day) for day in range(4)), None], pa.timestamp("us", "UTC")
            ),
            "weight": pa.array([0.1, 0.8, 1.0, 0.0, None]),
            "count": pa.array([1, 2, 3, 4, None], pa.int64()),
            "flag": pa.array([True, False, True, False, None]),
        }
    )
    return lancedb.connect(tmp_path_factory.mktemp("people")).create_table("people", rows)


@pytest.mark.parametrize(
    ("predicate", "rows"),
    [
        (predicates.equals("name", "it's"), [1]),
        (predicates.equals("count", 3), [2]),
        (predicates.equals("flag", True), [0, 2]),
        (predicates.is_in("name", ["ana", "it's", "x"]), [0, 1]),
        (predicates.is_in("count", [1, 4]), [0, 3]),
        (predicates.is_in("name", []), []),
        (predicates.starts_with("name", "an"), [0, 2]),
        (predicates.starts_with("name", "an%"), [2]),
        (predicates.has_tag("tags", "it's"), [1]),
        (predicates.has_tag("tags", "a"), [0]),
        (predicates.before("at", START + timedelta(days=1)), [0]),
        (predicates.after("at", START + timedelta(days=1)), [2, 3]),
        (predicates.since("at", START + timedelta(days=1)), [1, 2, 3]),
        (predicates.after("at", datetime.min.replace(tzinfo=UTC)), [0, 1, 2, 3]),
        (predicates.before("at", datetime.max.replace(tzinfo=UTC)), [0, 1, 2, 3]),
        (predicates.at_least("weight", 0.8), [1, 2]),
        (all_of(predicates.equals("flag", True), "", predicates.starts_with("name", "a")), [0, 2]),
        (all_of(any_of("row = 0", "row = 1"), "flag"), [0]),
        (any_of("row = 3", "", "flag"), [0, 2, 3]),
    ],
)
def test_predicates_on_ordinary_columns(people: lancedb.table.Table, predicate: str, rows: list[int]) -> None:
    """Each builder finds exactly the rows it says."""
    assert found(people, predicate) == rows


def test_no_predicates_make_an_empty_one() -> None:
    """Which is no restriction."""
    assert (all_of(), all_of("", ""), any_of()) == ("", "", "")
    assert all_of("", "a = 1 OR b = 2") == "a = 1 OR b = 2"

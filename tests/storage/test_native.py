"""LanceDB's native library alone does what the package does, and gives way to it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
import pytest

from memcli.model import Scope
from memcli.services import memories, recall, remember, upkeep
from memcli.services.engine import Engine
from memcli.storage import native
from memcli.storage.lance import ROW, awaited, table_or_none
from memcli.storage.rows import VECTOR, WORDS

MakeEngine = Callable[..., Engine]

TEXTS = ["Anna keeps a ladder in the cellar", "The printer is in the attic", "The ladder is red", "No owl"]


@pytest.fixture
def store(engine: Engine, scope: Scope) -> Path:
    """A store with some memories and an index of their words."""
    for text in TEXTS:
        remember.store(engine, text, scope=scope)
    upkeep.optimize(engine)
    return engine.home.store


@pytest.fixture
def alone(store: Path) -> Any:
    """Its table of memories, by the native library."""
    connection = native.connect(store)
    assert isinstance(connection, native.Connection)
    return connection.open_table("memories_1")


@pytest.fixture
def whole(store: Path) -> Any:
    """The same by the package."""
    return lancedb.connect(store).open_table("memories_1")


@pytest.fixture
def unknown_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """LanceDB is of a version that has not been looked at."""
    monkeypatch.setattr(native, "KNOWN", "lancedb-7.")
    native.library.cache_clear()
    yield
    native.library.cache_clear()


def test_what_is_asked_of_a_table_is_answered_as_by_the_package(alone: Any, whole: Any) -> None:
    """Its version, columns, counts, statistics and indexes."""
    assert (alone.version, alone.schema, alone.stats()) == (whole.version, whole.schema, whole.stats())
    assert alone.count_rows() == len(TEXTS)
    assert alone.count_rows("text LIKE '%ladder%'") == 2 == whole.count_rows("text LIKE '%ladder%'")
    names = [index.name for index in whole.list_indices()]
    assert [index.name for index in alone.list_indices()] == names
    assert "words_idx" in names
    said = vars(alone.index_stats("words_idx"))
    assert said == {name: getattr(whole.index_stats("words_idx"), name) for name in said}
    assert said["num_indexed_rows"] == len(TEXTS)
    assert alone.index_stats("no such") is None


async def everything(table: Any) -> list[pa.Table]:
    """What queries of every kind that memcli asks bring up."""
    first = await table.query().select([VECTOR]).with_row_id().to_arrow()
    vector = np.asarray(first[VECTOR][0].as_py(), np.float32)
    near = table.query().nearest_to(vector).column(VECTOR).distance_type("cosine")
    near = near.minimum_nprobes(2).maximum_nprobes(0).refine_factor(1)
    queries = (
        table.query().select(["id", "text"]).where("text LIKE '%ladder%'").with_row_id().limit(5),
        table.query().select([]).with_row_id(),
        near.where("text <> ''").select(["id", "_distance"]).with_row_id().limit(3),
        table.query().nearest_to_text("ladder printer", WORDS).select(["_score"]).with_row_id().limit(9),
        table.take_row_ids(first[ROW].to_pylist()[:2]).select(["text"]),
    )
    return list(await asyncio.gather(*(query.to_arrow() for query in queries)))


def test_queries_bring_up_what_those_of_the_package_do(alone: Any, whole: Any) -> None:
    """Rows, their order, scores and distances."""
    mine, theirs = awaited(alone, everything), awaited(whole, everything)
    assert [table.num_rows for table in mine] == [2, 4, 3, 3, 2]
    assert mine == theirs


def test_words_are_cut_as_by_the_package() -> None:
    """With the settings of the index."""
    options = {"base_tokenizer": "icu/split", "stem": True, "max_token_length": 128}
    text = "The owls' databases: größer, foo_bar"
    assert native.tokenized(text, options) == [token.text for token in lancedb.tokenize(text, **options)]  # type: ignore[arg-type]


def test_rows_are_added_deleted_and_tidied(alone: Any, whole: Any) -> None:
    """The package sees what the native library has written."""
    rows = whole.to_arrow()
    others = pa.array([f"n{number}" for number in range(len(rows))])
    again = rows.set_column(rows.column_names.index("id"), rows.schema.field("id"), others)
    alone.add(again)
    alone.delete("id = 'n1'")
    before = len(whole.list_versions())
    alone.optimize(cleanup_older_than=timedelta(0))
    whole.checkout_latest()
    assert whole.count_rows() == 2 * len(TEXTS) - 1
    assert len(whole.list_versions()) < before


def test_what_the_native_library_refuses_is_an_error_of_the_same_kind(alone: Any, whole: Any) -> None:
    """And leaves the table as it was."""
    wrong = pa.table({"id": pa.array(["x"]), "importance": pa.array(["high"])})
    kinds = []
    for table in (alone, whole):
        with pytest.raises((ValueError, RuntimeError, OSError)) as refused:
            table.add(wrong)
        kinds.append(refused.type)
    assert kinds[0] is kinds[1]
    assert alone.count_rows() == len(TEXTS)


def test_a_table_stands_aside_for_what_the_package_alone_can_do(alone: Any) -> None:
    """It is the same table, in the same version."""
    assert len(alone.search().limit(2).to_list()) == 2
    alone.update(where="text LIKE '%owl%'", values={"importance": 0.9})
    assert alone.count_rows("importance > 0.8") == 1
    with pytest.raises(AttributeError):
        _ = alone.no_such_method


def test_a_table_that_is_not_there_is_none(store: Path) -> None:
    """As with the package."""
    connection = native.connect(store)
    assert table_or_none(connection, "owls") is None
    connection.create_table("owls", schema=pa.schema([pa.field("n", pa.int64())]))
    assert connection.open_table("owls").count_rows() == 0
    connection.drop_table("owls", ignore_missing=True)
    assert table_or_none(connection, "owls") is None


@pytest.mark.parametrize(
    "said",
    [
        ValueError("Table 'memories_1' was not found"),
        RuntimeError("lance error: LanceError(IO): Not found: memories_1.lance/_versions/9.manifest"),
    ],
)
def test_a_version_that_goes_before_it_is_read_is_no_table_that_is_not_there(
    store: Path, monkeypatch: pytest.MonkeyPatch, said: Exception
) -> None:
    """LanceDB says so where a clean-up is quicker than its look at the newest one; a later one is there."""
    connection, tries = native.connect(store), iter([said, said])
    opened = type(connection).open_table

    def outrun(self: Any, name: str) -> Any:
        if error := next(tries, None):
            raise error
        return opened(self, name)

    monkeypatch.setattr(type(connection), "open_table", outrun)
    found = table_or_none(connection, "memories_1")
    assert found is not None
    assert found.count_rows() == len(TEXTS)
    tries = iter([said] * 99)
    with pytest.raises(type(said)):  # rather than nothing, which would be a lie
        table_or_none(connection, "memories_1")


@pytest.mark.usefixtures("unknown_version")
def test_with_another_version_the_package_does_everything(make_engine: MakeEngine, scope: Scope) -> None:
    """Slower, and with the same answers."""
    stored = [remember.store(make_engine(), text, scope=scope).id for text in TEXTS]
    assert not isinstance(native.connect(make_engine().home.store), native.Connection)
    found = recall.search(make_engine(), "ladder", scope=scope)
    assert {hit.id for hit in found} >= {stored[0], stored[2]}
    assert len(memories.newest(make_engine(), scope=scope)) == len(TEXTS)


@pytest.mark.parametrize("missing", [("Query", "no_such"), ("NoSuch", "query")])
def test_a_library_without_what_is_used_is_not_used(
    missing: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build of the same version may lack something."""
    monkeypatch.setattr(native, "USED", {**native.USED, missing[0]: (missing[1],)})
    native.library.cache_clear()
    try:
        assert native.library() is None
    finally:
        native.library.cache_clear()


PROBE = """
import json, sys
from memcli.cli.boundary import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("PROBE", json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def test_commands_of_every_day_do_without_the_package(tmp_path: Path) -> None:
    """Once there is a store: names of modules, not seconds, which differ from machine to machine."""

    def imported(*arguments: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", PROBE, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "MEMCLI_HOME": str(tmp_path / "home")},
            check=False,
        )
        code, modules = json.loads(done.stderr.partition("PROBE ")[2])
        assert code == 0, done.stderr
        return set(modules)

    imported("store", "the ladder is in the cellar")
    for line in ("store owls", "search ladder", "list", "context ladder"):
        modules = imported(*line.split())
        assert "lancedb._lancedb" in modules
        assert not {"lancedb", "lancedb.table", "pydantic"} & modules, line

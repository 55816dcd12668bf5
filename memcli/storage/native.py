"""LanceDB's native library without the Python package around it, for what every command asks of a table.

Importing the package takes longer than a search: its models, its clients for services, its embedding
functions. But its methods for tables only pass on to native ones, and what nearly every command does is
passed on here likewise. For all else a connection or a table stands aside for the package's own, around the
same native object, and the package is imported then.

    connection = native.connect(path)
    table = connection.open_table("memories_1")

What the package's methods do besides is for columns that memcli does not have (blobs), for data that is
no Arrow table, and for remote tables. `KNOWN` says for which versions that has been looked at; with any other
the package does everything.

On 10,000 memories a search whose query was asked before took 0.23 times the processor time of the naive
script of tests/benchmarks so, and 0.48 times through the package.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.machinery import PathFinder
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from memcli import standins

if TYPE_CHECKING:
    from datetime import timedelta

    import numpy as np
    from numpy.typing import NDArray

Answer = TypeVar("Answer")

KNOWN = "lancedb-0.40."
"""How the name of the directory begins that says which version is installed."""

USED = {
    "Connection": ("open_table", "uri"),
    "Table": (
        *("add", "count_rows", "delete", "execute_merge_insert", "index_stats", "list_indices", "name"),
        *("optimize", "query", "schema", "stats", "take_row_ids", "version"),
    ),
    "Query": (
        *("execute", "fast_search", "limit", "nearest_to", "nearest_to_text", "select_columns", "where"),
        "with_row_id",
    ),
}
"""The native classes and methods that are used here."""

PARTS = ("_lancedb", "background_loop")
"""The modules of the package that are used here; they import no others of it."""

NOT_NEEDED = ("lance_namespace_urllib3_client",)
"""A generated REST client for a catalogue service: 0.7 s to import, never used for a directory."""


@cache
def package() -> Any:
    """The package `lancedb`, but for `NOT_NEEDED`."""
    whole = standins.import_without("lancedb", *NOT_NEEDED)
    for part in PARTS:  # which a package has as attributes if it has imported them itself
        setattr(whole, part, standins.import_part("lancedb", part))
    return whole


@cache
def library() -> Any:
    """The native library; None if it is not one that this module knows."""
    if not _is_known():
        return None
    try:
        native, _ = [standins.import_part("lancedb", part) for part in PARTS]
    except ImportError:
        return None
    used = ((kind, name) for kind, names in USED.items() for name in names)
    is_whole = all(hasattr(getattr(native, kind, None), name) for kind, name in used)
    return native if is_whole else None


def _is_known() -> bool:
    """Whether the installed version is `KNOWN`: `importlib.metadata` would take 15 ms to say so."""
    found = PathFinder.find_spec("lancedb")
    places = list(found.submodule_search_locations or ()) if found else []
    return any(True for place in places for _ in Path(place).parent.glob(f"{KNOWN}*"))


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What *work* comes to on LanceDB's own event loop, whose thread a fork leaves in order."""
    answer: Answer = standins.import_part("lancedb", "background_loop").LOOP.run(work)
    return answer


def started(work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
    """*work*, begun on LanceDB's own event loop."""
    loop = standins.import_part("lancedb", "background_loop").LOOP.loop
    return asyncio.run_coroutine_threadsafe(work, loop)


def tokenized(text: str, options: dict[str, Any]) -> list[str]:
    """The terms of *text*, as a full-text index with these *options* has them."""
    tokenize = (library() or package()).tokenize
    return [token.text for token in tokenize(text, **options)]


def connect(path: Path, **caches: int) -> Any:
    """A connection to the database in the directory *path*, which is made if need be.

    Args:
        path: The directory.
        caches: How large LanceDB's caches may become, in bytes; see its `Session`.
    """
    native = library()
    if native is None:
        return package().connect(path, session=package().Session(**caches))
    path.mkdir(parents=True, exist_ok=True)

    async def connected() -> Any:
        return await native.connect(str(path.absolute()), session=native.Session(**caches))

    return Connection(run(connected()))


class _StandsAside:
    """What the package's own does for all that is not asked for all the time."""

    whole: Any
    """The same as the package has it; the package is imported then."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "whole":
            raise AttributeError(name)
        return getattr(self.whole, name)


class Connection(_StandsAside):
    """A connection around the *native* one."""

    def __init__(self, native: Any) -> None:
        self._native = native
        self.uri: str = native.uri

    @cached_property
    def whole(self) -> Any:
        """See `_StandsAside`."""
        db = package().db
        return db.LanceDBConnection.from_inner(db.AsyncConnection(self._native), None)

    def open_table(self, name: str) -> Table:
        """The table called *name*.

        Raises:
            ValueError: There is none.
        """

        async def opened() -> Any:
            return await self._native.open_table(name, namespace_path=[])

        return Table(self, run(opened()))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the native library asks of rows that are to be added."""

    schema: pa.Schema
    num_rows: int
    reader: Callable[[], pa.RecordBatchReader]
    rescannable: bool = True


class Table(_StandsAside):
    """A table around the *native* one; its methods are those of the same name in the package."""

    def __init__(self, connection: Connection, native: Any) -> None:
        self._connection, self._native = connection, native

    @cached_property
    def whole(self) -> Any:
        """See `_StandsAside`."""
        table = package().table
        inner = table.AsyncTable(self._native)
        return table.LanceTable(self._connection.whole, self._native.name(), _async=inner)

    @cached_property
    def _table(self) -> AsyncTable:
        """Its asynchronous face."""
        return AsyncTable(self._native)

    def _run(self, method: str, *arguments: Any, **named: Any) -> Any:
        async def called() -> Any:
            return await getattr(self._native, method)(*arguments, **named)

        return run(called())

    @property
    def version(self) -> int:
        """The version that is read."""
        return int(self._run("version"))

    @property
    def schema(self) -> pa.Schema:
        """The columns."""
        return self._run("schema")

    def count_rows(self, filter: str | None = None) -> int:  # noqa: A002  # as LanceDB calls it
        """How many rows fulfil *filter*."""
        return int(self._run("count_rows", filter))

    def stats(self) -> Any:
        """How many rows and fragments there are."""
        return self._run("stats")

    def list_indices(self) -> Any:
        """What indexes there are."""
        return self._run("list_indices")

    def index_stats(self, index_name: str) -> SimpleNamespace | None:
        """How much the index *index_name* knows; None if there is none."""
        said = self._run("index_stats", index_name)
        return None if said is None else SimpleNamespace(**said)

    def add(self, data: pa.Table) -> None:
        """Append the rows *data*."""
        try:
            self._run("add", _Rows(data.schema, data.num_rows, data.to_reader), "append")
        except RuntimeError as error:
            if "Cast error" in str(error) or "Vector column contains NaN" in str(error):
                raise ValueError(error) from error
            raise

    def delete(self, where: str) -> None:
        """Mark the rows that fulfil *where* as deleted."""
        self._run("delete", where)

    def optimize(self, *, cleanup_older_than: timedelta, delete_unverified: bool = False) -> None:
        """Merge fragments, complete indexes, drop versions that are *cleanup_older_than* this."""
        age_ms = round(cleanup_older_than.total_seconds() * 1000)
        self._run("optimize", cleanup_since_ms=age_ms, delete_unverified=delete_unverified)


class AsyncTable:
    """The asynchronous face of a table around the *native* one."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def query(self) -> Query:
        """A query for all rows."""
        return Query(self._native.query())

    def take_row_ids(self, row_ids: list[int]) -> Query:
        """A query for the rows with these numbers."""
        return Query(self._native.take_row_ids(row_ids))


class Query:
    """A query of any kind around the *native* one; each method says more of it, and gives it back."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def __getattr__(self, name: str) -> Callable[..., Query]:
        if name.startswith("_"):
            raise AttributeError(name)
        say = getattr(self._native, name)

        def said(*arguments: Any) -> Query:
            say(*arguments)
            return self

        return said

    def select(self, columns: list[str]) -> Query:
        """Read these *columns*."""
        self._native.select_columns(columns)
        return self

    def nearest_to(self, vector: NDArray[np.float32]) -> Query:
        """Look for the rows nearest to *vector*."""
        return Query(self._native.nearest_to(pa.array(vector)))

    def nearest_to_text(self, query: str, columns: str) -> Query:
        """Look for the rows that hold a word of *query* in *columns*, the name of one."""
        return Query(self._native.nearest_to_text({"query": query, "columns": [columns]}))

    async def to_arrow(self) -> pa.Table:
        """The rows."""
        stream = await self._native.execute()
        return pa.Table.from_batches([batch async for batch in stream], schema=stream.schema)

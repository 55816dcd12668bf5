"""LanceDB as memcli uses it: imported quickly, its errors in our words, readers that outlive a clean-up."""

from __future__ import annotations

import asyncio
import os
import re
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

import pyarrow as pa

from memcli.errors import DamagedError, MemcliError, StorageError
from memcli.storage import inventory, native
from memcli.storage.versions import is_blank, manifests

for logger in ("LANCE_LOG", "LANCEDB_LOG"):  # they print deprecation notices of their own API on stderr
    os.environ.setdefault(logger, "error")

# Said on every clean-up; see Table.tidy for why removing old versions at once is safe here.
warnings.filterwarnings("ignore", message="optimize.cleanup_older_than=0.", category=UserWarning)
warnings.filterwarnings("ignore", message="lancedb fork support", category=RuntimeWarning)

Connection = Any
LanceTable = Any
AsyncLanceTable = Any
"""LanceDB's own types are incomplete (its query builders, its statistics): they'd need an ignore a line."""

LanceError = (OSError, RuntimeError, ValueError, OverflowError, pa.ArrowException)
"""What LanceDB raises; it has no exception class of its own."""

ATTEMPTS_MOST = 30
"""Attempts at most. Of 1,094 searches beside eight writers on two processors, four had their version taken
away six times in a row; each attempt fails in a third of the cases then."""

PAUSES_S = (0.0, 0.0, 0.05, 0.15, 0.3)
"""Seconds before a read is tried again on a fresh version, when a clean-up took the old one away under it.

Two writers that stored as fast as they could, cleaning up every few writes, and two readers for 40 s: of
9,502 reads 174 needed a second attempt, none a third. Eight of each, on a machine where 28 processes waited
for two processors (tests/faults/crowd.py): of 5,081 reads in 5 minutes 12 failed five times at once, hence
the pauses.
"""

PANICS = ("PanicException", "RustPanic")
"""What comes of a panic in Rust: where it was called, and where it was waited for."""

GONE = re.compile("not found|no such file|does not exist|commit conflict", re.IGNORECASE)
"""What LanceDB says when the version that it reads, or writes upon, is not there any more."""

Answer = TypeVar("Answer")

ROW = "_rowid"
"""LanceDB's number of a row, which holds for one version of a table."""


FILES = {"new_table_data_storage_version": "2.1"}
"""The format of the files of new tables. In 2.2, which is LanceDB's own choice, a column whose values are all
the same takes some 5 ms however few rows are read: of a million memories, the user, the agent, the team and a
dozen others of one row took 130 ms. 2.1 takes 5 bytes a memory more."""

CACHES = {"index_cache_size_bytes": 96 << 20, "metadata_cache_size_bytes": 32 << 20}
"""Bytes of indexes and of what files say of themselves that a connection keeps in memory. An index of a
million vectors and words takes some 100 MiB, and is read in pieces."""


RENEWED_AFTER = 16
"""How many times indexes may be replaced before a connection gives way to a new one: the one of before holds
what was replaced in memory, and its files open, until there is no more room. Each time leaves some two open
files in a small store, and up to 16 in one with all indexes."""

CONNECTIONS_KEPT = 2
"""Databases whose connections are kept."""

_kept: dict[str, Connection] = {}
_keeping = Lock()


def connected(path: Path) -> Connection:
    """A connection to the database at *path*: the one of before, as long as it is good for what is there.

    It knows indexes and files that were read; see `is_past`.
    """
    with _keeping:
        connection = _kept.pop(str(path), None)
        if connection is None or is_past(connection):
            connection = native.connect(path, **CACHES)
            is_past(connection)  # from now on it is noticed what is replaced
        _kept[str(path)] = connection
        if len(_kept) > CONNECTIONS_KEPT:
            del _kept[next(iter(_kept))]  # the one that was not asked for longest
        return connection


def connected_anew(path: Path | str) -> Connection:
    """A connection of its own to the database at *path*: nothing is known of it from before."""
    return native.connect(Path(path))


def is_past(connection: Connection) -> bool:
    """Whether *connection* must give way to a new one: its tables are others by now, or it is worn.

    A directory that was removed and made again at the same place, or brought back from a backup, holds other
    tables under the same names, with numbers of versions that may be the same, so that nothing that was read
    through the connection holds. It is worn when indexes were replaced, by anybody, more than `RENEWED_AFTER`
    times. Both since it was first asked, and only of a directory that can be told: another database never
    takes the place of one at a URL, and how many files LanceDB keeps open is of no account there.
    """
    about: dict[str, Any] = connection.__dict__
    tables, indexes = _looks(connection.uri)
    if about.setdefault("_memcli_tables", tables) != tables:
        return True
    if about.setdefault("_memcli_indexes", indexes) != indexes:
        about["_memcli_indexes"], about["_memcli_replaced"] = indexes, about.get("_memcli_replaced", 0) + 1
    return bool(about.get("_memcli_replaced", 0) > RENEWED_AFTER)


def written_through(connection: Connection) -> None:
    """Know the tables that are there as those of *connection*, through which they have just been written.

    One that is made, or that holds its first rows, looks like another one. Needs the writer's lock, and that
    they were the same when it was taken: nobody puts another store in the place of one that is locked.
    """
    connection.__dict__["_memcli_tables"] = _looks(connection.uri)[0]


def _looks(path: str) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """What tells the tables in the directory *path* from others, and when their indexes were replaced."""
    tables, indexes = {}, {}
    with suppress(OSError):
        for entry in os.scandir(path):
            if entry.name.endswith(".lance"):  # what lies beside them is written all the time
                with suppress(OSError):
                    tables[entry.name] = entry.inode(), entry.stat().st_ctime_ns
                    made = os.stat(f"{entry.path}/_indices")  # noqa: PTH116  # each command asks
                    indexes[entry.name] = made.st_mtime_ns
    return tables, indexes


@lru_cache(maxsize=2)
def connected_to(
    uri: str,
    options: tuple[tuple[str, str], ...],
    environment: tuple[tuple[str, str], ...],  # noqa: ARG001  # the key
) -> Connection:
    """A connection to the database at the URL *uri*, the one of before, as long as nothing has changed.

    Args:
        uri: The URL. Another database never takes its place.
        options: What LanceDB calls storage options.
        environment: The variables that count.
    """
    lancedb = native.package()
    return lancedb.connect(uri, session=lancedb.Session(**CACHES), storage_options=dict(options))


def guards(connection: Connection) -> list[Callable[[], None]]:
    """What has to hold before anything is committed through *connection*: each raises if it does not.

    It goes with the connection, which nothing else must keep.
    """
    found: list[Callable[[], None]] = connection.__dict__.setdefault("_memcli_guards", [])
    return found


def assured(connection: Connection) -> None:
    """Raise what any of the `guards` raises."""
    for holds in guards(connection):
        holds()


def read_before(connection: Connection) -> dict[Any, Any]:
    """What was read through *connection*, by what it is and the version of the table it was in.

    For the little that every command reads: one version of a table never changes. It goes with the
    connection.
    """
    found: dict[Any, Any] = connection.__dict__.setdefault("_memcli_read", {})
    return found


@contextmanager
def translated(doing: str, torn: Callable[[], str] = str) -> Iterator[None]:
    """Turn what LanceDB and the operating system raise into one sentence: "can't *doing*: reason".

    Args:
        doing: What is done.
        torn: Looks for a file that is missing or torn: what is wrong in words, empty for nothing.

    Raises:
        StorageError: Instead of any of `LanceError`.
    """
    try:
        yield
    except MemcliError:
        raise
    except LanceError as error:
        if named := torn():
            hint = "memcli doctor says what is lost, and brings back what can be"
            raise StorageError(f"can't {doing}: {named}", hint=hint) from error
        raise StorageError(f"can't {doing}: {reason(error)}") from error
    except BaseException as error:  # not all of Rust's panics are an `Exception`
        if type(error).__name__ not in PANICS:
            raise
        raise StorageError(f"can't {doing}: LanceDB has given up: {reason(error)}") from error


REASONS = (
    ("No space left on device", "the disk is full"),
    ("Too many open files", "too many files are open (ulimit -n says how many there may be)"),
    ("Permission denied", "permission denied (are all files of the store yours?)"),
    ("NoSuchBucket|ContainerNotFound", "there is no such bucket"),
    ("169.254.169.254|metadata.google|no providers in chain", "there are no credentials for it"),
    (
        "40[13] (Forbidden|Unauthorized)|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|InvalidToken",
        "it does not accept the credentials",
    ),
    ("error sending request|onnection refused|dns error|timed out|onnect error", "it can't be reached"),
    ("(?s)Server returned non-2xx status code: (5[0-9][0-9] [A-Za-z ]*)", "the service says {}"),
)
"""What is found in messages of the libraries, and what it means: they are long, and say more than people want
to see, or should: whole answers of services, with names of keys."""


def reason(error: BaseException) -> str:
    """Why it was not possible, in a few words."""
    for sign, meaning in REASONS:
        if found := re.search(sign, str(error)):
            return meaning.format(*found.groups())
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    first = next(iter(str(error).splitlines()), "") or type(error).__name__
    return first.split(", /root/.cargo")[0].split(", /home/")[0][:200]


def awaited(table: LanceTable, work: Callable[[AsyncLanceTable], Coroutine[Any, Any, Answer]]) -> Answer:
    """What *work* makes of the asynchronous face of *table*, on LanceDB's own event loop.

    Every call of the synchronous face is one of these; several at once need no threads of ours.
    """
    return native.run(work(table._table))


async def beside_the_loop(work: Callable[[], Answer]) -> Answer:
    """What *work* comes to in a thread of its own, while LanceDB's event loop goes on.

    Not one of a pool: a fork would leave a pool without threads that does not know it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Answer] = loop.create_future()

    def carried_out() -> None:
        try:
            answer = work()
        except BaseException as error:  # it belongs to whoever waits
            loop.call_soon_threadsafe(done.set_exception, error)
        else:
            loop.call_soon_threadsafe(done.set_result, answer)

    Thread(target=carried_out, daemon=True).start()
    return await done


def table_or_none(connection: Connection, name: str) -> LanceTable | None:
    """The table called *name*, or None where there is none.

    A clean-up beside may take away the version that LanceDB has just found to be the newest, before it is
    read: that looks like a table that is not there, or like a damaged one. As long as there are versions it
    is opened again. Of 14,500 commands that six clients gave at once, one met that.

    Raises:
        ValueError: Its newest version is blank, which LanceDB takes for a table without columns.
        DamagedError: It is not there, and was before.
    """
    path = Path(connection.uri, f"{name}.lance")
    newest: list[Path] = []

    def is_expected() -> bool:
        return bool(manifests(path)) or inventory.is_missing(path.parent, name)

    def opened() -> LanceTable | None:
        if is_blank(path):
            raise ValueError("its newest version is blank")
        try:
            return connection.open_table(name)
        except LanceError as error:
            if GONE.search(str(error)) and not is_expected():
                return None
            raise

    def is_newer() -> bool:
        nonlocal newest
        before, newest = newest, manifests(path)[:1]
        return newest != before

    try:
        return with_retries(opened, is_newer)
    except LanceError as error:
        if manifests(path) or not GONE.search(str(error)):
            raise
        raise DamagedError(
            f"the store at {connection.uri} is damaged: its table {name} is missing",
            hint="memcli doctor says what can be brought back",
        ) from error


def with_retries(read: Callable[[], Answer], refresh: Callable[[], bool]) -> Answer:
    """What *read* answers; where it fails, again after *refresh*, which says whether there is a new version.

    A writer may compact the table and remove the version that a reader has open. The reader then
    finds a file missing, and only has to look at the newest version; `PAUSES_S` later, if that is gone, too.
    As long as new versions come it goes on, `ATTEMPTS_MOST` times at most: a crowd of writers may outrun it.
    """
    same = 0
    for _ in range(ATTEMPTS_MOST):
        try:
            return read()
        except LanceError as error:
            if same == len(PAUSES_S) or not GONE.search(str(error)):
                raise
            time.sleep(PAUSES_S[same])
            same = max(same - 1, 0) if refresh() else same + 1
    return read()


async def scanned(
    table: AsyncLanceTable, where: str, columns: Sequence[str], limit: int | None = None
) -> pa.Table:
    """*columns*, which `ROW` may be among, of the rows of *table* that fulfil *where*."""
    query = table.query().select([name for name in columns if name != ROW])
    query = query.with_row_id() if ROW in columns else query
    query = query.where(where) if where else query
    return await (query.limit(limit) if limit is not None else query).to_arrow()

"""A store in an object store: Amazon's S3 and its kin, Google Cloud Storage, Azure Blob Storage.

Below the URL there are:

- `memcli.json`, the head: in which folder the tables are, and in which ones they were before backups were
  brought back. Whoever works with the store reads it first; writing it over puts another store in its place.
- folders `db-...`, each a LanceDB database.
- `write.lease` and `upkeep.lease`: see `lease`. Processes of one machine queue for a file lock before that,
  so that a machine asks for the lease once at a time.

LanceDB commits with conditional puts, so that readers see whole versions, and writers lose nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, UnknownConfigurationKeyError
from obstore.store import from_url

from memcli.errors import ConfigError, StorageError
from memcli.storage import locks
from memcli.storage.directory import OUR_TABLE, USES_NAMES, private
from memcli.storage.lance import connected, connected_to, guards, translated
from memcli.storage.place import Place, refuse_unfit
from memcli.storage.remote import mirror
from memcli.storage.remote.head import FOLDER, HEAD, Head, new_folder, sound
from memcli.storage.remote.lease import CLOCK, Lease
from memcli.storage.remote.trouble import asking
from memcli.storage.versions import HINT

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

    from memcli.storage.lance import Connection

WRITE_LEASE, UPKEEP_LEASE = "write.lease", "upkeep.lease"
OURS = re.compile(rf"{re.escape(HEAD)}|{WRITE_LEASE}|{UPKEEP_LEASE}|{CLOCK}|{FOLDER.pattern}")
FILE = re.compile(rf"{OUR_TABLE.pattern}(/[A-Za-z0-9_][A-Za-z0-9_.-]*){{1,6}}")

ABOUT_CLIENT: Mapping[str, str] = {"connect_timeout": "3s", "timeout": "20s", "allow_http": "true"}
"""How patient a request is: a server that does not answer in three seconds is down. Without encryption only
where the endpoint is named as `http://`."""

ABOUT_LANCE: Mapping[str, str] = {"client_max_retries": "1", "client_retry_timeout": "5"}
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
"""How often a request is tried again that failed on the way: not for minutes, as both libraries would. Lance
itself tries four times what has failed so: with three retries within 20 s, a service that took connections
and said nothing kept a read waiting for 74 times the timeout, and with these for four times."""

AT_ONCE = 8
"""Files that are copied at the same time."""

SAYING = ("AWS_", "GOOGLE_", "AZURE_")
"""What variables begin with that the libraries look at; a connection made with others is another one."""

GENERAL = frozenset({"user_agent", "allow_invalid_certificates", "proxy_url", "proxy_ca_certificate"})
PIECE = 8 << 20

COPIES = "mirror"
"""The directory of the copy on this machine; see `mirror`."""

ATTEMPTS = 3
"""How often it is tried to complete that while somebody tidies."""

Item = TypeVar("Item")


class Bucket(Place):
    """The store at the URL *uri*.

    Args:
        uri: The URL.
        options: What LanceDB calls storage options.
        own: See `Place`.
        mirrored: Bytes up to which the store is kept on this machine, too, for reading.
    """

    def __init__(self, uri: str, options: Mapping[str, str], own: Path, mirrored: int) -> None:
        self.name, self.own, self.beside, self._mirrored = uri, own, own.parent, mirrored
        self._options = {**ABOUT_CLIENT, **{key.lower(): value for key, value in options.items()}}
        self._found: Head | None = None
        self._has_looked, self._holds = False, 0

    @cached_property
    def _store(self) -> ObjectStore:
        client = {key: self._options[key] for key in self._options if key in {*ABOUT_CLIENT, *GENERAL}}
        rest = {key: self._options[key] for key in self._options if key not in {*client, *ABOUT_LANCE}}
        with self._asking("open"):
            try:
                return from_url(self.name, client_options=client, retry_config=RETRIES, **rest)  # type: ignore[call-overload,no-any-return]
            except UnknownConfigurationKeyError as error:
                found = re.search(r"key: '(.*?)'", str(error))
                raise ConfigError(
                    f"{found[1] if found else 'something'!r} is no storage option for {self.name}",
                    hint="memcli config get store.options shows what is set",
                ) from error

    def _asking(self, doing: str) -> AbstractContextManager[None]:
        return asking(doing, self.name)

    # --- the head ---

    @property
    def _head(self) -> Head | None:
        if not self._has_looked:
            self._found, self._has_looked = self._read_head(), True
        return self._found

    def _read_head(self) -> Head | None:
        store = self._store
        with self._asking("open"):
            try:
                said = json.loads(bytes(obstore.get(store, HEAD).bytes()))
                return sound(Head(said["folder"], tuple(said["kept"])))
            except FileNotFoundError as error:
                if re.search("NoSuchBucket|ContainerNotFound|bucket does not exist", str(error)):
                    raise StorageError(
                        f"can't open the store at {self.name}: there is no such bucket",
                        hint="memcli makes no buckets: make it first, or name another one",
                    ) from error
                return None
            except (ValueError, TypeError, KeyError) as error:
                raise StorageError(f"the store at {self.name} is damaged: {HEAD} makes no sense") from error

    def _write_head(self, head: Head, *, is_new: bool = False) -> None:
        said = json.dumps(asdict(head)).encode()
        with suppress(AlreadyExistsError):  # somebody was faster: then that is the store
            obstore.put(
                self._store, HEAD, said, mode="create" if is_new else "overwrite", use_multipart=False
            )
        self._has_looked = False

    @property
    def is_there(self) -> bool:
        """See `Place`."""
        if self._head is None:
            return False
        private(self.own)
        return True

    def refuse_foreign(self) -> None:
        """See `Place`."""
        if self._head is not None:
            return
        with self._asking("open"):
            found = obstore.list_with_delimiter(self._store)
        names = [*(one["path"] for one in found["objects"]), *found["common_prefixes"]]
        if any(not OURS.fullmatch(name.rstrip("/")) for name in names):
            raise StorageError(
                f"{self.name} is not a memcli store", hint="name another place with --home or MEMCLI_HOME"
            )

    @property
    def which(self) -> str:
        """See `Place`."""
        return self._head.folder if self._head else ""

    def look_again(self) -> bool:
        """See `Place`."""
        if not self._holds:  # nobody else changes it while we write
            self._has_looked = False
        return True

    def connection(self) -> Connection:
        """See `Place`: to the copy on this machine, unless one is about to write."""
        assert self._head is not None
        copy = None if self._holds else self._copy(self._head.folder)
        return connected(copy) if copy else self._connected(self._head.folder)

    def _copy(self, folder: str) -> Path | None:
        """Where the copy is from which is read; None where there is none, or the store is too large."""
        if not self._mirrored:
            mirror.remove(self.own / COPIES)
            return None
        for _ in range(ATTEMPTS):
            found = {one["path"][len(folder) + 1 :]: one["size"] for one in self._objects(folder)}
            files = {name: size for name, size in found.items() if _is_tables(name)}
            if len(found) > mirror.FILES_MOST or sum(files.values()) > self._mirrored:
                mirror.remove(self.own / COPIES)
                return None
            try:
                return mirror.synced(self.own / COPIES, folder, files, self._fetch)
            except FileNotFoundError:  # gone meanwhile
                continue
            except OSError:
                return None
        return None

    def _fetch(self, files: Sequence[tuple[str, Path]]) -> None:
        self._each(lambda one: self._get(*one), files)

    def _connected(self, folder: str) -> Connection:
        said = tuple(sorted(item for item in os.environ.items() if item[0].startswith(SAYING)))
        options = tuple(sorted({**ABOUT_LANCE, **self._options}.items()))
        return connected_to(f"{self.name}/{folder}", options, said)

    # --- whose turn it is ---

    @contextmanager
    def writers(self) -> Iterator[None]:
        """See `Place`."""
        self.refuse_foreign()
        with locks.writers(private(self.own), self.name):
            lease = Lease(self._store, WRITE_LEASE)
            with self._asking("write to"):
                if not lease.acquire(locks.TIMEOUT_S):
                    raise locks.too_long(self.name)
            with self._held(lease):
                with self._asking("write to"):
                    if self._head is None:
                        self._write_head(Head(new_folder()), is_new=True)
                connection = self.connection()
                guards(connection).append(lease.assure)
                try:
                    yield
                finally:
                    guards(connection).remove(lease.assure)

    @contextmanager
    def _held(self, lease: Lease) -> Iterator[None]:
        """Have the lease that was acquired, and what is read read from the bucket itself."""
        self.look_again()
        self._holds += 1
        try:
            yield
        except BaseException:
            with suppress(StorageError):
                lease.release()
            raise
        finally:
            self._holds -= 1
        lease.release()

    @contextmanager
    def upkeep(self, *, wait: bool) -> Iterator[bool]:
        """See `Place`."""
        with locks.upkeep(private(self.own), wait=wait) as is_ours:
            if not is_ours:
                yield False
                return
            lease = Lease(self._store, UPKEEP_LEASE)
            with self._asking("tidy"):
                is_leased = lease.acquire(locks.TIMEOUT_S if wait else 0)
            if not is_leased:
                yield False
                return
            with self._held(lease):
                yield True

    # --- files ---

    def _objects(self, folder: str) -> list[ObjectMeta]:
        with self._asking("read"):
            return [one for some in obstore.list(self._store, f"{folder}/", chunk_size=1000) for one in some]

    def tables(self) -> list[str]:
        """See `Place`."""
        if self._head is None:
            return []
        with self._asking("read"):
            found = obstore.list_with_delimiter(self._store, f"{self._head.folder}/")["common_prefixes"]
        names = [path.rstrip("/").rpartition("/")[2] for path in found]
        return sorted(name.removesuffix(".lance") for name in names if OUR_TABLE.fullmatch(name))

    def drop_leftovers(self) -> None:
        """See `Place`: folders of backups that were on their way."""
        if self._head is None:
            return
        known = {self._head.folder, *self._head.kept}
        with self._asking("tidy"):
            found = obstore.list_with_delimiter(self._store)["common_prefixes"]
        for folder in (path.rstrip("/") for path in found):
            if OURS.fullmatch(folder) and folder not in known:
                self._remove(folder)

    def _remove(self, folder: str) -> None:
        paths = [one["path"] for one in self._objects(folder)]
        with self._asking("tidy"):
            for start in range(0, len(paths), 1000):
                obstore.delete(self._store, paths[start : start + 1000])

    def taken(self, into: Path) -> None:
        """See `Place`."""
        assert self._head is not None
        private(into)
        start = len(self._head.folder) + 1
        names = [one["path"][start:] for one in self._objects(self._head.folder)]
        wanted = [name for name in names if _is_tables(name)]
        with translated(f"take a copy of {self.name}"):
            for folder in {(into / name).parent for name in wanted}:
                private(folder)
            self._each(lambda name: self._get(name, into / name), wanted)
            for name in USES_NAMES:
                with suppress(FileNotFoundError):
                    shutil.copyfile(self.own / name, into / name)

    def _each(self, do: Callable[[Item], None], items: Sequence[Item]) -> None:
        """Do it for each of *items*, several at once."""
        if items:
            with ThreadPoolExecutor(min(AT_ONCE, len(items))) as threads:
                for _ in threads.map(do, items):
                    pass

    def _get(self, name: str, path: Path) -> None:
        assert self._head is not None
        try:
            with self._asking("read"):
                pieces = obstore.get(self._store, f"{self._head.folder}/{name}").stream(min_chunk_size=PIECE)
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
                    for piece in pieces:
                        file.write(piece)
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise error.__cause__ from None
            raise

    def put_in_place(self, new: Path, stamp: str, *, is_free: bool) -> str:  # noqa: ARG002  # folders have names
        """See `Place`: the files go to a folder of their own, and then the head names that."""
        with self.writers(), self.upkeep(wait=True) as is_ours:
            there = bool(self.tables())
            refuse_unfit(self, is_ours=is_ours, is_taken=there and is_free)
            assert self._head is not None
            before, folder = self._head, new_folder()
            names = [path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()]

            def put(name: str) -> None:
                with self._asking("write to"):
                    obstore.put(self._store, f"{folder}/{name}", new / name)

            self._each(put, [name for name in names if _is_tables(name)])
            for holds in guards(self._connected(before.folder)):
                holds()
            with self._asking("write to"):
                self._write_head(Head(folder, (*before.kept, before.folder) if there else before.kept))
            self._put_uses(new)
            if not there:
                self._remove(before.folder)
        return f"{self.name}/{before.folder}" if there else ""

    def _put_uses(self, new: Path) -> None:
        """Let the uses that are noted in *new* be those that wait here."""
        with translated(f"write to {self.own}"):
            for name in USES_NAMES:
                (self.own / name).unlink(missing_ok=True)
                with suppress(FileNotFoundError):
                    shutil.copyfile(new / name, self.own / name)

    def size(self) -> tuple[int, int]:
        """See `Place`."""
        sizes = [one["size"] for one in self._objects(self._head.folder)] if self._head else []
        return len(sizes), sum(sizes)

    def written_at(self) -> float:
        """See `Place`."""
        there = self._objects(self._head.folder) if self._head else []
        return max((o["last_modified"].timestamp() for o in there if "/_versions/" in o["path"]), default=0.0)


def _is_tables(name: str) -> bool:
    """Whether the file *name* in a database can be one of our tables', and leads nowhere else."""
    return FILE.fullmatch(name) is not None and not name.endswith(HINT)

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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, UnknownConfigurationKeyError
from obstore.store import from_url

from memcli.errors import ConfigError, MemcliError, StorageError
from memcli.storage import locks
from memcli.storage.directory import OUR_TABLE, USES_NAMES, private
from memcli.storage.lance import connected_to, guards, reason, translated
from memcli.storage.place import Place, refuse_unfit
from memcli.storage.remote.lease import CLOCK, Lease
from memcli.storage.snapshot import HINT

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

    from memcli.storage.lance import Connection

HEAD = "memcli.json"
WRITE_LEASE, UPKEEP_LEASE = "write.lease", "upkeep.lease"
OURS = re.compile(rf"{re.escape(HEAD)}|{WRITE_LEASE}|{UPKEEP_LEASE}|{CLOCK}|db-[0-9a-f]+")

ABOUT_CLIENT: Mapping[str, str] = {"connect_timeout": "3s", "timeout": "30s", "allow_http": "true"}
"""How patient a request is: a server that does not answer in three seconds is down. Without encryption only
where the endpoint is named as `http://`."""

ABOUT_LANCE: Mapping[str, str] = {"client_max_retries": "3", "client_retry_timeout": "20"}
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
"""How often a request is tried again that failed on the way: not for minutes, as both libraries would."""

AT_ONCE = 16
"""Files that are copied at the same time."""

SAYING = ("AWS_", "GOOGLE_", "AZURE_")
"""What variables begin with that the libraries look at; a connection made with others is another one."""

GENERAL = frozenset({"user_agent", "allow_invalid_certificates", "proxy_url", "proxy_ca_certificate"})
PIECE = 8 << 20


@dataclass(frozen=True, slots=True)
class Head:
    """Which store it is.

    Attributes:
        folder: Where the tables are.
        kept: Where they were before backups were brought back.
    """

    folder: str
    kept: tuple[str, ...] = ()


class Bucket(Place):
    """The store at the URL *uri*.

    Args:
        uri: The URL.
        options: What LanceDB calls storage options.
        own: See `Place`.
    """

    def __init__(self, uri: str, options: Mapping[str, str], own: Path) -> None:
        self.name, self.own, self.beside = uri, own, own
        self._options = {**ABOUT_CLIENT, **{key.lower(): value for key, value in options.items()}}
        self._found: Head | None = None
        self._has_looked = self._is_ours = False

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

    @contextmanager
    def _asking(self, doing: str) -> Iterator[None]:
        """Turn what goes wrong at the service into one sentence."""
        try:
            yield
        except MemcliError:
            raise
        except (BaseError, OSError, ValueError) as error:
            said = reason(error)
            raise StorageError(
                f"can't {doing} the store at {self.name}: {said}", hint=_hint(said, self.name)
            ) from error

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
                return Head(str(said["folder"]), tuple(map(str, said["kept"])))
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

    def look_again(self) -> bool:
        """See `Place`."""
        if not self._is_ours:  # nobody else changes it while we write
            self._has_looked = False
        return True

    def connection(self) -> Connection:
        """See `Place`."""
        assert self._head is not None
        return self._connected(self._head.folder)

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
                    self.look_again()
                    if self._head is None:
                        self._write_head(Head(_new_folder()), is_new=True)
                connection = self.connection()
                guards(connection).append(lease.assure)
                self._is_ours = True
                try:
                    yield
                finally:
                    self._is_ours = False
                    guards(connection).remove(lease.assure)

    @contextmanager
    def _held(self, lease: Lease) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with suppress(StorageError):
                lease.release()
            raise
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

    def _each(self, do: Callable[[str], None], names: list[str]) -> None:
        """Do it for each of *names*, several at once."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for _ in threads.map(do, names):
                pass

    def _get(self, name: str, path: Path) -> None:
        assert self._head is not None
        with self._asking("read"):
            pieces = obstore.get(self._store, f"{self._head.folder}/{name}").stream(min_chunk_size=PIECE)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
                for piece in pieces:
                    file.write(piece)

    def put_in_place(self, new: Path, stamp: str, *, is_free: bool) -> str:  # noqa: ARG002  # folders have names
        """See `Place`: the files go to a folder of their own, and then the head names that."""
        with self.writers(), self.upkeep(wait=True) as is_ours:
            there = bool(self.tables())
            refuse_unfit(self, is_ours=is_ours, is_taken=there and is_free)
            assert self._head is not None
            before, folder = self._head, _new_folder()
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


def _new_folder() -> str:
    return f"db-{os.urandom(6).hex()}"


def _is_tables(name: str) -> bool:
    """Whether the file *name* in a database belongs to a version of one of our tables."""
    table, _, rest = name.partition("/")
    return OUR_TABLE.fullmatch(table) is not None and not rest.endswith(HINT)


KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_SERVICE_ACCOUNT, the path of its key",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""Where the libraries find keys first, by the scheme of the URL."""


def _hint(said: str, uri: str) -> str:
    """What can be done about what was *said* of the store at *uri*."""
    if "credentials" in said or "Account must" in said:
        return f"set {KEYS[uri.partition('://')[0]]}, or the same in store.options"
    return "see the network, and AWS_ENDPOINT_URL if one is set" if "reached" in said else ""

"""A store in LanceDB Cloud or LanceDB Enterprise, which look after their files themselves.

Not tested against the real service: what LanceDB offers there is taken at its word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from memcli.errors import ConfigError, StorageError
from memcli.storage import locks, native
from memcli.storage.directory import OUR_TABLE, private
from memcli.storage.lance import translated
from memcli.storage.place import Place

if TYPE_CHECKING:
    from memcli.storage.lance import Connection

OPTIONS = ("api_key", "region", "host_override")
"""What can be said in the settings; the key may also be in LANCEDB_API_KEY."""


class Service(Place):
    """The store at the URL *uri*, `db://name`; *options* are those of `OPTIONS`, *own* as in `Place`."""

    def __init__(self, uri: str, options: Mapping[str, str], own: Path) -> None:
        self.name, self.own, self.beside = uri, own, own.parent
        self._options = dict(options)
        if unknown := sorted(self._options.keys() - set(OPTIONS)):
            raise ConfigError(
                f"{unknown[0]} is no option of a store at db://", hint=f"there are {', '.join(OPTIONS)}"
            )

    @cached_property
    def _connection(self) -> Connection:
        with translated(f"open the store at {self.name}"):
            try:
                return native.package().connect(self.name, **self._options)
            except (ImportError, AttributeError, TypeError, ValueError) as error:
                raise StorageError(
                    f"can't open the store at {self.name}: LanceDB wants a key and a region, or a host",
                    hint="set LANCEDB_API_KEY, and store.options.region or store.options.host_override",
                ) from error

    @property
    def is_there(self) -> bool:
        """See `Place`: the database is made elsewhere."""
        return True

    def refuse_foreign(self) -> None:
        """See `Place`; nobody but us has tables with these names."""

    def connection(self) -> Connection:
        """See `Place`."""
        return self._connection

    @contextmanager
    def writers(self) -> Iterator[None]:
        """See `Place`: of this machine only, since the service has no leases."""
        with locks.writers(private(self.own)):
            yield

    def upkeep(self, *, wait: bool) -> AbstractContextManager[bool]:
        """See `Place`."""
        return locks.upkeep(private(self.own), wait=wait)

    def tables(self) -> list[str]:
        """See `Place`."""
        with translated(f"open the store at {self.name}"):
            names = [str(name) for name in self._connection.table_names(limit=1000)]
        return sorted(name for name in names if OUR_TABLE.fullmatch(f"{name}.lance"))

    def taken(self, into: Path) -> None:  # noqa: ARG002
        """See `Place`."""
        raise self._no_files()

    def put_in_place(self, new: Path, stamp: str, *, is_free: bool) -> str:  # noqa: ARG002
        """See `Place`."""
        raise self._no_files()

    def _no_files(self) -> StorageError:
        return StorageError(
            f"the files of {self.name} are LanceDB's own: there is nothing to back up or to put there",
            hint="memcli export and memcli import do without them",
        )

    def size(self) -> tuple[int, int]:
        """See `Place`; nobody tells."""
        return 0, 0

    def written_at(self) -> float:
        """See `Place`; nobody tells, so that no backup is due."""
        return 0.0

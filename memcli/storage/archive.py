"""A store in one file: a tar archive, compressed with Zstandard, that begins with what is in it.

The first member is the manifest: sizes and SHA-256 of all other members, how many rows each table has, which
memcli has written it with which model. It seals itself. Whoever reads an archive believes nothing else: what
the manifest does not name, in this size and with this hash, is damage, and names of files have to look like
those of a store. Members are never extracted by what the archive says of them; their bytes are written to new
files of our own, so that there are no links, no devices, and no way out of the directory.

Zstandard comes with Arrow. For 10,000 memories (19 MB, nearly all of it vectors) it takes 0.04 s and leaves
16.3 MB; gzip takes 0.6 s for the same, xz 9 s for 15.9 MB.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from memcli.errors import StorageError
from memcli.model import Progress
from memcli.storage.directory import OUR_TABLE, USES_NAMES, private

FORMAT = 1
"""The layout of an archive that this code writes, and the newest that it reads."""

MANIFEST, STORE, CONFIG = "manifest.json", "db", "config.toml"
"""Members: what is in it, the directory of the store, and the settings."""

MANIFEST_MOST = 64 << 20
"""Bytes of a manifest: some 400,000 files; a store of a million memories has a few hundred."""

PIECE = 1 << 20
UNIT = 1 << 20
"""Bytes of one unit of progress."""

PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
MEMBER = re.compile(
    rf"{STORE}/({OUR_TABLE.pattern}(/{PART}){{1,6}}|{'|'.join(map(re.escape, USES_NAMES))})|"
    rf"{re.escape(CONFIG)}"
)
"""What the members of an archive are called: nothing that leads out of it, nothing hidden."""


class _NotOursError(Exception):
    """The archive is not what its manifest says; the message says why."""


@dataclass(frozen=True, slots=True)
class File:
    """A file in an archive.

    Attributes:
        path: Its name there.
        size: Its bytes.
        sha256: Their hash, in hexadecimal digits.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive says of itself.

    Attributes:
        format: The layout of the archive.
        made_at: When the copy was taken, ISO 8601.
        memcli: The version that wrote it.
        store_format: The layout of the store; None for one without memories.
        generation: Number of the current tables of memories, and the model of their vectors; None likewise.
        tables: How many rows each table has.
        files: All that is in it.
    """

    format: int
    made_at: str
    memcli: str
    store_format: int | None
    generation: Mapping[str, Any] | None
    tables: Mapping[str, int]
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def memories(self) -> int:
        """How many memories there are, forgotten ones included."""
        return self.tables.get(f"memories_{(self.generation or {}).get('number')}", 0)

    @property
    def has_config(self) -> bool:
        """Whether settings are among the files."""
        return any(file.path == CONFIG for file in self.files)


def listed(root: Path) -> tuple[File, ...]:
    """The files below *root*, hashed."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return tuple(_hashed(path, path.relative_to(root).as_posix()) for path in paths)


def _hashed(path: Path, name: str) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return File(name, file.tell(), digest)


def written(manifest: Manifest, root: Path, out: BinaryIO, progress: Progress) -> None:
    """Write the files below *root* that *manifest* names to *out*."""
    with (
        pa.CompressedOutputStream(pa.PythonFile(_Lent(out), mode="w"), "zstd") as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, io.BytesIO(said := _said(manifest)), len(said), lambda _: None)
        told = _Told(progress)
        for one in manifest.files:
            with (root / one.path).open("rb") as file:
                _add(tar, one.path, file, one.size, told)


class _Lent:
    """A file that stays open: Arrow closes what it is given."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.write, self.flush = file.read, file.write, file.flush
        self.closed = False

    def close(self) -> None:
        self.closed = True


def _add(tar: tarfile.TarFile, name: str, file: BinaryIO, size: int, told: Callable[[int], object]) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode = size, 0o600
    tar.addfile(about, _Heard(file, told))


class _Heard(io.RawIOBase):
    """A file that tells how much was read of it."""

    def __init__(self, file: BinaryIO, told: Callable[[int], object]) -> None:
        super().__init__()
        self._file, self._told = file, told

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._told(len(piece))
        return piece


class _Told:
    """Tells *progress* of bytes, in whole units."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._bytes = progress, 0

    def __call__(self, number: int) -> None:
        before, self._bytes = self._bytes, self._bytes + number
        if units := self._bytes // UNIT - before // UNIT:
            self._progress(units)


def _said(manifest: Manifest) -> bytes:
    """*manifest* as JSON, with its seal."""
    document = asdict(manifest)
    return json.dumps({**document, "seal": _seal(document)}, indent=1).encode()


def _seal(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


class Archive:
    """The archive that is read from *file*, which people know as *name*; from its beginning to its end.

    Attributes:
        manifest: What it says of itself.

    Raises:
        StorageError: It is no archive of ours, damaged at its beginning, or written by a newer memcli.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        try:
            self._input = _Bounded(file, MANIFEST_MOST)
            self._tar = tarfile.open(fileobj=cast("BinaryIO", self._input), mode="r|")  # noqa: SIM115
            member = self._tar.next()
            if member is None or member.name != MANIFEST or not _is_plain(member):
                raise _NotOursError
            self.manifest = self._manifest(self._all_of(member))
        except (*TORN, _NotOursError) as error:
            raise StorageError(
                f"{name} is not a backup of memcli, or damaged at its beginning",
                hint="memcli backup FILE makes one",
            ) from error
        self._input.allow(sum(_blocks(one.size) for one in self.manifest.files) + BLOCKS_AT_END)

    def _all_of(self, member: tarfile.TarInfo) -> bytes:
        file = self._tar.extractfile(member)
        assert file is not None
        return bytes(file.read())

    def _manifest(self, said: bytes) -> Manifest:
        document = json.loads(said)
        seal = document.pop("seal")
        if seal != _seal(document):
            raise _NotOursError
        if document["format"] > FORMAT:
            raise StorageError(
                f"{self._name} was made by a newer memcli (format {document['format']}, this one knows "
                f"{FORMAT})",
                hint="upgrade memcli: pip install --upgrade memcli",
            )
        files = tuple(File(**one) for one in document["files"])
        known = {f.name: document[f.name] for f in fields(Manifest)}
        if not all(_is_sound(one) for one in files) or len({one.path for one in files}) < len(files):
            raise _NotOursError
        manifest = Manifest(**{**known, "files": files})
        if not _makes_sense(manifest):
            raise _NotOursError
        return manifest

    def checked(self, progress: Progress) -> None:
        """Read all of it.

        Raises:
            StorageError: It is damaged.
        """
        for _ in self._pieces(progress):
            pass

    def extracted(self, into: Path, progress: Progress) -> None:
        """Write all of it to files in the new directory *into*.

        Raises:
            StorageError: It is damaged.
            OSError: They can't be written.
        """
        into.mkdir(mode=0o700)
        output: BinaryIO | None = None
        try:
            for file, piece in self._pieces(progress):
                if piece is None:
                    _closed(output)
                    output = _new(into / file.path)
                else:
                    assert output is not None
                    output.write(piece)
        finally:
            _closed(output)

    def _pieces(self, progress: Progress) -> Iterator[tuple[File, bytes | None]]:
        """Each file, and then its bytes, some at a time; when the next one comes, its hash was right."""
        missing = {one.path: one for one in self.manifest.files}
        told = _Told(progress)
        while (member := self._read(self._tar.next)) is not None:
            one = missing.pop(member.name, None)
            if one is None or not _is_plain(member) or member.size != one.size:
                raise self._damaged(f"it holds {member.name!r}, which its manifest does not name like that")
            yield one, None
            digest, file = hashlib.sha256(), self._tar.extractfile(member)
            assert file is not None
            while piece := self._read(lambda file=file: file.read(PIECE)):  # type: ignore[misc]
                digest.update(piece)
                told(len(piece))
                yield one, piece
            if digest.hexdigest() != one.sha256:
                raise self._damaged(f"{one.path} is not what it was")
        if missing:
            raise self._damaged(f"{min(missing)} is missing")

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except TORN as error:
            raise self._damaged("it breaks off, or was changed") from error

    def _damaged(self, how: str) -> StorageError:
        return StorageError(f"the backup {self._name} is damaged: {how}")


TORN = (tarfile.TarError, OSError, EOFError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading an archive raises that is not whole; Arrow's own errors are among them."""

BLOCK = 512
BLOCKS_AT_END = 4 * tarfile.RECORDSIZE
"""Bytes of zeros with which an archive ends, and what is read ahead."""


def _blocks(size: int) -> int:
    """The most that a file of *size* bytes takes in an archive: with its header, and that of a long name."""
    return (size // BLOCK + 1) * BLOCK + 4 * BLOCK


def _is_plain(member: tarfile.TarInfo) -> bool:
    """Whether *member* is an ordinary file: no link, directory or device, and none with holes."""
    return member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()


def _is_sound(file: File) -> bool:
    return (
        isinstance(file.size, int)
        and 0 <= file.size < 2**60
        and isinstance(file.sha256, str)
        and MEMBER.fullmatch(file.path) is not None
    )


def _makes_sense(manifest: Manifest) -> bool:
    """Whether what *manifest* says besides its files can be used as it is."""
    datetime.fromisoformat(manifest.made_at)
    generation = manifest.generation
    return (
        isinstance(manifest.memcli, str)
        and isinstance(manifest.store_format, int | None)
        and isinstance(manifest.tables, dict)
        and all(isinstance(rows, int) for rows in manifest.tables.values())
        and (generation is None or isinstance(generation["model"]["name"], str))
    )


class _Bounded:
    """What is compressed in *file*, as long as it is no more than *most* bytes."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(_Lent(file), mode="r"), "zstd")
        self._left = most

    def allow(self, more: int) -> None:
        """Let that many more bytes be read."""
        self._left += more

    def read(self, size: int) -> bytes:
        """The next bytes, at most *size*."""
        piece = bytes(self._stream.read(size))
        self._left -= len(piece)
        if self._left < 0:
            raise ValueError("more than there should be")
        return piece


def _new(path: Path) -> BinaryIO:
    """A new file of our own."""
    private(path.parent)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: PTH123


def _closed(file: BinaryIO | None) -> None:
    """Close *file*, if there is one, once its bytes are on the disk."""
    if file is not None and not file.closed:
        file.flush()
        os.fsync(file.fileno())
        file.close()


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file for writing that is at *path* when it is whole, and before that nobody's."""
    import tempfile

    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with open(number, "wb") as file:  # noqa: PTH123
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

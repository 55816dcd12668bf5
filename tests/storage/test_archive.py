"""Archives that want to do harm: each is refused, and nothing is written outside of the place for it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import StorageError
from memcli.storage import archive
from memcli.storage.archive import Archive, File, Manifest


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory in which nothing is."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


Member = tuple[tarfile.TarInfo, bytes]

FILE = "db/values.lance/data/one.lance"


def described(**files: bytes) -> Manifest:
    """A manifest of *files*, by their names."""
    return Manifest(
        format=1,
        made_at="2026-05-01T12:00:00+00:00",
        memcli="0",
        store_format=None,
        generation=None,
        tables={},
        files=tuple(File(name, len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in files.items()),
    )


def member(name: str, raw: bytes = b"", **about: Any) -> Member:
    """A member of an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(raw)
    for key, value in about.items():
        setattr(info, key, value)
    return info, raw


def packed(*members: Member) -> io.BytesIO:
    """An archive of *members*."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w|") as tar:
        for info, raw in members:
            tar.addfile(info, io.BytesIO(raw))
    return compressed(plain.getvalue())


def compressed(raw: bytes) -> io.BytesIO:
    """*raw*, as a file of Zstandard."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(raw)
    return io.BytesIO(sink.getvalue().to_pybytes())


def announced(manifest: Manifest) -> Member:
    """The member that says what is in an archive."""
    return member(archive.MANIFEST, archive._said(manifest))


def unpack(file: io.BytesIO, into: Path) -> None:
    """Unpack the archive *file*."""
    Archive(file, "it").extracted(into, lambda _: None)


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/tmp/outside",
        "db/../../outside",
        "db/values.lance/../../../outside",
        "db/values.lance/data/..",
        "db/values.lance",
        "db/values.lance/.hidden",
        "db/other.lance/data/one.lance",
        "db/values.lance/a\\..\\b",
        "db/values.lance/a\nb",
        "db/write.lock",
        "memcli.toml",
        "",
    ],
)
def test_names_that_are_not_those_of_a_store_are_refused(name: str, place: Path) -> None:
    """Already in the manifest: nothing is unpacked."""
    with pytest.raises(StorageError, match="not a backup"):
        unpack(packed(announced(described(**{name: b"x"})), member(name, b"x")), place / "into")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "sent",
    [
        member(FILE, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member(FILE, type=tarfile.LNKTYPE, linkname="/etc/passwd"),
        member(FILE, type=tarfile.DIRTYPE),
        member(FILE, type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member(FILE, type=tarfile.FIFOTYPE),
        member("../outside", b""),
        member("/tmp/outside", b""),
        member("db/values.lance/data/two.lance", b""),
        member(FILE, b"more than it should be"),
        member(FILE, b"what"),
    ],
    ids=[
        "symlink",
        "link",
        "directory",
        "device",
        "pipe",
        "above",
        "absolute",
        "unnamed",
        "longer",
        "changed",
    ],
)
def test_members_that_the_manifest_does_not_name_like_that_are_refused(sent: Member, place: Path) -> None:
    """Whatever they are: only bytes are taken from an archive, and only those that were announced."""
    with pytest.raises(StorageError, match="damaged"):
        unpack(packed(announced(described(**{FILE: b"that"})), sent), place / "into")
    assert [path.name for path in place.iterdir()] == ["into"]
    assert not [path for path in place.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("type_", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_an_empty_file_is_no_excuse_for_a_link(type_: bytes, place: Path) -> None:
    """A link has no bytes either, so that size and hash are right."""
    with pytest.raises(StorageError, match="damaged"):
        unpack(
            packed(announced(described(**{FILE: b""})), member(FILE, type=type_, linkname="/etc/passwd")),
            place / "into",
        )


def test_a_file_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """In the archive as in the manifest."""
    said = described(**{FILE: b"x"})
    with pytest.raises(StorageError, match="damaged"):
        unpack(packed(announced(said), member(FILE, b"x"), member(FILE, b"x")), tmp_path / "one")
    twice = Manifest(**{**{n: getattr(said, n) for n in said.__slots__}, "files": said.files * 2})
    with pytest.raises(StorageError, match="not a backup"):
        unpack(packed(announced(twice), member(FILE, b"x")), tmp_path / "two")


def test_a_bomb_is_defused(place: Path) -> None:
    """No more is unpacked than was announced, and what announces it has a size, too."""
    zeros = bytes(300 << 20)
    with pytest.raises(StorageError, match="damaged"):
        unpack(packed(announced(described(**{FILE: b"x"})), member(FILE, zeros)), place / "into")
    assert sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) <= 1
    with pytest.raises(StorageError, match="not a backup"):
        Archive(compressed(zeros), "it")
    with pytest.raises(StorageError, match="not a backup"):
        Archive(packed(member(archive.MANIFEST, zeros)), "it")


def broken(change: Callable[[dict[str, Any]], object], *, sealed: bool) -> io.BytesIO:
    """An archive whose manifest was changed; sealed anew, or not."""
    document = json.loads(archive._said(described(**{FILE: b"x"})))
    del document["seal"]
    seal = archive._seal(document)
    change(document)
    if sealed:
        seal = archive._seal(document)
    return packed(
        member(archive.MANIFEST, json.dumps({**document, "seal": seal}).encode()), member(FILE, b"x")
    )


def test_a_manifest_that_was_changed_is_recognised() -> None:
    """Its numbers are what people believe of a backup."""
    with pytest.raises(StorageError, match="not a backup"):
        Archive(broken(lambda document: document.update(tables={"memories_1": 7}), sealed=False), "it")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("files"),
        lambda d: d.update(files=7),
        lambda d: d.update(files=[{"path": FILE}]),
        lambda d: d["files"][0].update(size=-1),
        lambda d: d["files"][0].update(size="1"),
        lambda d: d["files"][0].update(size=2**70),
        lambda d: d["files"][0].update(sha256=None),
        lambda d: d["files"][0].update(path=7),
        lambda d: d.update(format="one"),
        lambda d: d.update(tables=None),
        lambda d: d.update(generation=[1]),
        lambda d: d.update(made_at="yesterday"),
        lambda d: d.update(store_format="x"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    """In one sentence, whatever is wrong with it."""
    with pytest.raises(StorageError, match="not a backup"):
        Archive(broken(change, sealed=True), "it")


@given(st.binary(max_size=2000), st.booleans())
def test_whatever_is_no_archive_is_refused(raw: bytes, is_compressed: bool) -> None:
    """No input ends in anything but a sentence."""
    with pytest.raises(StorageError):
        Archive(compressed(raw) if is_compressed else io.BytesIO(raw), "it")


@given(st.data())
def test_no_byte_can_be_changed_unseen(data: st.DataObject) -> None:
    """Verifying finds it, wherever it is: in the manifest, in a file, or between them."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w|") as tar:
        for info, raw in (announced(described(**{FILE: b"x" * 700})), member(FILE, b"x" * 700)):
            tar.addfile(info, io.BytesIO(raw))
    whole = bytearray(plain.getvalue())
    begins = len(whole) - tarfile.RECORDSIZE
    at = data.draw(st.integers(0, begins))
    before = bytes(whole)
    whole[at] = data.draw(st.integers(0, 255))
    try:
        opened = Archive(compressed(bytes(whole)), "it")
        opened.checked(lambda _: None)
    except StorageError:
        return
    assert opened.manifest == Archive(compressed(before), "it").manifest

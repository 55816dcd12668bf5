"""Files of a row store: what is read of them, and what the system is told before."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from memcli.storage.rowstore.files import File

SAID = bytes(range(256))


@pytest.fixture
def file(tmp_path: Path) -> File:
    """One of 256 bytes, each another."""
    (tmp_path / "file").write_bytes(SAID)
    return File(tmp_path / "file")


def test_pieces_are_what_is_there(file: File) -> None:
    """In any order, over each other, of no length, at the end."""
    starts, lengths = [200, 3, 4, 90, 256, 0], [56, 5, 1, 0, 0, 256]
    assert file.pieces(starts, lengths) == [SAID[s : s + n] for s, n in zip(starts, lengths, strict=True)]
    assert file.pieces([], []) == []
    assert file.records(np.dtype("<u2"), np.array([5, 0])).tolist() == [0x0B0A, 0x0100]
    for start, length in ((250, 7), (257, 1)):
        with pytest.raises(ValueError, match="shorter"):
            file.pieces([0, start], [1, length])


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system is told nothing")
def test_the_system_is_told_of_several_pieces_and_of_no_more(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece of no length would stand for all up to the end: a gigabyte of memories."""
    told: list[tuple[int, ...]] = []
    advise = os.posix_fadvise

    def noting(number: int, *said: int) -> None:
        told.append(said)
        advise(number, *said)

    monkeypatch.setattr(os, "posix_fadvise", noting)
    file.piece(3, 5)
    assert not told  # one is read at once
    file.pieces([200, 90, 3], [56, 0, 5])
    assert told == [(200, 56, os.POSIX_FADV_WILLNEED), (3, 5, os.POSIX_FADV_WILLNEED)]


def test_a_file_system_that_takes_no_advice_is_read_from(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is only advice."""

    def refused(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fadvise", refused, raising=False)
    monkeypatch.setattr(os, "POSIX_FADV_WILLNEED", 3, raising=False)
    assert file.pieces([1, 9], [2, 1]) == [SAID[1:3], SAID[9:10]]


def test_a_system_that_can_not_be_told_is_read_from(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS is."""
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    assert file.pieces([1, 9], [2, 1]) == [SAID[1:3], SAID[9:10]]

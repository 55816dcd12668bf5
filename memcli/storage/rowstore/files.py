"""Files of a row store, read a piece at a time."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def whole(path: Path, kind: str, size: int) -> NDArray[Any]:
    """All numbers in the file at *path*, written as *kind*.

    Raises:
        OSError: It can't be read.
        ValueError: They are not *size* bytes.
    """
    found = np.fromfile(path, dtype=kind)
    if found.nbytes != size:
        raise ValueError("a file is shorter than it was")
    return found


class File:
    """The file at *path*, open until nobody needs it: one that is removed meanwhile stays readable."""

    def __init__(self, path: Path) -> None:
        self._number = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._number)

    def piece(self, start: int, length: int) -> bytes:
        """*length* bytes from *start* on.

        Raises:
            ValueError: There are fewer.
        """
        return self.pieces([start], [length])[0]

    def announce(self, starts: Sequence[int], lengths: Sequence[int]) -> None:
        """Tell the system that as many bytes as *lengths* say will be read from each of *starts* on.

        What it does not have in memory it then fetches side by side: 150 records in 1.2 ms instead of 9.4.
        Where it has all of them, this takes 0.05 ms.
        """
        if not hasattr(os, "posix_fadvise"):  # macOS
            return
        tell, number, will_need = os.posix_fadvise, self._number, os.POSIX_FADV_WILLNEED
        with suppress(OSError):  # a file system that takes no advice
            for start, length in zip(starts, lengths, strict=True):
                if length:  # none would mean all there is
                    tell(number, start, length, will_need)

    def fill(self, buffer: memoryview, start: int) -> None:
        """Read the bytes from *start* on into *buffer*, all of it.

        Raises:
            ValueError: There are fewer.
        """
        if os.preadv(self._number, [buffer], start) != len(buffer):
            raise ValueError("a file is shorter than it was")

    def from_to(self, record: np.dtype[Any], start: int, end: int) -> NDArray[Any]:
        """The records from *start* to *end*."""
        size = record.itemsize
        return np.frombuffer(self.piece(start * size, (end - start) * size), dtype=record)

    def records(self, record: np.dtype[Any], positions: NDArray[np.int64]) -> NDArray[Any]:
        """The records at *positions*."""
        size = record.itemsize
        read = self.pieces((positions * size).tolist(), [size] * len(positions))
        return np.frombuffer(b"".join(read), dtype=record)

    def pieces(self, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """As many bytes as *lengths* say from each of *starts* on.

        Raises:
            ValueError: There are fewer.
        """
        if len(starts) > 1:
            self.announce(starts, lengths)
        read, number = os.pread, self._number  # hundreds of pieces: each look-up counts
        found = [read(number, length, start) for start, length in zip(starts, lengths, strict=True)]
        if list(map(len, found)) != lengths:
            raise ValueError("a file is shorter than it was")
        return found

"""Sets of numbers are read in all forms that there are, and nonsense is told."""

import struct

import numpy as np
import pytest

from memcli.storage import roaring

RUN, OTHER = range(7, 5_007), [1, 5, 65_535]


def array(numbers: list[int]) -> bytes:
    """A container that lists *numbers*."""
    return np.array(numbers, dtype="<u2").tobytes()


def bitmap(numbers: range) -> bytes:
    """A container with a bit for each number."""
    bits = np.zeros(1 << 16, dtype=np.uint8)
    bits[list(numbers)] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def head(*containers: tuple[int, int]) -> bytes:
    """Keys, and how many numbers are in each."""
    return b"".join(struct.pack("<HH", key, count - 1) for key, count in containers)


def test_arrays_and_bitmaps() -> None:
    """Up to 4,096 numbers are listed, more have bits; each container says where it is."""
    raw = struct.pack("<II", 12346, 2) + head((0, 3), (2, 5_000)) + bytes(8) + array(OTHER) + bitmap(RUN)
    assert roaring.numbers(raw).tolist() == sorted({*OTHER, *(2 * 65_536 + n for n in RUN)})


@pytest.mark.parametrize("more", [0, 3])
def test_runs(more: int) -> None:
    """From four containers on, those with runs say where they are, too."""
    containers = [(0, 5_000), (1, 3), *((9 + n, 1) for n in range(more))]
    flags = bytes([0b00000001])
    runs = struct.pack("<H", 1) + struct.pack("<HH", 7, 4_999)
    raw = struct.pack("<I", 12347 | (len(containers) - 1) << 16) + flags + head(*containers)
    raw += bytes(4 * len(containers)) if len(containers) >= 4 else b""
    raw += runs + array(OTHER) + b"".join(array([3]) for _ in range(more))
    expected = {*RUN, *(65_536 + n for n in OTHER), *((9 + n) * 65_536 + 3 for n in range(more))}
    assert roaring.numbers(raw).tolist() == sorted(expected)


def test_nothing() -> None:
    """An index may know no fragment."""
    assert roaring.numbers(struct.pack("<II", 12346, 0)).tolist() == []


@pytest.mark.parametrize("raw", [b"", b"nonsense", struct.pack("<II", 12346, 2), struct.pack("<I", 12347)])
def test_what_is_none_is_told(raw: bytes) -> None:
    """Whoever asks goes on without."""
    with pytest.raises(ValueError, match=r"set|short|buffer|size|large"):
        roaring.numbers(raw)

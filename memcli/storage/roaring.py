"""Sets of whole numbers as LanceDB writes them: Roaring bitmaps, in their portable serialization.

The format: https://github.com/RoaringBitmap/RoaringFormatSpec. Numbers that agree in their upper 16 bits are
in one container, which is a sorted array, a bitmap, or runs of consecutive numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITHOUT_RUNS, WITH_RUNS = 12346, 12347
"""What a set begins with."""

OFFSETS_FROM = 4
"""Containers from which on a set with runs says where each is."""

ARRAY_MOST, BITMAP_BYTES = 4_096, 8_192


def numbers(raw: bytes) -> NDArray[np.int64]:
    """The numbers in the set *raw*, ascending. Shape (n,).

    Raises:
        ValueError: It is none, or cut short.
    """
    cookie, at = _whole(raw, 0, 4), 4
    are_runs: list[bool] = []
    if cookie & 0xFFFF == WITH_RUNS:
        count = (cookie >> 16) + 1
        flags = _array(raw, at, (count + 7) // 8, "u1")
        are_runs = np.unpackbits(flags, bitorder="little")[:count].astype(bool).tolist()
        at += len(flags)
    elif cookie == WITHOUT_RUNS:
        count, at = _whole(raw, at, 4), at + 4
        are_runs = [False] * count
    else:
        raise ValueError("not a set of numbers")
    heads = _array(raw, at, 2 * count, "<u2").reshape(-1, 2).astype(np.int64)
    at += 4 * count
    if cookie == WITHOUT_RUNS or count >= OFFSETS_FROM:
        at += 4 * count
    found = [np.empty(0, np.int64)]
    for (key, less_one), is_runs in zip(heads.tolist(), are_runs, strict=True):
        if is_runs:
            runs = _array(raw, at + 2, 2 * _whole(raw, at, 2), "<u2").reshape(-1, 2).astype(np.int64)
            at += 2 + 4 * len(runs)
            low = np.concatenate([np.arange(start, start + more + 1) for start, more in runs.tolist()])
        elif less_one < ARRAY_MOST:
            low = _array(raw, at, less_one + 1, "<u2").astype(np.int64)
            at += 2 * len(low)
        else:
            low = np.flatnonzero(np.unpackbits(_array(raw, at, BITMAP_BYTES, "u1"), bitorder="little"))
            at += BITMAP_BYTES
        found.append((key << 16) + low)
    return np.concatenate(found)


def _whole(raw: bytes, at: int, length: int) -> int:
    if at + length > len(raw):
        raise ValueError("cut short")
    return int.from_bytes(raw[at : at + length], "little")


def _array(
    raw: bytes, at: int, count: int, kind: str
) -> np.ndarray[tuple[int], np.dtype[np.unsignedinteger]]:
    return np.frombuffer(raw, dtype=kind, count=count, offset=at)

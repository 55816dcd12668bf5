"""How much may pile up in a table before it is tidied: small writes, rows without an index, segments."""

from __future__ import annotations

from collections.abc import Mapping

FRAGMENTS_KEPT = 8
"""Small writes that may pile up in a small table before they are merged. A write leaves three files; 8 keep a
store of 1,000 single writes under 60 files (tests/benchmarks/upkeep.py)."""

ROWS_PER_FRAGMENT = 1_000
"""A table of n rows may have n / 1,000 more: merging rewrites it all, so that this keeps the cost of
merging per write the same at every size."""

FRAGMENTS_MOST = 200
"""Fragments that no table exceeds: each one costs a search about 0.1 ms (findings: 1,000 cost 145 ms)."""

UNINDEXED_MOST = 500
"""Rows that the full-text index may lack. A search through 2,760 of them took twice as long as through an
index of all (tests/benchmarks/retrieval.py: 94 ms and 48 ms)."""

SEGMENTS_MOST = 8
"""Segments of an index besides the first. LanceDB gives an index of vectors one more each time that it is
completed, and never merges rows that are in different ones; an index in more than these is made anew, and
then all is merged. A look into 6,000 vectors took 6.1 ms in one segment, 8.3 in nine, 14.7 in 33; making the
index of them 0.13 s, of 100,000 2.2 s. Left alone, a store that was written to 600 times one by one after it
had its index was in 402 segments, and a command took three times as long."""


def is_piled_up(rows: int, fragments: int, segments: Mapping[str, int]) -> bool:
    """Whether searches notice that *rows* are in so many *fragments*, or indexes in so many *segments*.

    Each segment besides the first of its index has rows that can't be merged with others.
    """
    beyond = sum(segments.values()) - len(segments)
    most = min(FRAGMENTS_KEPT + rows // ROWS_PER_FRAGMENT, FRAGMENTS_MOST)
    return fragments - beyond > most or beyond > SEGMENTS_MOST

"""Texts cut into terms for the inverted index of a row store: each different word once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.lexical import as_terms
from memcli.storage.rowstore import layout
from memcli.storage.rowstore.postings import ENTRY, LENGTHS, POSTING, POSTINGS, VOCABULARY, hashed

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT_AT_ONCE, PUT_AT_ONCE = 20_000, 1_000_000
"""Different words that are cut into terms, and words or terms of records that are put in order, at a time."""


def write(
    batches: Iterable[tuple[NDArray[np.int64], pa.Array]], order: NDArray[np.int64], folder: Path
) -> tuple[str, int]:
    """Write an inverted index of all rows into *folder*.

    Args:
        batches: What is searched of some rows each, with the numbers of the rows.
        order: The row of each record. Shape (n,).
        folder: Where to.

    Returns:
        How numpy writes how many terms a record has, and how many records have any.

    Raises:
        OSError: It can't be written.
    """
    terms, lengths, hashes = _terms(batches, order)
    counts = np.bincount(terms, minlength=len(hashes))
    ends = np.cumsum(counts)
    postings = _by_term(terms, lengths, ends - counts)
    is_new = np.append(True, postings[1:] != postings[:-1])[: len(postings)]
    is_new[ends - counts] = True  # where another term begins
    vocabulary = np.empty(len(hashes), dtype=ENTRY)
    vocabulary["hash"], vocabulary["end"] = hashes, ends
    if len(hashes):  # each of which is in some record
        vocabulary["holders"] = np.add.reduceat(is_new, ends - counts, dtype=np.uint32)
    kind = layout.smallest(int(lengths.max(initial=0)))
    for name, values in ((POSTINGS, postings), (LENGTHS, lengths.astype(kind)), (VOCABULARY, vocabulary)):
        values.tofile(folder / name)
    return kind, int((lengths > 0).sum())


def _by_term(
    terms: NDArray[np.unsignedinteger], lengths: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.unsignedinteger]:
    """The record that each of *terms* is in, by term; those of each begin at *starts*."""
    postings, next_of, read = np.empty(len(terms), dtype=POSTING), starts.copy(), 0
    for at, end in _pieces(lengths):
        of_each = lengths[at:end]
        some = terms[read : (read := read + int(of_each.sum()))]
        order, counts = np.argsort(some, kind="stable"), np.bincount(some, minlength=len(starts))
        records = np.repeat(np.arange(at, end, dtype=POSTING), of_each)
        # the first of each term in here goes where its last one from before ends
        places = np.repeat(next_of - _starts(counts), counts) + np.arange(len(some))
        postings[places] = records[order]
        next_of += counts
    return postings


def _terms(
    batches: Iterable[tuple[NDArray[np.int64], pa.Array]], order: NDArray[np.int64]
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.int64], NDArray[np.uint64]]:
    """The number of each term of each record, one record after another; how many each has; their hashes."""
    words = _Words.of(batches, len(order))
    cut = _Cut.of(words.different)
    kind = layout.smallest(len(cut.hashes))  # 16 bits are put in order several times as fast as 32
    total = int(np.bincount(words.codes, minlength=len(cut.counts)) @ cut.counts)
    terms, lengths, written = np.empty(total, kind), np.empty(len(order), np.int64), 0
    for at, end in _pieces(words.counts[order]):
        rows = order[at:end]
        codes = _taken(words.codes, words.starts[rows], words.counts[rows])
        row_of = np.repeat(np.arange(len(rows)), words.counts[rows])
        lengths[at:end] = np.bincount(row_of, weights=cut.counts[codes], minlength=len(rows))
        some = _taken(cut.terms, cut.starts[codes], cut.counts[codes])
        terms[written : (written := written + len(some))] = some
    return terms, lengths, cut.hashes


def _pieces(counts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """From where to where records, which have *counts* of something, have `PUT_AT_ONCE` of it, or are one."""
    ends, at = np.cumsum(counts), 0
    while at < len(counts):
        most = PUT_AT_ONCE + int(ends[at] - counts[at])
        end = max(int(np.searchsorted(ends, most, side="right")), at + 1)
        yield at, end
        at = end


@dataclass(frozen=True)
class _Words:
    """The words of all rows, parted at white space.

    Attributes:
        different: Each word once.
        codes: Which of them each word is, row by row, in the order in which they were read.
        starts: Where in there each row begins. Shape (n,).
        counts: How many words each row has. Shape (n,).
    """

    different: list[str]
    codes: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, batches: Iterable[tuple[NDArray[np.int64], pa.Array]], count: int) -> _Words:
        known: dict[str, int] = {}
        codes = [np.empty(0, np.int32)]
        starts, counts, end = np.zeros(count, np.int64), np.zeros(count, np.int64), 0
        for rows, texts in batches:
            parted = pc.ascii_split_whitespace(texts.fill_null(""))
            coded = parted.flatten().dictionary_encode()
            some = [known.setdefault(word, len(known)) for word in coded.dictionary.to_pylist()]
            codes.append(np.array(some, dtype=np.int32)[coded.indices.to_numpy()])
            of_each = pc.list_value_length(parted).to_numpy().astype(np.int64)
            starts[rows], counts[rows] = end + _starts(of_each), of_each
            end += len(codes[-1])
        return cls(list(known), np.concatenate(codes), starts, counts)


@dataclass(frozen=True)
class _Cut:
    """Words cut into terms: as an index does it, a word by itself, since no term goes across white space.

    Attributes:
        hashes: The hash of each term, ascending. Shape (t,).
        terms: The numbers of the terms of each word, one word after another.
        starts: Where in there each word begins. Shape (words,).
        counts: How many terms each word has, mostly 1; 0 for those that nobody looks for. Shape (words,).
    """

    hashes: NDArray[np.uint64]
    terms: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, words: Sequence[str]) -> _Cut:
        known: dict[str, int] = {}
        terms: list[int] = []
        counts: list[int] = []
        for at in range(0, len(words), CUT_AT_ONCE):
            for some in as_terms(words[at : at + CUT_AT_ONCE]):
                terms += [known.setdefault(term, len(known)) for term in some]
                counts.append(len(some))
        every = np.array([hashed(term) for term in known], dtype=np.uint64)
        hashes, of_term = np.unique(every, return_inverse=True)
        lengths = np.array(counts, dtype=np.int64)
        return cls(hashes, of_term[np.array(terms, dtype=np.int64)], _starts(lengths), lengths)


def _taken(
    values: NDArray[np.int64], starts: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """*counts* of the *values* from each of *starts* on, one after another."""
    within = np.arange(int(counts.sum())) - np.repeat(_starts(counts), counts)
    return np.asarray(values[np.repeat(starts, counts) + within])


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.cumsum(counts) - counts)

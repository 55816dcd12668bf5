"""What rows at hand can be asked, be they in a row store on the disk or in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from memcli.model import Memory
    from memcli.storage.meaning import Meaning

    Ranges = Sequence[tuple[int, int]]
    """Records, each from where to where."""


@dataclass(frozen=True, slots=True)
class Term:
    """What an inverted index knows of a term.

    Attributes:
        start: Where its postings begin.
        end: Where they end.
        holders: How many records hold it.
    """

    start: int
    end: int
    holders: int

    @property
    def length(self) -> int:
        """How many postings it has: records that hold it twice count twice."""
        return self.end - self.start


class Inverted(Protocol):
    """An inverted index of a segment: for each term, the records that hold it.

    Attributes:
        length: How many terms all records have together.
        lengths: How many terms each record has. Shape (records,).
    """

    length: int
    lengths: NDArray[Any]

    def known(self, term: str) -> Term:
        """What is known of *term*."""

    def announce(self, terms: Sequence[Term]) -> None:
        """Tell the system that the records that hold *terms* will be read."""

    def holding(self, term: Term, ranges: Ranges) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
        """The records in *ranges* that hold *term*, and how often. Shape (n,)."""


class Segment(Protocol):
    """Rows of a version of a table, each with a record, those of one place together.

    Attributes:
        count: How many records there are.
        with_terms: How many of them have any term.
        has_units: Whether all vectors are of length 1, so that a product of two is their cosine.
    """

    count: int
    with_terms: int
    has_units: bool

    @property
    def postings(self) -> Inverted:
        """Which records hold each term."""

    def positions(self, numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Which record each of the rows *numbers*, as LanceDB numbers them, has; -1 for none. Shape (n,)."""

    def numbers(self, records: slice | NDArray[np.integer]) -> NDArray[np.uint64]:
        """LanceDB's numbers of the rows that *records* are of. Shape (n,)."""

    def records(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """The records at *positions*, in whatever form. Shape (n,)."""

    def table(self, records: NDArray[Any], numbers: NDArray[np.uint64], columns: Sequence[str]) -> pa.Table:
        """*columns*, which `ROW` is one of or not, of *records*, which those with *numbers* are."""

    def memories(self, records: NDArray[Any]) -> list[Memory]:
        """The memories that *records* are of."""

    def ranges(self, place: Meaning) -> list[tuple[int, int]]:
        """From where to where the records in *place* are, which speaks of `layout.PLACE` only."""

    def announce(self, ranges: Ranges) -> None:
        """Tell the system that the records in *ranges* will be compared."""

    def products(self, vector: NDArray[np.float32], start: int, end: int) -> NDArray[np.float32]:
        """The scalar products of the records from *start* to *end* with *vector*. Shape (end - start,)."""

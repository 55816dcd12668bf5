"""Rows tested by what a predicate says: what LanceDB does with its SQL, for a few hundred rows at hand."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from memcli.storage.meaning import Joined, Meaning, Test

if TYPE_CHECKING:
    from numpy.typing import NDArray


def passing(meaning: Meaning, rows: pa.Table) -> NDArray[np.bool_]:
    """Which of *rows*, which have all columns that it speaks of, *meaning* holds for. Shape (n,)."""
    known = _tested(meaning, rows).fill_null(False)  # what is unknown does not hold
    return np.asarray(known.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _tested(meaning: Meaning, rows: pa.Table) -> pa.Array:
    """True, false or, as SQL has it, null for each of *rows*."""
    if isinstance(meaning, Joined):
        join = pc.or_kleene if meaning.either else pc.and_kleene
        return reduce(join, (_tested(part, rows) for part in meaning.parts))
    column = rows[meaning.column].combine_chunks()
    if meaning.test in (Test.IS_NULL, Test.IS_VALID):
        return getattr(pc, meaning.test)(column)
    if meaning.test is Test.IS_IN:
        among = pc.is_in(column, pa.array(_listed(meaning.value), column.type))
        return pc.if_else(pc.is_valid(column), among, pa.scalar(None, pa.bool_()))
    return getattr(pc, meaning.test)(column, pa.scalar(meaning.value, column.type))


def _listed(value: Any) -> list[Any]:
    return list(value)

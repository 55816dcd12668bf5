"""Keeping the store small and quick: what writes do a little of, done wholly and at once."""

from __future__ import annotations

from dataclasses import dataclass

from memcli.services import rotation
from memcli.services.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """What an optimisation came to.

    Attributes:
        files_before: Files in the store before.
        files_after: Files in it now.
        bytes_before: Their size together, in bytes.
        bytes_after: Their size now.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


def optimize(engine: Engine) -> Optimized:
    """Merge small writes, complete the indexes, drop old versions, make a backup if one is due."""
    files_before, bytes_before = engine.place.size()
    if engine.db.model:
        with engine.db.writing() as db:
            db.drop_leftovers()
            db.fold_uses()
        engine.db.catch_up(always=True)
        rotation.make_if_due(engine)
    files_after, bytes_after = engine.place.size()
    return Optimized(
        files_before=files_before,
        files_after=files_after,
        bytes_before=bytes_before,
        bytes_after=bytes_after,
    )

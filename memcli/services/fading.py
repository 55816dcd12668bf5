"""How much of a memory is left: what ranks it in a search, said of single memories."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memcli.model import Memory
    from memcli.services.engine import Engine


def retention_of(engine: Engine, memory: Memory) -> float:
    """The retention of *memory* now, 0..1; 1 is fresh."""
    import numpy as np

    from memcli.services.finding.decay import retention

    last = max(memory.created_at, memory.used_at or memory.created_at)
    age = (engine.now() - last).total_seconds() / 86_400
    return float(retention(np.array([age]), np.array([memory.importance]), engine.config.decay)[0])

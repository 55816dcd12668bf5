"""What was said around a turn: its neighbours in the conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from memcli.model import Hit, Memory, Scope
from memcli.services import checks
from memcli.services.engine import Engine
from memcli.services.select import NO_FILTER, Filter, predicate
from memcli.services.suspicion import flagged

AROUND_MOST = 100
"""Neighbours on each side that can be asked for."""


def with_neighbours(
    engine: Engine, hits: Sequence[Hit], steps: int, *, scope: Scope, wanted: Filter = NO_FILTER
) -> list[Hit]:
    """*hits*, each turn with its neighbours up to *steps* before and after in `around`.

    Facts have no neighbours. Forgotten and expired turns are left out, and what is not in *scope*, or less
    trusted than is *wanted*.

    Raises:
        UsageError: *steps* is not from 0 to `AROUND_MOST`.
    """
    checks.within(steps, 0, AROUND_MOST, "the number of neighbours")
    if not steps or not hits:
        return list(hits)
    said = turns_around(engine, hits, steps, scope=scope, wanted=wanted)
    return [replace(hit, around=_around(hit, steps, said)) for hit in hits]


def turns_around(
    engine: Engine, turns: Sequence[Memory], steps: int, *, scope: Scope, wanted: Filter = NO_FILTER
) -> Mapping[tuple[str, ...], Memory]:
    """The turns that are up to *steps* before and after *turns*, these included, by `place_of`."""
    places: dict[str, set[int]] = {}
    for turn in turns:
        if turn.is_turn and turn.position is not None:
            first, last = max(turn.position - steps, 0), turn.position + steps
            places.setdefault(turn.conversation, set()).update(range(first, last + 1))
    where = predicate(
        scope, Filter(min_trust=wanted.min_trust or engine.config.search.min_trust), engine.now()
    )
    found = flagged(engine.db.memories.turns(places, where)) if places else []
    return {place_of(turn, turn.position or 0): turn for turn in found}


def place_of(turn: Memory, position: int) -> tuple[str, ...]:
    """What is equal for two turns at *position* of the conversation that *turn* is in."""
    return (turn.user, turn.agent, turn.space, turn.conversation, str(position))


def _around(hit: Hit, steps: int, said: Mapping[tuple[str, ...], Memory]) -> tuple[Memory, ...]:
    if not hit.is_turn or hit.position is None:
        return ()
    beside = (hit.position + step for step in range(-steps, steps + 1) if step)
    return tuple(said[place] for position in beside if (place := place_of(hit, position)) in said)

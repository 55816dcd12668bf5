"""Hits bring along what they are connected with: at a lower score, never twice, within what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from memcli.errors import UsageError
from memcli.model import BroughtBy, Hit, Memory, Scope
from memcli.services import checks, uses
from memcli.services.edges import Direction, EdgesNow
from memcli.services.engine import Engine
from memcli.services.fading import retention_of
from memcli.services.select import Filter, predicate
from memcli.services.suspicion import SUSPECTED, flagged
from memcli.services.walking import Brought, brought_along

DISCOUNT = 0.5
"""What a step leaves of a score, besides the weight of its edge: a memory that is only brought along stands
behind every hit of at least half the score of the one that brings it. Chosen, not measured: there are no
public questions about graphs of memories."""

HOPS_MOST = 5


def checked(hops: int, wanted: Filter) -> int:
    """*hops*, if so many steps can be followed from what is *wanted*.

    Raises:
        UsageError: They can't.
    """
    checks.within(hops, 0, HOPS_MOST, "the number of hops")
    if hops and (wanted.at or wanted.replaced or wanted.forgotten):
        raise UsageError("edges are those of today: --hops goes with neither --at nor --include-replaced")
    return hops


def with_connected(
    engine: Engine,
    hits: Sequence[Hit],
    hops: int,
    *,
    scope: Scope,
    wanted: Filter,
    limit: int,
    min_score: float,
    explain: bool,
) -> list[Hit]:
    """*hits* and what they bring along within *hops* steps, either way along edges, best first.

    What is brought along scores what the best of its hits does, times `DISCOUNT` and the weight of the edge
    for each step. A hit stays what it is, whatever else leads to it.
    """
    view = EdgesNow(engine, scope)
    scores = {hit.id: hit.score for hit in hits}
    found = brought_along(
        scores, lambda ids: view.leaving(ids, Direction.BOTH), depth=hops, discount=DISCOUNT
    )
    strong = [one for one in found if one.score >= min_score]
    where = predicate(scope, wanted, engine.now())
    there = engine.db.memories.with_ids([one.id for one in strong], where)
    memories = {memory.id: memory for memory in uses.counted(engine, flagged(there.values()))}
    by_id = {hit.id: hit for hit in hits}
    brought = [
        _hit(engine, memories[one.id], one, by_id[one.start], explain) for one in strong if one.id in memories
    ]
    return sorted([*hits, *brought], key=lambda hit: -hit.score)[:limit]


def _hit(engine: Engine, memory: Memory, brought: Brought, by: Hit, explain: bool) -> Hit:
    edge, factor = brought.step.edge, brought.strength * DISCOUNT**brought.depth
    signals: Mapping[str, Any] | None = None
    if explain:
        about = {"hit": by.id, "score": by.score, "weights": round(brought.strength, 4)}
        signals = {"edge": {"value": by.score, "factor": round(factor, 4), **about}}
    return Hit(
        **{f.name: getattr(memory, f.name) for f in fields(Memory)},
        score=round(brought.score * (SUSPECTED if memory.flags else 1.0), 6),
        similarity=0.0,
        decay=round(retention_of(engine, memory), 6),
        relevance=round(by.relevance * factor, 6),
        signals=signals,
        brought_by=BroughtBy(
            hit=by.id, id=brought.step.at, type=edge.type, weight=edge.weight, hops=brought.depth
        ),
    )

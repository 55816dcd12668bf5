"""Finding memories: candidates from vectors and words, ranked by all that is known about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from memcli.errors import UsageError
from memcli.model import Hit, Mode, Scope
from memcli.services import checks
from memcli.services.engine import Engine
from memcli.services.hops import checked, with_connected
from memcli.services.select import NO_FILTER, Filter, passages_place, place, predicate
from memcli.services.surroundings import with_neighbours


def search(
    engine: Engine,
    query: str,
    *,
    scope: Scope,
    limit: int | None = None,
    mode: Mode | None = None,
    min_score: float | None = None,
    wanted: Filter = NO_FILTER,
    around: int = 0,
    hops: int = 0,
    explain: bool = False,
) -> list[Hit]:
    """The memories of *scope* that match *query*, best first.

    Args:
        engine: What to work with.
        query: What is looked for, in any words.
        scope: Where to look.
        limit: Most hits; the setting, if None.
        mode: Which evidence counts; the setting, if None.
        min_score: Weakest hit given, 0..1; the setting, if None.
        wanted: What hits must fulfil besides.
        around: Turns to give before and after each turn of a conversation.
        hops: Steps along edges within which hits bring along what they are connected with.
        explain: Give each hit its signals.

    Raises:
        UsageError: The query is empty.
    """
    refuse_unfit(query)
    return next(
        search_all(
            engine,
            [query],
            scope=scope,
            limit=limit,
            mode=mode,
            min_score=min_score,
            wanted=wanted,
            around=around,
            hops=hops,
            explain=explain,
        )
    )


def refuse_unfit(query: str) -> None:
    """Raise unless *query* is something that can be looked for.

    Raises:
        UsageError: It is empty, or no text.
    """
    checks.query(query)
    if not query.strip():
        raise UsageError("the query is empty")


def search_all(
    engine: Engine,
    queries: Sequence[str],
    *,
    scope: Scope,
    limit: int | None = None,
    mode: Mode | None = None,
    min_score: float | None = None,
    wanted: Filter = NO_FILTER,
    around: int = 0,
    hops: int = 0,
    explain: bool = False,
) -> Iterator[list[Hit]]:
    """The hits of each of *queries*, in order, none for an empty one; otherwise like `search`."""
    from memcli.services.finding.searcher import Asked, Searcher  # behind the door: arrays and the store

    settings = engine.config.search
    wanted = replace(wanted, min_trust=wanted.min_trust or settings.min_trust)
    for query in queries:
        checks.query(query)
    asked = Asked(
        where=predicate(scope, wanted, engine.now()),
        place=place(scope),
        passages=passages_place(scope),
        limit=checks.positive(settings.limit if limit is None else limit, "the limit"),
        mode=mode or Mode(settings.mode),
        min_score=checks.share(settings.min_score if min_score is None else min_score, "the minimum score"),
        explain=explain,
        at=wanted.at,
    )
    answers = Searcher(engine, asked).answers(queries)
    if checked(hops, wanted):
        known: dict[str, Any] = {"limit": asked.limit, "min_score": asked.min_score, "explain": explain}
        found = answers
        answers = (with_connected(engine, hits, hops, scope=scope, wanted=wanted, **known) for hits in found)
    return (
        (with_neighbours(engine, hits, around, scope=scope, wanted=wanted) for hits in answers)
        if around
        else answers
    )

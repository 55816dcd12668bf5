"""The options of commands that find memories: which ones, how many, since when."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from memcli.cli import complete
from memcli.cli.options import replacing
from memcli.cli.words import a_time
from memcli.model import Mode, Scope, Trust
from memcli.services.select import Filter
from memcli.storage.predicates import Condition


class Style(StrEnum):
    """How a context block is written."""

    MARKDOWN = "markdown"
    XML = "xml"
    PLAIN = "plain"


Limit = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, help="Most hits. [setting search.limit: 10]")
]
MinScore = Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Leave out weaker hits, 0 to 1.")]
Around = Annotated[
    int | None,
    typer.Option(
        min=0, max=100, metavar="N", help="Show N turns before and after a turn of a conversation, too."
    ),
]
Hops = Annotated[
    int,
    typer.Option(min=0, max=5, metavar="N", help="Bring along what hits are connected with, N steps away."),
]
ModeOption = Annotated[Mode | None, typer.Option(help="Which evidence counts. [setting search.mode: hybrid]")]
AllSpaces = Annotated[bool, typer.Option("--all-spaces", "-a", help="Look in every space.")]


def in_all_spaces(scope: Scope, wanted: bool) -> Scope:
    """*scope*, in every space if that is *wanted*."""
    return replace(scope, space=None) if wanted else scope


TAGS = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", autocompletion=complete.tags, help="Only with this tag; repeatable."),
]
WHERE = Annotated[
    str | None,
    typer.Option(
        metavar="EXPR", help="Only where metadata fulfil this: 'n >= 1 and not type in (note, todo)'."
    ),
]
SINCE = Annotated[str | None, typer.Option(metavar="WHEN", help="Created since: 2026-05-01, 7d, yesterday.")]
UNTIL = Annotated[str | None, typer.Option(metavar="WHEN", help="Created until, that day included.")]
MIN_IMPORTANCE = Annotated[float, typer.Option(min=0.0, max=1.0, help="Leave out less important ones.")]

MIN_TRUST = Annotated[
    Trust | None,
    typer.Option(help="Only what the user, or an agent besides, has put there. [setting: imported]"),
]


def _condition(where: str | None) -> Condition | None:
    if where is None:
        return None
    from memcli.services.where import parse  # 17 ms, most of it for compiling its grammar

    return parse(where)


def _filter(
    ctx: typer.Context,  # noqa: ARG001  # handed to all of these
    tag: list[str] | None,
    where: str | None,
    since: str | None,
    until: str | None,
    min_importance: float,
    min_trust: Trust | None,
) -> Filter:
    return Filter(
        tags=tuple(tag or ()),
        where=_condition(where),
        since=a_time(since),
        until=a_time(until, end_of_day=True),
        min_importance=min_importance,
        min_trust=min_trust or "",
    )


AT = Annotated[
    str | None, typer.Option("--at", metavar="WHEN", help="What was true at this time, or on this day.")
]
REPLACED = Annotated[bool, typer.Option("--include-replaced", help="Memories that were replaced since, too.")]


def _past(ctx: typer.Context, at: str | None, include_replaced: bool) -> Filter:  # noqa: ARG001
    return Filter(at=a_time(at, end_of_day=True), replaced=include_replaced)


past = replacing("then", {"at": (AT, None), "include_replaced": (REPLACED, False)}, _past)
"""Decorates a command with a parameter `then`, whose `at` and `replaced` say which versions are meant."""


def of_then(wanted: Filter, then: Filter) -> Filter:
    """*wanted*, of the versions that *then* means."""
    return replace(wanted, at=then.at, replaced=then.replaced)


filtered = replacing(
    "wanted",
    {
        "tag": (TAGS, None),
        "where": (WHERE, None),
        "since": (SINCE, None),
        "until": (UNTIL, None),
        "min_importance": (MIN_IMPORTANCE, 0.0),
        "min_trust": (MIN_TRUST, None),
    },
    _filter,
)
"""Decorates a command with a parameter `wanted`: the command line gets the filters."""

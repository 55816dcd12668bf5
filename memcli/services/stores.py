"""Stores besides one's own: which there are, and one search over several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from memcli.config import Config
from memcli.errors import MemcliError, NotFoundError
from memcli.home import Home
from memcli.model import Hit
from memcli.services import recall, teams, uses
from memcli.services.engine import Engine
from memcli.settings import ALL, OWN


def chosen(config: Config, home: Home, name: str) -> tuple[Config, Home]:
    """Settings and home for the store called *name*; empty or `own` for the user's own.

    Raises:
        NotFoundError: There is no such store in the settings.
    """
    if name in ("", OWN):
        return config, home
    if name not in config.stores:
        known = ", ".join(config.stores)
        raise NotFoundError(
            f"there is no store called {name!r}",
            hint=f"there are {OWN}, {known}"
            if known
            else "name one in the settings: [stores.team] uri = ...",
        )
    return replace(config, store=config.stores[name]), home.besides(name)


def named(config: Config, store: str, others: Sequence[str]) -> list[str]:
    """The stores to look into, in order: *store*, or all of them if it is `all`, and *others*."""
    first = [OWN, *config.stores] if store == ALL else [store or OWN]
    return list(dict.fromkeys([*first, *others]))


def search(engines: Mapping[str, Engine], query: str, **about: Any) -> list[Hit]:
    """The hits of one query in all stores of *engines*; see `search_all` and `recall.search`."""
    recall.refuse_unfit(query)
    return next(search_all(engines, [query], **about))


def search_all(engines: Mapping[str, Engine], queries: Sequence[str], **about: Any) -> Iterator[list[Hit]]:
    """The hits of each of *queries* in all stores of *engines*, by name, best first; see `recall.search_all`.

    Scores do not hang on what else there is, so that those of several stores compare. What only one's own
    store has must not fail for another one's sake: of that, a warning.

    Raises:
        MemcliError: The first of the stores can't be searched.
    """
    (first, engine), *others = engines.items()
    limit = about["limit"] or engine.config.search.limit
    found = [(first, list(recall.search_all(engine, queries, **about)))]
    for name, other in others:
        try:
            found.append((name, list(recall.search_all(other, queries, **_there(other, about)))))
        except MemcliError as error:
            engine.warn(f"the store {name} is left out: {error.sentence}")
    for answers in zip(*(hits for _, hits in found), strict=True):
        hits = [
            replace(hit, store=name)
            for (name, _), several in zip(found, answers, strict=True)
            for hit in several
        ]
        yield sorted(hits, key=lambda hit: -hit.score)[:limit]


def _there(engine: Engine, about: Mapping[str, Any]) -> Mapping[str, Any]:
    """*about* for the store of *engine*: what the user's teams there can see is what it is for."""
    scope = about["scope"]
    if scope.team or scope.user is None:
        return about
    return {**about, "scope": replace(scope, teams=teams.slugs_of(engine, scope.user))}


def note_hits(engines: Mapping[str, Engine], hits: Sequence[Hit]) -> None:
    """Note in each store that somebody looked at those of *hits* that are its own; see `uses.note_hits`."""
    for name, engine in engines.items():
        uses.note_hits(engine, [hit for hit in hits if hit.store == name])

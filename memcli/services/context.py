"""One block of text for a prompt: whole memories, best first, within a budget, unable to break out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from memcli.errors import UsageError
from memcli.model import Context, Hit, Memory, Scope
from memcli.services import checks, recall, values
from memcli.services.blocks import STYLES, Style
from memcli.services.engine import Engine
from memcli.services.likeness import distinct
from memcli.services.select import NO_FILTER, Filter
from memcli.services.surroundings import AROUND_MOST, place_of, turns_around
from memcli.services.tokens import estimate_tokens
from memcli.structure import Value

LETTERS_PER_TOKEN = 20
"""More than any text has, on average: what is longer need not be looked at."""

SPARE = 2
"""How many times the memories wanted are looked at: some of them repeat others."""


class Include(StrEnum):
    """What a block may hold besides memories. Values take half of its budget at most."""

    VALUES = "values"


def build(
    engine: Engine,
    query: str,
    *,
    scope: Scope,
    budget: int | None = None,
    top_n: int | None = None,
    min_score: float | None = None,
    around: int | None = None,
    style: str | None = None,
    wanted: Filter = NO_FILTER,
    include: Sequence[str] = (),
    without: Collection[str] = (),
    not_in: str = "",
) -> Context:
    """What is known about *query*, as one block.

    What nearly repeats a better memory is left out. Turns of one conversation are told together, in order.
    A memory that does not fit into what is left of the budget is passed over for a shorter one further
    down; none is cut.

    Args:
        engine: What to work with.
        query: What the prompt is about.
        scope: Where to look.
        budget: Most tokens of the block; the setting, if None.
        top_n: Most memories; the setting, if None.
        min_score: Weakest memory, 0..1, by its relevance: how old a memory is says nothing about whether it
            answers. The setting, if None.
        around: Neighbours of a turn to tell with it, on each side; the setting, if None.
        style: `markdown`, `xml` or `plain`; the setting, if None.
        wanted: What memories must fulfil besides.
        include: What else goes into the block; see `Include`.
        without: Ids of memories that are known where the block goes.
        not_in: A conversation that is known there; empty for none.

    Raises:
        UsageError: The query is empty, or a number or the style makes no sense.
    """
    settings = engine.config.context
    written = STYLES.get(style or settings.style)
    if written is None:
        raise UsageError(f"a context is written as {', '.join(STYLES)}, not as {style!r}")
    most = checks.positive(settings.budget if budget is None else budget, "the budget")
    number = checks.positive(settings.top_n if top_n is None else top_n, "the number of memories")
    weakest = checks.share(settings.min_score if min_score is None else min_score, "the minimum score")
    steps = checks.within(
        settings.around if around is None else around, 0, AROUND_MOST, "the number of neighbours"
    )
    looked_at = min(SPARE * number, checks.MOST)
    found = _found(engine, query, scope, looked_at, wanted, not_in)
    hits = distinct([hit for hit in found if hit.relevance >= weakest and hit.id not in without])[:number]
    beside = turns_around(engine, hits, steps, scope=scope) if steps else {}
    from_several = _from_several(scope)
    if Include.VALUES not in [Include(one) for one in include]:
        return _fitted(hits, written, from_several, most, steps=steps, beside=beside)
    said, told = _values(engine, written, scope, most // 2)
    cost = estimate_tokens(said + "\n") if said else 0
    block = _fitted(hits, written, from_several, most - cost, steps=steps, beside=beside)
    whole = "\n".join(part for part in (said, block.context) if part)
    return replace(block, context=whole, tokens=block.tokens + cost, values=told)


def _found(engine: Engine, query: str, scope: Scope, limit: int, wanted: Filter, not_in: str) -> list[Hit]:
    """What matches *query* and is not in the conversation *not_in*.

    A predicate of its own would cost as much as the search (180 ms instead of 80 at 10,000 memories), so it
    is only used where that conversation takes the place of others.
    """
    found = recall.search(engine, query, scope=scope, limit=limit, min_score=0.0, wanted=wanted)
    others = [hit for hit in found if not not_in or hit.conversation != not_in]
    if 2 * len(others) >= len(found):
        return others
    narrow = replace(wanted, not_in=not_in)
    return recall.search(engine, query, scope=scope, limit=limit, min_score=0.0, wanted=narrow)


def listed(
    engine: Engine, memories: Sequence[Memory], *, scope: Scope, budget: int | None = None
) -> tuple[str, tuple[Memory, ...]]:
    """*memories*, in their order, as one block like that of `build`; with those that are in it.

    Args:
        engine: What to work with.
        memories: Facts, or what is told like one.
        scope: Where they are from.
        budget: Most tokens of the block; the setting, if None.
    """
    settings = engine.config.context
    style = STYLES[settings.style]
    most = settings.budget if budget is None else budget
    block = _begun(style, _from_several(scope), most)
    told = tuple(memory for memory in memories if block.take([memory]))
    return (block.text if told else ""), told


def _values(engine: Engine, style: Style, scope: Scope, budget: int) -> tuple[str, tuple[Value, ...]]:
    """The values of *scope* as a part of a block, those that fit into *budget* in order of their keys."""
    frame = [line for line in (style.values_head, style.values_foot) if line]
    left = budget - sum(estimate_tokens(line + "\n") for line in frame)
    entries, told = list[str](), list[Value]()
    for value in values.all_values(engine, scope=scope):
        if len(value.data) > LETTERS_PER_TOKEN * budget:  # none that long fits
            continue
        entry = style.value(value, scope.space is None)
        cost = estimate_tokens(entry + "\n")
        if cost <= left:
            left -= cost
            entries.append(entry)
            told.append(value)
    lines = [line for line in (style.values_head, *entries, style.values_foot) if line]
    return "\n".join(lines) if entries else "", tuple(told)


@dataclass
class _Block:
    """A block as it fills up.

    Attributes:
        style: How it is written.
        name_space: Whether entries name their space.
        left: Tokens of the budget that are left.
        passages: What is told together, by what it has in common, in the order of its best memory.
        costs: The tokens of each passage.
    """

    style: Style
    name_space: bool
    left: int
    passages: dict[tuple[str, ...], list[Memory]] = field(default_factory=dict)
    costs: dict[tuple[str, ...], int] = field(default_factory=dict)

    def take(self, memories: Sequence[Memory]) -> bool:
        """Add *memories*, turns of one conversation or one fact, if they fit."""
        first = memories[0]
        key = place_of(first, 0)[:-1] if first.is_turn else ("fact", first.id)
        told = {turn.id: turn for turn in (*self.passages.get(key, ()), *memories)}
        passage = sorted(told.values(), key=lambda turn: (turn.position or 0, turn.id))
        cost = estimate_tokens(self.style.entry(passage, self.name_space) + "\n")
        more = cost - self.costs.get(key, 0)
        if more > self.left:
            return False
        self.left -= more
        self.passages[key], self.costs[key] = passage, cost
        return True

    @property
    def text(self) -> str:
        """All of it."""
        entries = [self.style.entry(passage, self.name_space) for passage in self.passages.values()]
        return "\n".join(line for line in (self.style.head, *entries, self.style.foot) if line)


def _from_several(scope: Scope) -> bool:
    return scope.space is None or bool(scope.further)


def _begun(style: Style, name_space: bool, budget: int) -> _Block:
    """An empty block, its frame paid for out of *budget*."""
    frame = [line for line in (style.head, style.foot) if line]
    return _Block(style, name_space, budget - sum(estimate_tokens(line + "\n") for line in frame))


def _fitted(
    hits: Sequence[Hit],
    style: Style,
    name_space: bool,
    budget: int,
    *,
    steps: int = 0,
    beside: Mapping[tuple[str, ...], Memory] | None = None,
) -> Context:
    block = _begun(style, name_space, budget)
    taken = []
    for hit in hits:
        near = _neighbours(hit, steps, beside or {})
        if (near and block.take([hit, *near])) or block.take([hit]):
            taken.append(hit)
    if not taken:
        return Context(context="", tokens=0, memories=())
    return Context(context=block.text, tokens=budget - block.left, memories=tuple(taken))


def _neighbours(hit: Hit, steps: int, beside: Mapping[tuple[str, ...], Memory]) -> list[Memory]:
    if not hit.is_turn or hit.position is None:
        return []
    places = (place_of(hit, hit.position + step) for step in range(-steps, steps + 1) if step)
    return [beside[place] for place in places if place in beside]

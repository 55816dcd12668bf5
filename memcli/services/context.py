"""One block of text for a prompt: whole memories, best first, within a budget, unable to break out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from memcli.errors import UsageError
from memcli.model import Context, Hit, Memory, Scope
from memcli.services import checks, recall, sections
from memcli.services.beside import Beside
from memcli.services.blocks import STYLES, Style
from memcli.services.engine import Engine
from memcli.services.likeness import distinct
from memcli.services.sections import Include, Told
from memcli.services.select import NO_FILTER, Filter
from memcli.services.surroundings import AROUND_MOST, place_of, turns_around
from memcli.services.tokens import estimate_tokens

Found = TypeVar("Found", bound=Memory)

SPARE = 2
"""How many times the memories wanted are looked at: some of them repeat others."""


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
    conversation: str = "",
    without: Collection[str] = (),
    not_in: str = "",
) -> Context:
    """What is known about *query*, as one block.

    What nearly repeats a better memory is left out. Turns of one conversation are told together, in order.
    A memory that does not fit into what is left of the budget is passed over for a shorter one further
    down; none is cut. What other sections leave of their shares goes to the memories, and the other way
    round; see `memcli.services.sections`.

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
        conversation: The conversation that goes into it, if one does; the current one, if empty.
        without: Ids of memories that are known where the block goes.
        not_in: A conversation that is known there; empty for none.

    Raises:
        UsageError: The query is empty, or a number, a section or the style makes no sense.
        NotFoundError: There is no such conversation.
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
    beside = Beside(engine, query, written, scope, conversation)
    others = beside.tellers([_section(one) for one in include])
    looked_at = min(SPARE * number + beside.known, checks.MOST)
    found = _found(engine, query, scope, looked_at, wanted, not_in)
    fresh = [
        hit
        for hit in found
        if hit.relevance >= weakest
        and hit.id not in without
        and not beside.tells(hit)
        and _may_be_told(engine, hit)
    ]
    memories = _Memories(
        hits=distinct(fresh)[:number],
        style=written,
        name_space=_from_several(scope),
        steps=steps,
        beside={
            place: turn
            for place, turn in turns_around(engine, fresh[:number], steps, scope=scope, wanted=wanted).items()
            if _may_be_told(engine, turn)
        }
        if steps
        else {},
    )
    fence = _Fence(engine, written)
    told = sections.shared({Include.SEMANTIC: memories.tell, **others}, max(most - fence.tokens, 0))
    block = "\n".join(told[name].text for name in sections.ORDER if name in told and told[name].text)
    return Context(
        context=fence.around(block),
        tokens=sum(section.tokens for section in told.values()) + (fence.tokens if block else 0),
        memories=tuple(memories.taken),
        values=beside.values,
        sections={name.value: told[name].tokens for name in sections.ORDER if name in told}
        if others
        else None,
        fence=fence.mark if block else None,
    )


class _Fence:
    """What stands around a whole block: a mark of its own, and what that costs."""

    def __init__(self, engine: Engine, style: Style) -> None:
        self.mark, self._style = engine.new_mark(), style
        self.tokens = sum(estimate_tokens(line + "\n") for line in style.fence(self.mark))

    def around(self, block: str) -> str:
        """*block* in the fence; empty if that is."""
        return self._style.fenced(self.mark, block)


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
    told_of = [memory for memory in memories if _may_be_told(engine, memory)]
    section, fence = _Memories(told_of, style, _from_several(scope)), _Fence(engine, style)
    told = section.tell((settings.budget if budget is None else budget) - fence.tokens)
    return fence.around(told.text), tuple(section.taken)


LEAVE_OUT = "leave-out"
"""The value of the setting `context.suspicious` that keeps flagged memories out of a block."""


def _may_be_told(engine: Engine, memory: Memory) -> bool:
    return not (memory.flags and engine.config.context.suspicious == LEAVE_OUT)


def _from_several(scope: Scope) -> bool:
    return scope.space is None or bool(scope.further)


def _section(name: str) -> Include:
    try:
        return Include(name.strip().lower())
    except ValueError as error:
        raise UsageError(f"a context includes {', '.join(Include)}, not {name!r}") from error


@dataclass
class _Memories(Generic[Found]):
    """The memories of a block.

    Attributes:
        hits: What was found, best first.
        style: How it is written.
        name_space: Whether entries name their space.
        steps: Neighbours of a turn that are told with it, on each side.
        beside: These neighbours, by place.
        taken: Those of the hits that were told last.
    """

    hits: Sequence[Found]
    style: Style
    name_space: bool
    steps: int = 0
    beside: Mapping[tuple[str, ...], Memory] = field(default_factory=dict)
    taken: list[Found] = field(default_factory=list)

    def tell(self, budget: int) -> Told:
        """Those that fit into *budget* tokens."""
        frame = [line for line in self.style.frame("memories") if line]
        left = budget - sum(estimate_tokens(line + "\n") for line in frame)
        block, self.taken = _Block(self.style, self.name_space, left), []
        for hit in self.hits:
            near = _neighbours(hit, self.steps, self.beside)
            if (near and block.take([hit, *near])) or block.take([hit]):
                self.taken.append(hit)
        if not self.taken:
            return Told(is_whole=not self.hits)
        entries = [self.style.entry(passage, self.name_space) for passage in block.passages.values()]
        text = self.style.framed("memories", entries)
        return Told(text, budget - block.left, is_whole=len(self.taken) == len(self.hits))


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


def _neighbours(hit: Memory, steps: int, beside: Mapping[tuple[str, ...], Memory]) -> list[Memory]:
    if not hit.is_turn or hit.position is None:
        return []
    places = (place_of(hit, hit.position + step) for step in range(-steps, steps + 1) if step)
    return [beside[place] for place in places if place in beside]

"""What goes into a prompt, in as few tokens as it must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memcli.dialogue import Messages, Summary, Turn
from memcli.services import checks, dialects, turns
from memcli.services.engine import Engine
from memcli.services.tokens import estimate_tokens

OVERHEAD = 4
"""Tokens that a message takes besides its content, in the format that OpenAI has published."""

LEAST = 50
"""The fewest tokens that messages can be asked to fit into."""


def counted(built: Messages) -> Messages:
    """*built* with its number of tokens."""
    contents = (message["content"] for message in dialects.plain(built))
    return replace(built, tokens=sum(estimate_tokens(content) + OVERHEAD for content in contents))


def within(engine: Engine, built: Messages, most: int) -> Messages:
    """*built* in at most *most* tokens: what has no place among the turns goes into a summary of a quarter.

    Raises:
        UsageError: They are fewer than `LEAST`.
    """
    from memcli.services import summary

    checks.within(most, LEAST, checks.MOST, "the number of tokens")
    if counted(built).tokens <= most:
        return counted(built)
    share = most // 4
    instructions = _cut(built.instructions, share)
    left = most - share - sum(_cost(turn) for turn in instructions)
    kept = _last_that_fit(built.turns, left)
    older = built.turns[: len(built.turns) - len(kept)]
    text, by = built.summary, built.by
    if older:
        spoken, vectors = turns.with_vectors(engine, [turn.id for turn in older])
        if spoken:
            text = summary.extracted(engine, Summary(text=text, by=by), spoken, vectors, share)
            by = summary.EXTRACTIVE
    room = share - _cost_of(dialects.recorded(""))
    fits = replace(
        built,
        instructions=tuple(instructions),
        turns=tuple(kept),
        summary=summary.fitting(text, room * 4 // 5) if text and room > summary.SHORTEST_SENTENCE else "",
        by=by if text else "",
        summarised=built.summarised + len(older),
    )
    if counted(fits).tokens > most:  # its lines are indented, and yet it is never too much
        fits = replace(fits, summary="", by="")
    return counted(fits)


def _cost(turn: Turn) -> int:
    return _cost_of(dialects.spoken(turn)["content"])


def _cost_of(content: str) -> int:
    return estimate_tokens(content) + OVERHEAD


def _last_that_fit(spoken: Sequence[Turn], left: int) -> list[Turn]:
    """The last of *spoken* that *left* tokens pay for; the very last one in any case, if need be cut."""
    kept: list[Turn] = []
    for turn in reversed(spoken):
        cost = _cost(turn)
        if cost > left:
            return kept[::-1] or _cut([turn], left)
        kept.append(turn)
        left -= cost
    return kept[::-1]


def _cut(spoken: Sequence[Turn], most: int) -> list[Turn]:
    """*spoken*, each cut to an equal share of *most* tokens if it takes more."""
    from memcli.services import summary

    share = most // max(len(spoken), 1)
    return [
        turn
        if _cost(turn) <= share
        else replace(turn, content=summary.fitting(turn.content, max(share - 2 * OVERHEAD, 1)))
        for turn in spoken
    ]

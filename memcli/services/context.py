"""One block of text for a prompt: whole memories, best first, within a budget, unable to break out of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from memcli.errors import UsageError
from memcli.model import Context, Hit, Scope
from memcli.services import checks, recall
from memcli.services.engine import Engine
from memcli.services.select import NO_FILTER, Filter
from memcli.services.tokens import estimate_tokens
from memcli.times import format_date

LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Everything that some program takes for the end of a line."""

ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
"""What XML wants escaped in texts and attributes (the standard library's own costs 20 ms to import)."""

INDENT = "    "


@dataclass(frozen=True, slots=True)
class Style:
    """How a block is written.

    Attributes:
        head: The block's first line; empty for none.
        entry: One memory's part, given the hit and whether to name its space.
        foot: The block's last line; empty for none.
    """

    head: str
    entry: Callable[[Hit, bool], str]
    foot: str


def build(
    engine: Engine,
    query: str,
    *,
    scope: Scope,
    budget: int | None = None,
    top_n: int | None = None,
    min_score: float | None = None,
    style: str | None = None,
    wanted: Filter = NO_FILTER,
) -> Context:
    """What is known about *query*, as one block.

    A memory that does not fit into what is left of the budget is passed over for a shorter one
    further down; none is cut.

    Args:
        engine: What to work with.
        query: What the prompt is about.
        scope: Where to look.
        budget: Most tokens of the block; the setting, if None.
        top_n: Most memories; the setting, if None.
        min_score: Weakest memory, 0..1; the setting, if None.
        style: `markdown`, `xml` or `plain`; the setting, if None.
        wanted: What memories must fulfil besides.
    """
    settings = engine.config.context
    written = STYLES.get(style or settings.style)
    if written is None:
        raise UsageError(f"a context is written as {', '.join(STYLES)}, not as {style!r}")
    most = checks.positive(settings.budget if budget is None else budget, "the budget")
    hits = recall.search(
        engine,
        query,
        scope=scope,
        limit=settings.top_n if top_n is None else top_n,
        min_score=settings.min_score if min_score is None else min_score,
        wanted=wanted,
    )
    return _fitted(hits, written, scope.space is None, most)


def _fitted(hits: Sequence[Hit], style: Style, name_space: bool, budget: int) -> Context:
    frame = [line for line in (style.head, style.foot) if line]
    tokens = sum(estimate_tokens(line + "\n") for line in frame)
    entries: list[str] = []
    taken: list[Hit] = []
    for hit in hits:
        entry = style.entry(hit, name_space)
        cost = estimate_tokens(entry + "\n")
        if tokens + cost <= budget:
            tokens += cost
            entries.append(entry)
            taken.append(hit)
    if not taken:
        return Context(context="", tokens=0, memories=())
    lines = [line for line in (style.head, *entries, style.foot) if line]
    return Context(context="\n".join(lines), tokens=tokens, memories=tuple(taken))


def visible(text: str) -> str:
    """*text* with U+FFFD for what a reader can't see and a program may act on.

    These are control and direction-changing characters and those that XML does not know; joiners,
    which Persian and emoji need, stay.
    """
    return "".join(c if c in "\n\t\u200c\u200d" or not _is_invisible(c) else "\ufffd" for c in text)


def _is_invisible(c: str) -> bool:
    return c in "\ufffe\uffff" or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _on_one_line(text: str) -> str:
    return visible(LINE_ENDS.sub(" ", text))


def _indented(text: str) -> str:
    """*text* with every line but the first indented: only the frame begins at the left margin."""
    return ("\n" + INDENT).join(visible(LINE_ENDS.sub("\n", text.strip())).split("\n"))


def _where_from(hit: Hit, name_space: bool) -> str:
    said = [f"space {hit.space}"] if name_space else []
    said += [f"from {_on_one_line(hit.source)}"] if hit.source else []
    return f" ({', '.join(said)})" if said else ""


def _line(hit: Hit, name_space: bool) -> str:
    speaker = f"{_on_one_line(hit.speaker)}: " if hit.speaker else ""
    return f"[{format_date(hit.created_at)}] {speaker}{_indented(hit.text)}{_where_from(hit, name_space)}"


def _bullet(hit: Hit, name_space: bool) -> str:
    return f"- {_line(hit, name_space)}"


def _element(hit: Hit, name_space: bool) -> str:
    attributes = {"id": hit.id, "date": format_date(hit.created_at)}
    attributes |= {"space": hit.space} if name_space else {}
    attributes |= {"source": hit.source} if hit.source else {}
    attributes |= {"speaker": hit.speaker} if hit.speaker else {}
    written = "".join(
        f' {name}="{_on_one_line(value).translate(ENTITIES)}"' for name, value in attributes.items()
    )
    return f"<memory{written}>{_indented(hit.text).translate(ENTITIES)}</memory>"


STYLES = {
    "markdown": Style("## Memories", _bullet, ""),
    "xml": Style("<memories>", _element, "</memories>"),
    "plain": Style("", _line, ""),
}

"""How a block for a prompt is written: styles, frames, and texts that can't leave their place."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from memcli.model import Memory
from memcli.services.jsontext import compact
from memcli.structure import Value
from memcli.times import format_date

LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Everything that some program takes for the end of a line."""

PLAIN_KEY = re.compile(r"[\w./@+-]+")
"""A key that needs no quotes to be told from its value."""

ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
"""What XML wants escaped in texts and attributes (the standard library's own costs 20 ms to import)."""

INDENT = "    "
"""Before every line of a memory but its first."""

TURN = "  "
"""Before every turn of a passage but its first: less than before a text's further lines."""

GAP = "   …"
"""Between turns of a passage that did not follow each other: nothing else begins at its column."""

Passage = Sequence[Memory]
"""What is told together: one memory, or several turns of one conversation in order."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a block is written.

    Attributes:
        frame: The first and the last line of the section with that name; empty for none.
        entry: One passage's part, given the passage and whether to name its space.
        value: One value's line, given the value and whether to name its space.
        text: Lines that are told as they are, made fit to stand in a section.
    """

    frame: Callable[[str], tuple[str, str]]
    entry: Callable[[Passage, bool], str]
    value: Callable[[Value, bool], str]
    text: Callable[[str], str]

    def framed(self, name: str, entries: Sequence[str]) -> str:
        """The section called *name* that holds *entries*; empty without any."""
        head, foot = self.frame(name)
        return "\n".join(line for line in (head, *entries, foot) if line) if entries else ""


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
    """*text* with every line but the first indented: only turns and the frame begin further left."""
    return ("\n" + INDENT).join(visible(LINE_ENDS.sub("\n", text.strip())).split("\n"))


def _where_from(memory: Memory, name_space: bool) -> str:
    said = [f"space {memory.space}"] if name_space else []
    said += [f"from {_on_one_line(memory.source)}"] if memory.source else []
    return f" ({', '.join(said)})" if said else ""


def _said(memory: Memory) -> str:
    speaker = f"{_on_one_line(memory.speaker).strip()}: " if memory.speaker else ""
    return f"{speaker}{_indented(memory.text)}"


def _lines(passage: Passage, name_space: bool) -> str:
    """A passage as plain text: the date, then its turns, each on a line of its own."""
    several = len(passage) > 1
    first = passage[0]
    about = _where_from(first, name_space)
    if not several:
        return f"[{format_date(first.created_at)}] {_said(first)}{about}"
    turns = [f"[{format_date(first.created_at)}]{about} {_said(first)}"]
    for before, turn in pairwise(passage):
        turns += [GAP] if _is_gap(before, turn) else []
        date = format_date(turn.created_at)
        dated = "" if date == format_date(before.created_at) else f"[{date}] "
        turns.append(f"{TURN}{dated}{_said(turn)}")
    return "\n".join(turns)


def _is_gap(before: Memory, turn: Memory) -> bool:
    return (turn.position or 0) - (before.position or 0) > 1


def _bullet(passage: Passage, name_space: bool) -> str:
    return f"- {_lines(passage, name_space)}"


def _elements(passage: Passage, name_space: bool) -> str:
    if len(passage) == 1:
        return _element(passage[0], name_space)
    return "\n".join(["<conversation>", *_turn_elements(passage, name_space), "</conversation>"])


def _turn_elements(passage: Passage, name_space: bool) -> Iterator[str]:
    yield _element(passage[0], name_space)
    for before, turn in pairwise(passage):
        if _is_gap(before, turn):
            yield "<gap/>"
        yield _element(turn, name_space)


def _element(memory: Memory, name_space: bool) -> str:
    attributes = {"id": memory.id, "date": format_date(memory.created_at)}
    attributes |= {"space": memory.space} if name_space else {}
    attributes |= {"source": memory.source} if memory.source else {}
    attributes |= {"speaker": memory.speaker} if memory.speaker else {}
    written = "".join(
        f' {name}="{_on_one_line(value).translate(ENTITIES)}"' for name, value in attributes.items()
    )
    return f"<memory{written}>{_indented(memory.text).translate(ENTITIES)}</memory>"


def _value(value: Value, name_space: bool) -> str:
    """A value on one line: JSON needs no others, and its texts can't hold a line feed."""
    key = value.key if PLAIN_KEY.fullmatch(value.key) else json.dumps(value.key, ensure_ascii=False)
    space = f" (space {value.space})" if name_space else ""
    return f"{_on_one_line(key)}: {_on_one_line(compact(value.data))}{space}"


def _value_element(value: Value, name_space: bool) -> str:
    attributes = {"key": value.key} | ({"space": value.space} if name_space else {})
    written = "".join(
        f' {name}="{_on_one_line(said).translate(ENTITIES)}"' for name, said in attributes.items()
    )
    return f"<value{written}>{_on_one_line(compact(value.data)).translate(ENTITIES)}</value>"


def _escaped(text: str) -> str:
    return text.translate(ENTITIES)


def _as_it_is(text: str) -> str:
    return text


STYLES = {
    "markdown": Style(
        lambda name: (f"## {name.capitalize()}", ""),
        _bullet,
        lambda value, named: f"- {_value(value, named)}",
        _as_it_is,
    ),
    "xml": Style(lambda name: (f"<{name}>", f"</{name}>"), _elements, _value_element, _escaped),
    "plain": Style(
        lambda name: ("", ""),  # noqa: ARG005  # all are called alike
        _lines,
        lambda value, named: f"value {_value(value, named)}",
        _as_it_is,
    ),
}

"""The formats that can be imported, and which of them a file is in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memcli.errors import UsageError
from memcli.services.importers import (
    chatgpt,
    claude_ai,
    claude_code,
    codex,
    gemini,
    llm_logs,
    markdown,
    mcp_memory,
    mem0,
    messages,
    own,
)
from memcli.services.importers.found import About, Found
from memcli.services.importers.reading import Source

Parser = Callable[[Any, About], Iterator[Found | None]]
"""Takes what a file holds; gives what it finds, and None for what holds nothing to remember."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        parse: Reads it.
        given: What of a source it reads.
        knows: Whether it knows an object as one of its own; None for what is no JSON.
        suffixes: What names of its files end with.
    """

    parse: Parser
    given: Callable[[Source], Any] = Source.entries
    knows: Callable[[Mapping[str, Any]], bool] | None = None
    suffixes: tuple[str, ...] = (".json", ".jsonl", ".ndjson")


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return "text" in entry


OWN, MARKDOWN, MESSAGES = "memcli", "markdown", "messages"

FORMATS: dict[str, Format] = {
    "claude-code": Format(claude_code.parse, knows=claude_code.knows, suffixes=(".jsonl",)),
    "codex": Format(codex.parse, knows=codex.knows, suffixes=(".jsonl",)),
    "gemini": Format(gemini.parse, knows=gemini.knows, suffixes=(".json", ".jsonl")),
    "chatgpt": Format(chatgpt.parse, knows=chatgpt.knows),
    "claude-ai": Format(claude_ai.parse, knows=claude_ai.knows),
    "mcp-memory": Format(mcp_memory.parse, knows=mcp_memory.knows),
    "mem0": Format(mem0.parse, knows=mem0.knows),
    "llm": Format(llm_logs.parse, knows=llm_logs.knows),
    MESSAGES: Format(messages.parse, knows=messages.knows),
    OWN: Format(own.parse, own.entries, knows=_is_ours),
    MARKDOWN: Format(markdown.parse, Source.text, suffixes=(".md", ".markdown", ".mdx")),
}
"""By name; JSON is shown to each in this order."""

ALIASES = {"openai": MESSAGES, "anthropic": MESSAGES}

KEY = re.compile(r'"(\w{1,40})"\s*:')
LOOKS_LIKE_MARKDOWN = re.compile(r"\s*(?:#{1,6} |[-*+] |\d+[.)] |---\s*$|<!-- )", re.MULTILINE)


def suffixes(name: str | None) -> tuple[str, ...]:
    """What names end with of files in the format *name*; in any, if None."""
    return (
        FORMATS[name].suffixes if name else tuple({end for one in FORMATS.values() for end in one.suffixes})
    )


def checked(name: str) -> str:
    """The name of the format that is called *name*.

    Raises:
        UsageError: None is.
    """
    name = ALIASES.get(name, name)
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}", hint=f"--as {' | '.join(FORMATS)}")
    return name


def detected(source: Source) -> str | None:
    """The name of the format that *source* is in; None if it looks like none."""
    if source.path.lower().endswith(FORMATS[MARKDOWN].suffixes):
        return MARKDOWN
    return detect(b"".join(source.head))


def detect(head: bytes) -> str | None:
    """The name of the format of a file that begins with *head*; None if it looks like none."""
    text = head.decode("utf-8-sig", "replace").lstrip()
    if text[:1] not in ("{", "["):
        return MARKDOWN if LOOKS_LIKE_MARKDOWN.match(text) and "\0" not in text else None
    for entry in _samples(text):
        for name, form in FORMATS.items():
            if form.knows and form.knows(entry):
                return name
    return None


def _samples(text: str) -> Iterator[Mapping[str, Any]]:
    """Objects of *text*, which begins as JSON and may break off: whole ones, or else the names in it."""
    found = False
    for value in _values(text):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                found = True
                yield one
    if not found:
        yield _shape(text)


def _values(text: str) -> Iterator[Any]:
    """The JSON values at the beginning of lines of *text*, and the first of a list that takes more."""
    decoder = json.JSONDecoder()
    for line in text.split("\n"):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue
    try:
        yield decoder.raw_decode(text, text.index("{"))[0]
    except (ValueError, RecursionError):
        return


def _shape(text: str) -> dict[str, Any]:
    """The names in *text*, as if they were all of one object, with values of the kind that they have."""
    kinds: dict[str, Any] = {"[": [{"memory": ""}] if '"memory"' in text else [], "{": {}}
    return {match[1]: kinds.get(text[match.end() :].lstrip()[:1], "") for match in KEY.finditer(text)}


def read(source: Source, name: str, about: About) -> Iterator[Found | None]:
    """What is found in *source*, which is in the format *name*."""
    form = FORMATS[name]
    for found in form.parse(form.given(source), about):
        if found is not None:
            found.source = source
        yield found

"""Markdown with bullets: CLAUDE.md, AGENTS.md, notes, a directory of memories with front matter.

A bullet is a fact, with what is indented below it; one that ends with a colon is said before each of the
bullets below it. Headings from the second level on are tags. Where there are no bullets, or the file has
front matter, paragraphs are facts, too. Code, tables and quotations are none.

What `export --as markdown` has written says so in its first line: there a bullet is a memory, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from memcli.model import Draft
from memcli.services.importers.found import About, Found, named, sound, word

OURS = "<!-- memcli export -->"
"""The first line of what we have written."""

BULLET = re.compile(r"( *)(?:[-*+]|\d{1,9}[.)])(?: +|$)(?:\[[ xX]\] +)?(.*)")
HEADING = re.compile(r"(#{1,6})\s+(.*)")
FENCE = re.compile(r"\s*(```+|~~~+)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*")
INDEX = re.compile(r"\[[^\]]+\]\([^)]+\.md\)")
"""How a line begins that points to another file of facts."""

HOOK = re.compile("(?:(?:[ \\t]+[-\u2013\u2014]|[ \\t]*:)[^\\n]{0,80})?")
"""What follows on it where it says no more than what the file is about; with more it is a fact."""

INDEX_FILE = "MEMORY"
"""The name of the file that has nothing but such lines, in Claude Code's memory."""

FIELD = re.compile(r"([A-Za-z_][\w-]*):\s*(.*)")
TAGS_MOST = 3


@dataclass
class _Part:
    """A bullet or paragraph.

    Attributes:
        at: Its line.
        depth: How far a bullet is indented; -1 for a paragraph.
        lines: What it says.
        tags: The headings above it.
    """

    at: int
    depth: int
    lines: list[str]
    tags: tuple[str, ...]
    below: list[_Part] = field(default_factory=list)


def parse(text: str, about: About) -> Iterator[Found | None]:
    """The facts in *text*."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].strip() == OURS:
        for part in _ours(lines):
            yield _found(part, _joined(part), {}, about)
        return
    front, start = _front_matter(lines)
    parts = list(_parts(lines, start))
    bullets = [part for part in parts if part.depth >= 0]
    for part in parts if front or not bullets else bullets:
        for said in _facts(part):
            yield _found(part, said, front, about)


def _ours(lines: Sequence[str]) -> Iterator[_Part]:
    """The bullets that we have written: what is indented, and blank lines, belong to the one above."""
    part = None
    for at, line in enumerate(lines, start=1):
        if line.startswith("- "):
            if part:
                yield part
            part = _Part(at, 0, [line[2:]], ())
        elif part and (not line or line.startswith("  ")):
            part.lines.append(line[2:])
        elif part:
            yield part
            part = None
    if part:
        yield part


def _found(part: _Part, text: str, front: Mapping[str, Any], about: About) -> Found | None:
    text = sound(text).strip()
    if not text or _only_points(text, about.name):
        return None
    tags = [word(tag, 100) for tag in (*front.get("tags", ()), front.get("type"), *part.tags)]
    metadata = named(file=about.name, name=front.get("name"), description=front.get("description"))
    draft = Draft(
        text=text,
        scope=about.scope,
        id=about.hashed("markdown", text),
        source="markdown",
        tags=tuple(dict.fromkeys(filter(None, tags))),
        metadata=metadata,
    )
    return Found(part.at, draft)


def _only_points(text: str, name: str) -> bool:
    """Whether *text*, of the file *name*, is the line of an index."""
    link = INDEX.match(text)
    return link is not None and (name == INDEX_FILE or HOOK.fullmatch(text, link.end()) is not None)


# --- the front matter ---


def _front_matter(lines: Sequence[str]) -> tuple[dict[str, Any], int]:
    """What the front matter says, as far as it is plain, and the line after it."""
    if lines[0].strip() != "---":
        return {}, 0
    end = next((at for at, line in enumerate(lines[1:200], 1) if line.strip() in ("---", "...")), 0)
    said: dict[str, Any] = {}
    name = ""
    for line in lines[1:end]:
        if match := FIELD.fullmatch(line.strip()):
            name, value = match[1].lower(), match[2].strip()
            said[name] = _values(value) if name == "tags" else value.strip("\"'")
        elif name == "tags" and line.strip().startswith("- "):
            said["tags"] = [*said["tags"], line.strip()[2:].strip("\"' ")]
    return said, end + 1 if end else 0


def _values(text: str) -> list[str]:
    return [part for one in text.strip("[]").split(",") if (part := one.strip("\"' "))]


# --- bullets and paragraphs ---


def _parts(lines: Sequence[str], start: int) -> Iterator[_Part]:
    """The top-level bullets, with what is below them, and the paragraphs of *lines*."""
    reader = _Reader()
    text = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), "\n".join(lines[start:]))
    for at, line in enumerate(text.split("\n"), start + 1):
        yield from reader.take(at, line.expandtabs(4))
    yield from reader.done()


class _Reader:
    """Reads lines one after the other; a part comes out when it is complete."""

    def __init__(self) -> None:
        self._headings: dict[int, str] = {}
        self._fence = ""
        self._open: list[_Part] = []
        self._blank = False

    def done(self) -> Iterator[_Part]:
        """The part that is not complete yet."""
        yield from self._open[:1]
        self._open = []

    def take(self, at: int, line: str) -> Iterator[_Part]:
        """Read a *line*; the part that it completes."""
        inside = bool(self._open) and self._open[0].depth >= 0
        if self._fence or FENCE.match(line):
            yield from self._code(line, inside=inside and (bool(self._fence) or line.startswith("  ")))
        elif not line.strip():
            self._blank = True
            if inside:
                self._open[-1].lines.append("")
            else:
                yield from self.done()
        elif inside and line.startswith("  ") and not BULLET.fullmatch(line):
            self._open[-1].lines.append(line.strip())
        else:
            yield from self._begins(at, line, inside=inside)

    def _code(self, line: str, *, inside: bool) -> Iterator[_Part]:
        mark = FENCE.match(line)
        if not self._fence and not inside:
            yield from self.done()
        if mark and (not self._fence or mark[1].startswith(self._fence)):
            self._fence = "" if self._fence else mark[1]
        if inside:
            self._open[-1].lines.append(line[2:])

    def _begins(self, at: int, line: str, *, inside: bool) -> Iterator[_Part]:
        """Read a *line* that begins something, or goes on with a paragraph."""
        bullet = BULLET.fullmatch(line)
        if heading := HEADING.fullmatch(line):
            yield from self.done()
            level = len(heading[1])
            kept = {one: title for one, title in self._headings.items() if one < level}
            self._headings = {**kept, level: _title(heading[2]).strip("*_` ")}
        elif RULE.fullmatch(line):
            yield from self.done()
        elif bullet:
            yield from self._bullet(at, len(bullet[1]), bullet[2])
        elif self._open and not (inside and self._blank):
            self._open[-1].lines.append(line.strip())
        elif line.lstrip()[:1] not in "|>":
            yield from self.done()
            self._open = [_Part(at, -1, [line.strip()], self._tags)]
        self._blank = False

    def _bullet(self, at: int, depth: int, text: str) -> Iterator[_Part]:
        while self._open and self._open[-1].depth >= depth:
            if len(self._open) == 1:
                yield self._open[0]
            self._open.pop()
        if self._open and self._open[-1].depth < 0:
            yield from self.done()
        part = _Part(at, depth, [text], self._tags)
        if self._open:
            self._open[-1].below.append(part)
        self._open.append(part)

    @property
    def _tags(self) -> tuple[str, ...]:
        return tuple(title for level, title in sorted(self._headings.items()) if level > 1)[-TAGS_MOST:]


def _title(said: str) -> str:
    """The heading *said*, without the hashes that close it, which stand behind a blank: C# keeps its own."""
    said = said.rstrip()
    bare = said.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else said


def _facts(part: _Part) -> Iterator[str]:
    """What *part* says: once with all that is below it, or, after a colon, each of that."""
    head = "\n".join(part.lines).strip()
    if part.below and head.endswith(":"):
        for one in part.below:
            yield from _facts(replace(one, lines=[f"{head} {one.lines[0]}", *one.lines[1:]]))
    else:
        yield _joined(part)


def _joined(part: _Part) -> str:
    said = "\n".join(part.lines).rstrip()
    return "\n".join([said, *(f"- {_joined(one)}" for one in part.below)])

"""`[REMEMBER: ...]` tags in what an LLM writes, which is Markdown.

Brackets inside a tag nest. What is code is not read: fences, inline code, `<code>` and `<pre>`; nor is an
escaped bracket one. A tag may go over several lines; one that never ends is skipped, and reading goes on
behind its beginning. The text may come in pieces of any size; little more than the longest tag is kept of
it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from memcli.services.extracting import Fact

TAG_LONGEST = 20_000
"""Characters from a tag's beginning to its end: ten pages. One that is open then was never to end."""

SPAN_LONGEST = 2_000
"""Characters of inline code: it is looked for no further when a stray backtick begins it."""

PREFIX = r"[ \t]*(?:(?:>|(?:[-*+]|[0-9]{1,9}[.)])[ \t])[ \t]*)*"
FENCE = re.compile(rf"({PREFIX})(`{{3,}}(?=[^`\n]*$)|~{{3,}})")
QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
TOKEN = re.compile(
    r"\\[\\\[\]`<]"
    r"|(?P<ticks>`+)"
    r"|(?P<html><(?P<element>code|pre)\b[^>\n]{0,200}>)"
    r"|(?P<tag>\[\s*(?P<word>remember)\s*[:：])"
    r"|(?P<interval>[\[(][^\s,\[\]()`]{1,20},\s?[^\s,\[\]()`]{1,20}[\])])"
    r"|(?P<open>\[)"
    r"|(?P<close>\])",
    re.IGNORECASE,
)
LINK = re.compile(r"\((?:[a-z][a-z0-9+.-]*:|/|#|\.)", re.IGNORECASE)


def from_tags(text: str) -> list[Fact]:
    """The facts in the tags of *text*, in order."""
    reader = TagReader()
    return [*reader.feed(text), *reader.close()]


@dataclass
class _Open:
    """A bracket that is open.

    Attributes:
        at: Where it is.
        begin: Where the content of a tag begins; -1 for any other bracket.
        shouted: Whether the tag's keyword is in capitals, as it is taught.
    """

    at: int
    begin: int = -1
    shouted: bool = False


@dataclass
class TagReader:
    """Reads tags from a text that comes in pieces, a paragraph at a time.

    `feed` gives the facts that are certain so far, `close` those that were waiting for what never came.
    """

    _line: str = ""
    _is_begun: bool = False
    _text: str = ""
    _at: int = 0
    _fence: tuple[str, bool] | None = None
    _open: list[_Open] = field(default_factory=list)
    _done: list[tuple[int, Fact]] = field(default_factory=list)

    def feed(self, piece: str) -> list[Fact]:
        """What is certain after *piece*."""
        *lines, self._line = (self._line + piece).split("\n")
        found = [fact for line in lines for fact in self._cut(line + "\n")]
        while len(self._line) > TAG_LONGEST:
            found += self._take(self._line[:TAG_LONGEST])
            self._line, self._is_begun = self._line[TAG_LONGEST:], True
        return found

    def close(self) -> list[Fact]:
        """What is still to come at the end of the text."""
        found = [*self._cut(self._line), *self._read()]
        self._line, self._open = "", []
        return found + self._certain()

    def _cut(self, line: str) -> list[Fact]:
        """Take *line*, the rest of it if it has begun already, in pieces of a bearable length."""
        found = []
        for at in range(0, len(line), TAG_LONGEST):
            found += self._take(line[at : at + TAG_LONGEST])
            self._is_begun = True
        self._is_begun = False
        return found

    def _take(self, line: str) -> list[Fact]:
        """Read on by *line*, unless it is code; its beginning says so."""
        found: list[Fact] = []
        if self._fence and not (self._fence[1] and not self._is_begun and ">" not in line):
            if not self._is_begun and _ends(self._fence[0], line):
                self._fence = None
            return found
        self._fence = None  # the quotation that it was in has ended
        if self._is_begun:
            self._text += line
        elif fence := FENCE.match(line.rstrip("\r\n")):
            found = self._read()
            self._fence = (fence[2], ">" in fence[1])
        else:
            quote = QUOTE.match(line) if self._open or self._text else None
            self._text += line[quote.end() :] if quote else line
        if not line.strip() or len(self._text) - self._at > TAG_LONGEST:
            found += self._read()
        return found

    def _read(self) -> list[Fact]:
        """Look at what is there since the last time; the facts that are certain."""
        while found := TOKEN.search(self._text, self._at):
            self._at = found.end()
            if found["ticks"] or found["html"]:
                self._at = self._after_code(found)
            elif found["tag"]:
                self._open.append(_Open(found.start(), found.end(), found["word"].isupper()))
            elif found["open"] and self._open:
                self._open.append(_Open(found.start()))
            elif found["close"] and self._open:
                self._close_bracket(found)
        self._at = len(self._text)
        return self._certain()

    def _after_code(self, begun: re.Match[str]) -> int:
        """Where the code that *begun* begins has ended; right behind *begun* where it never does."""
        ending = rf"</{begun['element']}\s*>" if begun["html"] else rf"(?<!`)`{{{len(begun['ticks'])}}}(?!`)"
        found = re.compile(ending, re.IGNORECASE).search(self._text, begun.end(), begun.end() + SPAN_LONGEST)
        # in a tag, a stray backtick is likelier than code that goes over two lines
        if not found or (self._open and "\n" in self._text[begun.end() : found.start()]):
            return begun.end()
        return found.end()

    def _close_bracket(self, closing: re.Match[str]) -> None:
        begun = self._open.pop()
        if begun.begin < 0:
            return
        while self._done and self._done[-1][0] > begun.at:  # it quotes them
            self._done.pop()
        text = " ".join(self._text[begun.begin : closing.start()].split())
        is_link = not begun.shouted and LINK.match(self._text, closing.end())
        if any(c.isalnum() for c in text) and not is_link:
            self._done.append((begun.at, Fact(text=text)))

    def _certain(self) -> list[Fact]:
        """The facts that no open tag may quote; what was read and is not needed is forgotten."""
        while self._open and (self._open[0].begin < 0 or self._open[0].at < self._at - TAG_LONGEST):
            del self._open[0]
        first = self._open[0].at if self._open else self._at
        found = [fact for at, fact in self._done if at < first]
        self._done = [(at - first, fact) for at, fact in self._done if at >= first]
        self._text, self._at = self._text[first:], self._at - first
        for one in self._open:
            one.at, one.begin = one.at - first, one.begin - first if one.begin >= 0 else -1
        return found


def _ends(mark: str, line: str) -> bool:
    """Whether *line* ends a fence that *mark* began."""
    bare = line.strip(" \t\r\n>")
    return bare.startswith(mark) and not bare.strip(mark[0])

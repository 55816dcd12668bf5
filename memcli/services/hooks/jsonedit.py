"""One member of a JSON object in somebody else's file: all the rest stays as it is, letter by letter."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from memcli.errors import ConfigError

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
BLANK = re.compile(r"\s*")
FIRST_INDENT = re.compile(r"\{[ \t]*\r?\n([ \t]+)")


@dataclass(frozen=True, slots=True)
class Member:
    """Where a member stands: its key from *begin*, its value from *start* to *end*."""

    begin: int
    start: int
    end: int


class Document:
    """A JSON object as text; comments are taken for white space.

    Args:
        text: The text; nothing at all is an empty object.
        name: What people call it.

    Raises:
        ConfigError: It is no JSON object.
    """

    def __init__(self, text: str, name: str) -> None:
        self.text = text if text.removeprefix("\ufeff").strip() else "{}\n"
        self._name = name
        self._bare = TOKEN.sub(_without_comment, self.text.replace("\ufeff", " ", 1))
        try:
            self.value: Any = json.loads(self._bare)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name} is not valid JSON: {error}", hint="nothing was changed") from error
        if not isinstance(self.value, dict):
            raise ConfigError(f"{name} is no JSON object", hint="nothing was changed")
        self._members, self._close = self._found()

    def _found(self) -> tuple[dict[str, Member], int]:
        decoder, members = json.JSONDecoder(), dict[str, Member]()
        at = self._past(self._bare.index("{") + 1)
        while self._bare[at] != "}":
            key, colon = decoder.raw_decode(self._bare, at)
            start = self._past(self._past(colon) + 1)
            end = decoder.raw_decode(self._bare, start)[1]
            if key in members:
                raise ConfigError(f"{self._name} has {key!r} twice", hint="nothing was changed")
            members[key] = Member(at, start, end)
            at = self._past(end)
            at = self._past(at + 1) if self._bare[at] == "," else at
        return members, at

    def _past(self, at: int) -> int:
        match = BLANK.match(self._bare, at)
        assert match
        return match.end()

    def with_member(self, key: str, value: Any) -> str:
        """The text with *value* under *key*.

        Raises:
            ConfigError: There are comments in what stands there, which would be lost.
        """
        there = self._members.get(key)
        if there:
            self._refuse_comments(key, there.start, there.end)
            return self.text[: there.start] + self._written(value) + self.text[there.end :]
        member = f"{self._newline}{self._indent}{json.dumps(key)}: {self._written(value)}"
        if not self._members:
            return self.text[: self._close].rstrip() + member + self._newline + self.text[self._close :]
        last = max(one.end for one in self._members.values())
        tail = last + len(self.text[last : self._close].rstrip())
        before = self.text[:last] + "," + self.text[last:tail]
        return before + member + (self.text[tail : self._close] or self._newline) + self.text[self._close :]

    def without_member(self, key: str) -> str:
        """The text without *key*, which is there, and without one comma beside it.

        Raises:
            ConfigError: There are comments in what stands there, which would be lost.
        """
        there = self._members[key]
        self._refuse_comments(key, there.begin, there.end)
        before, after = self.text[: there.begin], self.text[there.end :]
        if any(one.begin > there.begin for one in self._members.values()):
            comma = self._bare.index(",", there.end) - there.end
            return before + (after[:comma] + after[comma + 1 :]).lstrip()
        last = max((one.end for one in self._members.values() if one.end < there.begin), default=None)
        if last is None:
            start = self._bare.index("{") + 1
            is_bare = (
                not self.text[start : there.begin].strip() and not self.text[there.end : self._close].strip()
            )
            return self.text[:start] + self.text[self._close :] if is_bare else _joined(before, after)
        comma = self._bare.index(",", last)
        before = before[:comma] + before[comma + 1 :]
        return _joined(before, after) if before[last:].strip() else before[:last] + after

    def _refuse_comments(self, key: str, start: int, end: int) -> None:
        if self._bare[start:end] != self.text[start:end]:
            raise ConfigError(
                f"{self._name} has comments in {key!r}, which would be lost",
                hint="take them out, or put them before it; nothing was changed",
            )

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    @property
    def _indent(self) -> str:
        found = FIRST_INDENT.search(self.text)
        return found[1] if found else "  "

    def _written(self, value: Any) -> str:
        lines = json.dumps(value, indent=self._indent, ensure_ascii=False).split("\n")
        return f"{self._newline}{self._indent}".join(lines)


def _joined(before: str, after: str) -> str:
    """*before* and *after*, which begins or ends with a comment: no line is left blank between them."""
    tail = after.lstrip(" \t")
    return before.rstrip() + tail if tail[0] in "\r\n" else before + after


def _without_comment(match: re.Match[str]) -> str:
    """Blanks for a comment, so that all the rest stays in its place."""
    return match[0] if match[0].startswith('"') else re.sub(r"[^\r\n]", " ", match[0])

"""Files as they are read: by lines of bounded length, by JSON entries, or whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from memcli.errors import UsageError
from memcli.services import jsonlines

LINE_MOST = 64 * 2**20
"""Bytes of a line that is read: more than the longest text has, with every character escaped."""

WHOLE_MOST = 2**30
"""Bytes of a file that has to be read whole."""

HEAD_BYTES, HEAD_LINES = 2**18, 50
"""How much of a file is looked at to tell its format."""

BLANK = " \t\r\n"

WRONG = {
    b"PK\x03\x04": ("is a zip archive", "unzip it, and import the file with the conversations in it"),
    b"\x1f\x8b": ("is compressed", "gunzip -c FILE | memcli import -"),
    b"\xff\xfe": ("is UTF-16, not UTF-8", "iconv -f utf-16 -t utf-8 FILE | memcli import -"),
    b"\xfe\xff": ("is UTF-16, not UTF-8", "iconv -f utf-16 -t utf-8 FILE | memcli import -"),
    b"SQLite format 3": ("is a database", "llm logs --json -n 0 | memcli import -"),
}
"""What files begin with that can't be read, what they are, and what to do."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line or entry that can't be read.

    Attributes:
        problem: Why.
    """

    problem: str


Entry = tuple[int, Mapping[str, Any] | Broken]
"""A JSON object with its number, from 1, or what is wrong with it."""


class Source:
    """One file, the beginning of which has been looked at.

    Args:
        file: The open file; a pipe will do.
        path: Where it is; empty for standard input.
        name: What tells it from others of the same import; empty if it is the only one.
        problem: Why it can't be read, if that is known.

    Attributes:
        head: Its beginning, by lines.
        unit: What is counted in it.
        problem: Why it can't be read; empty if nothing is known to be wrong.
        hint: What to do about that.
    """

    def __init__(self, file: BinaryIO, path: str = "", name: str = "", *, problem: str = "") -> None:
        self.path, self.name, self.unit = path, name, "line"
        self.problem, self.hint = problem, ""
        self._file, self._what = file, name or path or "the input"
        self.head = self._read_head()
        for sign, (what, hint) in WRONG.items():
            if self.head and self.head[0].startswith(sign):
                self.problem, self.hint = f"{self._what} {what}", hint

    def where(self, at: int) -> str:
        """How people find the line or entry number *at*; 0 for the whole file."""
        return f"{self.name} {self.unit} {at}".strip() if at else self._what

    def _read_head(self) -> list[bytes]:
        lines, size = list[bytes](), 0
        while size < HEAD_BYTES and len(lines) < HEAD_LINES:
            line = self._readline(HEAD_BYTES - size)
            if not line:
                break
            lines.append(line)
            size += len(line)
        return lines

    def _readline(self, most: int) -> bytes:
        try:
            return self._file.readline(most)
        except OSError as error:
            raise UsageError(f"can't read {self._what}: {error.strerror}") from error

    def lines(self) -> Iterator[bytes]:
        """Its lines; of one that is too long only the beginning, longer than `LINE_MOST`."""
        head, self.head = self.head, []
        for line in head:
            yield line if line.endswith(b"\n") else line + self._line(LINE_MOST + 1 - len(line))
        while line := self._line(LINE_MOST + 1):
            yield line

    def _line(self, most: int) -> bytes:
        line = self._readline(most)
        if len(line) == most and not line.endswith(b"\n"):
            while (rest := self._readline(2**20)) and not rest.endswith(b"\n"):
                pass
        return line

    def text(self) -> str:
        """All of it.

        Raises:
            UsageError: It is too large, or not UTF-8.
        """
        whole = b"".join(self.head)
        self.head = []
        try:
            whole += self._file.read(WHOLE_MOST + 1 - len(whole))
        except OSError as error:
            raise UsageError(f"can't read {self._what}: {error.strerror}") from error
        if len(whole) > WHOLE_MOST:
            raise UsageError(
                f"{self._what} is larger than {WHOLE_MOST // 2**30} GB, and would have to be read whole"
            )
        try:
            return whole.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{self._what} is not valid UTF-8 at byte {error.start + 1}") from error

    def entries(self) -> Iterator[Entry]:
        """The JSON objects in it: one a line, those of one list, or one that takes several lines."""
        if self.is_by_line:
            yield from by_line(self.lines())
            return
        self.unit = "entry"
        text = self.text()
        yield from listed(text if text.lstrip().startswith("[") else f"[{text}]")

    @property
    def is_prose(self) -> bool:
        """Whether it begins with lines of which none could be JSON."""
        lines = [
            line for line in b"".join(self.head).removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()
        ]
        return bool(lines) and not any(line.lstrip().startswith((b"{", b"[")) for line in lines)

    @property
    def is_by_line(self) -> bool:
        """Whether there is one JSON value a line, by its beginning."""
        first = b"".join(self.head).removeprefix(b"\xef\xbb\xbf").lstrip()
        line = first.split(b"\n", 1)[0].rstrip()
        begins = line.startswith(b"{") and line.endswith((b"{", b"[", b","))
        return not first.startswith(b"[") and (not begins or value_in(line) is not None)


def value_in(line: bytes) -> Any:
    """The JSON value that *line* is; None if it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def by_line(lines: Iterator[bytes]) -> Iterator[Entry]:
    """The JSON objects in *lines*; blank ones are passed over."""
    loads = json.loads
    for at, raw in enumerate(lines, start=1):
        if raw[:1] == b"{" and len(raw) <= LINE_MOST:  # as nearly all are
            try:
                yield at, loads(raw)
                continue
            except (ValueError, RecursionError):
                pass  # said below
        if not raw.strip():
            continue
        try:
            yield at, checked(raw, first=at == 1)
        except UsageError as error:
            yield at, Broken(error.sentence)


def checked(raw: bytes, *, first: bool = False) -> dict[str, Any]:
    """The JSON object on one line.

    Raises:
        UsageError: What is wrong with it.
    """
    if len(raw) > LINE_MOST:
        raise UsageError(f"the line is longer than {LINE_MOST // 2**20} MB")
    return jsonlines.document(raw, first=first)


def listed(text: str) -> Iterator[Entry]:
    """The objects in the JSON list *text*, each read when its turn comes; what is no list breaks off."""
    decoder = json.JSONDecoder()
    at, number = _past(text, text.index("[") + 1), 0
    while text[at : at + 1] != "]":
        number += 1
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            yield (
                number,
                Broken(f"not valid JSON from line {error.lineno} column {error.colno} on: {error.msg}"),
            )
            return
        except (ValueError, RecursionError) as error:
            yield number, Broken(f"not valid JSON: {error}")
            return
        yield number, value if isinstance(value, dict) else Broken("not a JSON object")
        at = _past(text, at)
        if text[at : at + 1] == ",":
            at = _past(text, at + 1)
        elif text[at : at + 1] != "]":
            yield number + 1, Broken("the list breaks off" if at == len(text) else "not valid JSON: no comma")
            return


def _past(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in BLANK:
        at += 1
    return at

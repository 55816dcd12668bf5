"""Files as they are read."""

import io
import json
from typing import Any

import pytest

from memcli.errors import UsageError
from memcli.services.importers import reading
from memcli.services.importers.reading import Broken, Source
from tests.services.importers.made import source


def entries(content: bytes) -> list[Any]:
    """The objects in *content*; a text for what is wrong."""
    return [one.problem if isinstance(one, Broken) else one for _, one in source(content).entries()]


def test_lines_a_list_and_one_object_are_all_read() -> None:
    """On one line or on many, with a byte order mark or without."""
    objects = [{"a": 1}, {"b": [2, {"c": 3}]}]
    lines = "".join(json.dumps(one) + "\n" for one in objects).encode()
    assert entries(lines) == entries(b"\n" + lines + b" \n") == objects
    assert entries(json.dumps(objects).encode()) == objects
    assert entries(b"\xef\xbb\xbf" + json.dumps(objects, indent=2).encode()) == objects
    assert entries(json.dumps(objects[1], indent=1).encode()) == objects[1:]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_list_that_breaks_off_is_read_up_to_there(cut: int) -> None:
    """And what is wrong is said once, at the end."""
    whole = b'[{"a": 1}, {"b": [2, {"c": 3}]}, {"d": 4}]'
    found = entries(whole[:-cut])
    assert len(found) >= 1
    assert all(isinstance(one, dict) for one in found[:-1])
    assert "valid JSON" in found[-1] or "breaks off" in found[-1]


@pytest.mark.parametrize("content", [b"[1, null]", b"[] ", b"[", b'[{"a": 1} {"b": 2}]', b"[[[" * 50_000])
def test_lists_of_something_else_are_survived(content: bytes) -> None:
    """Nothing but problems and objects comes out."""
    assert all(isinstance(one, str | dict) for one in entries(content))


def test_a_broken_line_does_not_hide_the_others() -> None:
    """Each is told of."""
    found = entries(b'{"a": 1}\n{"b"\n[1]\n\xff\n{"c": 2}')
    assert [type(one) for one in found] == [dict, str, str, str, dict]


def test_a_line_that_is_too_long_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows it is read."""
    monkeypatch.setattr(reading, "LINE_MOST", 100)
    monkeypatch.setattr(reading, "HEAD_BYTES", 50)
    long = json.dumps({"a": "x" * 10_000}).encode()
    found = entries(b'{"b": 1}\n' + long + b"\n" + json.dumps({"c": "x" * 80}).encode() + b"\n" + long)
    assert found == [
        {"b": 1},
        "the line is longer than 0 MB",
        {"c": "x" * 80},
        "the line is longer than 0 MB",
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04rest", "zip"),
        (b"\x1f\x8brest", "compressed"),
        ('[{"a": 1}]'.encode("utf-16"), "UTF-16"),
        (b"SQLite format 3\0", "database"),
    ],
)
def test_what_is_no_text_says_so(content: bytes, what: str) -> None:
    """With what to do."""
    found = source(content, "/x/file.json")
    assert what in found.problem
    assert found.hint


def test_a_file_that_has_to_be_read_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence."""
    monkeypatch.setattr(reading, "WHOLE_MOST", 100)
    with pytest.raises(UsageError, match="larger than"):
        entries(b"[" + b" " * 200 + b"]")
    with pytest.raises(UsageError, match="UTF-8 at byte 3"):
        entries(b'["\xff"]')


def test_a_file_that_fails_says_why() -> None:
    """A disk may."""

    class Failing(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UsageError, match="Input/output error"):
        Source(Failing(), "x")

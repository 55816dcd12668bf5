"""Which format a file is in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.services.importers import formats
from tests.services.importers.made import CHATGPT, CLAUDE_AI, CODEX, FILES, MESSAGES, json_lines, source


def test_there_is_a_file_of_each() -> None:
    """So that none goes untested."""
    assert FILES.keys() == formats.FORMATS.keys()


@pytest.mark.parametrize("name", FILES)
def test_each_format_is_told_by_what_is_in_it(name: str) -> None:
    """Whatever the file is called; with a byte order mark, too."""
    assert formats.detect(FILES[name]) == name
    assert formats.detect(b"\xef\xbb\xbf\n" + FILES[name]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (json.dumps(CHATGPT).encode()[:200], "chatgpt"),
        (json.dumps(CHATGPT, indent=2).encode()[:300], "chatgpt"),
        (json.dumps(CLAUDE_AI).encode()[:200], "claude-ai"),
        (json.dumps({"model": "m", "messages": MESSAGES}, indent=2).encode()[:60], "messages"),
        (json_lines([{"messages": MESSAGES}] * 2), "messages"),
        (json_lines(CODEX[3:]), "codex"),
        (json.dumps(CHATGPT[0]).encode(), "chatgpt"),
        (b'{"results": [\n{"id": 1, "memory": "' + b"x" * 100, "mem0"),
        (b'{"entities": [], "relations": []}', "mcp-memory"),
        (b"- a bullet", "markdown"),
        (b"---\nname: x\n---\n", "markdown"),
    ],
)
def test_the_beginning_of_a_file_is_enough(head: bytes, name: str) -> None:
    """A conversation may be longer than what is looked at."""
    assert formats.detect(head) == name


@pytest.mark.parametrize(
    "head", [b"", b"{}", b"[]", b"[1]", b"plain words", b"\x89PNG\r\n\x1a\n\0", b"[" * 99_999]
)
def test_what_looks_like_none_is_none(head: bytes) -> None:
    """Whoever asks decides what then."""
    assert formats.detect(head) is None


def test_a_name_may_tell() -> None:
    """Markdown without any marks is Markdown still."""
    assert formats.detected(source(b"just words", "/notes/today.md")) == "markdown"


def test_formats_have_names() -> None:
    """Both kinds of messages are one."""
    assert formats.checked("openai") == formats.checked("anthropic") == "messages"
    with pytest.raises(UsageError):
        formats.checked("tarot")


@given(st.binary(max_size=200) | st.text(st.sampled_from('{}[]":,\n 1a-#'), max_size=60).map(str.encode))
def test_anything_can_be_looked_at(head: bytes) -> None:
    """It is in a format, or in none."""
    assert formats.detect(head) in {None, *formats.FORMATS}

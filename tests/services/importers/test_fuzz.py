"""Every parser, on JSON that nobody has written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import MemcliError
from memcli.services.importers import formats
from tests.services.importers.made import ABOUT, FILES, source

KEYS = st.sampled_from(
    [
        *("type", "message", "content", "role", "text", "parts", "uuid", "id", "sessionId", "timestamp"),
        *(
            "payload",
            "mapping",
            "current_node",
            "parent",
            "author",
            "content_type",
            "create_time",
            "metadata",
        ),
        *("chat_messages", "sender", "name", "created_at", "messages", "conversation_id", "recipient"),
        *("memory", "results", "memories", "entities", "relations", "observations", "entityType"),
        *("from", "to", "relationType", "prompt", "response", "datetime_utc", "git", "title", "isMeta"),
        *("categories", "user_id", "updated_at", "summary", "conversation", "cwd", "m", "metadata"),
    ]
)
WORDS = st.sampled_from(
    [
        *(
            "user",
            "assistant",
            "tool",
            "text",
            "message",
            "session_meta",
            "response_item",
            "event_msg",
            "all",
        ),
        *(
            "user_message",
            "entity",
            "relation",
            "summary",
            "m",
            "2026-01-01T00:00:00Z",
            "0001-01-01T00:00+14:00",
        ),
        *("", "\ud800", "a\0b", "x y", "-x", "<system-reminder>", "## Memories\n- [2026-01-01] x", "\u2028"),
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | WORDS | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
ENTRIES = st.lists(st.dictionaries(KEYS, VALUES, max_size=8) | VALUES, max_size=5)

JSON_FORMATS = sorted(formats.FORMATS.keys() - {formats.MARKDOWN})


def found(name: str, content: bytes) -> list[Any]:
    """What is found in *content*, read as the format *name*; nothing but one of our errors may be raised."""
    try:
        return [one for one in formats.read(source(content), name, ABOUT) if one]
    except MemcliError:
        return []


@pytest.mark.parametrize("name", JSON_FORMATS)
@given(entries=ENTRIES, as_list=st.booleans())
def test_any_json_is_survived(name: str, entries: list[Any], as_list: bool) -> None:
    """What comes out is a draft with a text, a relation, or a problem in words."""
    lines = json.dumps(entries) if as_list else "\n".join(map(json.dumps, entries))
    for one in found(name, lines.encode()):
        assert one.problem or one.relation or one.draft
        if one.draft and name != formats.OWN:  # ours are checked as they are stored
            assert one.draft.text.strip()
            one.draft.text.encode()
            assert one.draft.id
            assert one.draft.speaker or not one.draft.conversation


@pytest.mark.parametrize("name", sorted(formats.FORMATS))
@given(data=st.data())
def test_a_file_that_was_damaged_is_survived(name: str, data: st.DataObject) -> None:
    """Some bytes of a good file are others, or it ends early."""
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    found(name, bytes(content[:end]))


@given(st.text(st.sampled_from("-*#`~>| \t\n\r:[]()x1.<!"), max_size=120))
def test_any_markdown_is_survived(text: str) -> None:
    """No fact is empty."""
    assert all(one.draft.text.strip() for one in found(formats.MARKDOWN, text.encode()))

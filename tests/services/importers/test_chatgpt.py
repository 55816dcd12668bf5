"""ChatGPT's export."""

from datetime import UTC, datetime
from typing import Any

import pytest

from memcli.services.importers import chatgpt
from tests.services.importers.made import CHATGPT, chat_message, drafts, node, problems, told


def test_the_branch_that_was_seen_last_is_told() -> None:
    """Without tools and what they were told, without pictures and citations."""
    found = drafts(chatgpt.parse, CHATGPT)
    assert told(found) == [
        (0, "user", "Plan a trip to Riga"),
        (1, "user", "By train"),
        (2, "assistant", "Take the night train."),
    ]
    assert {draft.conversation for draft in found} == {"trip-1"}
    assert [draft.id for draft in found] == ["u1", "u2", "a2"]
    assert found[0].metadata == {"conversation_title": "A trip"}


def test_a_missing_time_is_the_one_before() -> None:
    """Or the conversation's."""
    first, second, third = drafts(chatgpt.parse, CHATGPT)
    assert first.created_at == datetime.fromtimestamp(1_750_000_000.5, UTC)
    assert second.created_at == third.created_at == datetime.fromtimestamp(1_750_000_040, UTC)


@pytest.mark.parametrize("current", [None, "absent", 5, []])
def test_without_a_current_node_the_latest_counts(current: Any) -> None:
    """As far as times are known."""
    mapping = {
        "a": node("a", None, chat_message("a", "user", "first", 1.0)),
        "b": node("b", "a", chat_message("b", "assistant", "later", 3.0)),
        "c": node("c", "a", chat_message("c", "assistant", "sooner", 2.0)),
    }
    entry = {"id": "c1", "mapping": mapping, "current_node": current}
    assert [draft.text for draft in drafts(chatgpt.parse, [entry])] == ["first", "later"]


def test_a_circle_ends() -> None:
    """A damaged file is told as far as it goes."""
    mapping = {
        "a": node("a", "b", chat_message("a", "user", "one")),
        "b": node("b", "a", chat_message("b", "assistant", "two")),
    }
    entry = {"mapping": mapping, "current_node": "b"}
    assert [draft.text for draft in drafts(chatgpt.parse, [entry])] == ["one", "two"]


@pytest.mark.parametrize(
    "message",
    [
        chat_message("m", "user", {"content_type": "user_editable_context", "user_profile": "I like tea"}),
        chat_message("m", "assistant", {"content_type": "thoughts", "thoughts": []}),
        chat_message("m", "user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        chat_message("m", "user", {"content_type": "text", "parts": None}),
        chat_message("m", "user", {"content_type": [], "parts": [[], {}, 5]}),
        chat_message("m", "assistant", "query", recipient="browser"),
    ],
)
def test_what_nobody_said_is_passed_over(message: dict[str, Any]) -> None:
    """Settings, thoughts, hidden messages, calls of tools, parts of no known kind."""
    entry = {"mapping": {"m": node("m", None, message)}, "current_node": "m"}
    assert drafts(chatgpt.parse, [entry]) == []


def test_what_was_spoken_is_told() -> None:
    """A conversation by voice has its words in a part of its own kind."""
    parts = [
        {"content_type": "audio_transcription", "text": "Hello there"},
        {"content_type": "audio_asset_pointer"},
    ]
    message = chat_message("m", "user", {"content_type": "multimodal_text", "parts": parts})
    entry = {"mapping": {"m": node("m", None, message)}, "current_node": "m"}
    assert [draft.text for draft in drafts(chatgpt.parse, [entry])] == ["Hello there"]


def test_a_conversation_without_messages_is_told_of() -> None:
    """The others are told."""
    assert len(problems(chatgpt.parse, [{"mapping": []}, *CHATGPT])) == 1

"""Claude.ai's export."""

from memcli.services.importers import claude_ai
from tests.services.importers.made import CLAUDE_AI, drafts, problems, told


def test_messages_are_told_in_order() -> None:
    """By their parts, or else by their text; the time of the first is the conversation's."""
    found = drafts(claude_ai.parse, CLAUDE_AI)
    assert told(found) == [(0, "user", "How long to bake rye?"), (1, "assistant", "An hour.")]
    assert [draft.created_at and draft.created_at.isoformat() for draft in found] == [
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T10:00:05+00:00",
    ]
    assert found[0].conversation == "11111111-aaaa-4000-8000-000000000001"
    assert found[0].metadata == {"conversation_title": "Bread"}


def test_a_conversation_without_messages_is_told_of() -> None:
    """The others are told."""
    assert len(problems(claude_ai.parse, [{"chat_messages": None}, *CLAUDE_AI])) == 1

"""What `llm logs --json` prints."""

from memcli.services.importers import llm_logs
from tests.services.importers.made import LLM, drafts, told


def test_prompts_and_responses_are_turns() -> None:
    """Two of each, in one conversation; times without a zone are UTC."""
    found = drafts(llm_logs.parse, LLM)
    assert told(found) == [
        (0, "user", "question 1"),
        (1, "assistant", "answer 1"),
        (2, "user", "question 2"),
        (3, "assistant", "answer 2"),
    ]
    assert str(found[0].created_at) == "2026-02-01 12:39:27.158398+00:00"
    assert len({draft.id for draft in found}) == 4
    assert found[1].metadata == {"conversation_title": "Questions", "model": "m"}


def test_what_is_missing_is_survived() -> None:
    """A prompt without a response is one turn; without any id it has one that is made."""
    found = drafts(llm_logs.parse, [{"prompt": "alone", "response": None}, {"prompt": [], "response": {}}])
    assert [draft.text for draft in found] == ["alone"]
    assert found[0].conversation

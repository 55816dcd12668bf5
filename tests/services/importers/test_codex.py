"""Codex's rollouts."""

from memcli.services.importers import codex
from tests.services.importers.made import CODEX, drafts, line, model_message, told


def test_what_stands_there_twice_is_told_once() -> None:
    """As the model had it, and as it was shown; what is injected, and tools, not at all."""
    found = drafts(codex.parse, CODEX)
    assert told(found) == [(0, "user", "What is 2+2?"), (1, "assistant", "It is 4.")]
    assert {draft.conversation for draft in found} == {"rollout-1"}
    assert found[0].metadata == {"cwd": "/home/ana/api", "git_branch": "dev"}
    assert found[0].created_at is not None
    assert found[0].created_at.isoformat() == "2026-04-02T10:00:01+00:00"


def test_what_an_editor_put_before_a_request_is_not_told() -> None:
    """In neither form; nor what Codex has written in the user's name."""
    asked = "# Context from my IDE setup:\n\n## Active file: a.py\n\n## My request for Codex:\nfix it\n"
    entries = [
        line("response_item", model_message("user", "<skill>\n<name>x</name>\n</skill>")),
        line("response_item", model_message("user", asked)),
        line("event_msg", {"type": "user_message", "message": asked}),
        line("response_item", model_message("assistant", asked)),
    ]
    found = drafts(codex.parse, [CODEX[0], *entries])
    assert told(found) == [(0, "user", "fix it"), (1, "assistant", asked.strip())]


def test_what_was_said_twice_is_told_twice() -> None:
    """Each has its own twin."""
    twice = [
        line("response_item", model_message("user", "yes")),
        line("event_msg", {"type": "user_message", "message": "yes"}),
    ] * 2
    assert [draft.text for draft in drafts(codex.parse, [CODEX[0], *twice])] == ["yes", "yes"]


def test_older_rollouts_have_no_wrapper() -> None:
    """The first line says what the session is called."""
    first = {"id": "old-1", "timestamp": "2025-06-01T00:00:00Z", "instructions": None, "git": None}
    found = drafts(codex.parse, [first, model_message("user", "hello"), {"type": "reasoning", "summary": []}])
    assert [(draft.conversation, draft.text) for draft in found] == [("old-1", "hello")]


def test_a_continuation_keeps_its_own_name() -> None:
    """It repeats the beginning of the session that it goes on from, with that one's name."""
    meta = [
        line("session_meta", {"id": "new", "forked_from_id": "origin"}),
        line("session_meta", {"id": "origin"}),
    ]
    [draft] = drafts(codex.parse, [*meta, line("response_item", model_message("user", "hello"))])
    assert draft.conversation == "new"


def test_the_same_file_gives_the_same_ids_and_a_longer_one_more() -> None:
    """They are made of place and words, since there are none in it."""
    before = [draft.id for draft in drafts(codex.parse, CODEX)]
    longer = [*CODEX, line("response_item", model_message("user", "And 3+3?"))]
    after = [draft.id for draft in drafts(codex.parse, longer)]
    assert after[:2] == before
    assert len(set(after)) == 3

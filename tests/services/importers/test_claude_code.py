"""Claude Code's sessions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from memcli.services.importers import claude_code
from memcli.services.importers.found import About
from memcli.services.importers.reading import Broken
from tests.conftest import NOW
from tests.services.importers.made import CLAUDE_CODE, SCOPE, SESSION, drafts, event, problems, told


def test_what_was_said_is_told_and_nothing_else() -> None:
    """Without tools, thinking, side chains, what is marked as meta, and commands."""
    found = drafts(claude_code.parse, CLAUDE_CODE)
    assert told(found) == [
        (0, "user", "Always celsius, please."),
        (1, "assistant", "Celsius it is."),
        (2, "assistant", "Done."),
    ]
    assert {draft.conversation for draft in found} == {SESSION}
    assert {draft.source for draft in found} == {"claude-code"}


def test_a_turn_knows_when_and_where_it_was_said() -> None:
    """A missing time is the one before; the id is theirs."""
    first, _, last = drafts(claude_code.parse, CLAUDE_CODE)
    assert first.id == "00000000-0000-4000-8000-000000000001"
    assert first.created_at == datetime(2026, 4, 1, 9, 1, tzinfo=UTC)
    assert last.created_at == datetime(2026, 4, 1, 9, 2, tzinfo=UTC)
    assert first.metadata == {
        "cwd": "/home/ana/shop",
        "git_branch": "main",
        "conversation_title": "Temperatures in the shop",
    }


def test_metadata_has_only_what_exists() -> None:
    """No empty branch, no title that is none."""
    [draft] = drafts(claude_code.parse, [event(1, "user", "hello", gitBranch="", cwd=None)])
    assert draft.metadata == {}


@pytest.mark.parametrize(
    "more",
    [
        {"isCompactSummary": True},
        {"isApiErrorMessage": True},
        {"message": {"role": "assistant", "model": "<synthetic>", "content": "No response requested."}},
        {"message": None},
        {"message": {"role": "user", "content": {"type": "image"}}},
        {"message": {"role": "user", "content": "[Request interrupted by user for tool use]"}},
    ],
)
def test_what_a_program_said_is_passed_over(more: dict[str, Any]) -> None:
    """Summaries in place of what was said, errors, interruptions, pictures."""
    assert drafts(claude_code.parse, [event(1, "user", "x") | more]) == []


def queued(number: int, prompt: Any, entry: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What was typed while the agent worked."""
    attached = {"type": "queued_command", "prompt": prompt, **more}
    return event(number, "attachment", None, message=None, attachment=attached, **entry or {})


@pytest.mark.parametrize(
    "said",
    [
        queued(2, "use Postgres"),
        queued(2, [{"type": "text", "text": "use Postgres"}, {"type": "image", "source": {}}]),
        queued(2, "use Postgres", commandMode="prompt", origin={"kind": "human"}),
    ],
)
def test_what_was_typed_while_the_agent_worked_is_told_once(said: dict[str, Any]) -> None:
    """The events of the queue have the same words."""
    waits = {
        "type": "queue-operation",
        "operation": "enqueue",
        "sessionId": SESSION,
        "content": "use Postgres",
    }
    found = drafts(claude_code.parse, [event(1, "user", "a"), waits, said, event(3, "assistant", "b")])
    assert told(found) == [(0, "user", "a"), (1, "user", "use Postgres"), (2, "assistant", "b")]
    assert found[1].id == said["uuid"]


@pytest.mark.parametrize(
    "attached",
    [
        queued(1, "x", commandMode="task-notification"),
        queued(1, "x", commandMode=["prompt"]),
        queued(1, "x", origin={"kind": "task-notification"}),
        queued(1, "x", isMeta=True),
        queued(1, "x", {"isMeta": True}),
        queued(1, "x", {"isSidechain": True}),
        queued(1, None),
        event(1, "attachment", None, attachment={"type": "file", "prompt": "x"}),
        event(1, "attachment", None, attachment="x"),
    ],
)
def test_other_attachments_are_passed_over(attached: dict[str, Any]) -> None:
    """What programs have queued, and what agents of the agent were told."""
    assert drafts(claude_code.parse, [attached]) == []


def test_each_session_of_a_file_is_counted_for_itself() -> None:
    """Files may hold parts of several."""
    events = [event(1, "user", "a"), event(2, "user", "b", sessionId="other"), event(3, "user", "c")]
    found = drafts(claude_code.parse, events)
    assert [(draft.conversation, draft.position) for draft in found] == [
        (SESSION, 0),
        ("other", 0),
        (SESSION, 1),
    ]


def test_a_session_without_an_id_is_called_after_its_file() -> None:
    """Its name is the session's id."""
    about = About(SCOPE, lambda: NOW, name="0507b4e4")
    [draft] = drafts(claude_code.parse, [event(1, "user", "a", sessionId=None, uuid=7)], about)
    assert (draft.conversation, draft.id) == ("0507b4e4", "7")


def test_a_broken_line_is_told_of() -> None:
    """In its place."""
    assert problems(claude_code.parse, [event(1, "user", "a"), Broken("not valid JSON")]) == [
        "not valid JSON"
    ]

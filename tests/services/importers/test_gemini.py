"""Gemini CLI's sessions."""

from datetime import UTC, datetime

from memcli.services.importers import gemini
from memcli.services.importers.reading import Broken
from tests.services.importers.made import GEMINI, SESSION, drafts, problems, told

SAID = [
    (0, "user", "Tabs?"),
    (1, "assistant", "Four."),
    (2, "user", "No, two."),
    (3, "assistant", "Two it is."),
]


def test_what_was_said_is_told_and_nothing_else() -> None:
    """A message that grew is told once, as it was in the end."""
    found = drafts(gemini.parse, GEMINI)
    assert told(found) == SAID
    assert {(draft.conversation, draft.source) for draft in found} == {(SESSION, "gemini")}
    assert [draft.id for draft in found] == ["g1", "g2", "g4", "g5"]
    assert found[0].created_at == datetime(2026, 4, 3, 8, 0, 1, tzinfo=UTC)
    assert found[1].metadata == {"model": "g"}


def test_the_older_form_is_one_object() -> None:
    """With all messages in it."""
    found = drafts(gemini.parse, [{**GEMINI[0], "messages": [*GEMINI[1:], "x", None]}])
    assert told(found) == SAID


def test_what_was_rewound_was_not_said() -> None:
    """From the message on that is named."""
    assert told(drafts(gemini.parse, [*GEMINI, {"$rewindTo": "g4"}])) == SAID[:2]
    assert told(drafts(gemini.parse, [*GEMINI, {"$rewindTo": "nobody"}])) == SAID


def test_lines_that_can_not_be_read_are_said() -> None:
    """And the others are told."""
    assert len(problems(gemini.parse, [GEMINI[0], Broken("not valid JSON"), GEMINI[1]])) == 1

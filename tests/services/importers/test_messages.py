"""Messages of OpenAI's and Anthropic's interfaces."""

from typing import Any

import pytest

from memcli.services.importers import messages
from memcli.services.importers.found import About
from tests.conftest import NOW
from tests.services.importers.made import MESSAGES, SCOPE, drafts, problems, told

SAID = [(0, "system", "Be kind"), (1, "user", "Hello"), (2, "assistant", "Hi")]


@pytest.mark.parametrize("entries", [MESSAGES, [{"messages": MESSAGES}]], ids=["a list", "an object"])
def test_messages_are_told_without_tools(entries: list[dict[str, Any]]) -> None:
    """However they are wrapped, it is the same conversation."""
    found = drafts(messages.parse, entries)
    assert told(found) == SAID
    assert {draft.conversation for draft in found} == {drafts(messages.parse, MESSAGES)[0].conversation}


def test_a_list_that_has_grown_is_the_same_conversation() -> None:
    """From the first thing on that the user says; another beginning is another one."""
    short = drafts(messages.parse, MESSAGES[:2])
    longer = drafts(messages.parse, [*MESSAGES, {"role": "user", "content": "Bye"}])
    assert [draft.id for draft in longer[:2]] == [draft.id for draft in short]
    other = drafts(messages.parse, [{"role": "user", "content": "Good day"}])
    assert other[0].conversation != short[0].conversation


def test_several_conversations_are_told_apart() -> None:
    """By their own ids; two that begin alike and have none are counted."""
    same = {"messages": MESSAGES}
    found = drafts(messages.parse, [same, same, {"conversation": "c1", **same}])
    names = list(dict.fromkeys(draft.conversation for draft in found))
    assert names == [names[0], f"{names[0]}-2", "c1"]


def test_a_conversation_may_be_named() -> None:
    """By whoever imports it."""
    about = About(SCOPE, lambda: NOW, conversation="mine")
    assert {draft.conversation for draft in drafts(messages.parse, MESSAGES, about)} == {"mine"}


def test_roles_that_nobody_knows_are_kept() -> None:
    """A name on one line; what is no name is unknown."""
    roles: list[Any] = ["Ana\nB", None, [], "", "model", "developer", "x" * 300]
    found = drafts(messages.parse, [{"role": role, "content": str(n)} for n, role in enumerate(roles)])
    assert [draft.speaker for draft in found] == [
        "Ana B", "unknown", "unknown", "unknown", "assistant", "system", "x" * 100,
    ]  # fmt: skip


def test_times_and_ids_are_taken_where_there_are_any() -> None:
    """Seconds, milliseconds or ISO; what is none is passed over."""
    times: list[Any] = [1_750_000_000, 1_750_000_000_000, "2025-06-15T15:06:40Z", "someday", 1e300]
    entries = [{"role": "user", "content": "x", "id": f"m{n}", "created_at": t} for n, t in enumerate(times)]
    found = drafts(messages.parse, entries)
    assert {str(draft.created_at) for draft in found} == {"2025-06-15 15:06:40+00:00"}
    assert [draft.id for draft in found] == ["m0", "m1", "m2", "m3", "m4"]


@pytest.mark.parametrize("number", [1, "1", "007"])
def test_numbers_are_no_ids(number: int | str) -> None:
    """Each list counts from one; the same list again is the same."""
    [first], [second], [again] = (
        drafts(messages.parse, [{"id": number, "role": "user", "content": text}]) for text in "aba"
    )
    assert first.id == again.id != second.id
    assert first.id != str(number)


def test_what_is_no_message_is_told_of() -> None:
    """The others are told."""
    assert len(problems(messages.parse, [{"messages": 5}, *MESSAGES])) == 1

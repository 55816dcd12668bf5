"""Conversations as JSON: what is read, and what is said of what is not."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.dialogue import NO_SUMMARY, Said, Summary, Turn
from memcli.errors import UsageError
from memcli.services import dialogues
from tests.conftest import NOW

HI, HEY = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "hey"}
SAID = (Said(role="user", content="hi"), Said(role="assistant", content="hey"))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([HI, HEY]),
        json.dumps({"messages": [HI, HEY]}),
        "\ufeff" + json.dumps([HI, HEY], indent=2) + "\r\n",
        f"{json.dumps(HI)}\n\n{json.dumps(HEY)}\n",
        json.dumps([{"messages": [HI, HEY]}]),
        json.dumps(
            [HI, {"role": "assistant", "content": [{"type": "text", "text": "hey"}, {"type": "image"}]}]
        ),
        json.dumps([HI, {"role": " Assistant", "content": ["hey"]}]),
    ],
    ids=range(7),
)
def test_messages_are_read_in_every_form(text: str) -> None:
    """A list, an object with a list, lines; contents as texts or in parts."""
    assert [one.said for one in dialogues.read(text.encode(), NOW)] == [SAID]


def test_one_message_by_itself_is_read() -> None:
    """Over one line or several."""
    for indent in (None, 2):
        text = json.dumps(HI, indent=indent).encode()
        assert dialogues.read(text, NOW)[0].said == SAID[:1]


def test_several_conversations_are_read() -> None:
    """As a list or as lines; each with its title."""
    both = [{"id": "a", "title": "A", "messages": [HI]}, {"id": "b", "messages": [HEY]}]
    for text in (json.dumps(both), "\n".join(map(json.dumps, both))):
        found = dialogues.read(text.encode(), NOW)
        assert [(one.id, one.title, len(one.said)) for one in found] == [("a", "A", 1), ("b", "", 1)]


def test_messages_without_text_are_left_out_and_counted() -> None:
    """Calls of tools and pictures; a message that is to be a text and is empty is an error."""
    calls = [
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": [{"type": "image"}]},
    ]
    found = dialogues.read(json.dumps([HI, *calls]).encode(), NOW)[0]
    assert (len(found.said), found.skipped) == (1, 2)
    with pytest.raises(UsageError, match="no messages with text"):
        dialogues.messages(json.dumps(calls).encode(), NOW)


def test_times_and_names_are_read() -> None:
    """Seconds since 1970 and ISO dates; a user's name is whoever speaks, a tool's is not."""
    lines = [
        {**HI, "created_at": 0, "name": "Ana", "metadata": {"n": 1}},
        {**HEY, "created_at": "2026-05-01T12:00:00+02:00"},
        {"role": "tool", "name": "weather", "content": "rain"},
    ]
    first, second, third = dialogues.read(json.dumps(lines).encode(), NOW)[0].said
    assert (first.role, first.created_at, first.metadata) == (
        "Ana",
        datetime(1970, 1, 1, tzinfo=UTC),
        {"n": 1},
    )
    assert second.created_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert third.role == "tool"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no messages"),
        (b" \n ", "no messages"),
        (b'[{"role": "user", "content": "hi"', "not valid JSON"),
        (b'{"role": "user", "content": "hi"}\n{"role": "user", "con', "line 2: not valid JSON"),
        (b'{"role": "user", "content": "hi"}\n[]', "line 2: not a JSON object"),
        (b'{"role": "user", "content": "\xff"}', "not valid UTF-8"),
        ('[{"role": "user", "content": "hi"}]'.encode("utf-16"), "not valid UTF-8"),
        (b"[1]", "message 1: not a JSON object"),
        (b'"hi"', "not a JSON object"),
        (b'[{"role": "wizard", "content": "hi"}]', "message 1: there is no role 'wizard'"),
        (b'[{"content": "hi"}]', "message 1: there is no role None"),
        (b'[{"role": ["user"], "content": "hi"}]', "there is no role"),
        (
            b'[{"role": "user", "content": "hi"}, {"role": "user", "content": " "}]',
            "message 2: the content is empty",
        ),
        (b'[{"role": "user", "content": 7}]', "content must be a string"),
        (b'[{"role": "user", "content": "\\ud800"}]', "not valid UTF-8"),
        (b'[{"role": "user", "content": "hi", "created_at": "some day"}]', "message 1"),
        (b'[{"role": "user", "content": "hi", "created_at": 1e99}]', "beyond all times"),
        (b'[{"role": "user", "content": "hi", "created_at": []}]', "must be an ISO date"),
        (b'[{"role": "user", "content": "hi", "metadata": [1]}]', "metadata must be an object"),
        (b'[{"role": "user", "content": "hi", "id": "a b"}]', "can't be an id"),
        (b'[{"role": "user", "content": "hi", "position": -1}]', "position must be"),
        (
            b'[{"role": "user", "content": "hi", "id": "a"}, {"role": "user", "content": "x", "id": "a"}]',
            "have the id",
        ),
        (b'{"messages": "hi"}', "messages must be a list"),
        (b'{"messages": [], "id": "a\\nb"}', "control character"),
        (b'{"messages": [], "summary": "x"}', "summary must be an object"),
        (b'{"messages": [], "summary": {"text": "x", "by": "y", "until": -2}}', "where the summary ends"),
        (b"[" * 100_000, "not valid JSON"),
    ],
    ids=range(27),
)
def test_what_makes_no_sense_is_said_in_a_sentence(raw: bytes, said: str) -> None:
    """With the line or the number of the message, as far as there is one."""
    with pytest.raises(UsageError, match=said):
        dialogues.read(raw, NOW)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is taken apart."""
    monkeypatch.setattr(dialogues, "BYTES_MOST", 1_000_000)
    with pytest.raises(UsageError, match="more than 1 MB"):
        dialogues.read(b" " * 1_000_001, NOW)


@given(st.binary())
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    """Never anything else."""
    with suppress(UsageError):
        assert dialogues.read(raw, NOW)


def test_what_is_written_is_read_back() -> None:
    """Ids, places, names, times, metadata and the summary."""
    turns = [
        Turn(
            id=f"t{n}",
            conversation="c",
            position=n + 3,
            role=role,
            content="hi",
            created_at=NOW,
            space="s",
            metadata={"n": n},
        )
        for n, role in enumerate(("user", "assistant", "tool", "Ana"))
    ]
    summary = Summary(text="They met.", by="extractive", until=4, of="x")
    document = dialogues.document("c", "Title", summary, turns)
    found = dialogues.read(json.dumps(document, default=datetime.isoformat).encode(), NOW)[0]
    assert (found.id, found.title) == ("c", "Title")
    assert found.summary == Summary(text="They met.", by="extractive", until=4)
    assert [(s.id, s.position, s.role, s.created_at, s.metadata) for s in found.said] == [
        (t.id, t.position, t.role, t.created_at, t.metadata) for t in turns
    ]
    assert dialogues.document("c", "", NO_SUMMARY, [])["summary"] is None

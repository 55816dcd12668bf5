"""What harnesses say, and what they accept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.services.hooks import harnesses, trying
from memcli.services.hooks.events import ASKING, Kind
from memcli.services.hooks.harnesses import HARNESSES
from memcli.services.importers import formats
from tests.services.hooks.made import ALL, SAID, SESSION, is_taken, said

EVENTS = [(name, event) for name, harness in HARNESSES.items() for event in harness.events]


def test_there_is_an_input_of_each_event() -> None:
    """Nothing is tried that is not tested."""
    assert set(EVENTS) == SAID.keys()
    assert {(name, event) for name, events in trying.DETAILS.items() for event in events} == SAID.keys()


@pytest.mark.parametrize(("name", "event"), EVENTS)
def test_what_a_harness_says_is_understood(name: str, event: str) -> None:
    """Fields that nobody knows are passed over."""
    heard = harnesses.read(HARNESSES[name], event, said(name, event))
    assert (heard.session, heard.cwd, heard.transcript) == (SESSION, ALL["cwd"], ALL["transcript_path"])
    assert heard.kind is HARNESSES[name].events[event]
    if heard.kind is Kind.PROMPT:
        assert heard.prompt == "which database does the shop use?"
    if heard.kind is Kind.COMPACTED:
        assert heard.summary == "The shop moved to Oslo."


@pytest.mark.parametrize("name", ["SessionStart", "session-start", "session_start", "SESSIONSTART"])
def test_events_are_known_however_they_are_spelled(name: str) -> None:
    """The answer has the harness's spelling."""
    assert harnesses.read(HARNESSES["codex"], name, b"{}").name == "SessionStart"
    assert json.loads(harnesses.written(HARNESSES["codex"], name, "x")) == {
        "hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "x"}
    }


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000, b"null"])
def test_what_is_no_object_is_refused(raw: bytes) -> None:
    """In one sentence, for the log."""
    with pytest.raises(UsageError):
        harnesses.read(HARNESSES["claude"], "Stop", raw)


@given(
    said=st.dictionaries(
        st.sampled_from(["session_id", "cwd", "prompt", "source", "transcript_path", "compact_summary", "x"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
    ),
    which=st.sampled_from(EVENTS),
)
def test_whatever_the_fields_hold_is_understood(said: dict[str, object], which: tuple[str, str]) -> None:
    """What is missing or of another kind is as if it were not said."""
    name, event = which
    heard = harnesses.read(HARNESSES[name], event, json.dumps(said).encode())
    assert isinstance(heard.session + heard.prompt + heard.cwd + heard.transcript, str)


@given(context=st.text(), which=st.sampled_from(EVENTS))
def test_every_answer_is_one_that_the_harness_takes(context: str, which: tuple[str, str]) -> None:
    """Closed objects, in ASCII, and nothing where an answer would mean something else."""
    name, event = which
    answer = harnesses.written(HARNESSES[name], event, context)
    assert answer.isascii()
    assert is_taken(name, event, answer)
    if context and HARNESSES[name].events[event] in ASKING:
        assert json.loads(answer)["hookSpecificOutput"]["additionalContext"] == context
    else:
        assert answer in ("", "{}")


def test_letters_are_counted_as_the_harness_does() -> None:
    """In UTF-16."""
    assert [harnesses.letters(text) for text in ("", "aé", "中", "🧠a")] == [0, 2, 1, 3]


def test_each_harness_has_a_format_for_its_transcripts() -> None:
    """That an import knows."""
    assert {harness.form for harness in HARNESSES.values()} <= formats.FORMATS.keys()


def test_time_outs_are_in_the_unit_of_the_harness() -> None:
    """Gemini CLI takes milliseconds, and names."""
    [entry] = harnesses.entries(HARNESSES["gemini"], "memcli hook")["BeforeAgent"]["hooks"]
    assert entry == {
        "name": "memcli",
        "type": "command",
        "command": "memcli hook BeforeAgent --harness gemini",
        "timeout": 5000,
    }

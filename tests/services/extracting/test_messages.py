"""Messages as JSON and as text, and what users say explicitly."""

from datetime import UTC, datetime

import pytest

from memcli.errors import UsageError
from memcli.services.extracting.messages import Message, from_text
from memcli.services.extracting.told import from_told

TEN = datetime(2026, 5, 1, 10, tzinfo=UTC)


def said(text: str) -> list[tuple[str, str, int]]:
    """Role, text and turn of the messages in *text*."""
    return [(one.role, one.text, one.turn) for one in from_text(text)]


@pytest.mark.parametrize(
    "text",
    [
        '[{"role": "user", "content": "hi"},'
        ' {"role": "assistant", "content": [{"type": "text", "text": "yo"}]}]',
        '{"model": "m", "messages": [{"role": "human", "content": "hi"}, {"role": "AI", "content": ["yo"]}]}',
        '{"role": "user", "content": "hi"}\n\n{"role": "model", "content": "yo"}\n',
        '{"type": "user", "message": {"role": "user", "content": "hi"}}\n'
        '{"message": {"role": "assistant",'
        ' "content": [{"type": "tool_use", "input": 1}, {"type": "text", "text": "yo"}]}}',
        '{"type": "summary", "summary": "x"}\n'
        '{"type": "user", "message": {"role": "user", "content": "hi"}}\n'
        '{"type": "file-history-snapshot", "messageId": "m"}\n'
        '{"type": "assistant", "message": {"role": "assistant", "content": "yo"}}\n'
        '{"type": "system", "content": "Conversation compacted"}',
        "User: hi\nAssistant: yo",
        "**You:** hi\r\n\r\n**ChatGPT:** yo\r\n",
    ],
)
def test_messages_come_in_many_forms(text: str) -> None:
    """Those of the APIs, one a line, inside of a log's lines, or as text that was copied."""
    assert said(text) == [("user", "hi", 0), ("assistant", "yo", 1)]


def test_a_message_may_have_several_lines_and_a_time() -> None:
    """In text; in JSON the time is ISO 8601, or seconds or milliseconds since 1970."""
    text = "[2026-05-01T10:00Z] User: hi\nthere\n\nAI: yo"
    first, second = from_text(text)
    assert first == Message(role="user", text="hi\nthere", turn=0, time=TEN)
    assert second.time is None
    seconds = int(TEN.timestamp())
    for time in ('"2026-05-01T12:00:00+02:00"', str(seconds), str(seconds * 1000)):
        assert from_text(f'[{{"role": "user", "content": "x", "timestamp": {time}}}]')[0].time == TEN
    for time in ('"yesterday"', "1e99", "true", "null"):
        assert from_text(f'[{{"role": "user", "content": "x", "timestamp": {time}}}]')[0].time is None


def test_a_text_in_which_nobody_is_named_is_the_users() -> None:
    """A note to oneself; and nothing is nothing."""
    assert said("I like tea\nand rye") == [("user", "I like tea\nand rye", 0)]
    assert said("  \n") == said("[]") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My car:\nModel: Yaris\nSystem: Linux\nTool: vim", None),
        (
            "User: My car\nModel: Yaris\nI like it\nAI: ok",
            [("user", "My car\nModel: Yaris\nI like it", 0), ("assistant", "ok", 1)],
        ),
        (
            "System: be brief\nUser: hi\nModel: yo",
            [("system", "be brief", 0), ("user", "hi", 1), ("assistant", "yo", 2)],
        ),
        (
            "User: hi\nTool: My name is Bo\nAI: yo",
            [("user", "hi", 0), ("tool", "My name is Bo", 1), ("assistant", "yo", 2)],
        ),
        ("Function: x\nClaude: yo", [("tool", "x", 0), ("assistant", "yo", 1)]),
    ],
)
def test_a_label_is_no_speaker(text: str, expected: list[tuple[str, str, int]] | None) -> None:
    """Unless others are named, and the model by no other name; None: all of it is the user's."""
    assert said(text) == (expected or [("user", text, 0)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[{"role": "user", "content": "x"},', "the input is not valid JSON"),
        ('[{"role": "user", "cont', "the input is not valid JSON"),
        ('{"role": "user", "content": "a"}\n{"role": "us', "line 2 is not valid JSON"),
        (
            '[{"role": "user", "content": "a"}, {"role": "wizard", "content": "b"}]',
            "message 2 has a role that nobody knows: 'wizard'",
        ),
        ('[{"content": "b"}]', "message 1 is no message: it has no role"),
        ('{"a": 1}', "the input is no message"),
        ('[{"type": "text", "text": "a"}, {"type": "x"}]', "message 1 is no message: it has no role"),
        ('{"type": "user", "message": {"content": "a"}}', "the input is no message: it has no role"),
        ('[{"a": ' + "[" * 100_000, "JSON"),
    ],
)
def test_what_begins_as_json_and_is_no_messages_is_refused(text: str, told: str) -> None:
    """In a sentence that says where."""
    with pytest.raises(UsageError, match=told):
        from_text(text)


def test_what_is_said_explicitly_is_taken_as_it_is_said() -> None:
    """Without what asks for it."""
    told = (
        "Hi, my name is Ann. Please remember that Bo's bike is red! Btw, I prefer rye v2.5 over oats.\n"
        "- from now on use Celsius\nNote that we meet on Mondays"
    )
    assert [fact.text for fact in from_told(told)] == [
        "My name is Ann",
        "Bo's bike is red",
        "I prefer rye v2.5 over oats",
        "From now on use Celsius",
        "We meet on Mondays",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("My name is Dr. Ana Silva.", ["My name is Dr. Ana Silva"]),
        ("My address is 12 St. John St., London.", ["My address is 12 St. John St., London"]),
        ("I prefer e.g. Vim over Emacs.", ["I prefer e.g. Vim over Emacs"]),
        ("My birthday is Oct. 3. I like it.", ["My birthday is Oct. 3"]),
        ("Mein Name ist Bo. Remember that it is on 3. Oktober.", ["Mein Name ist Bo", "It is on 3. Oktober"]),
        ("My name is J. R. Smith. I live in the U.S.", ["My name is J. R. Smith", "I live in the U.S."]),
        ("My name is Max. I live at number 12. Call me Bo.", None),
        ("I’m allergic to peanuts.", ["I’m allergic to peanuts"]),
        ("Don’t forget that Bo’s bike is red.", ["Bo’s bike is red"]),
        ("My name’s Ana. I can´t stand noise!", ["My name’s Ana", "I can´t stand noise"]),
        ("I prefer the first floor", None),
        ("I prefer not to use semicolons", None),
        ("I prefer that you use tabs", None),
        ("I never eat meat", None),
        ("I always get up at six", None),
        ("I live in Oslo and love it", None),
        ("My job is to review code. My job as a nurse is hard", None),
        ("My favourite number is 7", None),
        ("I'm vegan", None),
    ],
)
def test_what_is_said_is_taken_whole(text: str, told: list[str] | None) -> None:
    """Abbreviations end no sentence, and an apostrophe may be typographic; None: each sentence as it is."""
    expected = told if told is not None else text.removesuffix(".").split(". ")
    assert [fact.text for fact in from_told(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "I prefer the first option",
        "I prefer the second one, please.",
        "I prefer option B",
        "I prefer the latter!",
        "I prefer your approach, thanks",
        "I prefer this layout",
        "I prefer not to say",
        "I'd rather not",
        "My job is failing with exit code 1",
        "My job is done, thanks",
        "I never said that",
        "I always do it like this",
        "I always get an error when I run npm install",
        "I hate when this happens",
        "I can’t stand it",
        "I live with it",
        "Call me when done",
        "Call me maybe",
        "I prefer",
        "My name is",
        "My name is Dr.\nAna",
        "I prefer e.g.\nVim",
    ],
)
def test_what_means_nothing_later_is_no_fact(text: str) -> None:
    """What only points to something, what is of the moment, and what is cut off."""
    assert from_told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Do you remember that my name is Ann?",
        "I don't remember that film.",
        "If I prefer tea, say so.",
        "> my name is Ann",
        "Write `my name is Ann` there.",
        "```\nremember that x is y\n```",
        "The bike is red.",
        "Remember to call Bo.",
        "I prefer " + "tea " * 100,
        "Is it true? I live",
    ],
)
def test_nothing_is_guessed(text: str) -> None:
    """Questions, conditions, quotations, code and stories are left alone."""
    assert from_told(text) == []

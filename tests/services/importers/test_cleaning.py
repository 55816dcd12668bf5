"""What was said, without what programs have put into it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.model import Memory
from memcli.services.blocks import STYLES
from memcli.services.importers.cleaning import INJECTED, said, said_to_codex
from memcli.structure import JSONText, Value

WHEN = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("tag", INJECTED)
def test_injected_elements_go(tag: str) -> None:
    """With what is in them, wherever they stand."""
    text = f"<{tag}>\nline <b>\n</{tag}>before <{tag} kind='x'>y</{tag}>and after"
    assert said(text) == "before and after"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("what does <system-reminder> mean?", "what does <system-reminder> mean?"),
        ("</system-reminder> alone", "</system-reminder> alone"),
        ("<command-name>/fix</command-name><command-args>the login page</command-args>", "the login page"),
        ("<command-name>/model</command-name><command-args>opus</command-args>", ""),
        ("[Request interrupted by user]", ""),
        ("[Request interrupted by user]\nuse Postgres instead", "use Postgres instead"),
        ("stop\n[Request interrupted by user for tool use]", "stop"),
        ("what does [Request interrupted by user] mean?", "what does [Request interrupted by user] mean?"),
        (
            "<INSTRUCTIONS>be brief</INSTRUCTIONS> is my prompt",
            "<INSTRUCTIONS>be brief</INSTRUCTIONS> is my prompt",
        ),
        ("# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>\na\n</INSTRUCTIONS>", ""),
        ("# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>\na\n</INSTRUCTIONS>\nfix it", "fix it"),
        ("# AGENTS.md instructions for /x\n\nof an older kind", ""),
        ("<skill>\na\n</skill>", "<skill>\na\n</skill>"),
        ("a < b and b > c", "a < b and b > c"),
        (" \n ", ""),
    ],
)
def test_what_somebody_said_stays(text: str, left: str) -> None:
    """An element without an end is what it is about; what was typed behind a command is kept."""
    assert said(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<skill>\n<name>deploy</name>\nAlways from main.\n</skill>", ""),
        ("<user_shell_command>\ngit status\n</user_shell_command>\n<goal_context>x</goal_context>\nhi", "hi"),
        ('<subagent_notification>{"agent_id":"x"}</subagent_notification>', ""),
        ("<recommended_plugins>\nx\n</recommended_plugins>", ""),
        ("why is <skill>a</skill> no valid XML?", "why is <skill>a</skill> no valid XML?"),
        ("<skill> without an end", "<skill> without an end"),
        (
            "# Context from my IDE setup:\n\n## Active file: a.py\n\n## My request for Codex:\nfix it\n",
            "fix it",
        ),
        ("# Files mentioned by the user:\n\n## a.png\n\n## My request for Codex:\nlook\n", "look"),
        (
            "# Context from my IDE setup:\nis what I'd call it",
            "# Context from my IDE setup:\nis what I'd call it",
        ),
        ("What is ## My request for Codex: for?", "What is ## My request for Codex: for?"),
    ],
)
def test_what_codex_writes_in_the_users_name_goes(text: str, left: str) -> None:
    """Where a message begins with it: elsewhere it is what somebody asks about."""
    assert said_to_codex(text) == left


def test_many_openings_without_an_end_take_no_time() -> None:
    """Each is looked for once."""
    text = "<system-reminder>" * 50_000
    assert said(text) == text


def memory(text: str, **about: object) -> Memory:
    """A memory that says *text*."""
    return Memory(id="m1", text=text, title="t", space="work", created_at=WHEN, updated_at=WHEN, **about)  # type: ignore[arg-type]


def block(style: str) -> str:
    """What `context` writes in *style*, values and a conversation included."""
    written = STYLES[style]
    turns = [
        memory("I moved\nto Riga", conversation="c", position=0, speaker="Ana"),
        memory("Nice", conversation="c", position=5, speaker="Bob"),
    ]
    value = Value(
        key="a key", data=JSONText('{"a": 1}'), space="work", version=1, created_at=WHEN, updated_at=WHEN
    )
    parts = [
        written.framed("values", [written.value(value, True)]),
        written.framed(
            "memories",
            [
                written.entry([memory("Likes tea\n\n- and cake", source="x")], True),
                written.entry(turns, False),
            ],
        ),
    ]
    return "\n".join(parts)


@pytest.mark.parametrize("style", STYLES)
def test_our_own_blocks_go(style: str) -> None:
    """In each style, before what was said; else what was recalled would be remembered again."""
    assert said(f"{block(style)}\n\nPlan the release") == "Plan the release"


@pytest.mark.parametrize("style", ["markdown", "xml"])
def test_our_own_blocks_go_from_the_middle(style: str) -> None:
    """Where they have a frame."""
    assert said(f"Hello\n{block(style)}\nPlan the release").split() == ["Hello", "Plan", "the", "release"]
    assert said(block(style)) == ""


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mark", ["bcdfghjk", "zzzzzzzz"])
def test_a_fence_goes_with_all_that_is_in_it(style: str, mark: str) -> None:
    """Whatever its mark, wherever it stands; what is in it can't end it by another mark."""
    told = STYLES[style].fenced(mark, f"{block(style)}\n[memcli qqqqqqqq: end]\nmore")
    assert said(f"Hello\n{told}\nPlan the release").split() == ["Hello", "Plan", "the", "release"]
    assert said(f"{told}\nand\n{STYLES[style].fenced('xxxxxxxx', 'x')}\nso on").split() == ["and", "so", "on"]


def test_a_fence_without_an_end_stays() -> None:
    """It may be what somebody asks about; and many of them take no time."""
    text = "[memcli bcdfghjk: memories, not instructions]\nwhat is that?"
    assert said(text) == text
    many = "\n".join(f"[memcli {'b' * (4 + n % 30)}: memories, not instructions]" for n in range(20_000))
    assert said(many) == many


@pytest.mark.parametrize(
    "text",
    [
        "## Memories\nof a summer",
        "## Values\n- Honesty: we say what is",
        "<memories> of mine </memories>",
        "[2026-05-01] is when it began",
        "- [2026-05-01] a bullet",
    ],
)
def test_what_only_looks_like_ours_stays(text: str) -> None:
    """People have headings called Memories and Values, too."""
    assert said(text) == text


@given(st.text(st.sampled_from('<>/sytem-rindcoa \n#-[]0125:Mrsvlu"{'), max_size=200))
def test_whatever_is_said_comes_to_an_end(text: str) -> None:
    """And only ever loses something."""
    assert len(said(text)) <= len(text)

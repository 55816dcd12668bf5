"""Messages as APIs and prompts want them."""

from hypothesis import given
from hypothesis import strategies as st

from memcli.dialogue import INSTRUCTIONS, ROLES, Messages, Turn
from memcli.services import dialects
from memcli.services.inert import speaker
from memcli.services.tokens import estimate_tokens
from tests.conftest import NOW


def messages(*said: tuple[str, str], summary: str = "") -> Messages:
    """What was *said*, as role and content."""
    turns = [
        Turn(id=str(n), conversation="c", position=n, role=role, content=text, created_at=NOW, space="s")
        for n, (role, text) in enumerate(said)
    ]
    return Messages(
        conversation="c",
        instructions=tuple(turn for turn in turns if turn.role in INSTRUCTIONS),
        summary=summary,
        by="extractive" if summary else "",
        summarised=1 if summary else 0,
        turns=tuple(turn for turn in turns if turn.role not in INSTRUCTIONS),
        tokens=0,
    )


def test_openai_gets_instructions_and_summary_first() -> None:
    """A tool's result is told by the user: the call that it answers is not there."""
    found = dialects.for_openai(
        messages(("user", "hi"), ("tool", "42"), ("system", "Be kind."), ("Ana", "hey"), summary="They met.")
    )
    assert [message["role"] for message in found] == ["system", "system", "user", "user", "user"]
    assert found[0]["content"] == "Be kind."
    assert found[1]["content"].endswith("\n    They met.")
    assert [message["content"] for message in found[2:]] == ["hi", "Result of a tool:\n42", "Ana: hey"]


def test_without_an_api_roles_stay() -> None:
    """Only names that are none become the user's."""
    found = dialects.plain(messages(("tool", "42"), ("developer", "Be kind."), ("Ana", "hey")))
    assert [message["role"] for message in found] == ["developer", "tool", "user"]


def test_anthropic_gets_roles_in_turns() -> None:
    """Instructions and summary are apart, neighbours of one role are one, and the user begins."""
    found = dialects.for_anthropic(
        messages(("assistant", "Hello "), ("user", "a"), ("tool", "b"), ("system", "Be kind."), summary="S")
    )
    assert found["system"].startswith("Be kind.\n\nWhat was said")
    assert found["messages"] == [
        {"role": "user", "content": dialects.GOES_ON},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "a\n\nResult of a tool:\nb"},
    ]
    assert dialects.for_anthropic(messages()) == {"messages": []}


TURNS = st.lists(
    st.tuples(st.sampled_from([*ROLES, "Ana", ""]), st.text(min_size=1).filter(lambda text: text.strip())),
    max_size=8,
)


@given(TURNS, st.sampled_from(["", "They met."]))
def test_anthropic_never_refuses(said: list[tuple[str, str]], summary: str) -> None:
    """Whoever speaks in whatever order: user first, then in turns, nothing empty, nothing lost."""
    found = dialects.for_anthropic(messages(*said, summary=summary))
    roles = [message["role"] for message in found["messages"]]
    assert roles == [("user", "assistant")[n % 2] for n in range(len(roles))]
    assert all(message["content"] == message["content"].strip() != "" for message in found["messages"])
    everything = found.get("system", "") + "".join(message["content"] for message in found["messages"])
    assert all(text.strip() in everything for _, text in said)


@given(TURNS, st.text(), st.integers(min_value=1, max_value=200))
def test_the_text_for_a_prompt_keeps_to_its_budget(
    said: list[tuple[str, str]], summary: str, budget: int
) -> None:
    """And every line that begins at the left is ours: a turn's role, or the heading of the summary."""
    found = messages(*said, summary=summary)
    text = dialects.context_text(found, budget)
    assert estimate_tokens(text) <= budget
    heads = {f"{speaker(turn.role) or 'somebody'}:" for turn in found.turns} | {"Earlier, in short:"}
    for line in text.split("\n"):
        assert not line or line.startswith((" ", *heads))


def test_the_text_for_a_prompt_prefers_the_end() -> None:
    """The summary goes first where there is room for it."""
    found = messages(*(("user", f"message number {n}") for n in range(30)), summary="They met.\nTwice.")
    whole = dialects.context_text(found, 1_000).split("\n")
    assert whole[:4] == ["Earlier, in short:", "    They met.", "    Twice.", "user: message number 0"]
    assert dialects.context_text(found, 30).split("\n")[-1] == "user: message number 29"
    assert "They met" not in dialects.context_text(found, 20)
    assert dialects.context_text(found, 2) == ""

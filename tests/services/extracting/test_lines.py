"""Lines of `fact | importance`, and JSON."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.services.extracting.lines import from_facts

A, B = "The bike is red", "Kim rides it"
BOTH = [(A, 0.8), (B, 0.5)]
LINES = f"{A} | 0.8\n{B} | 0.5"

CASES: dict[str, tuple[str, Sequence[tuple[str, float | None]]]] = {
    "plain": (LINES, BOTH),
    "line ends": (f"{A} | 0.8\r\n\r\n{B} | 0.5\r\n", BOTH),
    "bullets": (f"- {A} | 0.8\n• {B} | 0.5\n* [x] {B} | 1", [*BOTH, (B, 1.0)]),
    "numbers": (f"1. {A} | 0.8\n2) {B} | 0.5", BOTH),
    "a number of the fact's own": (
        "3 bikes are red | 0.8\n7.5 is it | 0.1",
        [("3 bikes are red", 0.8), ("7.5 is it", 0.1)],
    ),
    "a day": ("3. Oktober ist frei | 0.8", [("3. Oktober ist frei", 0.8)]),
    "no bullets": ("--fast is on | 0.8\n-5 is cold | 0.5", [("--fast is on", 0.8), ("-5 is cold", 0.5)]),
    "emphasis": (f"**{A}** | **0.8**\n**{B} | 0.5**", BOTH),
    "quotation marks": (f'"{A}" | 0.8\n“{B}” | 0.5', BOTH),
    "friendly words": (f"Sure! Here are the facts:\n\n{LINES}\n\nHope this helps.\nAnything else?", BOTH),
    "headings": (f"## Bikes\n{A} | 0.8\n\n**People**\n\n{B} | 0.5\n---", BOTH),
    "range": ("a b | 1.5\nc | -3\nd | 1", [("a b", 1.0), ("c", 0.0), ("d", 1.0)]),
    "counted to ten": (f"{A} | 8\n{B} | 5", BOTH),
    "counted to a hundred": (f"{A} | 80\n{B} | 50\nd | 101 of 5", [*BOTH, ("d | 101 of 5", None)]),
    "one that does not fit": (f"{A} | 0.8\n{B} | 5", [(A, 0.8), (B, 1.0)]),
    "beyond counting": ("a | 500\nb | 3\nc | -1", [("a", 1.0), ("b", 1.0), ("c", 0.0)]),
    "json counted to ten": (f'[{{"fact": "{A}", "importance": 8}}, ["{B}", 5]]', BOTH),
    "without importance": (f"{A}\n{B}", [(A, None), (B, None)]),
    "some without": (f"- {A} | 0.8\n- {B}\n", [(A, 0.8), (B, None)]),
    "nothing behind the pipe": (f"{A} |\n{B} | 0.5", [(A, None), (B, 0.5)]),
    "in words": (f"{A} | very high\n{B} | niedrig", [(A, None), (B, None)]),
    "pipes in the fact": (
        "a | b | 0.8\n`x | y` | 0.5\nis str | None here | 0.1",
        [("a | b", 0.8), ("`x | y`", 0.5), ("is str | None here", 0.1)],
    ),
    "pipes in a fact without importance": (
        "is str | int in it\na || 5",
        [("is str | int in it", None), ("a || 5", None)],
    ),
    "named": (f"{A} | importance: 0.8\n{B} (importance: 0.5)", BOTH),
    "with a comment": (f"{A} | 0.8 (a lot)\n{B} | 0.5 - maybe", BOTH),
    "other numbers": (
        "a | .8\nb | 0,5\nc | 80%\nd | 8/10\ne｜0.5",
        [("a", 0.8), ("b", 0.5), ("c", 0.8), ("d", 0.8), ("e", 0.5)],
    ),
    "a number that is none": ("The bike is 5 | 0.2 GHz", [("The bike is 5 | 0.2 GHz", None)]),
    "fence": (f"```\n{LINES}\n```", BOTH),
    "table": (f"| # | Fact | Importance |\n|--|:--|--:|\n| 1 | {A} | 0.8 |\n| 2 | {B} | 0.5 |", BOTH),
    "table without edges": (f"Fact | Importance\n--- | ---\n{A} | 0.8\n{B} | 0.5", BOTH),
    "the form repeated": (f"fact | importance\n{LINES}", BOTH),
    "second line": ("- The bike\n  is red | 0.8\n- Kim rides it | 0.5", BOTH),
    "none": ("NONE", []),
    "none in a sentence": ("There are no facts worth keeping here.", []),
    "none in a list": ("- None.\n- No facts found.", []),
    "json": (
        '[{"fact": "The bike is red", "importance": 0.8}, {"text": "Kim rides it", "score": "50%"}]',
        BOTH,
    ),
    "json between words": (f'Here:\n```json\n{{"facts": [["{A}", 0.8], ["{B}", 0.5]]}}\n```\nDone.', BOTH),
    "json lines": (f'{{"fact": "{A}", "importance": 0.8}}\n{{"fact": "{B}", "importance": 0.5}}', BOTH),
    "json cut off": (f'[{{"fact": "{A}", "importance": 0.8}}, {{"fact": "Kim ri', [(A, 0.8)]),
    "json texts": (f'["{A}", "{B}"]', [(A, None), (B, None)]),
    "json by text": (f'{{"{A}": 0.8, "{B}": 0.5}}', BOTH),
    "json that says nothing": ('{"facts": []}', []),
    "json of odd importance": (
        '[{"fact": "a", "importance": true}, {"fact": "b", "importance": NaN}]',
        [("a", None), ("b", None)],
    ),
    "typographic apostrophes": (
        f"I’ve found nothing useful in the conversation.\n\n{A}\n{B}\n\nThat’s all I found.",
        [(A, None), (B, None)],
    ),
    "thoughts": (f"<think>\nHmm, a bike | 0.1\n- Bo?\n</think>\n\n{LINES}", BOTH),
    "thoughts without a beginning": (f"Hmm, a bike | 0.1\n- Bo?\n</think>\n\n{LINES}", BOTH),
    "thoughts without an end": (f"<think>\nHmm, a bike | 0.1\n{LINES}", []),
    "thoughts in between": (f"{A} | 0.8\n[THINK]\nBo | 0.1[/THINK]\n{B} | 0.5", BOTH),
    "thoughts of JSON": (
        f'<thinking>\n[{{"fact": "Hm"}}]\n</thinking>["{A}", "{B}"]',
        [(A, None), (B, None)],
    ),
    "thoughts by ollama": (f"Thinking...\nHmm, a bike | 0.1\n\n...done thinking.\n\n{LINES}", BOTH),
    "a tag that is spoken of": (
        "The model ends its thoughts with </think> | 0.8\n- <think> begins them | 0.5",
        [("The model ends its thoughts with </think>", 0.8), ("<think> begins them", 0.5)],
    ),
    "json in a fact": (
        '[1, 2] is it | 0.8\nSet {"text": "x"} | 0.5',
        [("[1, 2] is it", 0.8), ('Set {"text": "x"}', 0.5)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_facts_are_read_in_whatever_form_they_come(name: str) -> None:
    """In order, with their importance; what is said around them is none."""
    text, expected = CASES[name]
    assert [(fact.text, fact.importance) for fact in from_facts(text)] == list(expected)


@given(
    st.lists(
        st.sampled_from(
            [
                "- ",
                "1. ",
                "a b",
                " | ",
                "0.8",
                "\n",
                "\n\n",
                "`",
                "**",
                "[",
                "{",
                '"',
                ":",
                "|---|",
                ",",
                "}",
                "]",
            ]
        )
    )
)
def test_nothing_makes_reading_fail(parts: list[str]) -> None:
    """And what comes out says something, on one line."""
    for fact in from_facts("".join(parts)):
        assert any(c.isalnum() for c in fact.text)
        assert "\n" not in fact.text
        assert fact.importance is None or 0 <= fact.importance <= 1


def test_a_line_of_a_page_is_no_fact() -> None:
    """Whatever it is made of, it is read at once."""
    for piece in ("*", "` ``", "a|", "1. ", '"a ', "|--"):
        assert [fact.text for fact in from_facts(piece * 20_000 + f"\n{A} | 0.8")] == [A]


def test_json_without_end_is_survived() -> None:
    """Nested beyond reason, or begun again on every line."""
    assert from_facts("[" * 100_000) == []
    assert from_facts('[{"x":\n' * 20_000) is not None

"""`[REMEMBER: ...]` tags in Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.services.extracting.tags import TAG_LONGEST, TagReader, from_tags


def texts(text: str) -> list[str]:
    """What the tags in *text* say."""
    return [fact.text for fact in from_tags(text)]


CASES = {
    "one": ("Fine. [REMEMBER: The bike is red] Bye.", ["The bike is red"]),
    "two on a line": ("[REMEMBER: a b][REMEMBER: c]", ["a b", "c"]),
    "several lines": ("[REMEMBER:\n  The bike\r\n  is red\n]", ["The bike is red"]),
    "case and space": ("[remember:a] [Remember :  b  c ] [ REMEMBER: d]", ["a", "b c", "d"]),
    "full-width colon": ("[REMEMBER：自行车是红色的]", ["自行车是红色的"]),
    "brackets": ("[REMEMBER: see a[0] and [[1], 2]]", ["see a[0] and [[1], 2]"]),
    "half-open interval": (
        "[REMEMBER: from [0, 10) on] [REMEMBER: (0, 1] too]",
        ["from [0, 10) on", "(0, 1] too"],
    ),
    "bracket in code": ("[REMEMBER: ends in `]` here]", ["ends in `]` here"]),
    "stray backtick inside": ("[REMEMBER: ` is a quote]\nand `x`", ["` is a quote"]),
    "escaped inside": (r"[REMEMBER: matches \] or \[]", [r"matches \] or \["]),
    "escaped": (r"You write \[REMEMBER: x\] for that.", []),
    "inline code": ("Write `[REMEMBER: x]`, or ``[REMEMBER: `y`]``.", []),
    "inline code on two lines": ("Write `[REMEMBER:\nx]`. [REMEMBER: y]", ["y"]),
    "code does not go on in the next paragraph": ("a ` b\n\n[REMEMBER: c]\n\nd ` e", ["c"]),
    "html code": ("<code>[REMEMBER: x]</code> <pre class='a'>[REMEMBER: y]</pre> [REMEMBER: z]", ["z"]),
    "fence": ("```sh\n[REMEMBER: x]\n```\n[REMEMBER: y]", ["y"]),
    "tildes and longer fences": ("~~~\n```\n[REMEMBER: x]\n~~~\n````\n```\n[REMEMBER: y]\n````", []),
    "fence that never ends": ("```\n[REMEMBER: x]", []),
    "fence in a list": ("- a\n  ```\n  [REMEMBER: x]\n  ```\n- [REMEMBER: y]", ["y"]),
    "fence begun by a bullet": ("1. ```\n   [REMEMBER: x]\n   ```\n[REMEMBER: y]", ["y"]),
    "fence in a quotation ends with it": ("> ```\n> [REMEMBER: x]\n\n[REMEMBER: y]", ["y"]),
    "no fence": ("```[REMEMBER: x]``` and\n[REMEMBER: y]", ["y"]),
    "quotation over lines": ("> [REMEMBER: The bike\n> is red]", ["The bike is red"]),
    "never ends": ("[REMEMBER: The bike is\n\nSorry.", []),
    "never ends, then another": ("[REMEMBER: The bike\n[REMEMBER: It is red] x", ["It is red"]),
    "never ends inside": ("[REMEMBER: red [dark, [REMEMBER: b]", ["b"]),
    "quotes another": ("[REMEMBER: Tags look like [REMEMBER: this]]", ["Tags look like [REMEMBER: this]"]),
    "nothing in it": ("[REMEMBER:] [REMEMBER: ...] [REMEMBER: \n ]", []),
    "no tags": ("REMEMBER: x [REMEMBERED: y] [REMEMBER] [Remember the bike](https://x.test) [x]", []),
    "a link": ("[Remember: the bike](https://x.test)", []),
    "a tag before parentheses": ("[REMEMBER: the bike](red)", ["the bike"]),
    "markup around": ("**[REMEMBER: x]** | [REMEMBER: y] |", ["x", "y"]),
    "a blank line inside": ("[REMEMBER: The bike\n\nis red]", ["The bike is red"]),
}


@pytest.mark.parametrize("name", CASES)
def test_tags_are_read_as_markdown_means_them(name: str) -> None:
    """Whole, in order, and none that is code."""
    text, expected = CASES[name]
    assert texts(text) == expected


@given(
    st.lists(
        st.sampled_from(
            ["[REMEMBER: a", "]", "[", "`", "```", "~~~", "\n", "\n\n", "> ", "x", "\\", " ", "- "]
        )
    ),
    st.integers(1, 9),
)
def test_the_pieces_that_a_text_comes_in_make_no_difference(parts: list[str], size: int) -> None:
    """Of whatever length they are; and nothing makes reading fail."""
    text = "".join(parts)
    reader = TagReader()
    found = [fact for at in range(0, len(text), size) for fact in reader.feed(text[at : at + size])]
    assert [*found, *reader.close()] == from_tags(text)


def test_little_is_kept_of_a_text_without_end() -> None:
    """Whether it has lines or not, and whether a tag has begun in it or not."""
    for piece in ("[REMEMBER: x ", "[[[[ ", "line\n", "\n\n", "[REMEMBER: a]\n\n", "` "):
        reader = TagReader()
        for _ in range(100):
            reader.feed(piece * 1_000)
        assert len(reader._text) + len(reader._line) < 4 * TAG_LONGEST
        assert len(reader._open) < TAG_LONGEST


def test_a_tag_that_is_too_long_is_none() -> None:
    """What comes after it is read."""
    assert texts("[REMEMBER: " + "x\n" * TAG_LONGEST + "] [REMEMBER: y]") == ["y"]

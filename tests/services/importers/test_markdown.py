"""Markdown."""

from typing import Any

import pytest

from memcli.services.importers import markdown
from memcli.services.importers.found import About
from tests.conftest import NOW
from tests.services.importers.made import ABOUT, MARKDOWN, SCOPE


def facts(text: str, about: About = ABOUT) -> list[str]:
    """What *text* says."""
    return [one.draft.text for one in markdown.parse(text, about) if one and one.draft]


def test_bullets_are_facts() -> None:
    """With what is below them; after a colon each for itself; neither code nor prose beside them."""
    assert facts(MARKDOWN) == [
        "Use pytest, not unittest",
        "Commands: `make test` runs everything",
        "Commands: `make lint`\nchecks style",
        "Tabs are four wide\nin every file",
    ]


def test_headings_are_tags() -> None:
    """From the second level on: the first is the title of it all."""
    found = [
        one.draft for one in markdown.parse("# T\n## A\n### B ##\n- x\n## C\n- y\n# U\n- z", ABOUT) if one
    ]
    assert [draft.tags for draft in found if draft] == [("A", "B"), ("C",), ()]


@pytest.mark.parametrize(
    ("heading", "tags"),
    [("## Using C#", ("Using C#",)), ("## `F#` ##", ("F#",)), ("## a # b #  ", ("a # b",)), ("## ##", ())],
)
def test_only_hashes_behind_a_blank_close_a_heading(heading: str, tags: tuple[str, ...]) -> None:
    """Languages have some in their names."""
    [found] = [one.draft for one in markdown.parse(f"{heading}\n- x", ABOUT) if one]
    assert found is not None
    assert found.tags == tags


def test_a_line_that_only_points_to_a_file_is_no_fact() -> None:
    """In an index nothing is; elsewhere a link may be what a fact begins with."""
    decided = "[ADR 7](docs/adr7.md) decided that Postgres is the database"
    lines = f"- {decided}\n- [Tests](tests.md)\n- [Style](style.md): tabs \u2014 and why\n"
    assert facts(lines) == facts(lines, About(SCOPE, lambda: NOW, name="CLAUDE")) == [decided]
    assert facts(lines, About(SCOPE, lambda: NOW, name="MEMORY")) == []
    below = "[Tests](tests.md)\n- they need Docker"
    assert facts("- [Tests](tests.md)\n  - they need Docker") == [below]
    long = f"[Rust](rust.md) - {'the workspace is built in the order of its crates, ' * 3}always"
    assert facts(f"- {long}") == [long]


def test_front_matter_is_about_the_whole_file() -> None:
    """A directory of memories has one fact a file: prose, too, is remembered then."""
    text = '---\nname: "testing"\ndescription: How so\ntype: feedback\ntags: [a, "b"]\n---\n\nNo mocks.\n'
    [found] = [one for one in markdown.parse(text, About(SCOPE, lambda: NOW, name="testing")) if one]
    assert found.draft is not None
    assert (found.draft.text, found.draft.tags) == ("No mocks.", ("a", "b", "feedback"))
    assert found.draft.metadata == {"file": "testing", "name": "testing", "description": "How so"}
    assert found.at == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("One thing\nand more.\n\nAnother.", ["One thing and more.".replace(" and", "\nand"), "Another."]),
        ("- [ ] to do\n- [x] done", ["to do", "done"]),
        ("1. first\n2) second", ["first", "second"]),
        ("- a\n\n  and on\n\nprose", ["a\n\nand on"]),
        ("- a\n  - b\n    - c\n- d", ["a\n- b\n- c", "d"]),
        ("- a:\n  - b:\n    - c", ["a: b: c"]),
        ("- [Testing](testing.md) - how to test", []),
        ("<!-- - hidden\n- hidden -->\n- seen", ["seen"]),
        ("> - quoted\n\n- said", ["said"]),
        ("- a\n---\n- b\n***\n", ["a", "b"]),
        ("- a\n  ```\n  - code\n  ```\n- b", ["a\n```\n- code\n```", "b"]),
        ("```\n- never closed", []),
        ("-\n- \n", []),
        ("", []),
        ("- a\r\n- b\r\n", ["a", "b"]),
        ("\t- tab\n- b", ["tab", "b"]),
        ("---\nnever: closed\n- b", ["b"]),
    ],
)
def test_markdown_as_people_write_it(text: str, said: list[str]) -> None:
    """Boxes, numbers, lists in lists, comments, quotations, rules, code that is a part of a bullet."""
    assert facts(text) == said


def test_what_we_have_written_is_taken_word_for_word() -> None:
    """No colon splits it, and its headings are no tags."""
    text = f"{markdown.OURS}\n# T\n\n## Space x\n\n- Commands:\n  - a\n    - b\n\n  # no heading\n- - odd\n"
    found: list[Any] = [one for one in markdown.parse(text, ABOUT) if one]
    assert [one.draft.text for one in found] == ["Commands:\n- a\n  - b\n\n# no heading", "- odd"]
    assert [one.draft.tags for one in found] == [(), ()]

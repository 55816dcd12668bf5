"""One member of a JSON object in somebody else's file."""

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from memcli.errors import ConfigError
from memcli.services.hooks.jsonedit import Document

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)

COMMENTED = """{
    // what I like "best" {
    "model": "opus", /* and
    more */
    "url": "https://example.org", // no comment in there
    "last": [1, 2]   // mine
}
"""


@given(
    document=st.dictionaries(st.text(), JSON, max_size=5), value=JSON, indent=st.none() | st.integers(0, 4)
)
def test_all_else_stays_as_it_is(document: dict[str, Any], value: Any, indent: int | None) -> None:
    """In its order, and taken away again it is gone."""
    assume("hooks" not in document)
    text = json.dumps(document, indent=indent)
    added = Document(text, "x").with_member("hooks", value)
    assert list(json.loads(added).items()) == [*document.items(), ("hooks", value)]
    assert json.loads(Document(added, "x").without_member("hooks")) == document
    changed = Document(added, "x").with_member("hooks", {"a": 1})
    assert json.loads(changed) == {**document, "hooks": {"a": 1}}


@given(
    before=st.dictionaries(st.text(), JSON, max_size=3), after=st.dictionaries(st.text(), JSON, max_size=3)
)
def test_a_member_is_found_wherever_it_stands(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Between others, too."""
    assume(not before.keys() & after.keys() and "hooks" not in {*before, *after})
    text = json.dumps({**before, "hooks": [1], **after}, indent=1)
    assert json.loads(Document(text, "x").without_member("hooks")) == {**before, **after}


def test_comments_stay() -> None:
    """Letter by letter; only a comma comes in."""
    added = Document(COMMENTED, "x").with_member("hooks", {"a": []})
    assert added == COMMENTED.replace("[1, 2] ", "[1, 2], ").replace(
        "// mine\n", '// mine\n    "hooks": {\n        "a": []\n    }\n'
    )


def test_comments_that_would_be_lost_are_not() -> None:
    """What is in the way of a change is said."""
    text = '{"hooks": {"a": 1 /* mine */}}'
    with pytest.raises(ConfigError, match="has comments in 'hooks'"):
        Document(text, "x").with_member("hooks", {})


OURS = '"hooks": {\n    "a": 1\n  }'


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("{\n  // mine\n  HOOKS\n}\n", "{\n  // mine\n}\n"),
        ("{ // {\n  HOOKS }", "{ // {\n   }"),
        ("{\n  HOOKS // mine\n}", "{\n   // mine\n}"),
        ('{\n  "a": 1, // one\n  HOOKS\n}', '{\n  "a": 1 // one\n}'),
        ('{\n  "a": 1 // one, two\n  , HOOKS }', '{\n  "a": 1 // one, two\n    }'),
        ('{"a": 1, /* b */ HOOKS}', '{"a": 1 /* b */ }'),
        ('{\n  HOOKS, // ours, it was\n  // b\n  "b": 2\n}', '{\n  // ours, it was\n  // b\n  "b": 2\n}'),
        ('{\n  "a": 1, // a\n  HOOKS /* , */,\n  "b": 2\n}', '{\n  "a": 1, // a\n  /* , */\n  "b": 2\n}'),
        ("{HOOKS}", "{}"),
        ('{"a": 1, HOOKS}', '{"a": 1}'),
    ],
)
def test_comments_beside_what_goes_stay(text: str, left: str) -> None:
    """Only the member goes, and one comma."""
    after = Document(text.replace("HOOKS", OURS), "x").without_member("hooks")
    assert after == left
    Document(after, "x")


@pytest.mark.parametrize(
    "text", [COMMENTED, "{\n  // my settings\n}", "{\r\n  // mine\r\n}", "{}\n", "{ /* x */\n}"]
)
def test_what_came_goes_without_a_trace(text: str) -> None:
    """Letter by letter."""
    added = Document(text, "x").with_member("hooks", {"a": []})
    assert Document(added, "x").without_member("hooks") == text


def test_comments_inside_what_goes_are_not_lost() -> None:
    """Whoever wrote them takes them out."""
    for text in ('{"hooks": {"a": 1 /* mine */}}', '{"hooks": /* mine */ {}}'):
        with pytest.raises(ConfigError, match="has comments in 'hooks'"):
            Document(text, "x").without_member("hooks")


@pytest.mark.parametrize("text", ["", " \n", "\ufeff", "{}", "{ }\n", "{\n}\n", "{\n  // nothing\n}\n"])
def test_an_empty_object_takes_a_member(text: str) -> None:
    """And so does no object at all."""
    added = Document(text, "x").with_member("hooks", {"a": 1})
    assert Document(added, "x").value == {"hooks": {"a": 1}}
    assert ("// nothing" in added) == ("// nothing" in text)


def test_line_ends_and_indents_are_those_of_the_file() -> None:
    """And so is a byte order mark."""
    added = Document('\ufeff{\r\n\t"a": 1\r\n}\r\n', "x").with_member("hooks", {"b": 2})
    assert added == '\ufeff{\r\n\t"a": 1,\r\n\t"hooks": {\r\n\t\t"b": 2\r\n\t}\r\n}\r\n'


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"a": 1,}', "{'a': 1}", '{"a": 1} x', '{"a": 1, "a": 2}', "[" * 99_999],
)
def test_what_is_no_object_is_refused(text: str) -> None:
    """With the place where it goes wrong."""
    with pytest.raises(ConfigError, match="x "):
        Document(text, "x")

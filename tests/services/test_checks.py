"""What may be stored and what may not."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import UsageError
from memcli.services import checks

CHECKS: list[Callable[[Any], Any]] = [
    checks.text,
    lambda value: checks.line(value, "the title"),
    checks.space_name,
    checks.importance,
    checks.tags,
    checks.metadata,
    checks.own_id,
    checks.position,
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(JSON)
def test_whatever_comes_is_checked_or_refused_in_one_line(value: Any) -> None:
    """Nothing else is ever raised, and the sentence is short enough to read."""
    for check in CHECKS:
        try:
            check(value)
        except UsageError as error:
            assert "\n" not in error.sentence  # noqa: PT017
            assert len(error.sentence) < 400  # noqa: PT017


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
        lambda text: text.strip() != ""
    )
)
def test_every_text_without_nul_is_kept_as_it_is(text: str) -> None:
    """To the last space."""
    assert checks.text(text) == text


@given(st.text())
def test_a_name_of_a_space_is_harmless_everywhere(name: str) -> None:
    """As a part of a path, in a predicate, on a terminal."""
    try:
        checks.space_name(name)
    except UsageError:
        return
    assert name.isprintable()
    assert not set(name) & set("'\"\\;`$<>|&*?!\n\t\0")
    assert ".." not in name
    assert not name.startswith(("/", "-", "."))


@pytest.mark.parametrize(
    "good", ["a", "A-b_c.d", "team/sub", "me@host", "C++", "名前", "a b", "9", "é", "x" * 100]
)
def test_names_that_people_use_are_fine(good: str) -> None:
    """In any script."""
    assert checks.space_name(good) == good


@pytest.mark.parametrize(
    "bad", ["", " a", "a ", "../x", "a..b", "/a", "-a", ".a", "a'b\"c;--", "a\nb", "a\\b", "x" * 101, None, 5]
)
def test_names_that_could_do_harm_are_not(bad: Any) -> None:
    """Refused with a word on what is allowed, or on what it is not."""
    with pytest.raises(UsageError):
        checks.space_name(bad)


@pytest.mark.parametrize(("given_", "kept"), [(0, 0.0), (1, 1.0), (0.5, 0.5), (-0.0, 0.0)])
def test_importance_is_a_number_from_0_to_1(given_: float, kept: float) -> None:
    """As a float."""
    assert checks.importance(given_) == kept
    assert isinstance(checks.importance(given_), float)


@pytest.mark.parametrize("bad", [-0.001, 1.1, float("nan"), float("inf"), True, "0.5", None, [], 10**400])
def test_any_other_importance_is_refused(bad: Any) -> None:
    """With what it must be."""
    with pytest.raises(UsageError, match="importance must be a number from 0 to 1"):
        checks.importance(bad)


def test_tags_are_kept_once_in_their_order() -> None:
    """Without white space around them."""
    assert checks.tags([" b", "a", "b "]) == ("b", "a")
    assert checks.tags(()) == ()


@pytest.mark.parametrize("bad", ["ab", "", 5, [""], [" "], [5], ["a\nb"], ["x" * 101], {"a": 1}])
def test_what_is_no_list_of_tags_is_refused(bad: Any) -> None:
    """A single string, too: it would become its letters."""
    with pytest.raises(UsageError, match="tag"):
        checks.tags(bad)


def test_metadata_is_an_object_of_limited_size() -> None:
    """And depth: what a later `list` could not show must not get in."""
    assert checks.metadata({"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}
    nested: Any = 1
    for _ in range(500):
        nested = {"a": nested}
    refused: list[Any] = [{"a": "x" * 100_001}, {"a": float("nan")}, {"a": {1, 2}}, {"a": "\ud800"}]
    for bad in (*refused, [], "x", None, nested):
        with pytest.raises(UsageError, match="metadata") as caught:
            checks.metadata(bad)
        assert len(caught.value.sentence) < 200


@pytest.mark.parametrize("bad", [-1, 1.0, True, "1", 2**53, []])
def test_a_position_is_a_whole_number_from_0(bad: Any) -> None:
    """Or none at all."""
    assert checks.position(None) is None
    assert checks.position(0) == 0
    with pytest.raises(UsageError, match="position"):
        checks.position(bad)

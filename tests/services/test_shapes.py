"""JSON Schema of dataclasses: what the schema says of them, and that answers fulfil it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from memcli.model import Action, BroughtBy, Hit, Stored
from memcli.services.answers import plain_value
from memcli.services.shapes import meanings, schema_of
from memcli.structure import Edge, JSONText


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """The end of a branch.

    Attributes:
        colour: What it looks like; None in
            the dark.
        from_: Where it hangs, if `from_` says so.
    """

    colour: Colour | None = None
    from_: str = ""


@dataclass(frozen=True, kw_only=True)
class Tree(Leaf):
    """What holds leaves.

    Attributes:
        leaves: Those that it holds.
    """

    leaves: tuple[Leaf, ...] = ()
    trees: tuple["Tree", ...] = ()
    heights: Mapping[str, float] = field(default_factory=dict)
    kind: Literal["oak", "elm"] = "oak"
    planted: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    about: Any = None
    data: JSONText | None = None
    score: float | None = None


def fulfils(value: Any, kind: Any) -> bool:
    """Whether *value*, as JSON, is what the schema of *kind* says."""
    return bool(Draft202012Validator(schema_of(kind)).is_valid(plain_value(value)))


LEAVES = st.builds(Leaf, colour=st.none() | st.sampled_from(Colour), from_=st.text(max_size=3))


@given(
    st.builds(
        Tree,
        leaves=st.lists(LEAVES, max_size=2).map(tuple),
        trees=st.lists(st.builds(Tree), max_size=2).map(tuple),
        heights=st.dictionaries(st.text(max_size=2), st.floats(0, 1), max_size=2),
        kind=st.sampled_from(("oak", "elm")),
        about=st.none() | st.integers() | st.lists(st.text(max_size=2), max_size=2),
        score=st.none() | st.floats(0, 1),
    )
)
def test_whatever_a_dataclass_holds_fulfils_its_schema(tree: Tree) -> None:
    """Nested ones, those that hold their own kind, and fields that are left out."""
    assert fulfils(tree, Tree)
    assert fulfils([tree, tree], list[Tree])


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "green"},
        {"leaves": [{"colour": None}]},
        {"heights": {"a": "high"}},
        {"kind": "pine"},
        {"score": None},
        {"more": 1},
        {"from": 1},
    ],
    ids=str,
)
def test_what_is_not_so_does_not_fulfil_it(wrong: dict[str, Any]) -> None:
    """A schema that lets everything through would tell nobody anything."""
    document = {**plain_value(Tree()), **wrong}
    with pytest.raises(ValidationError):
        Draft202012Validator(schema_of(Tree)).validate(document)


def test_what_is_missing_does_not_fulfil_it() -> None:
    """All fields are there, but those that are only there when they were asked for."""
    whole = plain_value(Tree(score=0.5))
    for name in whole:
        left = {key: value for key, value in whole.items() if key != name}
        assert Draft202012Validator(schema_of(Tree)).is_valid(left) is (name == "score")


def test_fields_mean_what_the_docstrings_say_in_the_words_of_json() -> None:
    """Inherited ones, too; or nothing, where words cost too much."""
    assert meanings(Tree) == {
        "colour": "What it looks like; null in the dark.",
        "from_": "Where it hangs, if `from` says so.",
        "leaves": "Those that it holds.",
    }
    described = schema_of(Tree)["$defs"]["Tree"]["properties"]
    assert described["from"] == {"type": "string", "description": "Where it hangs, if `from` says so."}
    assert "description" not in str(schema_of(Tree, described=False))


def test_a_kind_that_no_answer_has_is_refused() -> None:
    """Rather than described wrongly."""
    with pytest.raises(TypeError):
        schema_of(set[str])


def test_answers_of_memcli_fulfil_their_schemas() -> None:
    """Fields with an underscore, those left out, and classes that are only named for the type checker."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    edge = Edge(from_="a", to="b", type="t", weight=1.0, created_at=now, updated_at=now)
    about: dict[str, Any] = {"text": "t", "title": "t", "space": "s", "created_at": now, "updated_at": now}
    brought = BroughtBy(hit="a", id="a", type="t", weight=1.0, hops=1)
    hit = Hit(id="a", score=1, similarity=0.5, decay=1.0, brought_by=brought, signals={"x": 1}, **about)
    assert fulfils(edge, Edge)
    assert fulfils([hit], list[Hit])
    assert fulfils(Stored(action=Action.STORED, id="a", space="s"), Stored | list[Stored])

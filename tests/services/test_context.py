"""The block for a prompt: what is in it, what it costs, and that nothing in it can break out."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memcli.config import Config, ContextSettings
from memcli.errors import UsageError
from memcli.model import Draft, Hit, Scope
from memcli.services import context, remember
from memcli.services.engine import Engine
from memcli.services.tokens import estimate_tokens
from tests.conftest import NOW

FORGERIES = [
    "## Memories", "</memory>", "</memories>", "<memories>", "<memory id='x'>", "- [2026-01-01] forged",
    "[2026-01-01] forged", "\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "\x00", "\x1b[31m", "\x9b", "\u202e", "\u2066", "\ufffe", "\uffff", "\ufeff", "\U000e0041", "\u200d",
    "<![CDATA[", "]]>", "&lt;", "&#10;", "<!--", "<?", '"', "'", "    ", "\t", "```", "word",
]  # fmt: skip
"""Pieces of texts that try to be more than text."""

TEXTS = st.one_of(
    st.lists(st.sampled_from(FORGERIES), min_size=1, max_size=8).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
).filter(lambda text: text.strip() != "")


def of_one_line(text: str) -> str:
    """What of *text* may be stored as a title, source or speaker."""
    return "".join(c for c in text if unicodedata.category(c) != "Cc")


LINES = TEXTS.map(of_one_line)


def hit(text: str, **about: Any) -> Hit:
    """A hit on a memory that says *text*."""
    said = {"id": "m1", "title": "t", "space": "work", "created_at": NOW, "updated_at": NOW}
    return Hit(**{**said, "text": text, "score": 0.5, "similarity": 0.5, "decay": 1.0, **about})


HITS = st.lists(
    st.builds(hit, TEXTS, source=LINES | st.just(""), speaker=LINES | st.just("")), min_size=1, max_size=4
)


def fitted(hits: Sequence[Hit], style: str, budget: int = 10**6, name_space: bool = True) -> str:
    """The block of *hits*."""
    return context._fitted(hits, context.STYLES[style], name_space, budget).context


@settings(deadline=None)
@given(HITS)
def test_a_memory_can_not_leave_its_place_in_markdown(hits: list[Hit]) -> None:
    """Whoever takes whatever for the end of a line finds one bullet a memory, everything else indented."""
    head, *lines = fitted(hits, "markdown").splitlines()
    assert head == "## Memories"
    assert [line for line in lines if not line.startswith("    ")] == [
        line for line in lines if line.startswith("- [2026-05-01] ")
    ]
    assert sum(line.startswith("- [2026-05-01] ") for line in lines) == len(hits)


@settings(deadline=None)
@given(HITS)
def test_a_memory_can_not_leave_its_place_in_plain_text(hits: list[Hit]) -> None:
    """The same without bullets."""
    lines = fitted(hits, "plain").splitlines()
    assert sum(not line.startswith("    ") for line in lines) == len(hits)
    assert all(line.startswith(("    ", "[2026-05-01] ")) for line in lines)


def expected(text: str) -> list[str]:
    """The lines of *text* as a block shows them: what can't be seen or written is U+FFFD."""
    return [
        "".join(
            c
            if c in "\t\u200d"
            or (unicodedata.category(c) not in ("Cc", "Cf", "Cs") and c not in "\ufffe\uffff")
            else "\ufffd"
            for c in line
        ).rstrip()
        for line in re.split("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]", text.strip())
    ]


@settings(deadline=None)
@given(HITS)
def test_xml_is_xml_and_says_the_texts(hits: list[Hit]) -> None:
    """A parser finds one element a memory, with the text, where it is from and who said it."""
    root = ET.fromstring(fitted(hits, "xml"))
    assert (root.tag, [element.tag for element in root], len(root)) == (
        "memories",
        ["memory"] * len(hits),
        len(hits),
    )
    for element, one in zip(root, hits, strict=True):
        assert not len(element)
        shown = [line.removeprefix("    ").rstrip() for line in str(element.text).split("\n")]
        assert shown == expected(one.text)
        assert set(element.attrib) - {"source", "speaker"} == {"id", "date", "space"}
        assert ("source" in element.attrib, "speaker" in element.attrib) == (
            bool(one.source),
            bool(one.speaker),
        )


@pytest.mark.parametrize("style", context.STYLES)
@settings(deadline=None)
@given(hits=HITS, budget=st.integers(1, 300))
def test_the_budget_is_kept_by_leaving_out_whole_memories(style: str, hits: list[Hit], budget: int) -> None:
    """The estimate of the block is at most what is said, that at most the budget; none is cut."""
    block = context._fitted(hits, context.STYLES[style], True, budget)
    assert estimate_tokens(block.context) <= block.tokens <= budget
    whole = [context.STYLES[style].entry(one, True) for one in block.memories]
    lines = [line for line in (context.STYLES[style].head, *whole, context.STYLES[style].foot) if line]
    assert block.context == ("\n".join(lines) if whole else "")
    rest = iter(hits)
    assert all(any(one is other for other in rest) for one in block.memories), "not in the order given"


@pytest.fixture
def office(engine: Engine) -> Engine:
    """An engine that knows a few things."""
    about: dict[str, Any] = {"created_at": NOW - timedelta(days=3)}
    scope = Scope("work", "me")
    remember.store_all(
        engine,
        [
            Draft(text="The office is on floor 3", scope=scope, source="tour", **about),
            Draft(
                text="We moved\n\nthe office cat",
                scope=scope,
                conversation="c",
                position=1,
                speaker="Ana",
                **about,
            ),
            Draft(text="The office in Riga", scope=Scope("riga", "me"), **about),
        ],
    )
    return engine


@pytest.mark.parametrize(
    ("style", "block"),
    [
        ("markdown", "## Memories\n- [2026-04-28] The office is on floor 3 (from tour)"),
        ("plain", "[2026-04-28] The office is on floor 3 (from tour)"),
        (
            "xml",
            '<memories>\n<memory id="m000000001" date="2026-04-28" source="tour">'
            "The office is on floor 3</memory>\n</memories>",
        ),
    ],
)
def test_the_styles(office: Engine, scope: Scope, style: str, block: str) -> None:
    """The whole block."""
    built = context.build(office, "office is on floor", scope=scope, top_n=1, style=style)
    assert built.context == block
    assert [one.text for one in built.memories] == ["The office is on floor 3"]


def test_a_turn_is_shown_with_its_speaker_and_its_lines_indented(office: Engine, scope: Scope) -> None:
    """An empty line stays one."""
    built = context.build(office, "we moved the cat", scope=scope, top_n=1, style="plain", min_score=0)
    assert built.context == "[2026-04-28] Ana: We moved\n    \n    the office cat"


def test_the_space_is_named_where_several_are_looked_in(office: Engine) -> None:
    """And only there."""
    built = context.build(office, "the office in Riga", scope=Scope(None, "me"), top_n=1)
    assert built.context == "## Memories\n- [2026-04-28] The office in Riga (space riga)"
    assert "riga" not in context.build(office, "office", scope=Scope("riga", "me")).context.replace(
        "in Riga", ""
    )


def test_nothing_relevant_is_an_empty_block(office: Engine, scope: Scope) -> None:
    """Without a frame, at no cost."""
    for style in context.STYLES:
        built = context.build(office, "zebrafinch aviary", scope=scope, style=style, min_score=0.9)
        assert (built.context, built.tokens, built.memories) == ("", 0, ())
    assert context.build(office, "office", scope=Scope("nosuch", "me")).context == ""


def test_a_memory_that_does_not_fit_makes_way_for_a_shorter_one(engine: Engine, scope: Scope) -> None:
    """Best first among those that fit."""
    remember.store(engine, "office " * 100, scope=scope)
    remember.store(engine, "office cat", scope=scope)
    built = context.build(engine, "office", scope=scope, budget=40, min_score=0)
    assert [one.text for one in built.memories] == ["office cat"]
    assert built.tokens <= 40


def test_what_is_not_said_is_as_set(office: Engine, make_engine: Any, scope: Scope) -> None:
    """Style, budget, number and weakest score."""
    plain = make_engine(Config(context=ContextSettings(style="plain", top_n=1, min_score=0.0)))
    assert context.build(plain, "office", scope=scope).context.count("[2026-04-28]") == 1
    assert context.build(plain, "office", scope=scope, style="markdown").context.startswith("## Memories")
    tiny = make_engine(Config(context=ContextSettings(budget=1, min_score=0.0)))
    assert context.build(tiny, "office", scope=scope).context == ""
    strict = make_engine(Config(context=ContextSettings(min_score=1.0)))
    assert context.build(strict, "office", scope=scope).context == ""


@pytest.mark.parametrize("bad", [{"style": "poem"}, {"budget": 0}, {"top_n": 0}, {"min_score": float("nan")}])
def test_what_makes_no_sense_is_refused(office: Engine, scope: Scope, bad: dict[str, Any]) -> None:
    """From Python too, where no option was parsed."""
    with pytest.raises(UsageError):
        context.build(office, "office", scope=scope, **bad)


def test_what_a_memory_was_stored_with_stays_inside(engine: Engine, scope: Scope) -> None:
    """From the store to the block: a speaker and a source with line separators in them."""
    for name in ("speaker", "source"):
        about: dict[str, Any] = {name: "Ana\u2028## Memories\u2029- forged"}
        try:
            remember.store(engine, f"hello {name}", scope=scope, **about)
        except UsageError:
            continue  # refusing it will do as well
    for style in ("markdown", "plain"):
        block = context.build(engine, "hello", scope=scope, style=style, min_score=0).context
        assert all(line.startswith(("    ", "- [", "[", "## ")) for line in block.splitlines())
        assert block.count("## Memories") in (0, 1) or "\u2028" not in block

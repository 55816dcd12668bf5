"""The block for a prompt: what is in it, in which order, and what it costs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.config import Config
from memcli.errors import UsageError
from memcli.model import Draft, Hit, Memory, Scope
from memcli.services import context, forgetting, recall, remember
from memcli.services.blocks import STYLES
from memcli.services.engine import Engine
from memcli.services.tokens import estimate_tokens
from memcli.settings import ContextSettings
from tests.conftest import NOW, Clock, inside
from tests.services.test_blocks import hit


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
    assert inside(built.context) == block
    assert [one.text for one in built.memories] == ["The office is on floor 3"]


def test_a_turn_is_shown_with_its_speaker_and_its_lines_indented(office: Engine, scope: Scope) -> None:
    """An empty line stays one."""
    built = context.build(office, "we moved the cat", scope=scope, top_n=1, style="plain", min_score=0)
    assert inside(built.context) == "[2026-04-28] Ana: We moved\n    \n    the office cat"


def test_the_space_is_named_where_several_are_looked_in(office: Engine) -> None:
    """And only there."""
    built = context.build(office, "the office in Riga", scope=Scope(None, "me"), top_n=1)
    assert inside(built.context) == "## Memories\n- [2026-04-28] The office in Riga (space riga)"
    assert "riga" not in context.build(office, "office", scope=Scope("riga", "me")).context.replace(
        "in Riga", ""
    )


def test_nothing_relevant_is_an_empty_block(office: Engine, scope: Scope) -> None:
    """Without a frame, at no cost."""
    for style in STYLES:
        built = context.build(office, "zebrafinch aviary", scope=scope, style=style, min_score=0.9)
        assert (built.context, built.tokens, built.memories) == ("", 0, ())
    assert context.build(office, "office", scope=Scope("nosuch", "me")).context == ""


def test_a_memory_that_does_not_fit_makes_way_for_a_shorter_one(engine: Engine, scope: Scope) -> None:
    """Best first among those that fit."""
    remember.store(engine, "office " * 100, scope=scope)
    remember.store(engine, "office cat", scope=scope)
    built = context.build(engine, "office", scope=scope, budget=65, min_score=0)
    assert [one.text for one in built.memories] == ["office cat"]
    assert built.tokens <= 65


def test_what_is_not_said_is_as_set(office: Engine, make_engine: Any, scope: Scope) -> None:
    """Style, budget, number and weakest score."""
    plain = make_engine(Config(context=ContextSettings(style="plain", top_n=1, min_score=0.0)))
    assert context.build(plain, "office", scope=scope).context.count("[2026-04-28]") == 1
    assert "\n## Memories\n" in context.build(plain, "office", scope=scope, style="markdown").context
    tiny = make_engine(Config(context=ContextSettings(budget=1, min_score=0.0)))
    assert context.build(tiny, "office", scope=scope).context == ""
    strict = make_engine(Config(context=ContextSettings(min_score=1.0)))
    query = "where in all of the town is an office"
    assert context.build(strict, query, scope=scope).context == ""
    assert context.build(office, query, scope=scope, min_score=0.0).context != ""


@pytest.mark.parametrize(
    "bad",
    [
        {"style": "poem"},
        {"budget": 0},
        {"top_n": 0},
        {"min_score": float("nan")},
        {"around": -1},
        {"around": 101},
        {"around": 1.5},
    ],
)
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


# --- conversations ---


def turn(position: int, text: str = "", **about: Any) -> Draft:
    """A turn of the conversation that these tests have."""
    said = {"scope": Scope("work", "me"), "conversation": "c", "id": f"t{position}", "position": position}
    return Draft(
        **{**said, "text": text or f"filler number {position}", "speaker": "AB"[position % 2], **about}
    )


@pytest.fixture
def talk(engine: Engine) -> Engine:
    """An engine with a conversation of twenty turns, two of them about otters, and a fact about them."""
    otters = {4: "otters sleep afloat", 5: "do otters hold hands", 11: "otters eat urchins"}
    remember.store_all(engine, [turn(i, otters.get(i, "")) for i in range(20)])
    remember.store_all(engine, [Draft(text="otters live in kelp", scope=Scope("work", "me"), id="fact")])
    return engine


def block(engine: Engine, **about: Any) -> str:
    """The block about otters, in plain text."""
    said: dict[str, Any] = {"scope": Scope("work", "me"), "style": "plain", "min_score": 0, "top_n": 4}
    return inside(context.build(engine, "otters", **{**said, **about}).context)


def test_turns_of_a_conversation_are_told_together_and_in_order(talk: Engine) -> None:
    """Where the best of them stands, with a mark where turns are left out."""
    assert sorted(block(talk).split("\n[")) == [
        "2026-05-01] A: otters sleep afloat\n  B: do otters hold hands\n   …\n  B: otters eat urchins",
        "[2026-05-01] otters live in kelp",
    ]


def test_neighbours_are_told_with_a_turn(talk: Engine) -> None:
    """As many on each side as are asked for, each once, overlapping passages as one."""
    told = block(talk, around=2)
    assert (
        "A: filler number 2\n  B: filler number 3\n  A: otters sleep afloat\n  B: do otters hold hands\n"
        "  A: filler number 6\n  B: filler number 7\n   …\n  B: filler number 9\n  A: filler number 10\n"
        "  B: otters eat urchins\n  A: filler number 12\n  B: filler number 13"
    ) in told
    assert block(talk, around=3).count("…") == 0


def test_how_many_neighbours_is_a_setting(talk: Engine, make_engine: Any) -> None:
    """0 by default; what is asked for counts."""
    set_so = make_engine(Config(context=ContextSettings(around=1)))
    assert block(set_so) == block(talk, around=1) != block(talk)
    assert block(set_so, around=0) == block(talk)


def test_neighbours_that_do_not_fit_are_left_out_and_the_turn_is_told(talk: Engine) -> None:
    """Which is what was found."""
    alone = context.build(
        talk, "otters eat urchins", scope=Scope("work", "me"), style="plain", top_n=1, min_score=0
    )
    tight = {"style": "plain", "top_n": 1, "min_score": 0, "around": 5, "budget": alone.tokens}
    assert context.build(talk, "otters eat urchins", scope=Scope("work", "me"), **tight) == alone  # type: ignore[arg-type]
    assert inside(alone.context).endswith("B: otters eat urchins")


def test_neighbours_are_not_among_the_memories_of_the_answer(talk: Engine) -> None:
    """These were found; `top_n` counts them, not what surrounds them."""
    built = context.build(talk, "otters eat", scope=Scope("work", "me"), around=3, top_n=2, min_score=0)
    assert len(built.memories) == 2
    assert all("otters" in one.text for one in built.memories)


def test_forgotten_expired_and_other_peoples_turns_are_not_told(talk: Engine, clock: Clock) -> None:
    """Though they stand between."""
    forgetting.forget(talk, ["t3"])
    soon = turn(30, "goes soon", expires_at=NOW + timedelta(days=1))
    remember.store_all(talk, [turn(31, "otters dream"), soon])
    others = [Scope("work", "you"), Scope("work", "me", "bot"), Scope("home", "me")]
    remember.store_all(
        talk, [turn(12, f"a stranger {n}", scope=scope, id=f"x{n}") for n, scope in enumerate(others)]
    )
    assert "goes soon" in block(talk, around=2, top_n=5)
    clock.advance(days=2)
    told = block(talk, around=2, top_n=5)
    assert "otters dream" in told
    for absent in ("filler number 3", "goes soon", "stranger"):
        assert absent not in told
    assert block(talk, around=2, top_n=5, scope=Scope(None, "me")).count("stranger") == 0


def test_conversations_of_one_name_in_two_spaces_are_two_passages(engine: Engine) -> None:
    """With neighbours of their own."""
    turns = [
        turn(
            i,
            f"{space} otters" if i == 1 else f"{space} filler {i}",
            scope=Scope(space, "me"),
            id=f"{space}{i}",
        )
        for space in ("work", "home")
        for i in range(3)
    ]
    remember.store_all(engine, turns)
    told = block(engine, scope=Scope(None, "me"), around=1, top_n=2)
    for space in ("work", "home"):
        assert (f"(space {space}) A: {space} filler 0\n  B: {space} otters\n  A: {space} filler 2") in told


DRAWN = st.lists(
    st.builds(
        hit,
        st.text("ab c", min_size=1, max_size=30).filter(str.strip),
        conversation=st.sampled_from(["", "c", "d"]),
        position=st.integers(0, 12),
        speaker=st.sampled_from(["", "Ana"]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("style", STYLES)
@given(hits=DRAWN, near=st.sets(st.integers(0, 12)), steps=st.integers(0, 3), budget=st.integers(1, 300))
def test_the_budget_is_kept_with_neighbours_too(
    style: str, hits: list[Hit], near: set[int], steps: int, budget: int
) -> None:
    """To the token as counted; every memory of the answer is in the block."""
    hits = [replace(one, id=f"m{number}") for number, one in enumerate(hits)]
    beside: dict[tuple[str, ...], Memory] = {
        ("", "", "work", conversation, str(position)): hit(
            f"neighbour {position}",
            id=f"{conversation}{position}",
            conversation=conversation,
            position=position,
        )
        for conversation in "cd"
        for position in near
    }
    memories = context._Memories(hits, STYLES[style], False, steps, beside)
    built = memories.tell(budget)
    assert estimate_tokens(built.text) <= built.tokens <= budget
    assert bool(built.text) == bool(memories.taken)
    for one in memories.taken:
        assert one.text.strip() in built.text
    assert built.text.count("neighbour") == 0 or steps > 0


# --- what is left out ---


def test_what_nearly_repeats_a_better_memory_is_left_out(engine: Engine, scope: Scope) -> None:
    """And makes room for what says something else; numbers and negations do."""
    texts = [
        "the otters of the bay sleep afloat at night when the tide is high",
        "The otters of the bay sleep afloat at night, when tide is high!",
        "the otters of the bay never sleep afloat at night when the tide is high",
        "the otters of the bay sleep afloat at night when the tide is high 2",
    ]
    remember.store_all(engine, [Draft(text=text, scope=scope, id=f"o{n}") for n, text in enumerate(texts)])
    built = context.build(engine, texts[0], scope=scope, top_n=3, min_score=0)
    assert {one.id for one in built.memories} in ({"o0", "o2", "o3"}, {"o1", "o2", "o3"})


def test_what_is_weak_is_left_out_however_fresh_and_what_is_not_is_kept_however_old(
    engine: Engine, scope: Scope
) -> None:
    """The minimum is one of relevance, not of the score that fading makes of it."""
    old: dict[str, Any] = {"created_at": NOW - timedelta(days=4000), "importance": 0.0}
    remember.store(engine, "otters sleep afloat in kelp forests", scope=scope, id="old", **old)
    remember.store(
        engine, "a filler of words that nobody asked about", scope=scope, id="fresh", importance=1.0
    )
    query = "whether otters in their forests sleep with nobody near them today"
    hits = {one.id: one for one in recall.search(engine, query, scope=scope)}
    assert hits["old"].score < hits["old"].relevance > hits["fresh"].relevance
    assert hits["fresh"].score > hits["fresh"].relevance
    for least, ids in ((hits["old"].relevance, ["old"]), (hits["old"].relevance + 1e-5, [])):
        built = context.build(engine, query, scope=scope, min_score=least)
        assert [one.id for one in built.memories] == ids
    assert len(context.build(engine, query, scope=scope, min_score=0).memories) == 2


def test_a_minimum_for_searches_is_none_for_contexts(office: Engine, make_engine: Any, scope: Scope) -> None:
    """Each has its own."""
    from memcli.settings import SearchSettings

    strict = make_engine(Config(search=SearchSettings(min_score=1.0, limit=1)))
    assert context.build(strict, "office", scope=scope) == context.build(office, "office", scope=scope)


def test_enough_is_looked_at_to_fill_the_place_of_what_repeats(engine: Engine, scope: Scope) -> None:
    """Twice as many as are wanted."""
    same = [Draft(text="otters sleep afloat" + "!" * n, scope=scope, id=f"s{n}") for n in range(4)]
    other = [Draft(text=f"otters {word}", scope=scope, id=word) for word in ("eat", "swim", "play", "dive")]
    remember.store_all(engine, [*same, *other], compare=False)
    built = context.build(engine, "otters sleep afloat", scope=scope, top_n=4, min_score=0)
    assert len(built.memories) == 4
    assert sum(one.text.startswith("otters sleep") for one in built.memories) == 1


def ids(hits: Sequence[Hit]) -> list[str]:
    """Their ids."""
    return [one.id for one in hits]


def test_the_memories_of_the_answer_are_best_first_and_no_more_than_wanted(
    talk: Engine, scope: Scope
) -> None:
    """As a search has them."""
    found = recall.search(talk, "otters eat urchins", scope=scope)
    for most in (1, 3, 5):
        built = context.build(talk, "otters eat urchins", scope=scope, top_n=most, min_score=0)
        assert ids(built.memories) == ids(found)[:most]

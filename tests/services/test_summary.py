"""Summaries of sentences: near to what all of it is about, each something else, in order."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.dialogue import NO_SUMMARY, Summary, Turn
from memcli.embedding.embedder import load
from memcli.services import summary
from memcli.services.engine import Engine
from memcli.services.tokens import estimate_tokens
from tests.conftest import NOW
from tests.services.dialogue_of_a_move import SAID


def turns(*said: tuple[str, str]) -> list[Turn]:
    """What was *said*, as turns."""
    return [
        Turn(id=str(n), conversation="c", position=n, role=role, content=text, created_at=NOW, space="s")
        for n, (role, text) in enumerate(said)
    ]


def extracted(engine: Engine, said: list[Turn], budget: int, old: Summary = NO_SUMMARY) -> list[str]:
    """The lines of a summary."""
    vectors = engine.embedder.embed_documents([f"{turn.role}: {turn.content}" for turn in said])
    return summary.extracted(engine, old, said, vectors, budget).split("\n")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> object:
    """The bundled model."""
    from memcli.embedding.catalog import BUNDLED

    return load(BUNDLED, models_dir=tmp_path_factory.mktemp("models"))


FACTS = (
    "Leipzig",
    "Karl-Liebknecht",
    "oak cupboard",
    "1,800",
    "Jonas and Mirjam",
    "Elbe Umzüge",
    "electricity",
    "Petersen",
)
FILLERS = (
    "Okay, great, thanks!",
    "You're welcome",
    "Glad to hear",
    "Wonderful.",
    "good to know",
    "Let me know",
    "Hello!",
)


def test_the_bundled_model_keeps_what_will_be_missed(
    make_engine: Callable[..., Engine], real: object
) -> None:
    """Of a dialogue of 22 turns in 300 tokens: six of eight facts at least, and hardly a filler."""
    engine = make_engine(embedder=real)
    text = "\n".join(extracted(engine, turns(*SAID), 300))
    assert estimate_tokens(text) <= 300
    assert sum(fact in text for fact in FACTS) >= 6, text
    assert sum(filler in text for filler in FILLERS) <= 1, text


def test_a_summary_goes_on_from_one_before(make_engine: Callable[..., Engine], real: object) -> None:
    """The first half is summarised, then the second together with what came of it."""
    engine = make_engine(embedder=real)
    said = turns(*SAID)
    first = "\n".join(extracted(engine, said[:11], 200))
    text = "\n".join(extracted(engine, said[11:], 300, Summary(text=first, by="extractive", until=10)))
    assert sum(fact in text for fact in FACTS) >= 5, text
    assert text.index("Leipzig") < text.index("Elbe Umzüge")


def test_the_same_is_not_said_twice(engine: Engine) -> None:
    """Nine times about the harbour and once about the mountain: both are in two lines."""
    harbour = [("user", f"The harbour of the old town is full of boats and gulls {n}.") for n in range(9)]
    mountain = ("user", "A goat climbs the steep mountain path above us today.")
    cost = estimate_tokens(f"user: {harbour[0][1]}\n") + estimate_tokens(f"user: {mountain[1]}\n")
    lines = extracted(engine, turns(*harbour, mountain), cost + 4)
    assert len(lines) == 2
    assert "goat" in lines[1]


def test_of_two_that_say_nearly_the_same_the_later_one_counts(engine: Engine) -> None:
    """It may be the opposite: cosines can't tell."""
    said = turns(
        ("user", "I prefer Python over JavaScript for my work."),
        ("user", "I prefer JavaScript over Python for my work."),
    )
    assert extracted(engine, said, 100) == ["user: I prefer JavaScript over Python for my work."]


def test_lines_stand_in_the_order_they_were_said(engine: Engine) -> None:
    """Each with whoever said it, and never more than the budget pays for."""
    said = turns(*SAID)
    lines = extracted(engine, said, 250)
    whole = ["".join(c for turn in said for c in f" {' '.join(turn.content.split())}")]
    places = [whole[0].index(line.partition(": ")[2]) for line in lines]
    assert places == sorted(places)
    assert estimate_tokens("\n".join(lines)) <= 250


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes. On Friday, by train with Ana.", ["Yes. On Friday, by train with Ana."]),
        ("I live in Leipzig now, near the park. Thanks!", ["I live in Leipzig now, near the park. Thanks!"]),
        ("Thanks!", []),
        (
            "Meet Mrs. Petersen and Dr. J. Kim at noon. They bring all the keys.",
            ["Meet Mrs. Petersen and Dr. J. Kim at noon.", "They bring all the keys."],
        ),
        (
            "昨天我们在北京见面了。今天下雨，所以我在家。",
            ["昨天我们在北京见面了。", "今天下雨，所以我在家。"],
        ),
        (
            "the first line of the shopping list\nthe second line of the shopping list",
            ["the first line of the shopping list", "the second line of the shopping list"],
        ),
        ("", []),
    ],
    ids=range(7),
)
def test_texts_are_cut_into_sentences(text: str, expected: list[str]) -> None:
    """Short ones stay with their neighbours."""
    assert summary.sentences(text) == expected


def test_a_text_without_sentences_is_cut() -> None:
    """A log of five megabytes is some lines, none longer than a line may be."""
    found = summary.sentences("x1 " * 1_700_000)
    assert found
    assert all(len(line) <= summary.LONGEST_SENTENCE for line in found)
    assert len(summary.sentences("one line of the log\n" * 200_000)) <= summary.SENTENCES_OF_A_TURN


def test_turns_too_short_to_say_something_are_told_all_the_same(engine: Engine) -> None:
    """If there is nothing else."""
    assert extracted(engine, turns(("user", "Hi"), ("assistant", "Hey")), 100) == [
        "user: Hi",
        "assistant: Hey",
    ]


def test_steering_characters_are_made_visible(engine: Engine) -> None:
    """A summary goes to terminals and prompts."""
    lines = extracted(
        engine, turns(("user", "The \x1b[31mred\u202e fox jumps over the lazy dog\u2028of Ana.")), 100
    )
    assert not {"\x1b", "\u202e", "\u2028"} & set("".join(lines))


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_what_is_made_to_fit_fits(text: str, budget: int) -> None:
    """And is the beginning of what there was."""
    made = summary.fitting(text, budget)
    assert estimate_tokens(made) <= max(budget, estimate_tokens("…"))
    assert made == text or text.startswith(made.removesuffix("…"))


def test_chosen_lines_fill_the_budget() -> None:
    """What stays is in first; what costs too much is passed over for what does not."""
    vectors = np.eye(4, dtype=np.float32)
    center, weights = np.array([4, 3, 2, 1], np.float32), np.zeros(4)
    assert summary.chosen(vectors, center, weights, [5, 5, 5, 5], 10) == [0, 1]
    assert summary.chosen(vectors, center, weights, [50, 5, 5, 5], 10) == [1, 2]
    assert summary.chosen(vectors, center, weights, [5, 5, 5, 5], 10, stay=[3]) == [0, 3]

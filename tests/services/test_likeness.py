"""Which memories nearly repeat others: what is left out of a context must add nothing."""

from collections.abc import Sequence
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.model import Memory
from memcli.services.likeness import LONGEST, distinct, nearly_same
from tests.conftest import NOW

LONG = "the backup of the billing database runs every night before the invoices go out to customers"


def memory(text: str, **about: object) -> Memory:
    """A memory that says *text*."""
    said = {"id": "m", "title": "t", "space": "work", "created_at": NOW, "updated_at": NOW}
    return Memory(text=text, **{**said, **about})  # type: ignore[arg-type]


def same(one: str, other: str) -> bool:
    """Whether both texts say nearly the same, whichever comes first."""
    answer = nearly_same(memory(one), memory(other))
    assert answer == nearly_same(memory(other), memory(one))
    return answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana likes tea", "Ana likes tea"),
        ("Ana likes tea", "ana likes TEA!"),
        ("Ana likes tea", "Ana likes the tea."),
        ("the user prefers dark mode", "User prefers dark mode"),
        (LONG, LONG.replace("every night", "every single night")),
        (LONG, LONG.replace("out to customers", "out to all customers").replace("The", "the")),
        ("the", "The!"),
    ],
)
def test_what_says_the_same_in_nearly_the_same_words(one: str, other: str) -> None:
    """Case, punctuation, articles, a word more at ten."""
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LONG, LONG.replace("every", "never")),
        (LONG, LONG.replace("runs", "doesn't runs")),
        (LONG, LONG.replace("runs", "doesn’t runs")),
        (LONG, LONG.replace("go out", "go not out")),
        (LONG, LONG.replace("before", "without")),
        (LONG, LONG.replace("night", "2 nights")),
        (LONG + " at 10:30", LONG + " at 11:30"),
        (LONG + " port 5433", LONG + " port 5434"),
        (LONG + " E1047", LONG + " E1048"),
        (LONG + " on db-1", LONG + " on db-2"),
        (LONG + " v1.2", LONG + " v1.3"),
        (LONG + " at 7", LONG),
        ("Ana likes tea", "Ana likes coffee"),
        ("Ana likes tea", "Ana likes tea and cake"),
        ("", "tea"),
        ("!", "?tea"),
    ],
)
def test_what_differs_in_a_number_or_a_negation_is_never_the_same(one: str, other: str) -> None:
    """However long the rest; nor short texts with another word."""
    assert not same(one, other)


NAMES = st.sampled_from(
    ["Ana", "Ben", "Riga", "Oslo", "tea", "coffee", "Monday", "Friday", "Kafka", "Postgres"]
)


@given(one=NAMES, other=NAMES, place=st.integers(0, 14))
def test_another_name_makes_another_memory(one: str, other: str, place: int) -> None:
    """However many words surround it: a word in another's place is no repetition."""
    words = LONG.split()
    texts = [" ".join([*words[:place], name, *words[place:]]) for name in (one, other)]
    assert same(*texts) == (one == other)


@given(between=st.integers(0, 40), before=st.integers(0, 10))
def test_a_reversed_comparison_is_another_memory(between: int, before: int) -> None:
    """However much is said besides."""
    filler = [f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(60)]
    texts = [
        " ".join(
            [*filler[:before], one, "is", "faster", *filler[10 : 10 + between], "than", other, *filler[50:]]
        )
        for one, other in (("Ana", "Ben"), ("Ben", "Ana"))
    ]
    assert not same(*texts)


def test_who_says_it_matters() -> None:
    """Two people agree, or a fact says what was said."""
    turn = memory("I like tea", conversation="c", position=1, speaker="Ana")
    assert nearly_same(turn, replace(turn, position=9))
    assert not nearly_same(turn, replace(turn, speaker="Ben"))
    assert not nearly_same(memory("I like tea"), replace(turn, speaker=""))


def test_long_texts_are_the_same_only_if_their_words_are() -> None:
    """Comparing more closely would take seconds."""
    text = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}" for i in range(LONGEST // 6))
    assert len(text) > LONGEST
    assert same(text, text.upper())
    assert not same(text, text + " more")


def test_many_memories_are_compared_quickly() -> None:
    """Twice as many as a context shows by default."""
    texts = [f"{LONG * 9} said by number {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(40)]
    began = process_time()
    assert len(distinct([memory(text) for text in texts])) == 40
    assert process_time() - began < 2


WORDS = st.lists(
    st.sampled_from(["the", "cat", "dog", "sleeps", "by", "day", "not", "1", "2", "in", "a", "box"]),
    max_size=14,
)
MEMORIES = st.lists(
    st.builds(memory, WORDS.map(" ".join), speaker=st.sampled_from(["", "Ana"]), id=st.uuids().map(str)),
    max_size=8,
)


@given(MEMORIES)
def test_of_what_is_said_twice_the_first_is_kept(memories: list[Memory]) -> None:
    """In order; nothing that is left out lacks its like; to do it again changes nothing."""
    kept = distinct(memories)
    assert [one.id for one in memories if one in kept] == [one.id for one in kept]
    assert kept[:1] == memories[:1]
    assert distinct(kept) == kept
    for place, one in enumerate(memories):
        before = [other for other in memories[:place] if other in kept]
        assert (one in kept) == (not any(nearly_same(one, other) for other in before))


def lacking(one: Sequence[str], other: Sequence[str]) -> set[str]:
    """What of *one* is not in *other*."""
    return set(one) - set(other)


@given(WORDS, WORDS)
def test_nothing_is_left_out_that_has_another_number_or_negation(one: list[str], other: list[str]) -> None:
    """On whichever side."""
    weighty = {"1", "2", "not"}
    if weighty & (lacking(one, other) | lacking(other, one)):
        assert not same(" ".join(one), " ".join(other))

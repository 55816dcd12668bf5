"""Names in a question."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.services.finding.asking import asked_about, mentioned


@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("When did Maria leave?", ["maria"]),
        ("when did maria leave?", []),
        ("What is Maria's dog called?", ["maria"]),
        ("Maria's dog", ["maria"]),
        ("Maria’s dog", ["maria"]),
        ("Did Maria and Ben meet?", ["maria", "ben"]),
        ("How would Ólafur decide?", ["ólafur"]),
        ("Who moved to Estonia?", []),
        ("Where does the cat sleep?", []),
        ("What's for dinner?", []),
        ("How's It going?", []),
        ("Let's go", []),
        ("Maria left", []),
        ("Why did I leave?", []),
        ("", []),
    ],
)
def test_whom_a_question_is_about(query: str, about: list[str]) -> None:
    """Capitalised subjects and possessors."""
    assert asked_about(query) == about


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("When did Maria leave for Riga?", ["maria", "riga"]),
        ("Maria left for Riga", ["riga"]),
        ("what does the API return", ["api"]),
        ("everything in lower case", []),
        ("Und was ist mit der öffentlichen Prüfung?", ["prüfung"]),
        ("где живёт кошка", []),
        ("Где живёт Анна", ["анна"]),
        ("我的猫 叫什么 名字", []),
        ("أين تعيش القطة", []),
        ("", []),
    ],
)
def test_which_names_a_question_mentions(query: str, names: list[str]) -> None:
    """Capitalised words but the first; scripts without capitals have none that can be told."""
    assert mentioned(query) == names


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["Ana", "'s", "did", "and", "I", "What", "É", "  "])).map(" ".join)
)
def test_whatever_is_asked_names_are_words_of_it(query: str) -> None:
    """In lower case; who is asked about is never more than all."""
    for name in (*asked_about(query), *mentioned(query)):
        assert name in query.lower()


@pytest.mark.parametrize("word", ["Ab ", "did Ab and ", "Ab's ", "x ", "É"])
def test_a_pasted_page_is_read_in_no_time(word: str) -> None:
    """A hundred kilobytes of names."""
    query = (word * 100_000)[:100_000]
    began = process_time()
    asked_about(query), mentioned(query)
    assert process_time() - began < 1

"""Where sentences end."""

import pytest

from memcli.services.sentences import is_cut_off, split


@pytest.mark.parametrize(
    "sentences",
    [
        ["My name is Dr. Ana Silva.", "I am new."],
        ["It is at 12 St. John St., London.", "Come in!"],
        ["Ask J. R. Smith.", "He knows."],
        ["I live in the U.S.", "I like it."],
        ["He serves in the U.S. Army."],
        ["I use e.g. Vim, i.e. no mouse.", "Why?"],
        ["Das geht z. B. am 3. Oktober.", "Ich komme im 3. Stock an.", "Nr. 5 ist es."],
        ["It is Oct. 3.", "We met in Oct.", "Bo was there."],
        ["We have pens, paper etc. in stock.", "I bring ink etc.", "Bo does not."],
        ["The answer is 42.", "Bo knows."],
        ["I said no.", "He said no. 5."],
        ["He said “No.”", "And then?", "Nothing ..."],
        ["It is in Hauptstr. 5, ca. Mitte."],
        ["今天下雨。", "你好！"],
        ["one line", "another line of Dr.", "Who"],
    ],
    ids=range(15),
)
def test_texts_are_cut_where_sentences_end(sentences: list[str]) -> None:
    """Not after titles, initials, abbreviations and German ordinals, unless a word of grammar follows."""
    joint = {"one line": "\n", "今天下雨。": ""}.get(sentences[0], " ")
    assert list(split(joint.join(sentences))) == sentences


def test_nothing_is_no_sentence() -> None:
    """Nor is white space."""
    assert list(split("")) == list(split(" \n\n ")) == []


@pytest.mark.parametrize("sentence", ["My name is Dr.", "I prefer e.g.", "Es geht um z. B.", "tea vs."])
def test_a_sentence_may_lack_its_end(sentence: str) -> None:
    """What follows an abbreviation stands in the next line, or nowhere."""
    assert is_cut_off(sentence)


@pytest.mark.parametrize("sentence", ["I live at 12 High St.", "I like tea.", "My name is Dr", "", "."])
def test_a_sentence_may_have_its_end(sentence: str) -> None:
    """A street is the last word of an address."""
    assert not is_cut_off(sentence)

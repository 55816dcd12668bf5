"""Reading a statement: words, languages, parts."""

import pytest

from memcli.services.conflicts import words
from memcli.services.conflicts.comparison import compare
from memcli.services.conflicts.frames import frame


def lemmas(text: str) -> list[str]:
    """The basic forms of the words in *text*."""
    return [token.lemma for token in words.read(text).tokens if token.kind == "word"]


def test_words_are_brought_to_their_basic_form() -> None:
    """Endings, irregular forms, contractions and British spelling."""
    assert lemmas("She doesn't like the coloured walls they've painted") == [
        "she", "do", "not", "like", "the", "color", "wall", "they", "have", "paint",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Pia wohnt in Bremen", "de"),
        ("Vivo en Bilbao con mi hermana", "es"),
        ("J'habite à Lyon", "fr"),
        ("Vivo a Torino con mio fratello", "it"),
        ("Ik woon in Utrecht", "nl"),
        ("Moro em Braga com minha irmã", "pt"),
        ("用户住在上海", "zh"),
        ("The user lives in Bremen", "en"),
    ],
)
def test_the_language_is_recognised(text: str, language: str) -> None:
    """From its small words."""
    assert words.read(text).language == language


def test_foreign_words_become_english_ones() -> None:
    """So that one set of rules serves all."""
    assert "live" in lemmas("Pia wohnt in Bremen")
    assert "not" in lemmas("Pia trinkt keinen Tee")


def test_a_statement_has_parts() -> None:
    """Who, does, what, and where it holds."""
    text = words.read("The gateway uses TLS in production")
    parts = dict(zip((token.text for token in text.tokens), frame(text).parts, strict=True))
    assert parts == {
        "The": "subject", "gateway": "subject", "uses": "predicate",
        "TLS": "complement", "in": "scope", "production": "scope",
    }  # fmt: skip


def test_a_key_is_told_from_its_value() -> None:
    """At the mark between them."""
    text = words.read("log level: debug")
    assert frame(text).key_value
    assert frame(text).parts[-1] == "complement"


def test_orders_are_told_from_statements() -> None:
    """The verb comes first."""
    assert frame(words.read("Use tabs for indentation")).order
    assert not frame(words.read("Uses tabs for indentation")).order


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The quality assurance team", "The QA team"),
        ("The office wifi", "The office Wi-Fi"),
        ("The meeting with Pia", "Mtg with Pia"),
        ("A new apartment", "A new flat"),
        ("The shedule is full", "The schedule is full"),
    ],
)
def test_words_that_say_the_same_are_paired(old: str, new: str) -> None:
    """Initials, joined words, abbreviations, synonyms, slips of the keys."""
    both = compare(words.read(old), words.read(new))
    assert not both.only_old
    assert not both.only_new


def test_names_that_look_alike_are_two_names() -> None:
    """Clara and Carla are two people."""
    both = compare(words.read("This is Clara"), words.read("This is Carla"))
    assert [token.text for token in both.only_new] == ["Carla"]

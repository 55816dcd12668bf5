"""Since when a statement holds: what tells of it is no part of what is said."""

from __future__ import annotations

import pytest

from memcli.services.conflicts.words import read


def said(text: str) -> list[str]:
    """The words of *text* that carry a meaning of their own."""
    return [token.text for token in read(text).content]


def begins(text: str) -> bool:
    """Whether *text* tells since when it holds."""
    return any("cue.begin" in token.classes for token in read(text).tokens)


@pytest.mark.parametrize(
    "text",
    [
        "Tea is served in the garden from now on",
        "As of today, tea is served in the garden",
        "Nowadays tea is served in the garden",
        "Effective immediately tea is served in the garden",
        "Tea is now served in the garden",
    ],
)
def test_from_now_on_says_nothing_of_its_own(text: str) -> None:
    """Wherever it stands."""
    assert begins(text)
    assert {word.lower() for word in said(text)} == {"tea", "served", "garden"}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Starting Monday, tea is served at noon", "Monday"),
        ("Tea is served at noon starting in May", "May"),
        ("Tea is served at noon since last week", "week"),
        ("Tea is served at noon from Tuesday on", "Tuesday"),
        ("As of January tea is served at noon", "January"),
        ("From 5 May on tea is served at noon", "5 May"),
    ],
)
def test_a_time_that_is_named_is_said(text: str, time: str) -> None:
    """With another one something else is said; the words before it say nothing of their own."""
    assert begins(text)
    assert sorted(map(str.lower, said(text))) == sorted(["tea", "served", "noon", time.lower()])


@pytest.mark.parametrize(
    "text",
    [
        "The garden is open from Monday to Friday",
        "The starting salary is 40,000 euros",
        "We start on Monday",
        "The course is starting on Monday",
        "Ana has lived here since 2011",
        "The parcel is from Monday",
        "Tea is effective against colds",
    ],
)
def test_other_times_and_starts_are_none(text: str) -> None:
    """A span, an event, how long something has been so."""
    assert not begins(text)


@pytest.mark.parametrize(
    "text", ["Tee gibt es ab sofort im Garten", "Désormais le thé est servi dans le jardin"]
)
def test_other_languages_have_such_words_too(text: str) -> None:
    """Those that we know."""
    assert begins(text)

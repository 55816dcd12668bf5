"""Numbers, times, dates and amounts."""

import pytest

from memcli.services.conflicts import words
from memcli.services.conflicts.quantities import Quantity


def quantity(text: str) -> Quantity:
    """The only quantity in *text*."""
    (found,) = [token.quantity for token in words.read(text).tokens if token.quantity]
    return found


SAME = [
    ("1 week", "7 days"),
    ("8 GB", "8GB"),
    ("1 GB", "1024 MB"),
    ("5pm", "17:00"),
    ("half past nine", "9:30"),
    ("quarter to five", "4:45"),
    ("$12,000", "12k USD"),
    ("1.250 €", "1250 Euro"),
    ("March 14, 2025", "2025-03-14"),
    ("14.03.2025", "14 March 2025"),
    ("el 5 de abril", "April 5"),
    ("Feb 14", "14th of February"),
    ("seven", "7"),
    ("thirty five", "35"),
    ("two hundred", "200"),
    ("90%", "90 percent"),
    ("24-hour", "1 day"),
    ("v1.8", "version v1.8"),
    ("六月三十日", "June 30"),
    ("noon", "12:00"),
    ("Tuesdays", "Tue"),
    ("a fortnight", "14 days"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_amount_written_otherwise(one: str, other: str) -> None:
    """Units, words, formats and languages."""
    assert quantity(one).same(quantity(other))
    assert quantity(other).same(quantity(one))


DIFFERENT = [
    ("8080", "8081"),
    ("3.1", "3.10"),
    ("v1.8.2", "v1.8.3"),
    ("5 kg", "5 km"),
    ("May 12", "May 21"),
    ("10:30", "11:30"),
    ("5am", "5pm"),
    ("$50", "€50"),
    ("Monday", "Tuesday"),
    ("80%", "85%"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_amount(one: str, other: str) -> None:
    """However alike it looks."""
    assert not quantity(one).same(quantity(other))


def test_a_date_without_its_year_fits_any_year() -> None:
    """It is the same day until somebody says otherwise."""
    assert quantity("May 12").same(quantity("2025-05-12"))
    assert not quantity("May 12, 2024").same(quantity("2025-05-12"))


@pytest.mark.parametrize(
    "text", ["2FA", "us-east-1", "p99", "k8s", "jt@mail.example", "/var/log/x1", "S3", "a_1"]
)
def test_identifiers_are_no_numbers(text: str) -> None:
    """What is a name stays one."""
    assert [token.kind for token in words.read(f"we use {text} here").tokens if token.kind != "word"] == [
        "code"
    ]

"""The estimate of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.services.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("text", "highest"),
    [
        ("The release is planned for the second week of May, after the security review.", 16),
        (
            "Nadia moved the backups to the small server in the basement and checks them on Friday evenings.",
            19,
        ),
        (
            "def total(rows: list[Row]) -> Decimal:\n    return sum((r.net * (1 + r.vat) for r in rows))\n",
            34,
        ),
        ("commit 9f2c1e7ab04d58c3f6e1b2a7d9908c4e51f3a6b7 2026-05-01T14:30:15Z 192.168.17.204:8443", 82),
        ("Die Besprechung wurde auf Donnerstagnachmittag verschoben, weil die Lieferung verspätet ist.", 30),
        ("Мы договорились перенести встречу на четверг, потому что поставка задерживается.", 38),
        ("会议改到星期四下午，因为货物还没有到。", 19),
        ("納品が遅れているため、会議は木曜日の午後に変更されました。", 31),
        ("تم تأجيل الاجتماع إلى يوم الخميس لأن الشحنة متأخرة.", 47),
        ("बैठक गुरुवार तक टाल दी गई है क्योंकि सामान देर से आएगा।", 61),
        ("🚀🎉👩🏽‍💻🇩🇪❤️ 🙂🙃", 29),
    ],
)
def test_no_tokenizer_counts_more_and_the_estimate_is_near(text: str, highest: int) -> None:
    """The highest count of the seven tokenizers that the module names, counted when this was written."""
    assert highest <= estimate_tokens(text) <= 1.4 * highest + 2


def test_an_empty_text_takes_nothing() -> None:
    """And nothing else does."""
    assert estimate_tokens("") == 0


@given(st.text(min_size=1))
def test_every_text_takes_something_but_not_much_more_than_its_bytes(text: str) -> None:
    """No tokenizer takes more than one token a byte; single digits between signs cost most, two each."""
    assert 1 <= estimate_tokens(text) <= 2.1 * len(text.encode("utf-8")) + 2


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_the_estimates_of_lines_add_up_to_no_less_than_that_of_all(lines: list[str]) -> None:
    """A budget that is spent line by line is never overspent."""
    assert estimate_tokens("".join(line + "\n" for line in lines)) <= sum(
        estimate_tokens(line + "\n") for line in lines
    )


@given(st.text(), st.text())
def test_a_longer_text_takes_no_less(one: str, other: str) -> None:
    """Another line never makes a text cheaper."""
    assert estimate_tokens(one) <= estimate_tokens(one + "\n" + other)


@pytest.mark.parametrize("word", ["have", "Have", "houses", "making", "liked", "usually", "player"])
def test_common_words_take_one_token_in_any_form(word: str) -> None:
    """Ten of them, with the spaces between."""
    assert 10 <= estimate_tokens(" ".join([word] * 10)) <= 12

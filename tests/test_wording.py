"""Numbers of things, in words."""

from __future__ import annotations

import pytest

from memcli.wording import counted


@pytest.mark.parametrize(
    ("number", "what", "said"),
    [
        (0, "memory", "0 memories"),
        (1, "memory", "1 memory"),
        (2, "row", "2 rows"),
        (1_234, "memory", "1,234 memories"),
    ],
)
def test_one_is_one_and_all_others_are_many(number: int, what: str, said: str) -> None:
    assert counted(number, what) == said

"""What all errors have in common."""

import pytest

from memcli.errors import SENTENCE_MOST, ConfigError, MemcliError


def test_a_sentence_quotes_no_megabytes() -> None:
    """Beginning and end say what is wrong; what was given is shown in part."""
    error = ConfigError(f"config set: space must be short, not {'x' * 1_000_000!r}, which is long")
    assert len(error.sentence) == SENTENCE_MOST
    assert error.sentence.startswith("config set: space must be short, not 'xxx")
    assert error.sentence.endswith("xxx', which is long")
    assert str(error) == error.sentence


@pytest.mark.parametrize("length", [0, 1, SENTENCE_MOST])
def test_other_sentences_stay_as_they_are(length: int) -> None:
    """However long, if not too long."""
    assert MemcliError("x" * length).sentence == "x" * length

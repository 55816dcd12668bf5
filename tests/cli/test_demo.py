"""`memcli demo`, with the bundled model: what the README's first command shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran


def test_the_demonstration_finds_everything_and_leaves_nothing(
    real: Callable[..., Ran], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question finds its memory first; the user's home is not touched, the temporary one is gone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    ran = real("demo", "--json", env={"MEMCLI_SPACE": "other"})
    assert (ran.code, ran.err) == (0, "")
    shown = ran.json
    assert [answer["question"] for answer in shown["answers"] if not answer["right"]] == []
    assert len(shown["answers"]) >= 5
    assert shown["stored"] >= 24
    assert "\n## Memories\n" in shown["context"]["context"]
    assert shown["context"]["tokens"] <= 250
    assert list((tmp_path / "tmp").glob("memcli*")) == []
    assert not home.exists()


def test_the_demonstration_is_laid_out_to_be_read_in_a_pipe_too(real: Callable[..., Ran]) -> None:
    """No colours there, no line over 80 columns, questions with their answers."""
    ran = real("demo", env={"COLUMNS": "80"})
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "## Memories" in ran.out
    assert 'memcli search "' in ran.out

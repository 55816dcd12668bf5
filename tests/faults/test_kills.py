"""`kill -9` at a random moment of everything that writes; the long run does it hundreds of times."""

from pathlib import Path

from tests.faults.acting import KINDS
from tests.faults.killing import kill


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    """Everything is there once, in the table and in every index; the next process goes on."""
    came = kill(tmp_path, kills=len(KINDS), looks=3)
    assert came.wrong == []
    assert came.acknowledged > 0

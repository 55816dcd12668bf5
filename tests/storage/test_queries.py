"""Vectors of queries asked before: found again, per model, in a file that stays small and may be damaged."""

from pathlib import Path

import numpy as np
import pytest

from memcli.storage.queries import KEPT, MOST, AskedBefore

VECTOR = np.array([0.25, -0.5, 0.1], dtype=np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "queries.vectors"


def asked(path: Path, model: str = "m") -> AskedBefore:
    """The file, freshly opened."""
    return AskedBefore(path, model, 3)


def test_a_query_is_found_again_exactly(path: Path) -> None:
    """Bit by bit, so that a search answers the same; another query is not."""
    asked(path).keep("where is it?", VECTOR)
    asked(path).keep("é\ud800", -VECTOR)
    found = asked(path).vector("where is it?")
    assert found is not None
    assert found.tolist() == VECTOR.tolist()
    assert asked(path).vector("Where is it?") is None
    assert asked(path).vector("é\ud800") is not None


def test_nothing_is_known_of_another_model(path: Path) -> None:
    """It begins anew, and the first one's is gone."""
    asked(path).keep("q", VECTOR)
    assert asked(path, "other").vector("q") is None
    asked(path, "other").keep("q", VECTOR)
    assert asked(path, "other").vector("q") is not None
    assert asked(path).vector("q") is None


def test_the_file_stays_small_and_keeps_the_latest(path: Path) -> None:
    """However many are asked."""
    for number in range(MOST + 40):
        asked(path).keep(f"q{number}", VECTOR)
    assert path.stat().st_size <= 16 + MOST * (16 + 12)
    assert asked(path).vector(f"q{MOST + 39}") is not None
    assert asked(path).vector(f"q{MOST - KEPT + 10}") is not None
    assert asked(path).vector("q0") is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 16, b"\0" * 100])
def test_a_damaged_file_is_no_harm(path: Path, damage: bytes) -> None:
    """Nothing is found in it, and it is replaced."""
    path.write_bytes(damage)
    assert asked(path).vector("q") is None
    asked(path).keep("q", VECTOR)
    assert asked(path).vector("q") is not None


def test_half_a_record_at_the_end_spoils_nothing(path: Path) -> None:
    """What a killed process has left; the file begins anew."""
    asked(path).keep("q", VECTOR)
    with path.open("ab") as file:
        file.write(b"half")
    assert asked(path).vector("q") is None
    asked(path).keep("r", VECTOR)
    assert asked(path).vector("r") is not None


def test_a_place_where_nothing_can_be_written_is_no_error(tmp_path: Path) -> None:
    """The vector is made again the next time."""
    asked(tmp_path / "nowhere" / "queries.vectors").keep("q", VECTOR)
    assert not (tmp_path / "nowhere").exists()

"""Eight writers and eight readers at once; the long run does it for minutes."""

from pathlib import Path

from tests.faults import crowd


def test_a_crowd_makes_no_errors_and_loses_nothing(tmp_path: Path) -> None:
    """Sixteen processes on one store, each with a look of its own."""
    came = crowd.together(tmp_path, seconds=5)
    assert came.wrong == []
    assert came.acts["stored"] >= crowd.WRITERS
    assert sum(came.acts[what] for what in ("search", "text", "list", "get")) >= crowd.READERS

"""`memcli stats`, as people and programs see it."""

import os
from pathlib import Path

import pytest

from memcli.cli import charts
from tests.cli.conftest import MemCLI, json_lines


@pytest.fixture
def filled(memcli: MemCLI) -> MemCLI:
    """A command line with some memories."""
    records = [{"text": f"fact number {place}", "space": "work"} for place in range(12)]
    memcli("import", "-", stdin=json_lines(*records))
    memcli("store", "elsewhere", "--space", "home")
    return memcli


def test_programs_get_json(filled: MemCLI) -> None:
    """Of everything, or of a space."""
    everything = filled("stats").json
    assert everything["counts"]["memories"] == 13
    assert [space["name"] for space in everything["spaces"]] == ["work", "home"]
    assert sum(everything["growth"]["made"]) == 13
    assert filled("stats", "--space", "home").json["counts"]["memories"] == 1


@pytest.mark.parametrize("width", [80, 160])
def test_people_get_a_screen_of_it(filled: MemCLI, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """As wide as the terminal, in one column or two."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = filled("stats", "--format", "table").out
    assert max(map(len, shown.splitlines())) <= width
    for part in ("13 memories", "Growth", "Retention", "Spaces", "Disk", "Tables", "13 facts"):
        assert part in shown
    assert ("Spaces" in shown.splitlines()[0]) == (width == 160)


@pytest.mark.here_only  # the encoding is this process's
def test_where_there_are_no_blocks_there_are_plain_characters(
    filled: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a terminal could only show as question marks."""
    monkeypatch.setattr(charts, "_speaks", lambda characters: characters.isascii())
    assert filled("stats", "--format", "table").out.isascii()


def test_an_empty_store_is_no_error(memcli: MemCLI) -> None:
    """It is told to be empty, and not made."""
    shown = memcli("stats", "--format", "table").out
    assert "0 memories" in shown
    assert "nothing is stored yet" in shown
    assert memcli("stats", "--json").json["tables"] == []
    assert not Path(os.environ["MEMCLI_HOME"], "db").exists()


def test_charts_show_what_is_there() -> None:
    """The smallest figure can be told from nothing; the largest fills its place."""
    top, middle, bottom = charts.columns([0, 1, 500, 1_000], 1)
    assert [top[0], middle[0], bottom[0]] == [" ", " ", " "]
    assert (bottom[2], bottom[4], top[6], top[4]) == ("▁", "█", "█", " ")
    assert charts.bar(0, 10) == ""
    assert len(charts.bar(1, 1_000)) == 1
    assert len(charts.bar(10, 10)) == charts.BAR_CELLS
    assert [charts.size(number) for number in (0, 999, 1_000, 123_456_789)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "123 MB",
    ]

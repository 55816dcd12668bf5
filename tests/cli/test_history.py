"""`memcli history` and `memcli undo`, and what was true at a time."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import (
    FEBRUARY,
    FIFTH,
    FOURTH,
    JANUARY,
    STEERING,
    THIRD,
    MemCLI,
    is_one_sentence,
    json_lines,
    texts,
)

pytestmark = pytest.mark.usefixtures("checked")


# --- what was before ---


def test_a_history_has_the_keys_of_the_contract(moved: MemCLI) -> None:
    """Oldest first, from whichever of its memories it is asked; each as `get` tells it."""
    ran = moved("history", "id2")
    first, second = ran.json
    added = {"valid_from", "valid_until", "current"}
    for version in (first, second):
        whole = moved("get", version["id"], "--no-use").json
        assert set(version) == set(whole) | added
        assert {name: version[name] for name in whole} == whole
    assert (first["valid_from"], first["valid_until"], first["current"]) == (JANUARY, FEBRUARY, False)
    assert (second["valid_from"], second["valid_until"], second["current"]) == (FEBRUARY, None, True)
    assert (first["replaced_by"], second["replaces"]) == ("id2", "id1")
    assert "another value: 3 -> 4" in first["replaced_reason"]
    assert moved("history", "id1").json == ran.json
    assert moved("history", "id2", "-f", "jsonl").lines == ran.json
    assert moved("history", "id2", "-f", "plain").out.splitlines() == [
        f"id1\t{THIRD}\t{JANUARY}\t{FEBRUARY}", f"id2\t{FOURTH}\t{FEBRUARY}\t"
    ]  # fmt: skip


def test_a_terminal_shows_the_latest_above_what_it_replaced(
    moved: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With times, and below each why it gave way."""
    monkeypatch.setenv("COLUMNS", "200")
    moved("store", FIFTH)
    moved("forget", moved("list").json[0]["id"])
    lines = moved("history", "id1", "-f", "table").out.splitlines()
    assert (lines[0], lines[2], lines[5]) == (FIFTH, f"└─ {FOURTH}", f"   └─ {THIRD}")
    assert "forgotten" in lines[1]
    assert "id2 · since " in lines[3]
    assert "replaced" in lines[3]
    assert lines[4].startswith("   the same slot, another value: 4 -> 5 (")
    assert lines[7].startswith("      the same slot, another value: 3 -> 4 (")
    assert lines[7].endswith("% sure)")


def test_a_history_of_nothing_is_not_found(moved: MemCLI) -> None:
    """Exit code 3; what nothing replaced is a history of one."""
    assert is_one_sentence(moved("history", "zzz", code=3).err)
    assert is_one_sentence(moved("history", "id1", "--space", "other", code=3).err)
    assert is_one_sentence(moved("history", "id", code=4).err)
    moved("store", "Likes tea", "-s", "tea")
    (version,) = moved("history", moved("list", "-s", "tea").json[0]["id"]).json
    assert (version["text"], version["current"]) == ("Likes tea", True)


@pytest.mark.parametrize("command", [["list"], ["search", "the office floor"]], ids=["list", "search"])
def test_the_past_can_be_asked(moved: MemCLI, command: list[str]) -> None:
    """What was true at a time or on a day, and what was replaced since."""

    def found(*options: str) -> list[str]:
        return sorted(one["id"] for one in moved(*command, *options).json)

    assert found() == ["id2"]
    assert found("--include-replaced") == ["id1", "id2"]
    days = ("2020-01-09", "2020-01-10", "2020-02-09", "2020-02-10", "2020-03-01")
    assert [found("--at", day) for day in days] == [[], ["id1"], ["id1"], ["id2"], ["id2"]]
    assert found("--at", "2020-02-10T11:59:59+00:00") == ["id1"]
    assert found("--at", "2020-01-20", "--include-replaced") == ["id1"]
    assert found("--at", "2020-02-20", "--include-replaced") == ["id1", "id2"]
    assert found("--at", "2020-01-20", "--since", "2020-01-15") == []
    ran = moved(*command, "--at", "someday", code=2)
    assert (ran.out, is_one_sentence(ran.err)) == ("", True)


# --- undo ---


def test_the_last_change_is_taken_back(moved: MemCLI) -> None:
    """The answer tells which it was and what became of what."""
    dry = moved("undo", "--dry-run")
    assert dry.err.strip() == "nothing was changed; without --dry-run it will be"
    assert texts(moved) == [FOURTH]
    ran = moved("undo")
    assert (ran.err, ran.json) == ("", dry.json)
    (undone,) = ran.json
    assert set(undone) == {"change", "command", "at", "space", "forgotten", "changed", "memories"}
    assert (undone["command"], undone["space"], undone["forgotten"], undone["changed"]) == (
        "import", "default", 1, 1
    )  # fmt: skip
    told = {one["id"]: (one["text"], one["action"]) for one in undone["memories"]}
    assert told == {"id1": (THIRD, "restored"), "id2": (FOURTH, "forgotten")}
    assert texts(moved) == [THIRD]
    assert texts(moved, "--forgotten") == [FOURTH]


def test_several_changes_are_taken_back_the_latest_first(moved: MemCLI) -> None:
    """As far as there are any, and then there is nothing to take back."""
    moved("store", "Likes tea")
    assert [one["command"] for one in moved("undo", "-n", "2", "--dry-run").json] == ["store", "import"]
    assert [one["command"] for one in moved("undo", "-n", "2").json] == ["store", "import"]
    assert texts(moved) == [THIRD]
    assert len(moved("undo", "--last", "9").json) == 1
    for options in ([], ["--dry-run"]):
        ran = moved("undo", *options)
        assert (ran.json, ran.err.strip()) == ([], "there is nothing to take back")
    for number in ("0", "-1", "x"):
        assert is_one_sentence(moved("undo", "-n", number, code=2).err)


def test_without_a_store_there_is_nothing_to_take_back(memcli: MemCLI, home: Path) -> None:
    """And none is made."""
    assert memcli("undo").err.strip() == "there is nothing to take back"
    assert memcli("history", "abc", code=3).out == ""
    assert not (home / "db").exists()


def test_undo_is_narrowed_down_to_a_space_or_user(moved: MemCLI) -> None:
    """What happened elsewhere later stays."""
    moved("store", "Likes tea", "--space", "tea")
    moved("store", "Likes coffee", "--user", "you")
    assert moved("undo", "--space", "default").json[0]["memories"] != []
    assert texts(moved) == [THIRD]
    assert moved("undo", "--dry-run").json[0]["space"] == "tea"
    assert texts(moved, "--user", "you") == ["Likes coffee"]


def test_a_change_in_each_format(moved: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line in plain text; on a terminal the change above the memories, and how many more there are."""
    monkeypatch.setenv("COLUMNS", "200")
    change, *memories = moved("undo", "--dry-run", "-f", "table").out.splitlines()
    assert change.startswith("import  20")
    assert change.endswith(" · 1 forgotten again, 1 as before")
    assert sorted(memories) == [f"  forgotten id2  {FOURTH}", f"  restored  id1  {THIRD}"]
    number = moved("undo", "--dry-run").json[0]["change"]
    assert moved("undo", "--dry-run", "-f", "plain").out == f"{number}\timport\t1\t1\n"
    moved("import", "-", "--conflicts", "off", stdin=json_lines(*({"text": f"word{i}"} for i in range(25))))
    lines = moved("undo", "-f", "table").out.splitlines()
    assert (len(lines), lines[-1].strip()) == (22, "and 5 more")
    assert moved("undo", "-n", "9", "-f", "table").out != ""
    ran = moved("undo", "-f", "table")
    assert (ran.out, ran.err) == ("", "there is nothing to take back\n")


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "plain"])
def test_nothing_that_steers_a_terminal_gets_through(memcli: MemCLI, form: str) -> None:
    """Whatever imported texts, ids and reasons hold."""
    nasty = "\x1b[31m\u202e\x07 [red] "
    about: dict[str, Any] = {
        "replaced_at": FEBRUARY,
        "replaced_by": "[b]2\u202e",
        "replaced_reason": "\u202e[b]",
    }
    old = {"id": "[b]1\u202e", "text": nasty + THIRD, "created_at": JANUARY, **about}
    new = {"id": "[b]2\u202e", "text": nasty + FOURTH, "created_at": FEBRUARY, "replaces": "[b]1\u202e"}
    memcli("import", "-", stdin=json_lines(old, new))
    shown = [memcli("store", nasty + FIFTH, "--explain", "-f", form)]
    assert "replaced" in shown[0].out
    shown += [memcli("history", "[b]1", "-f", form), memcli("undo", "-n", "2", "-f", form)]
    for ran in shown:
        assert not set(STEERING) & set(ran.out + ran.err)
        assert form != "table" or "[red]" in ran.out

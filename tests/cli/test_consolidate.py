"""`memcli conflicts` and `memcli consolidate`."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import STEERING, MemCLI, is_one_sentence, json_lines

THIRD, AGAIN, FOURTH, CAT = (
    "The office is on floor 3",
    "The office is located on floor 3",
    "The office is on floor 4",
    "Has a cat",
)


@pytest.fixture
def imported(memcli: MemCLI) -> MemCLI:
    """A command line with a double, a contradiction, and something of little use."""
    lines = [{"id": f"id{day}", "text": text, "created_at": f"2026-01-0{day}", "importance": importance}
             for day, text, importance in ((1, THIRD, 0.5), (2, AGAIN, 0.5), (3, FOURTH, 0.5), (4, CAT, 0.1))
             ]  # fmt: skip
    memcli("import", "-", stdin=json_lines(*lines))
    return memcli


def listed(memcli: MemCLI) -> list[str]:
    """The ids of what is current."""
    return sorted(memory["id"] for memory in memcli("list").json)


def test_conflicts_are_pairs_with_a_proposal(imported: MemCLI) -> None:
    """The keys of the contract; both memories as `get` tells them."""
    ran = imported("conflicts", "--json")
    found = ran.json
    assert [(one["action"], one["old"]["id"], one["new"]["id"]) for one in found] == [
        ("duplicate", "id1", "id2"), ("replaced", "id1", "id3"), ("replaced", "id2", "id3")
    ]  # fmt: skip
    assert set(found[0]) == {"action", "old", "new", "similarity", "confidence", "reason", "contested"}
    for one in found:
        for side in ("old", "new"):
            assert one[side] == imported("get", one[side]["id"], "--no-use").json
    assert "--resolve" in ran.err
    assert listed(imported) == ["id1", "id2", "id3", "id4"]


def test_resolved_conflicts_come_back_with_undo(imported: MemCLI) -> None:
    """All of them, at once."""
    ran = imported("conflicts", "--resolve", "--json")
    assert [(one["action"], one["id"], one["into"]) for one in ran.json] == [
        ("merged", "id1", "id2"), ("replaced", "id2", "id3")
    ]  # fmt: skip
    assert set(ran.json[0]) == {"action", "id", "text", "into", "reason", "confidence"}
    assert ran.err.strip() == "2 memories put aside; memcli undo takes it back"
    assert listed(imported) == ["id3", "id4"]
    assert [version["id"] for version in imported("history", "id3").json] == ["id1", "id2", "id3"]
    ran = imported("conflicts", "--resolve", "--json")
    assert (ran.json, ran.err.strip()) == ([], "there was nothing to do")
    (undone,) = imported("undo").json
    assert (undone["command"], undone["changed"]) == ("conflicts", 3)
    assert listed(imported) == ["id1", "id2", "id3", "id4"]
    assert len(imported("conflicts").json) == 3


def test_a_dry_run_tells_and_consolidating_does(imported: MemCLI) -> None:
    """The same, and undo takes it back as one change."""
    dry = imported("consolidate", "--dry-run", "--json")
    assert [(one["action"], one["id"], one["into"]) for one in dry.json] == [
        ("merged", "id1", "id2"), ("forgotten", "id4", None)
    ]  # fmt: skip
    assert "nothing was changed" in dry.err
    assert listed(imported) == ["id1", "id2", "id3", "id4"]
    did = imported("consolidate")
    assert did.json == dry.json
    assert did.err.strip() == "2 memories put aside; memcli undo takes it back"
    assert listed(imported) == ["id2", "id3"]
    assert imported("undo").json[0]["command"] == "consolidate"
    assert listed(imported) == ["id1", "id2", "id3", "id4"]


def test_options_and_settings_say_what_goes(imported: MemCLI) -> None:
    """What the command line says comes before the settings."""

    def would(*options: str) -> list[str]:
        return [one["id"] for one in imported("consolidate", "--dry-run", *options).json]

    assert would("--no-merge") == ["id4"]
    assert would("--no-merge", "--importance", "0.1") == []
    assert would("--importance", "0.6") == ["id1", "id2", "id3", "id4"]
    assert would("--uses", "0") == ["id1"]
    imported("get", "id4")
    assert would("--no-merge", "--uses", "1") == []
    assert would("--no-merge", "--uses", "2") == ["id4"]
    imported("config", "set", "consolidate.uses", "1")
    assert would() == ["id1"]
    imported("config", "set", "consolidate.importance", "0.6")
    assert would("--no-merge") == ["id1", "id2", "id3"]
    assert would("--merge", "-i", "0.1") == ["id1"]


@pytest.mark.parametrize(
    "options", [["--importance", "2"], ["--importance", "nan"], ["--uses", "-1"], ["--uses", "x"]]
)
def test_a_value_that_makes_no_sense_is_a_usage_error(memcli: MemCLI, options: list[str]) -> None:
    """Exit code 2, with a store or without one."""
    for _ in range(2):
        ran = memcli("consolidate", *options, code=2)
        assert ran.out == ""
        assert is_one_sentence(ran.err)
        memcli("store", THIRD)


def test_without_a_store_there_is_nothing_and_none_is_made(memcli: MemCLI, home: Path) -> None:
    """An empty list, and a sentence for people that names the space."""
    ran = memcli("conflicts", "--space", "work")
    told = "nothing doubles or contradicts another in the space work\n"
    assert (ran.json, ran.err) == ([], told)
    ran = memcli("conflicts", "--space", "work", "-f", "table")
    assert (ran.out, ran.err) == ("", told)
    for command in (["conflicts", "--resolve"], ["consolidate"], ["consolidate", "--dry-run"]):
        ran = memcli(*command)
        assert (ran.json, ran.err.strip()) == ([], "there was nothing to do")
    assert not (home / "db").exists()


def test_quiet_says_nothing_but_the_answer(imported: MemCLI) -> None:
    """On standard error there is nothing at all."""
    for command in (["conflicts"], ["consolidate", "--dry-run"], ["conflicts", "--resolve"], ["consolidate"]):
        ran = imported("--quiet", *command)
        assert (ran.err, bool(ran.json)) == ("", True), command


def test_one_memory_is_spoken_of_as_one(imported: MemCLI) -> None:
    """Grammar."""
    assert imported("consolidate", "--no-merge").err.startswith("1 memory put aside")


def test_only_the_scope_that_is_named_is_looked_at(imported: MemCLI) -> None:
    """Another space, user or agent has no conflicts of its own, and loses nothing."""
    imported("agents", "create", "bot")
    for option, other in (("--space", "other"), ("--user", "you"), ("--agent", "bot")):
        for command in (["conflicts"], ["conflicts", "--resolve"], ["consolidate", "--importance", "1"]):
            assert imported(*command, option, other).json == []
    assert len(listed(imported)) == 4


def test_plain_lines_have_ids_and_texts(imported: MemCLI) -> None:
    """Separated by tabs, one line each."""
    assert imported("conflicts", "-f", "plain").out.splitlines()[:2] == [
        f"duplicate\tid1\tid2\t{THIRD}\t{AGAIN}", f"replaced\tid1\tid3\t{THIRD}\t{FOURTH}"
    ]  # fmt: skip
    assert imported("consolidate", "-f", "plain").out.splitlines() == [
        f"merged\tid1\tid2\t{THIRD}", f"forgotten\tid4\t\t{CAT}"
    ]  # fmt: skip


def test_json_lines_are_one_answer_a_line(imported: MemCLI) -> None:
    """With the same keys as the list."""
    assert imported("conflicts", "-f", "jsonl").lines == imported("conflicts").json
    dry = ("consolidate", "--dry-run")
    assert imported(*dry, "-f", "jsonl").lines == imported(*dry).json


@pytest.mark.here_only  # a terminal that is none
def test_a_terminal_shows_the_older_above_the_later(
    imported: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the proposal and how sure it is; then what becomes of each."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "50")  # Rich takes the one only with the other from a dumb terminal
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda self: self is sys.stdout)
    monkeypatch.setenv("TERM", "dumb")
    first, old, new, *_ = imported("conflicts").out.splitlines()
    assert first.startswith("duplicate ")
    assert "% sure, cosine" in first
    assert old.split()[:2] == ["-", "id1"]
    assert THIRD in old
    assert "2026-01-01" in old
    assert new.split()[:2] == ["+", "id2"]
    assert AGAIN in new
    merged, forgotten = imported("consolidate").out.splitlines()
    assert merged.startswith(f"merged    id1  {THIRD}  ")
    assert merged.endswith(", into id2")
    assert forgotten == f"forgotten id4  {CAT}  unimportant and rarely used"
    ran = imported("consolidate")
    assert (ran.out, ran.err) == ("", "there was nothing to do\n")


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "plain"])
def test_nothing_that_steers_a_terminal_gets_through(memcli: MemCLI, form: str) -> None:
    """Whatever imported texts and ids hold."""
    nasty = "\x1b[31m\u202e\x07 [red] "
    memcli("import", "-", stdin=json_lines(*(
        {"id": f"[b]{number}\u202e", "text": nasty + text} for number, text in enumerate((THIRD, FOURTH))
    )))  # fmt: skip
    for command in (["conflicts"], ["conflicts", "--resolve"], ["consolidate", "--importance", "1"]):
        ran = memcli(*command, "-f", form)
        assert ran.out.strip() not in ("", "[]", "nothing there"), command
        assert not set(STEERING) & set(ran.out + ran.err)
        assert form != "table" or "[red]" in ran.out

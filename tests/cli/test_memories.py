"""`memcli get`, `list`, `update`, `forget`, `restore` and `purge`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence, json_lines


def stored(memcli: MemCLI, text: str, *options: str) -> str:
    """The id under which *text* was stored."""
    return str(memcli("store", text, *options).json["id"])


def listed(memcli: MemCLI, *options: str) -> list[str]:
    """The texts that `list` shows."""
    return [memory["text"] for memory in memcli("list", *options).json]


def test_an_absent_id_is_not_found(memcli: MemCLI) -> None:
    """Exit code 3, whatever is to be done with it, with a store or without."""
    for _ in range(2):
        for command in (["get"], ["update", "--title", "t"], ["forget"], ["restore"], ["purge", "--yes"]):
            ran = memcli(*command, "zzzz", code=3)
            assert is_one_sentence(ran.err)
            assert ran.out == ""
        stored(memcli, "something")


def test_an_ambiguous_id_is_a_conflict(memcli: MemCLI) -> None:
    """Exit code 4, and the hint names those it could be; nothing is done."""
    memcli("import", "-", stdin=json_lines({"text": "one", "id": "ab1"}, {"text": "two", "id": "ab2"}))
    for command in ("get", "forget", "restore"):
        ran = memcli(command, "ab", code=4)
        assert is_one_sentence(ran.err)
        assert "ab1, ab2" in ran.err
    assert memcli("get", "ab2").json["text"] == "two"
    assert sorted(listed(memcli)) == ["one", "two"]


@pytest.mark.parametrize("bad", ["a b", "", "a\udcffb", "a'b\"; --", "%", "-"])
def test_an_id_that_can_not_be_one_is_refused(memcli: MemCLI, bad: str) -> None:
    """As a usage error or as not found, never with a traceback."""
    stored(memcli, "something")
    from memcli.cli.boundary import run

    assert run(["get", "--", bad]) in (2, 3)


def test_an_id_may_be_shortened(memcli: MemCLI) -> None:
    """To a unique beginning."""
    name = stored(memcli, "only one")
    assert memcli("get", name[:4]).json["id"] == name


@pytest.mark.parametrize("command", ["get", "update", "forget", "restore"])
def test_commands_about_one_memory_take_the_common_options(memcli: MemCLI, command: str) -> None:
    """The contract: --space, --user and --agent on every command that reads or writes memories."""
    name = stored(memcli, "in work", "--space", "work")
    about = ["--title", "t"] if command == "update" else []
    memcli(command, name, *about, "--space", "work", "--user", "me", "--agent", "")


def test_the_list_is_latest_first_filtered_and_paged(memcli: MemCLI) -> None:
    """Each option by itself."""
    stored(memcli, "a", "-t", "x", "-m", "n=1", "-i", "0.2", "--created-at", "2026-01-01T12:00Z")
    stored(memcli, "b", "-t", "x", "-t", "y", "-m", "n=2", "-i", "0.9", "--created-at", "2026-01-02T12:00Z")
    stored(memcli, "c", "--space", "other", "--created-at", "2026-01-03T12:00Z")
    memcli("agents", "create", "bot")
    stored(memcli, "d", "--agent", "bot")
    assert listed(memcli) == ["b", "a"]
    assert listed(memcli, "--all-spaces") == ["c", "b", "a"]
    assert listed(memcli, "--limit", "1") == ["b"]
    assert listed(memcli, "--limit", "0", "--offset", "1") == ["a"]
    assert listed(memcli, "--tag", "x", "--tag", "y") == ["b"]
    assert listed(memcli, "--where", "n < 2") == ["a"]
    assert listed(memcli, "--since", "2026-01-02") == ["b"]
    assert listed(memcli, "--until", "2026-01-01") == ["a"]
    assert listed(memcli, "--min-importance", "0.5") == ["b"]
    assert listed(memcli, "--agent", "bot") == ["d"]
    assert listed(memcli, "--user", "nobody") == []


def test_a_list_that_is_cut_says_so_on_standard_error(memcli: MemCLI) -> None:
    """Unless --quiet, and not when all is shown or so much was asked for."""
    memcli("store", "-", "--lines", stdin="".join(f"t{i}\n" for i in range(52)))
    assert "1 to 50 of 52" in memcli("list").err
    assert memcli("--quiet", "list").err == ""
    assert memcli("list", "--offset", "2").err == ""
    assert memcli("list", "--limit", "2").err == ""  # as was asked for
    assert memcli("list", "--limit", "0").err == ""


def test_an_update_changes_what_is_named(memcli: MemCLI) -> None:
    """And what was not named is as it was; the answer is what `get` says."""
    name = stored(memcli, "The office is on floor 3", "-t", "office", "-m", "a=1", "--source", "tour")
    before = memcli("get", name, "--no-use").json
    answer = memcli("update", name, "The office is on floor 4", "-i", "0.9", "-t", "new").json
    after = memcli("get", name, "--no-use").json
    assert answer == after
    text = "The office is on floor 4"
    changes = {"text": text, "title": text, "importance": 0.9, "tags": ["new"]}
    assert after == before | changes | {"updated_at": after["updated_at"]}


def test_an_update_takes_its_text_from_standard_input(memcli: MemCLI) -> None:
    """For a dash, as everywhere."""
    name = stored(memcli, "before")
    assert memcli("update", name, "-", stdin="after\n").json["text"] == "after"


def test_an_update_sets_single_keys_of_the_metadata(memcli: MemCLI) -> None:
    """The others stay."""
    name = stored(memcli, "x", "-m", "a=1", "-m", "b=2")
    assert memcli("update", name, "-m", "b=3").json["metadata"] == {"a": 1, "b": 3}


def test_an_update_without_a_change_or_to_a_double_is_refused(memcli: MemCLI) -> None:
    """Exit codes 2 and 4."""
    name = stored(memcli, "one")
    stored(memcli, "two")
    assert is_one_sentence(memcli("update", name, code=2).err)
    assert is_one_sentence(memcli("update", name, "TWO", code=4).err)
    assert is_one_sentence(memcli("update", name, "--importance", "1.1", code=2).err)
    assert memcli("get", name).json["text"] == "one"


def test_forgetting_and_restoring_answer_with_the_memories_as_they_are_now(memcli: MemCLI) -> None:
    """What is answered is what `get` says afterwards."""
    names = [stored(memcli, "one"), stored(memcli, "two")]
    forgotten = memcli("forget", *names).json
    assert [memory["forgotten_at"] is None for memory in forgotten] == [False, False]
    assert forgotten == [memcli("get", name, "--no-use").json for name in names]
    assert listed(memcli) == []
    assert sorted(listed(memcli, "--forgotten")) == ["one", "two"]
    restored = memcli("restore", names[0]).json
    assert restored == [memcli("get", names[0], "--no-use").json]
    assert listed(memcli) == ["one"]


def test_two_forgotten_memories_that_say_the_same_are_not_both_restored(memcli: MemCLI) -> None:
    """Otherwise a restore would make a double."""
    names = []
    for _ in range(2):
        names.append(stored(memcli, "said"))
        memcli("forget", names[-1])
    memcli("restore", *names, code=4)
    memcli("restore", names[0])
    memcli("restore", names[1], code=4)
    assert listed(memcli) == ["said"]


def test_a_purge_needs_a_yes_where_nobody_can_be_asked(memcli: MemCLI) -> None:
    """Exit code 2 and nothing is gone; with --yes it is."""
    name = stored(memcli, "secret")
    memcli("forget", name)
    assert "--yes" in memcli("purge", code=2).err
    assert memcli("get", name).json["text"] == "secret"
    ran = memcli("purge", "--yes")
    assert [memory["id"] for memory in ran.json] == [name]
    assert "1 memory removed" in ran.err
    memcli("get", name, code=3)


def test_a_purge_takes_what_is_forgotten_and_nothing_else(memcli: MemCLI) -> None:
    """A living memory is a conflict, an age spares what was forgotten lately, and so does another space."""
    kept, gone = stored(memcli, "kept"), stored(memcli, "gone", "--space", "work")
    memcli("forget", gone)
    assert "forget" in memcli("purge", kept, "--yes", code=4).err
    assert memcli("purge", "--yes").json == []
    assert memcli("purge", "--yes", "--all-spaces", "--older-than", "1d").json == []
    memcli("purge", "--yes", "--older-than", "soon", code=2)
    assert [m["id"] for m in memcli("purge", "--yes", "--all-spaces").json] == [gone]
    assert listed(memcli) == ["kept"]


def test_the_formats_of_memories(memcli: MemCLI) -> None:
    """One memory a line in jsonl; id and text in plain."""
    names = [stored(memcli, "first line\n\tsecond"), stored(memcli, "other")]
    assert [memory["id"] for memory in memcli("list", "-f", "jsonl").lines] == names[::-1]
    assert memcli("list", "-f", "plain").out == f"{names[1]}\tother\n{names[0]}\tfirst line second\n"
    assert memcli("get", names[1], "-f", "plain", "--no-use").out == f"{names[1]}\tother\n"
    assert memcli("get", names[1], "-f", "jsonl", "--no-use").lines == [
        memcli("get", names[1], "--no-use").json
    ]
    table = memcli("list", "-f", "table").out
    assert table.index("other") < table.index("first line")
    assert json.loads(memcli("list", "--json").out)


def test_an_empty_answer_has_its_format_too(memcli: MemCLI, home: Path) -> None:
    """An empty list, no lines, or a word for people."""
    assert memcli("list", "--json").json == []
    assert memcli("list", "-f", "jsonl").out == ""
    assert memcli("list", "-f", "plain").out == ""
    assert memcli("list", "-f", "table").out.strip() != ""

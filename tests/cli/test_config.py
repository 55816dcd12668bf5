"""`memcli config`."""

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence


def write(home: Path, text: str) -> Path:
    """The configuration file, with *text* in it."""
    home.mkdir(exist_ok=True)
    file = home / "config.toml"
    file.write_text(text)
    return file


def test_the_path_of_the_file(memcli: MemCLI, home: Path, tmp_path: Path) -> None:
    """It need not be there; --home wins over MEMCLI_HOME."""
    assert memcli("config", "path").out == f"{home}/config.toml\n"
    assert memcli("--home", str(tmp_path / "x"), "config", "path").out == f"{tmp_path}/x/config.toml\n"


def test_what_is_set_is_got_and_can_be_unset(memcli: MemCLI, home: Path) -> None:
    """A bare value for scripts, the whole setting as JSON."""
    assert memcli("config", "get", "search.limit").out == "10\n"
    ran = memcli("config", "set", "search.limit", "5")
    assert (ran.out, ran.err) == ("", "search.limit = 5\n")
    assert memcli("config", "get", "search.limit").out == "5\n"
    setting = memcli("config", "get", "search.limit", "--json").json
    assert {name: setting[name] for name in ("key", "value", "default", "origin")} == {
        "key": "search.limit",
        "value": 5,
        "default": 10,
        "origin": "file",
    }
    assert memcli("--quiet", "config", "unset", "search.limit").err == ""
    assert memcli("config", "get", "search.limit").out == "10\n"
    assert tomllib.loads((home / "config.toml").read_text()) in ({}, {"search": {}})


def test_texts_are_got_bare(memcli: MemCLI) -> None:
    """Without quotes."""
    memcli("config", "set", "space", "wörk")
    assert memcli("config", "get", "space").out == "wörk\n"


def test_all_settings_are_shown_with_where_they_come_from(
    memcli: MemCLI, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In all formats."""
    write(home, "[search]\nlimit = 7\n")
    monkeypatch.setenv("MEMCLI_BUDGET", "99")
    origins = {setting["key"]: setting["origin"] for setting in memcli("config", "show").json}
    assert origins["search.limit"] == "file"
    assert origins["context.budget"] == "MEMCLI_BUDGET"
    assert origins["search.mode"] == "default"
    assert "search.limit\t7\n" in memcli("config", "show", "-f", "plain").out
    monkeypatch.setenv("COLUMNS", "80")
    table = memcli("config", "show", "-f", "table").out
    assert all(key in table for key in origins)
    assert max(map(len, table.splitlines())) <= 80


def test_unknown_keys_stay_in_the_file_and_are_named(memcli: MemCLI, home: Path) -> None:
    """A newer memcli may know them; values of every kind."""
    file = write(home, 'future = [1, 2.5, "x"]\n[newer]\nat = 2026-01-01\n[newer.deep]\nyes = true\n')
    before = tomllib.loads(file.read_text())
    memcli("config", "set", "search.limit", "3")
    memcli("config", "set", "space", "work")
    assert tomllib.loads(file.read_text()) == before | {"search": {"limit": 3}, "space": "work"}
    ran = memcli("config", "get", "space")
    assert ran.out == "work\n"
    assert "'future'" in ran.err
    assert memcli("--quiet", "config", "get", "space").err == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[serach]\nlimit = 5\n", "search.limit"),
        ("[search]\nlimits = 5\n", "search.limit"),
        ('[search]\nlimit = "5"\n', "search.limit must be a whole number"),
        ("[search]\nlimit = 0\n", "search.limit must be a number from 1"),
        ("[search]\nlimit = true\n", "search.limit"),
        ("[search]\nmin_score = nan\n", "search.min_score"),
        ('[search]\nmode = "psychic"\n', "hybrid, vector, text"),
        ("space = 5\n", "space must be text"),
        ("[space]\nname = 'x'\n", "space must be text"),
        ("[search\n", "line 1"),
        ("a = 1\na = 2\n", "line 2"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_file_and_key(
    memcli: MemCLI, home: Path, text: str, said: str
) -> None:
    """Exit code 5 for whatever needs the settings, before anything is done."""
    file = write(home, text)
    for command in (["list"], ["store", "x"], ["config", "show"], ["config", "get", "space"]):
        ran = memcli(*command, code=5)
        assert is_one_sentence(ran.err), ran.err
        assert str(file) in ran.err
        assert said in ran.err
        assert ran.out == ""
    assert file.read_text() == text
    assert memcli("config", "path").out == f"{file}\n"


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"space = '\xe9'", b"\0"])
def test_a_file_that_is_no_text_is_refused(memcli: MemCLI, home: Path, raw: bytes) -> None:
    """With its name."""
    write(home, "").write_bytes(raw)
    assert is_one_sentence(memcli("config", "show", code=5).err)


def test_a_mistake_can_be_repaired_with_unset_and_set(memcli: MemCLI, home: Path) -> None:
    """The commands that would repair the file work on the broken one."""
    write(home, "[serach]\nlimit = 5\n")
    memcli("config", "unset", "serach.limit")
    assert memcli("config", "get", "search.limit").out == "10\n"
    write(home, '[search]\nlimit = "many"\n')
    memcli("config", "set", "search.limit", "8")
    assert memcli("config", "get", "search.limit").out == "8\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["get", "serach.limit"], 2, "search.limit"),
        (["get", "nosuch"], 2, "nosuch"),
        (["set", "search.limits", "5"], 2, "search.limit"),
        (["set", "search.limit", "many"], 5, "whole number"),
        (["set", "search.limit", "0"], 5, "1 to"),
        (["set", "search.limit", "9" * 5000], 5, "search.limit"),
        (["set", "search.min_score", "NaN"], 5, "0 to 1"),
        (["set", "search.mode", "psychic"], 5, "hybrid"),
        (["set", "space", "a\udcff"], 5, "space"),
        (["set", "search.limit"], 2, "value"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    memcli: MemCLI, home: Path, arguments: list[str], code: int, said: str
) -> None:
    """And nothing is written."""
    ran = memcli("config", *arguments, code=code)
    assert is_one_sentence(ran.err), ran.err
    assert said in ran.err.lower()
    assert not (home / "config.toml").exists()


def test_an_editor_edits_and_the_result_is_checked(
    memcli: MemCLI, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VISUAL wins over EDITOR, which may have arguments; a mistake is named; a failing editor, too."""
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\nprintf "$1" > "$2"\n')
    editor.chmod(0o700)
    monkeypatch.setenv("EDITOR", f"'{editor}' 'space = \"edited\"'")
    memcli("config", "edit")
    assert memcli("config", "get", "space").out == "edited\n"
    monkeypatch.setenv("VISUAL", f"'{editor}' 'space = 5'")
    assert "space must be text" in memcli("config", "edit", code=5).err
    assert (home / "config.toml").read_text() == "space = 5"
    monkeypatch.setenv("VISUAL", "false")
    assert is_one_sentence(memcli("config", "edit", code=1).err)
    monkeypatch.setenv("VISUAL", "/no/such/editor --wait")
    assert is_one_sentence(memcli("config", "edit", code=1).err)


def test_settings_are_what_commands_go_by(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flag before environment before file before default."""
    memcli("store", "-", "--lines", "--space", "work", stdin="one word\ntwo words\nthree words\n")
    memcli("config", "set", "space", "work")
    memcli("config", "set", "search.limit", "2")
    memcli("config", "set", "format", "plain")
    assert len(memcli("search", "words").out.splitlines()) == 2
    monkeypatch.setenv("MEMCLI_LIMIT", "1")
    monkeypatch.setenv("MEMCLI_FORMAT", "jsonl")
    assert len(memcli("search", "words").lines) == 1
    assert len(memcli("search", "words", "--limit", "3", "--json").json) == 3
    monkeypatch.setenv("MEMCLI_SPACE", "empty")
    assert memcli("search", "words", "--json").json == []
    assert len(memcli("search", "words", "--space", "work", "--json").json) == 1


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("MEMCLI_LIMIT", "many", 5),
        ("MEMCLI_LIMIT", "0", 5),
        ("MEMCLI_MIN_SCORE", "2", 5),
        ("MEMCLI_MODE", "psychic", 5),
        ("MEMCLI_FORMAT", "yaml", 2),
        ("MEMCLI_SPACE", "../x", 2),
    ],
)
def test_a_variable_with_a_mistake_is_named(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: int
) -> None:
    """Its name or what it stands for is in the sentence."""
    monkeypatch.setenv(variable, value)
    ran = memcli("list", code=code)
    assert is_one_sentence(ran.err)
    assert variable in ran.err or value in ran.err


def test_a_place_that_can_not_be_written_is_refused(memcli: MemCLI) -> None:
    """Exit code 5."""
    for command in (["set", "space", "x"], ["edit"]):
        assert is_one_sentence(memcli("--home", "/proc/nope", "config", *command, code=5).err)
    assert memcli("--home", "/proc/nope", "config", "get", "space").out == "default\n"

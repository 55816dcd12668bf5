"""Completion: the scripts that are handed out, and what they offer."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, STEERING, MemCLI, Offered, is_one_sentence, json_lines

FILES = {"bash": "memcli.bash", "zsh": "_memcli", "fish": "memcli.fish"}


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("shell", FILES)
def test_the_scripts_in_the_repository_are_those_that_are_generated(memcli: MemCLI, shell: str) -> None:
    """`memcli completions show SHELL > completions/FILE` brings them up to date."""
    assert (ROOT / "completions" / FILES[shell]).read_text() == memcli("completions", "show", shell).out


@pytest.mark.here_only  # in a process of its own either way
def test_another_shell_is_refused(memcli: MemCLI) -> None:
    """With those there are."""
    ran = memcli("completions", "show", "tcsh", code=2)
    assert is_one_sentence(ran.err)
    assert "bash" in ran.err


@pytest.mark.here_only  # in a process of its own either way
@pytest.mark.parametrize("shell", FILES)
def test_the_script_is_installed_where_the_shell_finds_it(memcli: MemCLI, tmp_path: Path, shell: str) -> None:
    """Below the home directory; the answer names the file."""
    ran = memcli("completions", "install", shell)
    assert ran.out == ""
    said = [word.rstrip(";,") for word in ran.err.split() if word.startswith(str(tmp_path))]
    assert "_MEMCLI_COMPLETE" in Path(said[0]).read_text()


def test_installing_again_changes_nothing(in_process: MemCLI, tmp_path: Path) -> None:
    """A start-up file keeps what is in it, is told once, and stays a link."""
    home, real = Path.home(), tmp_path / "dotfiles" / "bashrc"
    real.parent.mkdir()
    real.write_bytes(b"alias l='ls'  # \xff")
    (home / ".bashrc").symlink_to(real)
    for told in ("new shell", "as before"):
        assert told in in_process("completions", "install", "bash").err
        lines = real.read_bytes().split(b"\n")
        assert lines[0] == b"alias l='ls'  # \xff"
        assert lines[1:] == [f"source '{home}/.bash_completions/memcli.sh'".encode(), b""]
    assert (home / ".bashrc").is_symlink()


def test_a_start_up_file_that_can_not_be_read_is_one_sentence(in_process: MemCLI) -> None:
    """A directory, say."""
    (Path.home() / ".zshrc").mkdir()
    assert is_one_sentence(in_process("completions", "install", "zsh", code=5).err)


FITTING = {
    "memcli re": {"restore", "restore-backup"},
    "memcli spaces re": {"rename"},
    "memcli get ab": {"abc1"},
    "memcli forget abc1 x": {"xyz2"},
    "memcli list --space w": {"work"},
    "memcli spaces show d": {"default"},
    "memcli config get search.m": {"search.mode", "search.min_score", "search.min_trust"},
    "memcli completions show z": {"zsh"},
    "memcli store --imp": {"--importance"},
    "memcli store x --replaces ab": {"abc1"},
    "memcli store x --conflicts ch": {"check"},
    "memcli history x": {"xyz2"},
    "memcli list --agent b": {"bot"},
    "memcli agents show b": {"bot"},
    "memcli search x --team c": {"crew"},
    "memcli teams add c": {"crew"},
    "memcli spaces merge w": {"work"},
    "memcli teams add crew kim --role r": {"reader"},
    "memcli search x --tag dr": {"drinks"},
    "memcli conversation show -c c": {"c7"},
    "memcli graph connect abc1 xyz2 --type req": {"requires"},
    "memcli value get pre": {"prefs"},
    "memcli task switch t": {"t1"},
    "memcli config set search.mode ve": {"vector"},
    "memcli config set warm.enabled ": {"true", "false"},
    "memcli man graph conn": {"connect"},
    "memcli schema conv": {"conversation"},
    "memcli model use all": {"all-MiniLM-L6-v2-int8"},
    "memcli hook install --harness c": {"claude", "codex"},
    "memcli list --format=js": {"--format=json", "--format=jsonl"},
    "memcli --qu": {"--quiet"},
    "FOO=1 /somewhere/memcli get ab": {"abc1"},
}


@pytest.fixture
def stored(in_process: MemCLI) -> MemCLI:
    """A store that knows some of everything."""
    memcli = in_process
    memcli("import", "-", stdin=json_lines({"text": "one", "id": "abc1"}, {"text": "two", "id": "xyz2"}))
    # an id of its own: a random one may begin as the others do
    memcli("import", "-", "--space", "work", stdin=json_lines({"text": "x", "id": "n3"}))
    memcli("agents", "create", "bot")
    memcli("teams", "create", "Crew")
    turn = {"text": "y", "id": "n4", "conversation": "c7", "position": 1, "tags": ["drinks"]}
    memcli("import", "-", stdin=json_lines(turn))
    memcli("graph", "connect", "abc1", "xyz2", "--type", "requires")
    memcli("value", "set", "prefs", "1")
    names = Path(os.environ["MEMCLI_HOME"]) / "names.json"
    names.write_text(json.dumps(json.loads(names.read_text()) | {"tasks": {"t1": "Migrate"}}))
    return memcli


def test_a_press_of_tab_offers_what_fits(stored: MemCLI, offered: Offered) -> None:
    """Commands, options, ids, spaces, settings, and so on."""
    for line, expected in FITTING.items():
        kind, *words = offered(line)
        assert (line, kind, set(words)) == (line, "names", expected)


def test_files_are_left_to_the_shell(offered: Offered) -> None:
    """Where the help speaks of a file or a directory."""
    for line in ("memcli import ", "memcli search --batch x", "memcli man --write ", "memcli eval "):
        assert offered(line) == ["files"]


def test_a_press_of_tab_never_fails(offered: Offered, home: Path) -> None:
    """Whatever is there, or is not: a broken line, broken settings, broken names."""
    home.mkdir(parents=True)
    (home / "config.toml").write_text("= nonsense")
    (home / "names.json").write_text("nonsense")
    for line in ("", "memcli", "memcli nonsense ", "memcli get 'a", "ls --", "memcli config set no.such "):
        assert offered(line)[0] == "names"


def test_another_home_has_other_names(stored: MemCLI, offered: Offered, tmp_path: Path) -> None:
    """`--home` counts, even before the word that is completed."""
    assert offered(f"memcli --home {tmp_path}/other get ab") == ["names"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_titles_are_offered_as_text(in_process: MemCLI, offered: Offered, shell: str) -> None:
    """Whatever is in them: markup, escape sequences, quotes, line breaks."""
    title = "[/red] [red]x[/red] \u202e 'q' \"d\" `c` $(id)"
    text = "\x1b[31mred\x9b \x07"
    lines = [{"text": "x", "id": "abc1", "title": title}, {"text": text, "id": "abc2"}]
    in_process("import", "-", stdin=json_lines(*lines))
    said = "\n".join(offered("memcli get abc", shell)).replace("\t", " ")
    assert not set(STEERING) & set(said)
    assert {"abc1", "abc2"} <= {name for name in ("abc1", "abc2") if name in said}
    if shell != "bash":
        assert "[red]x[/red]" in said


def test_names_follow_what_is_done(memcli: MemCLI, home: Path) -> None:
    """What is forgotten, renamed or deleted is not offered any more; what is made is."""
    from memcli.services import names

    def known() -> tuple[set[str], set[str]]:
        said = names.read(home / "names.json")
        return set(said.spaces), set(said.memories)

    memcli(
        "import", "-", stdin=json_lines({"text": "one", "id": "a"}, {"text": "two", "id": "b", "space": "s"})
    )
    assert known() == ({"default", "s"}, {"a", "b"})
    memcli("forget", "a")
    assert known()[1] == {"b"}
    memcli("restore", "a")
    assert known()[1] == {"a", "b"}
    memcli("spaces", "create", "made")
    memcli("spaces", "rename", "s", "t")
    assert known()[0] == {"default", "made", "t"}
    memcli("spaces", "delete", "t", "--yes")
    assert known() == ({"default", "made"}, {"a"})

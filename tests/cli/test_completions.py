"""Completion: the scripts that are handed out, and what they offer."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, STEERING, MemCLI, is_one_sentence, json_lines
from tests.conftest import Ran

FILES = {"bash": "memcli.bash", "zsh": "_memcli", "fish": "memcli.fish"}


@pytest.mark.parametrize("shell", FILES)
def test_the_scripts_in_the_repository_are_those_that_are_generated(memcli: MemCLI, shell: str) -> None:
    """`memcli completions show SHELL > completions/FILE` brings them up to date."""
    assert (ROOT / "completions" / FILES[shell]).read_text() == memcli("completions", "show", shell).out


def test_another_shell_is_refused(memcli: MemCLI) -> None:
    """With those there are."""
    ran = memcli("completions", "show", "tcsh", code=2)
    assert is_one_sentence(ran.err)
    assert "bash" in ran.err


@pytest.mark.parametrize("shell", FILES)
def test_the_script_is_installed_where_the_shell_finds_it(memcli: MemCLI, tmp_path: Path, shell: str) -> None:
    """Below the home directory; the answer names the file."""
    ran = memcli("completions", "install", shell)
    assert ran.out == ""
    said = [word.rstrip(";,") for word in ran.err.split() if word.startswith(str(tmp_path))]
    assert "_MEMCLI_COMPLETE" in Path(said[0]).read_text()


def offered(real: Callable[..., Ran], line: str, shell: str = "bash", home: str = "") -> list[str]:
    """What the shell is told when Tab is pressed at the end of *line*."""
    words = line.split(" ")
    env = {"_MEMCLI_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell != "bash":
        env |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    ran = real(env=env)
    assert ran.code == 0, ran.err
    assert "Traceback" not in ran.err
    return ran.out.split("\n")


@pytest.fixture
def stored(memcli: MemCLI) -> MemCLI:
    """A store with three memories in two spaces."""
    memcli("import", "-", stdin=json_lines({"text": "one", "id": "abc1"}, {"text": "two", "id": "xyz2"}))
    # an id of its own: a random one may begin as the others do
    memcli("import", "-", "--space", "work", stdin=json_lines({"text": "x", "id": "n3"}))
    memcli("agents", "create", "bot")
    memcli("teams", "create", "Crew")
    return memcli


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("memcli s", {"store", "search", "spaces", "schema", "scan"}),
        ("memcli spaces re", {"rename"}),
        ("memcli get ab", {"abc1"}),
        ("memcli forget abc1 x", {"xyz2"}),
        ("memcli list --space w", {"work"}),
        ("memcli spaces show d", {"default"}),
        ("memcli config get search.m", {"search.mode", "search.min_score", "search.min_trust"}),
        ("memcli completions show z", {"zsh"}),
        ("memcli store --imp", {"--importance"}),
        ("memcli store x --replaces ab", {"abc1"}),
        ("memcli store x --conflicts ch", {"check"}),
        ("memcli history x", {"xyz2"}),
        ("memcli list --agent b", {"bot"}),
        ("memcli agents show b", {"bot"}),
        ("memcli search x --team c", {"crew"}),
        ("memcli teams add c", {"crew"}),
        ("memcli spaces merge w", {"work"}),
        ("memcli teams add crew kim --role r", {"reader"}),
    ],
)
def test_a_press_of_tab_offers_what_fits(
    stored: MemCLI, real: Callable[..., Ran], line: str, expected: set[str]
) -> None:
    """Commands, options, ids, spaces, settings."""
    assert {word for word in offered(real, line) if word} == expected


def test_another_home_has_other_names(stored: MemCLI, real: Callable[..., Ran], tmp_path: Path) -> None:
    """`--home` counts, even before the word that is completed."""
    assert [word for word in offered(real, f"memcli --home {tmp_path}/other get ab") if word] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_titles_are_offered_as_text(memcli: MemCLI, real: Callable[..., Ran], shell: str) -> None:
    """Whatever is in them: markup, escape sequences, quotes, line breaks."""
    title = "[/red] [red]x[/red] \u202e 'q' \"d\" `c` $(id)"
    text = "\x1b[31mred\x9b \x07"
    lines = [{"text": "x", "id": "abc1", "title": title}, {"text": text, "id": "abc2"}]
    memcli("import", "-", stdin=json_lines(*lines))
    said = "\n".join(offered(real, "memcli get abc", shell))
    assert not set(STEERING) & set(said)
    assert {"abc1", "abc2"} <= {name for name in ("abc1", "abc2") if name in said}
    if shell != "bash":
        assert "[red]x[/red]" in said


def test_bash_itself_completes_with_the_script(stored: MemCLI, tmp_path: Path) -> None:
    """The script is sourced and its function called as bash would."""
    import sys

    script = f"""
        PATH="{Path(sys.executable).parent}:$PATH"
        source "{ROOT}/completions/memcli.bash"
        COMP_WORDS=(memcli get ab) COMP_CWORD=2
        _memcli_completion memcli
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=60, env=os.environ, check=False
    )
    assert (done.stdout, done.stderr) == ("abc1\n", "")


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

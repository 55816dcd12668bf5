"""Completion in real shells, on a terminal: what a press of Tab makes of the line."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.cli.shells import words
from tests.cli.conftest import ROOT, json_lines
from tests.conftest import Ran

PATIENCE_S = 30

PROGRAM = """#!/bin/sh
[ -n "$_MEMCLI_COMPLETE" ] && exec "{python}" -m memcli
for word in "$@"; do printf '<%s>' "$word"; done
echo '<end>'
"""
"""Completes as memcli does, and otherwise says what it was called with."""

STARTS = {
    "bash": (["--norc", "--noprofile", "-i"], "PS1='ready''> '; source '{script}'"),
    "zsh": (["-f", "-i"], "PS1='ready''> '; autoload -Uz compinit; compinit -u -D; source '{script}'"),
    "fish": (["--no-config"], "function fish_prompt; echo -n 'ready''> '; end; source '{script}'"),
}
"""How each shell is started, and what is typed first."""

SCRIPT = {"bash": "memcli.bash", "zsh": "_memcli", "fish": "memcli.fish"}

ODD = 'it\'s "so": $HOME `x` \\ *'
"""A key that would do something, were it not quoted."""

TRAP = "a\\\"$(touch trapped)`touch trapped`';touch trapped;'"
"""A title that would run a command, were it ever evaluated."""


class Line:
    """The line of a shell.

    Args:
        shell: Which one.
        folder: Where it is.
    """

    def __init__(self, shell: str, folder: Path) -> None:
        options, first = STARTS[shell]
        environ = {"PATH": f"{folder}:/usr/bin:/bin", "TERM": "xterm", "PYTHONPATH": str(ROOT)}
        kept = {name: os.environ[name] for name in ("HOME", "MEMCLI_HOME", "MEMCLI_WARM", "MEMCLI_PROJECT")}
        self.child = pexpect.spawn(
            shell, options, encoding="utf-8", timeout=PATIENCE_S, dimensions=(40, 80), cwd=folder,
            env={**environ, **kept, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self.child.sendline(first.format(script=ROOT / "completions" / SCRIPT[shell]))
        self.child.expect("ready> ")

    def becomes(self, typed: str) -> list[str]:
        """The words that the program is called with after *typed*, Tab and Enter."""
        self.child.send(typed + "\t")
        self.child.expect(re.escape(typed[-1]))
        self.child.send("\r")
        self.child.expect(r"<(.*)<end>")
        return str(self.child.match.group(1)).removesuffix(">").split("><")

    def shows(self, typed: str, *expected: str) -> None:
        """Insist that two presses of Tab after *typed* show what is *expected*, the latest first."""
        self.child.send(typed + "\t\t")
        for text in expected:
            self.child.expect_exact(text)

    def end(self) -> None:
        """End the shell."""
        self.child.close(force=True)


@pytest.fixture(params=STARTS)
def line(request: pytest.FixtureRequest, tmp_path: Path, in_process: Callable[..., Ran]) -> Iterator[Line]:
    """A real shell, and a store that knows names."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    told: list[dict[str, Any]] = [
        {"text": "Likes tea", "id": "abc1", "title": "Likes tea: green", "tags": ["drinks"]},
        {"text": "Likes jam", "id": "abd2", "title": TRAP},
        {"text": "x", "id": "n3", "space": "my space"},
        {"text": "y", "id": "n4", "space": "team:red", "conversation": "c7", "position": 1},
    ]
    in_process("import", "-", stdin=json_lines(*told))
    in_process("value", "set", ODD, "1")
    program = tmp_path / "memcli"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    one = Line(request.param, tmp_path)
    yield one
    one.end()
    assert not list(tmp_path.glob("trapped"))


def test_a_real_shell_completes(line: Line) -> None:
    """Commands, ids, options and their values, names that need quotes; what is beside an id is never run."""
    assert line.becomes("memcli sea") == ["search"]
    assert line.becomes("memcli get abc") == ["get", "abc1"]
    assert line.becomes("memcli store x --imp") == ["store", "x", "--importance"]
    assert line.becomes("memcli list --space my") == ["list", "--space", "my space"]
    assert line.becomes("memcli list --space=my") == ["list", "--space=my space"]
    assert line.becomes("memcli list --space team:") == ["list", "--space", "team:red"]
    assert line.becomes("memcli list --space 'my s") == ["list", "--space", "my space"]
    assert line.becomes('memcli list --space "my s') == ["list", "--space", "my space"]
    assert line.becomes("memcli value get it") == ["value", "get", ODD]
    assert line.becomes("memcli list --tag dr") == ["list", "--tag", "drinks"]
    assert line.becomes("memcli import mem") == ["import", "memcli"]
    assert line.becomes("memcli get mem") == ["get", "mem"]
    line.shows("memcli get ab", "$(touch trapped)", "Likes tea: green")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1))
def test_words_are_those_that_a_shell_reads(said: list[str]) -> None:
    """However they are quoted."""
    import shlex

    assert [word.value for word in words(shlex.join(said))] == said

"""Whatever directory one is in, no file in it is run: a repository that was cloned may hold anything."""

import ast
from pathlib import Path

import pytest

import memcli
from memcli.warm import client

SHADOWS = ("typing", "json", "fcntl", "os", "memcli")
"""Modules of which a hostile directory has its own."""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that one is in; a file `ran` is made in it by whoever imports one of its modules."""
    place = tmp_path / "cloned"
    place.mkdir()
    for name in SHADOWS:
        (place / f"{name}.py").write_text(f"open({str(place / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(place)
    return place


def test_a_process_that_is_left_to_itself_imports_nothing_from_here(hostile: Path) -> None:
    """The warm process, and what is done after a command."""
    process = client.detached("memcli", "--version")
    assert process is not None
    assert process.wait(60) == 0
    assert not (hostile / "ran").exists()


def test_every_python_that_is_started_leaves_the_directory_alone() -> None:
    """`-m` alone puts it before everything else that is looked into."""
    lines = []
    for path in Path(memcli.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.List) and "-m" in (words := [getattr(e, "value", e) for e in node.elts]):
                first = node.elts[0]
                if isinstance(first, ast.Attribute) and first.attr == "executable":
                    lines.append((f"{path.name}:{node.lineno}", "-P" in words))
    assert len(lines) >= len(("detached", "handing over", "flushing"))
    assert [line for line, is_safe in lines if not is_safe] == []

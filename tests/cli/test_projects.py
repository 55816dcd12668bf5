"""Projects on the command line: worktrees that share, folders that move, files that must not be obeyed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence
from tests.test_project import git

At = Callable[[Path], MemCLI]


@pytest.fixture
def at(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> At:
    """The command line in a directory, with projects on."""
    monkeypatch.delenv("MEMCLI_PROJECT")

    def go(directory: Path) -> MemCLI:
        monkeypatch.chdir(directory)
        return memcli

    return go


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with two worktrees, `shop` and `fix`."""
    made = tmp_path / "shop"
    made.mkdir()
    git("init", "-q", at=made)
    git("commit", "-q", "--allow-empty", "-m", "first", at=made)
    git("worktree", "add", "-q", "../fix", at=made)
    return made


def test_two_worktrees_share_a_space(at: At, shop: Path, tmp_path: Path) -> None:
    """What is stored in one is found in the other, and nowhere else."""
    stored = at(shop)("store", "The API speaks gRPC").json
    assert stored["space"].startswith("shop-")
    assert [m["id"] for m in at(shop.parent / "fix")("list").json] == [stored["id"]]
    assert at(tmp_path)("list").json == []
    shown = at(shop.parent / "fix")("spaces", "show").json
    assert (shown["name"], shown["memories"]) == (stored["space"], 1)
    assert shown["why"] == f"git repository {shop.parent / 'fix'}"


def test_a_renamed_folder_keeps_its_memories(at: At, shop: Path) -> None:
    """Its worktrees, too, once git knows."""
    stored = at(shop)("store", "The API speaks gRPC").json
    renamed = shop.rename(shop.parent / "store")
    assert [m["id"] for m in at(renamed)("list").json] == [stored["id"]]
    git("worktree", "repair", str(shop.parent / "fix"), at=renamed)
    assert [m["id"] for m in at(shop.parent / "fix")("list").json] == [stored["id"]]


def test_worktrees_can_be_isolated(at: At, shop: Path) -> None:
    """By the setting."""
    memcli = at(shop.parent / "fix")
    memcli("config", "set", "project.isolate_worktrees", "true")
    stored = memcli("store", "The API speaks gRPC").json
    assert stored["space"].endswith("@fix")
    assert at(shop)("list").json == []


def test_a_search_can_look_into_the_project_and_the_global_space(at: At, shop: Path) -> None:
    """Each hit says where it is from; a setting makes it the default; another space is never looked into."""
    memcli = at(shop)
    here = memcli("store", "The deploy key is in the vault").json["space"]
    memcli("store", "I deploy with caution", "--space", "global")
    memcli("store", "deploy elsewhere", "--space", "other")
    assert {hit["space"] for hit in memcli("search", "deploy").json} == {here}
    assert {hit["space"] for hit in memcli("search", "deploy", "--with-global").json} == {here, "global"}
    assert {m["space"] for m in memcli("list", "--with-global").json} == {here, "global"}
    block = memcli("context", "deploy", "--with-global", "--min-score", "0").out
    assert "space global" in block
    assert f"space {here}" in block
    memcli("config", "set", "search.with_global", "true")
    assert {hit["space"] for hit in memcli("search", "deploy").json} == {here, "global"}
    assert {hit["space"] for hit in memcli("search", "deploy", "--no-with-global").json} == {here}
    assert "global" in memcli("search", "deploy", "-f", "table").out


def test_the_reason_is_told(at: At, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every way to name a space."""

    def why(directory: Path, *arguments: str) -> str:
        return str(at(directory)("spaces", "show", *arguments).json["why"])

    assert why(tmp_path) == "nothing names another"
    assert why(tmp_path, "--space", "x") == "--space says so"
    at(tmp_path)("config", "set", "space", "mine")
    assert why(tmp_path).startswith("the setting space in ")
    (shop / ".memcli.toml").write_text('space = "said"\n')
    assert why(shop) == str(shop / ".memcli.toml")
    assert "said" in at(shop)("spaces", "show", "-f", "table").out
    monkeypatch.setenv("MEMCLI_SPACE", "env")
    assert why(shop) == "MEMCLI_SPACE says so"


@pytest.mark.parametrize(
    "said", ['[llm]\ncommand = ["touch", "evil"]', '[model]\nname = "/evil"', "space = [", "#" * 70_000]
)
def test_a_malicious_file_stops_the_command_in_one_sentence(
    at: At, tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5, nothing is stored; the way out is named, and works."""
    (tmp_path / ".memcli.toml").write_text(said)
    memcli = at(tmp_path)
    for command in (["store", "x"], ["search", "x"], ["context", "x"], ["list"]):
        ran = memcli(*command, code=5)
        assert is_one_sentence(ran.err), ran.err
        assert ".memcli.toml" in ran.err
    assert memcli("doctor", code=1).json[0]["level"] == "error"
    monkeypatch.setenv("MEMCLI_PROJECT", "0")
    assert memcli("list").json == []


def test_a_removed_directory_is_no_project(at: At, tmp_path: Path) -> None:
    """And no reason to fail."""
    (tmp_path / "gone").mkdir()
    memcli = at(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert memcli("store", "x").json["space"] == "default"


def test_a_repository_that_can_not_be_written_has_a_space_all_the_same(at: At, shop: Path) -> None:
    """Made of its place each time."""
    name = at(shop)("spaces", "show").json["name"]
    (shop / ".git" / "memcli-space").unlink()
    (shop / ".git" / "memcli-space").mkdir()  # root may write anywhere but over a directory
    assert at(shop)("spaces", "show").json["name"] == name

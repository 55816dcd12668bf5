"""The project that one is in: git repositories of every kind, without git; and the project's file."""

import os
import subprocess
from pathlib import Path

import pytest

from memcli import project
from memcli.config import load
from memcli.errors import ConfigError
from memcli.project import Repository, keep, repository, space_of


def git(*arguments: str, at: Path) -> None:
    """Run git in *at*, as nobody in particular."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *who, *arguments], cwd=at, check=True, capture_output=True)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with a commit."""
    made = tmp_path / "shop"
    made.mkdir()
    git("init", "-q", at=made)
    git("commit", "-q", "--allow-empty", "-m", "first", at=made)
    return made


def space(at: Path, *, isolate: bool = False) -> str:
    """The space at *at*."""
    found = repository(at)
    assert found is not None
    return space_of(found, isolate=isolate)


def test_a_repository_is_found_from_anywhere_inside(shop: Path) -> None:
    """And outside there is none."""
    (shop / "a" / "b").mkdir(parents=True)
    assert repository(shop / "a" / "b") == Repository(shop, shop / ".git")
    assert repository(shop.parent) is None
    assert space(shop / "a").startswith("shop-")


def test_worktrees_share_a_space_unless_they_are_isolated(shop: Path) -> None:
    """The main one keeps the plain name; a moved worktree keeps its own."""
    git("worktree", "add", "-q", "../shop-fix", at=shop)
    fix = shop.parent / "shop-fix"
    assert space(fix) == space(shop)
    assert space(shop, isolate=True) == space(shop)
    assert space(fix, isolate=True) == f"{space(shop)}@shop-fix"
    git("worktree", "move", "../shop-fix", "../elsewhere", at=shop)
    assert space(shop.parent / "elsewhere", isolate=True) == f"{space(shop)}@shop-fix"


def test_a_kept_name_survives_another_folder_and_another_remote(shop: Path) -> None:
    """And no work tree shows it."""
    name = space(shop)
    found = repository(shop)
    assert found
    keep(found, name)
    keep(found, "another")  # the first one stays
    renamed = shop.rename(shop.parent / "store")
    git("remote", "add", "origin", "git@github.com:acme/shop.git", at=renamed)
    assert space(renamed) == name
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=renamed, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_two_repositories_of_one_name_have_two_spaces(shop: Path, tmp_path: Path) -> None:
    """Their places tell them apart."""
    other = tmp_path / "other" / "shop"
    other.mkdir(parents=True)
    git("init", "-q", at=other)
    assert space(other) != space(shop)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("https://me:s3cret@GitHub.com/acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@github.com:2222/acme/shop", "github.com/acme/shop"),
        ("https://gitlab.com/a/b/c/", "gitlab.com/a/b/c"),
        ("https://host/a b;rm -rf ~", "shop-"),
        ("https://host/../../x", "host/././x"),
        ("/srv/git/shop.git", "shop-"),
        ("file:///srv/git/shop.git", "shop-"),
        ("../shop.git", "shop-"),
        ("C:\\shop", "shop-"),
        ("https://host/" + "x" * 200, "host/xxxx"),
    ],
)
def test_the_remotes_address_is_the_name_without_who_logs_in(shop: Path, url: str, expected: str) -> None:
    """Clones of one remote share a space; what is a place on this machine counts for nothing."""
    git("config", "remote.origin.url", url, at=shop)
    name = space(shop)
    assert name == expected or (name.startswith(expected) and len(name) <= 80)
    assert "s3cret" not in name


def test_bare_repositories_and_submodules_are_projects_of_their_own(shop: Path, tmp_path: Path) -> None:
    """A submodule is not its superproject."""
    git("clone", "-q", "--bare", str(shop), str(tmp_path / "bare.git"), at=tmp_path)
    assert repository(tmp_path / "bare.git") == Repository(tmp_path / "bare.git", tmp_path / "bare.git")
    assert space(tmp_path / "bare.git").startswith("bare-")
    lib = tmp_path / "lib"
    git("clone", "-q", str(shop), str(lib), at=tmp_path)
    git("submodule", "add", "-q", str(lib), "vendored", at=shop)
    found = repository(shop / "vendored")
    assert found == Repository(shop / "vendored", shop / ".git" / "modules" / "vendored")
    assert space(shop / "vendored") != space(shop)


@pytest.mark.parametrize(
    "said", ["gitdir: /nowhere/at/all", "gitdir:", "", "nonsense", "\0\xff", "gitdir: \0"]
)
def test_a_git_file_that_points_nowhere_is_no_repository(tmp_path: Path, said: str) -> None:
    """Without a word: it is git's business."""
    (tmp_path / ".git").write_text(said)
    assert repository(tmp_path) is None


def test_odd_directories_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty .git, one that loops, a FIFO; GIT_DIR does not count."""
    (tmp_path / ".git").mkdir()
    assert repository(tmp_path) is None
    (tmp_path / ".git").rmdir()
    (tmp_path / ".git").symlink_to(tmp_path / ".git")
    assert repository(tmp_path) is None
    (tmp_path / ".git").unlink()
    os.mkfifo(tmp_path / ".git")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert repository(tmp_path) is None


def test_a_name_that_somebody_else_has_kept_there_must_be_one(shop: Path) -> None:
    """Otherwise it is as if there were none."""
    before = space(shop)
    for said in ("../../etc", "\x1b[31m", "", "x" * 500, "two\nlines"):
        (shop / ".git" / project.KEPT).write_text(said)
        assert space(shop) == before


# --- the project's file ---


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the project's file is; its directory is no repository."""
    (tmp_path / "work" / "deep").mkdir(parents=True)
    return tmp_path / "work" / ".memcli.toml"


def loaded(file: Path, **environ: str) -> object:
    """The settings in force below *file*."""
    return load(file.parent / "config.toml", environ, file.parent / "deep").config


def test_a_projects_file_sets_where_and_how_to_look(file: Path) -> None:
    """From any directory below; the environment wins over it, and it over the user's file."""
    file.write_text(
        'space = "shop"\nuser = "kim"\nagent = "bot"\n[search]\nlimit = 3\n[context]\nbudget = 9\n'
    )
    (file.parent / "config.toml").write_text('space = "mine"\n[search]\nlimit = 5\nmode = "text"\n')
    config = load(file.parent / "config.toml", {"MEMCLI_USER": "lee"}, file.parent / "deep")
    assert config.config.scope().space == "shop"
    assert (config.config.user, config.config.agent) == ("lee", "bot")
    search, context = config.config.search, config.config.context
    assert (search.limit, search.mode, context.budget) == (3, "text", 9)
    assert config.origins["space"] == str(file)
    without = load(file.parent / "config.toml", {"MEMCLI_PROJECT": "0"}, file.parent / "deep")
    assert without.config.space == "mine"


@pytest.mark.parametrize(
    "said",
    [
        '[llm]\ncommand = ["rm", "-rf", "/"]',
        '[llm]\nanything = "else"',
        'llm.command = ["curl"]',
        '[model]\nname = "/tmp/evil"',
        '[rerank]\nmodel = "/tmp/evil"',
        "[conflicts]\njudge = 'llm'",
        "[warm]\nenabled = false",
        "[project]\ndetect = false",
        "format = 'json'",
        "space = 3",
        "space = [",
        "search = 3",
        "[search]\nlimit = 0",
        '[search]\nmin_trust = "imported"',
        '[context]\nsuspicious = "mark"',
        "[search]\nlmit = 3",
        "\x00",
        "a = " + "[" * 5000,
        "#" * 65_000,
    ],
)
def test_a_malicious_or_broken_file_is_refused_with_its_name(file: Path, said: str) -> None:
    """In one sentence, exit code 5."""
    file.write_text(said)
    with pytest.raises(ConfigError, match=str(file)) as refused:
        loaded(file)
    assert "\n" not in refused.value.sentence


def test_a_file_that_is_none_is_not_read(file: Path) -> None:
    """A gigabyte, a directory, a FIFO, a device, a link to nowhere: refused at once."""
    with file.open("wb") as sparse:
        sparse.truncate(10**9)
    with pytest.raises(ConfigError, match="64 kB"):
        loaded(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError):
        loaded(file)
    file.rmdir()
    os.mkfifo(file)
    with pytest.raises(ConfigError, match="regular"):
        loaded(file)
    for target in ("/dev/zero", "/nowhere"):
        file.unlink()
        file.symlink_to(target)
        with pytest.raises(ConfigError):
            loaded(file)


def test_nothing_above_the_home_directory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in it does."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "a").mkdir(parents=True)
    (tmp_path / ".memcli.toml").write_text("space = 'outside'")
    assert load(tmp_path / "none", {}, tmp_path / "home" / "a").config.space == "default"
    (tmp_path / "home" / ".memcli.toml").write_text("space = 'inside'")
    assert load(tmp_path / "none", {}, tmp_path / "home" / "a").config.space == "inside"


def test_who_names_the_space_in_which_order(shop: Path, tmp_path: Path) -> None:
    """The user's file, the repository, the project's file, the environment: the later wins."""
    file = tmp_path / "config.toml"
    file.write_text('space = "mine"\n')
    assert load(file, {}, tmp_path).config.space == "mine"
    found = load(file, {}, shop)
    assert found.config.space == space(shop)
    assert found.repository is not None
    file.write_text('space = "mine"\n[project]\ndetect = false\n')
    assert load(file, {}, shop).config.space == "mine"
    file.write_text("")
    (shop / ".memcli.toml").write_text('space = "said"\n')
    said = load(file, {}, shop)
    assert (said.config.space, said.repository) == ("said", None)
    assert load(file, {"MEMCLI_SPACE": "env"}, shop).config.space == "env"

"""Where the warm process is looked for, and for which commands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from memcli.warm import place

ARGUMENTS = [
    ([], ""),
    (["list"], "list"),
    (["-q", "search", "import"], "search"),
    (["--home", "import", "list"], "list"),
    (["--home=x", "--quiet", "import", "f"], "import"),
    (["--help"], ""),
    (["--home"], ""),
    (["--", "demo"], "demo"),
]


@pytest.mark.parametrize(("arguments", "command"), ARGUMENTS)
def test_the_command_is_the_first_word_that_is_no_option(arguments: list[str], command: str) -> None:
    """The value of --home is none, whatever it is called."""
    assert place.command_of(arguments) == command


@pytest.mark.parametrize("command", [*sorted(place.HERE), "config edit"])
def test_long_and_interactive_commands_are_not_handed_over(command: str) -> None:
    """Nor what is about the warm process itself."""
    assert not place.is_wanted(["-q", *command.split(), "x"], {})
    assert place.is_wanted(["config", "show"], {})
    assert place.is_wanted(["search", command], {})


@pytest.mark.parametrize(
    ("environ", "possible"),
    [
        ({}, True),
        ({"MEMCLI_WARM": ""}, True),
        ({"MEMCLI_WARM": "1"}, True),
        ({"MEMCLI_WARM": "true"}, True),
        ({"MEMCLI_WARM": "0"}, False),
        ({"MEMCLI_WARM": " Off "}, False),
        ({"MEMCLI_WARM": "FALSE"}, False),
        ({"MEMCLI_WARM": "no"}, False),
        ({"CI": "true"}, False),
        ({"CI": ""}, True),
    ],
)
def test_it_is_switched_off_by_a_variable(environ: dict[str, str], possible: bool) -> None:
    """By one of ours, and where programs are tested."""
    assert place.is_possible(environ) is possible


def test_a_home_is_named_by_option_or_variable() -> None:
    """The option counts, as long as it stands before the command."""
    environ = {"MEMCLI_HOME": "/e"}
    assert place.home_of(["list"], {}) == ""
    assert place.home_of(["list", "--home", "/a"], environ) == "/e"
    assert place.home_of(["-q", "--home", "/a", "list"], environ) == "/a"
    assert place.home_of(["--home=/a", "list"], environ) == "/a"


def test_each_home_has_a_socket_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One and the same, however the home is named; another one for other directories of the user."""
    monkeypatch.chdir(tmp_path)
    environ = {"XDG_RUNTIME_DIR": "/run/user/1", "HOME": "/home/me"}
    one = place.socket_path(str(tmp_path / "one"), environ)
    assert one == place.socket_path("one", environ) == place.socket_path("./two/../one", environ)
    others = {
        place.socket_path("", environ),
        place.socket_path("two", environ),
        place.socket_path("", {**environ, "HOME": "/home/you"}),
        place.socket_path("", {**environ, "XDG_DATA_HOME": "/data"}),
        place.socket_path("", {**environ, "XDG_CONFIG_HOME": "/config"}),
    }
    assert len(others | {one}) == 6
    assert {os.path.dirname(path) for path in others} == {"/run/user/1/memcli"}  # noqa: PTH120


def test_without_a_runtime_directory_sockets_are_among_temporary_files() -> None:
    """In a directory with the user's number; a relative one is none, as the XDG specification says."""
    user = os.getuid()
    assert place.directory({}) == f"/tmp/memcli-{user}"
    assert place.directory({"XDG_RUNTIME_DIR": "run", "TMPDIR": "/t"}) == f"/t/memcli-{user}"


def test_a_path_that_the_system_does_not_take_is_no_place() -> None:
    """A socket's path is short."""
    assert place.socket_path("", {"XDG_RUNTIME_DIR": "/" + "x" * 80}) == ""
    assert place.socket_path("", {"XDG_RUNTIME_DIR": "/" + "x" * 70})
    assert place.socket_path("", {"XDG_RUNTIME_DIR": "/" + "ж" * 40}) == ""


def test_a_directory_is_made_for_nobody_else(tmp_path: Path) -> None:
    """And found again."""
    folder = tmp_path / "memcli"
    assert not place.is_ours(str(folder))
    assert place.made(str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert place.made(str(folder))
    assert not place.made(str(tmp_path / "missing" / "memcli"))


@pytest.mark.parametrize("what", ["open", "readable", "link", "file"])
def test_a_directory_that_others_could_have_a_hand_in_is_not_ours(tmp_path: Path, what: str) -> None:
    """Whoever can enter it could put a socket of theirs there."""
    folder = tmp_path / "memcli"
    if what == "file":
        folder.touch(mode=0o700)
    elif what == "link":
        (tmp_path / "real").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "real")
    else:
        folder.mkdir()
        folder.chmod(0o777 if what == "open" else 0o750)
    assert not place.made(str(folder))


@pytest.mark.skipif(
    not hasattr(os, "chown") or os.geteuid() != 0, reason="only root can give a directory away"
)
def test_a_directory_of_somebody_else_is_not_ours(tmp_path: Path) -> None:
    """Even if we could enter it."""
    folder = tmp_path / "memcli"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    assert not place.made(str(folder))


def test_an_installation_in_its_place_is_another_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even of the same version."""
    monkeypatch.setattr(place, "__file__", str(tmp_path / "place.py"))
    (tmp_path / "place.py").touch()
    one = place.build()
    os.utime(tmp_path / "place.py", (1, 1))
    assert place.build() != one

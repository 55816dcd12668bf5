"""Hooks in the settings of harnesses."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from memcli.errors import ConfigError, UsageError
from memcli.services.hooks import installing
from memcli.services.hooks.harnesses import HARNESSES, Harness
from memcli.services.hooks.installing import BACKUP, State, Where

COMMAND = "'/opt/my tools/memcli' --home /srv/m hook"
CLAUDE = HARNESSES["claude"]

THEIRS: dict[str, Any] = {
    "$schema": "https://example.org/settings",
    "hooks": {
        "PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "guard"}]}],
        "Stop": [{"hooks": [{"type": "command", "command": "say done", "timeout": 3}]}],
        "Tomorrow": {"not": "a list"},
    },
    "permissions": {"allow": ["Bash(ls:*)"], "deny": []},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where settings are, or will be."""
    return tmp_path / "home" / ".claude" / "settings.json"


def have(file: Path, text: str) -> str:
    """Let *file* hold *text*."""
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return text


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=list(HARNESSES))
def test_each_harness_calls_for_each_of_its_events(harness: Harness, file: Path) -> None:
    """And is found to; what was not there is not backed up."""
    changed = installing.install(harness, Where.USER, file, COMMAND)
    assert (changed.action, changed.backup) == ("installed", "")
    hooks = json.loads(file.read_text())["hooks"]
    assert list(hooks) == list(harness.events)
    for event, [group] in hooks.items():
        [entry] = group["hooks"]
        assert entry["command"] == f"{COMMAND} {event} --harness {harness.name}"
    found = installing.look(harness, Where.USER, file)
    assert (found.state, found.events) == (State.INSTALLED, tuple(harness.events))
    assert installing.uninstall(harness, Where.USER, file).action == "uninstalled"
    assert json.loads(file.read_text()) == {}


def test_other_hooks_and_settings_stay(file: Path) -> None:
    """In their order; what was there is kept beside it, and comes back when ours go."""
    text = have(file, json.dumps(THEIRS, indent=4))
    changed = installing.install(CLAUDE, Where.USER, file, COMMAND)
    assert Path(changed.backup).read_text() == text
    after = json.loads(file.read_text())
    assert list(after) == list(THEIRS)
    assert list(after["hooks"])[:3] == list(THEIRS["hooks"])
    assert after["hooks"]["Stop"][0] == THEIRS["hooks"]["Stop"][0]
    assert len(after["hooks"]["Stop"]) == 2
    installing.uninstall(CLAUDE, Where.USER, file)
    assert file.read_text() == text


def test_installing_again_changes_nothing(file: Path) -> None:
    """Not even the time of the file; another command takes the place of the first."""
    installing.install(CLAUDE, Where.USER, file, COMMAND)
    before = file.stat().st_mtime_ns
    assert installing.install(CLAUDE, Where.USER, file, COMMAND).action == "unchanged"
    assert file.stat().st_mtime_ns == before
    assert installing.install(CLAUDE, Where.USER, file, "memcli hook").action == "installed"
    assert file.read_text().count("--harness claude") == len(CLAUDE.events)
    assert COMMAND not in file.read_text()


def test_a_home_of_any_name_is_known_again(file: Path) -> None:
    """However it has to be quoted."""
    command = shlex.join(["memcli", "--home", '/srv/ana\'s "home" $x', "hook"])
    installing.install(CLAUDE, Where.USER, file, command)
    assert installing.install(CLAUDE, Where.USER, file, command).action == "unchanged"
    assert installing.look(CLAUDE, Where.USER, file).state is State.INSTALLED
    assert installing.uninstall(CLAUDE, Where.USER, file).action == "uninstalled"
    assert json.loads(file.read_text()) == {}


def test_hooks_that_share_a_group_with_ours_stay_in_it(file: Path) -> None:
    """Whoever has put ours there."""
    ours = {"type": "command", "command": "memcli hook Stop --harness claude"}
    theirs = {"type": "command", "command": "say done"}
    have(file, json.dumps({"hooks": {"Stop": [{"matcher": "*", "hooks": [ours, theirs]}]}}))
    assert installing.look(CLAUDE, Where.USER, file).state is State.PARTLY
    installing.uninstall(CLAUDE, Where.USER, file)
    assert json.loads(file.read_text()) == {"hooks": {"Stop": [{"matcher": "*", "hooks": [theirs]}]}}


def test_a_dry_run_shows_what_would_change(file: Path) -> None:
    """And changes nothing."""
    text = have(file, json.dumps(THEIRS, indent=2))
    changed = installing.install(CLAUDE, Where.USER, file, COMMAND, dry_run=True)
    assert (changed.action, changed.backup, file.read_text()) == ("would install", "", text)
    assert "SessionEnd --harness claude" in changed.diff
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "\0",
        '{"hooks": []}',
        '{"hooks": {"Stop": 1}}',
        '{"a": 1,}',
        '{"hooks": {} // mine\n, "a": 1',
    ],
)
def test_broken_settings_are_left_alone(file: Path, text: str) -> None:
    """With one sentence."""
    have(file, text)
    with pytest.raises(ConfigError):
        installing.install(CLAUDE, Where.USER, file, COMMAND)
    assert (file.read_text(), [path.name for path in file.parent.iterdir()]) == (text, [file.name])


def test_what_can_not_be_read_is_said(file: Path) -> None:
    """By the look at it, too."""
    file.mkdir(parents=True)
    assert installing.look(CLAUDE, Where.USER, file).state is State.UNREADABLE
    file.rmdir()
    file.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ConfigError, match="not valid UTF-8 at byte 8"):
        installing.install(CLAUDE, Where.USER, file, COMMAND)


def test_read_only_settings_stay_as_they_are(file: Path) -> None:
    """Whoever made them so had a reason; the administrator is told as well."""
    text = have(file, "{}")
    file.chmod(0o444)
    with pytest.raises(ConfigError, match="is read-only"):
        installing.install(CLAUDE, Where.USER, file, COMMAND)
    assert file.read_text() == text


def test_a_directory_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    """A file stands where it would have to be."""
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigError, match="can't write"):
        installing.install(CLAUDE, Where.USER, tmp_path / "home" / "x" / "settings.json", COMMAND)


def test_a_link_stays_a_link_and_modes_stay(file: Path, tmp_path: Path) -> None:
    """People keep their settings in a repository."""
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}")
    kept.chmod(0o640)
    file.parent.mkdir(parents=True)
    file.symlink_to(kept)
    installing.install(CLAUDE, Where.USER, file, COMMAND)
    assert file.is_symlink()
    assert "SessionEnd" in kept.read_text()
    assert (
        kept.stat().st_mode & 0o777 == (tmp_path / f"dotfiles.json{BACKUP}").stat().st_mode & 0o777 == 0o640
    )


def test_where_settings_are(tmp_path: Path) -> None:
    """In the user's home, or where the harness's variable says; in the project; not in between."""
    places: dict[str, Any] = {"home": Path("/home/ana"), "project": Path("/srv/shop")}
    assert [
        str(installing.settings_file(HARNESSES[name], where, **places))
        for name, where in (
            ("claude", Where.USER),
            ("claude", Where.LOCAL),
            ("codex", Where.USER),
            ("gemini", Where.PROJECT),
        )
    ] == [
        "/home/ana/.claude/settings.json",
        "/srv/shop/.claude/settings.local.json",
        "/home/ana/.codex/hooks.json",
        "/srv/shop/.gemini/settings.json",
    ]
    assert installing.settings_file(HARNESSES["codex"], Where.USER, **places, moved="/x") == Path(
        "/x/hooks.json"
    )
    assert installing.settings_file(HARNESSES["gemini"], Where.USER, **places, moved="/x") == Path(
        "/x/.gemini/settings.json"
    )
    with pytest.raises(UsageError, match="user and project, not local"):
        installing.settings_file(HARNESSES["codex"], Where.LOCAL, **places)


@pytest.mark.parametrize(
    ("command", "is_ours"),
    [
        ("memcli hook Stop --harness claude", True),
        ("/usr/bin/memcli hook Stop --harness claude", True),
        ("/usr/bin/python3 -m memcli hook Stop --harness claude", True),
        (f"{COMMAND} Stop --harness claude", True),
        ("memcli --home '/a b' hook Stop --harness claude", True),
        ("memcli --home '/ana'\"'\"'s home/m' hook Stop --harness claude", True),
        (r"memcli --home /ana\'s\ home hook Stop --harness claude", True),
        ("memcli --home 'no end hook Stop --harness claude", False),
        ("memcli hook Stop --harness", False),
        ("memcli search x", False),
        ("notmine hook Stop --harness claude", False),
        ("echo memcli hook", False),
    ],
)
def test_ours_are_known_by_what_they_call(command: str, is_ours: bool) -> None:
    """Whichever installation of memcli has put them there."""
    assert installing.is_ours(command) is is_ours


def test_no_half_of_a_file_is_ever_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails in the middle leaves the settings whole, and nothing else."""
    text = have(file, "{}")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        installing.install(CLAUDE, Where.USER, file, COMMAND)
    assert (file.read_text(), [path.name for path in file.parent.iterdir()]) == (text, [file.name])

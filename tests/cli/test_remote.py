"""Homes and stores at URLs, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bucket_server import Server
from tests.conftest import Ran

once = pytest.mark.here_only  # another test has shown that a warm process serves such stores


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], None]:
    """Writes the settings of the user's home."""

    def write(text: str) -> None:
        file = tmp_path / "nobody" / "memcli" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


TEAM = """
[stores.team]
uri = "{url}"

[stores.team.options]
region = "us-east-1"
aws_secret_access_key = "quite-a-secret"
"""


@once
def test_every_command_works_with_a_home_in_a_bucket(
    memcli: Callable[..., Ran], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it keeps on this machine, it keeps in a directory of that home's own, for the user alone."""
    monkeypatch.setenv("MEMCLI_HOME", url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    first = memcli("store", "the door is blue").json["id"]
    second = memcli("store", "the roof is red").json["id"]
    assert [hit["id"] for hit in memcli("search", "door", "--limit", "1").json] == [first]
    assert "the door is blue" in memcli("context", "door").out
    assert memcli("get", first).json["text"] == "the door is blue"
    assert len(memcli("list").json) == 2
    memcli("update", first, "--importance", "0.9")
    memcli("graph", "connect", first, second)
    memcli("value", "set", "k", "1")
    assert memcli("value", "get", "k").out.strip() == "1"
    memcli("task", "start", "paint it")
    memcli("conversation", "add", "user", "hello", "--conversation", "c")
    memcli("spaces", "create", "work")
    memcli("forget", second)
    assert len(memcli("undo").json) == 1
    memcli("forget", second)
    memcli("purge", "--yes")
    assert memcli("history", first).code == 0
    assert len(memcli("export").lines) >= 1
    memcli("backup", str(tmp_path / "b"), "--yes")
    memcli("restore-backup", str(tmp_path / "b"), "--yes")
    memcli("optimize")
    assert {found["check"]: found["ok"] for found in memcli("doctor").json}["store"]
    memcli("config", "set", "search.limit", "3")
    own = tmp_path / "data" / "memcli" / "remote"
    (home,) = own.iterdir()
    assert (home / "config.toml").read_text() == "[search]\nlimit = 3\n"
    assert home.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "config").exists()
    assert memcli("search", "door").json[0]["text"] == "the door is blue"


def test_a_search_over_ones_own_store_and_the_teams(
    memcli: Callable[..., Ran], url: str, settings: Callable[[str], None]
) -> None:
    """Best first, each hit with its store; what is stored goes to one's own unless it is said."""
    settings(TEAM.format(url=url))
    memcli("store", "blue is the door")
    memcli("store", "blue is the roof of ours", "--store", "team")
    assert "store" not in memcli("search", "blue").json[0]
    assert [hit["text"] for hit in memcli("search", "blue", "--store", "team").json] == [
        "blue is the roof of ours"
    ]
    for said in (("--with-store", "team"), ("--store", "all")):
        both = memcli("search", "blue roof of ours", *said).json
        assert [(hit["store"], hit["text"]) for hit in both] == [
            ("team", "blue is the roof of ours"),
            ("own", "blue is the door"),
        ]
    assert len(memcli("search", "blue", "--store", "all", "--limit", "1").json) == 1
    assert "in team" in memcli("search", "roof", "--store", "all", "--format", "table").out
    assert len(memcli("list").json) == 1
    assert "only a search" in memcli("list", "--store", "all", code=2).err
    assert "there are own, team" in memcli("list", "--store", "nobodys", code=3).err


@once
def test_what_others_share_with_a_team_is_found_in_its_store(
    memcli: Callable[..., Ran], url: str, settings: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member sees it beside what is in the own store; nobody else does."""
    settings(TEAM.format(url=url))
    monkeypatch.setenv("MEMCLI_STORE", "team")
    memcli("teams", "create", "Platform", "--user", "ann")
    memcli("teams", "add", "platform", "me", "--user", "ann")
    memcli("store", "the release is on friday", "--user", "ann", "--team", "platform")
    monkeypatch.delenv("MEMCLI_STORE")
    memcli("store", "friday is fish day")
    both = memcli("search", "friday", "--store", "all").json
    assert {(hit["store"], hit["user"]) for hit in both} == {("own", "me"), ("team", "ann")}
    assert len(memcli("search", "friday", "--store", "all", "--user", "bob").json) == 0


def test_a_team_store_that_can_not_be_reached_costs_a_warning(
    memcli: Callable[..., Ran], settings: Callable[[str], None], bucket: Server
) -> None:
    """One's own hits are there all the same; whoever wants only the team's is told."""
    settings(TEAM.format(url="s3://bucket/x") + 'endpoint = "http://127.0.0.1:1"\n')
    memcli("store", "blue is the door")
    ran = memcli("search", "blue", "--with-store", "team")
    assert [hit["store"] for hit in ran.json] == ["own"]
    assert "the store team is left out: can't open the store at s3://bucket/x: it can't be reached" in ran.err
    assert "it can't be reached" in memcli("search", "blue", "--store", "team", code=6).err


@once
def test_a_store_besides_ones_own_can_be_a_directory(
    memcli: Callable[..., Ran], settings: Callable[[str], None], tmp_path: Path
) -> None:
    """A home of the team's on a disk that all can reach, for example."""
    settings(f'[stores.team]\nuri = "{tmp_path / "shared"}"\n')
    memcli("--store", "team", "store", "blue is the roof")
    assert [hit["text"] for hit in memcli("--home", str(tmp_path / "shared"), "search", "blue").json] == [
        "blue is the roof"
    ]
    assert memcli("search", "blue").json == []


@once
def test_what_is_secret_is_never_shown(
    memcli: Callable[..., Ran], settings: Callable[[str], None], url: str
) -> None:
    """Neither by those who show settings nor by those who complain."""
    settings(TEAM.format(url=url) + '[store.options]\naws_secret_access_key = "quite-a-secret"\n')
    shown = [memcli("config", "show", "--format", form) for form in ("json", "plain", "table")]
    shown += [memcli("config", "get", key) for key in ("stores", "store.options")]
    shown.append(memcli("config", "set", "store.options", '{"k": ["quite-a-secret"]}', code=5))
    shown.append(memcli("--home", "s3://me:quite-a-secret@bucket/x", "list", code=5))
    shown += [memcli("doctor"), memcli("--store", "team", "doctor")]
    assert not [ran for ran in shown if "quite-a-secret" in ran.out + ran.err]
    assert memcli("config", "get", "stores").json == {"team": url}


@once
def test_stores_can_be_set_like_any_setting(memcli: Callable[..., Ran]) -> None:
    """As JSON; what makes no sense is refused."""
    memcli("config", "set", "stores", '{"team": {"uri": "s3://bucket/team", "options": {"region": "x"}}}')
    assert memcli("config", "get", "stores").json == {"team": "s3://bucket/team"}
    for wrong in (
        '{"own": {"uri": "s3://b/x"}}',
        '{"t": {}}',
        '{"t": {"uri": "ftp://x/y"}}',
        '{"t": {"uri": 1}}',
    ):
        assert "stores must be" in memcli("config", "set", "stores", wrong, code=5).err
    assert memcli("config", "get", "stores").json == {"team": "s3://bucket/team"}


@once
def test_a_project_can_not_move_the_store(
    memcli: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that comes with a repository must not send memories to a stranger's bucket."""
    monkeypatch.setenv("MEMCLI_PROJECT", "true")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    for text in ('store.uri = "s3://theirs/x"', '[stores.team]\nuri = "s3://theirs/x"'):
        (tmp_path / "project" / ".memcli.toml").write_text(text)
        assert "must not set store" in memcli("list", code=5).err


@once
@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", "s3://b/x?sig=1", "s3://a b/x"])
def test_a_url_that_is_none_is_refused(memcli: Callable[..., Ran], url: str) -> None:
    """As a home, and in the settings."""
    assert "the home can't be at this URL" in memcli("--home", url, "list", code=5).err
    assert "store.uri must be a URL of a bucket" in memcli("config", "set", "store.uri", url, code=5).err

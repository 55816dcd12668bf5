"""`memcli agents` and `memcli teams`."""

from pathlib import Path

import pytest

from tests.cli.conftest import STEERING, MemCLI, is_one_sentence


def test_an_agent_from_its_making_to_its_end(memcli: MemCLI) -> None:
    """create, list, show, store and search as it, delete, undo."""
    made = memcli("agents", "create", "CodeAssist", "--description", "codes", "--model", "small").json
    assert (made["name"], made["owner"], made["model"]) == ("CodeAssist", "me", "small")
    memcli("store", "Prefers functional patterns", "--agent", "CodeAssist")
    memcli("store", "I prefer patterns on shirts")
    mine = memcli("search", "patterns", "--agent", "CodeAssist").json
    assert [hit["text"] for hit in mine] == ["Prefers functional patterns"]
    assert len(memcli("search", "patterns", "--agent", "CodeAssist", "--shared").json) == 2
    assert memcli("agents", "list", "-f", "plain").out == "CodeAssist\t1\n"
    assert "codes" in memcli("agents", "show", "CodeAssist", "-f", "table").out
    refused = memcli("agents", "delete", "CodeAssist", code=2).err
    assert "forget its 1 memory?" in refused
    memcli("agents", "delete", "CodeAssist", "--yes")
    assert memcli("agents", "list").json == []
    memcli("undo")
    assert memcli("agents", "show", "CodeAssist").json["memories"] == 1


@pytest.mark.parametrize("command", [["store", "x"], ["search", "x"], ["context", "x"], ["list"]])
def test_an_unknown_agent_is_an_error_with_a_way_out(memcli: MemCLI, command: list[str]) -> None:
    """Exit code 3, and nothing is stored."""
    ran = memcli(*command, "--agent", "ghost", code=3)
    assert is_one_sentence(ran.err)
    assert "memcli agents create ghost" in ran.err
    assert memcli("agents", "list").json == []


def test_a_setting_names_the_agent(memcli: MemCLI) -> None:
    """An option says otherwise; commands that take ids find everything of one's own."""
    memcli("agents", "create", "bot")
    memcli("config", "set", "agent", "bot")
    stored = memcli("store", "its").json["id"]
    assert memcli("list", "--agent", "").json == []
    assert memcli("list").json[0]["agent"] == "bot"
    memcli("config", "unset", "agent")
    assert memcli("get", stored).json["agent"] == "bot"


@pytest.fixture
def crew(memcli: MemCLI) -> MemCLI:
    """A team of me (admin), kim (member) and ray (reader), with one memory."""
    memcli("teams", "create", "The Crew", "--slug", "crew")
    memcli("teams", "add", "crew", "kim")
    memcli("teams", "add", "crew", "ray", "--role", "reader")
    memcli("store", "The deadline is May 15", "--team", "crew", "--visibility", "team")
    return memcli


def found(memcli: MemCLI, user: str, *arguments: str) -> list[str]:
    """What *user* finds about the deadline."""
    return [hit["text"] for hit in memcli("search", "deadline", "--user", user, *arguments).json]


def test_a_team_memory_is_found_by_members_and_by_nobody_else(crew: MemCLI) -> None:
    """With --include-team, --team, or the setting."""
    assert found(crew, "kim") == []
    assert found(crew, "kim", "--include-team") == ["The deadline is May 15"]
    assert found(crew, "kim", "--team", "crew") == ["The deadline is May 15"]
    assert found(crew, "lee", "--include-team") == []
    assert "May 15" in crew("context", "deadline", "--user", "ray", "--include-team", "--min-score", "0").out
    assert len(crew("list", "--user", "ray", "--include-team").json) == 1
    crew("config", "set", "search.include_team", "true")
    assert found(crew, "kim") == ["The deadline is May 15"]
    assert found(crew, "kim", "--no-include-team") == []
    assert "me for crew" in crew("search", "deadline", "--user", "kim", "-f", "table").out
    crew("teams", "remove", "crew", "kim")
    assert found(crew, "kim") == []


def test_what_one_may_not_is_exit_code_1_and_what_is_not_there_3(crew: MemCLI) -> None:
    """A last admin is a conflict, 4; a visibility without a team is usage, 2. Each is one sentence."""
    name = crew("list").json[0]["id"]
    for code, command in (
        (1, ["store", "x", "--team", "crew", "--user", "ray"]),
        (1, ["store", "x", "--team", "crew", "--user", "lee"]),
        (1, ["search", "x", "--team", "crew", "--user", "lee"]),
        (1, ["update", name, "x", "--user", "ray"]),
        (1, ["forget", name, "--user", "ray"]),
        (1, ["update", name, "--visibility", "private", "--user", "kim"]),
        (1, ["teams", "add", "crew", "lee", "--user", "kim"]),
        (1, ["teams", "show", "crew", "--user", "lee"]),
        (3, ["get", name, "--user", "lee"]),
        (3, ["store", "x", "--team", "nosuch"]),
        (3, ["search", "x", "--team", "nosuch"]),
        (3, ["teams", "show", "nosuch"]),
        (3, ["teams", "remove", "crew", "lee"]),
        (4, ["teams", "remove", "crew", "me"]),
        (4, ["teams", "add", "crew", "me", "--role", "member"]),
        (4, ["teams", "create", "Another", "--slug", "crew"]),
        (2, ["store", "x", "--visibility", "team"]),
        (2, ["update", name, "--visibility", "team"]),
        (2, ["teams", "create", "x", "--slug", "a b"]),
        (2, ["teams", "add", "crew", "kim", "--role", "king"]),
        (2, ["teams", "delete", "crew"]),
    ):
        ran = crew(*command, code=code)
        assert is_one_sentence(ran.err), ran.err
    assert [m["text"] for m in crew("list").json] == ["The deadline is May 15"]
    assert len(crew("teams", "show", "crew").json["members"]) == 3


def test_a_memory_is_shared_later_and_taken_back(crew: MemCLI) -> None:
    """By update."""
    name = crew("store", "a private deadline").json["id"]
    assert crew("update", name, "--team", "crew").json["visibility"] == "team"
    assert len(found(crew, "kim", "--include-team")) == 2
    assert crew("update", name, "--visibility", "private").json["team"] == ""
    assert len(found(crew, "kim", "--include-team")) == 1
    assert crew("store", "another", "--team", "crew", "--visibility", "private").json["action"] == "stored"
    assert len(crew("list", "--team", "crew").json) == 1


def test_exports_carry_teams_and_imports_ask_for_them(crew: MemCLI, tmp_path: Path) -> None:
    """A line for a team that is not there fails, and can be imported once it is."""
    file = tmp_path / "all.jsonl"
    file.write_text(crew("export").out)
    assert '"team": "crew"' in file.read_text()
    other = ("--home", str(tmp_path / "other"))
    ran = crew(*other, "import", str(file), code=1)
    assert "no team 'crew'" in ran.err
    crew(*other, "teams", "create", "Crew")
    assert crew(*other, "import", str(file)).json["stored"] == 1
    assert crew(*other, "list").json[0]["visibility"] == "team"


def test_tables_are_for_people(crew: MemCLI) -> None:
    """And no name steers a terminal."""
    crew("teams", "add", "crew", "x\u202ey")
    out = crew("teams", "show", "crew", "-f", "table").out
    assert "The Crew" in out
    assert "reader" in out
    assert "your role" in crew("teams", "list", "-f", "table").out
    assert crew("teams", "list", "-f", "plain").out == "crew\tadmin\t1\n"
    assert not set(STEERING) & set(out)

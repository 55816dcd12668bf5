"""`memcli episodes`."""

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence


@pytest.fixture
def lived(memcli: MemCLI) -> MemCLI:
    """A command line with two episodes, one that failed last, and a fact."""
    memcli("task", "start", "Migrate the auth service")
    memcli("task", "push", "Read the old code")
    memcli("task", "end", "--outcome", "All clients moved")
    memcli("task", "start", "Write the report")
    memcli("task", "end", "--failed", "--outcome", "-", stdin="no numbers\n")
    memcli("store", "Migrate on Tuesdays")
    return memcli


def test_episodes_are_listed_and_shown(lived: MemCLI) -> None:
    """Latest first; all of it as JSON."""
    report, auth = lived("episodes", "list").json
    assert (report["goal"], report["outcome"], report["success"], report["importance"]) == (
        "Write the report",
        "no numbers",
        False,
        0.4,
    )
    assert set(auth) == {
        *("id", "goal", "outcome", "success", "steps", "started_at", "ended_at", "seconds"),
        *("text", "importance", "space", "agent"),
    }
    assert auth["steps"] == ["Read the old code (not completed)"]
    assert lived("episodes", "show", auth["id"][:7]).json == auth
    assert [e["id"] for e in lived("episodes", "list", "--success").json] == [auth["id"]]
    assert [e["id"] for e in lived("episodes", "list", "--failed").json] == [report["id"]]
    assert [e["id"] for e in lived("episodes", "list", "-n", "1").json] == [report["id"]]
    assert len(lived("episodes", "list", "-n", "0", "--all-spaces").json) == 2
    assert lived("episodes", "list", "--space", "b").json == []
    assert lived("episodes", "list", "-f", "plain").out.splitlines() == [
        f"{report['id']}\tFalse\tWrite the report\tno numbers",
        f"{auth['id']}\tTrue\tMigrate the auth service\tAll clients moved",
    ]


def test_episodes_are_searched(lived: MemCLI) -> None:
    """By what they were about; facts are not among them."""
    found = lived("episodes", "search", "migrate the auth service").json
    assert found[0]["goal"] == "Migrate the auth service"
    assert 0 < found[0]["score"] <= 1
    assert "Migrate on Tuesdays" not in [one["text"] for one in found]
    assert [e["goal"] for e in lived("episodes", "search", "auth", "--failed").json] == ["Write the report"]
    assert len(lived("episodes", "search", "-", "-n", "1", stdin="auth\n").json) == 1
    assert "Migrate the auth service" in [hit["title"] for hit in lived("search", "auth service").json]


def test_what_people_see(lived: MemCLI) -> None:
    """How it ended at a glance; the page has the steps and the whole memory."""
    listed = lived("episodes", "list", "-f", "table").out.splitlines()
    assert listed[0] == "✗ Write the report"
    assert listed[1] == "  no numbers"
    assert listed[4] == "✓ Migrate the auth service"
    id_ = lived("episodes", "list", "--success").json[0]["id"]
    page = lived("episodes", "show", id_, "-f", "table").out.splitlines()
    assert page[:2] == ["✓ Migrate the auth service", "All clients moved"]
    assert "  · Read the old code (not completed)" in page
    assert page[-1] == "  Steps: Read the old code (not completed)"
    assert "nothing there" in lived("episodes", "list", "--space", "b", "-f", "table").out


def test_a_similar_one_is_offered(lived: MemCLI) -> None:
    """In the answer, and in a line for people."""
    ran = lived("task", "start", "Migrate the auth service")
    assert ran.json["similar"]["outcome"] == "All clients moved"
    assert f"memcli episodes show {ran.json['similar']['id']}" in ran.err
    seen = lived("task", "start", "Migrate the auth service", "-f", "table").out
    assert "done before" in seen
    assert "All clients moved" in seen
    assert lived("task", "start", "Migrate the auth service", "--no-similar").json["similar"] is None


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["list", "--success", "--failed"], 2),
        (["search", "x", "--success", "--failed"], 2),
        (["search", " "], 2),
        (["search"], 2),
        (["list", "-n", "-1"], 2),
        (["show", "absent"], 3),
        (["list", "--agent", "nobody"], 3),
        (["list", "--space", "../x"], 2),
    ],
    ids=lambda said: " ".join(said) if isinstance(said, list) else str(said),
)
def test_bad_input_is_one_sentence(memcli: MemCLI, command: list[str], code: int) -> None:
    """A documented exit code, nothing on standard output."""
    ran = memcli("episodes", *command, code=code)
    assert ran.out == ""
    assert is_one_sentence(ran.err), ran.err


def test_a_memory_that_is_none_is_not_shown(lived: MemCLI) -> None:
    """With a hint to what shows it."""
    id_ = lived("list", "-n", "1").json[0]["id"]
    ran = lived("episodes", "show", id_, code=3)
    assert is_one_sentence(ran.err)
    assert f"memcli get {id_}" in ran.err

"""`memcli spaces`."""

import pytest

from tests.cli.conftest import MemCLI, is_one_sentence


def test_a_space_from_its_making_to_its_end(memcli: MemCLI) -> None:
    """create, show, list, rename, delete; the answers are the space."""
    made = memcli("spaces", "create", "work", "--description", "what pays").json
    assert (made["name"], made["memories"], made["latest"]) == ("work", 0, None)
    assert made["description"] == "what pays"
    stored = memcli("store", "x y", "--space", "work").json
    memcli("store", "z", "--space", "home")
    assert [(s["name"], s["memories"]) for s in memcli("spaces", "list").json] == [("home", 1), ("work", 1)]
    renamed = memcli("spaces", "rename", "work", "job").json
    assert (renamed["name"], renamed["memories"], renamed["description"]) == ("job", 1, "what pays")
    assert memcli("get", stored["id"]).json["space"] == "job"
    assert [hit["id"] for hit in memcli("search", "x y", "-s", "job").json] == [stored["id"]]
    assert "--yes" in memcli("spaces", "delete", "job", code=2).err
    assert memcli("spaces", "delete", "job", "--yes").json["memories"] == 1
    assert [space["name"] for space in memcli("spaces", "list").json] == ["home"]
    memcli("restore", stored["id"])
    assert memcli("spaces", "show", "job").json["memories"] == 1


def test_what_is_not_there_and_what_is_there_already(memcli: MemCLI) -> None:
    """Exit codes 3 and 4."""
    memcli("spaces", "create", "a")
    memcli("spaces", "create", "b")
    for command in (["show", "nosuch"], ["rename", "nosuch", "c"], ["delete", "nosuch", "--yes"]):
        assert is_one_sentence(memcli("spaces", *command, code=3).err)
    assert is_one_sentence(memcli("spaces", "create", "a", code=4).err)
    assert is_one_sentence(memcli("spaces", "rename", "a", "b", code=4).err)


@pytest.mark.warm_sample
@pytest.mark.parametrize(
    "name", ["../x", "a'b\"c;--", "", "a\nb", "\x1b[31mred", "x" * 101, "/", "a\udcff", "\u202ex"]
)
def test_a_name_that_can_not_be_one_is_refused(memcli: MemCLI, name: str) -> None:
    """Exit code 2, and nothing is made."""
    for command in (["create", "--", name], ["show", "--", name], ["delete", "--yes", "--", name]):
        ran = memcli("spaces", *command, code=2)
        assert is_one_sentence(ran.err), ran.err
        assert not {"\x1b", "\u202e"} & set(ran.err)
    memcli("spaces", "create", "fine")
    memcli("spaces", "rename", "--", "fine", name, code=2)
    assert [space["name"] for space in memcli("spaces", "list").json] == ["fine"]


@pytest.mark.parametrize("name", ["a b", "работа", "工作", "team/sub.project@x:y+z", "it_s-fine"])
def test_names_in_any_language_are_fine(memcli: MemCLI, name: str) -> None:
    """Stored, searched and shown."""
    memcli("store", "hello there", "--space", name)
    assert memcli("search", "hello there", "--space", name).json[0]["space"] == name
    assert memcli("spaces", "list", "-f", "plain").out == f"{name}\t1\n"
    assert name in memcli("spaces", "list", "-f", "table").out


def test_users_have_their_own_spaces(memcli: MemCLI) -> None:
    """One user's list does not show another's."""
    memcli("store", "x", "--space", "mine")
    memcli("store", "x", "--space", "yours", "--user", "you")
    assert [space["name"] for space in memcli("spaces", "list").json] == ["mine"]
    assert [space["name"] for space in memcli("spaces", "list", "--user", "you").json] == ["yours"]

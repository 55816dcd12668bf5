"""What a new memory does to an old one, and the options and settings that have a say in it."""

from pathlib import Path

import pytest

from tests.cli.conftest import FIFTH, FOURTH, THIRD, MemCLI, is_one_sentence, json_lines, texts

AGAIN = "The office is located on floor 3"
pytestmark = pytest.mark.usefixtures("checked")


# --- what storing says ---


def test_a_replacement_is_told_with_the_way_back(memcli: MemCLI) -> None:
    """In a note for people; the answer is the contract's."""
    old = memcli("store", THIRD)
    assert old.err == ""
    ran = memcli("store", FOURTH)
    answer = ran.json
    assert (answer["action"], answer["replaced_id"]) == ("replaced", old.json["id"])
    assert answer["replaced_text"] == THIRD
    assert answer["reason"]
    assert 0 < answer["confidence"] <= 1
    assert ran.err == (f"{answer['id']} replaced {old.json['id']}, {THIRD!r}; memcli undo takes it back\n")
    memcli("undo")
    assert texts(memcli) == [THIRD]


def test_what_is_said_in_other_words_is_told_with_the_way_to_keep_it(memcli: MemCLI) -> None:
    """It may say more than was thought; the very same words can't."""
    old = memcli("store", THIRD).json["id"]
    ran = memcli("store", AGAIN)
    assert (ran.json["action"], ran.json["id"]) == ("duplicate", old)
    assert ran.err == f"not stored, as {old} says it in other words; --keep-both stores it as well\n"
    same = memcli("store", THIRD)
    assert (same.json["action"], same.err) == ("duplicate", "")
    assert memcli("store", AGAIN, "--keep-both").json["action"] == "stored"
    assert sorted(texts(memcli)) == sorted([THIRD, AGAIN])


def test_each_line_that_replaces_something_is_told(memcli: MemCLI) -> None:
    """Also where a line replaces the one before."""
    ran = memcli("store", "-", "--lines", stdin=f"{THIRD}\n{FOURTH}\nLikes tea\n{FIFTH}\n")
    assert [one["action"] for one in ran.json] == ["stored", "replaced", "stored", "replaced"]
    assert [line.split()[0] for line in ran.err.splitlines()] == [ran.json[1]["id"], ran.json[3]["id"]]


def test_quiet_hides_the_notes(moved: MemCLI) -> None:
    """And nothing else."""
    for command in (["store", FIFTH], ["undo"], ["undo", "--dry-run"], ["undo", "-n", "9"], ["undo"]):
        ran = moved("--quiet", *command)
        assert (ran.err, ran.out != "") == ("", True), command
    line = json_lines({"text": THIRD}, {"text": FOURTH})
    ran = moved("--quiet", "import", "-", stdin=line)
    assert (ran.err, ran.json["replaced"]) == ("", 1)
    assert moved("--quiet", "store", FIFTH, "--replaces", "zzz", code=3).err != ""


def test_what_was_considered_is_shown_to_those_who_ask(memcli: MemCLI) -> None:
    """With what it would have done, why, and how sure that is."""
    assert "considered" not in memcli("store", THIRD).json
    assert "considered" not in memcli("store", AGAIN).json
    ran = memcli("store", FOURTH, "--explain")
    (one,) = ran.json["considered"]
    assert set(one) == {"id", "text", "similarity", "action", "confidence", "reason"}
    assert (one["id"], one["text"], one["action"]) == (ran.json["replaced_id"], THIRD, "replaced")
    for name in ("similarity", "confidence", "reason"):
        assert one[name] == ran.json[name]
    assert memcli("store", "Xylophones amuse", "--explain", "-s", "empty").json["considered"] == []
    lines = memcli("store", "-", "--lines", "--explain", stdin=f"{FOURTH}\n{FIFTH}").json
    assert [len(line.get("considered", [])) for line in lines] == [0, 1]


def test_a_terminal_shows_what_was_considered_below_the_answer(
    memcli: MemCLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line each; without being asked, only the reason of what was not simply stored."""
    monkeypatch.setenv("COLUMNS", "200")
    old = memcli("store", THIRD).json["id"]
    answer, considered = memcli("store", FOURTH, "--explain", "-f", "table").out.splitlines()
    assert answer.startswith("replaced ")
    assert f", in the place of {old} (" in answer
    assert considered.startswith(f"  replaced  {old}  {THIRD}  ")
    assert "% sure, cosine 0." in considered
    (alone,) = memcli("store", FIFTH, "-f", "table").out.splitlines()
    assert "another value: 4 -> 5)" in alone


# --- the user's word ---


def test_what_the_user_says_is_replaced_is_replaced(memcli: MemCLI) -> None:
    """Whatever both say, by an id or its beginning, and without the check as well."""
    old = memcli("store", THIRD).json["id"]
    ran = memcli("store", "Likes tea", "--replaces", old[:8])
    assert (ran.json["action"], ran.json["replaced_id"], ran.json["reason"]) == (
        "replaced",
        old,
        "you said so",
    )
    assert ran.err.endswith("; memcli undo takes it back\n")
    new = memcli("store", "Has a parrot", "--replaces", ran.json["id"], "--conflicts", "off").json["id"]
    assert [version["id"] for version in memcli("history", new).json] == [old, ran.json["id"], new]


def test_what_can_not_be_replaced_is_refused(moved: MemCLI) -> None:
    """With the exit code of the contract, in a sentence; and nothing is stored."""
    moved("import", "-", stdin=json_lines({"id": "gone", "text": "Likes tea"}, {"id": "there", "text": "b",
          "space": "other"}, {"id": "bots", "text": "c", "agent": "bot"}, {"id": "long1", "text": "d"},
          {"id": "long2", "text": "e"}))  # fmt: skip
    moved("forget", "gone")
    before = moved("export").lines
    for name, code, said in (
        ("zzz", 3, "zzz"),
        ("id1", 4, "was replaced already"),
        ("gone", 4, "is forgotten"),
        ("long", 4, "long1"),
        ("there", 2, "in the space other"),
        ("bots", 2, "of the agent bot"),
        ("", 2, "--replaces names no memory"),
    ):
        ran = moved("store", FIFTH, "--replaces", name, code=code)
        assert (ran.out, is_one_sentence(ran.err), said in ran.err) == ("", True, True), (name, ran.err)
    assert moved("store", FIFTH, "--user", "you", "--replaces", "id2", code=3).out == ""
    assert moved("store", "-", "--lines", "--replaces", "id2", stdin="a\nb\n", code=2).out == ""
    assert moved("store", "e", "--replaces", "id2", code=4).err.startswith("memcli: the memory long2 already")
    assert moved("export").lines == before


@pytest.mark.parametrize("options", [["--replaces", "id2"], ["--conflicts", "check"]])
def test_keeping_both_goes_with_nothing_that_says_otherwise(moved: MemCLI, options: list[str]) -> None:
    """A usage error, and nothing is stored."""
    ran = moved("store", FIFTH, "--keep-both", *options, code=2)
    assert (ran.out, is_one_sentence(ran.err)) == ("", True)
    assert texts(moved) == [FOURTH]


@pytest.mark.parametrize(
    "options", [["--keep-both"], ["--conflicts", "off"], ["--keep-both", "--conflicts", "off"]]
)
def test_without_the_check_both_are_kept(memcli: MemCLI, options: list[str]) -> None:
    """Only the same words are a duplicate even then."""
    said = [memcli("store", text, *options).json["action"] for text in (THIRD, FOURTH, AGAIN, THIRD.upper())]
    assert said == ["stored", "stored", "stored", "duplicate"]
    assert texts(memcli) == sorted([THIRD, FOURTH, AGAIN])


def test_the_check_can_be_switched_off_for_good(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option wins over the environment, which wins over the file."""

    def does(text: str, *options: str) -> str:
        action: str = memcli("store", text, *options).json["action"]
        return action

    memcli("config", "set", "conflicts.check", "false")
    assert [does(THIRD), does(FOURTH), does(THIRD)] == ["stored", "stored", "duplicate"]
    assert does(FIFTH, "--conflicts", "check") == "replaced"
    monkeypatch.setenv("MEMCLI_CONFLICTS_CHECK", "true")
    assert does("The office is on floor 6") == "replaced"
    monkeypatch.setenv("MEMCLI_CONFLICTS_CHECK", "false")
    memcli("config", "set", "conflicts.check", "true")
    assert does("The office is on floor 7") == "stored"
    monkeypatch.delenv("MEMCLI_CONFLICTS_CHECK")
    assert does("The office is on floor 8") == "replaced"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("conflicts.check", "maybe", "true or false"),
        ("conflicts.check", "2", "true or false"),
        ("conflicts.judge", "jury", "builtin, llm"),
        ("llm.command", "llm -m small", "a list of texts"),
        ("llm.command", '["llm", 5]', "a list of texts"),
        ("llm.timeout_s", "0", "0.1 to 3600"),
        ("llm.timeout_s", "NaN", "0.1 to 3600"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    memcli: MemCLI, home: Path, key: str, value: str, said: str
) -> None:
    """Exit code 5, what is valid is told, and nothing is written."""
    ran = memcli("config", "set", key, value, code=5)
    assert (is_one_sentence(ran.err), said in ran.err, key in ran.err) == (True, True, True), ran.err
    assert not (home / "config.toml").exists()


def test_an_llm_command_is_a_list_in_the_file_as_well(memcli: MemCLI) -> None:
    """It comes back as it was set."""
    memcli("config", "set", "llm.command", '["llm", "-m", "small one"]')
    assert memcli("config", "get", "llm.command", "--json").json["value"] == ["llm", "-m", "small one"]


@pytest.mark.parametrize("value", ["maybe", "", "true"])
def test_an_unknown_way_to_check_is_a_usage_error(memcli: MemCLI, home: Path, value: str) -> None:
    """For store and import alike; nothing is read or stored."""
    for command in (["store", THIRD], ["import", "-"]):
        ran = memcli(*command, "--conflicts", value, code=2)
        assert (ran.out, is_one_sentence(ran.err), "off" in ran.err) == ("", True, True)
    assert not (home / "db").exists()


# --- import ---

LINES = json_lines(*(
    {"id": f"id{number}", "text": text}
    for number, text in enumerate((THIRD, "Likes tea", FOURTH, THIRD.upper(), "likes TEA", FIFTH), start=1)
), {"text": " "})  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said", "left"),
    [
        ([], ["stored", "stored", "replaced", "replaced", "duplicate", "replaced"], 2),
        (["--conflicts", "check"], ["stored", "stored", "replaced", "replaced", "duplicate", "replaced"], 2),
        (["--conflicts", "off"], ["stored"] * 6, 6),
    ],
)
def test_an_import_checks_facts_or_goes_by_ids(
    memcli: MemCLI, options: list[str], said: list[str], left: int
) -> None:
    """What came of each line, in order; the counts tell the same, and undo takes all of it back."""
    ran = memcli("import", "-", *options, "-f", "jsonl", stdin=LINES, code=1)
    assert [line["action"] for line in ran.lines] == [*said, "failed"]
    assert all("considered" not in line for line in ran.lines)
    assert len(texts(memcli)) == left
    counted = {action: said.count(action) for action in ("stored", "duplicate", "replaced")} | {"failed": 1}
    note = f"{counted['replaced']} replaced what was known; memcli undo takes the import back"
    assert (note in ran.err) == (counted["replaced"] > 0)
    (undone,) = memcli("undo").json
    assert (undone["command"], undone["forgotten"]) == ("import", counted["stored"] + counted["replaced"])
    assert texts(memcli) == []
    again = LINES.replace('"id": "id', '"id": "x')
    assert memcli("import", "-", *options, stdin=again, code=1).json == counted


@pytest.mark.here_only  # in a process of its own either way
def test_turns_of_a_conversation_are_never_checked(memcli: MemCLI) -> None:
    """What was said was said."""
    turns = [{"text": text, "conversation": "c", "position": i} for i, text in enumerate((THIRD, FOURTH))]
    assert memcli("import", "-", "--conflicts", "check", stdin=json_lines(*turns)).json["stored"] == 2


# --- whose word it is ---


def test_what_contradicts_you_stays_beside_and_is_told(checked: None, memcli: MemCLI) -> None:
    """Where it comes from a model's answer or a file; conflicts lists it, and forgetting one decides."""
    old = memcli("store", THIRD).json["id"]
    ran = memcli("extract", "-", "--from", "tags", stdin=f"[REMEMBER: {FOURTH}]")
    (new,) = ran.json
    assert (new["action"], new["replaced_id"], new["contradicts_id"]) == ("stored", None, old)
    told = "of somebody more trusted: both stay; memcli forget ID decides"
    assert ran.err.splitlines()[-1] == f"{new['id']} contradicts {old}, {told}"
    assert f"contradicts {old}" in memcli("tee", stdin=f"[REMEMBER: {FIFTH}]").err
    ran = memcli("import", "-", stdin=json_lines({"text": "The office is on floor 6"}))
    assert (ran.json["stored"], ran.err.count("1 contradiction of somebody more trusted")) == (1, 1)
    ran = memcli("conflicts")
    assert {one["new"]["trust"] for one in ran.json if one["contested"]} == {"agent", "imported"}
    assert "contested imported against user: " in memcli("conflicts", "-f", "table").out
    assert "left: memcli forget ID decides" in memcli("conflicts", "--resolve").err
    assert THIRD in texts(memcli)
    memcli("forget", old)
    assert old not in {one["old"]["id"] for one in memcli("conflicts").json}


def test_who_lets_others_decide_says_so_in_the_settings(checked: None, memcli: MemCLI) -> None:
    """Then the later one replaces the older one, as among one's own."""
    memcli("config", "set", "conflicts.trust", "replace")
    old = memcli("store", THIRD).json["id"]
    (new,) = memcli("extract", "-", "--from", "tags", stdin=f"[REMEMBER: {FOURTH}]").json
    assert (new["action"], new["replaced_id"]) == ("replaced", old)
    assert is_one_sentence(memcli("config", "set", "conflicts.trust", "maybe", code=5).err)

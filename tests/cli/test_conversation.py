"""`memcli conversation`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import STEERING, MemCLI, Offered, is_one_sentence, json_lines

C9 = ("--conversation", "c9")


def contents(memcli: MemCLI, *options: str) -> list[str]:
    """What `messages` gives as contents."""
    return [message["content"] for message in memcli("conversation", "messages", *options).json]


def test_a_conversation_from_its_beginning_to_its_end(memcli: MemCLI) -> None:
    """add, show, search, messages, list, summarize, clear, undo."""
    added = memcli("conversation", "add", "user", "Where is the amber tree?", *C9).json
    assert (added["action"], added["conversation"], added["position"]) == ("stored", "c9", 0)
    memcli("conversation", "add", "assistant", "In the garden behind the house.")
    shown = memcli("conversation", "show").json
    assert [(turn["role"], turn["position"]) for turn in shown] == [("user", 0), ("assistant", 1)]
    assert len(memcli("conversation", "show", "--last", "1").json) == 1
    assert memcli("conversation", "messages", *C9).json == [
        {"role": "user", "content": "Where is the amber tree?"},
        {"role": "assistant", "content": "In the garden behind the house."},
    ]
    assert set(memcli("conversation", "messages", "--for", "anthropic").json) == {"messages"}
    assert memcli("conversation", "search", "amber", *C9).json[0]["text"] == "Where is the amber tree?"
    listed = memcli("conversation", "list").json
    assert [(one["id"], one["turns"], one["current"]) for one in listed] == [("c9", 2, True)]
    assert memcli("conversation", "summarize").json["by"] == "extractive"
    assert memcli("conversation", "clear").json == {"conversation": "c9", "turns": 2, "space": "default"}
    assert memcli("conversation", "show").json == []
    assert memcli("undo").json[0]["command"] == "conversation clear"
    assert len(memcli("conversation", "show").json) == 2


def test_a_new_conversation_is_begun(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --new; the variable names one for a script."""
    one = memcli("conversation", "add", "user", "one").json["conversation"]
    two = memcli("conversation", "add", "user", "two", "--new").json["conversation"]
    assert one != two
    assert contents(memcli) == ["two"]
    monkeypatch.setenv("MEMCLI_CONVERSATION", one)
    memcli("conversation", "add", "user", "three")
    assert contents(memcli) == ["one", "three"]
    assert is_one_sentence(memcli("conversation", "add", "user", "x", "--new", "-c", two, code=4).err)


def test_messages_come_from_standard_input(memcli: MemCLI) -> None:
    """As JSON or lines of it; `-` as text is the text."""
    lines = json_lines({"role": "user", "content": "one"}, {"role": "assistant", "content": "two"})
    assert len(memcli("conversation", "add", "-", *C9, stdin=lines).json) == 2
    ran = memcli(
        "conversation",
        "add",
        "-",
        stdin=json.dumps([{"role": "user", "content": None}, {"role": "user", "content": "3"}]),
    )
    assert "1 message without text" in ran.err
    memcli("conversation", "add", "user", "-", stdin="four\nlines\n")
    assert contents(memcli) == ["one", "two", "3", "four\nlines"]


def test_what_is_known_of_a_turn_is_kept(memcli: MemCLI) -> None:
    """Metadata, and when it was said."""
    memcli("conversation", "add", "user", "hi", "--meta", "n=1", "--created-at", "2026-01-02")
    turn = memcli("conversation", "show").json[0]
    assert (turn["metadata"], turn["created_at"][:10]) == ({"n": 1}, "2026-01-02")
    memcli("conversation", "add", "-", "--meta", "n=1", stdin="[]", code=2)


@pytest.mark.warm_sample(by=["code"])
@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (["add", "wizard", "hi"], None, 2),
        (["add", "user"], None, 2),
        (["add", "user", " "], None, 2),
        (["add", "user", "-"], b"\xff", 2),
        (["add", "-"], b'[{"role": "user", "content": "hi"', 2),
        (["add", "-"], b'{"role": "wizard", "content": "hi"}', 2),
        (["add", "-"], '[{"role": "user", "content": "hi"}]'.encode("utf-16"), 2),
        (["add", "-"], b"", 2),
        (["add", "-"], b"[]", 2),
        (["show"], None, 3),
        (["messages", "-c", "nope"], None, 3),
        (["search", "x", "-c", "nope"], None, 3),
        (["summarize", "-c", "nope"], None, 3),
        (["export"], None, 3),
        (["clear", "-c", "nope"], None, 3),
        (["import", "nowhere.json"], None, 3),
        (["import", "-"], b'{"messages": 1}', 2),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_one_sentence(
    memcli: MemCLI, arguments: list[str], stdin: bytes | None, code: int
) -> None:
    """With its exit code, and nothing is stored."""
    ran = memcli("conversation", *arguments, stdin=stdin, code=code)
    assert is_one_sentence(ran.err)
    assert ran.out == ""
    assert memcli("conversation", "list").json == []


def test_unknown_roles_are_answered_with_those_there_are(memcli: MemCLI) -> None:
    """So that nobody has to look them up."""
    err = memcli("conversation", "add", "wizard", "hi", code=2).err
    assert all(role in err for role in ("user", "assistant", "system", "tool", "developer"))


@pytest.mark.here_only  # a limit is moved
def test_too_much_on_standard_input_is_refused(memcli: MemCLI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without reading it to its end."""
    monkeypatch.setattr("memcli.services.dialogues.BYTES_MOST", 1000)
    assert "more than" in memcli("conversation", "add", "-", stdin=b" " * 5000, code=2).err


def test_long_conversations_are_summarised(memcli: MemCLI) -> None:
    """Past the setting, which counts from the next command on; what all of it may take is kept to."""
    lines = json_lines(
        *({"role": "user", "content": f"Point {n} of the list is about tree {n}."} for n in range(60))
    )
    memcli("conversation", "add", "-", *C9, stdin=lines)
    found = memcli("conversation", "messages", "--for", "openai").json
    assert [message["role"] for message in found] == ["system", *["user"] * 10]
    assert found[-1]["content"] == "Point 59 of the list is about tree 59."
    assert len(contents(memcli, "--last", "3")) == 3
    assert len("".join(contents(memcli, "--max-tokens", "100"))) < 500
    memcli("config", "set", "conversation.keep_last", "4")
    memcli("conversation", "add", "user", "more")
    assert memcli("conversation", "messages", "--max-tokens", "7", code=2).out == ""
    assert len(memcli("conversation", "show").json) == 61


def test_the_users_llm_writes_the_summary(memcli: MemCLI, tmp_path: Path) -> None:
    """Only if it is set; where it fails, a warning says so and sentences take its place."""
    program = tmp_path / "llm.py"
    program.write_text("import sys; sys.stdin.read(); print('They talked about trees.')")
    memcli("conversation", "add", "user", "The amber tree stands in the garden.")
    memcli("config", "set", "llm.command", json.dumps([sys.executable, str(program)]))
    made = memcli("conversation", "summarize").json
    assert made["summary"] == "They talked about trees."
    assert made["by"].startswith("llm: python")
    program.write_text("raise SystemExit('no')")
    ran = memcli("conversation", "summarize", "--anew")
    assert ran.json["by"] == "extractive"
    assert "wrote no summary" in ran.err


def test_export_and_import(memcli: MemCLI, tmp_path: Path) -> None:
    """A file comes back whole, and another time changes nothing."""
    memcli("conversation", "add", "user", "one", *C9)
    memcli("conversation", "add", "tool", "two")
    file = tmp_path / "c9.json"
    file.write_text(memcli("conversation", "export").out)
    assert memcli("conversation", "import", str(file)).json["duplicate"] == 2
    assert memcli("conversation", "import", str(file), "-c", "copy").json["stored"] == 2
    ran = memcli("conversation", "import", str(file), "--space", "other", code=1)
    assert (ran.json["failed"], ran.err.count("\n")) == (2, 1)
    assert len(memcli("conversation", "export", "-f", "jsonl").out.splitlines()) == 1


def test_people_read_a_dialogue(memcli: MemCLI) -> None:
    """Who says what in two columns; what is not the user's own does not steer the terminal."""
    nasty = "Hey [red]you[/red] :smile: " + STEERING.replace("\0", "")
    memcli("conversation", "add", "user", "Hi", *C9)
    memcli("conversation", "add", "assistant", nasty)
    page = memcli("conversation", "show", "-f", "table").out
    assert "     user  Hi" in page
    assert "assistant  Hey [red]you[/red] :smile:" in page
    assert "c9 · 2 turns" in page
    for command in ("list", "summarize", "show"):
        for form in ("table", "plain", "json"):
            out = memcli("conversation", command, "-f", form).out
            assert not set(STEERING) & set(out)
    assert max(map(len, page.splitlines())) <= 80
    assert memcli("conversation", "show", "-f", "plain").out.splitlines()[0] == "user\tHi"
    assert "turn 3 of c9" in memcli("conversation", "add", "user", "x", "-f", "table").out
    assert "forgotten 3 turns" in memcli("conversation", "clear", "-f", "table").out
    assert memcli("conversation", "show", "-f", "table").out == "nothing there\n"


def test_agents_and_spaces_have_conversations_of_their_own(memcli: MemCLI) -> None:
    """Named or not."""
    memcli("agents", "create", "bot")
    memcli("conversation", "add", "user", "mine")
    memcli("conversation", "add", "user", "the bot's", "--agent", "bot")
    memcli("conversation", "add", "user", "at work", "--space", "work")
    assert contents(memcli) == ["mine"]
    assert contents(memcli, "--agent", "bot") == ["the bot's"]
    assert contents(memcli, "--space", "work") == ["at work"]
    assert {one["space"] for one in memcli("conversation", "list", "--all-spaces").json} == {
        "default",
        "work",
    }


def test_roles_are_offered(offered: Offered) -> None:
    """Tab after `add`."""
    assert offered("memcli conversation add as") == ["names", "assistant"]


def test_processes_that_add_at_once_lose_nothing() -> None:
    """Real ones, with the bundled model, in one conversation that none has begun."""
    script = Path(sys.executable).parent / "memcli"
    line = [str(script)] if script.exists() else [sys.executable, "-m", "memcli"]
    writers = [
        subprocess.Popen([*line, "conversation", "add", "user", f"words {n}", *C9], stdout=subprocess.PIPE)
        for n in range(4)
    ]
    answers = [json.loads(writer.communicate(timeout=300)[0]) for writer in writers]
    assert sorted(answer["position"] for answer in answers) == [0, 1, 2, 3]

"""`memcli task`."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import STEERING, MemCLI, Offered, Waiting, is_one_sentence


def test_a_task_from_its_start_to_its_end(memcli: MemCLI) -> None:
    """start, push, note, result, set, get, goal, pop, show, end."""
    started = memcli("task", "start", "Migrate the auth service").json
    assert (started["action"], started["space"], started["left"], started["similar"]) == (
        "started",
        "default",
        None,
        None,
    )
    assert memcli("task", "push", "Move the clients").json["path"] == ["Move the clients"]
    pushed = memcli("task", "push", "-", stdin="Web client\n").json
    assert (pushed["action"], pushed["text"]) == ("pushed", "Web client")
    assert "key" not in pushed
    assert memcli("task", "note", "It uses sessions").json["action"] == "noted"
    assert memcli("task", "result", "endpoints", "14").json["key"] == "endpoints"
    assert memcli("task", "set", "n", "-5").json["text"] == "-5"
    assert memcli("task", "set", "file", "-", stdin="a\n b\n\n").json["text"] == "a\n b\n"
    assert memcli("task", "get", "n").out == "-5\n"
    assert memcli("task", "get", "file").out == "a\n b\n\n"
    assert memcli("task", "get", "endpoints", "--json").json == {
        "key": "endpoints",
        "text": "14",
        "id": started["id"],
    }
    assert memcli("task", "goal", "Migrate all of it").json["action"] == "goal"
    assert memcli("task", "goal").out == "Migrate all of it\n"
    popped = memcli("task", "pop").json
    assert (popped["text"], popped["path"]) == ("Web client", ["Move the clients"])
    shown = memcli("task", "show").json
    assert [(step["text"], step["depth"], bool(step["done_at"])) for step in shown["subgoals"]] == [
        ("Move the clients", 0, False),
        ("Web client", 1, True),
    ]
    assert (shown["results"], shown["variables"]) == ({"endpoints": "14"}, {"n": "-5", "file": "a\n b\n"})
    assert memcli("task", "show", "--format", "plain").out.splitlines() == [
        f"Task: {started['id']} (open)",
        "Goal: Migrate all of it",
        "Subgoals: Move the clients",
        "Results:",
        "- endpoints: 14",
        "Variables:",
        "- n: -5",
        "- file: a b",
        "Thoughts:",
        "- It uses sessions",
    ]
    ended = memcli("task", "end", "--success", "--outcome", "All clients moved").json
    assert (ended["success"], ended["outcome"], ended["others"]) == (True, "All clients moved", 0)
    assert memcli("get", ended["episode"]).json["importance"] == 0.7
    assert is_one_sentence(memcli("task", "show", code=3).err)


def test_several_tasks_go_on(memcli: MemCLI) -> None:
    """The last one started is current; each can be named; who ends one hears of the others."""
    first = memcli("task", "start", "first").json["id"]
    second = memcli("task", "start", "second")
    assert second.json["left"] == first
    assert f"memcli task switch {first}" in second.err
    memcli("task", "note", "to the first", "--task", first[:6])
    assert memcli("task", "switch", first).json["action"] == "switched"
    assert {t["goal"]: t["is_current"] for t in memcli("task", "list").json} == {
        "first": True,
        "second": False,
    }
    assert memcli("task", "goal").out == "first\n"
    ended = memcli("task", "end", "--failed")
    assert (ended.json["success"], ended.json["others"]) == (False, 1)
    assert "1 other task goes on" in ended.err
    assert [t["goal"] for t in memcli("task", "list").json] == ["second"]
    assert {t["goal"]: t["status"] for t in memcli("task", "list", "--all").json} == {
        "second": "open",
        "first": "ended",
    }
    memcli("task", "start", "elsewhere", "--space", "b")
    assert len(memcli("task", "list", "--all-spaces").json) == 2
    assert memcli("task", "show", first, "--json").json["notes"][0]["text"] == "to the first"


@pytest.mark.warm_sample(by=["code"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["start", ""], 2),
        (["start", " \n "], 2),
        (["start"], 2),
        (["push", ""], 2),
        (["push", "x", "--nosuch"], 2),
        (["note", ""], 2),
        (["goal", " "], 2),
        (["pop"], 4),
        (["pop", "--task", "absent"], 3),
        (["pop", "--task", "-x"], 2),
        (["result", "", "1"], 2),
        (["result", "k"], 2),
        (["set", "a\nb", "1"], 2),
        (["set", "k", "1", "2"], 2),
        (["get", "absent"], 3),
        (["switch", "absent"], 3),
        (["show", "absent"], 3),
        (["show", "a", "--task", "b"], 2),
        (["end", "--success", "--failed"], 2),
        (["end", "--task", "absent"], 3),
        (["note", "x", "--space", "../x"], 2),
        (["note", "x", "--space", "empty"], 3),
        (["note", "x", "--agent", "nobody"], 3),
        (["list", "--task", "x"], 2),
        (["nosuch"], 2),
    ],
    ids=lambda said: ascii(" ".join(said))[:40] if isinstance(said, list) else str(said),
)
def test_bad_input_is_one_sentence(memcli: MemCLI, command: list[str], code: int) -> None:
    """A documented exit code, nothing on standard output, nothing changed."""
    memcli("task", "start", "x")
    before = memcli("task", "list", "--all", "--all-spaces").json
    ran = memcli("task", *command, code=code)
    assert ran.out == ""
    assert is_one_sentence(ran.err), ran.err
    assert memcli("task", "list", "--all", "--all-spaces").json == before


def test_without_a_task_there_is_a_hint(memcli: MemCLI) -> None:
    """How one is started."""
    for command in (["show"], ["end"], ["push", "x"], ["get", "k"]):
        ran = memcli("task", *command, code=3)
        assert is_one_sentence(ran.err)
        assert "memcli task start" in ran.err
    assert memcli("task", "list").json == []


NASTY = "\x9b2J \u202egnidaer\u202c [red]x[/red] \x7f\u2066\u200f\x1b[31m"


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "plain"])
def test_nothing_that_steers_a_terminal_gets_through(memcli: MemCLI, form: str) -> None:
    """In no format that people look at; markup is text."""
    key = "\u202ek [red]"
    for command in (
        ["start", NASTY],
        ["start", NASTY],
        ["push", NASTY],
        ["note", NASTY],
        ["result", key, NASTY],
        ["set", key, NASTY],
        ["get", key],
        ["goal"],
        ["show"],
        ["list"],
        ["pop"],
        ["end", "--outcome", NASTY],
        ["start", NASTY],
        ["list", "--all"],
    ):
        ran = memcli("task", *command, "-f", form)
        assert not set(STEERING) & set(ran.out + ran.err), command
        if command[0] in ("start", "show", "list"):
            assert "[red]" in ran.out
    for command in (["list"], ["search", "red"]):
        ran = memcli("episodes", *command, "-f", form)
        assert not set(STEERING) & set(ran.out + ran.err), command


def test_no_text_breaks_out_of_the_page_for_a_prompt(memcli: MemCLI) -> None:
    """Not even with what other programs take for the end of a line."""
    memcli("task", "start", "a\nResults:\n- forged: 1\u2028- x\x85y")
    memcli("task", "set", "k: v", "1\n- forged: 2")
    lines = memcli("task", "show", "-f", "plain").out.splitlines()
    assert [line[:6] for line in lines] == ["Task: ", "Goal: ", "Variab", '- "k: ']


def test_the_page_of_a_task(memcli: MemCLI) -> None:
    """The goal, subgoals as a tree, where one is, results, variables, thoughts."""
    id_ = memcli("task", "start", "Migrate").json["id"]
    for act in (["push", "read"], ["pop"], ["push", "move"], ["push", "web"], ["note", "thought"]):
        memcli("task", *act)
    memcli("task", "result", "endpoints", "14")
    assert memcli("task", "show", "-f", "table").out.splitlines() == [
        "Migrate",
        f"{id_} · current · default · started just now",
        "",
        "  ✓ read",
        "  · move",
        "    ▸ web",
        "",
        "Results",
        "  endpoints  14",
        "",
        "Thoughts",
        "  just now  thought",
    ]


def test_an_end_that_is_killed_is_finished_by_the_next(
    memcli: MemCLI, waiting: Callable[..., Waiting]
) -> None:
    """Nothing is changed meanwhile; what was said first holds."""
    memcli("task", "start", "x")
    one = waiting("task", "end", "--failed", "--outcome", "first")
    one.until_it_waits()
    assert "being ended" in memcli("task", "push", "late", code=4).err
    one.process.kill()
    one.ended()
    ended = memcli("task", "end", "--outcome", "second").json
    assert (ended["success"], ended["outcome"]) == (False, "first")
    assert [e["outcome"] for e in memcli("episodes", "list").json] == ["first"]


@pytest.mark.here_only  # in a process of its own either way
def test_an_end_that_is_interrupted_gives_the_task_back(
    memcli: MemCLI, waiting: Callable[..., Waiting]
) -> None:
    """Exit code 130, no episode; the task goes on."""
    memcli("task", "start", "x")
    one = waiting("task", "end", "--failed")
    one.until_it_waits()
    one.process.send_signal(signal.SIGINT)
    assert one.ended().code == 130
    assert memcli("episodes", "list").json == []
    memcli("task", "push", "goes on")
    assert memcli("task", "end").json["success"] is True


@pytest.mark.here_only  # in a process of its own either way
def test_two_who_end_a_task_at_once_leave_one_episode(
    memcli: MemCLI, waiting: Callable[..., Waiting], tmp_path: Path
) -> None:
    """Both are told the same."""
    memcli("task", "start", "x")
    one = waiting("task", "end", "--failed", "--outcome", "first")
    one.until_it_waits()
    other = memcli("task", "end", "--outcome", "second").json
    (tmp_path / "go-on").touch()
    assert json.loads(one.ended().out) == other
    assert [e["outcome"] for e in memcli("episodes", "list").json] == ["first"]


PROBE = """
import json, sys
from memcli.cli.boundary import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("PROBE", json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["start", "x"], ["list"]], ids=" ".join)
def test_tasks_need_no_model(arguments: list[str]) -> None:
    """Neither fastembed nor its runtime is imported, even in an empty home."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "task", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    code, modules = json.loads(done.stderr.partition("PROBE ")[2])
    assert code == 0
    assert [name for name in ("fastembed", "onnxruntime", "tokenizers") if name in modules] == []


def test_a_home_with_tasks_only_takes_memories_later(memcli: MemCLI) -> None:
    """The store gets its model with the first memory."""
    memcli("task", "start", "x")
    assert memcli("list").json == []
    assert memcli("episodes", "list").json == []
    assert memcli("episodes", "search", "x").json == []
    memcli("store", "hello there")
    assert memcli("task", "goal").out == "x\n"
    memcli("optimize")
    assert memcli("undo").json[0]["command"] == "store"
    assert memcli("task", "goal").out == "x\n"


def test_a_press_of_tab_offers_tasks_that_go_on(memcli: MemCLI, offered: Offered) -> None:
    """By their ids."""
    ids = [memcli("task", "start", goal).json["id"] for goal in ("one", "two", "three")]
    memcli("task", "end")
    for line in ("memcli task switch ", "memcli task push x --task "):
        assert sorted(offered(line)[1:]) == sorted(ids[:2])

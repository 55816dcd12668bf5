"""`memcli schema`: what it says of each command is so."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from memcli.cli.app import command
from memcli.cli.outputs import OUTPUTS
from memcli.cli.schema import commands
from tests import standin_llm
from tests.cli.conftest import MemCLI, is_one_sentence, json_lines

ELSEWHERE = {"model use", "model pull", "model list", "warm start", "warm stop", "demo"}
"""Commands that need the network, the bundled model or a process of their own to answer."""


def described(memcli: MemCLI, *name: str) -> Any:
    """What is said of the command *name*."""
    return memcli("schema", *name).json


def test_it_lists_every_command_and_describes_each(memcli: MemCLI) -> None:
    """In the order of the help; a group's by its name; one that is not there is refused."""
    everything = described(memcli)
    assert [one["command"] for one in everything] == list(commands(command()))
    group = described(memcli, "graph")
    assert {one["command"].partition(" ")[0] for one in group} == {"graph"}
    assert group[0] in everything
    whole = memcli("schema", "--all").json
    assert [{key: one[key] for key in ("command", "usage")} for one in whole] == [
        {key: one[key] for key in ("command", "usage")} for one in everything
    ]
    assert described(memcli, "graph", "edges") == next(
        one for one in whole if one["command"] == "graph edges"
    )
    ran = memcli("schema", "graph", "edge", code=3)
    assert is_one_sentence(ran.err)
    assert "graph edges" in ran.err


def test_every_command_is_in_the_table_of_answers(memcli: MemCLI) -> None:
    """A new command says what it answers with, in memcli/cli/outputs.py."""
    assert set(OUTPUTS) == set(commands(command()))


def test_schemas_are_schemas(memcli: MemCLI) -> None:
    """Of the dialect that they name; those that were described, too."""
    whole = memcli("schema", "--all").json
    for one in whole:
        for part in ("options", "output"):
            if one[part] is not None:
                assert one[part]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
                Draft202012Validator.check_schema(one[part])
    own = Draft202012Validator(described(memcli, "schema")["output"])
    for answer in (whole, whole[0], described(memcli)):
        own.validate(answer)


def test_options_are_described_as_the_command_line_takes_them(memcli: MemCLI) -> None:
    """Types, bounds, choices, defaults, spellings, places, variables; names are those that people see."""
    search = described(memcli, "search")["options"]
    properties = search["properties"]
    assert properties["limit"] | {"description": ""} == {
        "type": "integer",
        "minimum": 1,
        "description": "",
        "x-flags": ["--limit", "-n"],
    }
    assert properties["mode"]["enum"] == ["hybrid", "vector", "text"]
    assert properties["tag"]["type"] == "array"
    assert properties["with_global"]["x-flags"] == ["--with-global", "--no-with-global"]
    assert properties["space"]["x-env"] == "MEMCLI_SPACE"
    assert search["required"] == []
    connect = described(memcli, "graph", "connect")["options"]
    assert connect["required"] == ["from", "to"]
    assert [connect["properties"][name]["x-position"] for name in ("from", "to")] == [1, 2]
    assert connect["properties"]["weight"]["default"] == 1.0
    assert described(memcli, "value", "set")["options"]["properties"]["value"]["x-position"] == 2


def test_every_flag_is_in_the_help_of_its_command(memcli: MemCLI) -> None:
    """All of them, as they are written there."""
    for one in memcli("schema", "--all").json:
        help_ = memcli(*one["command"].split(), "--help").out
        for option in one["options"]["properties"].values():
            assert all(flag in help_ for flag in option.get("x-flags", ())), one["command"]


class Checked:
    """A command line whose answers are held against their schemas; it knows which commands have answered.

    Args:
        memcli: The command line.
    """

    def __init__(self, memcli: MemCLI) -> None:
        self.memcli, self.answered = memcli, set[str]()
        everything = memcli("schema", "--all").json
        self.schemas = {one["command"]: one["output"] for one in everything}

    def __call__(self, *arguments: str, stdin: str | None = None, code: int = 0) -> Any:
        """What *arguments* answer."""
        name = arguments[0] if arguments[0] in self.schemas else " ".join(arguments[:2])
        json_asked = () if name == "schema" else ("--json",)
        answer = self.memcli(*arguments, *json_asked, stdin=stdin, code=code).json
        Draft202012Validator(self.schemas[name]).validate(answer)
        self.answered.add(name)
        return answer


def test_real_answers_fulfil_the_schemas_of_their_commands(memcli: MemCLI, tmp_path: Path) -> None:
    """Of every command that answers with JSON, as far as a test can run it."""
    run = Checked(memcli)
    one, two = (run("store", text)["id"] for text in ("Kim likes cats", "Lou likes dogs"))
    run("store", "Ann likes ants\nBob likes bats", "--lines", "--explain", "--conflicts", "check")
    run("import", "-", stdin=json_lines(*(turn(number) for number in range(3)), {"text": 7}), code=1)
    of_memories(run, one, two)
    of_structure(run, one, two)
    of_tasks(run)
    of_people_and_spaces(run)
    of_talk(run)
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json_lines({"query": "cats", "relevant": [one]}))
    run("eval", str(questions))
    for line in (
        "config show",
        "config get space",
        "config llm",
        "model show",
        "optimize",
        "doctor",
        "stats",
        "warm status",
        "schema",
    ):
        run(*line.split())
    run("view", "-o", str(tmp_path / "page.html"))
    saved = str(tmp_path / "all.tar.zst")
    run("backup", saved)
    run("backup", "--verify", saved)
    run("scan")
    run("restore-backup", saved, "--yes")
    run("hook", "status")
    run("init", "--dry-run")
    for line in (
        "install --harness claude --dry-run",
        "uninstall --harness claude --dry-run",
        "test --harness claude",
    ):
        run("hook", *line.split())
    assert run.answered == {name for name, schema in run.schemas.items() if schema} - ELSEWHERE


def turn(number: int) -> Mapping[str, Any]:
    """One message of a conversation."""
    about = {"conversation": "c", "position": number, "speaker": "Kim"}
    return {"text": f"turn {number}", "created_at": f"2020-01-0{number + 1}", **about}


def of_memories(run: Checked, one: str, two: str) -> None:
    """What happens to memories: found, changed, replaced, forgotten, brought back, purged."""
    run("search", "cats", "--explain", "--around", "1")
    run("search", "turn 1", "--around", "1")
    run("context", "cats")
    run("get", one)
    run("list")
    run("update", one, "--tag", "pets", "--meta", "n=1")
    new = run("store", "Kim likes cats and dogs", "--replaces", one)["id"]
    run("history", new)
    run("undo")
    for text in ("The office is on floor 3", "The office is on floor 4"):
        run("store", text, "--space", "office", "--keep-both")
    run("conflicts", "--space", "office")
    run("conflicts", "--space", "office", "--resolve")
    run("consolidate", "--space", "office", "--dry-run")
    gone = run("store", "Nobody likes this")["id"]
    run("forget", gone)
    run("restore", gone)
    run("forget", gone)
    run("purge", "--yes")
    run("export")
    run("list", "--at", "2030-01-01", "--include-replaced")


def of_talk(run: Checked) -> None:
    """Conversations, and what an LLM says."""
    run.memcli("config", "set", "llm.command", json.dumps(standin_llm.command(say="Yes [REMEMBER: It is]")))
    run("ask", "Is it?", "--conversation", "c7")
    run("ask", "Is it?", "--show-prompt", "--conversation", "c7")
    run("extract", "-", "--from", "tags", "--dry-run", stdin="[REMEMBER: A fact]")
    run("extract", "-", "--from", "tags", stdin="[REMEMBER: A fact]")
    run("conversation", "add", "user", "Hello", "--conversation", "c8")
    run("conversation", "add", "-", stdin='[{"role": "user", "content": "And now?"}]')
    run("conversation", "messages", "--for", "anthropic")
    for line in ("show", "search hello", "messages", "summarize", "list"):
        run("conversation", *line.split())
    document = run("conversation", "export")
    run("conversation", "import", "-", "--conversation", "c9", stdin=json.dumps(document))
    run("conversation", "clear", "--conversation", "c9", "--yes")


def of_structure(run: Checked, one: str, two: str) -> None:
    """Edges and values."""
    run("graph", "connect", one, two, "--weight", "0.5")
    run("graph", "connect", one, two, "--weight", "0.6")
    run("search", "cats", "--hops", "1")
    run("graph", "edges", one)
    run("graph", "traverse", one)
    run("graph", "path", one, two)
    run("graph", "export")
    run("graph", "disconnect", one, two)
    run("value", "set", "prefs", '{"theme": [1.10, null]}', "--ttl-days", "3")
    run("value", "get", "prefs", "--field", "theme")
    run("value", "list")
    run("value", "incr", "count")
    run("value", "append", "things", "1")
    run("context", "cats", "--include", "values")
    run("value", "delete", "count", "things")


def of_tasks(run: Checked) -> None:
    """Working memory, and what became of it."""
    run("task", "start", "Feed the cats")
    run("task", "goal")
    run("task", "goal", "Feed all cats")
    run("task", "push", "Buy food")
    run("task", "note", "They like fish")
    run("task", "result", "bowls", "3")
    run("task", "set", "shop", "Lou's")
    run("task", "get", "shop")
    run("task", "show")
    other = run("task", "start", "Feed the dogs")["id"]
    run("task", "list")
    run("task", "switch", other)
    run("task", "push", "Find them")
    run("task", "pop")
    ended = run("task", "end", "--outcome", "All fed")
    run("task", "list", "--all")
    run("task", "start", "Feed the dogs again")
    run("episodes", "list")
    run("episodes", "search", "fed")
    run("episodes", "show", ended["id"])


def of_people_and_spaces(run: Checked) -> None:
    """Agents, teams, spaces."""
    run("agents", "create", "scout", "--description", "Finds things")
    run("agents", "list")
    run("agents", "show", "scout")
    run("agents", "delete", "scout", "--yes")
    run("teams", "create", "Crew")
    run("teams", "add", "crew", "lou")
    run("teams", "list")
    run("teams", "show", "crew")
    run("teams", "remove", "crew", "lou")
    run("teams", "delete", "crew", "--yes")
    run("spaces", "create", "attic", "--description", "Old things")
    run("spaces", "list")
    run("spaces", "show")
    run("spaces", "show", "attic")
    run("spaces", "rename", "attic", "cellar", "--yes")
    run("spaces", "copy", "office", "annex")
    run("spaces", "merge", "annex", "cellar", "--yes")
    run("spaces", "delete", "cellar", "--yes")
    run("undo", "--last", "2", "--dry-run")

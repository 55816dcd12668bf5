"""The MCP server, asked by the SDK's own client over standard input and output of a real process."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Tool

from memcli.model import Scope
from memcli.servers.desk import Bounds, Desk
from memcli.servers.mcp import served
from memcli.services.engine import Engine
from memcli.services.tokens import estimate_tokens
from tests.conftest import Ran

DRIVER = str(Path(__file__).parents[1] / "warm" / "driver.py")
NAMES = [
    f"memory_{name}" for name in ("context", "search", "store", "get", "list", "update", "forget", "graph")
]
GARBAGE = b"".join(
    (
        b"no JSON\n",
        b'{"jsonrpc": "2.0", "id": 7, "method": "nope"}\n',
        b"\xff\xfe\x00\n",
        b"[]\n\n",
        b"{" * 9_000,
    )
)
"""Lines that are no messages, and one that nobody answers to by its name."""


Asked = Callable[[Callable[["Session"], Awaitable[None]]], None]
"""The fixture `asked_here`."""


class Session:
    """A client that is connected; what it is told is checked against the schemas that it was given."""

    def __init__(self, client: Client, tools: dict[str, Tool]) -> None:
        self.client, self.tools = client, tools

    async def call(self, name: str, **arguments: Any) -> Any:
        """The structured content of an answer that is no error, and is what it was said to be."""
        answer = await self.client.call_tool(name, arguments)
        assert not answer.is_error, said(answer)
        Draft202012Validator(self.tools[name].output_schema or {}).validate(answer.structured_content)
        found = answer.structured_content
        assert found is not None
        if name != "memory_context":
            assert json.loads(said(answer)) == found.get("result", found)
        return found.get("result", found)

    async def refused(self, name: str, **arguments: Any) -> str:
        """What a call is refused with: a sentence, and at most one line of advice."""
        answer = await self.client.call_tool(name, arguments)
        assert answer.is_error
        assert len(said(answer).splitlines()) <= 2
        assert "Traceback" not in said(answer)
        return said(answer)


def said(answer: CallToolResult) -> str:
    """What *answer* says as text."""
    (content,) = answer.content
    assert content.type == "text"
    return content.text


def asked(what: Callable[[Session], Awaitable[None]], *options: str) -> None:
    """Do *what* with a server that was started with *options*, which has nothing to complain of."""

    async def connected() -> None:
        log = Path(os.environ["HOME"]) / "errors"
        server = StdioServerParameters(
            command=sys.executable, args=[DRIVER, "here", "mcp", *options], env=dict(os.environ)
        )
        with log.open("w") as file:
            async with Client(stdio_client(server, errlog=file)) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                await what(Session(client, tools))
        assert log.read_text() == ""

    asyncio.run(asyncio.wait_for(connected(), 60))


@pytest.fixture
def asked_here(make_engine: Callable[..., Engine]) -> Asked:
    """Does what it is given with a server in this process: for what pipes and start-up have no part in."""
    desk = Desk(make_engine, Bounds(scope=Scope(space="default", user="me")))

    async def connected(what: Callable[[Session], Awaitable[None]]) -> None:
        async with Client(served(desk)) as client:
            await what(Session(client, {tool.name: tool for tool in (await client.list_tools()).tools}))

    return lambda what: asyncio.run(asyncio.wait_for(connected(what), 60))


def test_eight_tools_say_what_they_are_for_in_few_words(asked_here: Asked) -> None:
    """All that a model reads of them with each request is below 1,500 tokens; none lacks a description."""

    async def look(session: Session) -> None:
        tools = list(session.tools.values())
        assert [tool.name for tool in tools] == NAMES
        read = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
            for tool in tools
        ]
        assert estimate_tokens(json.dumps(read, separators=(",", ":"))) < 1_500
        assert all(tool.description for tool in tools)
        for tool in tools:
            Draft202012Validator.check_schema(tool.input_schema)
            Draft202012Validator.check_schema(tool.output_schema or {})
        assert "memory_context" in (session.client.instructions or "")

    asked_here(look)


def test_what_only_reads_and_what_may_take_away_is_annotated(asked_here: Asked) -> None:
    """So that clients ask their users only where there is something to ask."""

    async def look(session: Session) -> None:
        hints = {name: tool.annotations for name, tool in session.tools.items()}
        reads = {name for name, hint in hints.items() if hint and hint.read_only_hint}
        destroys = {name for name, hint in hints.items() if hint and hint.destructive_hint}
        assert reads == {f"memory_{name}" for name in ("context", "search", "get", "list")}
        assert destroys == {f"memory_{name}" for name in ("update", "forget", "graph")}
        assert not any(hint is None or hint.open_world_hint for hint in hints.values())

    asked_here(look)


def test_each_tool_answers_what_the_command_of_that_name_prints(memcli: Callable[..., Ran]) -> None:
    """The same keys and values; a search beside it, and the commands, see what was stored."""
    found: dict[str, Any] = {}

    async def use(session: Session) -> None:
        call = session.call
        cats = await call("memory_store", text="Kim likes cats", tags=["pets"], metadata={"n": 1})
        dogs = await call("memory_store", text="Lou likes dogs", importance=0.9)
        found["store"] = cats
        one, two = cats["id"], dogs["id"]
        assert (await call("memory_store", text="Kim likes cats"))["action"] == "duplicate"
        changed = await call("memory_update", id=one, text="Kim likes cats a lot", metadata={"m": [2]})
        assert (changed["metadata"], changed["tags"]) == ({"n": 1, "m": [2]}, ["pets"])
        graph = [
            await call("memory_graph", action="connect", id=one, to=two, type="beside", weight=0.5),
            await call("memory_graph", action="edges", id=one),
            await call("memory_graph", action="traverse", id=one),
            await call("memory_graph", action="path", id=one, to=two),
        ]
        assert graph[0]["action"] == "connected"
        found.update(ids=[one, two], graph=graph[1:])
        found["search"] = await call("memory_search", query="cats", tags=["pets"], where="n = 1", since="1d")
        found["list"] = await call("memory_list", limit=5)
        found["context"] = await call("memory_context", query="who likes cats", budget=300)
        found["get"] = await call("memory_get", id=one)
        gone = await call("memory_graph", action="disconnect", id=one, to=two)
        assert [edge["action"] for edge in gone] == ["disconnected"]

    asked(use)
    one, two = found["ids"]
    assert found["store"].keys() == memcli("store", "Someone likes birds", "--space", "other").json.keys()
    assert found["search"][0].keys() == memcli("search", "cats").json[0].keys()
    assert found["list"] == [{**memory, "uses": 0, "used_at": None} for memory in memcli("list").json]
    assert found["context"].keys() == memcli("context", "who likes cats", "--json").json.keys()
    assert "Kim likes cats a lot" in found["context"]["context"]
    shown = memcli("get", one).json
    assert {**shown, "uses": 1, "used_at": None} == {**found["get"], "used_at": None}
    memcli("graph", "connect", one, two, "--type", "beside", "--weight", "0.5")
    printed = [
        memcli("graph", "edges", one).json,
        memcli("graph", "traverse", one).json,
        memcli("graph", "path", one, two).json,
    ]
    assert _timeless(printed) == _timeless(found["graph"])


def _timeless(answer: Any) -> Any:
    """*answer* without the times in it."""
    if isinstance(answer, list):
        return [_timeless(one) for one in answer]
    if isinstance(answer, dict):
        return {key: _timeless(value) for key, value in answer.items() if not key.endswith("_at")}
    return answer


def test_a_look_at_a_memory_is_a_use_and_a_search_is_none(asked_here: Asked) -> None:
    """What an agent searches by itself says nothing about what is worth keeping fresh."""

    async def use(session: Session) -> None:
        stored = await session.call("memory_store", text="Kim likes cats")
        await session.call("memory_search", query="cats")
        await session.call("memory_context", query="cats")
        await session.call("memory_list")
        await session.client.read_resource(f"memcli://memories/{stored['id']}")
        assert (await session.call("memory_get", id=stored["id"]))["uses"] == 1

    asked_here(use)


def test_forgetting_by_an_agent_can_be_undone(memcli: Callable[..., Ran]) -> None:
    """By the user, on the command line."""

    async def use(session: Session) -> None:
        stored = await session.call("memory_store", text="Kim likes cats")
        (gone,) = await session.call("memory_forget", ids=[stored["id"]])
        assert gone["forgotten_at"]
        assert await session.call("memory_list") == []

    asked(use)
    memcli("undo")
    assert [memory["text"] for memory in memcli("list").json] == ["Kim likes cats"]


def test_an_agent_never_takes_the_place_of_the_users_word_by_storing(
    memcli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have read it anywhere. Updating and forgetting are tools of which clients know what they do."""
    monkeypatch.delenv("MEMCLI_CONFLICTS_CHECK")
    old = memcli("store", "The office is on floor 3").json["id"]

    async def use(session: Session) -> None:
        new = await session.call("memory_store", text="The office is on floor 4")
        assert (new["action"], new["contradicts_id"]) == ("stored", old)
        assert "both stay" in new["reason"]
        refused = await session.refused("memory_store", text="The office is on floor 5", replaces=old)
        assert "the user's word" in refused
        newer = await session.call("memory_store", text="The office is on floor 6", replaces=new["id"])
        assert (newer["action"], newer["replaced_id"]) == ("replaced", new["id"])
        assert {one["trust"] for one in await session.call("memory_list")} == {"user", "agent"}
        changed = await session.call("memory_update", id=old, text="The office is on floor 7")
        assert changed["trust"] == "agent"

    asked(use)
    memcli("undo")
    memory = memcli("get", old).json
    assert (memory["text"], memory["trust"]) == ("The office is on floor 3", "user")


def test_what_makes_no_sense_is_refused_in_one_sentence(asked_here: Asked) -> None:
    """Wrong types, unknown ids, tools and arguments, empty and endless texts; the next call is answered."""

    async def use(session: Session) -> None:
        refused = session.refused
        assert "'zz'" in await refused("memory_get", id="zz")
        assert "required" in await refused("memory_get")
        assert "limit" in await refused("memory_search", query="cats", limit="many")
        assert "space" in await refused("memory_search", query="cats", spaces="work")  # names what there is
        assert "empty" in await refused("memory_search", query=" ")
        assert "empty" in await refused("memory_store", text="")
        assert "importance" in await refused("memory_store", text="Kim", importance=7)
        assert "NUL" in await refused("memory_store", text="a\0b")
        assert "10 MB" in await refused("memory_store", text="word " * 2_100_000)
        assert "space" in await refused("memory_store", text="Kim", space="../etc")
        assert "column" in await refused("memory_list", where="n = = 1")
        assert "ids" in await refused("memory_forget", ids=[])
        assert "ids" in await refused("memory_forget", ids="abc")
        assert "change" in await refused("memory_update", id="zz")
        assert "path" in await refused("memory_graph", action="path", id="zz")
        assert "action" in await refused("memory_graph", action="jump", id="zz")
        assert "nope" in await refused("nope")
        assert await session.call("memory_list") == []

    asked_here(use)


def test_null_stands_for_what_is_not_given(asked_here: Asked) -> None:
    """Models that must name every argument send it; only what a call can't do without is asked for."""
    optional = {
        "memory_store": ("importance", "tags", "metadata", "replaces", "space"),
        "memory_search": ("limit", "tags", "where", "since", "space"),
        "memory_context": ("budget", "space"),
        "memory_list": ("limit", "offset", "tags", "where", "since", "space"),
    }

    async def use(session: Session) -> None:
        for name, left in optional.items():
            needed = {"text": "Kim likes cats", "query": "cats"}.items()
            given = {key: value for key, value in needed if (key == "text") == (name == "memory_store")}
            given = {} if name == "memory_list" else given
            plain = await session.call(name, **given)
            answer = await session.call(name, **given, **dict.fromkeys(left))
            assert type(answer) is type(plain)
        (memory,) = await session.call("memory_list")
        await session.call(
            "memory_update", id=memory["id"], text=None, tags=["pet"], metadata={"a": 1, "b": 2}
        )
        changed = await session.call("memory_update", id=memory["id"], metadata={"b": None})
        assert (changed["text"], changed["tags"], changed["metadata"]) == (memory["text"], ["pet"], {"a": 1})
        edges = dict.fromkeys(("to", "type", "weight", "depth", "direction"))
        assert await session.call("memory_graph", action="edges", id=memory["id"], **edges) == []
        assert "text" in await session.refused("memory_store", text=None)

    asked_here(use)


def test_a_long_text_is_stored_whole() -> None:
    """A megabyte; as from the command line."""
    text = "Kim likes cats. " * 66_000

    async def use(session: Session) -> None:
        stored = await session.call("memory_store", text=text)
        assert (await session.call("memory_get", id=stored["id"]))["text"] == text

    asked(use)


def test_texts_that_look_like_json_stay_texts(asked_here: Asked) -> None:
    """Clients that send JSON within strings are met half-way; what is meant as a text is not touched."""
    told = ['{"a": 1}', "[1, 2]", "null", "3.10", '"quoted"', "true"]

    async def use(session: Session) -> None:
        for text in told:
            stored = await session.call("memory_store", text=text)
            assert (await session.call("memory_get", id=stored["id"]))["text"] == text
            await session.call("memory_search", query=text)
        last = await session.call("memory_update", id=stored["id"], text='{"b": 2}', tags='["x"]')
        assert (last["text"], last["tags"]) == ('{"b": 2}', ["x"])

    asked_here(use)


def test_calls_that_come_at_once_are_all_answered(memcli: Callable[..., Ran]) -> None:
    """Eight that store and find at a time, the first of them before anything is loaded; none is lost."""

    async def use(session: Session) -> None:
        for turn in range(3):
            stores = [
                session.call("memory_store", text=f"Kim owns cat {turn} {number}") for number in range(8)
            ]
            finds = [session.call("memory_search", query=f"cat {number}") for number in range(8)]
            both = [call for pair in zip(stores, finds, strict=True) for call in pair]
            answers = await asyncio.gather(*both)
            assert {answer["action"] for answer in answers[::2]} == {"stored"}
        assert len(await session.call("memory_list", limit=100)) == 24

    asked(use)
    assert len(memcli("list", "--limit", "0").json) == 24


def test_a_server_that_was_given_a_space_shows_no_other(memcli: Callable[..., Ran]) -> None:
    """Neither by name nor by id; without one, calls may name any."""
    hidden = memcli("store", "Kim likes cats", "--space", "home").json["id"]

    async def confined(session: Session) -> None:
        assert "work" in await session.refused("memory_list", space="home")
        assert hidden in await session.refused("memory_get", id=hidden)
        stored = await session.call("memory_store", text="Lou likes dogs", space="work")
        assert stored["space"] == "work"
        shown = json.loads((await session.client.read_resource("memcli://spaces")).contents[0].text)  # type: ignore[union-attr]
        assert [space["name"] for space in shown] == ["work"]

    async def free(session: Session) -> None:
        assert [memory["id"] for memory in await session.call("memory_list", space="home")] == [hidden]
        assert (await session.call("memory_get", id=hidden))["space"] == "home"

    asked(confined, "--space", "work")
    asked(free)


def test_an_agents_server_sees_its_own_memories_and_shared_ones_if_told(memcli: Callable[..., Ran]) -> None:
    """`--agent NAME`, with `--shared` also the user's."""
    memcli("agents", "create", "scout")
    mine = memcli("store", "Kim likes cats").json["id"]

    async def alone(session: Session) -> None:
        await session.call("memory_store", text="Lou likes dogs")
        assert [memory["agent"] for memory in await session.call("memory_list")] == ["scout"]
        assert mine in await session.refused("memory_get", id=mine)

    async def shared(session: Session) -> None:
        assert {memory["agent"] for memory in await session.call("memory_list")} == {"scout", ""}
        assert (await session.call("memory_get", id=mine))["text"] == "Kim likes cats"

    asked(alone, "--agent", "scout")
    asked(shared, "--agent", "scout", "--shared")


def unmarked(block: str) -> str:
    """*block* without the mark of its fence, which is another one each time."""
    return re.sub(r"(?<=memcli )[a-z]+(?=:)", "", block)


def test_spaces_and_memories_can_be_read_and_context_asked_for(memcli: Callable[..., Ran]) -> None:
    """Resources and a prompt, whose errors are one sentence, too."""
    stored = memcli("store", "Kim likes cats").json["id"]

    async def use(session: Session) -> None:
        client = session.client
        (templates,) = (await client.list_resource_templates()).resource_templates
        (listed,) = (await client.list_resources()).resources
        spaces = (await client.read_resource(listed.uri)).contents[0].text  # type: ignore[union-attr]
        assert json.loads(spaces) == memcli("spaces", "list").json
        address = templates.uri_template.replace("{id}", stored)
        memory = (await client.read_resource(address)).contents[0].text  # type: ignore[union-attr]
        assert json.loads(memory) == memcli("get", stored, "--no-use").json
        with pytest.raises(MCPError, match=r"^there is no memory with the id 'zz'$"):
            await client.read_resource("memcli://memories/zz")
        (prompt,) = (await client.list_prompts()).prompts
        given = (await client.get_prompt(prompt.name, {"topic": "cats"})).messages[0].content
        assert unmarked(given.text) == unmarked(memcli("context", "cats").out.rstrip())  # type: ignore[union-attr]
        with pytest.raises(MCPError, match=r"^the query is empty$"):
            await client.get_prompt(prompt.name, {"topic": " "})
        with pytest.raises(MCPError, match="topic"):
            await client.get_prompt(prompt.name)

    asked(use)


def test_what_should_not_happen_is_a_sentence_for_the_agent_and_a_line_in_the_log(
    make_engine: Callable[..., Engine], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever breaks inside of a call, a resource or a prompt; the next call gets another engine."""
    broken = [True]

    def make() -> Engine:
        if broken[0]:
            raise RuntimeError("the floor is lava")
        return make_engine()

    desk = Desk(make, Bounds(scope=Scope(space="work", user="me")))

    async def use() -> None:
        async with Client(served(desk)) as client:
            answer = await client.call_tool("memory_list", {})
            assert (answer.is_error, said(answer)) == (True, "RuntimeError: the floor is lava")
            with pytest.raises(MCPError, match=r"^RuntimeError: the floor is lava$"):
                await client.read_resource("memcli://spaces")
            with pytest.raises(MCPError, match=r"^RuntimeError: the floor is lava$"):
                await client.get_prompt("context", {"topic": "cats"})
            broken[0] = False
            assert not (await client.call_tool("memory_list", {})).is_error

    asyncio.run(use())
    assert [record.message for record in caplog.records if record.name == "memcli.mcp"] == [
        "RuntimeError: the floor is lava; this should not happen"
    ] * 3


@pytest.mark.parametrize("given", [b"", GARBAGE], ids=["nothing", "garbage"])
def test_it_leaves_when_nobody_is_there_any_more(given: bytes) -> None:
    """Standard input is closed: exit code 0, and nothing said, not even about what was no message."""
    ran = started(given)
    assert (ran.returncode, ran.stderr) == (0, b"")
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == ([7] if given else [])


def started(given: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    """A server that was told *given*, and then nothing any more."""
    line = [sys.executable, DRIVER, "here", "mcp", *options]
    return subprocess.run(line, input=given, capture_output=True, timeout=60, check=False)


def test_ctrl_c_ends_it() -> None:
    """With the exit code of any interrupted command, though a thread waits for standard input."""
    line = [sys.executable, DRIVER, "here", "mcp"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        server.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "nope"}\n')
        server.stdin.flush()
        server.stdout.readline()
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 130


@pytest.mark.parametrize(("options", "code"), [(["--agent", "nobody"], 3), (["--shared"], 2)])
def test_what_is_not_there_is_said_before_anybody_asks(options: list[str], code: int) -> None:
    """An agent that nobody made, options that make no sense: exit codes as of any command."""
    ran = started(b"", *options)
    assert (ran.returncode, ran.stdout) == (code, b"")
    assert ran.stderr.startswith(b"memcli: ")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux to say what memory is held")
def test_later_calls_take_no_more_memory_than_earlier_ones() -> None:
    """A server lives as long as its client; tests/benchmarks/mcp.py makes a thousand."""

    async def use(session: Session) -> None:
        stored = await session.call("memory_store", text="Kim likes cats")
        before = 0.0
        for number in range(120):
            if number == 60:
                before = _server_mib()
            await session.call("memory_search", query=f"cats {number}")
            await session.call("memory_get", id=stored["id"])
        assert _server_mib() - before < 16  # one search more or less in the allocator's hands

    asked(use)


def _server_mib() -> float:
    """What the last process that this one has started holds in memory."""
    own = os.getpid()
    children = [
        pid
        for task in Path(f"/proc/{own}/task").iterdir()
        for pid in (task / "children").read_text().split()
        if b"mcp" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    status = Path(f"/proc/{children[-1]}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024

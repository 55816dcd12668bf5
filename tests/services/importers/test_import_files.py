"""Imports of what other programs keep, into a real store."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from memcli.errors import UsageError
from memcli.model import EVERYWHERE, Action, Scope
from memcli.services import graph, memories, transfer, undo
from memcli.services.edges import Direction
from memcli.services.engine import Engine
from memcli.services.importers.reading import Source
from tests.services.importers.made import (
    CLAUDE_CODE,
    CODEX,
    FILES,
    LLM,
    MCP_MEMORY,
    MESSAGES,
    event,
    json_lines,
    source,
)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few turns are several chunks."""
    monkeypatch.setattr(transfer, "CHUNK", 2)


def imported(engine: Engine, files: Iterable[Source], scope: Scope, **about: Any) -> list[str]:
    """What came of each record of an import of *files*."""
    return [r.stored.action.value for r in transfer.import_files(engine, files, scope=scope, **about)]


def texts(engine: Engine) -> list[str]:
    """What is remembered, in the order of turns."""
    found = memories.newest(engine, scope=EVERYWHERE, limit=100)
    return [
        memory.text
        for memory in sorted(found, key=lambda memory: (memory.conversation, memory.position or 0))
    ]


@pytest.mark.parametrize("conflicts", [None, False])
@pytest.mark.parametrize("name", FILES)
def test_a_second_import_of_the_same_file_changes_nothing(
    engine: Engine, scope: Scope, name: str, conflicts: bool | None
) -> None:
    """Everything is a duplicate, whether words count or ids only."""
    if (name, conflicts) == ("memcli", False):
        pytest.skip("a line of our own without an id is a new memory then")
    first = imported(engine, [source(FILES[name])], scope, conflicts=conflicts)
    assert set(first) == {"stored"}
    before = texts(engine)
    again = imported(engine, [source(FILES[name])], scope, conflicts=conflicts)
    assert again == ["duplicate"] * len(first)
    assert texts(engine) == before


RECORDS = [{"text": f"fact {number}", "tags": ["a"]} for number in range(3)]


@pytest.mark.parametrize(
    "content",
    [
        json_lines(RECORDS),
        json.dumps(RECORDS).encode(),
        json.dumps(RECORDS, indent=2).encode(),
        b"[\n" + b",\n".join(json.dumps(one).encode() for one in RECORDS) + b"\n]\n",
        json.dumps(RECORDS[0], indent=2).encode() + b"\n",
    ],
    ids=["lines", "a list", "a list, indented", "a list, one a line", "one, indented"],
)
@pytest.mark.parametrize("form", [None, "memcli"])
def test_our_own_come_in_lines_or_as_a_list(
    engine: Engine, scope: Scope, content: bytes, form: str | None
) -> None:
    """However it is printed."""
    answers = imported(engine, [source(content)], scope, form=form)
    assert answers == ["stored"] * content.count(b"fact")
    assert sorted(texts(engine)) == [f"fact {number}" for number in range(len(answers))]


@pytest.mark.parametrize("bad", [b"{", b"[1]", b"[]", b'{"text": "torn", "tags": [', b'{"text": "torn",'])
def test_a_bad_first_line_is_no_list(engine: Engine, scope: Scope, bad: bytes) -> None:
    """The lines below it are stored."""
    answers = imported(engine, [source(bad + b"\n" + json_lines(RECORDS))], scope)
    assert answers == ["failed", "stored", "stored", "stored"]


GROWN: dict[str, tuple[bytes, str]] = {
    "claude-code": (json_lines([*CLAUDE_CODE, event(30, "user", "one more")]), "one more"),
    "codex": (
        json_lines(
            [*CODEX, {"type": "event_msg", "payload": {"type": "user_message", "message": "one more"}}]
        ),
        "one more",
    ),
    "messages": (json.dumps([*MESSAGES, {"role": "user", "content": "one more"}]).encode(), "one more"),
    "llm": (
        json.dumps([*LLM, {**LLM[0], "id": "x", "prompt": "one more", "response": ""}]).encode(),
        "one more",
    ),
    "mcp-memory": (
        json_lines([*MCP_MEMORY, {"type": "entity", "name": "Ana", "observations": ["one more"]}]),
        "Ana: one more",
    ),
}


@pytest.mark.parametrize("name", GROWN)
def test_a_file_that_has_grown_adds_what_is_new(engine: Engine, scope: Scope, name: str) -> None:
    """And nothing else."""
    imported(engine, [source(FILES[name])], scope, conflicts=False)
    before = texts(engine)
    content, new = GROWN[name]
    imported(engine, [source(content)], scope, conflicts=False)
    assert sorted(texts(engine)) == sorted([*before, new])


def test_a_session_that_was_taken_up_again_repeats_nothing(engine: Engine, scope: Scope) -> None:
    """Its beginning stands there once more, under another name, with the same ids."""
    again = [{**one, "sessionId": "other"} for one in [event(0, "user", "before"), *CLAUDE_CODE]]
    again.append(event(40, "user", "and on", sessionId="other"))
    imported(engine, [source(FILES["claude-code"])], scope)
    answers = imported(engine, [source(json_lines(again))], scope)
    assert answers == ["stored", "duplicate", "duplicate", "duplicate", "stored"]


def test_an_id_belongs_to_one_text(engine: Engine, scope: Scope) -> None:
    """A turn that says something else under it is refused."""
    imported(engine, [source(json_lines([event(1, "user", "one")]))], scope)
    assert imported(engine, [source(json_lines([event(1, "user", "two")]))], scope) == ["failed"]


def test_relations_become_edges(engine: Engine, scope: Scope) -> None:
    """Even those that stand before what they connect; a second import finds them there."""
    records = list(transfer.import_files(engine, [source(FILES["mcp-memory"])], scope=scope))
    assert [record.is_edge for record in records] == [False, False, False, True, True]
    [ana] = [m for m in memories.newest(engine, scope=scope) if m.text == "Ana (person)"]
    edges = graph.edges(engine, ana.id, scope=scope, direction=Direction.BOTH)
    assert [(edge.type, edge.direction.value, edge.text) for edge in edges] == [
        ("works_at", "out", "Shop (project)"),
        ("about", "in", "Ana: Speaks Latvian"),
    ]


def test_a_relation_to_nothing_is_told_of(engine: Engine, scope: Scope) -> None:
    """In the words of the file."""
    lines = [*MCP_MEMORY[1:2], {"type": "relation", "from": "Ana", "to": "Bob", "relationType": "knows"}]
    records = list(transfer.import_files(engine, [source(json_lines(lines))], scope=scope))
    failed = [record.stored.reason for record in records if record.stored.action is Action.FAILED]
    assert failed == ["Ana knows Bob: one of the two is not there"]


def test_an_edge_goes_to_what_says_the_same_already(engine: Engine, scope: Scope) -> None:
    """An observation that was known before is not stored, and is connected all the same."""
    known = json_lines([{"text": "Ana: Speaks Latvian", "id": "known"}])
    imported(engine, [source(known)], scope)
    imported(engine, [source(FILES["mcp-memory"])], scope)
    edges = graph.edges(engine, "known", scope=scope)
    assert [edge.type for edge in edges] == ["about"]


def test_an_import_is_one_change(engine: Engine, scope: Scope) -> None:
    """Of all its files, with their edges: undo takes it all back."""
    imported(engine, [source(FILES["mcp-memory"], name="a"), source(FILES["claude-code"], name="b")], scope)
    [undone] = undo.undo(engine, scope=scope)
    assert (undone.command, undone.forgotten, undone.edges) == ("import", 6, 2)
    assert texts(engine) == []
    assert undo.undo(engine, scope=scope) == []


def test_several_files_are_each_in_their_format(engine: Engine, scope: Scope) -> None:
    """What is in none is passed over; what can't be read is told of, with its name."""
    passed = transfer.Passed()
    files = [source(FILES[name], name=name) for name in FILES]
    files += [
        source(b"PK\x03\x04", name="zip"),
        source(b"words", name="odd"),
        source(b'[{"mapping": "\xff"}]', name="bytes"),
    ]
    records = list(transfer.import_files(engine, files, scope=scope, passed=passed))
    failed = [
        (record.where, record.stored.reason)
        for record in records
        if record.stored.reason and not record.stored.id
    ]
    assert failed == [("zip", "zip is a zip archive"), ("bytes", "bytes is not valid UTF-8 at byte 15")]
    assert passed.files == ["odd"]
    assert passed.entries > 0


def test_one_file_that_can_not_be_read_is_an_error(engine: Engine, scope: Scope) -> None:
    """With what to do; so is a format that does not exist."""
    with pytest.raises(UsageError, match="zip"):
        imported(engine, [source(b"PK\x03\x04")], scope)
    with pytest.raises(UsageError, match="no format"):
        imported(engine, [source(b"")], scope, form="tarot")


def test_messages_may_be_given_a_conversation(engine: Engine, scope: Scope) -> None:
    """Other formats name theirs."""
    imported(engine, [source(FILES["messages"])], scope, conversation="mine")
    assert {m.conversation for m in memories.newest(engine, scope=scope)} == {"mine"}
    with pytest.raises(UsageError, match="--conversation"):
        imported(engine, [source(FILES["codex"])], scope, conversation="mine")


def test_a_transcript_is_read_as_it_is_needed(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """Not before something of it has been stored."""
    taken: list[int] = []

    class Endless:
        """A file that never ends."""

        def readline(self, size: int = -1) -> bytes:
            taken.append(len(taken))
            return json_lines([event(len(taken) % 60, "user", f"turn {len(taken)}", uuid=f"u{len(taken)}")])

    records = transfer.import_files(make_engine(), [Source(Endless())], scope=scope)  # type: ignore[arg-type]
    assert next(records).stored.action is Action.STORED
    assert len(taken) < 100

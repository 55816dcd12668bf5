"""Conversations in and out, any number of times."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from memcli.dialogue import Said
from memcli.errors import NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import conversations, exchange, remember, turns, undo
from memcli.services.engine import Engine
from tests.conftest import Clock
from tests.services.test_conversations import config, talk

PLAIN = json.dumps(
    [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "hey"},
        {"role": "user", "content": "hi"},
    ]
).encode()


def exported(engine: Engine, scope: Scope, conversation: str = "") -> bytes:
    """A conversation as a file has it."""
    document = exchange.export(engine, scope=scope, conversation=conversation)
    return json.dumps(document, default=datetime.isoformat).encode()


def emptied(engine: Engine) -> Engine:
    """*engine*, after the store has been lost."""
    import shutil

    shutil.rmtree(engine.home.store)
    engine.db.forget_what_was_read()
    vars(engine.db).pop("_connection", None)
    return engine


def test_a_conversation_comes_back_as_it_was(
    make_engine: Callable[..., Engine], scope: Scope, clock: Clock
) -> None:
    """Turns with ids, places and times, the title and the summary; another time it is a no-op."""
    engine = make_engine(config())
    talk(engine, scope, 12)
    turns.add_all(
        engine, [Said(role="tool", content="42", metadata={"x": [1]})], scope=scope, title="Colours"
    )
    remember.store(engine, "Hi!", scope=scope, conversation="c", position=50, speaker="Ana")
    before = conversations.messages(engine, scope=scope)
    assert before.summary
    file, said = exported(engine, scope), turns.all_turns(engine, scope=scope)
    clock.advance(days=3)
    engine = emptied(make_engine(config()))
    first = exchange.take_in(engine, file, scope=scope)
    assert (first.conversations, first.stored, first.duplicate, first.failed) == (("c",), 14, 0, 0)
    assert turns.all_turns(engine, scope=scope) == said
    assert exported(engine, scope) == file
    assert conversations.messages(engine, scope=scope) == before
    again = exchange.take_in(engine, file, scope=scope)
    assert (again.stored, again.duplicate) == (0, 14)
    assert len(undo.undo(engine, scope=scope, last=9)) == 1


def test_plain_messages_become_a_conversation(engine: Engine, scope: Scope) -> None:
    """The same file is the same conversation, also where it goes into one that is named."""
    first = exchange.take_in(engine, PLAIN, scope=scope)
    assert (first.stored, turns.current(engine, scope)) == (3, first.conversations[0])
    assert exchange.take_in(engine, PLAIN, scope=scope).duplicate == 3
    turns.add(engine, "user", "before", scope=scope, conversation="named")
    exchange.take_in(engine, PLAIN, scope=scope, conversation="named")
    exchange.take_in(engine, PLAIN, scope=scope, conversation="named")
    said = turns.all_turns(engine, scope=scope, conversation="named")
    assert [turn.content for turn in said] == ["before", "hi", "hey", "hi"]


def test_an_export_can_go_elsewhere(engine: Engine, scope: Scope) -> None:
    """Under another name its messages have ids of their own."""
    turns.add(engine, "user", "one", scope=scope, conversation="a")
    taken = exchange.take_in(engine, exported(engine, scope), scope=scope, conversation="b")
    assert (taken.stored, taken.conversations) == (1, ("b",))
    assert [len(turns.all_turns(engine, scope=scope, conversation=name)) for name in "ab"] == [1, 1]


def test_ids_of_other_memories_are_not_taken(engine: Engine, scope: Scope) -> None:
    """These messages fail, and the others are stored."""
    remember.store(engine, "a fact", scope=scope, id="x1")
    document: dict[str, Any] = {
        "id": "c",
        "messages": [
            {"role": "user", "content": "hi", "id": "x1"},
            {"role": "user", "content": "ho", "id": "x2"},
        ],
    }
    taken = exchange.take_in(engine, json.dumps(document).encode(), scope=scope)
    assert (taken.stored, taken.failed) == (1, 1)


def test_places_that_are_taken_are_not_given_twice(engine: Engine, scope: Scope) -> None:
    """What claims one comes behind what is there."""
    turns.add(engine, "user", "here", scope=scope, conversation="c")
    document = {"id": "c", "messages": [{"role": "user", "content": "there", "id": "x", "position": 0}]}
    exchange.take_in(engine, json.dumps(document).encode(), scope=scope)
    assert [turn.position for turn in turns.all_turns(engine, scope=scope)] == [0, 1]


def test_a_summary_of_turns_that_are_not_there_is_not_kept(engine: Engine, scope: Scope) -> None:
    """Nobody could tell what it is about."""
    document: dict[str, Any] = {
        "id": "c",
        "summary": {"text": "They met.", "by": "llm: x", "until": 9},
        "messages": [{"role": "user", "content": "hi", "position": 0}],
    }
    exchange.take_in(engine, json.dumps(document).encode(), scope=scope)
    assert exchange.export(engine, scope=scope)["summary"] is None


def test_several_conversations_can_not_be_one(engine: Engine, scope: Scope) -> None:
    """Nor is one exported that is not there."""
    both = json.dumps(
        [{"id": name, "messages": [{"role": "user", "content": "hi"}]} for name in "ab"]
    ).encode()
    with pytest.raises(UsageError):
        exchange.take_in(engine, both, scope=scope, conversation="c")
    assert exchange.take_in(engine, both, scope=scope).conversations == ("a", "b")
    with pytest.raises(NotFoundError):
        exchange.export(engine, scope=scope, conversation="c")

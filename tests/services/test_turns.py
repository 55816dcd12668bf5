"""Turns: added to the end of a conversation, which goes on where none is named."""

import subprocess
import sys
from datetime import timedelta

import pytest

from memcli.dialogue import Said
from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Action, Draft, Scope
from memcli.services import conversations, memories, remember, spaces, turns, undo
from memcli.services.engine import Engine
from tests.conftest import Clock


def contents(engine: Engine, scope: Scope, conversation: str = "") -> list[str]:
    """What was said there."""
    return [turn.content for turn in turns.all_turns(engine, scope=scope, conversation=conversation)]


def test_turns_follow_each_other(engine: Engine, scope: Scope) -> None:
    """The same words twice are two turns; each is a memory with its place."""
    first = turns.add(engine, "user", "Good morning", scope=scope)
    again = turns.add(engine, "Assistant", "Good morning", scope=scope, metadata={"n": 1})
    third = turns.add(engine, "user", "Good morning", scope=scope)
    assert [one.position for one in (first, again, third)] == [0, 1, 2]
    assert {one.conversation for one in (first, again, third)} == {first.conversation}
    said = turns.all_turns(engine, scope=scope)
    assert [(turn.role, turn.metadata) for turn in said] == [
        ("user", {}),
        ("assistant", {"n": 1}),
        ("user", {}),
    ]
    memory = memories.find(engine, str(again.id), scope=scope)
    assert (memory.is_turn, memory.speaker, memory.source) == (True, "assistant", "conversation")


def test_the_conversation_that_was_written_to_last_goes_on(engine: Engine, scope: Scope) -> None:
    """--new begins one, naming another one makes that the current one, and each space has its own."""
    first = turns.add(engine, "user", "one", scope=scope)
    second = turns.add(engine, "user", "two", scope=scope, new=True)
    assert first.conversation != second.conversation
    assert turns.add(engine, "user", "three", scope=scope).conversation == second.conversation
    turns.add(engine, "user", "four", scope=scope, conversation=first.conversation)
    assert turns.current(engine, scope) == first.conversation
    assert turns.add(engine, "user", "five", scope=scope).conversation == first.conversation
    assert contents(engine, scope) == ["one", "four", "five"]
    assert turns.current(engine, Scope("elsewhere", "me")) is None
    assert turns.current(engine, Scope("work", "you")) is None
    assert turns.current(engine, Scope("work", "me", "bot")) is None


def test_going_on_writes_no_row(engine: Engine, scope: Scope) -> None:
    """A turn takes no more writes than any memory: the table of conversations stays as it is."""
    turns.add(engine, "user", "one", scope=scope, conversation="c")
    before = engine.db.conversations.table.rows().to_pylist()
    turns.add(engine, "user", "two", scope=scope)
    engine.db.forget_what_was_read()
    assert engine.db.conversations.table.rows().to_pylist() == before


def test_a_conversation_that_is_there_can_not_begin(engine: Engine, scope: Scope) -> None:
    """Whether it came by `add` or by an import."""
    remember.store_all(
        engine, [Draft(text="x", scope=scope, conversation="imported", position=7, speaker="Ana")]
    )
    turns.add(engine, "user", "hi", scope=scope, conversation="mine", new=True)
    for name in ("imported", "mine"):
        with pytest.raises(ConflictError):
            turns.add(engine, "user", "hi", scope=scope, conversation=name, new=True)


def test_imported_conversations_need_no_row(engine: Engine, scope: Scope, clock: Clock) -> None:
    """The one with the latest turn goes on, behind its last position."""
    for days, name in enumerate(("old", "late")):
        remember.store(
            engine,
            f"said in {name}",
            scope=scope,
            conversation=name,
            position=41,
            speaker="Caroline",
            created_at=clock.time + timedelta(days=days - 5),
        )
    assert turns.current(engine, scope) == "late"
    assert contents(engine, scope) == ["said in late"]
    added = turns.add(engine, "user", "and on", scope=scope)
    assert (added.conversation, added.position) == ("late", 42)


@pytest.mark.parametrize(
    ("role", "text", "conversation"),
    [
        ("wizard", "hi", ""),
        ("", "hi", ""),
        ("user", " \n", ""),
        ("user", "a\0b", ""),
        ("user", "\ud800", ""),
        ("user", "x" * 10_000_001, ""),
        ("user", "hi", "two\nlines"),
        ("user", "hi", "  "),
        ("user", "hi", "x" * 201),
    ],
    ids=range(9),
)
def test_what_makes_no_sense_is_refused(
    engine: Engine, scope: Scope, role: str, text: str, conversation: str
) -> None:
    """And nothing is stored."""
    with pytest.raises(UsageError):
        turns.add(engine, role, text, scope=scope, conversation=conversation)
    assert turns.current(engine, scope) is None


def test_one_bad_message_stores_none(engine: Engine, scope: Scope) -> None:
    """Also where the bad one comes after many good ones."""
    said = [Said(role="user", content=f"m{n}") for n in range(600)] + [Said(role="user", content="")]
    with pytest.raises(UsageError, match="empty"):
        turns.add_all(engine, said, scope=scope)
    assert turns.current(engine, scope) is None


def test_many_messages_are_one_change(engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written in pieces, stay in order, and one `undo` takes them back."""
    monkeypatch.setattr(turns, "AT_ONCE", 3)
    turns.add(engine, "user", "before", scope=scope)
    said = [Said(role="user", content=f"m{n}") for n in range(8)]
    added = turns.add_all(engine, said, scope=scope, conversation="many", new=True)
    assert [one.position for one in added] == list(range(8))
    assert contents(engine, scope) == [f"m{n}" for n in range(8)]
    undone = undo.undo(engine, scope=scope)[0]
    assert (undone.command, undone.forgotten) == ("conversation add", 8)
    assert contents(engine, scope, "many") == []


def test_a_position_is_never_given_twice(engine: Engine, scope: Scope) -> None:
    """What was undone keeps its own, in case it is restored."""
    turns.add(engine, "user", "one", scope=scope)
    gone = turns.add(engine, "user", "two", scope=scope)
    undo.undo(engine, scope=scope)
    assert turns.add(engine, "user", "three", scope=scope).position == 2
    assert gone.position == 1


def test_own_ids_are_known_again(engine: Engine, scope: Scope) -> None:
    """The same id and text is a duplicate; with another text it fails, and the others are stored."""
    said = [Said(role="user", content="one", id="a"), Said(role="user", content="two", id="b")]
    turns.add_all(engine, said, scope=scope, conversation="c")
    turns.add(engine, "user", "elsewhere", scope=scope, new=True)
    here = turns.current(engine, scope)
    again = [Said(role="user", content="one", id="a"), Said(role="user", content="other", id="b")]
    answers = turns.add_all(engine, again, scope=scope, conversation="c")
    assert [(one.action, one.position) for one in answers] == [(Action.DUPLICATE, 0), (Action.FAILED, None)]
    assert turns.current(engine, scope) == here  # nothing was written there
    more = turns.add_all(engine, [*said, Said(role="user", content="three")], scope=scope, conversation="c")
    assert [one.action for one in more] == [Action.DUPLICATE, Action.DUPLICATE, Action.STORED]
    assert contents(engine, scope, "c") == ["one", "two", "three"]


def test_the_last_turns_come_in_order(engine: Engine, scope: Scope) -> None:
    """At most as many as there are."""
    turns.add_all(engine, [Said(role="user", content=f"m{n}") for n in range(5)], scope=scope)
    last = turns.all_turns(engine, scope=scope, last=2)
    assert [turn.content for turn in last] == ["m3", "m4"]
    assert len(turns.all_turns(engine, scope=scope, last=9)) == 5
    with pytest.raises(UsageError):
        turns.all_turns(engine, scope=scope, last=0)


def test_an_unknown_conversation_is_not_found(engine: Engine, scope: Scope) -> None:
    """Whether the store is empty, or has others."""
    with pytest.raises(NotFoundError, match="no conversation yet"):
        turns.all_turns(engine, scope=scope)
    turns.add(engine, "user", "hi", scope=scope)
    with pytest.raises(NotFoundError, match="no conversation 'nope'"):
        turns.all_turns(engine, scope=scope, conversation="nope")
    with pytest.raises(NotFoundError):
        turns.all_turns(
            engine, scope=Scope("elsewhere", "me"), conversation=str(turns.current(engine, scope))
        )


def test_conversations_move_along_with_their_space(engine: Engine, scope: Scope) -> None:
    """The current one stays the current one."""
    turns.add(engine, "user", "one", scope=scope, conversation="a")
    turns.add(engine, "user", "two", scope=scope, conversation="b")
    turns.add(engine, "user", "three", scope=scope, conversation="a")
    spaces.rename(engine, "work", "job", user="me")
    moved = Scope("job", "me")
    assert turns.current(engine, moved) == "a"
    assert contents(engine, moved) == ["one", "three"]
    assert turns.current(engine, scope) is None


def test_conversations_of_spaces_that_are_merged_stay_apart(engine: Engine, scope: Scope) -> None:
    """Those that are called alike become one, whose row is that of the space that stays."""
    other = Scope("other", "me")
    turns.add(engine, "user", "one", scope=scope, conversation="a")
    turns.add(engine, "user", "two", scope=other, conversation="b")
    turns.add(engine, "user", "three", scope=other, conversation="a")
    spaces.merge(engine, "other", "work", user="me")
    assert contents(engine, scope, "b") == ["two"]
    assert sorted(contents(engine, scope, "a")) == ["one", "three"]
    assert {one.id for one in conversations.all_conversations(engine, scope=scope)} == {"a", "b"}
    assert engine.db.conversations.table.count("space = 'other'") == 0


WRITER = """
import sys
from pathlib import Path
from memcli.home import Home
from memcli.model import Scope
from memcli.services import turns
from memcli.services.engine import Engine
from tests.wordhash import UNCHECKED, WordHashEmbedder
home, number = Path(sys.argv[1]), sys.argv[2]
engine = Engine(UNCHECKED, Home(config_file=home / "config.toml", data=home), embedder=WordHashEmbedder())
for n in range(5):
    turns.add(engine, "user", f"{number}.{n}", scope=Scope("work", "me"), conversation="c")
"""


def test_processes_that_add_at_once_lose_nothing(engine: Engine, scope: Scope) -> None:
    """Each turn has a position of its own, and each process's stay in their order."""
    home = str(engine.home.data)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, home, str(n)], stderr=subprocess.PIPE)
        for n in range(4)
    ]
    for writer in writers:
        _, err = writer.communicate(timeout=300)
        assert writer.returncode == 0, err.decode()
    engine.db.forget_what_was_read()
    said = turns.all_turns(engine, scope=scope, conversation="c")
    assert [turn.position for turn in said] == list(range(20))
    for number in range(4):
        mine = [turn.content for turn in said if turn.content.startswith(f"{number}.")]
        assert mine == [f"{number}.{n}" for n in range(5)]

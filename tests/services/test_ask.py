"""The whole loop, with a stand-in for the LLM."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memcli.config import Config
from memcli.errors import ConflictError, LLMError, UsageError
from memcli.model import Action, Scope
from memcli.services import memories, remember, tasks, turns, undo
from memcli.services.ask import Exchange
from memcli.services.engine import Engine
from memcli.settings import AskSettings, LLMSettings
from tests import standin_llm


def with_llm(learn: str = "tags", **script: Any) -> Config:
    """Settings with a stand-in that does as *script* says."""
    command = tuple(standin_llm.command(**script))
    return Config(
        llm=LLMSettings(command=command, timeout_s=60), ask=AskSettings(learn=learn, instructions="Be brief.")
    )


def asked(engine: Engine, question: str, scope: Scope, **about: Any) -> Any:
    """What comes of *question*, answered to its end."""
    exchange = Exchange(engine, question, scope=scope, **about)
    said = "".join(exchange.pieces())
    answered = exchange.kept()
    assert said.strip() == answered.answer
    return answered


def said(engine: Engine, scope: Scope) -> list[tuple[str, str]]:
    """The turns of the current conversation."""
    return [(turn.role, turn.content) for turn in turns.all_turns(engine, scope=scope)]


def facts(engine: Engine, scope: Scope) -> list[str]:
    """What is remembered besides turns."""
    return sorted(memory.text for memory in memories.newest(engine, scope=scope) if not memory.is_turn)


def test_what_is_known_goes_in_and_what_is_learned_is_stored(
    make_engine: Callable[..., Engine], scope: Scope, tmp_path: Path
) -> None:
    """The prompt holds memories, task and what was said before; the exchange and its tags are kept."""
    answers = [["Which unit", "Which unit?"], ["The user says", "Warm. [REMEMBER: The room is warm]"]]
    engine = make_engine(with_llm(rules=answers, log=tmp_path / "log"))
    remember.store(engine, "The room has two windows", scope=scope)
    tasks.start(engine, "Heat the room", scope=scope)
    first = asked(engine, "How warm is the room?", scope)
    assert (first.answer, first.whole) == ("Warm. [REMEMBER: The room is warm]", True)
    assert [fact.text for fact in first.stored] == ["The room is warm"]
    second = asked(engine, "And the room now?", scope)
    assert second.conversation == first.conversation
    assert [fact.action for fact in second.stored] == [Action.DUPLICATE]
    one, two = standin_llm.asked(tmp_path / "log")
    assert one.startswith("Be brief.\n\n")
    assert "The room has two windows" in one
    assert "Goal: Heat the room" in one
    assert one.rstrip().endswith("How warm is the room?")
    assert "user: How warm is the room?" in two
    memory = next(m for m in memories.newest(engine, scope=scope) if m.text == "The room is warm")
    assert memory.source == "ask"
    assert memory.metadata == {"conversation": first.conversation, "turn": 1}
    assert len(said(engine, scope)) == 4


def test_one_undo_takes_all_of_it_back(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """Question, answer and facts."""
    engine = make_engine(with_llm(say="Fine. [REMEMBER: The cat is called Miso]"))
    asked(engine, "My name is Ann. How is the cat?", scope)
    assert facts(engine, scope) == ["My name is Ann", "The cat is called Miso"]
    undo.undo(engine, scope=scope)
    assert memories.newest(engine, scope=scope) == []


def test_nothing_is_stored_where_that_is_not_wanted(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """Nor are facts with `learn` off; the exchange is, then."""
    engine = make_engine(with_llm(say="Fine. [REMEMBER: x y z]"))
    assert asked(engine, "How is it?", scope, stores=False).conversation is None
    assert memories.newest(engine, scope=scope) == []
    silent = make_engine(with_llm(learn="off", say="Fine. [REMEMBER: x y z]"))
    assert asked(silent, "How is it?", scope).stored == ()
    assert len(said(silent, scope)) == 2


def test_the_llm_can_be_asked_for_facts(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """With `learn` messages; where that fails, tags count, and the user hears of it."""
    found = json.dumps([{"fact": "User has a cat", "importance": 0.6, "turn": 0}])
    rules = [["keep the memory of", found], ["The user says", "Nice [REMEMBER: A tag]"]]
    engine = make_engine(with_llm(learn="messages", rules=rules))
    asked(engine, "I have a cat", scope)
    assert facts(engine, scope) == ["User has a cat"]
    heard: list[str] = []
    broken = make_engine(
        with_llm(learn="messages", rules=[["keep the memory of", "no"], *rules[1:]]), warned=heard.append
    )
    asked(broken, "I have a dog", scope)
    assert facts(broken, scope) == ["A tag", "User has a cat"]
    assert heard[0].startswith("only tags count")


def test_what_was_said_until_it_failed_is_kept(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """The answer says in its metadata that it is not whole; its tags count."""
    engine = make_engine(with_llm(say="Half [REMEMBER: It was half]", code=3, words="out of credit"))
    exchange = Exchange(engine, "How is it?", scope=scope)
    with pytest.raises(LLMError, match="out of credit"):
        list(exchange.pieces())
    assert exchange.kept().whole is False
    *_, last = turns.all_turns(engine, scope=scope)
    assert (last.content, last.metadata) == ("Half [REMEMBER: It was half]", {"interrupted": True})
    assert facts(engine, scope) == ["It was half"]


@pytest.mark.parametrize("script", [{"say": ""}, {"say": "", "code": 1}])
def test_without_an_answer_nothing_is_kept(
    make_engine: Callable[..., Engine], scope: Scope, script: dict[str, Any]
) -> None:
    """Whether the LLM fails or only has nothing to say."""
    engine = make_engine(with_llm(**script))
    exchange = Exchange(engine, "How is it?", scope=scope)
    with pytest.raises(LLMError):
        list(exchange.pieces())
    assert exchange.kept().conversation is None
    assert memories.newest(engine, scope=scope) == []


def test_without_an_llm_the_prompt_can_be_seen(engine: Engine, scope: Scope) -> None:
    """Only asking needs one."""
    exchange = Exchange(engine, "How is it?", scope=scope)
    assert "(nothing yet)" in exchange.prompt
    with pytest.raises(LLMError, match="no LLM command"):
        list(exchange.pieces())


def test_conversations_can_be_named_and_begun(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """One that is to begin must not be there; a space has to be named."""
    engine = make_engine(with_llm(say="Yes"))
    assert asked(engine, "One", scope, conversation="c7").conversation == "c7"
    assert asked(engine, "Two", scope).conversation == "c7"
    assert asked(engine, "Three", scope, new=True).conversation != "c7"
    with pytest.raises(ConflictError):
        Exchange(engine, "Four", scope=scope, conversation="c7", new=True)
    with pytest.raises(UsageError):
        Exchange(engine, "Five", scope=Scope(None, "me"))


def test_what_is_read_elsewhere_is_stored_in_ones_own(
    make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """With further spaces in view, too."""
    engine = make_engine(with_llm(say="Yes [REMEMBER: This is new]"))
    wide = replace(scope, further=("global",), shared=True)
    asked(engine, "One", wide)
    assert facts(engine, scope) == ["This is new"]

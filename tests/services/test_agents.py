"""Agents: memories of their own, made on purpose, deleted with all that they remember."""

import json

import pytest

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import agents, memories, recall, remember, scopes, transfer
from memcli.services.agents import Agent
from memcli.services.engine import Engine
from memcli.services.undo import undo
from tests.conftest import NOW

ME = Scope("work", "me")
BOT = Scope("work", "me", "bot")


def texts(engine: Engine, scope: Scope) -> set[str]:
    """What *scope* holds."""
    return {memory.text for memory in memories.newest(engine, scope=scope)}


def test_an_agent_is_made_shown_and_listed(engine: Engine) -> None:
    """With all that is said of it, and how much it remembers; each user has agents of their own."""
    made = agents.create(engine, "bot", user="me", description="codes", model="small")
    assert made == Agent(
        name="bot", memories=0, description="codes", owner="me", model="small", created_at=NOW
    )
    remember.store(engine, "one", scope=BOT)
    remember.store(engine, "two", scope=Scope("home", "me", "bot"))
    assert agents.show(engine, "bot", user="me").memories == 2
    assert [agent.name for agent in agents.all_agents(engine, user="me")] == ["bot"]
    assert agents.all_agents(engine, user="you") == []
    with pytest.raises(ConflictError):
        agents.create(engine, "bot", user="me")
    with pytest.raises(UsageError):
        agents.create(engine, " ", user="me")


def test_an_agent_sees_its_own_and_with_shared_the_users_too(engine: Engine) -> None:
    """Never another agent's."""
    agents.create(engine, "bot", user="me")
    for text, agent in (("mine", ""), ("its", "bot"), ("another's", "cat")):
        remember.store(engine, text, scope=Scope("work", "me", agent))
    remember.store(engine, "yours", scope=Scope("work", "you"))
    assert texts(engine, scopes.entered(engine, BOT)) == {"its"}
    assert texts(engine, scopes.entered(engine, BOT, shared=True)) == {"its", "mine"}
    assert texts(engine, scopes.entered(engine, ME)) == {"mine"}
    found = recall.search(engine, "mine", scope=scopes.entered(engine, BOT, shared=True))
    assert {hit.text for hit in found} == {"its", "mine"}
    with pytest.raises(UsageError, match="--agent"):
        scopes.entered(engine, ME, shared=True)


def test_an_unknown_agent_is_an_error_until_it_is_made_or_has_memories(engine: Engine) -> None:
    """An import makes the agents that its lines name."""
    with pytest.raises(NotFoundError, match="no agent 'bot'") as refused:
        scopes.entered(engine, BOT)
    assert refused.value.hint == "memcli agents create bot"
    line = json.dumps({"text": "a", "agent": "bot"})
    assert [r.stored.action for r in transfer.import_lines(engine, [line], scope=ME)] == ["stored"]
    assert scopes.entered(engine, BOT).agent == "bot"
    assert agents.show(engine, "bot", user="me").created_at == NOW
    with pytest.raises(NotFoundError):
        scopes.entered(engine, Scope("work", "you", "bot"))


def test_a_deleted_agent_takes_its_memories_along_and_undo_brings_both_back(engine: Engine) -> None:
    """Others' stay."""
    agents.create(engine, "bot", user="me", description="codes")
    remember.store(engine, "its", scope=BOT)
    remember.store(engine, "mine", scope=ME)
    assert agents.delete(engine, "bot", user="me").memories == 1
    with pytest.raises(NotFoundError):
        agents.show(engine, "bot", user="me")
    assert texts(engine, BOT) == set()
    assert texts(engine, ME) == {"mine"}
    [undone] = undo(engine, scope=Scope(None, "me", None))
    assert (undone.command, undone.changed) == ("agents delete", 1)
    assert texts(engine, BOT) == {"its"}
    assert agents.show(engine, "bot", user="me").description == "codes"


def test_a_look_at_agents_makes_no_store(engine: Engine) -> None:
    """Nor does an error."""
    assert agents.all_agents(engine, user="me") == []
    with pytest.raises(NotFoundError):
        agents.delete(engine, "bot", user="me")
    assert not engine.home.store.exists()

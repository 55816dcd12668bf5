"""How the sections of a context share its budget, and what each of them tells."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcli.dialogue import Said
from memcli.errors import NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import context, ending, remember, sections, tasks, turns, values
from memcli.services.blocks import STYLES
from memcli.services.engine import Engine
from memcli.services.sections import SHARES, Include, Teller, Told
from memcli.services.tokens import estimate_tokens

EVERYTHING = [section.value for section in Include]


def needing(tokens: int) -> Teller:
    """What has *tokens* tokens to tell, one at a time."""
    return lambda budget: Told("x", min(tokens, budget), is_whole=budget >= tokens)


@given(st.dictionaries(st.sampled_from(list(Include)), st.integers(0, 500), min_size=1), st.integers(1, 1000))
def test_shares_that_are_not_used_go_to_others(needs: dict[Include, int], budget: int) -> None:
    """No more than the budget is taken, none of it is left while anybody needs it, each gets its share."""
    told = sections.shared({name: needing(tokens) for name, tokens in needs.items()}, budget)
    assert sum(section.tokens for section in told.values()) == min(budget, sum(needs.values()))
    parts = sum(SHARES[name] for name in needs)
    for name, tokens in needs.items():
        assert told[name].tokens >= min(tokens, budget * SHARES[name] // parts)


@pytest.fixture
def worked(engine: Engine, scope: Scope) -> Engine:
    """A store with something for each section."""
    tasks.start(engine, "Move the heron pond", scope=scope)
    tasks.push(engine, "Drain it", scope=scope)
    ending.end(engine, scope=scope, outcome="All herons moved")
    tasks.start(engine, "Paint the heron house", scope=scope)
    remember.store(engine, "The heron eats at noon", scope=scope)
    values.put(engine, "birds", '["heron"]', scope=scope)
    turns.add(engine, "user", "Where is the heron?", scope=scope, conversation="c1")
    turns.add(engine, "assistant", "In the pond.\n## Task\nTask: none", scope=scope, conversation="c1")
    return engine


def built(engine: Engine, scope: Scope, **about: Any) -> Any:
    """The context of a question that everything has to do with."""
    said: dict[str, Any] = {"min_score": 0.0, "include": EVERYTHING, "budget": 2000, **about}
    return context.build(engine, "Where is the heron pond?", scope=scope, **said)


def test_each_section_is_told_once_and_in_order(worked: Engine, scope: Scope) -> None:
    """What was said last stands last; a turn or an episode that is told there is no memory besides."""
    block = built(worked, scope)
    heads = [line for line in block.context.splitlines() if line.startswith("## ")]
    assert heads == ["## Values", "## Memories", "## Episodes", "## Task", "## Conversation"]
    assert list(block.sections) == ["values", "semantic", "episodes", "task", "conversation"]
    fence = sum(estimate_tokens(line + "\n") for line in STYLES["markdown"].fence(block.fence))
    assert sum(block.sections.values()) + fence == block.tokens
    assert [memory.text for memory in block.memories] == ["The heron eats at noon"]
    assert block.context.count("Where is the heron?") == 1
    assert "Goal: Paint the heron house" in block.context
    assert "All herons moved" in block.context


@pytest.mark.parametrize("style", ["markdown", "xml", "plain"])
def test_the_budget_is_kept_by_all_of_them_together(worked: Engine, scope: Scope, style: str) -> None:
    """In every style, however small it is; nothing breaks out of its section."""
    for budget in (1, 10, 40, 80, 150, 400):
        block = built(worked, scope, style=style, budget=budget)
        assert estimate_tokens(block.context) <= block.tokens <= budget, budget
        assert block.context.count("\n## Task\n") <= 1, budget


def test_what_is_not_there_takes_nothing(engine: Engine, scope: Scope) -> None:
    """An empty store gives an empty block; a conversation that is named has to be there."""
    assert built(engine, scope).context == ""
    with pytest.raises(NotFoundError):
        built(engine, scope, conversation="nosuch")


def test_a_task_and_a_conversation_need_a_space(worked: Engine) -> None:
    """Values and episodes do not; a section that there is not is refused."""
    everywhere = Scope(None, "me")
    assert "## Values" in built(worked, everywhere, include=["values", "episodes"]).context
    for bad in (["task"], ["conversation"], ["weather"]):
        with pytest.raises(UsageError):
            built(worked, everywhere, include=bad)


def test_a_long_conversation_is_told_by_its_end(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """Without an LLM being asked for a summary: whoever asks for a context does not wait for one."""
    engine = make_engine()
    said = [Said(role="user", content=f"heron number {n}") for n in range(120)]
    turns.add_all(engine, said, scope=scope, conversation="c1")
    block = built(engine, scope, include=["conversation"], budget=100)
    assert "user: heron number 119" in block.context
    assert "user: heron number 3\n" not in block.context

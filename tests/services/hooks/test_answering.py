"""What sessions are told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memcli.config import Config
from memcli.model import Scope
from memcli.services import memories, remember, tasks
from memcli.services.engine import Engine
from memcli.services.hooks import answering
from memcli.services.hooks.answering import Answer
from memcli.services.hooks.events import Event, Kind
from memcli.services.hooks.harnesses import LETTERS_MOST, letters
from memcli.services.hooks.sessions import Given
from memcli.services.importers.cleaning import said
from memcli.settings import ConflictSettings, ContextSettings
from tests.conftest import Clock, inside

Ask = Callable[..., Answer]


@pytest.fixture
def ask(engine: Engine, scope: Scope, tmp_path: Path) -> Ask:
    """Calls a hook; what it tells has been given."""

    def call(kind: Kind, *, session: str = "s1", engine: Engine = engine, **more: Any) -> Answer:
        given = Given(tmp_path, session)
        event = Event(harness="claude", name="x", kind=kind, session=session, **more)
        told = answering.answer(engine, event, scope=scope, given=given)
        given.add(memory.id for memory in told.memories)
        return told

    return call


def texts(told: Answer) -> list[str]:
    """What is told."""
    return [memory.text for memory in told.memories]


def test_an_empty_store_has_nothing_to_say(ask: Ask) -> None:
    """And no model is loaded for that."""
    assert ask(Kind.START) == ask(Kind.PROMPT, prompt="which database does the shop use?") == Answer()


def test_a_brief_has_the_task_what_is_pinned_and_the_latest(
    ask: Ask, engine: Engine, scope: Scope, clock: Clock
) -> None:
    """Pinned memories however old they are; turns of conversations are no news."""
    remember.store(engine, "always use tabs", scope=scope, tags=("pinned",))
    for number in range(12):
        clock.advance(hours=1)
        remember.store(engine, f"fact {number}", scope=scope)
    remember.store(engine, "said", scope=scope, conversation="c", position=0, speaker="user")
    tasks.start(engine, "write the billing module", scope=scope)
    told = ask(Kind.START)
    assert texts(told) == ["always use tabs", *(f"fact {number}" for number in range(11, 1, -1))]
    assert inside(told.context).startswith("## Memories\n- [2026-05-02] Task: ")
    assert "\n    Goal: write the billing module\n- [2026-05-01] always use tabs\n" in told.context


def test_a_brief_is_framed_so_that_an_import_knows_it(ask: Ask, engine: Engine, scope: Scope) -> None:
    """In every style: nothing of it comes back as if somebody had said it."""
    remember.store(engine, "always use tabs\n## even here", scope=scope)
    tasks.start(engine, "write", scope=scope)
    told = ask(Kind.START)
    assert said(f"{told.context}\nhello there") == "hello there"


def test_a_prompt_is_told_what_is_known_about_it(ask: Ask, engine: Engine, scope: Scope) -> None:
    """And that only once in a session."""
    remember.store(engine, "the shop uses PostgreSQL", scope=scope)
    question = "what database is it that the shop uses?"
    told = ask(Kind.PROMPT, prompt=question)
    assert texts(told) == ["the shop uses PostgreSQL"]
    assert said(told.context) == ""
    assert ask(Kind.PROMPT, prompt=question) == Answer()
    assert ask(Kind.START) == Answer()
    assert texts(ask(Kind.PROMPT, prompt=question, session="s2")) == ["the shop uses PostgreSQL"]


@pytest.mark.parametrize(("source", "is_told"), [("compact", True), ("clear", True), ("resume", False)])
def test_what_a_session_has_lost_it_is_told_again(
    ask: Ask, engine: Engine, scope: Scope, source: str, is_told: bool
) -> None:
    """After a compaction, say; one that is resumed knows it still."""
    remember.store(engine, "the shop uses PostgreSQL", scope=scope)
    ask(Kind.START, source="startup")
    assert bool(ask(Kind.START, source=source).memories) is is_told


def test_a_session_is_not_told_what_was_said_in_it(
    ask: Ask, make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """Others are; nor is it told what a compaction has made of it."""
    engine = make_engine(
        Config(conflicts=ConflictSettings(check=False), context=ContextSettings(min_score=0, top_n=2))
    )
    for at, text in enumerate(
        ("the shop uses a database", "the shop uses PostgreSQL", "which shop uses it?")
    ):
        remember.store(engine, text, scope=scope, position=at, speaker="user", conversation="s1")
    question: dict[str, Any] = {"prompt": "what database is it that the shop uses?", "engine": engine}
    assert ask(Kind.PROMPT, **question) == Answer()
    assert len(ask(Kind.PROMPT, **question, session="s2").memories) == 2
    remember.store(engine, "hardly anything to do with it", scope=scope)
    assert texts(ask(Kind.PROMPT, **question)) == ["hardly anything to do with it"]
    remember.store(engine, "all in all, it was long", scope=scope, metadata={"session": "s3"})
    assert "all in all, it was long" not in texts(ask(Kind.START, engine=engine, session="s3"))
    assert "all in all, it was long" in texts(ask(Kind.START, engine=engine, session="s4"))


def test_what_is_told_by_itself_is_no_use(ask: Ask, engine: Engine, scope: Scope) -> None:
    """Otherwise what is told would be told ever more."""
    remember.store(engine, "the shop uses PostgreSQL", scope=scope)
    ask(Kind.START)
    ask(Kind.PROMPT, prompt="what database is it that the shop uses?", session="s2")
    [memory] = memories.newest(engine, scope=scope)
    assert (memory.uses, engine.db.uses.pending()) == (0, {})


TRIVIAL = (
    *("", " ", "ok", "OK!", "yes, please", "continue", "go on", "Go ahead and do it", "/clear"),
    *("/compact now", "!ls -la", "# note", "y", "👍", "...", "weiter", "да", "why?", "好", "继续吧"),
)
ABOUT = (
    *("fix the login test", "which port does the cache use?", "/usr/bin/memcli crashes on start"),
    "#1234 is failing, why does the payment webhook time out?",
    *("# Task\nFind out why the import fails", "/plan how do we roll out the new schema?"),
    *("!important: which port is the cache on?", "/review\nwhy does the login fail"),
    *("¿qué base de datos usamos?", "continue with the billing module", "数据库用什么", "日本語の設定は?"),
)


@pytest.mark.parametrize("prompt", TRIVIAL)
def test_trivial_prompts_ask_for_nothing(prompt: str) -> None:
    """Neither words that only go on nor commands of the harness."""
    assert answering.is_trivial(prompt)


@pytest.mark.parametrize("prompt", ABOUT)
def test_other_prompts_ask_for_something(prompt: str) -> None:
    """A path is no command, nor is a heading, nor what is followed by a whole question."""
    assert not answering.is_trivial(prompt)


def test_an_answer_is_never_longer_than_a_harness_takes(
    make_engine: Callable[..., Engine], scope: Scope, ask: Ask
) -> None:
    """However large the budget: what does not fit whole is left out."""
    large = Config(
        conflicts=ConflictSettings(check=False), context=ContextSettings(budget=1_000_000, min_score=0)
    )
    engine = make_engine(large)
    for number in range(30):
        remember.store(engine, f"shop {number} 🧠 " * 60, scope=scope)
    brief = ask(Kind.START, engine=engine)
    for told in (brief, ask(Kind.PROMPT, prompt="shop shop shop", session="s2", engine=engine)):
        assert told.memories
        assert LETTERS_MOST / 4 < letters(told.context) <= LETTERS_MOST


def test_a_long_prompt_is_searched_for_by_its_ends(ask: Ask, engine: Engine, scope: Scope) -> None:
    """A megabyte of a log in between is no question."""
    remember.store(engine, "the shop uses PostgreSQL", scope=scope)
    long = "the shop uses what? " + "x y z " * 200_000
    assert texts(ask(Kind.PROMPT, prompt=long)) == ["the shop uses PostgreSQL"]


def test_what_a_session_was_given_survives_odd_names(tmp_path: Path) -> None:
    """No name of a session leads out of the directory."""
    folder = tmp_path / "hooks"
    for name in ("../../x", "a/b", "\0", "\ud800", "x" * 10_000):
        given = Given(folder, name)
        given.add(["m1", "m2"])
        assert {"m1", "m2"} <= given.ids()
        given.forget()
        assert given.ids() == frozenset()
    Given(folder, "").add(["m1"])
    assert Given(folder, "").ids() == Given(None, "s").ids() == frozenset()
    assert [path.name for path in folder.iterdir()] == ["sessions"]


def test_a_task_is_told_as_a_memory_among_others(engine: Engine, scope: Scope, ask: Ask) -> None:
    """Even where nothing else is known."""
    tasks.start(engine, "a goal\n## Memories", scope=scope)
    told = ask(Kind.START)
    assert told.memories == ()
    assert isinstance(told.context, str)
    assert said(told.context) == ""

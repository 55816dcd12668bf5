"""Episodes: memories that nothing replaces, found by what they were about."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memcli.config import Config
from memcli.errors import ConflictError, NotFoundError
from memcli.home import Home
from memcli.model import Action, Scope
from memcli.services import (
    consolidate,
    ending,
    episodes,
    forgetting,
    memories,
    recall,
    remember,
    tasks,
    transfer,
)
from memcli.services.answers import as_json
from memcli.services.engine import Engine
from memcli.work import Subgoal, Task
from tests.conftest import NOW, Clock


def done(engine: Engine, scope: Scope, goal: str, outcome: str = "", *, success: bool = True) -> str:
    """The id of an episode."""
    tasks.start(engine, goal, scope=scope, similar=False)
    return ending.end(engine, scope=scope, outcome=outcome, success=success).episode


def test_episodes_are_listed_latest_first(engine: Engine, scope: Scope, clock: Clock) -> None:
    """All, those that succeeded, those that failed; other memories are none."""
    remember.store(engine, "a fact", scope=scope, metadata={"type": "episode"})
    for number, success in enumerate((True, False, True)):
        done(engine, scope, f"goal {number}", success=success)
        clock.advance(days=1)

    def goals(**about: Any) -> list[str]:
        return [one.goal for one in episodes.all_episodes(engine, scope=scope, **about)]

    assert goals() == ["goal 2", "goal 1", "goal 0"]
    assert (goals(success=True), goals(success=False)) == (["goal 2", "goal 0"], ["goal 1"])
    assert goals(limit=1) == ["goal 2"]
    assert episodes.all_episodes(engine, scope=Scope("other", "me")) == []


def test_an_episode_knows_when_it_was(engine: Engine, scope: Scope, clock: Clock) -> None:
    """From its start to its end."""
    tasks.start(engine, "x", scope=scope)
    clock.advance(hours=2)
    one = episodes.show(engine, ending.end(engine, scope=scope, outcome="y").id[:6], scope=scope)
    assert (one.started_at, one.ended_at, one.seconds, one.score) == (NOW, clock(), 7200.0, None)


def test_searching_finds_episodes_only(engine: Engine, scope: Scope) -> None:
    """Best first, with a score; forgotten ones are not found."""
    remember.store(engine, "amber tree", scope=scope)
    first = done(engine, scope, "plant an amber tree", "it grows")
    done(engine, scope, "sail to the moon", success=False)
    found = episodes.search(engine, "amber tree", scope=scope)
    assert (found[0].id, found[0].outcome) == (first, "it grows")
    assert found[0].score is not None
    assert "amber tree" not in [one.text for one in found]
    assert [one.goal for one in episodes.search(engine, "amber", scope=scope, success=False)] == [
        "sail to the moon"
    ]
    forgetting.forget(engine, [first])
    assert first not in [one.id for one in episodes.search(engine, "amber tree", scope=scope)]


def test_what_is_no_episode_is_not_shown_as_one(engine: Engine, scope: Scope) -> None:
    """A memory is named with the command that shows it."""
    fact = remember.store(engine, "a fact", scope=scope)
    with pytest.raises(NotFoundError, match="no episode"):
        episodes.show(engine, str(fact.id), scope=scope)
    with pytest.raises(NotFoundError, match="no memory"):
        episodes.show(engine, "nothing", scope=scope)


@pytest.mark.parametrize(
    "said",
    [
        {"goal": 5, "seconds": "x", "steps": 7, "success": "yes", "outcome": [1]},
        {"goal": None, "seconds": -1, "steps": None, "success": None, "outcome": None},
        {"seconds": 1e300},
        {"steps": [1, {"a": 2}]},
    ],
)
def test_metadata_that_somebody_changed_is_survived(
    engine: Engine, scope: Scope, said: dict[str, Any]
) -> None:
    """What makes no sense is nothing; the rest is told."""
    id_ = done(engine, scope, "goal")
    memories.update(engine, id_, metadata=said)
    one = episodes.show(engine, id_, scope=scope)
    assert one.goal in ("goal", "5")
    assert (one.seconds, one.text) == (0.0, "goal\nSucceeded.")


def test_what_is_said_twice_is_two_episodes(engine: Engine, scope: Scope) -> None:
    """The same goal with the same outcome: it was done twice."""
    assert done(engine, scope, "water the plants") != done(engine, scope, "water the plants")
    assert len(episodes.all_episodes(engine, scope=scope)) == 2


def test_an_id_that_is_taken_leaves_the_task_open(engine: Engine, scope: Scope) -> None:
    """By an import, say."""
    started = tasks.start(engine, "x", scope=scope)
    remember.store(engine, "somebody else", scope=scope, id=started.id)
    with pytest.raises(ConflictError, match="belongs to another memory"):
        ending.end(engine, scope=scope)
    assert [task.id for task in tasks.all_tasks(engine, scope=scope)] == [started.id]


OLD, NEW = "The office is on floor 3", "The office is on floor 4"


def test_nothing_replaces_an_episode_and_it_replaces_nothing(
    make_engine: Callable[..., Engine], scope: Scope
) -> None:
    """Words that would make a fact give way leave it alone; facts give way among many episodes as ever."""
    engine = make_engine(Config())
    for _ in range(8):
        done(engine, scope, OLD)
    fact = remember.store(engine, OLD, scope=scope)
    assert fact.action is Action.STORED
    done(engine, scope, NEW)
    assert memories.find(engine, str(fact.id)).replaced_at is None
    newer = remember.store(engine, NEW, scope=scope)
    assert (newer.action, newer.replaced_id) == (Action.REPLACED, fact.id)
    assert len(episodes.all_episodes(engine, scope=scope)) == 9
    assert consolidate.conflicts(engine, scope=scope) == []


def test_an_imported_episode_is_one(make_engine: Callable[..., Engine], scope: Scope, tmp_path: Path) -> None:
    """Out of an export, in one go with a fact that would replace it, were it a fact itself."""
    one = make_engine(Config())
    id_ = done(one, scope, OLD)
    lines = [as_json(document).encode() for document in transfer.export(one, scope=scope)]
    place = Home(config_file=tmp_path / "other" / "config.toml", data=tmp_path / "other")
    other = Engine(Config(), place, embedder=one.embedder, now=one.now)
    lines.append(json.dumps({"text": NEW}).encode())
    list(transfer.import_lines(other, lines, scope=scope))
    assert [found.id for found in episodes.all_episodes(other, scope=scope)] == [id_]
    assert sorted(memory.replaced_by for memory in memories.newest(other, scope=scope)) == ["", ""]


def test_purging_an_episode_takes_its_task_off_the_disk(engine: Engine, scope: Scope) -> None:
    """Its words are nowhere any more."""
    tasks.start(engine, "xyzzy-plugh", scope=scope)
    tasks.note(engine, "xyzzy-thought", scope=scope)
    ended = ending.end(engine, scope=scope)
    forgetting.purge(engine, forgetting.forget(engine, [ended.episode]))
    with pytest.raises(NotFoundError):
        tasks.find(engine, ended.id, scope=scope)
    files = [file for file in engine.home.store.rglob("*") if file.is_file()]
    assert not [file for file in files if b"xyzzy" in file.read_bytes()]


def test_an_episode_of_a_huge_task_can_be_stored(engine: Engine, scope: Scope) -> None:
    """Metadata keeps within its limit, whatever the characters; the task keeps everything."""
    text = ('"\\\x1b\U0001f469' * 300)[:1000]
    task = Task(id="huge", goal=text * 50, space="work", user="me", created_at=NOW, updated_at=NOW)
    many = tuple(Subgoal(text=text, depth=n, started_at=NOW) for n in range(300))
    huge = replace(task, subgoals=many, ended_at=NOW, success=True, outcome=text * 50)
    assert episodes.store(engine, huge) == "huge"
    assert len(episodes.show(engine, "huge", scope=scope).steps) == 100


def test_without_episodes_nothing_is_embedded(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts a task waits for no model then."""
    remember.store(engine, "a fact", scope=scope)
    monkeypatch.setattr(recall, "search", None)
    assert episodes.similar(engine, "a goal", scope=scope) == []


DONE = {
    "Migrate the auth service to OAuth": "All clients moved",
    "Write the quarterly report": "Sent to the board",
    "Fix the flaky checkout test": "It depended on the time zone",
    "Upgrade PostgreSQL from 14 to 16": "Took 20 minutes of downtime",
    "Set up CI for the mobile app": "GitHub Actions builds both platforms",
    "Plan the team offsite in Lisbon": "Booked for May",
    "Reduce the bundle size of the web app": "From 2 MB to 700 kB",
    "Refactor the billing module": "Split into invoices and payments",
    "Write documentation for the public API": "Published at docs.example.com",
    "Debug memory leak in worker process": "A cache without a limit",
    "Hire a backend engineer": "Nobody accepted",
    "Translate the app into German": "Reviewed by a native speaker",
}
LIKE = {
    "Migrate the billing service to OAuth": "auth service",
    "Move login from sessions to tokens": "auth service",
    "Prepare the Q4 report": "quarterly", "Quarterly numbers for the board": "quarterly",
    "Fix intermittent failure in the payment test": "flaky", "The cart test fails sometimes": "flaky",
    "Upgrade the database to version 17": "PostgreSQL", "Postgres major version upgrade": "PostgreSQL",
    "Add continuous integration to the desktop app": "CI for", "Build pipeline for iOS": "CI for",
    "Organise the winter offsite": "offsite", "Book a hotel for the team event": "offsite",
    "Make the frontend load faster": "bundle size", "Shrink JavaScript bundle": "bundle size",
    "Clean up the invoicing code": "billing module", "Document the REST endpoints": "documentation",
    "Find out why the worker uses so much RAM": "memory leak", "Investigate memory growth": "memory leak",
    "Find a new frontend developer": "Hire", "Recruit a data engineer": "Hire",
    "Translate the app into French": "German", "Localise the website": "German",
}  # fmt: skip
UNLIKE = [
    "Bake bread", "Water the plants", "Buy a birthday present for Ann", "Fix the flaky login page",
    "Set up a VPN",
    "Learn to play the piano", "Renew the TLS certificates", "Write a blog post about our culture",
    "Clean the garage", "Order new laptops", "Add dark mode to the settings page", "Rotate the API keys",
    "Investigate slow queries on the orders table", "Prepare slides for the sales meeting",
    "Fix typo in the footer", "File the tax return", "Benchmark vector databases", "Implement rate limiting",
    "Rename the repository", "Design a logo",
]  # fmt: skip


def test_what_is_offered_is_like_the_goal(make_engine: Callable[..., Engine], scope: Scope) -> None:
    """With the bundled model: mostly where there is something like it, hardly ever where there is nothing."""
    engine = make_engine(embedder=None)
    for goal, outcome in DONE.items():
        done(engine, scope, goal, outcome)
    offered = {goal: episodes.similar(engine, goal, scope=scope) for goal in (*LIKE, *UNLIKE)}
    right = [goal for goal, about in LIKE.items() if offered[goal] and about in offered[goal][0].goal]
    wrong = [goal for goal in UNLIKE if offered[goal]]
    assert len(right) >= 17, sorted(LIKE.keys() - set(right))
    assert len(wrong) <= 1, wrong

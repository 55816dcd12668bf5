"""A memory's life, on a real store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from memcli.errors import ConflictError, MemcliError, NotFoundError, UsageError
from memcli.model import Action, Draft, Scope, Stored
from memcli.services import context, forgetting, memories, recall, remember
from memcli.services.engine import Engine
from tests.conftest import NOW, Clock
from tests.wordhash import WordHashEmbedder


def texts(engine: Engine, scope: Scope) -> list[str]:
    """The texts in *scope*, latest first."""
    return [memory.text for memory in memories.newest(engine, scope=scope)]


def test_a_stored_text_comes_back_with_all_that_was_said_about_it(engine: Engine, scope: Scope) -> None:
    """Every field of a draft survives the store."""
    about: dict[str, Any] = {
        "importance": 0.7,
        "title": "Database",
        "tags": ("infra", "db"),
        "metadata": {"b": [1, 2.5, None], "a": {"deep": 12345678901234567890}, "c": "it's"},
        "source": "onboarding",
        "conversation": "c1",
        "position": 3,
        "speaker": "Ana",
        "created_at": NOW - timedelta(days=3),
        "expires_at": NOW + timedelta(days=3),
    }
    answer = remember.store(engine, "The database is PostgreSQL 16", scope=scope, **about)
    assert answer == Stored(action=Action.STORED, id="m000000001", space="work")
    memory = memories.find(engine, "m000000001")
    assert {name: getattr(memory, name) for name in about} == about
    assert list(memory.metadata) == ["b", "a", "c"]
    assert (memory.space, memory.user, memory.updated_at) == ("work", "me", NOW)


@pytest.mark.parametrize(
    "again", ["prefers  PYTHON\n", " Prefers Python ", "Prefers Python"], ids=["case", "space", "same"]
)
def test_the_same_text_is_a_duplicate_whatever_its_case_or_spacing(
    engine: Engine, scope: Scope, again: str
) -> None:
    """And nothing is embedded for it."""
    first = remember.store(engine, "Prefers Python", scope=scope)
    answer = remember.store(engine, again, scope=scope)
    assert (answer.action, answer.id, answer.similarity) == (Action.DUPLICATE, first.id, 1.0)
    assert len(texts(engine, scope)) == 1


def test_the_same_text_in_another_unicode_form_is_a_duplicate(engine: Engine, scope: Scope) -> None:
    """Composed and decomposed letters look the same."""
    remember.store(engine, "Caf\u00e9 Zo\u00eb", scope=scope)
    assert remember.store(engine, "Cafe\u0301 Zoe\u0308", scope=scope).action is Action.DUPLICATE


@pytest.mark.parametrize(
    "other",
    [Scope("home", "me"), Scope("work", "you"), Scope("work", "me", "bot")],
    ids=["space", "user", "agent"],
)
def test_another_scope_is_another_memory(engine: Engine, scope: Scope, other: Scope) -> None:
    """And the scopes do not see each other's."""
    remember.store(engine, "Deploys are on Tuesdays", scope=scope)
    assert remember.store(engine, "Deploys are on Tuesdays", scope=other).action is Action.STORED
    remember.store(engine, "only there", scope=other)
    assert texts(engine, scope) == ["Deploys are on Tuesdays"]
    found = recall.search(engine, "only there", scope=scope)
    assert [hit.text for hit in found] != ["only there"]


def test_turns_may_repeat_themselves_but_not_at_the_same_position(engine: Engine, scope: Scope) -> None:
    """People say "Yes" more than once."""
    turns = [Draft(text="Yes", scope=scope, conversation="c", position=i) for i in (1, 2, 1)]
    answers = remember.store_all(engine, turns)
    assert [answer.action for answer in answers] == [Action.STORED, Action.STORED, Action.DUPLICATE]
    assert answers[2].id == answers[0].id


def test_the_same_text_twice_in_one_call_is_stored_once(engine: Engine, scope: Scope) -> None:
    """The later ones are duplicates of the first."""
    answers = remember.store_all(engine, [Draft(text=text, scope=scope) for text in ("a b", "c", "A  B")])
    assert [answer.action for answer in answers] == [Action.STORED, Action.STORED, Action.DUPLICATE]
    assert answers[2].id == answers[0].id
    assert sorted(texts(engine, scope)) == ["a b", "c"]


def test_an_id_of_the_callers_own_is_kept_and_belongs_to_one_text(engine: Engine, scope: Scope) -> None:
    """The same again is a duplicate; another text under it is refused, and nothing is lost."""
    own = Draft(text="first", scope=scope, id="turn:1")
    assert remember.store_all(engine, [own])[0].id == "turn:1"
    assert remember.store_all(engine, [own])[0].action is Action.DUPLICATE
    answer = remember.store_all(engine, [replace(own, text="second")])[0]
    assert (answer.action, answer.id) == (Action.FAILED, None)
    assert "turn:1" in answer.reason
    assert texts(engine, scope) == ["first"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"text": " \n"}, "empty"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "a\udcffb"}, "UTF-8"),
        ({"importance": 1.1}, "importance"),
        ({"importance": float("nan")}, "importance"),
        ({"tags": ("",)}, "tag"),
        ({"tags": "ab"}, "tags"),
        ({"metadata": {"x": float("inf")}}, "JSON"),
        ({"id": "two words"}, "id"),
        ({"position": -1, "conversation": "c"}, "position"),
        ({"title": "two\nlines"}, "title"),
        *(
            ({"scope": Scope(name, "me")}, "space")
            for name in ("../x", "a'b\"c;--", "", "x" * 300, "-x", "a\nb")
        ),
    ],
)
def test_what_can_not_be_stored_is_refused_in_one_sentence(
    engine: Engine, scope: Scope, bad: dict[str, Any], said: str
) -> None:
    """And none of the other drafts of the call is stored."""
    drafts = [Draft(text="fine", scope=scope), Draft(**{"text": "x", "scope": scope, **bad})]
    with pytest.raises(UsageError, match=said) as caught:
        remember.store_all(engine, drafts)
    assert "\n" not in caught.value.sentence
    assert texts(engine, scope) == []


def test_a_long_text_is_stored_whole_and_embedded_in_passages(
    engine: Engine, scope: Scope, embedder: WordHashEmbedder
) -> None:
    """A word deep inside is found by vectors alone, though the first passage knows nothing of it."""
    text = "filler words here " * 60 + "zebrafinch aviary " + "other padding text " * 60
    stored = remember.store(engine, text, scope=scope)
    for i in range(30):
        remember.store(engine, f"unrelated {i}", scope=scope)
    assert memories.find(engine, str(stored.id)).text == text
    assert len(embedder.embedded) > 10 + 30
    from memcli.model import Mode

    hits = recall.search(engine, "zebrafinch aviary", scope=scope, mode=Mode.VECTOR)
    assert hits[0].id == stored.id


def test_a_unique_beginning_of_an_id_is_enough(engine: Engine, scope: Scope) -> None:
    """An exact id wins over ids that begin with it; several are ambiguous; none is not found."""
    for name in ("abc", "abcd", "xyz"):
        remember.store_all(engine, [Draft(text=name, scope=scope, id=name)])
    assert memories.find(engine, "x").id == "xyz"
    assert memories.find(engine, "abc").id == "abc"
    with pytest.raises(ConflictError, match="ambiguous"):
        memories.find(engine, "ab")
    with pytest.raises(NotFoundError):
        memories.find(engine, "abx%")
    with pytest.raises(MemcliError):
        memories.find(engine, "")


def test_an_update_changes_what_is_named_and_nothing_else(engine: Engine, scope: Scope, clock: Clock) -> None:
    """The title of a memory that had none of its own follows the text."""
    stored = remember.store(engine, "The office is on floor 3", scope=scope, tags=("office",))
    before = memories.find(engine, str(stored.id))
    clock.advance(hours=1)
    changed = memories.update(engine, before.id, text="The office is on floor 4", importance=0.9)
    expected = replace(
        before,
        text="The office is on floor 4",
        title="The office is on floor 4",
        importance=0.9,
        updated_at=clock(),
    )
    assert changed == memories.find(engine, before.id) == expected
    assert recall.search(engine, "floor 4", scope=scope)[0].id == before.id


def test_an_update_of_the_importance_embeds_nothing(
    engine: Engine, scope: Scope, embedder: WordHashEmbedder
) -> None:
    """The vector is the text's, and the text stays."""
    stored = remember.store(engine, "a b c", scope=scope)
    embedder.embedded.clear()
    memories.update(engine, str(stored.id), importance=0.1)
    assert embedder.embedded == []
    assert recall.search(engine, "a b c", scope=scope)[0].similarity == pytest.approx(1, abs=1e-5)


def test_an_update_may_not_make_a_double(engine: Engine, scope: Scope) -> None:
    """Nothing is changed then."""
    remember.store(engine, "one", scope=scope)
    other = remember.store(engine, "two", scope=scope)
    with pytest.raises(ConflictError):
        memories.update(engine, str(other.id), text="ONE")
    assert sorted(texts(engine, scope)) == ["one", "two"]
    with pytest.raises(UsageError, match="nothing"):
        memories.update(engine, str(other.id))


def test_what_is_forgotten_is_gone_until_it_is_restored(engine: Engine, scope: Scope) -> None:
    """From lists and searches, but not from `get`."""
    stored = remember.store(engine, "the office floor", scope=scope)
    [gone] = forgetting.forget(engine, [str(stored.id)])
    assert gone.forgotten_at == NOW
    assert texts(engine, scope) == []
    assert recall.search(engine, "office", scope=scope) == []
    assert memories.find(engine, str(stored.id)).forgotten_at == NOW
    forgetting.restore(engine, [str(stored.id)])
    assert texts(engine, scope) == ["the office floor"]


def test_forgetting_several_forgets_all_or_none(engine: Engine, scope: Scope) -> None:
    """One id that is not there must not leave half of it done."""
    stored = remember.store(engine, "stays", scope=scope)
    with pytest.raises(NotFoundError):
        forgetting.forget(engine, [str(stored.id), "zzzz"])
    assert texts(engine, scope) == ["stays"]


def test_a_text_forgotten_and_stored_again_is_new_and_blocks_the_old_one(
    engine: Engine, scope: Scope
) -> None:
    """Otherwise a restore would make a double."""
    old = remember.store(engine, "said", scope=scope)
    forgetting.forget(engine, [str(old.id)])
    assert remember.store(engine, "said", scope=scope).action is Action.STORED
    with pytest.raises(ConflictError):
        forgetting.restore(engine, [str(old.id)])


def test_an_expired_memory_is_gone_on_time(engine: Engine, scope: Scope, clock: Clock) -> None:
    """To the second, and may be stored again."""
    remember.store(engine, "soon over", scope=scope, expires_at=NOW + timedelta(seconds=2))
    clock.advance(seconds=1)
    assert texts(engine, scope) == ["soon over"]
    clock.advance(seconds=1)
    assert texts(engine, scope) == []
    assert recall.search(engine, "soon over", scope=scope) == []
    assert context.build(engine, "soon over", scope=scope, min_score=0.0).memories == ()
    assert remember.store(engine, "soon over", scope=scope).action is Action.STORED


def test_purging_removes_only_what_is_forgotten_or_expired(
    engine: Engine, scope: Scope, clock: Clock
) -> None:
    """By age, by id, or all of it."""
    ids = [str(remember.store(engine, text, scope=scope).id) for text in ("a", "b", "c")]
    remember.store(engine, "d", scope=scope, expires_at=NOW + timedelta(days=1))
    forgetting.forget(engine, ids[:1])
    clock.advance(days=10)
    forgetting.forget(engine, ids[1:2])
    old = forgetting.purgeable(engine, scope=scope, older_than=timedelta(days=5))
    assert sorted(memory.text for memory in old) == ["a", "d"]
    with pytest.raises(ConflictError, match="not forgotten"):
        forgetting.purgeable(engine, ids[2:], scope=scope)
    gone = forgetting.purge(engine, forgetting.purgeable(engine, scope=scope))
    assert sorted(memory.text for memory in gone) == ["a", "b", "d"]
    assert texts(engine, scope) == ["c"]
    with pytest.raises(NotFoundError):
        memories.find(engine, ids[0])


def test_what_was_restored_meanwhile_is_not_purged(engine: Engine, scope: Scope) -> None:
    """Between the question and the answer somebody may have changed their mind."""
    stored = remember.store(engine, "kept after all", scope=scope)
    forgetting.forget(engine, [str(stored.id)])
    chosen = forgetting.purgeable(engine, scope=scope)
    forgetting.restore(engine, [str(stored.id)])
    assert forgetting.purge(engine, chosen) == []
    assert texts(engine, scope) == ["kept after all"]


def test_purged_text_and_vectors_leave_the_disk(
    engine: Engine, scope: Scope, make_engine: Callable[..., Engine]
) -> None:
    """No file that held them is left, and the words are in no index; the neighbours stay."""
    for i in range(40):
        remember.store(engine, f"neighbour {i}", scope=scope)
    secret = remember.store(engine, "xylophone quagmire 7741", scope=scope)
    data = engine.home.store
    before = {path for path in data.rglob("*.lance") if path.is_file() and path.parent.name == "data"}
    forgetting.forget(engine, [str(secret.id)])
    forgetting.purge(engine, forgetting.purgeable(engine, scope=scope))
    for path in data.rglob("*"):
        if path.is_file():
            assert b"xylophon" not in path.read_bytes(), path
            assert b"quagmir" not in path.read_bytes(), path
    memories = {path for path in before if path.exists() and "memories" in str(path)}
    assert not memories
    assert len(texts(make_engine(), scope)) == 40
    assert recall.search(engine, "neighbour 7", scope=scope)[0].text == "neighbour 7"


def test_the_list_is_latest_first_and_can_be_paged(engine: Engine, scope: Scope, clock: Clock) -> None:
    """By when a memory was created."""
    for i in range(5):
        remember.store(engine, f"t{i}", scope=scope)
        clock.advance(minutes=1)
    assert texts(engine, scope) == ["t4", "t3", "t2", "t1", "t0"]
    page = memories.newest(engine, scope=scope, limit=2, offset=1)
    assert [memory.text for memory in page] == ["t3", "t2"]
    assert memories.count(engine, scope=scope) == 5

"""Spaces: made by use or on purpose, renamed and deleted with all that is in them."""

from datetime import timedelta

import pytest

from memcli.errors import ConflictError, NotFoundError, UsageError
from memcli.model import Mode, Scope, Space
from memcli.services import forgetting, memories, recall, remember, spaces, values
from memcli.services.engine import Engine
from memcli.services.spaces import Merged
from memcli.services.undo import undo
from tests.conftest import NOW, Clock


def test_spaces_are_those_in_use_and_those_made(engine: Engine, clock: Clock) -> None:
    """By name, each with what is alive in it."""
    assert spaces.all_spaces(engine, user="me") == []
    spaces.create(engine, "plans", user="me", description="what may be")
    clock.advance(hours=1)
    gone = remember.store(engine, "a", scope=Scope("work", "me"))
    remember.store(engine, "b", scope=Scope("work", "me", "bot"))
    remember.store(engine, "c", scope=Scope("theirs", "you"))
    remember.store(engine, "d", scope=Scope("over", "me"), expires_at=NOW + timedelta(hours=2))
    forgetting.forget(engine, [str(gone.id)])
    clock.advance(hours=2)
    assert spaces.all_spaces(engine, user="me") == [
        Space(name="plans", memories=0, description="what may be", created_at=NOW),
        Space(name="work", memories=1, latest=NOW + timedelta(hours=1)),
    ]
    assert [space.name for space in spaces.all_spaces(engine, user="you")] == ["theirs"]
    assert [space.name for space in spaces.all_spaces(engine, user=None)] == ["plans", "theirs", "work"]


def test_a_space_that_is_in_use_can_be_described_later(engine: Engine) -> None:
    """Once."""
    remember.store(engine, "a", scope=Scope("work", "me"))
    made = spaces.create(engine, "work", user="me", description="what pays")
    assert made == Space(name="work", memories=1, latest=NOW, description="what pays", created_at=NOW)
    with pytest.raises(ConflictError):
        spaces.create(engine, "work", user="me")


def test_a_renamed_space_keeps_everything(engine: Engine) -> None:
    """Living and forgotten memories, of every agent, and the passages of long ones."""
    work, job = Scope("work", "me"), Scope("job", "me")
    spaces.create(engine, "work", user="me", description="what pays")
    long = remember.store(engine, "filler words here " * 60 + "zebrafinch aviary " * 9, scope=work)
    gone = remember.store(engine, "forgotten", scope=work)
    forgetting.forget(engine, [str(gone.id)])
    remember.store(engine, "of the bot", scope=Scope("work", "me", "bot"))
    yours = remember.store(engine, "yours", scope=Scope("work", "you"))
    renamed = spaces.rename(engine, "work", "job", user="me")
    assert (renamed.name, renamed.memories, renamed.description, renamed.created_at) == (
        "job",
        2,
        "what pays",
        NOW,
    )
    hits = recall.search(engine, "zebrafinch aviary", scope=job, mode=Mode.VECTOR)
    assert [hit.id for hit in hits] == [long.id]
    assert hits[0].similarity > 0.3
    assert memories.find(engine, str(gone.id)).space == "job"
    assert memories.find(engine, str(yours.id)).space == "work"
    assert [space.name for space in spaces.all_spaces(engine, user="me")] == ["job"]
    forgetting.restore(engine, [str(gone.id)])
    assert remember.store(engine, "FORGOTTEN", scope=job).id == gone.id


def test_a_renamed_space_does_not_run_into_what_was_forgotten_there(engine: Engine) -> None:
    """A forgotten memory in a space that no list shows may say the same: it is still one of the two only."""
    old = remember.store(engine, "said", scope=Scope("job", "me"))
    forgetting.forget(engine, [str(old.id)])
    new = remember.store(engine, "said", scope=Scope("work", "me"))
    spaces.rename(engine, "work", "job", user="me")
    with pytest.raises(ConflictError):
        forgetting.restore(engine, [str(old.id)])
    assert [m.id for m in memories.newest(engine, scope=Scope("job", "me"))] == [new.id]


def test_a_deleted_space_is_forgotten_with_all_agents(engine: Engine) -> None:
    """Single memories come back; what was forgotten before keeps its date; others are not touched."""
    before = remember.store(engine, "before", scope=Scope("work", "me"))
    forgetting.forget(engine, [str(before.id)])
    kept = remember.store(engine, "kept", scope=Scope("work", "you"))
    one = remember.store(engine, "one", scope=Scope("work", "me"))
    remember.store(engine, "two", scope=Scope("work", "me", "bot"))
    spaces.create(engine, "work", user="me", description="d")
    deleted = spaces.delete(engine, "work", user="me")
    assert (deleted.name, deleted.memories) == ("work", 2)
    assert spaces.all_spaces(engine, user="me") == []
    assert memories.find(engine, str(kept.id)).forgotten_at is None
    forgetting.restore(engine, [str(one.id)])
    assert spaces.show(engine, "work", user="me") == Space(name="work", memories=1, latest=NOW)


def test_what_is_not_there_can_not_be_shown_renamed_or_deleted(engine: Engine) -> None:
    """And another user's space is not there."""
    remember.store(engine, "a", scope=Scope("work", "you"))
    for act in (spaces.show, spaces.delete):
        with pytest.raises(NotFoundError, match="'work'"):
            act(engine, "work", user="me")
    with pytest.raises(NotFoundError):
        spaces.rename(engine, "work", "job", user="me")


def test_a_rename_into_a_space_that_is_there_is_refused(engine: Engine) -> None:
    """Nothing moves; to a name that is none, neither."""
    one = remember.store(engine, "one", scope=Scope("a", "me"))
    remember.store(engine, "two", scope=Scope("b", "me"))
    with pytest.raises(ConflictError):
        spaces.rename(engine, "a", "b", user="me")
    with pytest.raises(ConflictError):
        spaces.rename(engine, "a", "a", user="me")
    with pytest.raises(UsageError):
        spaces.rename(engine, "a", "../x", user="me")
    assert memories.find(engine, str(one.id)).space == "a"


def names_of(engine: Engine) -> dict[str, int]:
    """The spaces there are, and how many memories they hold."""
    return {space.name: space.memories for space in spaces.all_spaces(engine, user="me")}


def back(engine: Engine) -> str:
    """Take the last change back; which command had made it."""
    return undo(engine, scope=Scope(None, "me", None))[0].command


def test_a_rename_that_is_taken_back_leaves_there_what_was_forgotten_there(engine: Engine) -> None:
    """A space that nobody sees any more may hold forgotten memories, which stay its own."""
    old = remember.store(engine, "filler words here " * 60 + "zebrafinch", scope=Scope("job", "me"))
    forgetting.forget(engine, [str(old.id)])
    new = remember.store(engine, "new", scope=Scope("work", "me"))
    spaces.rename(engine, "work", "job", user="me")
    (expected,) = undo(engine, scope=Scope(None, "me"), dry_run=True)
    (undone,) = undo(engine, scope=Scope(None, "me"))
    assert (undone, undone.changed, undone.memories) == (expected, 1, ())
    assert memories.find(engine, str(old.id)).space == "job"
    assert memories.find(engine, str(new.id)).space == "work"
    forgetting.restore(engine, [str(old.id)])
    hits = recall.search(engine, "zebrafinch", scope=Scope("job", "me"), mode=Mode.VECTOR)
    assert [hit.id for hit in hits] == [old.id]


def test_a_rename_can_be_taken_back(engine: Engine) -> None:
    """With the description, and what has come meanwhile; not over a space that has the old name again."""
    spaces.create(engine, "work", user="me", description="what pays")
    remember.store(engine, "a", scope=Scope("work", "me"))
    spaces.rename(engine, "work", "job", user="me")
    assert back(engine) == "spaces rename"
    assert names_of(engine) == {"work": 1}
    assert spaces.show(engine, "work", user="me").description == "what pays"
    spaces.rename(engine, "work", "job", user="me")
    spaces.create(engine, "work", user="me")
    with pytest.raises(ConflictError):
        back(engine)
    assert names_of(engine) == {"job": 1, "work": 0}


def test_a_copy_has_ids_of_its_own_and_everything_else(engine: Engine) -> None:
    """What is current, of every agent, with vectors and passages; forgotten and replaced ones stay behind."""
    work, trial = Scope("work", "me"), Scope("trial", "me")
    spaces.create(engine, "work", user="me", description="what pays")
    remember.store(engine, "filler words here " * 60 + "zebrafinch aviary " * 9, scope=work, tags=["long"])
    remember.store(engine, "of the bot", scope=Scope("work", "me", "bot"))
    old = remember.store(engine, "old", scope=work)
    remember.store(engine, "new", scope=work, replaces=str(old.id))
    gone = remember.store(engine, "gone", scope=work)
    forgetting.forget(engine, [str(gone.id)])
    made = spaces.copy(engine, "work", "trial", user="me")
    assert (made.memories, made.description) == (3, "what pays")
    assert names_of(engine) == {"work": 3, "trial": 3}
    hit = recall.search(engine, "zebrafinch aviary", scope=trial, mode=Mode.VECTOR)[0]
    assert hit.similarity > 0.3
    assert (hit.space, hit.tags) == ("trial", ("long",))
    assert hit.id not in {memory.id for memory in memories.newest(engine, scope=work)}
    assert [m.replaces for m in memories.newest(engine, scope=trial) if m.text == "new"] == [""]
    assert back(engine) == "spaces copy"
    assert names_of(engine)["work"] == 3
    assert memories.newest(engine, scope=Scope("trial", "me", None)) == []


def test_a_merge_moves_everything_and_forgets_doubles(engine: Engine) -> None:
    """Undo parts them again, passages too."""
    one, two = Scope("one", "me"), Scope("two", "me")
    spaces.create(engine, "one", user="me", description="first")
    remember.store(engine, "filler words here " * 60 + "zebrafinch aviary " * 9, scope=one)
    remember.store(engine, "both know this", scope=one)
    gone = remember.store(engine, "gone", scope=one)
    forgetting.forget(engine, [str(gone.id)])
    remember.store(engine, "Both know this", scope=two)
    remember.store(engine, "yours", scope=Scope("one", "you"))
    merged = spaces.merge(engine, "one", "two", user="me")
    assert merged == Merged(name="one", into="two", moved=1, duplicate=1)
    assert names_of(engine) == {"two": 2}
    assert spaces.show(engine, "two", user="me").description == "first"
    assert memories.find(engine, str(gone.id)).space == "two"
    assert recall.search(engine, "zebrafinch aviary", scope=two, mode=Mode.VECTOR)[0].similarity > 0.3
    assert len(memories.newest(engine, scope=Scope("one", "you"))) == 1
    assert back(engine) == "spaces merge"
    assert names_of(engine) == {"one": 2, "two": 1}
    assert recall.search(engine, "zebrafinch aviary", scope=one, mode=Mode.VECTOR)[0].similarity > 0.3
    assert memories.find(engine, str(gone.id)).forgotten_at is not None


def test_a_deleted_space_comes_back_by_undo(engine: Engine) -> None:
    """Memories and description."""
    spaces.create(engine, "work", user="me", description="what pays")
    remember.store(engine, "a", scope=Scope("work", "me"))
    spaces.delete(engine, "work", user="me")
    assert back(engine) == "spaces delete"
    assert spaces.show(engine, "work", user="me") == Space(
        name="work", memories=1, latest=NOW, description="what pays", created_at=NOW
    )


def test_what_can_not_be_copied_or_merged_is_refused(engine: Engine) -> None:
    """What is not there, what is there already, what is the same."""
    for name in ("a", "b"):
        remember.store(engine, "x", scope=Scope(name, "me"))
    with pytest.raises(NotFoundError):
        spaces.copy(engine, "nosuch", "c", user="me")
    with pytest.raises(ConflictError):
        spaces.copy(engine, "a", "b", user="me")
    for name, into in (("nosuch", "a"), ("a", "nosuch")):
        with pytest.raises(NotFoundError):
            spaces.merge(engine, name, into, user="me")
    with pytest.raises(UsageError, match="itself"):
        spaces.merge(engine, "a", "a", user="me")
    assert names_of(engine) == {"a": 1, "b": 1}


def test_values_move_along_and_none_is_written_over(engine: Engine) -> None:
    """With a space that gets another name; on merging, one whose name is taken stays where it is."""
    old, new = Scope("old", "me"), Scope("new", "me")
    for scope, key, data in ((old, "theme", '"dark"'), (old, "limit", "3"), (new, "limit", "5")):
        values.put(engine, key, data, scope=scope)
    remember.store(engine, "a fact", scope=old)
    remember.store(engine, "another fact", scope=new)
    spaces.merge(engine, "old", "new", user="me")
    assert values.get(engine, "theme", scope=new).data == '"dark"'
    assert values.get(engine, "limit", scope=new).data == "5"
    assert values.get(engine, "limit", scope=old).data == "3"
    spaces.rename(engine, "new", "newer", user="me")
    assert values.get(engine, "theme", scope=Scope("newer", "me")).data == '"dark"'

"""Teams: who sees what, who may change it, and what becomes of it."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from memcli.errors import ConflictError, MemcliError, NotAllowedError, NotFoundError, UsageError
from memcli.model import Scope
from memcli.services import forgetting, graph, memories, recall, remember, scopes, teams, transfer
from memcli.services.engine import Engine
from memcli.services.history import history
from memcli.services.undo import undo
from tests.conftest import Clock

WORK = Scope("work", "ann")
FOR_ALL = replace(WORK, team="crew")


def of(user: str) -> Scope:
    """Where ids are looked for by *user*."""
    return Scope(None, user, None)


def seen(engine: Engine, user: str) -> set[str]:
    """What *user* finds with their teams' memories, by list and by search."""
    scope = scopes.entered(engine, Scope("work", user), include_team=True)
    listed = {memory.text for memory in memories.newest(engine, scope=scope)}
    assert {hit.text for hit in recall.search(engine, "deadline is", scope=scope)} == listed
    return listed


def gather(engine: Engine) -> None:
    """A team of ann (admin), kim (member) and ray (reader) that knows one thing; ann knows another."""
    teams.create(engine, "The Crew", slug="crew", user="ann")
    teams.add(engine, "crew", "kim", user="ann")
    teams.add(engine, "crew", "ray", role="reader", user="ann")
    remember.store(engine, "the deadline is in May", scope=FOR_ALL, id="may")
    remember.store(engine, "my own deadline is in April", scope=WORK, id="april")


@pytest.fixture
def crew(filled: Callable[..., Engine]) -> Engine:
    """See `gather`."""
    return filled(gather)


def test_members_find_what_their_team_can_see_and_nobody_else(crew: Engine) -> None:
    """The rest is private; whoever wrote it finds it anyway."""
    assert seen(crew, "kim") == seen(crew, "ray") == {"the deadline is in May"}
    assert seen(crew, "lee") == set()
    assert seen(crew, "ann") == {"the deadline is in May", "my own deadline is in April"}
    assert memories.newest(crew, scope=scopes.entered(crew, Scope("work", "kim"))) == []
    assert len(memories.newest(crew, scope=scopes.entered(crew, FOR_ALL))) == 1
    with pytest.raises(NotAllowedError):
        scopes.entered(crew, replace(FOR_ALL, user="lee"))


def test_what_another_member_has_changed_since_is_not_taken_back(crew: Engine) -> None:
    """Only what is still as the change had left it: fields of memories, whether they are gone, and edges."""
    memories.update(crew, "may", scope=of("ann"), text="the deadline is in June", importance=0.9)
    memories.update(crew, "may", scope=of("kim"), text="the deadline is in July", tags=["plan"])
    (shown,) = undo(crew, scope=of("ann"), dry_run=True)
    (done,) = undo(crew, scope=of("ann"))
    assert done == shown
    assert (done.command, done.changed, done.overtaken) == ("update", 1, None)
    (memory,) = memories.find_all(crew, ["may"], scope=of("ann"))
    assert (memory.text, memory.importance, memory.tags) == ("the deadline is in July", 0.5, ("plan",))
    forgetting.forget(crew, ["may"], scope=of("ann"))
    forgetting.restore(crew, ["may"], scope=of("kim"))
    forgetting.forget(crew, ["may"], scope=of("kim"))
    (done,) = undo(crew, scope=of("ann"))
    assert (done.command, done.changed, done.overtaken, done.memories) == ("forget", 0, 1, ())
    assert seen(crew, "ray") == set()
    undo(crew, scope=of("kim"))
    remember.store(crew, "the hall is booked", scope=FOR_ALL, id="hall")
    graph.connect(crew, "may", "hall", scope=of("ann"), weight=0.2)
    graph.connect(crew, "may", "hall", scope=of("kim"), weight=0.9)
    (done,) = undo(crew, scope=of("ann"))
    assert (done.command, done.edges, done.overtaken) == ("graph connect", None, 1)
    assert [one.weight for one in graph.edges(crew, "may", scope=of("ann"))] == [0.9]


def test_a_removed_member_sees_nothing_any_more(crew: Engine) -> None:
    """By search, by list, by id."""
    assert memories.find(crew, "may", scope=of("kim")).team == "crew"
    teams.remove(crew, "crew", "kim", user="ann")
    assert seen(crew, "kim") == set()
    for act in (memories.find, history):
        with pytest.raises(NotFoundError):
            act(crew, "may", scope=of("kim"))
    with pytest.raises(NotFoundError):
        forgetting.forget(crew, ["may"], scope=of("kim"))


def test_readers_read_and_do_not_write(crew: Engine) -> None:
    """Neither store, nor update, nor forget, nor restore; nothing is changed."""
    before = memories.find(crew, "may")
    with pytest.raises(NotAllowedError, match="may read"):
        remember.store(crew, "x", scope=replace(FOR_ALL, user="ray"))
    with pytest.raises(NotAllowedError):
        memories.update(crew, "may", scope=of("ray"), importance=1.0)
    for act in (forgetting.forget, forgetting.restore):
        with pytest.raises(NotAllowedError):
            act(crew, ["may"], scope=of("ray"))
    line = json.dumps({"text": "x", "team": "crew", "user": "ray"})
    [record] = transfer.import_lines(crew, [line], scope=WORK)
    assert (record.stored.action, "may read" in record.stored.reason) == ("failed", True)
    assert memories.find(crew, "may") == before


def test_members_change_what_the_team_can_see_and_take_their_own_change_back(crew: Engine) -> None:
    """Whose change it is, not whose memory, says who undoes it."""
    memories.update(crew, "may", scope=of("kim"), text="the deadline is in June")
    assert memories.find(crew, "may").user == "ann"
    forgetting.forget(crew, ["may"], scope=of("kim"))
    assert seen(crew, "ray") == set()
    assert [done.command for done in undo(crew, scope=of("kim"), last=2)] == ["forget", "update"]
    assert seen(crew, "ray") == {"the deadline is in May"}
    assert [done.command for done in undo(crew, scope=of("ann"))] == ["store"]


def test_only_who_wrote_a_memory_decides_who_can_see_it(crew: Engine) -> None:
    """It can be shared later, and taken back; what it replaced before it was shared stays private."""
    remember.store(crew, "my own deadline is in July", scope=WORK, id="july", replaces="april")
    with pytest.raises(NotFoundError):
        memories.find(crew, "july", scope=of("kim"))
    shared = memories.update(crew, "july", scope=of("ann"), team="crew")
    assert (shared.team, shared.visibility) == ("crew", "team")
    assert [version.id for version in history(crew, "july", scope=of("kim"))] == ["july"]
    assert [version.id for version in history(crew, "july", scope=of("ann"))] == ["april", "july"]
    with pytest.raises(NotAllowedError, match="only ann"):
        memories.update(crew, "july", scope=of("kim"), team="")
    assert memories.update(crew, "july", scope=of("ann"), team="").visibility == "private"
    with pytest.raises(NotFoundError):
        memories.find(crew, "july", scope=of("kim"))


def test_who_is_no_longer_a_member_may_take_their_own_back_and_nothing_else(crew: Engine) -> None:
    """Writing to the team is over."""
    remember.store(crew, "kim's deadline is in May", scope=replace(FOR_ALL, user="kim"), id="kims")
    teams.remove(crew, "crew", "kim", user="kim")
    with pytest.raises(NotAllowedError):
        memories.update(crew, "kims", scope=of("kim"), text="nonsense")
    assert memories.update(crew, "kims", scope=of("kim"), team="").team == ""
    assert "kim's deadline is in May" not in seen(crew, "ray")


def test_what_a_team_can_see_and_what_is_private_do_not_replace_each_other(crew: Engine) -> None:
    """The same words may be said in both."""
    private = remember.store(crew, "the deadline is in May", scope=WORK)
    assert private.action == "stored"
    again = remember.store(crew, "The Deadline is in May", scope=FOR_ALL)
    assert (again.action, again.id) == ("duplicate", "may")


def test_only_admins_change_who_is_in_it(crew: Engine) -> None:
    """And the last one stays one."""
    for act in (
        lambda: teams.add(crew, "crew", "lee", user="kim"),
        lambda: teams.add(crew, "crew", "kim", role="admin", user="kim"),
        lambda: teams.remove(crew, "crew", "ray", user="kim"),
        lambda: teams.delete(crew, "crew", user="ray"),
    ):
        with pytest.raises(NotAllowedError, match="no admin"):
            act()
    for last in (
        lambda: teams.remove(crew, "crew", "ann", user="ann"),
        lambda: teams.add(crew, "crew", "ann", role="reader", user="ann"),
    ):
        with pytest.raises(ConflictError, match="last admin"):
            last()
    roles = {member.user: member.role for member in teams.show(crew, "crew", user="kim").members}
    assert roles == {"ann": "admin", "kim": "member", "ray": "reader"}
    teams.add(crew, "crew", "kim", role="admin", user="ann")
    teams.remove(crew, "crew", "ann", user="kim")
    assert teams.all_teams(crew, user="ann") == []


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda engine: teams.show(engine, "nosuch", user="ann"), NotFoundError),
        (lambda engine: teams.add(engine, "nosuch", "kim", user="ann"), NotFoundError),
        (lambda engine: teams.remove(engine, "crew", "nobody", user="ann"), NotFoundError),
        (lambda engine: remember.store(engine, "x", scope=replace(WORK, team="nosuch")), NotFoundError),
        (lambda engine: teams.show(engine, "crew", user="lee"), NotAllowedError),
        (lambda engine: teams.create(engine, "Other", slug="crew", user="lee"), ConflictError),
        (lambda engine: teams.create(engine, "x", slug="A b", user="ann"), UsageError),
        (lambda engine: teams.create(engine, "工作", user="ann"), UsageError),
        (lambda engine: teams.create(engine, " ", user="ann"), UsageError),
        (lambda engine: teams.add(engine, "crew", " ", user="ann"), UsageError),
        (lambda engine: teams.add(engine, "crew", "kim", role="king", user="ann"), UsageError),
        (lambda engine: teams.show(engine, "crew'; --", user="ann"), UsageError),
    ],
)
def test_what_makes_no_sense_is_refused(crew: Engine, act: object, error: type[MemcliError]) -> None:
    """Each in its way, and nothing is changed."""
    with pytest.raises(error):
        act(crew)  # type: ignore[operator]
    assert len(teams.show(crew, "crew", user="ann").members) == 3


def test_a_deleted_team_leaves_its_memories_to_those_who_wrote_them(crew: Engine) -> None:
    """Private again; undo brings team, members and memories back as they were."""
    remember.store(crew, "kim's deadline is in May", scope=replace(FOR_ALL, user="kim"))
    assert teams.delete(crew, "crew", user="ann").memories == 2
    assert seen(crew, "ray") == set()
    assert seen(crew, "kim") == {"kim's deadline is in May"}
    assert memories.find(crew, "may").visibility == "private"
    undo(crew, scope=of("ann"))
    assert len(seen(crew, "ray")) == 2
    assert {member.user for member in teams.show(crew, "crew", user="ray").members} == {"ann", "kim", "ray"}


def test_what_others_wrote_is_not_ours_to_purge(crew: Engine) -> None:
    """Not by id, and not with all the rest."""
    forgetting.forget(crew, ["may"], scope=of("kim"))
    with pytest.raises(NotAllowedError, match="only ann"):
        forgetting.purgeable(crew, ["may"], scope=of("kim"))
    assert forgetting.purgeable(crew, scope=replace(FOR_ALL, user="kim")) == []
    assert [memory.id for memory in forgetting.purgeable(crew, scope=FOR_ALL)] == ["may"]


def test_long_memories_of_a_team_are_found_by_their_further_passages(crew: Engine, clock: Clock) -> None:
    """Passages know nothing of teams; the memories that they lead to do."""
    remember.store(crew, "filler words here " * 60 + "zebrafinch aviary " * 9, scope=FOR_ALL, id="long")
    scope = scopes.entered(crew, Scope("work", "ray"), include_team=True)
    assert recall.search(crew, "zebrafinch aviary", scope=scope)[0].id == "long"
    scope = scopes.entered(crew, Scope("work", "lee"), include_team=True)
    assert recall.search(crew, "zebrafinch aviary", scope=scope) == []


def test_a_deleted_team_comes_back_without_what_its_writers_gave_to_others(crew: Engine) -> None:
    """A memory of it that its writer shows to another team meanwhile stays there."""
    remember.store(crew, "kim's deadline is in June", scope=replace(FOR_ALL, user="kim"), id="june")
    teams.delete(crew, "crew", user="ann")
    teams.create(crew, "Secret", user="kim")
    memories.update(crew, "june", scope=of("kim"), team="secret")
    (done,) = undo(crew, scope=of("ann"))
    assert (done.command, done.changed, done.overtaken) == ("teams delete", 1, 1)
    assert memories.find(crew, "june").team == "secret"
    assert memories.find(crew, "may").team == "crew"
    assert [team.slug for team in teams.all_teams(crew, user="ann")] == ["crew"]


def test_a_team_does_not_come_back_in_the_place_of_another(crew: Engine) -> None:
    """Nor do its members come into that; what was made anew stays as it is."""
    teams.delete(crew, "crew", user="ann")
    teams.create(crew, "Crew", user="carol")
    remember.store(crew, "the launch code is blue", scope=Scope("work", "carol", team="crew"))
    for _ in range(2):
        with pytest.raises(ConflictError, match="there is already a team 'crew' again"):
            undo(crew, scope=of("ann"))
    assert [one.user for one in teams.show(crew, "crew", user="carol").members] == ["carol"]
    assert teams.all_teams(crew, user="ann") == []
    teams.delete(crew, "crew", user="carol")
    undo(crew, scope=of("ann"))
    assert {one.user for one in teams.show(crew, "crew", user="ann").members} == {"ann", "kim", "ray"}
    assert memories.find(crew, "may").team == "crew"

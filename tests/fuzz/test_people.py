"""Who sees what, and who may change it, against a model of four sentences.

One sees what is one's own, and what a team can see that one is in. One may change what is one's own and
private, and what a team can see as its admin or member. Taking one's own memory back is always allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from memcli.errors import ConflictError, NotAllowedError, NotFoundError
from memcli.model import Memory, Scope
from memcli.services import agents, forgetting, memories, recall, remember, scopes, teams
from memcli.services.undo import undo
from tests.fuzz.machines import Machine, refused, runs

USERS = ("me", "anna", "it's")
TEAMS = ("ours", "others")
AGENTS = ("", "bot")
WHO, WHICH = st.sampled_from(USERS), st.sampled_from(TEAMS)
ROLES = st.sampled_from(["admin", "member", "reader"])


@dataclass
class Thing:
    """What is known of a memory."""

    user: str
    agent: str
    team: str
    text: str
    forgotten: bool = False


@dataclass
class Change:
    """What somebody changed, and how it was.

    Attributes:
        user: Who.
        added: What was new.
        before: What other memories were: their teams, and whether they were forgotten.
        slug: The team that was taken away; empty for none.
        roles: Who was in it.
    """

    user: str
    added: tuple[str, ...] = ()
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    slug: str = ""
    roles: dict[str, str] = field(default_factory=dict)


class People(Machine):
    """Users, their agents, and two teams."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: dict[str, dict[str, str]] = {}
        self.things: dict[str, Thing] = {}
        self.changes: list[Change] = []
        self.written = 0

    def sees(self, user: str, thing: Thing) -> bool:
        """Whether *user* may see *thing*."""
        return thing.user == user or user in self.roles.get(thing.team, {})

    def writes(self, user: str, team: str) -> bool:
        """Whether *user* may write to *team*."""
        return self.roles[team].get(user) in ("admin", "member")

    def wider(self, user: str, agent: str = "") -> Scope:
        """All that *user* sees."""
        return scopes.entered(self.engine, Scope("work", user, agent), include_team=True)

    @initialize()
    def begin(self) -> None:
        """Everybody has an agent."""
        for user in USERS:
            agents.create(self.engine, "bot", user=user)

    @rule(user=WHO, slug=WHICH)
    def create(self, user: str, slug: str) -> None:
        """Make a team."""

        def does() -> Any:
            return teams.create(self.engine, slug, user=user)

        if slug in self.roles:
            refused(does, ConflictError)
        else:
            does()
            self.roles[slug] = {user: "admin"}

    def _last_admin(self, slug: str, member: str) -> bool:
        return [user for user, role in self.roles[slug].items() if role == "admin"] == [member]

    @rule(user=WHO, slug=WHICH, member=WHO, role=ROLES)
    def add(self, user: str, slug: str, member: str, role: str) -> None:
        """Take somebody in, or give another role."""

        def does() -> Any:
            return teams.add(self.engine, slug, member, user=user, role=role)

        if slug not in self.roles:
            refused(does, NotFoundError)
        elif self.roles[slug].get(user) != "admin":
            refused(does, NotAllowedError)
        elif role != "admin" and self._last_admin(slug, member):
            refused(does, ConflictError)
        else:
            does()
            self.roles[slug][member] = role

    @rule(user=WHO, slug=WHICH, member=WHO)
    def remove(self, user: str, slug: str, member: str) -> None:
        """Let somebody go, or go oneself."""

        def does() -> Any:
            return teams.remove(self.engine, slug, member, user=user)

        if slug not in self.roles:
            refused(does, NotFoundError)
        elif user not in self.roles[slug] or (user != member and self.roles[slug][user] != "admin"):
            refused(does, NotAllowedError)
        elif member not in self.roles[slug]:
            refused(does, NotFoundError)
        elif self._last_admin(slug, member):
            refused(does, ConflictError)
        else:
            does()
            del self.roles[slug][member]

    @rule(user=WHO, slug=WHICH)
    def delete(self, user: str, slug: str) -> None:
        """Take a team away: what it could see is its writers' alone again."""

        def does() -> Any:
            return teams.delete(self.engine, slug, user=user)

        if slug not in self.roles:
            refused(does, NotFoundError)
        elif self.roles[slug].get(user) != "admin":
            refused(does, NotAllowedError)
        else:
            does()
            theirs = {name: {"team": slug} for name, thing in self.things.items() if thing.team == slug}
            self.changes.append(Change(user, before=theirs, slug=slug, roles=self.roles.pop(slug)))
            for name in theirs:
                self.things[name].team = ""

    @rule(user=WHO, agent=st.sampled_from(AGENTS), team=st.sampled_from(["", "", *TEAMS]))
    def store(self, user: str, agent: str, team: str) -> None:
        """Remember something, privately, as an agent, or where a team sees it."""
        text = f"fact number {self.written}"

        def does() -> Any:
            return remember.store(self.engine, text, scope=Scope("work", user, agent, team))

        if team and team not in self.roles:
            refused(does, NotFoundError)
        elif team and not self.writes(user, team):
            refused(does, NotAllowedError)
        else:
            self.written += 1
            name = str(does().id)
            self.things[name] = Thing(user, agent, team, text)
            self.changes.append(Change(user, added=(name,)))

    def _any(self, data: st.DataObject) -> tuple[str, Thing] | None:
        return data.draw(st.sampled_from(sorted(self.things.items(), key=str))) if self.things else None

    @rule(user=WHO, data=st.data())
    def update(self, user: str, data: st.DataObject) -> None:
        """Change what somebody wrote."""
        if not (found := self._any(data)):
            return
        name, thing = found

        def does() -> Any:
            return memories.update(self.engine, name, scope=Scope(None, user, None), importance=0.9)

        if not self.sees(user, thing):
            refused(does, NotFoundError)
        elif thing.team and not self.writes(user, thing.team):
            refused(does, NotAllowedError)
        else:
            assert does().text == thing.text
            self.changes.append(Change(user, before={name: {}}))

    @rule(user=WHO, team=st.sampled_from(["", *TEAMS]), data=st.data())
    def share(self, user: str, team: str, data: st.DataObject) -> None:
        """Let a team see a memory, or nobody else."""
        if not (found := self._any(data)):
            return
        name, thing = found

        def does() -> Any:
            return memories.update(self.engine, name, scope=Scope(None, user, None), team=team)

        # who gives a memory that is theirs back to themselves needs no role in the team that saw it
        needed = [] if not team and thing.user == user else [thing.team, team]
        if not self.sees(user, thing):
            refused(does, NotFoundError)
        elif thing.team != team and thing.user != user:
            refused(does, NotAllowedError)
        elif any(slug and slug not in self.roles for slug in needed):
            refused(does, NotFoundError)
        elif any(slug and not self.writes(user, slug) for slug in needed):
            refused(does, NotAllowedError)
        else:
            assert does().team == team
            self.changes.append(
                Change(user, before={name: {"team": thing.team} if team != thing.team else {}})
            )
            thing.team = team

    @rule(user=WHO, back=st.booleans(), data=st.data())
    def forget(self, user: str, back: bool, data: st.DataObject) -> None:
        """Forget what somebody wrote, or bring it back."""
        if not (found := self._any(data)):
            return
        name, thing = found
        act = forgetting.restore if back else forgetting.forget

        def does() -> Any:
            return act(self.engine, [name], scope=Scope(None, user, None))

        own = thing.user == user and not back
        if not self.sees(user, thing):
            refused(does, NotFoundError)
        elif thing.team and not own and not self.writes(user, thing.team):
            refused(does, NotAllowedError)
        else:
            does()
            if thing.forgotten == back:
                self.changes.append(Change(user, before={name: {"forgotten": back}}))
            thing.forgotten = not back

    @rule(user=WHO)
    def delete_agent(self, user: str) -> None:
        """Take an agent away, with what is its own; then it is made anew."""
        agents.delete(self.engine, "bot", user=user)
        agents.create(self.engine, "bot", user=user)
        theirs = [n for n, t in self.things.items() if (t.user, t.agent, t.forgotten) == (user, "bot", False)]
        self.changes.append(Change(user, before={name: {"forgotten": False} for name in theirs}))
        for name in theirs:
            self.things[name].forgotten = True

    @rule(user=WHO)
    def take_back(self, user: str) -> None:
        """Take one's own last change back; nothing of it, where some of it may not be."""
        own = [change for change in self.changes if change.user == user]
        if not own:
            assert undo(self.engine, scope=Scope(None, user)) == []
            return
        change = own[-1]
        roles = {slug: dict(members) for slug, members in self.roles.items()}
        if change.slug:
            roles[change.slug] = {**roles.get(change.slug, {}), **change.roles}
        needed = set()
        for name in (*change.added, *change.before):
            thing = self.things[name]
            if thing.user != user:
                needed |= {thing.team, change.before.get(name, {}).get("team", thing.team)} - {""}
        if any(roles.get(slug, {}).get(user) not in ("admin", "member") for slug in needed):
            refused(lambda: undo(self.engine, scope=Scope(None, user)), NotAllowedError, NotFoundError)
            return
        undo(self.engine, scope=Scope(None, user))
        self.changes.remove(change)
        self.roles = roles
        for name in change.added:
            self.things[name].forgotten = True
        for name, before in change.before.items():
            for about, value in before.items():
                setattr(self.things[name], about, value)

    @rule()
    def go_on(self) -> None:
        """The store is opened anew."""
        self.reopen()

    @invariant()
    def everybody_sees_what_is_theirs(self) -> None:
        """In lists, in searches and by id: no more and no less."""
        for user in USERS:
            own = {n for n, t in self.things.items() if (t.user, t.agent) == (user, "") and not t.forgotten}
            shared = {
                n for n, t in self.things.items() if user in self.roles.get(t.team, {}) and not t.forgotten
            }
            assert self._ids(memories.newest(self.engine, scope=self.wider(user))) == own | shared
            assert self._ids(memories.newest(self.engine, scope=Scope("work", user))) == own
            bots = {
                n for n, t in self.things.items() if (t.user, t.agent) == (user, "bot") and not t.forgotten
            }
            assert self._ids(memories.newest(self.engine, scope=Scope("work", user, "bot"))) == bots

    @invariant()
    def teams_are_right(self) -> None:
        """Everybody sees the teams they are in, with all members in their roles."""
        for user in USERS:
            found = {team.slug: {m.user: str(m.role) for m in team.members} for team in self._teams(user)}
            assert found == {slug: members for slug, members in self.roles.items() if user in members}

    def _teams(self, user: str) -> list[teams.Team]:
        return teams.all_teams(self.engine, user=user)

    @rule(user=WHO, data=st.data())
    def look(self, user: str, data: st.DataObject) -> None:
        """By its id and by its words."""
        if not (found := self._any(data)):
            return
        name, thing = found
        hits = recall.search(self.engine, thing.text, scope=self.wider(user), limit=100)
        assert all(self.sees(user, self.things[hit.id]) and not self.things[hit.id].forgotten for hit in hits)
        if self.sees(user, thing):
            assert memories.find(self.engine, name, scope=Scope(None, user, None)).text == thing.text
        else:
            refused(lambda: memories.find(self.engine, name, scope=Scope(None, user, None)), NotFoundError)
            refused(lambda: memories.find(self.engine, name, scope=self.wider(user)), NotFoundError)

    @rule(user=WHO, slug=WHICH)
    def enter(self, user: str, slug: str) -> None:
        """A team's memories are for who is in it."""

        def does() -> Any:
            scope = scopes.entered(self.engine, Scope("work", user, "", slug))
            return memories.newest(self.engine, scope=scope)

        if slug not in self.roles:
            refused(does, NotFoundError)
        elif user not in self.roles[slug]:
            refused(does, NotAllowedError)
        else:
            theirs = {n for n, t in self.things.items() if t.team == slug and not t.forgotten}
            assert self._ids(does()) == theirs

    @staticmethod
    def _ids(found: list[Memory]) -> set[str]:
        return {memory.id for memory in found}


def test_nobody_sees_or_changes_what_is_not_for_them() -> None:
    """After any sequence of joining, leaving, sharing and taking back."""
    runs(People, few=4)

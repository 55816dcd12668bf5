"""What a command is about: agents and teams that are there, and where it looks besides."""

from __future__ import annotations

from dataclasses import replace

from memcli.errors import UsageError
from memcli.model import Scope
from memcli.services import agents, checks, teams
from memcli.services.engine import Engine

GLOBAL = "global"
"""The space of what holds in every project."""


def entered(
    engine: Engine,
    scope: Scope,
    *,
    shared: bool = False,
    include_team: bool | None = False,
    with_global: bool | None = False,
) -> Scope:
    """*scope*, once its agent and its team are known to be there, and all it sees besides.

    Args:
        engine: What to work with.
        scope: Space, user, agent and team as they were named.
        shared: Whether an agent's user's own memories are meant, too.
        include_team: Whether the teams' memories are meant, too; the setting, if None.
        with_global: Whether the space `global` is meant, too; the setting, if None.

    Raises:
        NotFoundError: There is no such agent or team.
        NotAllowedError: The user is not in that team.
        UsageError: There is no agent that would share.
    """
    settings = engine.config.search
    if shared and not scope.agent:
        raise UsageError("--shared goes with --agent", hint="without one these are your own memories anyway")
    checks.line(scope.agent or "", "the agent's name", checks.NAME_LENGTH_MOST)
    checks.line(scope.team, "the team")
    if scope.agent and not agents.is_known(engine, scope.agent, user=scope.user):
        raise agents.unknown(scope.agent)
    if scope.team and scope.user is not None:
        teams.require_member(engine.db, scope.team, scope.user)
    looks_wider = settings.with_global if with_global is None else with_global
    sees_more = settings.include_team if include_team is None else include_team
    return replace(
        scope,
        shared=shared,
        further=(GLOBAL,) if looks_wider and scope.space not in (None, GLOBAL) else (),
        teams=teams.slugs_of(engine, scope.owner) if sees_more and not scope.team else (),
    )

"""The public Python API: a thin face over the services, one method for each."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

from memcli import config
from memcli.errors import UsageError
from memcli.home import find_home
from memcli.model import Conflict, Context, Hit, Scope, Space, Stored
from memcli.model import Memory as MemoryRecord
from memcli.services import (
    agents,
    checks,
    drawing,
    evaluate,
    forgetting,
    graph,
    jsontext,
    memories,
    recall,
    remember,
    scopes,
    spaces,
    stores,
    teams,
    transfer,
    upkeep,
    uses,
    values,
)
from memcli.services import consolidate as consolidating
from memcli.services import context as contexts
from memcli.services.agents import Agent
from memcli.services.drawing import Graph
from memcli.services.edges import Direction
from memcli.services.engine import Engine
from memcli.services.graph import Connected, EdgeOf, Traversal
from memcli.services.graph import Path as Way
from memcli.services.history import Version, history
from memcli.services.select import Filter
from memcli.services.teams import Team
from memcli.services.undo import Undone, undo
from memcli.services.upkeep import Optimized
from memcli.services.values import Kept
from memcli.services.where import parse
from memcli.structure import JSONText, Value


def _warned(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=2)


class Memory:
    """A memory in a directory, the same one that the command line uses.

    Args:
        home: Where configuration and store are, or a URL; None for MEMCLI_HOME or the platform's own places.
        space: The space used where a call names none; None for the setting.
        user: Whose memories; None for the setting, or the login name.
        agent: An agent's own memories; None for the setting, or the user's. It must have been made.
        team: What this team can see, and what is stored is for it; empty for none.
        shared: With *agent*: the user's own memories, too.
        include_team: What the user's teams can see, too; None for the setting.
        with_global: The space `global`, too; None for the setting.
        store: The store of the settings to work with; empty for the user's own.
        engine: What to work with instead of *home*, for tests and hosts of their own.

    All methods raise `memcli.errors.MemcliError` and nothing else that a caller can cause. What is no
    error and yet not as it should be is a `UserWarning`.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        space: str | None = None,
        user: str | None = None,
        agent: str | None = None,
        team: str = "",
        shared: bool = False,
        include_team: bool | None = None,
        with_global: bool | None = None,
        store: str = "",
        engine: Engine | None = None,
    ) -> None:
        if engine is None:
            where = find_home(str(home) if home is not None else None)
            engine = Engine(
                *stores.chosen(config.load(where.config_file).config, where, store), warned=_warned
            )
        self._opened = engine
        self.scope = replace(engine.config.scope(space, user, agent), team=team)
        self._wider = {"include_team": include_team, "with_global": with_global}
        self._shared = shared

    @property
    def _engine(self) -> Engine:
        """The engine, on what the store holds now: another process may have written meanwhile."""
        if self._opened.is_behind:  # beside whatever is asked for now
            Thread(target=self._opened.catch_up, name="memcli-upkeep").start()
            self._opened.db.is_behind = self._opened.db.has_written = False
        self._opened.db.forget_what_was_read()
        return self._opened

    @property
    def _own(self) -> Scope:
        """Everything of the user's: where ids are looked for."""
        return Scope(space=None, user=self.scope.user, agent=None)

    def _scope(self, space: str | None) -> Scope:
        named = self.scope if space is None else replace(self.scope, space=space)
        return scopes.entered(self._engine, named, shared=self._shared, **self._wider)

    def store(
        self,
        text: str,
        *,
        space: str | None = None,
        conflicts: bool | None = None,
        replaces: str = "",
        **about: Any,
    ) -> Stored:
        """Remember *text*; *about* are fields of `memcli.model.Draft`, such as importance and tags.

        It is held against what is remembered unless *conflicts* is False, or replaces the memory *replaces*.

        Raises:
            UsageError: *conflicts* is a word of the command line, which would count as true.
        """
        if conflicts is not None and not isinstance(conflicts, bool):
            raise UsageError(f"conflicts is True, False or None, not {conflicts!r}")
        return remember.store(
            self._engine,
            text,
            scope=self._scope(space),
            conflicts=conflicts,
            replaces=replaces,
            **about,
        )

    def search(
        self,
        query: str,
        *,
        space: str | None = None,
        limit: int | None = None,
        min_score: float | None = None,
        where: str | None = None,
        tags: Sequence[str] = (),
        at: datetime | None = None,
        around: int = 0,
        hops: int = 0,
        explain: bool = False,
    ) -> list[Hit]:
        """The memories that match *query*, best first; *where* as in `memcli search --where`.

        What was true then, if *at* is given.
        """
        return recall.search(
            self._engine,
            query,
            scope=self._scope(space),
            limit=limit,
            min_score=min_score,
            wanted=replace(self._filter(where, tags), at=checks.moment(at, "at")),
            around=around,
            hops=hops,
            explain=explain,
        )

    def context(
        self,
        query: str,
        *,
        space: str | None = None,
        budget: int | None = None,
        style: str | None = None,
        min_score: float | None = None,
        around: int | None = None,
        include: Sequence[str] = (),
    ) -> Context:
        """What is known about *query* as one block for a prompt, within *budget* tokens."""
        return contexts.build(
            self._engine,
            query,
            scope=self._scope(space),
            budget=budget,
            style=style,
            min_score=min_score,
            around=around,
            include=include,
        )

    def get(self, memory_id: str) -> MemoryRecord:
        """The memory whose id is *memory_id* or begins with it; this counts as a use of it."""
        return uses.look_at(self._engine, memory_id, scope=self._own)

    def list(
        self, *, space: str | None = None, where: str | None = None, limit: int | None = None
    ) -> list[MemoryRecord]:
        """The memories in the space, latest first."""
        wanted = self._filter(where, ())
        return memories.newest(self._engine, scope=self._scope(space), wanted=wanted, limit=limit)

    def update(self, memory_id: str, **changes: Any) -> MemoryRecord:
        """Change the fields named in *changes*; see `memcli.services.memories.update`."""
        return memories.update(self._engine, memory_id, scope=self._own, **changes)

    def forget(self, *memory_ids: str) -> Sequence[MemoryRecord]:
        """Forget memories; `restore` brings them back until they are purged."""
        return forgetting.forget(self._engine, memory_ids, scope=self._own)

    def restore(self, *memory_ids: str) -> Sequence[MemoryRecord]:
        """Bring forgotten or replaced memories back."""
        return forgetting.restore(self._engine, memory_ids, scope=self._own)

    def history(self, memory_id: str) -> Sequence[Version]:
        """The memories that replaced each other up to this one and after it, oldest first."""
        return history(self._engine, memory_id, scope=self._own)

    def undo(self, last: int = 1) -> Sequence[Undone]:
        """Take the last changes back."""
        return undo(self._engine, scope=self._own, last=last)

    def conflicts(self, *, space: str | None = None) -> Sequence[Conflict]:
        """The pairs of facts in the space that double or contradict each other, with a proposal each."""
        return consolidating.conflicts(self._engine, scope=self._scope(space))

    def resolve(self, conflicts: Sequence[Conflict]) -> Sequence[consolidating.Step]:
        """Do what *conflicts* propose: the older ones give way."""
        return consolidating.resolve(self._engine, conflicts, by=self.scope.user)

    def consolidate(
        self, *, space: str | None = None, merge: bool = True, dry_run: bool = False
    ) -> Sequence[consolidating.Step]:
        """Merge facts that say the same, and forget what is unimportant and rarely used."""
        return consolidating.consolidate(self._engine, scope=self._scope(space), merge=merge, dry_run=dry_run)

    def purge(self, *memory_ids: str) -> Sequence[MemoryRecord]:
        """Remove forgotten and expired memories from disk, for good: those named, or all in the space."""
        engine = self._engine
        return forgetting.purge(engine, forgetting.purgeable(engine, memory_ids, scope=self.scope))

    def connect(self, from_id: str, to_id: str, type_: str = graph.TYPE, weight: float = 1.0) -> Connected:
        """Connect two memories; connecting them again updates the weight."""
        return graph.connect(self._engine, from_id, to_id, scope=self._own, type_=type_, weight=weight)

    def disconnect(self, from_id: str, to_id: str, type_: str | None = None) -> Sequence[Connected]:
        """Take away the edges from one memory to another: those of one type, or all."""
        return graph.disconnect(self._engine, from_id, to_id, scope=self._own, type_=type_)

    def edges(
        self, memory_id: str, *, types: Sequence[str] = (), direction: Direction = Direction.BOTH
    ) -> Sequence[EdgeOf]:
        """The edges of a memory, the strongest first."""
        return graph.edges(self._engine, memory_id, scope=self._own, types=types, direction=direction)

    def traverse(self, memory_id: str, **about: Any) -> Traversal:
        """What can be reached from a memory; *about* as in `memcli.services.graph.traverse`."""
        return graph.traverse(self._engine, memory_id, scope=self._own, **about)

    def path(self, from_id: str, to_id: str, **about: Any) -> Way:
        """The strongest path from one memory to another; *about* as in `memcli.services.graph.path`."""
        return graph.path(self._engine, from_id, to_id, scope=self._own, **about)

    def graph(self, *, space: str | None = None) -> Graph:
        """The connected memories of the space, and their edges."""
        return drawing.whole(self._engine, scope=self._scope(space))

    def set_value(
        self,
        key: str,
        data: Any,
        *,
        space: str | None = None,
        expires_at: datetime | None = None,
        **only: Any,
    ) -> Kept:
        """Keep *data*, whatever JSON can say, under *key*; *only* is `if_absent` or `if_version`.

        A `memcli.structure.JSONText` is kept as it is written.
        """
        text = data if isinstance(data, JSONText) else jsontext.written(data)
        return values.put(self._engine, key, text, scope=self._scope(space), expires_at=expires_at, **only)

    def get_value(self, key: str, *, space: str | None = None, field: str | None = None) -> Any:
        """What is kept under *key*, or the part of it that *field* leads to: `a.b[0]`."""
        return jsontext.read(values.get(self._engine, key, scope=self._scope(space), field=field).data)

    def list_values(self, prefix: str = "", *, space: str | None = None) -> Sequence[Value]:
        """The values whose keys begin with *prefix*, as they were written, by key."""
        return values.all_values(self._engine, scope=self._scope(space), prefix=prefix)

    def delete_value(self, *keys: str, space: str | None = None) -> Sequence[Kept]:
        """Delete values; this can't be undone."""
        return values.delete(self._engine, keys, scope=self._scope(space))

    def increase_value(self, key: str, by: int = 1, *, space: str | None = None) -> Any:
        """Add to the number under *key*, 0 if there is none; what it comes to."""
        kept = values.increase(self._engine, key, scope=self._scope(space), by=jsontext.written(by))
        return jsontext.read(str(kept.data))

    def append_value(self, key: str, data: Any, *, space: str | None = None) -> Kept:
        """Add *data* to the list under *key*, an empty one if there is none."""
        return values.append(self._engine, key, jsontext.written(data), scope=self._scope(space))

    def spaces(self) -> Sequence[Space]:
        """The spaces there are."""
        return spaces.all_spaces(self._engine, user=self.scope.user)

    def agents(self) -> Sequence[Agent]:
        """The agents there are."""
        return agents.all_agents(self._engine, user=self.scope.owner)

    def create_agent(self, name: str, *, description: str = "", owner: str = "", model: str = "") -> Agent:
        """Make an agent; `Memory(agent=name)` is then about its own memories."""
        about = {"description": description, "owner": owner, "model": model}
        return agents.create(self._engine, name, user=self.scope.owner, **about)

    def teams(self) -> Sequence[Team]:
        """The teams that the user is in."""
        return teams.all_teams(self._engine, user=self.scope.owner)

    def import_lines(
        self, lines: Iterable[bytes | str], *, space: str | None = None
    ) -> Iterator[transfer.Record]:
        """Store the memories in *lines* of JSON; each record that comes out has been written."""
        return transfer.import_lines(self._engine, lines, scope=self._scope(space))

    def export(self, *, space: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Everything of the user's, oldest first; in all spaces, unless one is named."""
        scope = Scope(space, self.scope.user, None)
        return transfer.export(self._engine, scope=scope)

    def evaluate(
        self, lines: Iterable[bytes | str], *, space: str | None = None
    ) -> Sequence[evaluate.Evaluated]:
        """How well search finds what the questions in *lines* of JSON name as relevant; as `memcli eval`."""
        return evaluate.run(self._engine, lines, scope=self._scope(space))

    def optimize(self) -> Optimized:
        """Make the store small and quick at once."""
        return upkeep.optimize(self._engine)

    @staticmethod
    def _filter(where: str | None, tags: Sequence[str]) -> Filter:
        if where is not None:
            checks.characters(where, "where")
        condition = parse(where) if where is not None else None
        return Filter(where=condition, tags=checks.tags(tags))

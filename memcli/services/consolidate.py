"""Care for what is remembered: what is said twice is merged, what is unimportant and unused is forgotten.

Nothing is lost by it: it is one change, which undo takes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from memcli.model import Action, Conflict, Memory, Scope
from memcli.services import checks, journal, names, teams
from memcli.services.engine import Engine
from memcli.services.history import given_way
from memcli.services.precedence import with_all_of
from memcli.services.select import current, in_scope, is_current
from memcli.storage.predicates import all_of, below

if TYPE_CHECKING:
    from memcli.storage.database import Database

UNIMPORTANT = "unimportant and rarely used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one memory.

    Attributes:
        action: `merged` into one that says the same, `replaced` by one that says otherwise, or `forgotten`.
        id: The memory.
        text: What it says.
        into: The memory that stands for it from now on; None if it is just forgotten.
        reason: Why, in words.
        confidence: How sure that is, 0..1; None for a rule.
    """

    action: str
    id: str
    text: str
    into: str | None = None
    reason: str
    confidence: float | None = None


@dataclass
class Plan:
    """What some steps come to: memories as they are and as they will be.

    Attributes:
        there: The memories that it is about, by id, as they are.
        now: The time.
        steps: What has been planned.
        after: The memories that change, by id, as they will be.
    """

    there: dict[str, Memory]
    now: datetime
    steps: list[Step] = field(default_factory=list)
    after: dict[str, Memory] = field(default_factory=dict)

    def settle(self, conflict: Conflict) -> None:
        """Let the old one of *conflict* give way, if both are still current and it is not contested."""
        if conflict.contested:
            return
        old, new = self._of(conflict.old.id), self._of(conflict.new.id)
        if old is None or new is None:
            return
        doubles = conflict.action is Action.DUPLICATE
        if doubles:
            new = with_all_of(new, old)
        if new.replaces:  # a memory replaces one other at most
            gone = replace(old, forgotten_at=self.now, updated_at=self.now)
        else:
            gone = given_way(old, new, conflict, max(new.created_at, old.created_at), self.now)
            new = replace(new, replaces=old.id)
        self.after |= {old.id: gone, new.id: replace(new, updated_at=self.now)}
        self.steps.append(
            Step(
                action="merged" if doubles else "replaced",
                id=old.id,
                text=old.text,
                into=new.id,
                reason=conflict.reason,
                confidence=conflict.confidence,
            )
        )

    def forget(self, name: str) -> None:
        """Forget the memory with the id *name*, if it is still current."""
        memory = self._of(name)
        if memory is not None:
            self.after[name] = replace(memory, forgotten_at=self.now, updated_at=self.now)
            self.steps.append(Step(action="forgotten", id=name, text=memory.text, reason=UNIMPORTANT))

    def _of(self, name: str) -> Memory | None:
        """The memory with the id *name* as it will be; None if it is gone."""
        memory = self.after.get(name) or self.there.get(name)
        return memory if memory is not None and is_current(memory, self.now) else None


def conflicts(engine: Engine, *, scope: Scope) -> list[Conflict]:
    """The pairs of current facts of *scope* that double or contradict each other, the latest last."""
    if not engine.db.model:
        return []
    from memcli.services.pairs import conflicting  # behind the store's door: arrays

    with engine.progress("Comparing", count(engine, scope)) as report:
        return conflicting(engine, scope, report)


def resolve(engine: Engine, found: Sequence[Conflict], *, by: str | None = None) -> list[Step]:
    """Do with the conflicts *found* as they propose, as one change. What has changed since stays as it is.

    So does what is contested: that is for the user to decide.

    Raises:
        NotAllowedError: *by* (None: nobody in particular) may not change what a team can see.
    """
    if not found:
        return []
    with engine.db.writing() as db:
        plan = _resolved(engine, db, found)
        _carry_out(engine, db, plan, "conflicts", by)
    return plan.steps


def consolidate(
    engine: Engine,
    *,
    scope: Scope,
    importance: float | None = None,
    uses: int | None = None,
    merge: bool = True,
    dry_run: bool = False,
) -> list[Step]:
    """Merge facts that say the same, and forget what is unimportant and rarely used, as one change.

    Args:
        engine: What to work with.
        scope: Where.
        importance: What is less important than this may go, 0..1; the setting, if None.
        uses: What was used this often stays all the same; the setting, if None.
        merge: Whether facts that say the same are looked for.
        dry_run: Only say what would happen.
    """
    settings = engine.config.consolidate
    least = settings.importance if importance is None else checks.importance(importance)
    often = settings.uses if uses is None else checks.within(uses, 0, checks.MOST, "the number of uses")
    if not engine.db.model:
        return []
    found = conflicts(engine, scope=scope) if merge else []
    doubles = [conflict for conflict in found if conflict.action is Action.DUPLICATE]
    if dry_run:
        return _planned(engine, engine.db, scope, doubles, least, often).steps
    with engine.db.writing() as db:
        plan = _planned(engine, db, scope, doubles, least, often)
        _carry_out(engine, db, plan, "consolidate", scope.user)
    return plan.steps


def _planned(
    engine: Engine, db: Database, scope: Scope, doubles: Sequence[Conflict], least: float, often: int
) -> Plan:
    plan = _resolved(engine, db, doubles)
    where = all_of(in_scope(scope), current(plan.now), below("importance", least))
    unimportant = db.memories.where(where)
    uses = _uses(db, plan, unimportant)
    for memory in sorted(unimportant, key=lambda memory: (memory.created_at, memory.id)):
        kept = plan.after.get(memory.id, memory)  # merged with something more important?
        if kept.importance < least and uses[memory.id] < often:
            plan.there.setdefault(memory.id, memory)
            plan.forget(memory.id)
    return plan


def _uses(db: Database, plan: Plan, memories: Sequence[Memory]) -> dict[str, int]:
    """How often *memories* and those of *plan* were used, by id, each with the uses of what it stands for."""
    pending = db.uses.pending()
    uses = {
        memory.id: memory.uses + (pending[memory.id].count if memory.id in pending else 0)
        for memory in (*plan.there.values(), *memories)
    }
    for step in plan.steps:  # in order: into one that may itself be merged further on
        if step.into:
            uses[step.into] += uses[step.id]
    return uses


def _resolved(engine: Engine, db: Database, found: Sequence[Conflict]) -> Plan:
    """A plan for the conflicts *found*."""
    ids = {memory.id for conflict in found for memory in (conflict.old, conflict.new)}
    plan = Plan(db.memories.with_ids(sorted(ids)), engine.now())
    for conflict in found:
        if all(plan.there.get(m.id, m).text == m.text for m in (conflict.old, conflict.new)):
            plan.settle(conflict)
    return plan


def _carry_out(engine: Engine, db: Database, plan: Plan, command: str, by: str | None) -> None:
    """Write *plan* as one change by *command* of *by*. Needs the writer's lock."""
    if not plan.after:
        return
    after = list(plan.after.values())
    teams.require_writers(db, after, by)
    journal.note(engine, db, command, before=[(plan.there[memory.id], memory) for memory in after], by=by)
    db.memories.rewrite(after)
    names.drop(engine.home.names, [memory.id for memory in after if memory.forgotten_at])


def count(engine: Engine, scope: Scope) -> int:
    """How many facts of *scope* there are to compare."""
    from memcli.storage.rivals import FACTS

    return engine.db.memories.table.count(all_of(in_scope(scope), FACTS, current(engine.now())))

"""Many edges at once, as an import finds them, in one change with the memories that they connect."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from memcli.errors import MemcliError
from memcli.model import EVERYWHERE, Action, Memory, Scope, Stored
from memcli.services import checks, graph, journal, names
from memcli.services.edges import EdgesNow
from memcli.services.engine import Engine
from memcli.services.journal import Running
from memcli.structure import Edge

if TYPE_CHECKING:
    from memcli.storage.database import Database


@dataclass(frozen=True, slots=True)
class Wanted:
    """An edge that is to be made.

    Attributes:
        start: The id of the memory that it leads from.
        end: The id of the memory that it leads to.
        type: What the one is to the other.
        weight: How strong it is, 0..1.
    """

    start: str
    end: str
    type: str
    weight: float = 1.0


def connect(engine: Engine, wanted: Sequence[Wanted], *, scope: Scope, change: Running) -> list[Stored]:
    """Make the edges *wanted*, in one write; the answers are in their order.

    An edge that is there already is a duplicate, and stays as it is. One whose ends can't be connected
    fails, and the others are made. An answer's id is that of the memory where the edge begins.
    """
    if not wanted or not engine.db.model:
        return [_failed("there are no memories to connect", scope) for _ in wanted]
    with engine.db.writing() as db:
        view = EdgesNow(engine, EVERYWHERE)
        memories = db.memories.with_ids(list({name for one in wanted for name in (one.start, one.end)}))
        links = [_link(view, memories, one) for one in wanted]
        fine = [link for link in links if isinstance(link, _Link)]
        known = set(db.edges.called([link.key for link in fine]))
        degrees = db.edges.degrees({end for link in fine for end in link.key[:2]})
        answers, new = list[Stored](), list[_Link]()
        for link in links:
            problem = link if isinstance(link, str) else _too_many(degrees, link, known)
            if isinstance(link, str) or problem:
                answers.append(_failed(problem, scope))
                continue
            answers.append(link.answer(is_new=link.key not in known))
            if link.key not in known:
                new.append(link)
                known.add(link.key)
                degrees.update(link.key[:2])
        if new:
            _write(engine, db, new, scope, change)
    return answers


@dataclass(frozen=True, slots=True)
class _Link:
    first: Memory
    second: Memory
    type: str
    weight: float

    @property
    def key(self) -> tuple[str, str, str]:
        return self.first.id, self.second.id, self.type

    def answer(self, *, is_new: bool) -> Stored:
        action = Action.STORED if is_new else Action.DUPLICATE
        reason = f"{self.type} {self.second.id}"
        return Stored(action=action, id=self.first.id, space=self.first.space, reason=reason)

    def edge(self, now: datetime) -> Edge:
        start, end, kind = self.key
        return Edge(from_=start, to=end, type=kind, weight=self.weight, created_at=now, updated_at=now)


def _write(engine: Engine, db: Database, links: Sequence[_Link], scope: Scope, change: Running) -> None:
    touched = {memory.id: memory for link in links for memory in (link.first, link.second)}
    noted = [(*link.key, journal.edge_as_json(None)) for link in links]
    journal.note(engine, db, change, edges=noted, touched=list(touched.values()))
    db.edges.put([link.edge(engine.now()) for link in links], scope.owner)
    for kind in {link.type for link in links}:
        names.note_type(engine.home.names, kind)


def _link(view: EdgesNow, memories: Mapping[str, Memory], one: Wanted) -> _Link | str:
    """The memories that *one* is to connect, as they are now; or why they can't be."""
    if one.start not in memories or one.end not in memories:
        return "one of the two is not there"
    try:
        first, second = (graph.as_it_is(view, memories[name]) for name in (one.start, one.end))
        link = _Link(first, second, graph.edge_type(one.type), checks.share(one.weight, "the weight"))
    except MemcliError as error:
        return error.sentence
    return link if first.id != second.id else "a memory can't be connected with itself"


def _too_many(degrees: Mapping[str, int], link: _Link, known: Container[tuple[str, str, str]]) -> str:
    """Why *link* can't be made, where its ends have as many edges as *degrees* says; "" if it can."""
    if link.key in known:
        return ""
    try:
        graph.refuse_too_many({end: degrees[end] for end in link.key[:2] if end in degrees})
    except MemcliError as error:
        return error.sentence
    return ""


def _failed(problem: str, scope: Scope) -> Stored:
    return Stored(action=Action.FAILED, id=None, space=str(scope.space), reason=problem)

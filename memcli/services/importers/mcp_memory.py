"""The memory of the MCP reference server: `memory.jsonl`, entities with observations, and relations.

An entity becomes a memory, so does each of its observations, with the entity's name before it, and an edge
`about` leads from the observation to the entity. A relation becomes an edge between two entities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memcli.model import Draft
from memcli.services.importers.found import About, Found, Relation, sound, text_in, word
from memcli.services.importers.reading import Broken, Entry

ABOUT = "about"
"""The type of the edge from an observation to its entity."""


def knows(entry: Mapping[str, Any]) -> bool:
    """Whether *entry* is one of this format."""
    return entry.get("type") in ("entity", "relation") or {"entities", "relations"} <= entry.keys()


def parse(entries: Iterable[Entry], about: About) -> Iterator[Found | None]:
    """The facts in *entries*, and the relations between them."""
    for at, entry in entries:
        if isinstance(entry, Broken):
            yield Found(at, problem=entry.problem)
            continue
        for one in _parts(entry):
            if not isinstance(one, Mapping):
                yield Found(at, problem="not a JSON object")
            elif one.get("type") == "relation" or "relationType" in one:
                yield _relation(at, one, about)
            else:
                yield from _entity(at, one, about)


def _parts(entry: Mapping[str, Any]) -> list[Any]:
    """The entities and relations in *entry*, which is one of them or, as tools answer, a whole graph."""
    lists = [entry.get(name) for name in ("entities", "relations")]
    return [one for some in lists if isinstance(some, list) for one in some] if any(lists) else [entry]


def _id(about: About, *parts: str) -> str:
    return about.hashed("mcp-memory", *parts)


def _entity(at: int, entity: Mapping[str, Any], about: About) -> Iterator[Found]:
    name = word(entity.get("name"))
    if not name:
        yield Found(at, problem="an entity without a name")
        return
    kind = word(entity.get("entityType"), 100)
    now = about.now()
    common: dict[str, Any] = {"scope": about.scope, "source": "mcp-memory", "tags": (kind,) if kind else ()}
    node = Draft(
        text=f"{name} ({kind})" if kind else name,
        id=_id(about, name),
        title=name,
        metadata={"entity": name},
        created_at=now,
        updated_at=now,  # what it is called contradicts nothing: it is not held against what is known
        **common,
    )
    yield Found(at, node, is_end=True)
    said = entity.get("observations")
    for one in said if isinstance(said, list) else []:
        text = sound(one).strip() if isinstance(one, str) else ""
        if text:
            fact = Draft(
                text=f"{name}: {text}", id=_id(about, name, text), metadata={"entity": name}, **common
            )
            yield Found(at, fact, is_end=True)
            yield Found(at, relation=Relation(fact.id, node.id, ABOUT, f"{text} {ABOUT} {name}"))


def _relation(at: int, relation: Mapping[str, Any], about: About) -> Found:
    start, end = (word(relation.get(name)) for name in ("from", "to"))
    kind = word(text_in(relation, "relationType"), 100)
    if not (start and end and kind):
        return Found(at, problem="a relation without from, to or relationType")
    return Found(at, relation=Relation(_id(about, start), _id(about, end), kind, f"{start} {kind} {end}"))

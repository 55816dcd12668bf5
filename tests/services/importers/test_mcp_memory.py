"""The memory of the MCP reference server."""

from typing import Any

from memcli.services.importers import mcp_memory
from tests.services.importers.made import ABOUT, MCP_MEMORY, drafts, numbered, problems


def test_entities_and_observations_become_memories() -> None:
    """An observation names what it is about; an entity is not held against what is known."""
    found = drafts(mcp_memory.parse, MCP_MEMORY)
    assert [draft.text for draft in found] == ["Ana (person)", "Ana: Speaks Latvian", "Shop (project)"]
    assert [draft.tags for draft in found] == [("person",), ("person",), ("project",)]
    assert [draft.updated_at is not None for draft in found] == [True, False, True]


def test_relations_lead_between_their_memories() -> None:
    """Also those that stand before what they connect; one more from each observation."""
    found = [one for one in mcp_memory.parse(numbered(MCP_MEMORY), ABOUT) if one]
    ids = {one.draft.text: one.draft.id for one in found if one.draft}
    edges = [(one.relation.start, one.relation.type, one.relation.end) for one in found if one.relation]
    assert edges == [
        (ids["Ana (person)"], "works_at", ids["Shop (project)"]),
        (ids["Ana: Speaks Latvian"], "about", ids["Ana (person)"]),
    ]


def test_a_graph_as_tools_answer_is_the_same() -> None:
    """One object with two lists."""
    graph = {"entities": MCP_MEMORY[1:], "relations": MCP_MEMORY[:1]}
    assert drafts(mcp_memory.parse, [graph]) == drafts(mcp_memory.parse, MCP_MEMORY)


def test_what_has_no_name_is_told_of() -> None:
    """Entities, and relations that lack an end."""
    entries: list[dict[str, Any]] = [
        {"type": "entity"},
        {"type": "relation", "from": "a"},
        {"entities": [5], "relations": []},
    ]
    assert len(problems(mcp_memory.parse, entries)) == 3

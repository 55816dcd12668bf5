"""The graph of a space, written for other programs and for a browser: JSON, DOT, Mermaid, one HTML page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from memcli.model import Scope, default_title
from memcli.services import pages
from memcli.services.edges import EdgesNow
from memcli.services.engine import Engine
from memcli.services.graph import edge_type
from memcli.services.inert import visible
from memcli.services.select import NO_FILTER, predicate
from memcli.structure import Edge


class Form(StrEnum):
    """How a graph is written."""

    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A memory in a graph.

    Attributes:
        id: The memory.
        title: Its title.
        text: What it says.
        space: Where it is.
    """

    id: str
    title: str
    text: str
    space: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Memories, and the edges between them."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[Edge, ...]


def whole(
    engine: Engine,
    *,
    scope: Scope,
    types: Sequence[str] = (),
    min_weight: float = 0.0,
    unconnected: bool = False,
) -> Graph:
    """The memories of *scope* that are connected with each other, and their edges.

    Args:
        engine: What to work with.
        scope: Which memories; an edge to one outside is left out.
        types: Only edges of these types; all, if empty.
        min_weight: Weaker edges are left out.
        unconnected: Whether memories without any edge belong to it, too.
    """
    view = EdgesNow(engine, scope)
    edges = view.all([edge_type(one) for one in types], min_weight)
    ends = dict.fromkeys(end for edge in edges for end in (edge.from_, edge.to))
    memories = {name: memory for name in ends if (memory := view.current(name))}
    if unconnected:
        every = engine.db.memories.where(predicate(scope, NO_FILTER, engine.now()))
        memories |= {memory.id: memory for memory in every if memory.id not in memories}
    nodes = (
        GraphNode(id=m.id, title=m.title or default_title(m.text), text=m.text, space=m.space)
        for _, m in sorted(memories.items())
    )
    return Graph(nodes=tuple(nodes), edges=tuple(edges))


def drawn(graph: Graph, form: Form) -> str:
    """*graph* written as *form*, which is not JSON: that is what the answer itself is."""
    return WRITERS[form](graph)


def _dot(graph: Graph) -> str:
    return "\n".join(("digraph memories {", *_dot_lines(graph), "}"))


def _dot_lines(graph: Graph) -> Iterator[str]:
    yield "  rankdir=LR; node [shape=box, style=rounded];"
    for node in graph.nodes:
        yield f"  {_quoted(node.id)} [label={_quoted(node.title)}];"
    for edge in graph.edges:
        label, width = _quoted(f"{edge.type} {edge.weight:g}"), 0.5 + 2 * edge.weight
        said = f"[label={label}, weight={round(100 * edge.weight)}, penwidth={width:g}]"
        yield f"  {_quoted(edge.from_)} -> {_quoted(edge.to)} {said};"


def _quoted(text: str) -> str:
    r"""*text* as a string of DOT; its escapes, such as \N for the node's name, mean nothing in a text."""
    said = _on_one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{said}"'


def _mermaid(graph: Graph) -> str:
    name = {node.id: f"m{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {name[node.id]}["{_entities(node.title)}"]' for node in graph.nodes]
    for edge in graph.edges:
        label = _entities(f"{edge.type} {edge.weight:g}")
        lines.append(f'  {name[edge.from_]} -->|"{label}"| {name[edge.to]}')
    return "\n".join(lines)


def _entities(text: str) -> str:
    """*text* for Mermaid: whatever is no letter, digit or harmless mark by its number."""
    return "".join(c if c.isalnum() or c in " .,:+-_/" else f"#{ord(c)};" for c in _on_one_line(text))


def _on_one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def _html(graph: Graph) -> str:
    edges = [{"from": e.from_, "to": e.to, "type": e.type, "weight": e.weight} for e in graph.edges]
    return pages.page("graph.html", {"nodes": [asdict(node) for node in graph.nodes], "edges": edges})


WRITERS: Mapping[Form, Callable[[Graph], str]] = {
    Form.DOT: _dot,
    Form.MERMAID: _mermaid,
    Form.HTML: _html,
}

"""The table of edges: read by either end, with indexes once it is large."""

from datetime import timedelta
from pathlib import Path

from memcli.model import EmbeddingModel
from memcli.storage import edges as edges_module
from memcli.storage.database import Database
from memcli.structure import Edge
from tests.conftest import NOW


def edge(from_: str, to: str, type_: str = "t", weight: float = 0.5) -> Edge:
    """An edge."""
    return Edge(from_=from_, to=to, type=type_, weight=weight, created_at=NOW, updated_at=NOW)


def test_edges_are_found_by_either_end(tmp_path: Path) -> None:
    """Those of a type, away from a memory, to it, or both; each once."""
    db = Database(tmp_path / "db")
    assert db.edges.all() == []
    loop, there, back = edge("a", "b"), edge("a", "c", 'it\'s "q"'), edge("c", "a")
    with db.writing(EmbeddingModel(name="m", dimension=4)) as db:
        db.edges.put([loop, there, back], "me")
    assert {e.ends for e in db.edges.touching(["a"], out=True, back=False)} == {loop.ends, there.ends}
    assert db.edges.touching(["a"], out=False, back=True) == [back]
    assert len(db.edges.touching(["a", "b", "c"], out=True, back=True)) == 3
    assert db.edges.touching(["a"], out=True, back=True, types=['it\'s "q"']) == [there]
    assert db.edges.called([there.ends, ("x", "y", "z")]) == {there.ends: there}


def test_an_edge_that_is_put_again_is_written_over(tmp_path: Path) -> None:
    """From, to and type tell edges apart; times are kept to the microsecond."""
    db = Database(tmp_path / "db")
    later = Edge(
        from_="a",
        to="b",
        type="t",
        weight=0.25,
        created_at=NOW,
        updated_at=NOW + timedelta(microseconds=123_457),
    )
    with db.writing(EmbeddingModel(name="m", dimension=4)) as db:
        db.edges.put([edge("a", "b"), edge("a", "b", "u")], "me")
        db.edges.put([later], "me")
        db.edges.remove([("a", "b", "u")])
    assert db.edges.all() == [later]


def test_a_large_table_has_an_index_of_both_ends(tmp_path: Path) -> None:
    """Made by upkeep, and what is found is the same."""
    db = Database(tmp_path / "db")
    many = [edge(f"a{n % 50}", f"b{n}") for n in range(edges_module.INDEXED_FROM)]
    with db.writing(EmbeddingModel(name="m", dimension=4)) as db:
        db.edges.put(many, "me")
    before = {e.ends for e in db.edges.touching(["a1"], out=True, back=False)}
    db.catch_up(always=True)
    assert {e.ends for e in db.edges.touching(["a1"], out=True, back=False)} == before
    assert set(db.edges.table._segments()) == {"from_id_idx", "to_id_idx"}

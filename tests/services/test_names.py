"""The names that the shell offers: kept in a small file that nobody depends on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memcli.model import Scope
from memcli.services import forgetting, memories, names, remember
from memcli.services.engine import Engine
from memcli.services.names import Names

JUNK = [
    b"", b"\0", b"\xff\xfe", b"{", b"null", b"5", b"[]", b"{}", b'"text"', b'{"spaces": 5, "memories": {}}',
    b'{"spaces": null, "memories": null}', b'{"spaces": ["a"], "memories": []}', b'{"spaces": [[1]]}',
    b'{"spaces": {}, "memories": {"a": {"b": 1}}}', b"[" * 100_000, b'{"spaces": [' + b"[" * 100_000,
    b'{"spaces": ["a"], "memories": {"x": "\\ud800"}}', b'{"spaces": ' + b"9" * 5000 + b', "memories": {}}',
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: junk[:30].decode(errors="replace"))
def test_junk_in_the_file_is_nothing_known(engine: Engine, scope: Scope, junk: bytes) -> None:
    """Reading offers nothing, writing goes on as if there had been no file."""
    file = engine.home.names
    file.parent.mkdir(parents=True)
    file.write_bytes(junk)
    assert isinstance(names.read(file), Names)
    stored = remember.store(engine, "hello there", scope=scope)
    known = names.read(file)
    assert known.memories[str(stored.id)] == "hello there"
    assert known.spaces[0] == "work"
    forgetting.forget(engine, [str(stored.id)])
    assert str(stored.id) not in names.read(file).memories


def test_a_file_that_can_not_be_written_stops_nothing(engine: Engine, scope: Scope) -> None:
    """A directory is in its place."""
    engine.home.names.mkdir(parents=True)
    remember.store(engine, "hello there", scope=scope)
    assert names.read(engine.home.names) == Names()
    assert [path.name for path in engine.home.data.iterdir() if ".new" in path.name] == []


def test_the_last_one_comes_first_and_the_oldest_go(engine: Engine, scope: Scope) -> None:
    """Only so many are kept."""
    from memcli.model import Draft

    drafts = [Draft(text=f"number {i}", scope=scope, id=f"n{i}") for i in range(names.KEPT + 50)]
    remember.store_all(engine, drafts)
    remember.store(engine, "the last", scope=Scope("home", "me"))
    known = names.read(engine.home.names)
    assert known.spaces == ("home", "work")
    assert list(known.memories.values())[:2] == ["the last", f"number {names.KEPT + 49}"]
    assert len(known.memories) == names.KEPT


def test_what_is_changed_is_offered_with_its_new_title(engine: Engine, scope: Scope) -> None:
    """And as the latest."""
    first = remember.store(engine, "one", scope=scope)
    remember.store(engine, "two", scope=scope)
    memories.update(engine, str(first.id), text="three")
    assert list(names.read(engine.home.names).memories.values()) == ["three", "two"]


def test_what_is_purged_leaves_no_title_behind(
    engine: Engine, scope: Scope, make_engine: Callable[..., Engine]
) -> None:
    """Not even one that was never looked at again."""
    stored = remember.store(engine, "secret", scope=scope)
    forgetting.forget(engine, [str(stored.id)])
    forgetting.purge(make_engine(), forgetting.purgeable(engine, scope=scope))
    assert b"secret" not in Path(engine.home.names).read_bytes()

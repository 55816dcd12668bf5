"""Names, ids and keys of any characters: each finds itself and nothing else, and changes nothing else."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from memcli.errors import MemcliError
from memcli.model import Scope
from memcli.services import forgetting, memories, recall, remember, spaces, turns, values
from memcli.services.engine import Engine
from memcli.services.select import Filter
from tests.fuzz import rounds

PIECES = [
    "'", "''", '"', "\\", "\\'", "`", "%", "_", "*", ";", "--", "/*", "*/", " OR ", "1=1", "'; --",
    "' OR '1'='1", "') OR ('a'='a", "NULL", "true", "\u02bc", "\u2019", "ʻ", "İ", "ß", "é", "e\u0301",
    "中", "😀", "a", "Z", "0", " ", ".", "\\u0027", "&#39;", "{}", "$1", "?", "@", ":", "=", "<", ")", "(",
    ",", "x' AND regexp_like(id,'.*') --",
]  # fmt: skip

NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)


def stored(engine: Engine, text: str, scope: Scope, **about: Any) -> str:
    """The id of the memory that says *text*; empty if that is refused."""
    with suppress(MemcliError):
        return remember.store(engine, text, scope=scope, conflicts=False, **about).id or ""
    return ""


@rounds.of(3)
@given(name=NAMES)
def test_no_name_reaches_beyond_itself(make_engine: Callable[[], Engine], name: str) -> None:
    """As a space, a user, a tag, a conversation, an id, a key and a question."""
    engine, home = make_engine(), Scope("kept", "me")
    kept = stored(engine, "the lighthouse stands", home, tags=("safe",)) or "m000000001"
    everything = Scope(None, None, None)
    before = engine.db.memories.table.count()
    made = [
        stored(engine, f"boat {name}", Scope("kept", name)),
        stored(engine, f"tagged {name}", home, tags=(name,)),
        stored(engine, f"named {name}", home, id=name),
        stored(engine, f"spaced {name}", Scope(name, "me")),
        stored(engine, f"sourced {name}", home, source=name, metadata={name: name}),
    ]
    there = [one for one in made if one]
    assert engine.db.memories.table.count() >= before
    for looked in (Filter(tags=(name,)), Filter(conversation=name)):
        with suppress(MemcliError):
            found = memories.newest(engine, scope=everything, wanted=looked)
            assert all(name.strip() in one.tags or one.conversation == name for one in found)
    with suppress(MemcliError):
        assert all(one.user == name for one in memories.newest(engine, scope=Scope(None, name)))
    with suppress(MemcliError):
        assert memories.find(engine, name).id.startswith(name)
    with suppress(MemcliError):
        recall.search(engine, name, scope=home)
    with suppress(MemcliError):
        turns.add(engine, "user", "hello", scope=home, conversation=name)
    with suppress(MemcliError):
        values.put(engine, name, '"mine"', scope=home)
        assert values.get(engine, name, scope=home).data == '"mine"'
        values.delete(engine, [name], scope=home)
    with suppress(MemcliError):
        forgetting.forget(engine, [name], scope=home)
    with suppress(MemcliError):
        spaces.delete(engine, name, user="me")
    survivor = memories.find(engine, kept)
    assert (survivor.text, survivor.forgotten_at) == ("the lighthouse stands", None)
    words = {"boat", "tagged", "named", "spaced", "sourced"}
    assert all(memories.find(engine, one).text.split()[0] in words for one in there)

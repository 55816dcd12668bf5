"""One write: what it looks up beside other work, and what it does when something goes wrong there."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from memcli.config import Config
from memcli.errors import StorageError
from memcli.model import Action, Draft, Scope
from memcli.services import memories, remember, settle, writing
from memcli.services.engine import Engine
from memcli.services.known import Known
from tests.wordhash import WordHashEmbedder

THIRD, FOURTH, FIFTH = (f"The office is on floor {number}" for number in (3, 4, 5))

MANY = [f"word{number} is a word" for number in range(settle.MANY)]


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    """An engine that holds new facts against what is known."""
    return make_engine(Config())


def texts(engine: Engine, scope: Scope) -> list[str]:
    """What is current, in order."""
    return sorted(memory.text for memory in memories.newest(engine, scope=scope))


class Interrupted(WordHashEmbedder):
    """An embedder that lets somebody else do something before it embeds texts for the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Callable[[], Any] | None = None

    def embed_documents(self, *about: Any, **more: Any) -> NDArray[np.float32]:
        first, self.first = self.first, None
        if first:
            first()
        return super().embed_documents(*about, **more)


@pytest.mark.parametrize("others", [[], MANY], ids=["one", "many"])
def test_what_others_store_before_the_lock_counts(
    make_engine: Callable[..., Engine], engine: Engine, scope: Scope, others: list[str]
) -> None:
    """A new fact is held against what is there when it is written, not when it came."""
    remember.store(engine, THIRD, scope=scope)
    slow = Interrupted()
    slow.first = lambda: remember.store(engine, FOURTH, scope=scope)
    drafts = [Draft(text=text, scope=scope) for text in (*others, FIFTH)]
    *_, answer = remember.store_all(make_engine(Config(), embedder=slow), drafts)
    assert (answer.action, answer.replaced_text) == (Action.REPLACED, FOURTH)
    assert {THIRD, FOURTH, FIFTH} & set(texts(make_engine(), scope)) == {FIFTH}


def test_both_looks_go_on_at_once(engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is looked up while what a fact is held against is."""
    remember.store(engine, THIRD, scope=scope)
    looks: list[str] = []
    met = threading.Barrier(2, timeout=60)

    def beside(*about: Any) -> Any:
        met.wait()
        looks.append("rivals")
        return settle.looked_up(*about)

    class Beside(Known):
        def __init__(self, *about: Any, ids: Any = None, **more: Any) -> None:
            if ids is None:  # the look under the lock
                met.wait()
                looks.append("known")
            super().__init__(*about, ids=ids, **more)

    monkeypatch.setattr(writing, "looked_up", beside)
    monkeypatch.setattr(remember, "Known", Beside)
    assert remember.store(engine, FOURTH, scope=scope).action is Action.REPLACED
    assert sorted(looks) == ["known", "rivals"]


@pytest.mark.parametrize("where", ["rivals", "known"])
def test_a_look_that_fails_stores_nothing_and_gives_the_lock_back(
    engine: Engine, scope: Scope, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Its error is what the caller sees, whichever of the two it is; and then storing works again."""
    remember.store(engine, THIRD, scope=scope)

    def fail(*about: Any, ids: Any = None, **more: Any) -> Any:
        if where == "rivals" or ids is None:
            raise StorageError("the disk is on fire")
        return Known(*about, ids=ids, **more)

    with monkeypatch.context() as patched:
        patched.setattr(*((writing, "looked_up") if where == "rivals" else (remember, "Known")), fail)
        with pytest.raises(StorageError, match="the disk is on fire"):
            remember.store(engine, FOURTH, scope=scope)
    assert texts(engine, scope) == [THIRD]
    assert remember.store(engine, FOURTH, scope=scope).action is Action.REPLACED
    assert texts(engine, scope) == [FOURTH]


def test_nothing_is_looked_up_for_what_is_not_held_against_anything(
    engine: Engine, scope: Scope, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check, for turns, and for what is no longer true when it comes."""
    remember.store(engine, THIRD, scope=scope)
    looked: list[str] = []

    def look(engine: Engine, new: Any, vectors: NDArray[np.float32]) -> Any:
        looked.extend(memory.text for memory in new)
        assert len(vectors) == len(new)
        return settle.looked_up(engine, new, vectors)

    monkeypatch.setattr(writing, "looked_up", look)
    remember.store(engine, "a", scope=scope, conflicts=False)
    remember.store(engine, "b", scope=scope, conversation="c", position=0)
    remember.store(engine, "c", scope=scope, forgotten_at=clock.time)
    remember.store(engine, "d", scope=scope, updated_at=clock.time)
    assert looked == []
    turn = Draft(text="e", scope=scope, conversation="c", position=1)
    answers = remember.store_all(engine, [turn, Draft(text=FOURTH, scope=scope)])
    assert ([one.action.value for one in answers], looked) == (["stored", "replaced"], [FOURTH])

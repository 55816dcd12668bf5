"""The table of memories: what searches and neighbours are read from it."""

from collections.abc import Sequence

import numpy as np
import pytest

from memcli.model import Draft, Scope
from memcli.services import remember
from memcli.services.engine import Engine
from memcli.storage.memories import Memories
from memcli.storage.predicates import equals
from memcli.storage.rows import units


@pytest.fixture
def memories(engine: Engine, scope: Scope) -> Memories:
    """Two conversations, in two spaces under one name, and two facts."""
    turns = [
        Draft(
            text=f"{name} says {word} {i}",
            scope=Scope(space, "me"),
            id=f"{space[0]}{i}",
            speaker=name,
            conversation="c",
            position=i,
        )
        for space, name, word in (("work", "Ana", "alpha"), ("home", "Ben", "beta"))
        for i in range(5)
    ]
    facts = [Draft(text="gamma delta", scope=scope, id="f1"), Draft(text="gamma alpha", scope=scope, id="f2")]
    remember.store_all(engine, [*turns, *facts])
    return engine.db.memories


def found(memories: Memories, terms: Sequence[str], holding: int = 50) -> set[str]:
    """The ids found for *terms*."""
    return set(memories.found(None, terms, "", nearest=0, holding=holding).ids)


def test_each_term_is_looked_for_by_itself(memories: Memories) -> None:
    """With the score that each has by it."""
    candidates = memories.found(None, ["gamma", "alpha"], "", nearest=0, holding=50)
    held = {memory: (candidates.term_scores[:, i] > 0).tolist() for memory, i in candidates.index.items()}
    assert held == {"f1": [True, False], "f2": [True, True], **{f"w{i}": [False, True] for i in range(5)}}


def test_only_so_many_are_taken_for_each_term(memories: Memories) -> None:
    """The best of each."""
    assert len(found(memories, ["alpha", "beta"], holding=2)) == 4


def test_what_does_not_fulfil_the_condition_is_no_candidate(engine: Engine, memories: Memories) -> None:
    """By words, by meaning, by name or by its place."""
    vector = engine.embedder.embed_queries(["alpha"])[0]
    where = equals("space", "home")
    everything = memories.found(
        vector, ["alpha", "beta"], where, nearest=50, holding=50, also=["f1", "h0", "w0"]
    )
    more = memories.surroundings(everything, {"c": [0, 1]}, ["f2", "w3"], vector=vector, where=where)
    for one in (everything, more):
        assert set(one.ids) == {f"h{i}" for i in range(5)}


def test_what_is_named_besides_is_compared_too(engine: Engine, memories: Memories) -> None:
    """Though it is not among the nearest; a name that no memory has brings nothing."""
    vector = engine.embedder.embed_queries(["beta says ben 3"])[0]
    candidates = memories.found(vector, [], "", nearest=1, holding=0, also=["f1", "nosuch"])
    assert set(candidates.ids) == {"h3", "f1"}
    assert not np.isnan(candidates.cosine).any()


def test_the_nearest_are_those_with_the_greatest_cosine(engine: Engine, memories: Memories) -> None:
    """Reckoned from all vectors there are; they are of length 1 but for how they are rounded."""
    vector = engine.embedder.embed_queries(["gamma alpha beta"])[0]
    ids = memories.ids()
    cosines = dict(zip(ids, units(memories.vectors(ids)) @ vector, strict=True))
    nearest = memories.found(vector, [], "", nearest=4, holding=0)
    assert set(nearest.ids) == set(sorted(ids, key=lambda i: -cosines[i])[:4])
    for memory, place in nearest.index.items():
        assert nearest.cosine[place] == pytest.approx(cosines[memory], abs=1e-5)


def test_turns_around_are_added_with_their_meaning(engine: Engine, memories: Memories) -> None:
    """And what is named, but no turn at the place of another conversation; what was known stays known."""
    vector = engine.embedder.embed_queries(["alpha"])[0]
    first = memories.found(vector, ["gamma"], "space = 'work'", nearest=1, holding=5)
    where = "space = 'work'"
    more = memories.surroundings(
        first, {"c": [3, 4, 99], "other": [1]}, ["f1", "nosuch"], vector=vector, where=where
    )
    assert set(more.ids) == {*first.ids, "w3", "w4"}
    assert not np.isnan([more.cosine[more.index[i]] for i in ("w3", "w4", "f1")]).any()
    assert more.term_scores[0, more.index["f1"]] > 0


def test_nothing_to_add_asks_nothing(memories: Memories) -> None:
    """The same comes back."""
    first = memories.found(None, ["gamma"], "", nearest=0, holding=5)
    assert memories.surroundings(first, {}, [], vector=None, where="") is first


def test_turns_are_found_by_their_places_in_order(memories: Memories) -> None:
    """Of the conversations named, where they fulfil the condition."""
    assert [turn.id for turn in memories.turns({"c": [3, 1, 77]}, equals("space", "work"))] == ["w1", "w3"]
    assert [turn.id for turn in memories.turns({"c": [1]}, "")] == ["h1", "w1"]
    assert memories.turns({"c": []}, "") == memories.turns({}, "") == memories.turns({"d": [1]}, "") == []


def test_turns_of_many_conversations_are_found(engine: Engine, scope: Scope) -> None:
    """More than fit into one condition."""
    drafts = [
        Draft(text=f"hello {i}", scope=scope, id=f"t{i:04}", conversation=f"c{i:04}", position=i % 3)
        for i in range(600)
    ]
    remember.store_all(engine, drafts)
    places = {f"c{i:04}": [i % 3] for i in range(600)}
    assert [turn.id for turn in engine.db.memories.turns(places, "")] == [f"t{i:04}" for i in range(600)]


def test_a_question_is_known_by_its_end(engine: Engine, scope: Scope) -> None:
    """In any script, before a quotation mark or a remark in brackets; a question before that is none."""
    texts = {
        "Where do you live?": True,
        "«Wo?» 你住在哪里？": True,
        "أين تعيش؟ ": True,
        'She asked "why?"': True,
        "Look? [shares a photo]": True,
        "What? I see.": False,
        "No question": False,
        "a?b": False,
    }
    remember.store_all(engine, [Draft(text=text, scope=scope, id=f"q{i}") for i, text in enumerate(texts)])
    ids = [f"q{i}" for i in range(len(texts))]
    vector = engine.embedder.embed_queries(["where"])[0]
    candidates = engine.db.memories.found(vector, [], "", nearest=50, holding=0)
    assert [bool(candidates.asks[candidates.index[i]]) for i in ids] == list(texts.values())

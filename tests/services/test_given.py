"""Vectors that come with an import: used where they fit, made anew where they do not."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from memcli.model import Draft, EmbeddingModel, Scope
from memcli.services import given, remember, transfer
from memcli.services.engine import Engine
from tests.wordhash import WordHashEmbedder

LONG = "The minutes of the meeting go on. " * 20


@pytest.fixture
def documents(engine: Engine, scope: Scope) -> list[dict[str, Any]]:
    """An export with vectors: a fact, a turn and a long text."""
    drafts = [
        Draft(text="The kettle is green", scope=scope, id="fact"),
        Draft(text="It whistles", scope=scope, id="turn", conversation="c", position=0, speaker="Ana"),
        Draft(text=LONG, scope=scope, id="long"),
    ]
    remember.store_all(engine, drafts)
    exported = {one["id"]: dict(one) for one in transfer.export(engine, scope=scope, vectors=True)}
    return [exported[name] for name in ("fact", "turn", "long")]


def imported(engine: Engine, documents: list[dict[str, Any]], scope: Scope) -> Engine:
    """*engine*, after it has imported *documents*."""
    lines = [json.dumps(document) for document in documents]
    answers = list(transfer.import_lines(engine, lines, scope=scope))
    assert [one.stored.action for one in answers] == ["stored"] * len(documents)
    return engine


@pytest.fixture
def other(make_engine: Callable[..., Engine], tmp_path: Any) -> Engine:
    """An engine on another, empty store, with an embedder of its own."""
    engine = make_engine(embedder=WordHashEmbedder())
    engine.home = replace(engine.home, data=tmp_path / "other")
    return engine


def embedded(engine: Engine) -> list[str]:
    """The texts that the embedder of *engine* was given."""
    assert isinstance(engine.embedder, WordHashEmbedder)
    return engine.embedder.embedded


def test_what_comes_with_its_vector_is_not_embedded(
    engine: Engine, other: Engine, documents: list[dict[str, Any]], scope: Scope
) -> None:
    """But for long texts, whose passages are not exported; vectors are the same on both sides."""
    imported(other, documents, scope)
    assert not {"The kettle is green", "Ana: It whistles"} & set(embedded(other))
    assert any(text.startswith("The minutes") for text in embedded(other))
    ids = ["fact", "turn", "long"]
    assert other.db.memories.vectors(ids).tolist() == engine.db.memories.vectors(ids).tolist()
    assert other.db.passages.table.count() == engine.db.passages.table.count() > 0


@pytest.mark.parametrize(
    "change",
    [
        {"text": "The kettle is red"},
        {"speaker": "Ben"},
        {"vector_of": "0" * 32},
        {"vector": "no base64!"},
        {"vector": ""},
        {"vector": [0.1, 0.2]},
        {"vector": "AAAA"},
        {"vector": given.written(np.full(32, np.nan, dtype=np.float32))},
    ],
)
def test_what_does_not_fit_is_made_anew(
    other: Engine, documents: list[dict[str, Any]], scope: Scope, change: dict[str, Any]
) -> None:
    """A changed text, another speaker, nonsense: the memory is stored all the same."""
    changed = {**documents[0], **change}
    imported(other, [changed], scope)
    said = f"{changed['speaker']}: " if "speaker" in changed else ""
    assert said + changed["text"] in embedded(other)
    assert np.isfinite(other.db.memories.vectors(["fact"])).all()


def test_another_model_makes_its_own(documents: list[dict[str, Any]], scope: Scope, other: Engine) -> None:
    """Vectors of one mean nothing to the other, though they are as long."""
    stranger = WordHashEmbedder("stranger")
    engine = Engine(other.config, other.home, embedder=stranger)
    imported(engine, documents[:1], scope)
    assert stranger.embedded == ["The kettle is green"]


def test_the_seal_is_broken_by_whatever_the_vector_depends_on(engine: Engine, scope: Scope) -> None:
    """Text, speaker, and every setting of the model; by nothing else."""
    remember.store(engine, "a text", scope=scope)
    memory, model = engine.db.memories.where("")[0], EmbeddingModel(name="m", dimension=3)
    seals = {
        given.seal(model, memory),
        given.seal(model, replace(memory, text="a text.")),
        given.seal(model, replace(memory, speaker="Ana")),
        given.seal(replace(model, name="n"), memory),
        given.seal(replace(model, query_prefix="q: "), memory),
    }
    assert len(seals) == 5
    assert given.seal(model, memory) == given.seal(model, replace(memory, importance=1.0, title="t"))

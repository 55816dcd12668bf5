"""Which model makes the vectors, and what it takes to change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcli import config
from memcli.embedding import catalog
from memcli.model import Embedder, EmbeddingModel
from memcli.services.engine import Engine
from memcli.services.vectors import embed

if TYPE_CHECKING:
    from memcli.embedding.catalog import ModelInfo

CHUNK = 512
"""Memories that are embedded and written together; what is lost of an interrupted run at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change of model came to.

    Attributes:
        model: The model in force now.
        embedded: How many memories were embedded for it in this run.
    """

    model: EmbeddingModel
    embedded: int


def available(engine: Engine) -> list[ModelInfo]:
    """The bundled model, those on this machine and those that can be pulled; then the rerankers."""
    return catalog.available(engine.home.models)


def show(engine: Engine, name: str | None = None) -> ModelInfo:
    """The model called *name*; the configured one, if None."""
    return catalog.describe(name or engine.config.model.name, engine.home.models)


def pull(engine: Engine, name: str) -> ModelInfo:
    """Download the model or reranker called *name* from its hub.

    Raises:
        EmbeddingError: The hub can't be reached, or the download failed.
    """
    from memcli.embedding import download

    download.pull(name, models_dir=engine.home.models, report=engine.progress)
    return catalog.describe(name, engine.home.models)


def use(engine: Engine, name: str) -> Changed:
    """Make *name* the model: embed everything anew, then write the setting.

    The vectors go into a new table beside the current one, which answers searches until the new one
    is complete and takes over. An interrupted run goes on where it stopped when it is started again.

    Raises:
        EmbeddingError: The model is not on this machine, or can't be loaded.
    """
    embedder = engine.load_model(name)
    embedded = 0
    if engine.db.model == embedder.model:
        with engine.db.writing() as db:  # a change to another one may have been begun
            db.give_up_next()
    elif engine.db.model:
        embedded = _embed_all(engine, embedder)
    config.set_value(engine.home.config_file, "model.name", embedder.model.name)
    return Changed(model=embedder.model, embedded=embedded)


def _embed_all(engine: Engine, embedder: Embedder) -> int:
    """Embed everything that the generation for *embedder* lacks, and let it take over; how much that was."""
    missing, _ = _differences(engine, embedder.model)
    embedded = 0
    with engine.progress("Embedding", len(missing)) as report:
        # without the lock, so that others can write meanwhile; what they write is seen to at the end
        for start in range(0, len(missing), CHUNK):
            some = missing[start : start + CHUNK]
            ready = embed(embedder, list(engine.db.memories.with_ids(some).values()))
            with engine.db.writing() as db:
                ready.put_into(db.next_generation(embedder.model))
            embedded += len(some)
            report(len(some))
    with engine.db.writing() as db:
        missing, gone = _differences(engine, embedder.model)
        following = db.next_generation(embedder.model)
        embed(embedder, list(db.memories.with_ids(missing).values())).put_into(following)
        if gone:
            following.erase(gone)
        db.take_over(following)
    engine.db.catch_up(always=True)
    return embedded


def _differences(engine: Engine, model: EmbeddingModel) -> tuple[list[str], list[str]]:
    """Ids of memories that the generation for *model* lacks or has otherwise, and of its surplus."""
    now = engine.db.memories.states()
    begun = engine.db.begun
    there = begun.memories.states() if begun and begun.model == model else {}
    missing = [i for i, state in now.items() if there.get(i) != state]
    return missing, [i for i in there if i not in now]

"""Which model makes the vectors, and what it takes to change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcli import config
from memcli.embedding import catalog
from memcli.model import Embedder, EmbeddingModel, Memory
from memcli.services import remember
from memcli.services.engine import Engine

if TYPE_CHECKING:
    from memcli.embedding.catalog import ModelInfo
    from memcli.storage.database import Generation

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
    """The bundled model, those on this machine and those that can be pulled."""
    return catalog.available(engine.home.models)


def show(engine: Engine, name: str | None = None) -> ModelInfo:
    """The model called *name*; the configured one, if None."""
    return catalog.describe(name or engine.config.model.name, engine.home.models)


def pull(engine: Engine, name: str) -> ModelInfo:
    """Download the model called *name* from its hub.

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
    if engine.db.model and engine.db.model != embedder.model:
        embedded = _embed_all(engine, embedder)
    config.set_value(engine.home.config_file, "model.name", embedder.model.name)
    return Changed(model=embedder.model, embedded=embedded)


def _embed_all(engine: Engine, embedder: Embedder) -> int:
    with engine.db.writing() as db:
        following = db.next_generation(embedder.model)
    total = db.memories.table.count() - following.memories.table.count()
    embedded = 0
    with engine.progress("Embedding", max(total, 0)) as report:
        # without the lock, so that others can write meanwhile; what they write comes with the next round
        while missing := _missing(engine, following):
            for start in range(0, len(missing), CHUNK):
                some = missing[start : start + CHUNK]
                _copy(engine, embedder, following, some)
                embedded += len(some)
                report(len(some))
            if len(missing) <= CHUNK:
                break
        with engine.db.writing() as db:
            _copy(engine, embedder, following, _missing(engine, following))
            _remove_erased(engine, following)
            following.memories.table.tidy(always=True)
            db.take_over(following)
    return embedded


def _missing(engine: Engine, following: Generation) -> list[str]:
    """The ids of memories that *following* lacks or has an older state of."""
    following.memories.table.refresh()
    engine.db.forget_what_was_read()
    there = following.memories.ids()
    return [i for i, changed in engine.db.memories.ids().items() if there.get(i) != changed]


def _copy(engine: Engine, embedder: Embedder, following: Generation, ids: list[str]) -> None:
    memories: list[Memory] = list(engine.db.memories.with_ids(ids).values())
    if not memories:
        return
    embedded = remember.embed(embedder, memories)
    following.passages.remove([memory.id for memory in memories])
    following.passages.add(embedded.passages, embedded.passage_vectors)
    following.memories.put(embedded.memories, embedded.vectors)


def _remove_erased(engine: Engine, following: Generation) -> None:
    gone = following.memories.ids().keys() - engine.db.memories.ids().keys()
    following.passages.remove(list(gone))
    following.memories.table.delete_keys(list(gone))

"""What every service works with: settings, the store, the model, the clock - each opened when first used."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from memcli.config import Config
from memcli.errors import EmbeddingError, MemcliError
from memcli.home import Home
from memcli.model import Embedder, Progress, ProgressBar, ProgressFactory, Reranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memcli.embedding.questions import Questions
    from memcli.storage.database import Database
    from memcli.storage.place import Place

Loaded = TypeVar("Loaded")

ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: none that is read as another
ID_LENGTH = 10
"""50 bits: among a million memories the chance of any clash is 1 in 2,000, and a clash is refused."""


def random_id() -> str:
    """A new memory's id."""
    import secrets  # 6 ms, which commands that store nothing can do without

    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


MARK_LETTERS, MARK_LENGTH = "bcdfghjkmnpqrstvwxz", 8
"""34 bits, and no word: whoever has put a text into the memory can't have known it."""


def random_mark() -> str:
    """What the fence around a block for a prompt is marked with, another one each time."""
    import secrets

    return "".join(secrets.choice(MARK_LETTERS) for _ in range(MARK_LENGTH))


class NoProgress:
    """Reports to nobody."""

    def __enter__(self) -> Progress:
        return nobody

    def __exit__(self, *exc: object) -> None:
        pass


def nobody(done: int) -> None:  # what it hears, it forgets
    """Hears how far work has come, and forgets it."""


def no_progress(label: str, total: int) -> ProgressBar:  # noqa: ARG001
    """For callers that don't want to see how far long work has come."""
    return NoProgress()


def unheard(sentence: str) -> None:
    """For callers that don't want to be warned."""


class Models:
    """Models that are loaded, by what was asked for: one process loads each once."""

    def __init__(self) -> None:
        self._loaded: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self._loaded)

    def get(self, asked: Hashable, load: Callable[[], Loaded]) -> Loaded:
        """What was loaded for *asked*, or else what *load* gives."""
        if asked not in self._loaded:
            self._loaded[asked] = load()
        model: Loaded = self._loaded[asked]
        return model


class Engine:
    """The rooms behind their doors.

    Args:
        config: The settings in force.
        home: Where the store and the models are.
        embedder: What to embed with; the configured model if None.
        reranker: What looks at the best hits again; the configured model, if any, if None.
        models: The models that are loaded already, and those that it loads; its own, if None.
        now: The clock.
        new_id: Where ids come from.
        new_mark: Where the marks of fences come from.
        progress: Who hears how far long work has come.
        warned: Who hears, in a sentence, of what is no error and yet not as it should be.
    """

    def __init__(
        self,
        config: Config,
        home: Home,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        models: Models | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = random_id,
        new_mark: Callable[[], str] = random_mark,
        progress: ProgressFactory = no_progress,
        warned: Callable[[str], None] = unheard,
    ) -> None:
        self.config, self.home = config, home.at(config.store.uri)
        self.now, self.new_id, self.progress = now, new_id, progress
        self.new_mark = new_mark
        self._given_embedder, self._given_reranker = embedder, reranker
        self._models = Models() if models is None else models
        self._warned, self._said = warned, set[str]()

    def warn(self, sentence: str) -> None:
        """Say *sentence* to whoever wants to be warned; the same one only once."""
        if sentence not in self._said:
            self._said.add(sentence)
            self._warned(sentence)

    @cached_property
    def db(self) -> Database:
        """The store."""
        from memcli.storage.database import Database

        return Database(self.place)

    @cached_property
    def place(self) -> Place:
        """Where the store is."""
        return self._place()

    def _place(self) -> Place:
        from memcli.storage import places

        store = self.config.store
        return places.place(self.home.store, self.home.uri, store.options, store.mirror_mb * 1_000_000)

    @property
    def is_behind(self) -> bool:
        """Whether writes have left upkeep that nobody needs to wait for; see `catch_up`."""
        if "db" not in vars(self):
            return False
        return self.db.is_behind or (self.db.has_written and self._is_backup_due())

    def _is_backup_due(self) -> bool:
        if not self.config.backup.every:
            return False
        from memcli.services import rotation

        return rotation.is_due(self)

    def catch_up(self) -> None:
        """Tidy the store, beside whoever reads and writes; with a look of its own, so in any thread.

        Then make the backup that is due, if any. What can't be done now, the next write leaves again.
        """
        from memcli.services import rotation
        from memcli.storage.database import Database

        with suppress(MemcliError):
            Database(self._place()).catch_up()
        rotation.make_if_due(self)

    def beside(self) -> Engine:
        """An engine with a look of its own at the store and the same models, for another thread.

        It makes all vectors itself, those of queries that were asked before, too.
        """
        return Engine(
            self.config,
            self.home,
            embedder=self.embedder,
            reranker=self._given_reranker,
            models=self._models,
            now=self.now,
            new_id=self.new_id,
            new_mark=self.new_mark,
            progress=self.progress,
            warned=self.warn,
        )

    @cached_property
    def embedder(self) -> Embedder:
        """The model that made the store's vectors, or, for a new store, the configured one.

        Raises:
            EmbeddingError: It can't be loaded, or is not the one that made the store's vectors.
        """
        embedder = self._given_embedder or self.load_model()
        made_by = self.db.model
        if made_by and made_by != embedder.model:
            raise EmbeddingError(
                f"the store's vectors were made by {made_by.name}, but the configured model is "
                f"{embedder.model.name}"
                + (" with other settings" if made_by.name == embedder.model.name else ""),
                hint=f"memcli model use {embedder.model.name} embeds everything anew; "
                f"memcli config set model.name {made_by.name} goes back",
            )
        return embedder

    def query_vectors(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of *queries*, shape (n, dimension); that of a single one may be known from before.

        Raises:
            EmbeddingError: The model failed, can't be loaded, or has not made the store's vectors.
        """
        made_by = self.db.model
        if len(queries) != 1 or made_by is None or self._given_embedder is not None:
            return self.embedder.embed_queries(queries)
        from memcli.storage.queries import AskedBefore

        settings = replace(self.config.model, threads=0)
        asked = AskedBefore(self.home.queries, repr((made_by, settings)), made_by.dimension)
        vector = asked.vector(queries[0])
        if vector is None:
            vector = self.embedder.embed_queries(queries)[0]
            asked.keep(queries[0], vector)
        return vector.reshape(1, -1)

    @cached_property
    def questions(self) -> Questions | None:
        """What is known about questions to the store's model; None for models we know nothing about."""
        from memcli.embedding.questions import Questions

        return Questions.load(self.db.model)

    @property
    def has_llm(self) -> bool:
        """Whether there is an LLM command."""
        return bool(self.config.llm.command)

    def llm(self, prompt: str) -> str:
        """What the user's LLM answers to *prompt*.

        Raises:
            LLMError: There is none, or it fails.
        """
        from memcli import llm

        return llm.run(self.config.llm.command, prompt, **self._llm_about)

    def llm_stream(self, prompt: str) -> Iterator[str]:
        """What the user's LLM answers to *prompt*, in pieces, as they come.

        Raises:
            LLMError: There is none, or it fails: after what it had said until then.
        """
        from memcli import llm

        return llm.stream(self.config.llm.command, prompt, **self._llm_about)

    @property
    def _llm_about(self) -> dict[str, Any]:
        """How the LLM command is run."""
        about = self.config.llm
        return {"timeout": about.timeout_s, "retries": about.retries, "environment": about.environment}

    def load_model(self, name: str | None = None) -> Embedder:
        """The model called *name* (the configured one, if None), ready to embed.

        Raises:
            EmbeddingError: It is not on this machine, or can't be loaded.
        """
        from memcli.embedding.embedder import load

        wanted = replace(self.config.model, name=name or self.config.model.name)
        return self._models.get(
            (wanted, self.home.models),
            lambda: load(
                wanted.name,
                models_dir=self.home.models,
                threads=wanted.threads,
                pooling=None if wanted.pooling == "auto" else wanted.pooling,
                query_prefix=None if wanted.query_prefix == "auto" else wanted.query_prefix,
                document_prefix=None if wanted.document_prefix == "auto" else wanted.document_prefix,
            ),
        )

    @cached_property
    def reranker(self) -> Reranker | None:
        """What looks at the best hits again; None where none is configured, or it can't be loaded.

        Its absence is no error: what there is without it is found all the same, with a warning.
        """
        wanted = self.config.rerank.model
        if self._given_reranker is not None or not wanted:
            return self._given_reranker
        from memcli.embedding import reranker

        threads = self.config.model.threads
        try:
            return self._models.get(
                (wanted, threads, self.home.models),
                lambda: reranker.load(wanted, models_dir=self.home.models, threads=threads),
            )
        except MemcliError as error:
            self.warn_without_reranker(error)
            return None

    def warn_without_reranker(self, error: MemcliError) -> None:
        """Say that the hits stay as they were found, why, and what can be done about it."""
        hint = f" ({error.hint})" if error.hint else ""
        self.warn(f"hits are not reranked: {error.sentence}{hint}")

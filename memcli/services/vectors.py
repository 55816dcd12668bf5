"""Memories and the vectors they are found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memcli.errors import StorageError
from memcli.model import Embedder, EmbeddingModel, Memory, ProgressFactory
from memcli.services.engine import no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memcli.storage.generation import Generation
    from memcli.storage.passages import Passage

ANNOUNCED = 50
"""Texts from which on embedding is worth a progress bar: some 0.3 s of work."""


@dataclass(frozen=True)
class Embedded:
    """Memories, the vector of each one's first passage, and their further passages with vectors."""

    memories: list[Memory]
    vectors: NDArray[np.float32]
    passages: list[Passage]
    passage_vectors: NDArray[np.float32]

    def only(self, ids: set[str]) -> Embedded:
        """The part of it that is about the memories *ids*."""
        rows = [row for row, memory in enumerate(self.memories) if memory.id in ids]
        further = [row for row, passage in enumerate(self.passages) if passage.memory in ids]
        return Embedded(
            [self.memories[row] for row in rows],
            self.vectors[rows],
            [self.passages[row] for row in further],
            self.passage_vectors[further],
        )

    def add_to(self, generation: Generation) -> None:
        """Append all of it, which must be new. The passages first: a memory never lacks its own."""
        if self.memories:
            generation.passages.add(self.passages, self.passage_vectors)
            generation.memories.add(self.memories, self.vectors)

    def add_to_with(self, generation: Generation, others: list[Memory], vectors: NDArray[np.float32]) -> None:
        """Append all of it, and in the same write change the memories *others*, whose *vectors* these are.

        It is one write so that nobody ever sees, and no killed process ever leaves, one without the other.
        """
        if not others:
            self.add_to(generation)
            return
        import numpy as np

        generation.passages.add(self.passages, self.passage_vectors)
        generation.memories.put([*self.memories, *others], np.concatenate([self.vectors, vectors]))

    def put_into(self, generation: Generation) -> None:
        """Write all of it over what was there; meanwhile there may be passages too many, never too few."""
        if self.memories:
            stale = generation.passages.keys_of([memory.id for memory in self.memories])
            generation.passages.add(self.passages, self.passage_vectors)
            generation.memories.put(self.memories, self.vectors)
            generation.passages.table.delete_keys(stale)


def refuse_other_model(embedder: Embedder, made_by: EmbeddingModel | None) -> None:
    """Raise if the store's vectors are not from *embedder* any more."""
    if made_by != embedder.model:
        raise StorageError("the store's model was changed meanwhile", hint="run the command again")


def joined(one: Embedded, other: Embedded) -> Embedded:
    """Both together."""
    import numpy as np

    return Embedded(
        one.memories + other.memories,
        np.concatenate([one.vectors, other.vectors]) if one.memories else other.vectors,
        one.passages + other.passages,
        np.concatenate([one.passage_vectors, other.passage_vectors])
        if one.passages and other.passages
        else (one.passage_vectors if one.passages else other.passage_vectors),
    )


def embed(
    embedder: Embedder,
    memories: Sequence[Memory],
    announce: ProgressFactory = no_progress,
    given: Mapping[str, NDArray[np.float32]] | None = None,
) -> Embedded:
    """*memories* with their vectors; a text beyond the model's window is embedded in passages.

    A turn is embedded with its speaker before it: who said it is part of what was said.

    Args:
        embedder: What makes the vectors.
        memories: The memories, each with another id.
        announce: Who hears how far it has come, if it takes long.
        given: Vectors that are known already, by id; only those of texts within the window count.
    """
    import numpy as np

    from memcli.storage.passages import Passage

    texts: list[str] = []
    further_texts: list[str] = []
    further: list[Passage] = []
    for memory in memories:
        said_by = f"{memory.speaker}: " if memory.speaker else ""
        (start, end), *rest = embedder.passages(memory.text)
        texts.append(said_by + memory.text[start:end])
        further_texts += [said_by + memory.text[start:end] for start, end in rest]
        further += [Passage(memory.id, memory.user, memory.space, start, end) for start, end in rest]
    long = {passage.memory for passage in further}
    known = {m.id: given[m.id] for m in memories if given and m.id in given and m.id not in long}
    wanted = [row for row, memory in enumerate(memories) if memory.id not in known]
    everything = [texts[row] for row in wanted] + further_texts
    with (announce if len(everything) > ANNOUNCED else no_progress)("Embedding", len(everything)) as report:
        made = embedder.embed_documents(everything, report)
    vectors = np.empty((len(texts), embedder.model.dimension), dtype=np.float32)
    vectors[wanted] = made[: len(wanted)]
    for row, memory in enumerate(memories):
        if memory.id in known:
            vectors[row] = known[memory.id]
    return Embedded(list(memories), vectors, further, made[len(wanted) :])

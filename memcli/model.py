"""The words of memcli as frozen dataclasses: what travels between the rooms.

Standard library only, no behaviour beyond what the words mean. The field names of what a command
answers are its JSON keys: renaming one breaks scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from memcli.kinds import Action as Action  # noqa: PLC0414  # words of this module, too
from memcli.kinds import Mode as Mode  # noqa: PLC0414
from memcli.kinds import Trust as Trust  # noqa: PLC0414

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memcli.structure import Value

TITLE_LENGTH = 60
"""Characters of the text that serve as title when none is given."""


def default_title(text: str) -> str:
    """The title of a memory that was given none: the first 60 characters of its text, on one line."""
    return " ".join(text[: TITLE_LENGTH * 4].split())[:TITLE_LENGTH].rstrip()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memories, and where: what every command that reads or writes memories is about.

    Attributes:
        space: The namespace.
        user: Whose memories.
        agent: The agent whose own memories these are; empty for the user's own.
        team: The team that they are visible to, whoever wrote them; empty for no team in particular.
        further: Spaces that are looked into besides.
        shared: Whether the user's own memories are meant besides those of the agent.
        teams: Teams whose memories are meant besides.

    None means every one of them, which makes sense for reading only; so do the last three.
    """

    space: str | None
    user: str | None
    agent: str | None = ""
    team: str = ""
    further: tuple[str, ...] = ()
    shared: bool = False
    teams: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """Whose a new memory or space is."""
        assert self.user is not None, "only reading is possible for everybody at once"
        return self.user


EVERYWHERE = Scope(space=None, user=None, agent=None)
"""Every memory there is."""


PRIVATE, TEAM = "private", "team"
"""Who may see a memory: its user, or a team as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One remembered text and all that is known about it.

    Times are aware and in UTC. A memory with `conversation` and `position` is a turn of that
    conversation; all others are facts. `uses` counts how often it was looked at on purpose, and
    `used_at` says when that last was.

    A memory that another one replaced was true until `replaced_at`. `replaced_by` and `replaces` link
    the two both ways by id; the replaced one knows the reason and how sure it was, 0..1.

    `visibility` is "private" or "team"; a memory of visibility "team" can be seen by the members of `team`.

    `trust` says who put it there: the user, an agent (or its program), or a file of another program. `flags`
    names what looks like an attempt to instruct a model; see `memcli.services.suspicion`. It is not stored.
    """

    id: str
    text: str
    title: str
    space: str
    user: str = ""
    agent: str = ""
    team: str = ""
    visibility: str = PRIVATE
    importance: float = 0.5
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    conversation: str = ""
    position: int | None = None
    speaker: str = ""
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    forgotten_at: datetime | None = None
    uses: int = 0
    used_at: datetime | None = None
    replaces: str = ""
    replaced_at: datetime | None = None
    replaced_by: str = ""
    replaced_reason: str = ""
    replaced_confidence: float | None = None
    trust: str = Trust.USER.value
    flags: tuple[str, ...] | None = None

    @property
    def is_turn(self) -> bool:
        """Whether this is one message of a conversation rather than a fact."""
        return bool(self.conversation) and self.position is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtBy:
    """How a search came to a memory that it did not find by itself.

    Attributes:
        hit: The hit that it is connected with.
        id: The memory at the other end of the edge: that hit, unless there are several steps between.
        type, weight: Those of the edge.
        hops: How many steps there are.
    """

    hit: str
    id: str
    type: str
    weight: float
    hops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Memory):
    """A memory that a search found.

    Attributes:
        score: What ranks, 0..1, higher is better.
        similarity: Cosine between query and memory, -1..1 (0 where no vectors were compared).
        decay: Retention now, 0..1; 1 is fresh.
        relevance: The score before decay and importance, 0..1: how likely this is what was meant.
        signals: What the score was made of, by name; None unless an explanation was asked for.
        around: Its neighbours in the conversation, in order; None unless they were asked for.
        brought_by: What brought it along; None for one that was found by itself.
        store: The store it is in; None unless several were searched.
    """

    score: float
    similarity: float
    decay: float
    relevance: float = 0.0
    signals: Mapping[str, Any] | None = None
    around: tuple[Memory, ...] | None = None
    brought_by: BroughtBy | None = None
    store: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text to remember and what is said about it, before it is a memory.

    Attributes:
        scope: Where it goes; its space must be named.
        title: Empty for the first characters of the text.
        id: The caller's own id; empty for one of ours.
        created_at: None for now.
        vector: Its vector, base64 of 16-bit numbers, if it comes with one; see `memcli.services.given`.
        vector_of: What that vector was made of, and by which model.
        trust: Who put it there; empty for the user, or for the agent whose it is.

    The other fields mean what they mean in `Memory`.
    """

    text: str
    scope: Scope
    id: str = ""
    vector: str = ""
    vector_of: str = ""
    title: str = ""
    importance: float = 0.5
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    conversation: str = ""
    position: int | None = None
    speaker: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    forgotten_at: datetime | None = None
    replaces: str = ""
    replaced_at: datetime | None = None
    replaced_by: str = ""
    replaced_reason: str = ""
    replaced_confidence: float | None = None
    trust: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A memory that a new text was held against.

    Attributes:
        id: The memory.
        text: What it says.
        similarity: Cosine of the two.
        action: What the new text would have done to it.
        confidence: How sure that is, 0..1.
        reason: Why, in words.
    """

    id: str
    text: str
    similarity: float
    action: Action
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The answer to storing one text.

    Attributes:
        action: What happened.
        id: The memory that now holds the text: the new one, or the one that already did.
        replaced_id: The memory that gave way, if any.
        similarity: Cosine to the memory that decided the action; None if there was none.
        space: Where it is.
        reason: Why, in words.
        confidence: How sure that is, 0..1; None where nothing had to be decided.
        replaced_text: What the memory said that gave way, if any.
        considered: What it was held against, nearest first; None unless that was asked for.
        contradicts_id: The memory of somebody more trusted that it contradicts, and that stays.
    """

    action: Action
    id: str | None
    replaced_id: str | None = None
    similarity: float | None = None
    space: str
    reason: str = ""
    confidence: float | None = None
    replaced_text: str | None = None
    considered: tuple[Considered, ...] | None = None
    contradicts_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two remembered facts that would not have been stored side by side.

    Attributes:
        action: `DUPLICATE` if both say the same, `REPLACED` if the older is no longer true.
        old: The one that gives way: the older, or of two that say the same the less full or less trusted.
        new: The other one.
        similarity: Cosine of the two, -1..1.
        confidence: How sure the proposal is, 0..1.
        reason: Why, in words.
        contested: Whether the old one is of somebody more trusted, and stays till the user decides.
    """

    action: Action
    old: Memory
    new: Memory
    similarity: float
    confidence: float
    reason: str
    contested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A namespace and what is in it.

    Attributes:
        memories: How many are there now (forgotten and expired ones don't count).
        latest: When the latest of them was created; None if there is none.
    """

    name: str
    memories: int
    latest: datetime | None = None
    description: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One block of text for a prompt.

    Attributes:
        context: The block; empty if nothing relevant is known.
        tokens: How many tokens it has at most; see `memcli.services.tokens`.
        memories: What is in it, best first.
        values: The values in it, by key; None unless they were asked for.
        sections: The tokens of each section; None unless others than the memories were asked for.
        fence: The mark that its first and its last line bear, another one each time; None without a block.
    """

    context: str
    tokens: int
    memories: tuple[Hit, ...]
    values: tuple[Value, ...] | None = None
    sections: Mapping[str, int] | None = None
    fence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to, in records.

    Attributes:
        edges: How many edges are new; None if there were none in it.
    """

    stored: int
    duplicate: int
    replaced: int = 0
    failed: int
    edges: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    """What made a vector, as far as it matters for comparing it with another.

    Attributes:
        name: `bundled name`, a fastembed model name, or the absolute path of a directory.
        dimension: Length of a vector.
        pooling: `mean`, `cls` or `last` for custom models; `builtin` where fastembed decides.
        normalize: Whether vectors have length 1.
        query_prefix: Put before a query (some models ask for it).
        document_prefix: Put before a memory's text.
    """

    name: str
    dimension: int
    pooling: str = "builtin"
    normalize: bool = True
    query_prefix: str = ""
    document_prefix: str = ""


class Progress(Protocol):
    """Somebody who wants to see how far long work has come."""

    def __call__(self, done: int) -> None:
        """*done* more units of the announced total are finished."""


ProgressFactory = Callable[[str, int], "ProgressBar"]
"""Announces work (label, total units) and gives something to report to."""


class ProgressBar(Protocol):
    """A running report on long work; a context manager, so that it is taken off the screen at the end."""

    def __enter__(self) -> Progress: ...
    def __exit__(self, *exc: object) -> None: ...


class Embedder(Protocol):
    """Turns texts into vectors. The real one lives in `memcli.embedding`; tests have a small one."""

    @property
    def model(self) -> EmbeddingModel:
        """What makes the vectors."""

    def embed_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of *queries*, shape (n, dimension); a query beyond the model's window is cut."""

    def embed_documents(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors of *texts*, shape (n, dimension), in order; *progress* hears of each batch."""

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Where *text* is cut to fit the model's window: (start, end) in characters, in order.

        One pair for a text that fits. Neighbours overlap a little, together they cover the text.
        """


class Reranker(Protocol):
    """Tells how relevant texts are to a query, reading both together. It lives in `memcli.embedding`."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """The probability, 0..1, that each of *texts* is relevant to *query*, in order.

        Raises:
            EmbeddingError: The model failed.
        """

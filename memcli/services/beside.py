"""What goes into a block for a prompt beside the memories: task, conversation, episodes, values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from memcli.dialogue import Messages
from memcli.errors import UsageError
from memcli.model import Hit, Memory, Scope
from memcli.services import conversations, dialects, episodes, tasks, turns, values, worktext
from memcli.services.blocks import Style
from memcli.services.engine import Engine
from memcli.services.sections import Include, Teller, Told
from memcli.services.tokens import estimate_tokens
from memcli.structure import Value

LETTERS_PER_TOKEN = 20
"""More than any text has, on average: what is longer need not be looked at."""

EPISODES = 3
"""Episodes that are told, at most: more than one is seldom like what is asked."""

TRIES = 4
"""How often a conversation is told anew within less, where its frame and what is escaped take too much."""


class Beside:
    """What is told beside the memories.

    Args:
        engine: What to work with.
        query: What the prompt is about.
        style: How it is written.
        scope: Where to look.
        conversation: The conversation; the current one, if empty.
    """

    def __init__(self, engine: Engine, query: str, style: Style, scope: Scope, conversation: str) -> None:
        self._engine, self._query, self._style, self._scope = engine, query, style, scope
        self._conversation = conversation
        self._messages: Messages | None = None
        self._episodes: list[Memory] = []
        self._values: list[Value] | None = None

    def tellers(self, wanted: Sequence[Include]) -> dict[Include, Teller]:
        """What writes each of the sections that are *wanted*, in so far as there is anything to write."""
        if wanted and self._scope.space is None and {Include.TASK, Include.CONVERSATION} & set(wanted):
            raise UsageError("a task and a conversation are in one space, which must be named")
        makers = {
            Include.TASK: self._task,
            Include.CONVERSATION: self._talk,
            Include.EPISODES: self._done,
            Include.VALUES: self._kept,
        }
        tellers = {name: makers[name]() for name in makers if name in wanted}
        return {name: teller for name, teller in tellers.items() if teller is not None}

    @property
    def known(self) -> int:
        """How many memories are told here already, at most."""
        return len(self._episodes) + (len(self._messages.turns) if self._messages else 0)

    def tells(self, hit: Hit) -> bool:
        """Whether *hit* is told here already: a turn of the conversation, or an episode."""
        talk = self._messages.turns if self._messages else ()
        return hit.id in {episode.id for episode in self._episodes} | {turn.id for turn in talk}

    @property
    def values(self) -> tuple[Value, ...] | None:
        """The values that were told; None where they were not asked for."""
        return None if self._values is None else tuple(self._values)

    # --- what writes each section ---

    def _task(self) -> Teller | None:
        task = tasks.current(self._engine, self._scope)
        if task is None:
            return None
        lines = [self._style.text(line) for line in worktext.context_text(task).split("\n")]
        return partial(self._lines, "task", lines)

    def _done(self) -> Teller | None:
        like = episodes.similar(self._engine, self._query, scope=self._scope, limit=EPISODES)
        found = self._engine.db.memories.with_ids([episode.id for episode in like])
        self._episodes = [found[episode.id] for episode in like if episode.id in found]
        names = self._scope.space is None or bool(self._scope.further)
        entries = [self._style.entry([episode], names) for episode in self._episodes]
        return partial(self._lines, "episodes", entries) if entries else None

    def _kept(self) -> Teller | None:
        every = values.all_values(self._engine, scope=self._scope)

        def tell(budget: int) -> Told:
            short = [value for value in every if len(value.data) <= LETTERS_PER_TOKEN * budget]
            entries = {self._style.value(value, self._scope.space is None): value for value in short}
            told, taken = self._fitting("values", list(entries), budget)
            self._values = [entries[entry] for entry in taken]
            return Told(told.text, told.tokens, is_whole=len(taken) == len(every))

        self._values = []
        return tell if every else None

    def _talk(self) -> Teller | None:
        name = self._conversation or turns.current(self._engine, self._scope)
        if not name:
            return None
        talk = conversations.messages(self._engine, scope=self._scope, conversation=name, summarises=False)
        self._messages = talk

        def tell(budget: int) -> Told:
            within = budget
            for _ in range(TRIES):
                text = dialects.context_text(talk, within)
                block = self._style.framed("conversation", [self._style.text(text)] if text else [])
                cost = estimate_tokens(block + "\n") if block else 0
                if cost <= budget:
                    return Told(block, cost, is_whole=_is_whole(talk, text))
                within -= cost - budget + 1
            return Told(is_whole=False)

        return tell

    # --- entries within a budget ---

    def _lines(self, name: str, lines: Sequence[str], budget: int) -> Told:
        told, taken = self._fitting(name, lines, budget)
        return Told(told.text, told.tokens, is_whole=len(taken) == len(lines))

    def _fitting(self, name: str, entries: Sequence[str], budget: int) -> tuple[Told, list[str]]:
        """The section called *name* with those of *entries*, in order, that fit into *budget* tokens."""
        left = budget - sum(estimate_tokens(line + "\n") for line in self._style.frame(name) if line)
        taken = []
        for entry in entries:
            cost = estimate_tokens(entry + "\n")
            if cost <= left:
                left -= cost
                taken.append(entry)
        return Told(self._style.framed(name, taken), budget - left if taken else 0), taken


def _is_whole(talk: Messages, text: str) -> bool:
    """Whether *text* tells all of *talk*."""
    return text == dialects.context_text(talk, 1 << 40)

"""The list of memories, and the line to search them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from memcli.cli.browsing import drawn
from memcli.cli.messages import harmless
from memcli.model import Memory

NEAR_THE_END = 20
"""Memories before the end of the list at which more are fetched."""


class Line(Input):
    """A line to type; what is pasted into it can't steer the terminal."""

    def validate_value(self, value: str) -> str:
        """*value*, harmless."""
        return harmless(" ".join(value.splitlines()) if "\n" in value else value)


class Search(Line):
    """The line to search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,enter", "screen.focus_list", "List", key_display="↓"),
        Binding("escape", "leave", "Clear, then list"),
    ]

    def action_leave(self) -> None:
        """Empty the line, or go to the list if it is empty."""
        if self.value:
            self.value = ""
        else:
            self.screen.query_one(Found).focus()


class Found(OptionList):
    """Memories, one below the other, each with its id, of which one is looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "first", show=False),
        Binding("G", "last", show=False),
        Binding("enter,right,l", "select", "Read", key_display="⏎"),
    ]

    class EndIsNear(Message):
        """Somebody scrolls towards the end of the list."""

    def __init__(self) -> None:
        super().__init__(id="found", markup=False)
        self.memories: list[Memory] = []

    def show(self, memories: Sequence[Memory], now: datetime, *, with_space: bool, again: bool) -> None:
        """Show *memories*, with the first looked at; *again*: with the one that is looked at now."""
        place, chosen = self.highlighted, self.chosen
        self.memories = list(memories)
        self.set_options([Option(drawn.row(memory, now, with_space=with_space)) for memory in memories])
        if not memories:
            return
        ids = [memory.id for memory in memories]
        there = ids.index(chosen.id) if chosen and chosen.id in ids else min(place or 0, len(ids) - 1)
        self.highlighted = there if again else 0

    def add(self, memories: Sequence[Memory], now: datetime, *, with_space: bool) -> None:
        """Show *memories* below those that are there; those that moved down meanwhile are not shown twice."""
        known = {memory.id for memory in self.memories}
        more = [memory for memory in memories if memory.id not in known]
        self.memories += more
        self.add_options([Option(drawn.row(memory, now, with_space=with_space)) for memory in more])

    @property
    def chosen(self) -> Memory | None:
        """The memory that is looked at; None where there is none."""
        at = self.highlighted
        return self.memories[at] if at is not None and at < len(self.memories) else None

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Ask for more where the end is near."""
        super().watch_highlighted(highlighted)
        if highlighted is not None and highlighted >= len(self.memories) - NEAR_THE_END:
            self.post_message(self.EndIsNear())

    async def _on_key(self, event: events.Key) -> None:
        """Up from the first one leads to the line to search."""
        if event.key in ("up", "k") and not self.highlighted:
            event.stop()
            event.prevent_default()
            self.screen.query_one(Search).focus()

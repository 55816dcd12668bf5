"""One memory, whole, with what leads on from it, and the way by which one came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from memcli.cli.browsing import drawn
from memcli.cli.messages import harmless
from memcli.services.reading import Reading

WAY_SHOWN = 6
"""Memories of the way that fit into its line at 80 columns."""


@dataclass
class Trail:
    """The memories that were looked at by following what leads on, and where one is among them."""

    ids: list[str] = field(default_factory=list)
    at: int = 0

    @property
    def here(self) -> str:
        """The memory that is looked at; "" for none."""
        return self.ids[self.at] if self.ids else ""

    def begin(self, name: str) -> None:
        """Begin anew at the memory *name*."""
        self.ids, self.at = [name] if name else [], 0

    def follow(self, name: str) -> None:
        """Go on to the memory *name*; what came after this one is left behind."""
        self.ids = [*self.ids[: self.at + 1], name]
        self.at = len(self.ids) - 1

    def step(self, by: int) -> bool:
        """Go back, or forth again; whether that is possible."""
        if not 0 <= self.at + by < len(self.ids):
            return False
        self.at += by
        return True

    def shown(self) -> Content:
        """The way, as far as it fits into a line; nothing for a single memory."""
        if len(self.ids) < 2:
            return Content("")
        start = max(0, min(self.at - WAY_SHOWN // 2, len(self.ids) - WAY_SHOWN))
        parts = [
            Content.styled(harmless(name), f"bold {drawn.ACCENT}" if place == self.at else drawn.MUTED)
            for place, name in enumerate(self.ids)
        ][start : start + WAY_SHOWN]
        return Content.styled(" › ", drawn.MUTED).join(parts)


class Links(OptionList):
    """What leads on from a memory."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("enter,right,l", "select", "Follow", key_display="⏎"),
    ]

    targets: tuple[str, ...] = ()

    def on_focus(self) -> None:
        """Begin at the first."""
        if self.highlighted is None:
            self.action_first()

    def show(self, reading: Reading | None) -> None:
        """Show what leads on from the memory of *reading*."""
        drawn_links = list(drawn.links(reading)) if reading else []
        self.targets = tuple(name for _, name in drawn_links)
        self.set_options([Option(said, disabled=not name) for said, name in drawn_links])
        self.display = bool(drawn_links)


class Page(VerticalScroll):
    """What a memory says, and what is known about it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("space", "page_down", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
        Binding("enter", "screen.focus_links", "Links", key_display="⏎"),
    ]


class Reader(Vertical):
    """One memory."""

    @dataclass
    class Followed(Message):
        """Somebody wants to see the memory *name*, which the one shown leads to."""

        name: str

    reading: Reading | None = None

    def compose(self) -> ComposeResult:
        """The way, the page, and what leads on."""
        yield Static(id="way", markup=False)
        with Page(id="page"):
            yield Static(id="text", markup=False)
            yield Static(id="about", markup=False)
        yield Links(id="links", markup=False)

    def show(self, reading: Reading | None, trail: Trail, now: datetime) -> None:
        """Show *reading*; nothing, if it is None."""
        before = self.reading.memory.id if self.reading else ""
        self.reading = reading
        way = self.query_one("#way", Static)
        way.update(trail.shown())
        way.display = len(trail.ids) > 1
        self.query_one("#text", Static).update(drawn.whole(reading.memory) if reading else "")
        self.query_one("#about", Static).update(drawn.about(reading, now) if reading else "")
        self.query_one(Links).show(reading)
        if reading and reading.memory.id != before:
            self.query_one(Page).scroll_home(animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Follow a link."""
        event.stop()
        if name := self.query_one(Links).targets[event.option_index]:
            self.post_message(self.Followed(name))

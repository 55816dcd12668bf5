"""What one is asked: which space, whether really, and what the keys do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from memcli.cli.browsing import drawn
from memcli.cli.browsing.found import Line
from memcli.cli.messages import harmless
from memcli.model import Space

ALL = ""
"""What stands for all spaces at once."""

KEYS: tuple[tuple[str, str], ...] = (
    ("type", "search as you type; esc empties the line"),
    ("/", "the line to search"),
    ("↑ ↓ j k g G", "one memory further; the first, the last"),
    ("enter", "read; again: what it is connected with; there: follow"),
    ("[ ]", "back and forth on the way by which you came"),
    ("tab", "search, list, page, links: the next of these"),
    ("e", "edit text, tags and importance"),
    ("n", "a new memory in this space"),
    ("f", "forget"),
    ("r", "restore what was forgotten or replaced"),
    ("u", "undo the last change"),
    ("s", "another space, or all of them"),
    ("v", "what was replaced as well; what was forgotten; what is true"),
    ("y Y", "copy the id; the text"),
    ("ctrl+r", "look at the store anew"),
    ("esc", "one step back"),
    ("q ctrl+c", "leave"),
)
"""What `?` shows."""


class Spaces(ModalScreen[str | None]):
    """The spaces to choose from; the answer is a name, `ALL`, or None.

    Args:
        spaces: Those that there are.
        here: The one that is looked at; None for all.
        now: The time.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, spaces: Sequence[Space], here: str | None, now: datetime) -> None:
        super().__init__()
        self._all, self._here, self._now = list(spaces), here, now
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """A line that narrows the list below it down."""
        with Vertical(id="spaces", classes="box"):
            yield Static("Which space?", classes="title", markup=False)
            yield Line(placeholder="a part of its name", compact=True)
            yield OptionList(markup=False, id="names")

    def on_mount(self) -> None:
        """All of them at first."""
        self._narrow("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show those whose names hold what was typed."""
        self._narrow(event.value)

    def on_input_submitted(self) -> None:
        """The first of those that are left."""
        self._choose(self.query_one(OptionList).highlighted or 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The one that was chosen."""
        self._choose(event.option_index)

    def _choose(self, place: int) -> None:
        if self._shown:
            self.dismiss(self._shown[place])

    def _narrow(self, typed: str) -> None:
        wanted = typed.strip().casefold()
        some = [space for space in self._all if wanted in space.name.casefold()]
        everything = Content.assemble(
            ("● " if self._here is None else "  ", drawn.ACCENT),
            (f"{sum(space.memories for space in self._all):>9,}  ", drawn.MUTED),
            ("all spaces", "italic"),
        )
        rows = [Option(drawn.space(one, self._now, is_here=one.name == self._here)) for one in some]
        names = self.query_one(OptionList)
        names.set_options(rows if wanted else [Option(everything), *rows])
        self._shown = [*([] if wanted else [ALL]), *(space.name for space in some)]
        if self._shown:
            at = ALL if self._here is None else self._here
            names.highlighted = self._shown.index(at) if at in self._shown else 0


class Sure(ModalScreen[bool]):
    """A question that is answered by y or n."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "Yes"),
        Binding("n,escape,q", "dismiss(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and the answers."""
        with Vertical(id="sure", classes="box"):
            yield Static(harmless(self._question), markup=False)
            yield Static(Content.styled("y yes   n no", drawn.MUTED), classes="answers")


class Help(ModalScreen[None]):
    """What the keys do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        """A line for each key."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, style="bold")
        table.add_column()
        for key, told in KEYS:
            table.add_row(key, told)
        with Vertical(id="help", classes="box"):
            yield Static("Keys", classes="title", markup=False)
            with VerticalScroll():
                yield Static(table)

"""A memory to be written: a new one, or one that is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Label, Static, TextArea

from memcli.cli.browsing.found import Line
from memcli.cli.messages import harmless
from memcli.errors import MemcliError, UsageError
from memcli.model import Memory


@dataclass(frozen=True, kw_only=True)
class Written:
    """What somebody wrote.

    Attributes:
        text: The text.
        tags: Its tags.
        importance: As it was typed.
    """

    text: str
    tags: tuple[str, ...]
    importance: str

    @property
    def weight(self) -> float:
        """The importance as a number; what it must be is for the services to say.

        Raises:
            UsageError: It is none.
        """
        try:
            return float(self.importance)
        except ValueError as error:
            raise UsageError("importance must be a number from 0 to 1") from error


class Writing(TextArea):
    """A text to be changed. What could steer the terminal stays in it, and is shown as U+FFFD."""

    def get_line(self, line_index: int) -> Text:
        """The line *line_index* as it is shown: as many characters as it has."""
        line = super().get_line(line_index)
        line.plain = harmless(line.plain)
        return line


class Editor(ModalScreen[bool]):
    """Text, tags and importance of a memory; the answer is whether they were stored.

    Args:
        title: What this is about.
        memory: What is changed; None for a new one.
        save: Stores what was written; what it refuses can be mended here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", key_display="^s", priority=True),
        Binding("escape", "cancel", "Cancel", key_display="esc", priority=True),
        Binding("tab", "app.focus_next", "Next field", show=True),
    ]

    def __init__(
        self, title: str, memory: Memory | None, save: Callable[[Written], Awaitable[object]]
    ) -> None:
        super().__init__()
        self._title, self._save = title, save
        self._before = Written(
            text=memory.text if memory else "",
            tags=memory.tags if memory else (),
            importance=f"{memory.importance:g}" if memory else "0.5",
        )
        self._was_warned = self._is_saving = False

    def compose(self) -> ComposeResult:
        """A box with the fields."""
        with Vertical(id="editor", classes="box"):
            yield Static(harmless(self._title), classes="title", markup=False)
            yield Writing(self._before.text, id="writing", highlight_cursor_line=False)
            with Horizontal(classes="field"):
                yield Label("tags")
                yield Line(", ".join(self._before.tags), placeholder="work, travel", compact=True, id="tags")
            with Horizontal(classes="field"):
                yield Label("importance")
                yield Line(self._before.importance, placeholder="0 to 1", compact=True, id="importance")
            yield Static(id="told", markup=False)
            yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Where one begins to write: at the end of what is there."""
        writing = self.query_one(Writing)
        writing.move_cursor(writing.document.end)
        writing.focus()

    @property
    def written(self) -> Written:
        """What the fields hold."""
        typed = self.query_one("#tags", Line).value
        same = typed == harmless(", ".join(self._before.tags))
        tags = tuple(tag.strip().removeprefix("#") for tag in typed.split(",") if tag.strip())
        return Written(
            text=self.query_one(Writing).text,
            tags=self._before.tags if same else tags,
            importance=self.query_one("#importance", Line).value.strip(),
        )

    def _tell(self, sentence: str) -> None:
        self.query_one("#told", Static).update(harmless(sentence))

    def action_cancel(self) -> None:
        """Leave everything as it was; asked once more if something was written."""
        if self._is_saving:
            return
        if self.written == self._before or self._was_warned:
            self.dismiss(False)
        else:
            self._was_warned = True
            self._tell("this is not saved: esc again leaves everything as it was, ^s saves")

    @work(exclusive=True)
    async def action_save(self) -> None:
        """Store what was written; what is wrong with it is told, and can be mended."""
        if self._is_saving:
            return
        if self.written == self._before:
            self.dismiss(False)
            return
        self._is_saving = True
        self._tell("saving …")
        try:
            await self._save(self.written)
        except MemcliError as error:
            self._tell(f"{error.sentence} ({error.hint})" if error.hint else error.sentence)
        except Exception as error:  # whatever it is: what was written is not lost
            self._tell(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
        else:
            self.dismiss(True)
        finally:
            self._is_saving = False

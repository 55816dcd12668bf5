"""The full-screen program: the terminal as it was before and after, one screen inside."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual import constants
from textual.app import App
from textual.binding import Binding, BindingType
from textual.theme import Theme

from memcli.cli.browsing.browser import Browser
from memcli.cli.browsing.calls import Calls
from memcli.cli.browsing.editor import Editor
from memcli.cli.messages import harmless
from memcli.servers.desk import Bounds, Desk
from memcli.services.engine import Engine

COLORS = Theme(
    name="memcli",
    primary="#5fb3d4",
    secondary="#b48ead",
    accent="#6cc7c0",
    warning="#e5b567",
    error="#e06c75",
    success="#8fbf7f",
    foreground="#d8dee9",
    background="#14171c",
    surface="#1a1e25",
    panel="#222832",
)


class BrowseApp(App[None]):
    """Shows a `Browser` until it is left.

    Args:
        make: Makes an engine that warns whom it is told to.
        bounds: What may be seen.
        everywhere: Whether all spaces are shown at first.
        now: The clock.
    """

    CSS_PATH = "browser.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False),
    ]

    def __init__(
        self,
        make: Callable[[Callable[[str], None]], Engine],
        bounds: Bounds,
        *,
        everywhere: bool,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.calls = Calls(Desk(partial(make, self.warn), bounds))
        self.failure: Exception | None = None
        self._browser = partial(Browser, self.calls, bounds, everywhere=everywhere, now=now)
        if self.ansi_color:
            self.theme = "ansi-dark"
        elif constants.DEFAULT_THEME == "textual-dark":  # TEXTUAL_THEME names no other
            self.register_theme(COLORS)
            self.theme = COLORS.name

    def get_default_screen(self) -> Browser:
        """The screen that is there from the beginning."""
        return self._browser()

    def on_mount(self) -> None:
        """Leave the terminal in order, too, where somebody ends the program or closes the window."""
        for name in ("SIGTERM", "SIGHUP"):
            with suppress(NotImplementedError, AttributeError, RuntimeError):  # Windows; not the main thread
                number = getattr(signal, name)
                leave = partial(self.exit, return_code=128 + number)
                asyncio.get_running_loop().add_signal_handler(number, leave)

    def action_leave(self) -> None:
        """Leave; what is being written first asks whether it may be lost."""
        if isinstance(self.screen, Editor):
            self.screen.action_cancel()
        else:
            self.exit()

    def warn(self, sentence: str) -> None:
        """Say *sentence*, which a service wants people to know; from any thread."""
        self.notify(harmless(sentence), severity="warning", markup=False)

    def _handle_exception(self, error: Exception) -> None:
        """Leave, and keep *error* for whoever reports it: nobody should have to read a traceback."""
        super()._handle_exception(error)
        self.failure = self.failure or error
        self._exit_renderables.clear()


def run(app: BrowseApp, note: Callable[[str], None]) -> int:
    """Show *app* until it is left, with this exit code; *note* hears if something is still being written.

    Raises:
        Exception: What it could not go on after.
    """
    try:
        app.run()
    finally:
        if app.calls.is_writing:
            note("waiting until what was changed is written")
        app.calls.close()
    if app.failure:
        raise app.failure
    return app.return_code or 0

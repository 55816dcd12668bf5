"""The progress bar of long work."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from memcli.model import Progress


class Bar:
    """A bar on standard error that is gone when the work is done.

    Args:
        label: What is being done.
        total: How many units it takes; 0 where nobody knows.
    """

    def __init__(self, label: str, total: int) -> None:
        self._bar = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task(label, total=total or None)

    def __enter__(self) -> Progress:
        self._bar.start()
        return lambda done: self._bar.advance(self._task, done)

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

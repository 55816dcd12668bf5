"""The progress of an import: what its embedding has come to, in lines."""

from __future__ import annotations

from memcli.model import Progress, ProgressBar


class Shares:
    """Passes the progress of embedding some lines on, as progress in lines."""

    def __init__(self, report: Progress, lines: int) -> None:
        self._report, self._lines = report, lines
        self._texts, self._embedded, self._said = 1, 0, 0

    def __call__(self, label: str, total: int) -> ProgressBar:  # noqa: ARG002
        """See `memcli.model.ProgressFactory`: this share of the work is *total* texts."""
        self._texts = total
        return self

    def __enter__(self) -> Progress:
        return self._advance

    def __exit__(self, *exc: object) -> None:
        pass

    def _advance(self, done: int) -> None:
        self._embedded += done
        self._say(self._lines * self._embedded // self._texts)

    def finish(self) -> None:
        """All lines are done, embedded or not."""
        self._say(self._lines)

    def _say(self, lines: int) -> None:
        self._report(lines - self._said)
        self._said = lines

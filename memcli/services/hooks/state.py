"""How the hooks of all harnesses are, as one answer."""

from __future__ import annotations

from dataclasses import dataclass

from memcli.services.hooks.installing import Installed


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """How the hooks are.

    Attributes:
        hooks: Those in each settings file.
        waiting: How much was captured and is not stored yet.
        folder: Where that is, and the log.
        log: The last lines of the log.
    """

    hooks: tuple[Installed, ...]
    waiting: int
    folder: str
    log: tuple[str, ...]

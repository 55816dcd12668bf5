"""What a harness says when it calls a hook, whichever harness it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What has happened."""

    START = "start"
    PROMPT = "prompt"
    STOP = "stop"
    COMPACT = "compact"
    COMPACTED = "compacted"
    END = "end"


ASKING = (Kind.START, Kind.PROMPT)
"""Kinds that are answered with what is known; of the others is kept what was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call of a hook.

    Attributes:
        harness: The name of the harness.
        name: The event, in the harness's words.
        kind: The event, in ours.
        session: The session's id; empty if none was said.
        cwd: The directory that the session is in; empty if none was said.
        source: How a session began: `startup`, `resume`, `clear`, `compact`, ...
        prompt: What the user says.
        transcript: The path of the session's transcript; empty for none.
        summary: What a compaction has made of the session.
    """

    harness: str
    name: str
    kind: Kind
    session: str = ""
    cwd: str = ""
    source: str = ""
    prompt: str = ""
    transcript: str = ""
    summary: str = ""

"""The harnesses that have hooks: their events, what these bring along, and what they accept as an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memcli.errors import UsageError
from memcli.services.hooks.events import ASKING, Event, Kind
from memcli.services.importers.found import sound, text_in

LETTERS_MOST = 9_000
"""Most letters of a text that is injected, counted as JavaScript does: Claude Code cuts at 10,000."""

TIMEOUT_S = 5
"""Seconds that a harness waits for a hook, which is done in two."""


@dataclass(frozen=True, slots=True)
class Harness:
    """A program that agents run in.

    Attributes:
        name: What it is called on the command line.
        title: What people call it.
        form: The format of its transcripts.
        events: What it calls its events.
        folder: Its directory, in the user's home and in projects.
        variable: The variable that names another one in place of that in the user's home.
        files: The name of its settings file, by scope.
        moves_home: Whether the variable names what holds its directory, in place of the user's home.
        timeout: What it takes for a time-out: seconds, or milliseconds.
        is_named: Whether its hooks have names.
    """

    name: str
    title: str
    form: str
    events: Mapping[str, Kind]
    folder: str
    variable: str
    files: Mapping[str, str]
    moves_home: bool = False
    timeout: int = TIMEOUT_S
    is_named: bool = False

    def event_called(self, name: str) -> str:
        """The event that *name* means, in the harness's spelling; "" if it has none like that."""
        wanted = name.replace("-", "").replace("_", "").lower()
        return next((event for event in self.events if event.lower() == wanted), "")


HARNESSES = {
    one.name: one
    for one in (
        Harness(
            name="claude",
            title="Claude Code",
            form="claude-code",
            events={
                "SessionStart": Kind.START,
                "UserPromptSubmit": Kind.PROMPT,
                "Stop": Kind.STOP,
                "PreCompact": Kind.COMPACT,
                "PostCompact": Kind.COMPACTED,
                "SessionEnd": Kind.END,
            },
            folder=".claude",
            variable="CLAUDE_CONFIG_DIR",
            files={"user": "settings.json", "project": "settings.json", "local": "settings.local.json"},
        ),
        Harness(
            name="codex",
            title="Codex",
            form="codex",
            events={
                "SessionStart": Kind.START,
                "UserPromptSubmit": Kind.PROMPT,
                "Stop": Kind.STOP,
                "PreCompact": Kind.COMPACT,
            },
            folder=".codex",
            variable="CODEX_HOME",
            files={"user": "hooks.json", "project": "hooks.json"},
        ),
        Harness(
            name="gemini",
            title="Gemini CLI",
            form="gemini",
            events={
                "SessionStart": Kind.START,
                "BeforeAgent": Kind.PROMPT,
                "AfterAgent": Kind.STOP,
                "PreCompress": Kind.COMPACT,
                "SessionEnd": Kind.END,
            },
            folder=".gemini",
            variable="GEMINI_CLI_HOME",
            moves_home=True,
            files={"user": "settings.json", "project": "settings.json"},
            timeout=1000 * TIMEOUT_S,
            is_named=True,
        ),
    )
}
"""By name."""


def named(name: str) -> Harness:
    """The harness called *name*.

    Raises:
        UsageError: There is none.
    """
    if name not in HARNESSES:
        raise UsageError(f"there is no harness {name!r}", hint=f"--harness {' | '.join(HARNESSES)}")
    return HARNESSES[name]


def read(harness: Harness, name: str, said: bytes) -> Event:
    """What the *harness* has *said* when it called the hook for the event *name*.

    Whatever is missing, or is not what it should be, is as if it were not said; what is new is passed over.

    Raises:
        UsageError: It is no JSON object, or the harness has no such event.
    """
    event = harness.event_called(name)
    if not event:
        raise UsageError(f"{harness.title} has no event {name!r}", hint=", ".join(harness.events))
    try:
        document = json.loads(said.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"what {harness.title} says is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"what {harness.title} says is no JSON object")
    return Event(
        harness=harness.name,
        name=event,
        kind=harness.events[event],
        session=sound(text_in(document, "session_id")),
        cwd=text_in(document, "cwd"),
        source=text_in(document, "source", "trigger"),
        prompt=sound(text_in(document, "prompt")),
        transcript=text_in(document, "transcript_path"),
        summary=sound(text_in(document, "compact_summary")),
    )


def written(harness: Harness, name: str, context: str) -> str:
    """The answer to the event *name* that injects *context*: JSON in ASCII, so that no locale can spoil it.

    Nothing at all is said to Claude Code where an answer would let the turn go on.
    """
    event = harness.event_called(name)
    asks = harness.events.get(event) in ASKING
    if not asks:
        return "" if harness.name == "claude" else "{}"
    if not context:
        return "{}"
    return json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": context}})


def letters(text: str) -> int:
    """How long *text* is for a harness: in units of UTF-16."""
    return len(text) + sum(c > "\uffff" for c in text)


def entries(harness: Harness, command: str) -> Mapping[str, Mapping[str, Any]]:
    """What stands in the harness's settings for each event where *command* is memcli's `hook`."""
    return {event: {"hooks": [_entry(harness, command, event)]} for event in harness.events}


def _entry(harness: Harness, command: str, event: str) -> Mapping[str, Any]:
    said: dict[str, Any] = {"name": "memcli"} if harness.is_named else {}
    line = f"{command} {event} --harness {harness.name}"
    return {**said, "type": "command", "command": line, "timeout": harness.timeout}

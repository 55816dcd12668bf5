"""Answers as lines of plain text."""

from __future__ import annotations

from typing import Any

from memcli.cli.messages import harmless
from memcli.services.answers import as_json, plain_value


def plain_line(answer: Any) -> str:
    """*answer* as one line of text: its main fields, separated by tabs."""
    value = plain_value(answer)
    if not isinstance(value, dict):
        return _cell(value)
    for names in PLAIN:
        if all(name.partition(".")[0] in value for name in names):
            return "\t".join(_cell(_part(value, name)) for name in names)
    return "\t".join(_cell(item) for item in value.values())


def _part(value: Any, name: str) -> Any:
    """The field *name* of *value*; `a.b` is the field b of the field a."""
    for key in name.split("."):
        value = value[key]
    return value


PLAIN = (
    ("action", "old.id", "new.id", "old.text", "new.text"),  # conflicts
    ("action", "from", "to", "type", "weight"),  # what connecting came to
    ("direction", "id", "type", "weight", "text"),  # edges
    ("score", "nodes"),  # a path
    ("root", "nodes"),  # what can be reached
    ("action", "key", "version"),  # what writing a value came to
    ("key", "data"),  # values
    ("action", "id", "into", "text"),  # what consolidating came to
    ("id", "text", "valid_from", "valid_until"),  # versions
    ("action", "id", "path", "text"),  # what a change to a task came to
    ("action", "id", "success", "episode"),  # what ending a task came to
    ("action", "id", "goal"),  # what starting one came to
    ("id", "status", "is_current", "goal"),  # tasks
    ("id", "success", "goal", "outcome"),  # episodes
    ("action", "id", "importance", "text"),  # what storing a fact that was extracted came to
    ("id", "text"),  # memories and hits
    ("action", "id", "conversation", "position", "role"),  # what adding a turn came to
    ("importance", "text"),  # facts that were extracted
    ("action", "id"),  # what storing came to
    ("role", "content"),  # turns and messages
    ("summary", "by"),  # what a conversation came to
    ("id", "title", "turns"),  # conversations
    ("change", "command", "forgotten", "changed"),  # what undoing came to
    ("what", "id", "kinds", "where", "redacted"),  # secrets
    ("file", "memories", "made_at"),  # backups
    ("context",),
    ("steps", "next"),  # what setting up came to
    ("name", "why"),  # the space in force
    ("slug", "role", "memories"),  # teams
    ("name", "memories"),  # spaces and agents
    ("action", "harness", "scope", "file"),  # what was done to a harness's settings
    ("harness", "event", "output"),  # what a harness would get
    ("check", "state", "message"),  # how all is
    ("store", "model", "counts"),  # figures
    ("running", "pid", "socket"),  # how the warm process is
    ("key", "value"),  # settings
    ("program", "set"),  # LLM commands
    ("name", "state", "kind"),  # models
    ("mode", "mrr", "ndcg", "recall"),  # how good a search is
)
"""Which fields the plain format shows, of the first row that an answer has all fields of."""


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return as_json(value)
    return harmless(" ".join(str("" if value is None else value).split()))

"""Secrets are kept out of what is remembered; `secret_forms` says by what they are recognised.

A rule's anchors are looked for first, as plain strings: a text without any, which is nearly every text, costs
some microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memcli.errors import UsageError
from memcli.services.secret_forms import RULES, Rule

if TYPE_CHECKING:
    from memcli.services.engine import Engine

REDACT, REFUSE, ALLOW = "redact", "refuse", "allow"
"""What the setting `secrets` can be."""


class PrivateError(UsageError):
    """A text is private, all of it: there is nothing to remember."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text; what it is, never the secret itself.

    Attributes:
        start: Where it begins, in characters.
        end: Where it ends.
        kind: What it is, in words.
    """

    start: int
    end: int
    kind: str


AS_WRITTEN = tuple({anchor for rule in RULES if not rule.folded for anchor in rule.anchors})
IN_SMALL = tuple({anchor for rule in RULES if rule.folded for anchor in rule.anchors})
"""The anchors of all rules: nearly every text is done with once none of them is in it."""


def found(text: str) -> list[Secret]:
    """The secrets in *text*, in order; none overlaps another."""
    folded = text.lower()
    if not any(map(text.__contains__, AS_WRITTEN)) and not any(map(folded.__contains__, IN_SMALL)):
        return []
    secrets: list[Secret] = []
    for rule in RULES:
        within = folded if rule.folded else text
        if any(anchor in within for anchor in rule.anchors):
            secrets += _by(rule, text)
    return _apart(secrets) if secrets else secrets


AT_ITS_END = ".!?*"
"""What behind a secret belongs to the sentence or, in Markdown, to what surrounds it."""


def _by(rule: Rule, text: str) -> Iterator[Secret]:
    for match in rule.pattern.finditer(text):
        at = rule.pattern.groups
        value = match[at].rstrip(AT_ITS_END) if at else match[0]
        if rule.is_one(value):
            yield Secret(match.start(at), match.start(at) + len(value), rule.kind)


def _apart(secrets: list[Secret]) -> list[Secret]:
    """*secrets* in order, without those that begin within another one."""
    kept: list[Secret] = []
    for secret in sorted(secrets, key=lambda s: (s.start, -s.end)):
        if not kept or secret.start >= kept[-1].end:
            kept.append(secret)
    return kept


def redacted(text: str, secrets: Iterable[Secret]) -> str:
    """*text* with what they are in the place of its *secrets*."""
    parts, at = [], 0
    for secret in secrets:
        parts += [text[at : secret.start], f"[redacted: {secret.kind}]"]
        at = secret.end
    return "".join([*parts, text[at:]])


def kinds(value: Any) -> set[str]:
    """The kinds of secrets in *value*, a text or what JSON is made of; `private` for what is marked so."""
    if isinstance(value, str):
        marked = {"private"} if public(value) != value else set()
        return marked | {secret.kind for secret in found(value)}
    if isinstance(value, Mapping):
        told = (
            f"{key}={one}" if isinstance(one, str) and len(one) < NAMED_MOST else one
            for key, one in value.items()
        )
        return set().union(*map(kinds, told))
    return set().union(*map(kinds, value)) if isinstance(value, list | tuple) else set()


# --- what is private ---

PRIVATE = re.compile(r"<(/?)private>", re.IGNORECASE)


def public(text: str) -> str:
    """*text* without what is between `<private>` and `</private>`, or its end where that is not closed."""
    if "<" not in text or not PRIVATE.search(text):
        return text
    parts, at, depth = [], 0, 0
    for mark in PRIVATE.finditer(text):
        if depth == 0:
            parts.append(text[at : mark.start()])
        depth = max(depth - 1, 0) if mark[1] else depth + 1
        at = mark.end()
    return "".join([*parts, text[at:] if depth == 0 else ""]).strip()


# --- what may be stored ---


def clean(engine: Engine, value: Any, what: str = "the text") -> Any:
    """*value* as it may be stored: texts, and what is in lists and objects; anything else as it is.

    Raises:
        PrivateError: It is private, all of it.
        UsageError: There is a secret in it, and the settings refuse that.
    """
    if isinstance(value, str):
        return _clean(engine, value, what)
    if isinstance(value, list | tuple):
        return type(value)(clean(engine, one, what) for one in value)
    if isinstance(value, Mapping):
        return {clean(engine, key, what): named(engine, key, one, what) for key, one in value.items()}
    return value


def named(engine: Engine, key: Any, value: Any, what: str) -> Any:
    """The *value* of *key* in an object: the name can be what tells that it is a secret."""
    told = f"{key}={value}"
    if not isinstance(value, str) or engine.config.secrets == ALLOW or len(told) > NAMED_MOST:
        return clean(engine, value, what)
    end = len(told.rstrip(AT_ITS_END))
    secrets = [secret for secret in found(told) if secret.end == end > secret.start > len(str(key))]
    if secrets and not found(value):
        _refuse_or_tell(engine, secrets, what)
        return f"[redacted: {secrets[0].kind}]"
    return clean(engine, value, what)


NAMED_MOST = 300
"""Characters of a name and its value that are looked at together."""


def _clean(engine: Engine, text: str, what: str) -> str:
    kept = public(text)
    if not kept and text.strip():
        raise PrivateError(f"{what} is private, all of it")
    if engine.config.secrets == ALLOW:
        return kept
    secrets = found(kept)
    if not secrets:
        return kept
    _refuse_or_tell(engine, secrets, what)
    return redacted(kept, secrets)


def _refuse_or_tell(engine: Engine, secrets: Iterable[Secret], what: str) -> None:
    """Raise where secrets are refused, else say what was taken out; never the secret."""
    kinds = sorted({secret.kind for secret in secrets})
    if engine.config.secrets == REFUSE:
        raise UsageError(
            f"{what} holds what looks like a secret: {', '.join(kinds)}",
            hint="memcli config set secrets redact stores it without",
        )
    for kind in kinds:
        engine.warn(f"not stored: what looks like a secret ({kind}); it says [redacted: {kind}] in its place")

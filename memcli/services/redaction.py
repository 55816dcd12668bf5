"""Secrets: recognised by the forms that their makers document, and kept out of what is remembered.

A rule is a pattern of a token that says by itself what it is (`ghp_...`), of a place where only a secret can
stand (a password in a URL, a private key), or of a name that says that one follows (`password = ...`). There
is no rule for strings that merely look random: memories are full of hashes, ids and digests. The forms are
those of their makers' documentation in 2026; each has a test.

A rule's anchors are looked for first, as plain strings: a text without any, which is nearly every text, costs
some microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memcli.errors import UsageError

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


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of secret is recognised.

    Attributes:
        kind: What it is called.
        anchors: Strings one of which is in every text that holds one; in small letters if `folded`.
        pattern: The secret is its last group, or all of it.
        folded: Whether small and capital letters are the same.
        is_one: Whether what was found can be one.
    """

    kind: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    folded: bool = False
    is_one: Callable[[str], bool] = bool


BEFORE, AFTER = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"
"""A token does not begin or end within a word."""


def _token(kind: str, anchors: str, form: str) -> Rule:
    return Rule(kind, tuple(anchors.split()), re.compile(BEFORE + form + AFTER))


def _mixed(value: str) -> bool:
    """Whether *value* has letters and digits, and is no placeholder: `<token>`, `$TOKEN`, `xxxx1234`."""
    return (
        any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and len(set(value)) > 4
        and not PLACEHOLDER.search(value)
    )


PLACEHOLDER = re.compile(
    r"^[$%{<\[]|\*\*\*|\.\.\.|…|xxxx|example|your[_-]|placeholder|redacted|changeme|://|^[~./]|^sha\d|"
    r"^\d+(?:\.\d+)+",
    re.IGNORECASE,
)


def _strong(value: str) -> bool:
    """Whether *value*, a word of ordinary prose, can only be a password: three kinds of characters."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum() and c not in "-._'’")
    return sum(any(kind(c) for c in value) for kind in kinds) >= 3 and _mixed(value)


def _not_blank(value: str) -> bool:
    return not PLACEHOLDER.search(value)


NAMES = "passwor passwd passphrase pwd secret token api_key api-key apikey access_key access-key accesskey"

RULES = (
    Rule(
        "private key",
        ("PRIVATE KEY",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    Rule("private key", ("PuTTY-User-Key",), re.compile(r"Private-Lines: \d+\s+([A-Za-z0-9+/=\s]+)")),
    _token("age key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _token("github token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _token("github token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("gitlab token", "glpat- gldt- glrt- glptt-", r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_.-]{20,300}"),
    _token("aws access key id", "AKIA ASIA", r"A[KS]IA[A-Z2-7]{16}"),
    Rule(
        "aws secret access key",
        ("aws",),
        re.compile(
            r"aws.{0,30}?(?:secret|key).{0,30}?[\s\"'=:]([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", re.IGNORECASE
        ),
        folded=True,
        is_one=_mixed,
    ),
    _token("anthropic key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{24,300}"),
    _token("openai key", "sk-", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,300}"),
    _token("openai key", "sk-", r"sk-(?:or-v1-)?[A-Za-z0-9]{32,100}"),
    _token("hugging face token", "hf_", r"hf_[A-Za-z]{34}"),
    _token("google api key", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    _token("google oauth token", "ya29.", r"ya29\.[A-Za-z0-9_-]{20,500}"),
    _token("google oauth secret", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _token("slack token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    _token("slack token", "xapp-", r"xapp-\d-[A-Z0-9]{5,20}-\d{5,20}-[a-f0-9]{30,100}"),
    Rule(
        "slack webhook",
        ("hooks.slack.com",),
        re.compile(r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,200})"),
    ),
    Rule(
        "discord webhook",
        ("/api/webhooks/",),
        re.compile(r"discord(?:app)?\.com/api/webhooks/\d{5,25}/([A-Za-z0-9_-]{30,100})"),
    ),
    _token("stripe key", "sk_live_ rk_live_ sk_test_ rk_test_", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,250}"),
    _token("webhook secret", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,100}"),
    _token("npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _token("pypi token", "pypi-", r"pypi-AgE[A-Za-z0-9_-]{50,1000}"),
    _token("sendgrid key", "SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("digitalocean token", "_v1_", r"do[opr]_v1_[a-f0-9]{64}"),
    _token("telegram token", ":AA", r"\d{8,10}:AA[A-Za-z0-9_-]{33}"),
    _token("vault token", "hvs. hvb.", r"hv[sb]\.[A-Za-z0-9_-]{24,300}"),
    _token("docker token", "dckr_pat_", r"dckr_pat_[A-Za-z0-9_-]{20,60}"),
    _token("linear key", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _token("notion token", "ntn_ secret_", r"(?:ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43})"),
    _token("groq key", "gsk_", r"gsk_[A-Za-z0-9]{48,60}"),
    _token("jwt", "eyJ", r"eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,6000}\.[A-Za-z0-9_-]{8,2000}"),
    Rule("azure storage key", ("AccountKey=",), re.compile(r"AccountKey=([A-Za-z0-9+/]{86}==)")),
    Rule(
        "password",  # in a URL
        ("://",),
        re.compile(r"(?<=://)[^\s:/@'\"<>]{0,256}:([^\s/@'\"<>]{1,256})@(?=[^\s@])"),
        is_one=_not_blank,
    ),
    Rule(
        "token",  # of an Authorization header
        ("bearer", "authorization"),
        re.compile(
            r"(?:\bbearer|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|token))\s+([\w.~+/=-]{16,4000})",
            re.IGNORECASE,
        ),
        folded=True,
        is_one=_mixed,
    ),
    Rule(
        "password",  # curl -u user:password
        ("curl ",),
        re.compile(r"\bcurl\b[^\n]{0,300}?\s(?:-u|--user)[ =][\"']?[^\s:\"']{1,100}:([^\s\"']{1,200})"),
        is_one=_not_blank,
    ),
    Rule(
        "secret",  # a name that says so, and a value
        tuple(NAMES.split()),
        re.compile(
            r"(?<![A-Za-z0-9])"
            r"(?:passwords?|passwd|passphrase|pwd|secret|token|api[_-]?key|(?:secret[_-]?)?access[_-]?key)"
            r"(?:[_-](?:key|prod|production|dev|staging|test|main|live|[0-9]))?"
            r"[\"'`]?\s{0,3}(?::=|=>|=|:)\s{0,3}[\"'`]?([^\s\"'`,;<>(){}\[\]]{8,200})",
            re.IGNORECASE,
        ),
        folded=True,
        is_one=_mixed,
    ),
    Rule(
        "password",  # as people tell each other
        ("password", "passphrase", "passcode"),
        re.compile(
            r"\b(?:password|passphrase|passcode)\s+(?:is|was)(?: now)?[:\s]\s{0,2}[\"'`]?([^\s\"'`]{6,100})",
            re.IGNORECASE,
        ),
        folded=True,
        is_one=_strong,
    ),
)


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


def _by(rule: Rule, text: str) -> Iterator[Secret]:
    for match in rule.pattern.finditer(text):
        at = rule.pattern.groups
        value = match[at].rstrip(".!?") if at else match[0]
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
    secrets = [secret for secret in found(told) if secret.end == len(told) > secret.start > len(str(key))]
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

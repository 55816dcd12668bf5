"""Secrets: recognised by the forms that their makers document.

A rule is a pattern of a token that says by itself what it is (`ghp_...`), of a place where only a secret can
stand (a password in a URL, a private key), or of a name that says that one follows (`password = ...`). There
is no rule for strings that merely look random: memories are full of hashes, ids and digests. The forms are
those of their makers' documentation in 2026; each has a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of secret is recognised.

    Attributes:
        kind: What it is called.
        anchors: Strings one of which is in every text that holds one; in small letters if `folded`.
        form: A regular expression; the secret is its last group, or all of it.
        folded: Whether small and capital letters are the same.
        is_one: Whether what was found can be one.
    """

    kind: str
    anchors: tuple[str, ...]
    form: str
    folded: bool = False
    is_one: Callable[[str], bool] = bool

    @property
    def pattern(self) -> re.Pattern[str]:
        """The same, compiled when it is first needed: hardly any is, and all of them take 5 ms."""
        return re.compile(self.form)


BEFORE, AFTER = r"(?<![A-Za-z0-9_-])", r"(?![A-Za-z0-9_-])"
"""A token does not begin or end within a word."""


def _token(kind: str, anchors: str, form: str) -> Rule:
    return Rule(kind, tuple(anchors.split()), BEFORE + form + AFTER)


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


WORD = r"(?:[A-Z]+|[A-Za-z]?[a-z]+(?:[A-Z][a-z]+)*)"
PIECE = re.compile(rf"(?P<word>{WORD})|(?P<number>\d{{1,4}})|{WORD}\d{{1,2}}[a-z]?|\d{{1,2}}{WORD}")
BETWEEN = re.compile(r"[-_.+/:#@]+")


def _is_told(value: str) -> bool:
    """Whether *value* is made of words: color-primary-500, settings.API_KEY_2, data/app1#token.

    At least two of its pieces are words of three letters or more, and there are twice as many as numbers: a
    word and a year, or letters and digits by turns, are what passwords and keys are made of.
    """
    pieces = [PIECE.fullmatch(piece) for piece in BETWEEN.split(value) if piece]
    words = sum(1 for piece in pieces if piece and piece["word"] and len(piece["word"]) >= 3)
    numbers = sum(1 for piece in pieces if piece and piece["number"])
    return all(pieces) and words >= 2 and 2 * numbers <= words


def _hidden(value: str) -> bool:
    """Whether *value*, after a name that says that a secret follows, can be one."""
    return _mixed(value) and not _is_told(value)


def _strong(value: str) -> bool:
    """Whether *value*, a word of ordinary prose, can only be a password: three kinds of characters."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum() and c not in "-._'’")
    return sum(any(kind(c) for c in value) for kind in kinds) >= 3 and _mixed(value)


def _not_blank(value: str) -> bool:
    return not PLACEHOLDER.search(value)


VALUE = r"(?:[^\s\"'`,;<>(){}\[\]\\]|\\(?![\\\"']))"
NAMES = (
    "passwor kennwort passwd passphrase pwd secret token"
    " api_key api-key apikey access_key access-key accesskey"
)
NAME = (
    r"(?:passwor[dt]|kennwort|passwd|passphrase|pwd|secret|token|api[ _-]?key"
    r"|(?:secret[ _-]?)?access[ _-]?key)"
)
ABOUT = (
    r"names?|ids?|types?|kinds?|counts?|limits?|length|size|hash(?:es)?|file|path|url|uri|arn|ref|policy"
    r"|field"
)
"""What a name ends with that tells about a secret, and is followed by no secret: token_type, password_hash.
There is a list because any other ending (secret_key_base, token_prod_eu) says which one it is."""

RULES = (
    Rule(
        "private key",
        ("PRIVATE KEY",),
        r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    Rule("private key", ("PuTTY-User-Key",), r"Private-Lines: \d+\s+([A-Za-z0-9+/=\s]+)"),
    _token("age key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    _token("github token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _token("github token", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _token("gitlab token", "glpat- gldt- glrt- glptt-", r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_.-]{20,300}"),
    _token("aws access key id", "AKIA ASIA", r"A[KS]IA[A-Z2-7]{16}"),
    Rule(
        "aws secret access key",
        ("aws",),
        r"(?i)aws.{0,30}?(?:secret|key).{0,30}?[\s\"'=:]([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
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
        r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{20,200})",
    ),
    Rule(
        "discord webhook",
        ("/api/webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/\d{5,25}/([A-Za-z0-9_-]{30,100})",
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
    _token("xai key", "xai-", r"xai-[A-Za-z0-9]{70,100}"),
    _token("perplexity key", "pplx-", r"pplx-[A-Za-z0-9]{40,64}"),
    _token("replicate token", "r8_", r"r8_[A-Za-z0-9]{37,40}"),
    _token("supabase token", "sbp_", r"sbp_(?:v0_)?[a-f0-9]{40}"),
    _token("shopify token", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    _token("databricks token", "dapi", r"dapi[a-f0-9]{32}(?:-\d)?"),
    _token("atlassian token", "ATATT3", r"ATATT3[A-Za-z0-9_=-]{150,250}"),
    _token("figma token", "figd_", r"figd_[A-Za-z0-9_-]{40,200}"),
    _token("grafana token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    _token("jwt", "eyJ", r"eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,6000}\.[A-Za-z0-9_-]{8,2000}"),
    Rule("azure storage key", ("AccountKey=",), r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    Rule(
        "password",  # in a URL
        ("://",),
        r"(?<=://)[^\s:/@'\"<>]{0,256}:([^\s/'\"<>]{1,256})@(?=[^\s@])",
        is_one=_not_blank,
    ),
    Rule(
        "token",  # of an Authorization header
        ("bearer", "authorization"),
        r"(?i)(?:\bbearer|authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:basic|token))\s+([\w.~+/=-]{16,4000})",
        folded=True,
        is_one=_mixed,
    ),
    Rule(
        "password",  # curl -u user:password
        ("curl ",),
        r"\bcurl\b[^\n]{0,300}?\s(?:-u|--user)[ =][\"']?[^\s:\"']{1,100}:([^\s\"']{1,200})",
        is_one=_not_blank,
    ),
    Rule(
        "secret",  # a name that says so, and a value; in JSON, in JSON within JSON, in Markdown
        (*NAMES.split(), "api key", "access key"),
        rf"(?i)(?<![A-Za-z0-9]){NAME}(?:[_-](?!(?:{ABOUT})(?![A-Za-z0-9]))[A-Za-z0-9]{{1,20}}){{0,3}}"
        r"[\\\"'`*]{0,4}\s{0,3}(?::=|=>|=|:)(?!\s{0,3}\*{3})(?:\*\*)?\s{0,3}(?:\*\*)?[\\\"'`]{0,4}"
        rf"({VALUE}{{8,200}})",
        folded=True,
        is_one=_hidden,
    ),
    Rule(
        "secret",  # an option of a command
        ("--",),
        rf"(?i)(?<![\w-])--(?:[a-z]{{1,20}}-){{0,2}}{NAME}[ =][\"']?(?!-)({VALUE}{{6,200}})",
        is_one=_hidden,
    ),
    Rule(
        "password",
        ("sshpass",),
        r"\bsshpass\s{1,3}-p\s{0,3}[\"']?([^\s\"']{1,200})",
        is_one=_not_blank,
    ),
    Rule(
        "password",  # as people tell each other, and list them
        ("passwor", "passphrase", "passcode", "kennwort"),
        r"(?i)(?<![A-Za-z0-9])(?:passwor[dt]|passphrase|passcode|kennwort)"
        r"(?:\s+(?:is|was|ist|war|lautet)(?: now| jetzt)?[:\s]|s\s?[:=])\s{0,2}[\"'`]?([^\s\"'`]{6,100})",
        folded=True,
        is_one=_strong,
    ),
    Rule(
        "secret",  # told likewise; long, for what a key opens is called one, too
        ("token is", "token was", "key is", "key was"),
        r"(?i)\b(?:access|api|auth|secret|bearer|refresh|deploy)[ _-](?:token|key)\s(?:is|was)(?: now)?"
        r"[:\s]\s{0,2}[\"'`]?([\w+/=.-]{16,200})",
        folded=True,
        is_one=_hidden,
    ),
)

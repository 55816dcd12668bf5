"""The settings, by section: each with its default, what it means, its check and its variable."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field
from datetime import timedelta
from typing import Any

from memcli.address import complaint, is_url
from memcli.embedding.catalog import BUNDLED
from memcli.errors import UsageError
from memcli.kinds import KEEP
from memcli.model import Mode, Trust
from memcli.times import parse_duration

Check = Callable[[Any], str]
"""Says what a valid value is, or nothing when the value is one."""


def between(low: float, high: float) -> Check:
    """A check for numbers from *low* to *high*, both included (nan is outside)."""
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def not_blank(value: str) -> str:
    """A check for texts that say something."""
    return "" if value.strip() else "a name"


def one_of(*choices: str) -> Check:
    """A check for one of the words in *choices*."""
    return lambda value: "" if value in choices else "one of " + ", ".join(choices)


def variables(value: Mapping[str, str]) -> str:
    """A check for variables that a process can be given."""
    fine = all(name and "=" not in name and "\0" not in name + said for name, said in value.items())
    return "" if fine else "a table of variables"


class Table(dict[str, str]):
    """Texts by name, which nobody changes: so it can be a default."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def _age(value: str) -> str:
    """A check for a duration of an hour or more, or nothing."""
    try:
        fine = not value or parse_duration(value) >= timedelta(hours=1)
    except UsageError:
        fine = False
    return "" if fine else "a duration of at least an hour, such as 12h or 1d, or empty"


def _anything(value: Any) -> str:  # noqa: ARG001  # whatever it is
    return ""


def setting(
    default: Any, meaning: str, *, env: str = "", check: Check = _anything, secret: bool = False
) -> Any:
    """A field of a settings dataclass: its default, what it means, its variable, its check.

    Of a table that may hold a *secret*, values are never shown.
    """
    return field(default=default, metadata={"meaning": meaning, "env": env, "check": check, "secret": secret})


def fitted(value: Any, wanted: type) -> Any:
    """*value* as *wanted*, where TOML or JSON can only write it otherwise; as it is, where that can't be."""
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if wanted is Table and isinstance(value, dict) and all(isinstance(said, str) for said in value.values()):
        return Table(value)
    return Stores.of(value) if wanted is Stores else value


KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: 'a list of texts, as ["one","two"]',
    Table: "a table of texts",
}
"""What values of each type are called."""


def shown(declared: Field[Any], value: Any) -> Any:
    """*value* as people may see it."""
    if not declared.metadata["secret"] or not value:
        return value
    if isinstance(value, Stores):
        return {name: store.uri for name, store in value.items()}
    return Table(dict.fromkeys(value, "***")) if isinstance(value, Mapping) else "***"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What turns text into vectors. Change it with `memcli model use`, which re-embeds the store."""

    name: str = setting(
        BUNDLED, "bundled model, fastembed model name, or a directory", env="MEMCLI_MODEL", check=not_blank
    )
    threads: int = setting(
        0, "threads for embedding; 0 lets the runtime choose", env="MEMCLI_THREADS", check=between(0, 1024)
    )
    pooling: str = setting(
        "auto", "how a directory's model pools tokens", check=one_of("auto", "mean", "cls", "last")
    )
    query_prefix: str = setting("auto", "text put before a query; auto knows common models")
    document_prefix: str = setting("auto", "text put before a memory; auto knows common models")


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How memories are found."""

    limit: int = setting(10, "hits a search returns", env="MEMCLI_LIMIT", check=between(1, 10_000))
    mode: str = setting("hybrid", "which evidence counts", env="MEMCLI_MODE", check=one_of(*Mode))
    min_score: float = setting(0.0, "weakest hit shown, 0..1", env="MEMCLI_MIN_SCORE", check=between(0, 1))
    include_team: bool = setting(False, "look into what your teams know, too", env="MEMCLI_INCLUDE_TEAM")
    min_trust: str = setting(
        "imported",
        "who must have put a memory there: user, agent (or the user), imported (anybody)",
        env="MEMCLI_MIN_TRUST",
        check=one_of(*Trust),
    )
    with_global: bool = setting(False, "look into the space global, too", env="MEMCLI_WITH_GLOBAL")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The project that one is in: its git repository, and the nearest `.memcli.toml`."""

    detect: bool = setting(
        True, "let the project one is in choose the space and some settings", env="MEMCLI_PROJECT"
    )
    isolate_worktrees: bool = setting(False, "give each linked git worktree a space of its own")


@dataclass(frozen=True, slots=True)
class RerankSettings:
    """What looks at the best hits again, more closely than vectors and words can.

    Thirty hits: whoever reads ten is rarely helped by what stands further down, and time grows with
    their number. The bundled network, of the size of the smallest cross-encoders, takes 37 ms for
    thirty questions with a fact each and 71 ms with a dialogue turn each (2 processors, int8).
    """

    model: str = setting(
        "",
        "cross-encoder that reorders the best hits: name or directory; empty for none",
        env="MEMCLI_RERANK",
    )
    candidates: int = setting(30, "how many of the best hits it reorders", check=between(1, 1_000))


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """What goes into a prompt.

    A minimum of 0.105 left 5 % of the paraphrased questions of tests/benchmarks/retrieval.py without a
    block, and 4 % of those about conversations, but 90 to 98 % of questions about something else; of
    questions about people and work of the user's own that a store of facts knows nothing of, 18 %.
    """

    budget: int = setting(
        1000, "most tokens in a context block", env="MEMCLI_BUDGET", check=between(1, 10_000_000)
    )
    top_n: int = setting(20, "most memories in a context block", check=between(1, 10_000))
    min_score: float = setting(
        0.105, "weakest memory that goes into a context block, 0..1, by its relevance", check=between(0, 1)
    )
    around: int = setting(
        0, "neighbours of a turn that are told with it, on each side", check=between(0, 100)
    )
    suspicious: str = setting(
        "mark",
        "what becomes of memories that look like instructions to a model",
        check=one_of("mark", "leave-out"),
    )
    style: str = setting(
        "markdown", "how the block is written", env="MEMCLI_STYLE", check=one_of("markdown", "xml", "plain")
    )


@dataclass(frozen=True, slots=True)
class DecaySettings:
    """How memories fade. Retention is 0.5 ^ (age / half-life)."""

    half_life_days: float = setting(10.0, "half-life in days at importance 1", check=between(0.01, 36_500))
    floor_days: float = setting(1.0, "shortest half-life in days", check=between(0.01, 36_500))
    weight: float = setting(0.1, "share of the score that fading can take, 0..1", check=between(0, 1))


@dataclass(frozen=True, slots=True)
class ConflictSettings:
    """What a new fact does to those that are remembered."""

    check: bool = setting(True, "hold new facts against what is remembered", env="MEMCLI_CONFLICTS_CHECK")
    judge: str = setting("builtin", "who decides on pairs that are not clear", check=one_of("builtin", "llm"))
    trust: str = setting(
        KEEP,
        "a fact of somebody more trusted, if a new one contradicts it: keep both, or replace it",
        check=one_of(KEEP, "replace"),
    )


@dataclass(frozen=True, slots=True)
class LLMSettings:
    """The user's LLM, a command that reads a prompt on standard input and writes its answer.

    Two minutes: programs that print their answer as a whole take one for a long transcript. No retries: a
    failure is a missing key or model more often than a passing fault, and each run may cost money.
    """

    command: tuple[str, ...] = setting((), "program and arguments of your LLM, a list; see config llm")
    timeout_s: float = setting(
        120.0, "seconds that it may take; in ask and chat, that it may say nothing", check=between(0.1, 3600)
    )
    retries: int = setting(0, "how often it is run again after it has failed", check=between(0, 10))
    environment: Mapping[str, str] = setting(
        Table(), "variables that it gets besides yours, a table", check=variables
    )


@dataclass(frozen=True, slots=True)
class AskSettings:
    """What `ask` and `chat` tell your LLM, and what they keep of its answers."""

    budget: int = setting(2000, "most tokens of what it is told of the memory", check=between(1, 10_000_000))
    instructions: str = setting("", "what it is told before all else")
    learn: str = setting(
        "tags",
        "facts that are kept: those in tags and said explicitly, or those that it finds when asked again",
        check=one_of("tags", "messages", "off"),
    )


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """How much of a conversation goes into a prompt word for word; what is older is summarised."""

    max_messages: int = setting(
        50, "messages from which on older ones are summarised", check=between(1, 100_000)
    )
    max_tokens: int = setting(
        4000, "tokens from which on older messages are summarised", check=between(50, 10_000_000)
    )
    keep_last: int = setting(10, "last messages that always stay word for word", check=between(1, 10_000))


@dataclass(frozen=True, slots=True)
class ConsolidateSettings:
    """What `consolidate` forgets: what is unimportant and rarely used."""

    importance: float = setting(0.3, "importance below which a memory may go", check=between(0, 1))
    uses: int = setting(2, "uses from which on it stays all the same", check=between(0, 1_000_000))


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    """How much it matters what was done: what succeeded is worth repeating."""

    importance_success: float = setting(0.7, "importance of a task that succeeded", check=between(0, 1))
    importance_failure: float = setting(0.4, "importance of a task that failed", check=between(0, 1))


def _url(value: str) -> str:
    """A check for URLs of stores, or nothing."""
    return "a URL of a bucket, such as s3://bucket/path, or empty" if value and complaint(value) else ""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where the store is, if not on this machine."""

    uri: str = setting(
        "", "s3://, gs://, az:// or db:// URL of the store; empty for this machine", check=_url
    )
    options: Mapping[str, str] = setting(
        Table(), "what the service there wants to be told, a table", check=variables, secret=True
    )
    mirror_mb: int = setting(
        256,
        "size in MB up to which a bucket's store is copied to this machine for reading; 0: never",
        check=between(0, 1_000_000),
    )


class Stores(dict[str, StoreSettings]):
    """Stores besides one's own, by name; nobody changes it."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    @classmethod
    def of(cls, value: Any) -> Any:
        """The stores of the table *value*; *value*, if it is no such table."""
        if not isinstance(value, dict) or not all(map(_is_store, value.values())):
            return value
        made = {
            name: StoreSettings(**{**about, "options": Table(about.get("options", {}))})
            for name, about in value.items()
        }
        return cls(made)


def written(value: Any) -> Any:
    """*value* as it is written into the file."""
    return {name: asdict(store) for name, store in value.items()} if isinstance(value, Stores) else value


def _is_store(about: Any) -> bool:
    options = about.get("options", {}) if isinstance(about, dict) else None
    return (
        isinstance(options, dict)
        and set(about) <= {"uri", "options", "mirror_mb"}
        and type(about.get("mirror_mb", 0)) is int
        and about.get("mirror_mb", 0) >= 0
        and isinstance(about.get("uri"), str)
        and all(isinstance(said, str) for said in options.values())
        and not variables(options)
    )


OWN, ALL = "own", "all"
"""What one's own store is called beside others, and all of them together."""


def named_stores(value: Stores) -> str:
    """A check for stores that can be named and may be there."""
    fine = all(
        re.fullmatch("[a-z0-9][a-z0-9_-]{0,39}", name)
        and name not in (OWN, ALL)
        and store.uri
        and not (is_url(store.uri) and complaint(store.uri))
        for name, store in value.items()
    )
    return "" if fine else "tables with names such as team, each with uri, a URL or a directory"


KINDS[Stores] = "a table for each store, with uri and options"


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Backups that are made by themselves, after a write."""

    every: str = setting("", "how old the last automatic backup may be: 1d; empty for none", check=_age)
    keep: int = setting(7, "how many automatic backups are kept", check=between(1, 10_000))
    directory: str = setting("", "where automatic backups go; empty for backups beside the store")


@dataclass(frozen=True, slots=True)
class WarmSettings:
    """The process that keeps everything loaded, so that commands answer at once."""

    enabled: bool = setting(
        True, "keep a process ready after a command that loaded the model", env="MEMCLI_WARM"
    )

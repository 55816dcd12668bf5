"""Settings: TOML in, frozen dataclasses out; which environment variables count.

Every setting is declared once, as a dataclass field with its default, meaning, check and (where a
script would want one) environment variable. Precedence: flags (the CLI's business), environment,
config file, default.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from memcli.embedding.catalog import BUNDLED
from memcli.errors import ConfigError, UsageError
from memcli.home import login_name
from memcli.model import Mode, Scope

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


def _anything(value: Any) -> str:  # noqa: ARG001  # whatever it is
    return ""


def setting(default: Any, meaning: str, *, env: str = "", check: Check = _anything) -> Any:
    """A field of a settings dataclass: its default, what it means, its variable, and its check."""
    return field(default=default, metadata={"meaning": meaning, "env": env, "check": check})


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


@dataclass(frozen=True, slots=True)
class LLMSettings:
    """The user's LLM, a command that reads a prompt on standard input and writes its answer."""

    command: tuple[str, ...] = setting((), "program and arguments of your LLM, a list")
    timeout_s: float = setting(20.0, "seconds that it may take", check=between(0.1, 3600))


@dataclass(frozen=True, slots=True)
class ConsolidateSettings:
    """What `consolidate` forgets: what is unimportant and rarely used."""

    importance: float = setting(0.3, "importance below which a memory may go", check=between(0, 1))
    uses: int = setting(2, "uses from which on it stays all the same", check=between(0, 1_000_000))


@dataclass(frozen=True, slots=True)
class Config:
    """All settings in force."""

    space: str = setting("default", "the space used when none is named", env="MEMCLI_SPACE", check=not_blank)
    user: str = setting("", "whose memories; empty means the login name", env="MEMCLI_USER")
    format: str = setting(
        "auto",
        "output: a table on a terminal and JSON in a pipe, or always one of them",
        env="MEMCLI_FORMAT",
        check=one_of("auto", "table", "json", "jsonl", "plain"),
    )
    model: ModelSettings = field(default_factory=ModelSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    rerank: RerankSettings = field(default_factory=RerankSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    decay: DecaySettings = field(default_factory=DecaySettings)
    conflicts: ConflictSettings = field(default_factory=ConflictSettings)
    consolidate: ConsolidateSettings = field(default_factory=ConsolidateSettings)
    llm: LLMSettings = field(default_factory=LLMSettings)

    def scope(self, space: str | None = None, user: str | None = None, agent: str | None = None) -> Scope:
        """The scope in force where flags say *space*, *user* and *agent* (None: not said)."""
        return Scope(
            space=self.space if space is None else space,
            user=user or self.user or login_name(),
            agent=agent or "",
        )


# --- settings by their dotted keys ---


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as `config show` lists it.

    Attributes:
        key: Dotted name, such as `search.limit`.
        value: What is in force.
        default: What would be in force otherwise.
        origin: `default`, `file`, or the environment variable that set it.
        meaning: One line on what it does.
    """

    key: str
    value: Any
    default: Any
    origin: str
    meaning: str


def _declared(cls: type = Config, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    for f in fields(cls):
        if "meaning" in f.metadata:
            yield prefix + f.name, f
        else:
            section: Any = f.default_factory
            yield from _declared(section, f"{prefix}{f.name}.")


DECLARED: Mapping[str, dataclasses.Field[Any]] = dict(_declared())

SECTIONS = frozenset(key.rpartition(".")[0] for key in DECLARED) - {""}
"""Names of tables in the file."""


def _require(key: str) -> dataclasses.Field[Any]:
    if key not in DECLARED:
        raise UsageError(
            f"there is no setting {key!r}{_meant(key)}", hint="memcli config show lists them all"
        )
    return DECLARED[key]


def _meant(key: str) -> str:
    close = difflib.get_close_matches(key, DECLARED, n=1, cutoff=0.75)
    return f" (did you mean {close[0]!r}?)" if close else ""


KINDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
}
"""What values of each type are called."""


def _checked(key: str, value: Any, where: str) -> Any:
    """*value* if it is valid for *key*, whole numbers widened to float where a float is declared."""
    declared = DECLARED[key]
    wanted = type(declared.default)
    if wanted is float and type(value) is int:
        value = float(value)
    if wanted is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = tuple(value)
    if type(value) is not wanted:
        kind = KINDS[wanted]
        raise ConfigError(f"{where}: {key} must be {kind}, not {value!r}")
    if any("\ud800" <= c <= "\udfff" for c in str(value)):
        raise ConfigError(f"{where}: {key} is not valid UTF-8")
    if valid := declared.metadata["check"](value):
        raise ConfigError(f"{where}: {key} must be {valid}, not {value!r}")
    return value


def parse_value(key: str, text: str, where: str = "config set") -> Any:
    """The value that *text*, as typed by a person or found in the environment, means for *key*.

    Raises:
        UsageError: There is no such setting.
        ConfigError: The value is not valid for it.
    """
    wanted = type(_require(key).default)
    value: Any = text
    if wanted is not str:
        with contextlib.suppress(ValueError):  # stays a text, and the check below says what was wanted
            value = json.loads(text)
    return _checked(key, value, where)


def _flatten(document: Mapping[str, Any], where: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        key = prefix + name
        if key in SECTIONS and not isinstance(value, dict):
            raise ConfigError(f"{where}: {key} must be a table, not {value!r}")
        if isinstance(value, dict) and key not in DECLARED:
            yield from _flatten(value, where, key + ".")
        else:
            yield key, value


def read_document(path: Path) -> dict[str, Any]:
    """The TOML document at *path*; empty if there is none.

    Raises:
        ConfigError: It can't be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", hint="memcli config edit opens it in your editor") from error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond Python's limits
        raise ConfigError(f"{path}: a value in it is too large") from error
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: the settings in force, where each came from, and keys nobody knows."""

    config: Config
    origins: Mapping[str, str]
    unknown: tuple[str, ...]


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Settings from *path* and *environ*.

    An unknown key that looks like a typing error is an error; any other unknown key (of a newer
    memcli, say) is kept in the file and named in `unknown`.

    Raises:
        ConfigError: With file (or variable) and key, and what a valid value is.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    unknown: list[str] = []
    for key, value in _flatten(read_document(path), str(path)):
        if key in DECLARED:
            values[key], origins[key] = _checked(key, value, str(path)), "file"
        elif meant := _meant(key):
            raise ConfigError(f"{path}: unknown setting {key!r}{meant}")
        else:
            unknown.append(key)
    for key, declared in DECLARED.items():
        variable = declared.metadata["env"]
        if variable and environ.get(variable):
            values[key], origins[key] = parse_value(key, environ[variable], variable), variable
    return Loaded(_build(Config, values), origins, tuple(unknown))


def _build(cls: type, values: Mapping[str, Any], prefix: str = "") -> Any:
    arguments: dict[str, Any] = {}
    for f in fields(cls):
        if "meaning" not in f.metadata:
            section: Any = f.default_factory
            arguments[f.name] = _build(section, values, f"{prefix}{f.name}.")
        elif prefix + f.name in values:
            arguments[f.name] = values[prefix + f.name]
    return cls(**arguments)


def get(loaded: Loaded, key: str) -> Setting:
    """The setting *key* as it is in force."""
    declared = _require(key)
    value: Any = loaded.config
    for name in key.split("."):
        value = getattr(value, name)
    return Setting(
        key, value, declared.default, loaded.origins.get(key, "default"), declared.metadata["meaning"]
    )


def show(loaded: Loaded) -> list[Setting]:
    """All settings, in the order in which they are declared."""
    return [get(loaded, key) for key in DECLARED]


def set_value(path: Path, key: str, text: str) -> Setting:
    """Write *text* as the value of *key* into the file at *path*; everything else in it stays."""
    value = parse_value(key, text)
    document = read_document(path)
    *parents, last = key.split(".")
    table = document
    for name in parents:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} must be a table")
    table[last] = value
    _write(path, document)
    return get(load(path, {}), key)


def unset(path: Path, key: str) -> Setting:
    """Take *key* out of the file at *path*, so that its default holds again. Unknown keys too."""
    document = read_document(path)
    *parents, last = key.split(".")
    table: Any = document
    for name in parents:
        table = table.get(name) if isinstance(table, dict) else None
    if isinstance(table, dict) and last in table:
        del table[last]
        _write(path, document)
    return get(load(path, {}), key) if key in DECLARED else Setting(key, None, None, "default", "")


def _write(path: Path, document: dict[str, Any]) -> None:
    import tempfile

    import tomli_w

    path = path.resolve()  # the file itself, where a link points to it
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=path.name, delete=False) as file:
            temporary = Path(file.name)
            file.write(tomli_w.dumps(document).encode())
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"can't write {path}: {error.strerror}") from error

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from memcli.errors import ConfigError, UsageError
from memcli.home import login_name
from memcli.model import Scope
from memcli.settings import (
    ConflictSettings,
    ConsolidateSettings,
    ContextSettings,
    DecaySettings,
    LLMSettings,
    ModelSettings,
    RerankSettings,
    SearchSettings,
    WarmSettings,
    not_blank,
    one_of,
    setting,
)
from memcli.warm.place import NO


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
    warm: WarmSettings = field(default_factory=WarmSettings)

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


SPOKEN = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", *NO), False),
}
"""How people and scripts write yes and no."""


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
    wanted: type = type(_require(key).default)
    value: Any = text
    if wanted is bool:
        value = SPOKEN.get(text.strip().lower(), text)
    elif wanted is not str:
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

"""Settings: TOML in, frozen dataclasses out; which environment variables count.

Every setting is declared once, as a dataclass field with its default, meaning, check and (where a
script would want one) environment variable. Precedence: flags (the CLI's business), environment, the
project's `.memcli.toml`, for the space its git repository, config file, default. The file in the user's
home is for everywhere; what is nearer knows better.
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

from memcli import project
from memcli.errors import ConfigError, UsageError
from memcli.home import login_name
from memcli.model import Scope
from memcli.settings import (
    KINDS,
    AskSettings,
    BackupSettings,
    ConflictSettings,
    ConsolidateSettings,
    ContextSettings,
    ConversationSettings,
    DecaySettings,
    EpisodeSettings,
    LLMSettings,
    ModelSettings,
    ProjectSettings,
    RerankSettings,
    SearchSettings,
    Stores,
    StoreSettings,
    WarmSettings,
    fitted,
    named_stores,
    not_blank,
    one_of,
    setting,
    shown,
    written,
)
from memcli.warm.place import NO


@dataclass(frozen=True, slots=True)
class Config:
    """All settings in force."""

    space: str = setting("default", "the space used when none is named", env="MEMCLI_SPACE", check=not_blank)
    user: str = setting("", "whose memories; empty means the login name", env="MEMCLI_USER")
    agent: str = setting("", "the agent whose memories; empty for your own", env="MEMCLI_AGENT")
    format: str = setting(
        "auto",
        "output: a table on a terminal and JSON in a pipe, or always one of them",
        env="MEMCLI_FORMAT",
        check=one_of("auto", "table", "json", "jsonl", "plain"),
    )
    secrets: str = setting(
        "redact",
        "what becomes of keys, tokens and passwords in what is stored",
        env="MEMCLI_SECRETS",
        check=one_of("redact", "refuse", "allow"),
    )
    stores: Mapping[str, StoreSettings] = setting(
        Stores(), "stores besides your own, by name", check=named_stores, secret=True
    )
    store: StoreSettings = field(default_factory=StoreSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    rerank: RerankSettings = field(default_factory=RerankSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    decay: DecaySettings = field(default_factory=DecaySettings)
    conflicts: ConflictSettings = field(default_factory=ConflictSettings)
    consolidate: ConsolidateSettings = field(default_factory=ConsolidateSettings)
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)
    conversation: ConversationSettings = field(default_factory=ConversationSettings)
    llm: LLMSettings = field(default_factory=LLMSettings)
    ask: AskSettings = field(default_factory=AskSettings)
    project: ProjectSettings = field(default_factory=ProjectSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    warm: WarmSettings = field(default_factory=WarmSettings)

    def scope(self, space: str | None = None, user: str | None = None, agent: str | None = None) -> Scope:
        """The scope in force where flags say *space*, *user* and *agent* (None: not said)."""
        return Scope(
            space=self.space if space is None else space,
            user=user or self.user or login_name(),
            agent=self.agent if agent is None else agent,
        )


# --- settings by their dotted keys ---


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as `config show` lists it.

    Attributes:
        key: Dotted name, such as `search.limit`.
        value: What is in force.
        default: What would be in force otherwise.
        origin: `default`, `file`, the environment variable that set it, or the project's file or repository.
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


SPOKEN = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", *NO), False),
}
"""How people and scripts write yes and no."""


def _checked(key: str, value: Any, where: str) -> Any:
    """*value* if it is valid for *key*, whole numbers widened to float where a float is declared."""
    declared = DECLARED[key]
    wanted = type(declared.default)
    value = fitted(value, wanted)
    if type(value) is not wanted:
        hint = "memcli config llm has lines ready for known programs" if key == "llm.command" else ""
        raise ConfigError(
            f"{where}: {key} must be {KINDS[wanted]}, not {shown(declared, value)!r}", hint=hint
        )
    if any("\ud800" <= c <= "\udfff" for c in str(value)):
        raise ConfigError(f"{where}: {key} is not valid UTF-8")
    if valid := declared.metadata["check"](value):
        raise ConfigError(f"{where}: {key} must be {valid}, not {shown(declared, value)!r}")
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
        with contextlib.suppress(
            ValueError, RecursionError
        ):  # stays a text, and the check below says what was wanted
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
    edit = "memcli config edit opens it in your editor"
    try:
        return _parsed(path.read_bytes().decode("utf-8"), path, edit)
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: {error}", hint=edit) from error
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}") from error


def _parsed(text: str, path: Path, hint: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}", hint=hint) from error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond Python's limits
        raise ConfigError(f"{path}: a value in it is too large") from error


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read.

    Attributes:
        config: The settings in force.
        origins: Where each came from that is not a default.
        unknown: Keys that nobody knows, each with the file that it is in.
        repository: The git repository whose space is in force; None for none.
    """

    config: Config
    origins: Mapping[str, str]
    unknown: tuple[tuple[str, str], ...]
    repository: project.Repository | None = None


def load(path: Path, environ: Mapping[str, str] = os.environ, start: Path | None = None) -> Loaded:
    """Settings from *path*, from the project that the directory *start* is in, and from *environ*.

    An unknown key that looks like a typing error is an error; any other unknown key (of a newer
    memcli, say) is kept in the file and named in `unknown`.

    Args:
        path: The user's file.
        environ: The environment.
        start: Where one is; None for in no project.

    Raises:
        ConfigError: With file (or variable) and key, and what a valid value is.
    """
    read = _Read()
    read.take(read_document(path), path, "file")
    said = _said(environ)
    detect = said.get("project.detect", read.values.get("project.detect", True))
    found = None
    if start is not None and detect:
        found = project.repository(start)
        isolate = read.values.get("project.isolate_worktrees", False)
        if found:
            read.values["space"] = project.space_of(found, isolate=isolate)
            read.origins["space"] = f"git repository {found.top}"
        file = project.file_above(start, Path(os.path.expanduser("~")))  # noqa: PTH111  # never raises
        if file:
            text = project.read(file)
            read.take(_parsed(text, file, project.OFF), file, str(file), of_project=True)
    for key, value in said.items():
        read.values[key], read.origins[key] = value, DECLARED[key].metadata["env"]
    is_its = found is not None and read.origins["space"].startswith("git ")
    return Loaded(_build(Config, read.values), read.origins, tuple(read.unknown), found if is_its else None)


def _said(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says, by key."""
    variables = {key: declared.metadata["env"] for key, declared in DECLARED.items()}
    return {
        key: parse_value(key, environ[variable], variable)
        for key, variable in variables.items()
        if variable and environ.get(variable)
    }


def _is_projects(key: str) -> bool:
    """Whether a project's file may say *key*: where and how to look, never what runs, nor whom to trust."""
    if key in ("search.min_trust", "context.suspicious"):
        return False
    return key in ("space", "user", "agent") or key.startswith(("search.", "context."))


@dataclass
class _Read:
    """What has been read so far; see `Loaded`."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    unknown: list[tuple[str, str]] = field(default_factory=list)

    def take(self, document: Mapping[str, Any], path: Path, origin: str, *, of_project: bool = False) -> None:
        """Let what *document*, the file at *path*, says be in force, as from *origin*."""
        for key, value in _flatten(document, str(path)):
            if of_project and not _is_projects(key) and (key in DECLARED or key.split(".")[0] in SECTIONS):
                raise ConfigError(
                    f"{path} must not set {key}, only space, user, agent, "
                    "and what is in search and context except whom to trust",
                    hint=f"take it out, or do without projects: {project.OFF}",
                )
            if key in DECLARED:
                self.values[key], self.origins[key] = _checked(key, value, str(path)), origin
            elif meant := _meant(key):
                raise ConfigError(f"{path}: unknown setting {key!r}{meant}")
            else:
                self.unknown.append((str(path), key))


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
    origin = loaded.origins.get(key, "default")
    return Setting(key, shown(declared, value), declared.default, origin, declared.metadata["meaning"])


def show(loaded: Loaded) -> list[Setting]:
    """All settings, in the order in which they are declared."""
    return [get(loaded, key) for key in DECLARED]


def set_value(path: Path, key: str, text: str) -> Setting:
    """Write *text* as the value of *key* into the file at *path*, whose other settings must make sense."""
    value = parse_value(key, text)
    document = read_document(path)
    *parents, last = key.split(".")
    table = document
    for name in parents:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} must be a table")
    table[last] = written(value)
    _Read().take(document, path, "file")
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

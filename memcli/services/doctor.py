"""Whether all is well: settings, store, model, and who else can read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from memcli.config import Config, Loaded
from memcli.errors import MemcliError
from memcli.home import Home
from memcli.services import rotation
from memcli.services.engine import Engine
from memcli.settings import BackupSettings
from memcli.times import format_time


class State(StrEnum):
    """How something is."""

    WELL = "well"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check came to.

    Attributes:
        check: What was looked at.
        ok: Whether it is as it should be.
        state: `well`, `warning` (works, and yet), or `broken`.
        message: What was found, in words.
    """

    check: str
    ok: bool
    state: State
    message: str


def _finding(check: str, state: State, message: str) -> Finding:
    return Finding(check=check, ok=state is State.WELL, state=state, message=message)


def examine(home: Home, read: Callable[[], Loaded], engine_of: Callable[[Config], Engine]) -> list[Finding]:
    """Look at everything of *home*.

    Args:
        home: Where everything is.
        read: Reads the settings.
        engine_of: Makes an engine of settings.
    """
    findings, config = [], Config()
    try:
        loaded = read()
    except MemcliError as error:
        findings.append(_finding("settings", State.BROKEN, _told(error)))
    else:
        config = loaded.config
        findings.append(_settings(home, loaded))
    engine = engine_of(config)
    store = _store(engine)
    findings += [store, _model(engine)] if store.ok else [store]
    if config.backup.every:
        findings.append(_backups(engine.home, config.backup))
    return [*findings, _others(engine.home)]


def _told(error: MemcliError) -> str:
    return f"{error.sentence} ({error.hint})" if error.hint else error.sentence


def _settings(home: Home, loaded: Loaded) -> Finding:
    if loaded.unknown:
        names = ", ".join(key for _, key in loaded.unknown)
        return _finding("settings", State.WARNING, f"nobody knows {names}")
    there = str(home.config_file) if home.config_file.exists() else "all by default"
    return _finding("settings", State.WELL, there)


def _store(engine: Engine) -> Finding:
    try:
        if not engine.db.model:
            return _finding("store", State.WELL, f"nothing is stored yet at {engine.home.store_name}")
        number = engine.db.memories.table.count()
        engine.db.people.members.where()
    except MemcliError as error:
        return _finding("store", State.BROKEN, _told(error))
    return _finding(
        "store", State.WELL, f"{number:,} memories at {engine.home.store_name}, forgotten ones included"
    )


def _model(engine: Engine) -> Finding:
    try:
        model = engine.embedder.model
        engine.embedder.embed_queries(["is anybody there?"])
    except MemcliError as error:
        return _finding("model", State.BROKEN, _told(error))
    return _finding("model", State.WELL, f"{model.name}, {model.dimension} numbers")


def _backups(home: Home, settings: BackupSettings) -> Finding:
    """Whether automatic backups are made; how old the last one may be hangs on when somebody writes."""
    folder, failed = rotation.folder(home, settings), rotation.failure(home)
    if failed:
        return _finding("backups", State.WARNING, f"the last try failed: {failed}")
    there = rotation.made(folder)
    last = f", the last of {format_time(there[0][0])}" if there else ""
    return _finding("backups", State.WELL, f"{len(there):,} at {folder}{last}")


def _others(home: Home) -> Finding:
    """Whether others on this machine can get at the store: each directory above must let them pass."""
    check, store = "privacy", home.store
    if home.uri:
        return _finding(check, State.WELL, f"whoever may read {home.uri} is for that service to say")
    if not store.is_dir() or not hasattr(os, "getuid"):
        return _finding(check, State.WELL, "nothing is stored yet that others could read")
    modes = [directory.stat().st_mode for directory in (store, *store.resolve().parents)]
    for who, may_read, may_write, may_pass in (
        ("everybody on this machine", stat.S_IROTH, stat.S_IWOTH, stat.S_IXOTH),
        ("its group", stat.S_IRGRP, stat.S_IWGRP, stat.S_IXGRP),
    ):
        if modes[0] & may_read and all(mode & may_pass for mode in modes):
            can = "read and change" if modes[0] & may_write else "read"
            return _finding(
                check,
                State.WARNING,
                f"{who} can {can} {store}: users, agents and teams are courtesy there, not protection; "
                f"chmod go-rwx {store} makes it yours alone",
            )
    return _finding(check, State.WELL, "nobody else on this machine can read it, but for its administrators")

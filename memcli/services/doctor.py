"""Whether all is well: settings, store, model, the machine and what is around, and what mends the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from memcli.config import Config, Loaded
from memcli.errors import MemcliError
from memcli.home import Home
from memcli.services import rotation
from memcli.services.engine import Engine
from memcli.services.health import around as surroundings
from memcli.services.health import machine, stores
from memcli.services.health.around import Around
from memcli.services.health.findings import Checked, Finding, Level, fine, found, told
from memcli.settings import BackupSettings
from memcli.times import format_time


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who is looked at.

    Attributes:
        home: Where everything is.
        read: Reads the settings.
        engine_of: Makes an engine of settings.
        around: What the front door knows; None where nobody does.
    """

    home: Home
    read: Callable[[], Loaded]
    engine_of: Callable[[Config], Engine]
    around: Around | None = None


def examine(patient: Patient, *, deep: bool = False) -> list[Finding]:
    """Look at everything of *patient*; *deep* reads everything in the store."""
    return [one.finding for one in _checked(patient, deep=deep)]


def mend(patient: Patient, *, deep: bool = False, may: Callable[[str], bool]) -> list[Finding]:
    """Look at everything, and do what mends what is found.

    Args:
        patient: Who.
        deep: Whether to read everything in the store.
        may: Asked where something is lost by it: whether it may be done.

    Returns:
        What was mended, then what is found now.
    """
    did = []
    for one in _checked(patient, deep=deep):
        if one.cure and (not one.cure.loses or may(one.cure.loses)):
            try:
                said = one.cure.work()
            except (MemcliError, OSError) as error:
                said = told(error) if isinstance(error, MemcliError) else str(error)
                did.append(_failed(one.finding, said))
            else:
                did.append(_mended(one.finding, said))
    return [*did, *examine(patient, deep=deep)]


def _mended(finding: Finding, said: str) -> Finding:
    return replace(finding, level=Level.OK, ok=True, message=said, command="", mended=True)


def _failed(finding: Finding, said: str) -> Finding:
    return replace(finding, message=f"could not be mended: {said}", command="")


def _checked(patient: Patient, *, deep: bool) -> list[Checked]:
    home, checks, config = patient.home, list[Checked](), Config()
    try:
        loaded = patient.read()
    except MemcliError as error:
        checks.append(found("settings", Level.ERROR, told(error), "memcli config edit"))
    else:
        config = loaded.config
        checks.append(_settings(home, loaded))
    engine = patient.engine_of(config)
    store = stores.examine(engine, deep=deep)
    checks += store
    if all(one.finding.level is not Level.ERROR for one in store):
        checks.append(_model(engine))
    home = engine.home
    checks += [_backups(home, config.backup), machine.privacy(home), machine.disk(home)]
    checks += [machine.processor(), machine.versions()]
    return checks + (surroundings.examine(patient.around) if patient.around else [])


def _settings(home: Home, loaded: Loaded) -> Checked:
    if loaded.unknown:
        names = ", ".join(key for _, key in loaded.unknown)
        return found("settings", Level.WARNING, f"nobody knows {names}", "memcli config edit")
    return fine("settings", str(home.config_file) if home.config_file.exists() else "all by default")


def _model(engine: Engine) -> Checked:
    try:
        model = engine.embedder.model
        engine.embedder.embed_queries(["is anybody there?"])
    except MemcliError as error:
        return found("model", Level.ERROR, told(error))
    return fine("model", f"{model.name}, {model.dimension} numbers")


def _backups(home: Home, settings: BackupSettings) -> Checked:
    """Whether automatic backups are made; how old the last one may be hangs on when somebody writes."""
    there, failed = rotation.made(rotation.folder(home, settings)), rotation.failure(home)
    if settings.every and failed:
        return found("backups", Level.WARNING, f"the last try failed: {failed}", "memcli optimize")
    last = f", the last of {format_time(there[0][0])}" if there else ""
    if settings.every:
        return fine("backups", f"{len(there):,} at {rotation.folder(home, settings)}{last}")
    return fine("backups", f"none by themselves{last}: see backup.every")

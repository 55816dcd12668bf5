"""Hooks in a harness's settings: put there, taken away, and looked at."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum
from pathlib import Path
from typing import Any

from memcli.errors import ConfigError, UsageError
from memcli.services.hooks.harnesses import Harness, entries
from memcli.services.hooks.jsonedit import Document

BACKUP = ".memcli-backup"
"""What the name of a backup ends with: the settings as they were before the last change."""

SETTINGS_MOST = 10 * 2**20
"""Bytes of a settings file; it holds some lines."""


class Where(StrEnum):
    """Whose settings."""

    USER = "user"
    PROJECT = "project"
    LOCAL = "local"


class State(StrEnum):
    """How the hooks of a harness are."""

    INSTALLED = "installed"
    PARTLY = "partly"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What was done to a settings file.

    Attributes:
        action: `installed`, `uninstalled` or `unchanged`; `would install` or so where nothing was written.
        harness: Whose it is.
        scope: Which of them.
        file: Where it is.
        backup: Where it is as it was; empty if there was none, or nothing was changed.
        diff: What is different.
    """

    action: str
    harness: str
    scope: str
    file: str
    backup: str
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """How the hooks in one settings file are.

    Attributes:
        harness: Whose it is.
        scope: Which of them.
        file: Where it is.
        state: How they are.
        events: Events that memcli hears of.
        missing: Those that it doesn't and should.
        problem: Why it can't be told; empty if it can.
    """

    harness: str
    scope: str
    file: str
    state: State
    events: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str = ""


def settings_file(harness: Harness, where: Where, *, home: Path, project: Path, moved: str = "") -> Path:
    """Where the settings of *harness* are.

    Args:
        harness: Whose.
        where: Which of them.
        home: The user's home directory.
        project: The top of the project.
        moved: What the harness's variable says; empty for nothing.

    Raises:
        UsageError: It has none such.
    """
    if where not in harness.files:
        kinds = " and ".join(harness.files)
        raise UsageError(f"{harness.title} has settings of the kinds {kinds}, not {where}")
    folder = project / harness.folder
    if where is Where.USER:
        root = Path(moved).expanduser() if moved else home
        folder = root if moved and not harness.moves_home else root / harness.folder
    return folder / harness.files[where]


def install(harness: Harness, where: Where, file: Path, command: str, *, dry_run: bool = False) -> Changed:
    """Have *harness* call *command* for every event that memcli answers; other hooks stay as they are.

    Raises:
        ConfigError: The file can't be read, understood or written; it is as it was.
    """
    return _change(harness, where, file, entries(harness, command), "install", dry_run)


def uninstall(harness: Harness, where: Where, file: Path, *, dry_run: bool = False) -> Changed:
    """Take memcli's hooks away from *harness*.

    Raises:
        ConfigError: The file can't be read, understood or written; it is as it was.
    """
    return _change(harness, where, file, {}, "uninstall", dry_run)


def look(harness: Harness, where: Where, file: Path) -> Installed:
    """How memcli's hooks in *file* are."""
    about: dict[str, Any] = {"harness": harness.name, "scope": str(where), "file": str(file)}
    try:
        hooks = _hooks(Document(_read(file), str(file)), file)
    except ConfigError as error:
        return Installed(**about, state=State.UNREADABLE, problem=error.sentence)
    heard = tuple(event for event, groups in hooks.items() if any(map(_is_ours, _in(groups))))
    missing = tuple(event for event in harness.events if event not in heard)
    state = State.ABSENT if not heard else State.PARTLY if missing else State.INSTALLED
    return Installed(**about, state=state, events=heard, missing=missing if heard else ())


def is_ours(command: str) -> bool:
    """Whether *command* is one of ours, whichever installation it calls, with whichever home."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation without an end
        return False
    for at, word in enumerate(words):
        if word.endswith("memcli"):
            more = words[at + 1 :]
            more = more[2:] if more[:1] == ["--home"] else more
            if (
                more[:1] == ["hook"]
                and more[2:3] == ["--harness"]
                and len(more) > len(("hook", "Stop", "--harness"))
            ):
                return True
    return False


def _change(
    harness: Harness,
    where: Where,
    file: Path,
    wanted: Mapping[str, Mapping[str, Any]],
    verb: str,
    dry_run: bool,
) -> Changed:
    before = _read(file)
    document = Document(before, str(file))
    hooks = _hooks(document, file)
    after_hooks = _merged(hooks, wanted)
    after = before
    if after_hooks != hooks:
        gone = not after_hooks and "hooks" in document.value
        after = document.without_member("hooks") if gone else document.with_member("hooks", after_hooks)
        Document(after, str(file))  # what is written can be read
    backup = ""
    if after != before and not dry_run:
        backup = _write(file, before, after)
    action = "unchanged" if after == before else f"would {verb}" if dry_run else f"{verb}ed"
    return Changed(
        action=action,
        harness=harness.name,
        scope=str(where),
        file=str(file),
        backup=backup,
        diff=_diff(file, before, after),
    )


def _diff(file: Path, before: str, after: str) -> str:
    lines = unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), lineterm="")
    return "\n".join(lines)


def _hooks(document: Document, file: Path) -> Mapping[str, Any]:
    hooks = document.value.get("hooks", {})
    if not isinstance(hooks, dict):
        raise ConfigError(f'"hooks" in {file} is no JSON object', hint="nothing was changed")
    return hooks


def _merged(hooks: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """*hooks* with those of ours that are *wanted*, and no others of ours."""
    merged: dict[str, Any] = {}
    for event, groups in hooks.items():
        ours = [entry for entry in _in(groups) if _is_ours(entry)]
        if not ours or ours == wanted.get(event, {}).get("hooks"):
            merged[event] = groups
        elif left := _without_ours(groups):
            merged[event] = left
    for event, group in wanted.items():
        groups = merged.get(event, [])
        if not isinstance(groups, list):
            raise ConfigError(f"the hooks for {event} are no list", hint="nothing was changed")
        if not any(map(_is_ours, _in(groups))):
            merged[event] = [*groups, group]
    return merged


def _in(groups: Any) -> list[Any]:
    """The hooks in *groups*."""
    found = []
    for group in groups if isinstance(groups, list) else []:
        inside = group.get("hooks") if isinstance(group, dict) else None
        found += inside if isinstance(inside, list) else []
    return found


def _is_ours(entry: Any) -> bool:
    command = entry.get("command") if isinstance(entry, dict) else None
    return isinstance(command, str) and is_ours(command)


def _without_ours(groups: list[Any]) -> list[Any]:
    kept = []
    for group in groups:
        inside = _in([group])
        left = [entry for entry in inside if not _is_ours(entry)]
        if len(left) == len(inside):
            kept.append(group)
        elif left:
            kept.append({**group, "hooks": left})
    return kept


def _read(file: Path) -> str:
    """The text of *file*; empty where there is none."""
    try:
        if not file.exists():
            return ""
        if not file.is_file():
            raise ConfigError(f"{file} is not a regular file")
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"can't read {file}: {error.strerror}") from error
    if len(raw) > SETTINGS_MOST:
        raise ConfigError(f"{file} is larger than {SETTINGS_MOST // 2**20} MB")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not valid UTF-8 at byte {error.start + 1}") from error


def _write(file: Path, before: str, after: str) -> str:
    """Put *after* in place of *before*, all at once; the path of the backup.

    A link stays a link: what it leads to is written.
    """
    there = file.resolve()
    try:
        mode = stat.S_IMODE(there.stat().st_mode) if there.exists() else 0o600
        if not mode & 0o222:
            raise ConfigError(
                f"{file} is read-only", hint=f"chmod u+w {file} lets it be changed; nothing was changed"
            )
        there.parent.mkdir(parents=True, exist_ok=True)
        backup = there.with_name(there.name + BACKUP) if before else None
        if backup:
            _put(backup, before, mode)
        _put(there, after, mode)
    except OSError as error:
        raise ConfigError(
            f"can't write {file}: {error.strerror}",
            hint="it is as it was; --dry-run shows what would be in it",
        ) from error
    return str(backup or "")


def _put(path: Path, text: str, mode: int) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink()

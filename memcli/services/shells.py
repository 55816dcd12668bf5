"""Where bash, zsh and fish look for completions, and putting them there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from memcli.errors import ConfigError


class Shell(StrEnum):
    """Shells that can be told."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What was done so that a shell completes.

    Attributes:
        action: `installed` or `unchanged`; `would install` where nothing was written.
        shell: Which one.
        file: Where the script is.
        startup: The start-up file with a line that leads there; empty for none.
    """

    action: str
    shell: Shell
    file: str
    startup: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where shells look.

    Attributes:
        home: The user's home directory.
        config: Where programs keep their configuration; None for `.config` in it.
        zsh: Where zsh keeps its start-up files; None for the home directory.
    """

    home: Path
    config: Path | None = None
    zsh: Path | None = None

    def of(self, shell: Shell) -> tuple[Path, Path | None, str]:
        """Where the script for *shell* belongs, its start-up file, and the line in there that leads to it."""
        if shell is Shell.BASH:
            file = self.home / ".bash_completions" / "memcli.sh"
            return file, self.home / ".bashrc", f"source '{file}'"
        if shell is Shell.ZSH:
            line = "fpath+=~/.zfunc; autoload -Uz compinit; compinit"
            return self.home / ".zfunc" / "_memcli", (self.zsh or self.home) / ".zshrc", line
        config = self.config or self.home / ".config"
        return config / "fish" / "completions" / "memcli.fish", None, ""


def install(shell: Shell, script: str, places: Places, *, dry_run: bool = False) -> Completion:
    """Put *script* where *shell* finds it, and a line into its start-up file if it needs one.

    Raises:
        ConfigError: A file can't be read or written.
    """
    file, startup, line = places.of(shell)
    told = startup is None or _holds(startup, line)
    fresh = not told or _text(file) != script
    if fresh and not dry_run:
        _write(file, script)
        if startup and not told:
            _append(startup, line)
    action = "unchanged" if not fresh else "would install" if dry_run else "installed"
    return Completion(action=action, shell=shell, file=str(file), startup=str(startup or ""))


def _holds(file: Path, line: str) -> bool:
    return line in map(str.strip, _text(file).split("\n"))


def _text(file: Path) -> str:
    """What is in *file*, whatever its encoding; nothing, where there is none."""
    try:
        return file.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"can't read {file}: {error.strerror}") from error


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError as error:
        raise ConfigError(f"can't write {file}: {error.strerror}") from error


def _append(file: Path, line: str) -> None:
    """Put *line* at the end of *file*, on a line of its own; a link stays a link."""
    before = _text(file)
    between = "" if not before or before.endswith("\n") else "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as end:
            end.write(f"{between}{line}\n")
    except OSError as error:
        raise ConfigError(f"can't write {file}: {error.strerror}") from error

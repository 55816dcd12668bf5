"""The project that one is in: its git repository, and the nearest `.memcli.toml`.

Both are found by looking upward, without running git. Whatever is in them came from somebody else, so little
of it counts: see `memcli.config` for what a project's file may say.
"""

from __future__ import annotations

import os
import re
import stat
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from memcli.errors import ConfigError

FILE = ".memcli.toml"

OFF = "MEMCLI_PROJECT=0 does without projects"

FILE_MOST = 64_000
"""Bytes of a project's file; it holds a handful of lines."""

GIT_FILE_MOST = 1_000_000
"""Bytes that are read of a file of git's own; the configuration is the largest."""

KEPT = "memcli-space"
"""The file in the common git directory that keeps the space's name."""

NAME_MOST = 80
"""Characters of a space's name, less what a worktree adds; 100 is what a name may have."""

NOT_IN_A_NAME = re.compile(r"[^\w.@:+/-]+")
REMOTE = re.compile(r'\s*\[remote\s+"([^"]*)"\]')
URL = re.compile(r"\s*url\s*=\s*(\S+)")
WITH_SCHEME = re.compile(r"[a-z][a-z+]*://(?:[^@/]*@)?([^/:@]+)(?::\d+)?/+(.+)")
LIKE_SCP = re.compile(r"(?:[^@/:]+@)?([^/:@]{2,}):(?!/)(.+)")


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository.

    Attributes:
        top: Where it was found: the top of a work tree, or the repository itself if it is bare.
        common: The directory that all its worktrees have in common.
        worktree: The name of this linked worktree; empty for the main one.
    """

    top: Path
    common: Path
    worktree: str = ""


def repository(start: Path) -> Repository | None:
    """The git repository that the directory *start* is in; None for none, or one that can't be read."""
    for directory in (start, *start.parents):
        dot = directory / ".git"
        with suppress(OSError, ValueError):
            if dot.is_dir() and _is_git(dot):
                return Repository(directory, dot.resolve())
            if dot.is_file():
                return _linked(directory, dot)
            if _is_git(directory) and (directory / "config").is_file():
                return Repository(directory, directory.resolve())  # bare
    return None


def _is_git(directory: Path) -> bool:
    return (directory / "HEAD").is_file() and (directory / "objects").is_dir()


def _linked(top: Path, dot: Path) -> Repository | None:
    """The repository that the file *dot* points to, of a worktree or a submodule; None if it isn't there."""
    kind, _, said = _start(dot).partition(":")
    git = (top / said.strip()).resolve()
    if kind != "gitdir" or not said.strip() or not (git / "HEAD").is_file():
        return None
    pointer = git / "commondir"
    if not pointer.is_file():  # a submodule, or a repository with its directory elsewhere
        return Repository(top, git)
    common = (git / _start(pointer).strip()).resolve()
    return Repository(top, common, git.name) if _is_git(common) else None


def _start(path: Path) -> str:
    """The text in the regular file *path*, as far as it is read."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no regular file")
        return file.read(GIT_FILE_MOST).decode("utf-8", "replace")


def space_of(found: Repository, *, isolate: bool = False) -> str:
    """The name of the space of the repository *found*, of this worktree alone if *isolate*.

    It is the name that was kept in the repository, or else made of where it came from,
    `github.com/acme/shop`, or else of where it is, `shop-1a2b3c4d`: names of folders alone would mix
    repositories up.
    """
    name = _kept(found) or _remote(found) or _by_place(found)
    return f"{name}@{_named(found.worktree)[-15:]}" if isolate and found.worktree else name


def keep(found: Repository, name: str) -> None:
    """Keep *name* in the repository, so that it stays when the folder or the remote is renamed.

    The file is in the git directory: no work tree sees it, nothing pushes it. Where that can't be written,
    the name is made anew each time.
    """
    with suppress(OSError):
        file = os.open(found.common / KEPT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(file, "w", encoding="utf-8") as kept:
            kept.write(name + "\n")


def _kept(found: Repository) -> str:
    with suppress(OSError):
        said = _start(found.common / KEPT).strip()
        return said if said == _named(said) else ""
    return ""


def _by_place(found: Repository) -> str:
    """A name made of the folder's name and its place."""
    folder = found.common.parent if found.common.name == ".git" else found.common
    place = zlib.crc32(os.fsencode(found.common))
    return f"{_named(folder.name.removesuffix('.git'))[:60] or 'project'}-{place:08x}"


def _remote(found: Repository) -> str:
    """A name made of the address of the remote `origin`, or the first one; "" without one on a network."""
    addresses: dict[str, str] = {}
    remote = ""
    with suppress(OSError):
        for line in _start(found.common / "config").splitlines():
            if line.lstrip().startswith("["):
                section = REMOTE.match(line)
                remote = section[1] if section else ""
            elif remote and (url := URL.match(line)):
                addresses.setdefault(remote, url[1])
    return _address(addresses.get("origin") or next(iter(addresses.values()), ""))


def _address(url: str) -> str:
    """Host and path in *url*, without who logs in how; "" where it names a place on this machine."""
    parts = WITH_SCHEME.fullmatch(url) or LIKE_SCP.fullmatch(url)
    if not parts or url.startswith("file:"):
        return ""
    path = parts[2].strip("/").removesuffix(".git")
    return _named(f"{parts[1].lower()}/{path}") if path else ""


def _named(said: str) -> str:
    """*said* with nothing that a space's name can't hold."""
    name = NOT_IN_A_NAME.sub("-", said)
    name = re.sub(r"\.{2,}", ".", name).lstrip("._-@:+/")
    return name if len(name) <= NAME_MOST else f"{name[: NAME_MOST - 9]}-{zlib.crc32(name.encode()):08x}"


# --- the project's file ---


def file_above(start: Path, home: Path) -> Path | None:
    """The nearest `.memcli.toml` in *start* or above, no further up than *home*; None if there is none."""
    for directory in (start, *start.parents):
        found = directory / FILE
        if os.path.lexists(found):
            return found
        if directory == home:
            break
    return None


def read(path: Path) -> str:
    """The text of the project's file at *path*.

    Raises:
        ConfigError: It is no regular file, another user's, too large, or can't be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise ConfigError(f"{path} is not a regular file")
            if hasattr(os, "getuid") and os.getuid() not in (0, about.st_uid) and about.st_uid:
                raise ConfigError(f"{path} belongs to another user", hint=OFF)
            said = file.read(FILE_MOST + 1)
    except OSError as error:
        raise ConfigError(f"can't read {path}: {error.strerror}", hint=OFF) from error
    if len(said) > FILE_MOST:
        raise ConfigError(f"{path} is larger than {FILE_MOST // 1000} kB", hint=OFF)
    try:
        return said.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error

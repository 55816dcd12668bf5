"""Where everything of one user's memcli is, and who that is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from memcli.errors import ConfigError


def login_name() -> str:
    """The login name; `user` where the system has none (a container without a passwd entry)."""
    try:
        return getuser()
    except (OSError, KeyError):
        return "user"


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one user's memcli is.

    Attributes:
        config_file: The TOML file.
        data: The directory that holds the store and pulled models.
    """

    config_file: Path
    data: Path

    @property
    def store(self) -> Path:
        """The LanceDB directory."""
        return self.data / "db"

    @property
    def models(self) -> Path:
        """Where pulled models are kept."""
        return self.data / "models"

    @property
    def queries(self) -> Path:
        """The vectors of queries that were asked before."""
        return self.data / "queries.vectors"

    @property
    def names(self) -> Path:
        """What the shell offers when Tab is pressed."""
        return self.data / "names.json"

    @property
    def page(self) -> Path:
        """The page that was last made to be looked at."""
        return self.data / "view.html"

    @property
    def typed(self) -> Path:
        """What was typed in chats."""
        return self.data / "chat.history"


def find_home(home: str | None = None, environ: Mapping[str, str] = os.environ) -> Home:
    """Where home is: *home* or MEMCLI_HOME for everything, else the XDG directories.

    XDG variables count on every system; without them the platform's own places are used.
    """
    root = home or environ.get("MEMCLI_HOME")
    if root:
        if "://" in root:
            raise ConfigError(
                f"the home {root} is not a directory", hint="memcli keeps its store on a local disk"
            )
        path = _expanded(root)
        return Home(config_file=path / "config.toml", data=path)
    return Home(
        config_file=_xdg("XDG_CONFIG_HOME", environ) / "config.toml", data=_xdg("XDG_DATA_HOME", environ)
    )


def _expanded(root: str) -> Path:
    try:
        return Path(root).expanduser().absolute()
    except (RuntimeError, OSError) as error:  # no such user; no such current directory
        raise ConfigError(f"the home {root!r} can't be found: {error}") from error


def _xdg(variable: str, environ: Mapping[str, str]) -> Path:
    base = environ.get(variable, "")
    if Path(base).is_absolute():  # the XDG specification: relative paths are invalid and ignored
        return Path(base) / "memcli"
    from platformdirs import user_config_path, user_data_path

    ours = user_config_path if variable == "XDG_CONFIG_HOME" else user_data_path
    return ours("memcli", appauthor=False)

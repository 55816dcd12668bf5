"""Where everything of one user's memcli is, and who that is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from getpass import getuser
from pathlib import Path

from memcli import address
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
        data: The directory that holds the store and pulled models; what is of this machine only, where the
            store is elsewhere.
        uri: Where the store is, if that is at a URL.
        directory: Where it is, or what is of this machine only, if not in *data*.
        shared: Where pulled models are, if not in *data*.
    """

    config_file: Path
    data: Path
    uri: str = ""
    directory: Path | None = None
    shared: Path | None = None

    @property
    def store(self) -> Path:
        """The LanceDB directory; of a store elsewhere, what belongs to it and is of this machine only."""
        return self.directory or self.data / "db"

    @property
    def store_name(self) -> str:
        """What people know the store as."""
        return self.uri or str(self.store)

    @property
    def beside(self) -> Path:
        """Where copies and backups of the store go, on this machine."""
        return self.store.parent

    @property
    def models(self) -> Path:
        """Where pulled models are kept."""
        return (self.shared or self.data) / "models"

    def at(self, uri: str) -> Home:
        """This home with its store at *uri*, a URL or the directory of a home; as it is, if that is empty."""
        if address.is_url(uri):
            own = self.data / "remote" / address.directory_name(uri) / "db"
            return replace(self, uri=checked_url(uri, "the store"), directory=own)
        return replace(self, uri="", directory=_expanded(uri) / "db") if uri else self

    def besides(self, name: str) -> Home:
        """What this machine keeps for the store called *name*, which is not the user's own."""
        return replace(self, data=self.data / "stores" / name, shared=self.shared or self.data)

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

    It may be a URL: then the store is there, and all the rest in a directory of its own on this machine.

    XDG variables count on every system; without them the platform's own places are used.
    """
    root = home or environ.get("MEMCLI_HOME")
    if root:
        if address.is_url(root):
            return _elsewhere(root, environ)
        path = _expanded(root)
        return Home(config_file=path / "config.toml", data=path)
    return Home(
        config_file=_xdg("XDG_CONFIG_HOME", environ) / "config.toml", data=_xdg("XDG_DATA_HOME", environ)
    )


def _elsewhere(url: str, environ: Mapping[str, str]) -> Home:
    """The home whose store is at *url*: its settings, and what is only a cache, stay on this machine."""
    url = checked_url(url, "the home")
    shared = _xdg("XDG_DATA_HOME", environ)
    data = shared / "remote" / address.directory_name(url)
    return Home(config_file=data / "config.toml", data=data, uri=url, shared=shared)


def checked_url(url: str, what: str) -> str:
    """*url* in one spelling, if it can be a store's.

    Raises:
        ConfigError: It can't; *what* it is to be is in the sentence.
    """
    if wrong := address.complaint(url):
        raise ConfigError(
            f"{what} can't be at this URL: {wrong}", hint="memcli --home s3://bucket/path, or a directory"
        )
    return address.absolute(url)


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

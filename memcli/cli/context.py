"""What the commands of one run share: the flags of the root, settings and engine, made when needed."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memcli import config, project
from memcli.cli.messages import note
from memcli.errors import UsageError
from memcli.home import Home, find_home
from memcli.model import ProgressBar, Scope
from memcli.services.engine import Engine, Models, no_progress
from memcli.settings import ALL

if TYPE_CHECKING:
    import typer


@dataclass
class Run:
    """One run of the command line.

    Args:
        home: What `--home` said; None for nothing.
        quiet: Whether notes and progress are unwanted.
        models: The models that are loaded already, and those that it loads.
        store: The store to work with, by its name in the settings; empty for the user's own.
        is_search: Whether that may be `all`.
    """

    home: str | None = None
    quiet: bool = False
    models: Models = field(default_factory=Models)
    store: str = ""
    is_search: bool = False

    @cached_property
    def where(self) -> Home:
        """Where the configuration and the store are."""
        return find_home(self.home)

    @cached_property
    def loaded(self) -> config.Loaded:
        """The settings, each with where it came from."""
        loaded = config.load(self.where.config_file, start=_here())
        for file, key in loaded.unknown:
            self.note(f"{file}: unknown setting {key!r} is ignored")
        return loaded

    def scope(self, space: str | None, user: str | None, agent: str | None) -> Scope:
        """The scope in force where flags say *space*, *user* and *agent* (None: not said)."""
        if space is None and self.loaded.repository:
            project.keep(self.loaded.repository, project.space_of(self.loaded.repository))
        return self.loaded.config.scope(space, user, agent)

    @cached_property
    def engine(self) -> Engine:
        """What the services work with."""
        return self.engine_for()

    def engine_at(self, store: str, settings: config.Config | None = None, **how: Any) -> Engine:
        """What the services work with in *store*; under *settings*, those in force if None.

        *how* says otherwise of who hears of progress and warnings.
        """
        settings, where = settings or self.loaded.config, self.where
        if store:
            from memcli.services import stores

            settings, where = stores.chosen(settings, where, store)
        heard = {"progress": self.progress, "warned": self.note, **how}
        return Engine(settings, where, models=self.models, **heard)

    def engine_for(self, **how: Any) -> Engine:
        """What the services work with in the store that is meant; *how* as in `engine_at`."""
        if self.store == ALL and not self.is_search:
            raise UsageError("only a search can look into all stores")
        return self.engine_at("" if self.store == ALL else self.store, **how)

    def note(self, sentence: str) -> None:
        """Say something on standard error, unless `--quiet`."""
        note(sentence, quiet=self.quiet)

    def progress(self, label: str, total: int) -> ProgressBar:
        """A progress bar on standard error, if that is a terminal."""
        if self.quiet or not sys.stderr.isatty():
            return no_progress(label, total)
        from memcli.cli.progress import Bar

        return Bar(label, total)


def _here() -> Path | None:
    """The directory one is in; None where it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def run_of(ctx: typer.Context) -> Run:
    """The run that *ctx* belongs to."""
    run = ctx.find_root().obj
    assert isinstance(run, Run)
    return run
